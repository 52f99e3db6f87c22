//! A buyer asks for something to be put right.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CaseId, OrderId, SkuId, Text, Timestamp};
use db::{DbError, Rx, Tx};
use orders::api::{LineFacts, OrderFacts};
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::claims::{Left, no_reason_end, open_kinds};
use crate::jobs;
use crate::model::{Kind, Reason, Side, State, protected_until};
use crate::steps::{self, By, StepError};
use crate::store::{self, CaseRow, ItemRow};
use crate::views::{self, CaseView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(case_open))
}

/// Most cases of one order that are open at once.
const OPEN_MAX: usize = 10;

/// What is asked for of one line.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseItemBody {
    line: i64,
    /// Units that go back, or that never came; 0 asks for money only.
    #[schema(minimum = 0, maximum = 9_999)]
    units: i64,
    /// Only with no units: how much money.
    #[schema(minimum = 1)]
    amount_minor: Option<i64>,
    /// For an exchange: another variant of the same product at the same price; left out, the same again.
    to_sku: Option<SkuId>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseBody {
    kind: Kind,
    reason: Reason,
    /// What happened, in words.
    words: Option<Text<1, 1000>>,
    /// Left out for price protection, which looks at every line.
    #[serde(default)]
    #[schema(max_items = 200)]
    items: Vec<CaseItemBody>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum OpenCaseError {
    #[error("this cannot be asked for now; see the order's after-sale options")]
    #[problem(409, "aftersale.not_now")]
    NotNow,
    #[error("name lines of the order, each once, with what is left of them; see its after-sale options")]
    #[problem(422, "aftersale.items")]
    Items,
    #[error("line {line} has {units} units and {money_minor} in minor units left to ask for")]
    #[problem(409, "aftersale.beyond_line")]
    BeyondLine { line: i64, units: i64, money_minor: i64 },
    #[error("the reason does not go with what is asked for")]
    #[problem(422, "aftersale.reason")]
    Reason,
    #[error("line {line} may not be returned without a reason, as was confirmed when it was bought")]
    #[problem(409, "aftersale.no_return")]
    NoReturn { line: i64 },
    #[error("line {line} was not sent and cannot be sent back; ask for a refund")]
    #[problem(409, "aftersale.not_sent")]
    NotSent { line: i64 },
    #[error("the seven days are over; tell what is wrong with the goods")]
    #[problem(409, "aftersale.too_late")]
    TooLate,
    #[error("exchange one line for the same variant, or for one of the same product at the same price")]
    #[problem(422, "aftersale.exchange")]
    Exchange,
    #[error("nothing of this order costs less now than was paid")]
    #[problem(409, "aftersale.no_drop")]
    NoDrop,
    #[error("there are {OPEN_MAX} open cases of this order; wait for one to end")]
    #[problem(409, "aftersale.too_many")]
    TooMany,
    #[error(transparent)]
    #[problem(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct OpenCase {
    actor: Actor,
    order: OrderId,
    body: CaseBody,
}

/// Opens a case. Goods within their seven days go back without anybody's consent, and a price that fell under its
/// protection is made good at once; for anything else the shop is asked.
fn open_case(tx: &mut Tx, command: &OpenCase) -> Result<CaseView, OpenCaseError> {
    let person = command.actor.person;
    let order = orders::api::begin_case(tx, command.order)?;
    let order = order.filter(|order| order.buyer == person).ok_or(StepError::from(Denied::Unknown))?;
    let cases = store::cases_of_order(tx, order.id)?;
    if cases.iter().filter(|case| case.state.is_open()).count() >= OPEN_MAX
        || i64::try_from(cases.len()).is_ok_and(|count| count >= store::CASES_MAX)
    {
        return Err(OpenCaseError::TooMany);
    }
    let left = Left::of(&order, &with_items(tx, cases)?);
    let items = match command.body.kind {
        Kind::PriceProtection => protected(tx, &order, &left, &command.body)?,
        Kind::Refund | Kind::Return | Kind::Exchange => asked(tx, &order, &left, &command.body)?,
    };
    let row = new_case(tx, command, &order, (&left, &items))?;
    store::insert_case(tx, &row, &items)?;
    let words = command.body.words.as_ref().map_or("", |words| words.as_str());
    let by = By { side: Side::Buyer, person: Some(person) };
    store::insert_turn(tx, row.id, (by.side, by.person), "opened", words)?;
    follow(tx, row, &order)
}

/// The cases with their items.
pub(crate) fn with_items(rx: &mut Rx, cases: Vec<CaseRow>) -> Result<Vec<(CaseRow, Vec<ItemRow>)>, DbError> {
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let items = store::items_of(rx, &ids)?;
    let of = |case: CaseRow| {
        let own = items.iter().filter(|(id, _)| *id == case.id).map(|(_, item)| *item).collect();
        (case, own)
    };
    Ok(cases.into_iter().map(of).collect())
}

fn new_case(
    tx: &mut Tx,
    command: &OpenCase,
    order: &OrderFacts,
    (left, items): (&Left, &[ItemRow]),
) -> Result<CaseRow, OpenCaseError> {
    let CaseBody { kind, reason, .. } = command.body;
    // The delivery goes back with everything else, when it was for nothing.
    let is_for_nothing = order.shipped_at.is_none() || reason.is_shops_fault();
    let gives_up = match kind {
        Kind::Refund | Kind::Return => left.is_all(items),
        Kind::Exchange | Kind::PriceProtection => false,
    };
    let shipping = if is_for_nothing && gives_up { left.shipping } else { 0 };
    let amount = items.iter().fold(shipping, |sum, item| sum.saturating_add(item.amount));
    let goods = items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.units));
    if amount < 1 && goods < 1 {
        return Err(OpenCaseError::Items);
    }
    let now = tx.now();
    let state = State::Requested;
    Ok(CaseRow {
        id: tx.new_id(),
        order: order.id,
        merchant: order.merchant,
        buyer: order.buyer,
        kind,
        reason,
        state,
        currency: order.currency,
        amount,
        shipping,
        refunded: 0,
        carrier: None,
        tracking: None,
        replacement: None,
        due_at: state.patience_s().map(|seconds| now.plus_seconds(seconds)),
        opened_at: now,
        version: 1,
    })
}

