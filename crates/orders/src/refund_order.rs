//! Money of an order goes back: whole, by line, or the difference of a ladder.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Money, OrderId, PersonId, RefundId, Text, Timestamp};
use db::{DbError, Tx};
use ledger::api::TransferError;
use payments::api::NewRefund;
use reach::api::RefundedLine;
use rest::{Actor, Command, Common, Ctx, Denied, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};
use settlement::api::{LineBack, Refunded};
use stock::api::StockError;

use crate::events::OrderRefunded;
use crate::model::{Line, Order, OrderState};
use crate::store::{self, RefundRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(refund_create))
}

/// The reason of what a ladder gives back.
pub(crate) const LADDER: &str = "ladder";

/// What goes back of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LineRefund {
    line: i64,
    /// At most what the line cost, less what went back before.
    #[schema(minimum = 0)]
    amount_minor: i64,
}

/// What goes back of one line, and how many of its units lie on the shelf again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPart {
    /// Which line.
    pub line: i64,
    /// At most what the line cost, less what went back before.
    pub amount_minor: i64,
    /// Units that return to stock; at most those sold by this line, less those that returned before.
    pub units: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    #[schema(max_items = 200)]
    lines: Vec<LineRefund>,
    #[serde(default)]
    #[schema(minimum = 0)]
    shipping_minor: i64,
    reason: Text<1, 200>,
    /// Whether the units of lines that have gone back in full return to stock.
    restock: bool,
}

/// A refund.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RefundView {
    /// Its id.
    pub id: RefundId,
    /// Of which order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// `done`, or `pending` until the provider confirms.
    pub state: &'static str,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub created_at: Timestamp,
}

/// Why money did not go back. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum RefundError {
    /// Somebody asked who may not.
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    /// There is no money to give back.
    #[error("the order has not been paid")]
    #[problem(409, "order.not_paid")]
    NotPaid,
    /// Cash goes from hand to hand.
    #[error(
        "the order was paid in cash: somebody of the shop gives the money back, and notes that down as a refund"
    )]
    #[problem(409, "refund.cash")]
    Cash,
    /// The team decides.
    #[error("the order waits for its team; it is refunded by itself when the team fails")]
    #[problem(409, "order.waiting_team")]
    WaitingTeam,
    /// Not lines of the order, or nothing of them.
    #[error("name lines of the order, each once, with amounts of 0 or more, and refund something")]
    #[problem(422, "refund.lines")]
    Lines,
    /// More than the line cost.
    #[error("that is more than is left to refund of line {line}; see the order's lines")]
    #[problem(409, "refund.beyond_line")]
    BeyondLine {
        /// Which line.
        line: i64,
    },
    /// More than the delivery cost.
    #[error("that is more than is left to refund of the delivery")]
    #[problem(409, "refund.beyond_shipping")]
    BeyondShipping,
    /// More units would return than were sold.
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    /// The ledger says no.
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What goes back, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// What goes back of which line, each at most once.
    pub lines: Vec<RefundPart>,
    /// What goes back of the delivery.
    pub shipping: i64,
    /// Why, in words.
    pub reason: String,
    /// Who gives it back; nobody when it happens by itself.
    pub actor: Option<PersonId>,
    /// Whether somebody with the right to refund does it, and so hands cash over.
    pub is_by_staff: bool,
}

impl Refund {
    /// Everything that has not gone back yet.
    pub(crate) fn whole(id: RefundId, order: &Order, lines: &[Line], reason: &str) -> Self {
        let left = |line: &Line| RefundPart {
            line: line.line,
            amount_minor: line.total.saturating_sub(line.refunded),
            units: line.qty.saturating_sub(line.restocked),
        };
        Self {
            id,
            lines: lines.iter().map(left).collect(),
            shipping: order.shipping.saturating_sub(order.shipping_refunded),
            reason: reason.to_owned(),
            actor: None,
            is_by_staff: false,
        }
    }
}

