//! A payment begins: stock and seats are taken now, not before.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use base::{OrderId, PaymentId, PersonId, Text};
use db::{DbError, Tx};
use deals::api::{DealChoice, DealError, Seat, SeatRequest};
use payments::api::{Choice, Kind, Method, NewPayment, PaymentError, PaymentView, Wanted};
use people::api::ClientAddress;
use rest::{Command, Common, Ctx, Member, OpenApiRouter, Refused, routes};
use serde::Deserialize;
use stock::api::{StockError, Want};

use crate::model::{Line, Order, OrderState};
use crate::{paid, store};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(payment_create))
}

/// How long stock and seat are held for a payment under way.
const HELD_S: i64 = 15 * 60;
/// Most orders of one payment.
const ORDERS_MAX: usize = 20;

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentBody {
    #[schema(min_items = 1, max_items = 20)]
    orders: Vec<OrderId>,
    method: Method,
    /// In which of the provider's ways; the first one listed by `GET /api/v1/payment-methods` when left out.
    #[serde(default)]
    kind: Option<Kind>,
    /// The payer's id in the provider's app, for payments inside it: the openid.
    #[serde(default)]
    payer_account: Option<Text<1, 128>>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PayError {
    #[error("name 1 to 20 orders, each once")]
    #[problem(422, "payment.orders")]
    Orders,
    #[error("there is no such order")]
    #[problem(404, "order.not_found")]
    NotFound,
    #[error("the order is not waiting for a payment")]
    #[problem(409, "order.not_payable")]
    NotPayable,
    #[error("all orders of one payment are in one currency")]
    #[problem(422, "payment.currency")]
    Currency,
    #[error("there is nothing to pay")]
    #[problem(422, "payment.nothing")]
    Nothing,
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    #[problem(transparent)]
    Deal(#[from] DealError),
    #[error(transparent)]
    #[problem(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

pub(crate) struct Pay {
    pub(crate) person: PersonId,
    pub(crate) orders: Vec<OrderId>,
    pub(crate) choice: Choice,
}

pub(crate) fn pay(tx: &mut Tx, command: &Pay) -> Result<PaymentView, PayError> {
    let mut ids = command.orders.clone();
    ids.sort();
    ids.dedup();
    if ids.is_empty() || ids.len() != command.orders.len() || ids.len() > ORDERS_MAX {
        return Err(PayError::Orders);
    }
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        let order = store::find_order(tx, id)?.filter(|order| order.buyer == command.person);
        let order = order.ok_or(PayError::NotFound)?;
        if order.state() != OrderState::Unpaid || order.pay_by <= tx.now() {
            return Err(PayError::NotPayable);
        }
        if order.total < 1 {
            return Err(PayError::Nothing);
        }
        orders.push(order);
    }
    let currency = orders.first().map_or(base::Currency::CNY, |order| order.currency);
    if orders.iter().any(|order| order.currency != currency) {
        return Err(PayError::Currency);
    }
    let id: PaymentId = tx.new_id();
    let expires_at = tx.now().plus_seconds(HELD_S);
    let mut all_lines = Vec::with_capacity(orders.len());
    for order in &orders {
        let lines = store::lines(tx, order.id)?;
        reserve(tx, command, order, &lines)?;
        all_lines.push(lines);
    }
    let parts = orders.iter().map(|order| (order.id, order.merchant, order.total)).collect();
    let choice = command.choice.clone();
    let new = NewPayment { id, payer: command.person, choice, currency, parts, expires_at };
    let view = payments::api::begin(tx, &new)?;
    if command.choice.is_at_once() {
        for (order, lines) in orders.into_iter().zip(all_lines) {
            settle_now(tx, order, &lines, id)?;
        }
    }
    Ok(view)
}

/// Takes a seat and stock; when the money is there both are for good, since the money moves in the same transaction.
fn reserve(tx: &mut Tx, command: &Pay, order: &Order, lines: &[Line]) -> Result<(), PayError> {
    if let (Some(activity), [line]) = (order.activity, lines) {
        deals::api::take_seat(
            tx,
            &SeatRequest {
                choice: DealChoice { activity, team: order.team },
                order: order.id,
                person: order.buyer,
                sku: line.sku,
                qty: line.qty,
                unit: line.unit,
            },
        )?;
    }
    let wanted: Vec<_> = lines.iter().map(|line| (line.sku, line.qty)).collect();
    let want = Want { order: order.id, person: order.buyer, merchant: order.merchant, lines: &wanted };
    if command.choice.is_at_once() {
        stock::api::take(tx, &want)?;
    } else {
        stock::api::hold(tx, &want, tx.now().plus_seconds(HELD_S))?;
    }
    Ok(())
}

fn settle_now(tx: &mut Tx, order: Order, lines: &[Line], payment: PaymentId) -> Result<(), PayError> {
    let seat = match order.activity {
        None => None,
        Some(_) => Some(deals::api::pay_seat(tx, order.id)?),
    };
    // Taken in this very transaction, so it cannot be gone; should it be, nothing of the payment may stay.
    if seat == Some(Seat::Gone) {
        return Err(DealError::Closed.into());
    }
    paid::mark_paid(tx, order, lines, payment)?;
    Ok(())
}

/// Begin to pay orders. From the wallet they are paid in this request; through a provider the payment is pending,
/// and stock and seats are held until it ends.
#[utoipa::path(post, path = "/api/v1/payments", tag = "payments", request_body = PaymentBody,
    responses((status = 201, body = PaymentView), PayError, payments::api::MethodError, Common))]
async fn payment_create(
    ctx: rest::State,
    address: Option<Extension<ClientAddress>>,
    Member(actor): Member,
    command: Command<PaymentBody>,
) -> Result<Response, Refused> {
    let PaymentBody { orders, method, kind, payer_account } = command.body;
    let account = payer_account.map(Text::into_string).unwrap_or_default();
    let address = address.map(|address| address.0.0.clone()).unwrap_or_default();
    let choice = payments::api::choose(&ctx, Wanted { method, kind, account, address })?;
    let pay_orders = Pay { person: actor.person, orders, choice };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| pay(tx, &pay_orders)).await
}