/// What happens to a new case at once.
fn follow(tx: &mut Tx, mut row: CaseRow, order: &OrderFacts) -> Result<CaseView, OpenCaseError> {
    let terms = store::terms(tx, row.merchant)?;
    match (row.kind, row.reason) {
        (Kind::PriceProtection, _) => steps::agree_to_pay(tx, &mut row, By::SYSTEM, "")?,
        (Kind::Return, Reason::Unneeded) if terms.address.is_some() => {
            steps::step(tx, &mut row, crate::model::Move::Agree, By::SYSTEM, ("agreed", ""))?;
        }
        _ => {
            if let Some(due) = row.due_at {
                work::enqueue(tx, jobs::DUE, &row.id.to_string(), "", due)?;
            }
            tx.publish(&steps::moved(&row))?;
        }
    }
    Ok(views::view(tx, &row, Side::Buyer, Some(order))?)
}

fn asked(
    rx: &mut Rx,
    order: &OrderFacts,
    left: &Left,
    body: &CaseBody,
) -> Result<Vec<ItemRow>, OpenCaseError> {
    if !open_kinds(order, rx.now()).contains(&body.kind) {
        return Err(OpenCaseError::NotNow);
    }
    must_fit(body, order, rx.now())?;
    let mut items = Vec::with_capacity(body.items.len());
    let mut seen = std::collections::BTreeSet::new();
    for item in &body.items {
        let line = order.lines.iter().find(|line| line.line == item.line).ok_or(OpenCaseError::Items)?;
        if !seen.insert(item.line) {
            return Err(OpenCaseError::Items);
        }
        let is_unneeded = body.reason == Reason::Unneeded;
        let is_with_buyer = body.kind == Kind::Return || order.shipped_at.is_some();
        if is_unneeded && is_with_buyer && !line.no_reason_return {
            return Err(OpenCaseError::NoReturn { line: line.line });
        }
        if line.is_virtual && matches!(body.kind, Kind::Return | Kind::Exchange) {
            return Err(OpenCaseError::NotSent { line: line.line });
        }
        items.push(claim(left, line, item, body.kind)?);
    }
    if items.is_empty() {
        return Err(OpenCaseError::Items);
    }
    if body.kind == Kind::Exchange {
        exchangeable(rx, order, &items)?;
    }
    items.sort_by_key(|item| item.line);
    Ok(items)
}

/// Whether the reason goes with what is asked for, at this time.
fn must_fit(body: &CaseBody, order: &OrderFacts, now: Timestamp) -> Result<(), OpenCaseError> {
    let is_asked = |line: &&LineFacts| body.items.iter().any(|item| item.line == line.line);
    // Nothing of it can be sent back: the money is asked for instead.
    let is_virtual = order.lines.iter().filter(is_asked).all(|line| line.is_virtual);
    let in_time = || match no_reason_end(order) {
        Some(end) if end <= now => Err(OpenCaseError::TooLate),
        Some(_) | None => Ok(()),
    };
    match (body.reason, body.kind) {
        (Reason::Unneeded, Kind::Refund) if order.shipped_at.is_none() => Ok(()),
        (Reason::Unneeded, Kind::Refund) if is_virtual => in_time(),
        (Reason::Unneeded, Kind::Return) => in_time(),
        (Reason::Unneeded, _) | (Reason::PriceDrop, _) => Err(OpenCaseError::Reason),
        (Reason::NotArrived | Reason::Missing, Kind::Refund) => Ok(()),
        (Reason::NotArrived | Reason::Missing, _) => Err(OpenCaseError::Reason),
        (
            Reason::Faulty | Reason::Damaged | Reason::WrongItem | Reason::NotAsDescribed | Reason::Other,
            _,
        ) => Ok(()),
    }
}