/// Gives money of a paid order back: the order, its lines, the stock, the commissions and the ledger, in one
/// transaction. The sum per line and per order never passes what was paid.
pub(crate) fn refund(tx: &mut Tx, mut order: Order, refund: &Refund) -> Result<RefundView, RefundError> {
    let Some(payment) = order.payment.filter(|_| order.captured > 0) else {
        return Err(RefundError::NotPaid);
    };
    // Cash goes from hand to hand: nothing but a person of the shop can give it back.
    if !refund.is_by_staff && payments::api::is_cash(tx, payment)? {
        return Err(RefundError::Cash);
    }
    let lines = store::lines(tx, order.id)?;
    let amount = check(&order, &lines, refund)?;
    let is_settled = order.completed_at.is_some();
    let row = RefundRow {
        id: refund.id,
        order: order.id,
        amount,
        lines: serde_json::to_string(&refund.lines).map_err(|error| DbError::Bug(error.to_string()))?,
        shipping: refund.shipping,
        reason: refund.reason.clone(),
        created_at: tx.now(),
    };
    if !store::insert_refund(tx, &row)? {
        return Err(DbError::Bug("a refund id was used twice".to_owned()).into());
    }
    let (clawed, back) = refund_lines(tx, &order, &lines, refund)?;
    if !back.is_empty() {
        stock::api::put_back(tx, order.id, &back)?;
    }
    order.refunded = order.refunded.saturating_add(amount);
    order.shipping_refunded = order.shipping_refunded.saturating_add(refund.shipping);
    store::update_order(tx, &order)?;
    let (merchant, currency) = (order.merchant, order.currency);
    let from = if is_settled {
        settlement::api::take_turn(tx, merchant)?;
        payments::api::payable(merchant, currency)
    } else {
        payments::api::escrow(merchant, currency)
    };
    let amount_back = order.money(amount);
    let new = NewRefund { id: refund.id, order: order.id, merchant, payment, amount: amount_back, from };
    let is_done = payments::api::refund(tx, &new)?;
    reach::api::claw_back(tx, order.id, refund.id, merchant, currency, &clawed)?;
    if is_settled {
        tell_statement(tx, &order, (refund.id, amount), &clawed)?;
        membership::api::take_back(tx, order.id, refund.id, amount)?;
    }
    move_points(tx, &order, refund, &lines)?;
    finish(tx, &order, refund, amount)?;
    let state = if is_done { "done" } else { "pending" };
    Ok(RefundView {
        id: refund.id,
        order: order.id,
        amount: order.money(amount),
        state,
        reason: refund.reason.clone(),
        created_at: row.created_at,
    })
}

/// Points that the goods were paid with return with them, and those that they have earned are taken back.
fn move_points(tx: &mut Tx, order: &Order, refund: &Refund, lines: &[Line]) -> Result<(), DbError> {
    let now = refund.lines.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
    let before = lines.iter().map(|line| line.refunded).fold(0, i64::saturating_add);
    let paid = lines.iter().map(|line| line.total).fold(0, i64::saturating_add);
    points::api::returned(tx, order.id, before.saturating_add(now), paid)?;
    if order.completed_at.is_some() {
        points::api::take_back(tx, order.id, refund.id, now)?;
    }
    Ok(())
}

/// What a refund of a settled order means for the merchant's statement and the platform's fee.
fn tell_statement(
    tx: &mut Tx,
    order: &Order,
    (refund, amount): (RefundId, i64),
    clawed: &[RefundedLine],
) -> Result<(), TransferError> {
    let back = |line: &RefundedLine| LineBack {
        line: line.line,
        refunded: line.refunded_before.saturating_add(line.refunded_now),
    };
    let lines: Vec<LineBack> = clawed.iter().map(back).collect();
    let Order { id, merchant, currency, .. } = *order;
    let number = order.number.as_str();
    let what = Refunded { order: id, number, refund, merchant, currency, amount, lines: &lines };
    settlement::api::refund_settled(tx, &what)
}

fn finish(tx: &mut Tx, order: &Order, refund: &Refund, amount: i64) -> Result<(), RefundError> {
    let is_whole = order.state() == OrderState::Refunded;
    if is_whole && order.completed_at.is_none() {
        reach::api::cancelled(tx, order.id)?;
    }
    if is_whole {
        pricing::api::release(tx, order.id)?;
    }
    // What was sent was bought with it; a part that goes back leaves the rest bought with it.
    if is_whole && order.shipped_at.is_none() {
        flash::api::release(tx, order.id)?;
        coupons::api::release(tx, order.id)?;
    }
    let what = match (is_whole, refund.reason.as_str()) {
        (true, _) => "refunded",
        // A shop may give the same reason; only the ladder itself has nobody behind it.
        (false, LADDER) if refund.actor.is_none() => "ladder_refunded",
        (false, _) => "partly_refunded",
    };
    store::note(tx, order, what, refund.actor)?;
    let Order { id, merchant, buyer, .. } = *order;
    tx.publish(&OrderRefunded { order: id, refund: refund.id, merchant, buyer, amount, is_whole })?;
    Ok(())
}

