//! An order ends before it is shipped.

use base::{OrderId, PersonId, RefundId, Text};
use db::{DbError, Lane, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;
use stock::api::StockError;

use crate::events::OrderCancelled;
use crate::model::{Order, OrderState};
use crate::refund_order::{Refund, RefundError, refund};
use crate::views::{self, OrderView};
use crate::{replace_order, store};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(order_cancel))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    reason: Text<1, 200>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CancelOrderError {
    #[error("the order is on its way and can only be returned")]
    #[problem(409, "order.already_shipped")]
    Shipped,
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(transparent)]
    Refund(#[from] RefundError),
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct CancelOrder {
    actor: Actor,
    order: OrderId,
    reason: String,
}

/// Cancels an order that has not shipped: an unpaid one ends, a paid one is refunded in full.
///
/// Idempotent: an order already cancelled or refunded is returned unchanged, and no event is written.
fn cancel_order(tx: &mut Tx, command: &CancelOrder) -> Result<(), CancelOrderError> {
    let order = store::find_order(tx, command.order)?.ok_or(Denied::Unknown)?;
    if order.buyer != command.actor.person {
        command.actor.may(order.merchant, Right::Orders)?;
    }
    match order.state() {
        OrderState::Cancelled | OrderState::Refunded => Ok(()),
        OrderState::Unpaid => Ok(end_unpaid(tx, order, Some(command.actor.person))?),
        OrderState::Paid => Err(RefundError::WaitingTeam.into()),
        OrderState::Shipped | OrderState::Received | OrderState::Completed => Err(CancelOrderError::Shipped),
        OrderState::Confirmed if order.replaces.is_some() => {
            Ok(replace_order::end(tx, order, command.actor.person)?)
        }
        OrderState::Confirmed => {
            let lines = store::lines(tx, order.id)?;
            let id: RefundId = tx.new_id();
            let whole = Refund::whole(id, &order, &lines, &command.reason);
            refund(tx, order, &Refund { actor: Some(command.actor.person), ..whole })?;
            Ok(())
        }
    }
}

/// Ends an unpaid order: what was held for it is free again, and money that comes later goes back.
pub(crate) fn end_unpaid(tx: &mut Tx, mut order: Order, actor: Option<PersonId>) -> Result<(), DbError> {
    order.cancelled_at = Some(tx.now());
    store::update_order(tx, &order)?;
    if let Some(payment) = payments::api::payment_of(tx, order.id)? {
        payments::api::fail(tx, payment, "failed")?;
    }
    stock::api::release(tx, order.id)?;
    deals::api::release_seat(tx, order.id)?;
    reach::api::cancelled(tx, order.id)?;
    pricing::api::release(tx, order.id)?;
    flash::api::release(tx, order.id)?;
    coupons::api::release(tx, order.id)?;
    points::api::release(tx, order.id)?;
    store::note(tx, &order, "cancelled", actor)?;
    tx.publish(&OrderCancelled { order: order.id, merchant: order.merchant })
}

/// Cancel an order that has not shipped. A paid one is refunded in full.
#[utoipa::path(post, path = "/api/v1/orders/{order}/cancel", tag = "orders", params(("order" = OrderId, Path)),
    request_body = CancelBody, responses((status = 200, body = OrderView), CancelOrderError, Common))]
async fn order_cancel(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
    Json(body): Json<CancelBody>,
) -> Result<Json<OrderView>, Refused> {
    let command = CancelOrder { actor: actor.clone(), order, reason: body.reason.into_string() };
    ctx.db().write(Lane::Interactive, move |tx| cancel_order(tx, &command)).await?;
    views::read_one(&ctx, actor, order).await
}