fn claim(left: &Left, line: &LineFacts, item: &CaseItemBody, kind: Kind) -> Result<ItemRow, OpenCaseError> {
    let (units, money) = (left.units(line.line), left.money(line.line));
    let beyond = OpenCaseError::BeyondLine { line: line.line, units, money_minor: money };
    if item.units < 0 || item.units > units {
        return Err(beyond);
    }
    let amount = match (kind, item.units, item.amount_minor) {
        (Kind::Refund, 0, Some(amount)) if amount < 1 || amount > money => return Err(beyond),
        (Kind::Refund, 0, Some(amount)) => amount,
        (_, 1.., None) => left.worth(line.line, item.units),
        _ => return Err(OpenCaseError::Items),
    };
    let to_sku = match kind {
        Kind::Exchange => Some(item.to_sku.unwrap_or(line.sku)),
        Kind::Refund | Kind::Return | Kind::PriceProtection if item.to_sku.is_some() => {
            return Err(OpenCaseError::Exchange);
        }
        Kind::Refund | Kind::Return | Kind::PriceProtection => None,
    };
    Ok(ItemRow { line: line.line, units: item.units, amount, to_sku })
}

/// One line, for the same again or for another variant that costs the same.
fn exchangeable(rx: &mut Rx, order: &OrderFacts, items: &[ItemRow]) -> Result<(), OpenCaseError> {
    let [item] = items else { return Err(OpenCaseError::Exchange) };
    let line = order.lines.iter().find(|line| line.line == item.line).ok_or(OpenCaseError::Items)?;
    let to = item.to_sku.unwrap_or(line.sku);
    if to == line.sku {
        return Ok(());
    }
    let infos = catalog::api::skus(rx, &[line.sku, to])?;
    let find = |sku| infos.iter().find(|info| info.sku == sku);
    match (find(line.sku), find(to)) {
        (Some(from), Some(to)) if to.product == line.product && to.is_sellable && to.price == from.price => {
            Ok(())
        }
        _ => Err(OpenCaseError::Exchange),
    }
}

/// The lines that cost less now than what is left of what was paid for them.
fn protected(
    rx: &mut Rx,
    order: &OrderFacts,
    left: &Left,
    body: &CaseBody,
) -> Result<Vec<ItemRow>, OpenCaseError> {
    if body.reason != Reason::PriceDrop {
        return Err(OpenCaseError::Reason);
    }
    let terms = store::terms(rx, order.merchant)?;
    let now = rx.now();
    let is_protected = open_kinds(order, now).contains(&Kind::Refund)
        && order.paid_at.is_some_and(|at| now < protected_until(at, terms.protection));
    if !is_protected {
        return Err(OpenCaseError::NotNow);
    }
    let dropped = drops(rx, order, left)?;
    if dropped.is_empty() { Err(OpenCaseError::NoDrop) } else { Ok(dropped) }
}

/// What is to be made good of each line: what is left of it, less what as many units cost now.
pub(crate) fn drops(rx: &mut Rx, order: &OrderFacts, left: &Left) -> Result<Vec<ItemRow>, DbError> {
    let skus: Vec<SkuId> = order.lines.iter().map(|line| line.sku).collect();
    let infos = catalog::api::skus(rx, &skus)?;
    let mut drops = Vec::new();
    for line in &order.lines {
        let info = infos.iter().find(|info| info.sku == line.sku && info.is_sellable);
        let Some(price) = info.map(|info| info.price).filter(|price| price.currency() == order.currency)
        else {
            continue;
        };
        let cost = price.minor().saturating_mul(left.units(line.line));
        let amount = left.money(line.line).saturating_sub(cost);
        if amount > 0 && left.units(line.line) > 0 {
            drops.push(ItemRow { line: line.line, units: 0, amount, to_sku: None });
        }
    }
    Ok(drops)
}

/// Ask for money back, a return, an exchange, or a lower price made good.
#[utoipa::path(post, path = "/api/v1/orders/{order}/after-sales", tag = "aftersale",
    params(("order" = OrderId, Path)), request_body = CaseBody,
    responses((status = 201, body = CaseView), OpenCaseError, Common))]
async fn case_open(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
    command: Command<CaseBody>,
) -> Result<Response, Refused> {
    let open = OpenCase { actor: actor.clone(), order, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| open_case(tx, &open)).await
}