/// The sum, after checking each part against what is left of it.
fn check(order: &Order, lines: &[Line], refund: &Refund) -> Result<i64, RefundError> {
    let mut seen = std::collections::BTreeSet::new();
    let mut sum = refund.shipping;
    if refund.shipping < 0 || refund.shipping > order.shipping.saturating_sub(order.shipping_refunded) {
        return Err(RefundError::BeyondShipping);
    }
    for part in &refund.lines {
        let line = lines.iter().find(|line| line.line == part.line).ok_or(RefundError::Lines)?;
        if part.amount_minor < 0 || part.units < 0 || !seen.insert(part.line) {
            return Err(RefundError::Lines);
        }
        if part.amount_minor > line.total.saturating_sub(line.refunded) {
            return Err(RefundError::BeyondLine { line: part.line });
        }
        if part.units > line.qty.saturating_sub(line.restocked) {
            return Err(StockError::Beyond.into());
        }
        sum = sum.saturating_add(part.amount_minor);
    }
    if sum < 1 { Err(RefundError::Lines) } else { Ok(sum) }
}

type Effects = (Vec<RefundedLine>, Vec<(base::SkuId, i64)>);

fn refund_lines(tx: &mut Tx, order: &Order, lines: &[Line], refund: &Refund) -> Result<Effects, RefundError> {
    let (mut clawed, mut back) = (Vec::new(), Vec::new());
    for part in &refund.lines {
        let Some(line) = lines.iter().find(|line| line.line == part.line) else { continue };
        if !store::refund_line(tx, order.id, part.line, part.amount_minor, part.units)? {
            return Err(tx.give_up(DbError::Conflict).into());
        }
        if part.units > 0 {
            back.push((line.sku, part.units));
        }
        if line.is_virtual && line.refunded.saturating_add(part.amount_minor) >= line.total {
            membership::api::end(tx, order.id, line.line)?;
        }
        clawed.push(RefundedLine {
            line: line.line,
            refunded_before: line.refunded,
            refunded_now: part.amount_minor,
            net: line.total,
        });
    }
    Ok((clawed, back))
}

struct RefundOrder {
    actor: Actor,
    order: OrderId,
    body: RefundBody,
}

/// The parts as the shop wrote them; a line that goes back in full returns to stock when the shop says so.
fn parts(lines: &[Line], body: &RefundBody) -> Vec<RefundPart> {
    let part = |wanted: &LineRefund| {
        let line = lines.iter().find(|line| line.line == wanted.line);
        let whole = line
            .filter(|line| body.restock && line.refunded.saturating_add(wanted.amount_minor) == line.total);
        let units = whole.map_or(0, |line| line.qty.saturating_sub(line.restocked));
        RefundPart { line: wanted.line, amount_minor: wanted.amount_minor, units }
    };
    body.lines.iter().map(part).collect()
}

fn refund_by_staff(tx: &mut Tx, command: &RefundOrder) -> Result<RefundView, RefundError> {
    let order = store::find_order(tx, command.order)?.ok_or(Denied::Unknown)?;
    command.actor.may(order.merchant, Right::Refunds)?;
    if order.state() == OrderState::Paid {
        return Err(RefundError::WaitingTeam);
    }
    let merchant = order.merchant;
    let id: RefundId = tx.new_id();
    let what = Refund {
        id,
        lines: parts(&store::lines(tx, order.id)?, &command.body),
        shipping: command.body.shipping_minor,
        reason: command.body.reason.as_str().to_owned(),
        actor: Some(command.actor.person),
        is_by_staff: true,
    };
    let is_cash = match order.payment {
        Some(payment) => payments::api::is_cash(tx, payment)?,
        None => false,
    };
    let view = refund(tx, order, &what)?;
    let how = if is_cash { "in cash: " } else { "" };
    let detail = format!("{} {how}{}", view.amount.minor(), view.reason);
    people::api::log_act(
        tx,
        &command.actor,
        Some(merchant),
        "order.refund",
        &command.order.to_string(),
        &detail,
    )?;
    Ok(view)
}

/// Give money of an order back, by line. Staff with the right to.
#[utoipa::path(post, path = "/api/v1/orders/{order}/refunds", tag = "orders", params(("order" = OrderId, Path)),
    request_body = RefundBody, responses((status = 201, body = RefundView), RefundError, Common))]
async fn refund_create(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
    command: Command<RefundBody>,
) -> Result<Response, Refused> {
    let refund_order = RefundOrder { actor: actor.clone(), order, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| refund_by_staff(tx, &refund_order)).await
}
