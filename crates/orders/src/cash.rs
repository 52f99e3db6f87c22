//! An order is paid in cash, at the till of the shop.

use axum::http::StatusCode;
use axum::response::Response;
use base::OrderId;
use db::{DbError, Tx};
use payments::api::Choice;
use rest::{Actor, Command, Common, Ctx, Denied, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;

use crate::pay::{Pay, PayError, pay};
use crate::store;
use crate::views::{self, OrderView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(cash_payment_create))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CashBody {
    /// What was taken in, without the change: it must be what the order costs.
    #[schema(minimum = 1)]
    amount_minor: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CashError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the order costs {total}, not {amount}; nothing was noted down")]
    #[problem(409, "cash.amount")]
    Amount { total: i64, amount: i64 },
    #[error("an order of a team may go back by itself, which cash cannot; it is paid in another way")]
    #[problem(409, "cash.team_order")]
    Team,
    #[error(transparent)]
    #[problem(transparent)]
    Pay(#[from] PayError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct PayInCash {
    actor: Actor,
    order: OrderId,
    amount: i64,
}

/// Takes stock and money in one transaction: the cash lies in the till of the shop, and the order is paid. One that is
/// paid, or being paid in another way, is refused.
fn pay_in_cash(tx: &mut Tx, command: &PayInCash) -> Result<OrderView, CashError> {
    let order = store::find_order(tx, command.order)?.ok_or(Denied::Unknown)?;
    command.actor.may(order.merchant, Right::Orders)?;
    if order.activity.is_some() {
        return Err(CashError::Team);
    }
    if order.total != command.amount {
        return Err(CashError::Amount { total: order.total, amount: command.amount });
    }
    let (merchant, buyer) = (order.merchant, order.buyer);
    pay(tx, &Pay { person: buyer, orders: vec![order.id], choice: Choice::cash() })?;
    let target = command.order.to_string();
    let detail = command.amount.to_string();
    people::api::log_act(tx, &command.actor, Some(merchant), "order.paid_in_cash", &target, &detail)?;
    Ok(views::view(tx, command.order)?.ok_or(Denied::Unknown)?)
}

/// Note down that an order was paid in cash at the till. Staff with the right to orders.
#[utoipa::path(post, path = "/api/v1/orders/{order}/cash-payments", tag = "orders",
    params(("order" = OrderId, Path)), request_body = CashBody,
    responses((status = 201, body = OrderView), CashError, Common))]
async fn cash_payment_create(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
    command: Command<CashBody>,
) -> Result<Response, Refused> {
    let pay_order = PayInCash { actor: actor.clone(), order, amount: command.body.amount_minor };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| pay_in_cash(tx, &pay_order)).await
}
