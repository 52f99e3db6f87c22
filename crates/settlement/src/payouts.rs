//! What a merchant has earned goes to its bank: one person asks, another agrees.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Currency, MerchantId, Money, Page, PageRequest, PayoutId, PersonId, Text, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::{Line, note, payable};
use crate::model::{PayoutState, PayoutStep};
use crate::store::{self, PayoutRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(payout_create, payout_list))
        .routes(routes!(payout_queue))
        .routes(routes!(payout_approve))
        .routes(routes!(payout_pay))
        .routes(routes!(payout_reject))
        .routes(routes!(payout_cancel))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutBody {
    #[schema(minimum = 1)]
    amount_minor: i64,
    /// The bank account, as the merchant writes it.
    destination: Text<4, 200>,
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutStepBody {}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutPaidBody {
    /// The bank's number of the transfer.
    reference: Text<1, 100>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutRejectBody {
    reason: Text<1, 300>,
}

/// A payout.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PayoutView {
    id: PayoutId,
    merchant: MerchantId,
    merchant_name: String,
    amount: Money,
    state: PayoutState,
    destination: String,
    requested_by: PersonId,
    decided_by: Option<PersonId>,
    /// The bank's number, or why it was rejected.
    reference: Option<String>,
    requested_at: Timestamp,
    decided_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum PayoutError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(transparent)]
    StepUp(#[from] rest::StepUpNeeded),
    #[error("{available_minor} in minor units can be paid out, no more")]
    #[problem(409, "payout.beyond_balance")]
    Beyond { available_minor: i64 },
    #[error("ask for an amount above zero")]
    #[problem(422, "payout.amount")]
    Amount,
    #[error("the payout is {state} and cannot be moved like this; look at it again")]
    #[problem(409, "payout.state")]
    State { state: &'static str },
    #[error("whoever asked for a payout does not agree to it as well; somebody else must")]
    #[problem(409, "payout.same_person")]
    SamePerson,
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Where money lies that was asked for and has not gone yet.
fn on_its_way(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), Kind::Payout, Asset::Money(currency))
}

fn view(rx: &mut Rx, row: PayoutRow) -> Result<PayoutView, DbError> {
    let merchant_name = people::api::merchant_names(rx, &[row.merchant])?.remove(&row.merchant);
    Ok(PayoutView {
        id: row.id,
        merchant: row.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        amount: Money::new(row.amount, row.currency),
        state: row.state,
        destination: row.destination,
        requested_by: row.requested_by,
        decided_by: row.decided_by,
        reference: row.reference,
        requested_at: row.requested_at,
        decided_at: row.decided_at,
        ended_at: row.ended_at,
    })
}

/// Sets money aside for a payout. What can be paid out is looked at in the merchant's turn, so that of two who ask
/// for the same money one is refused.
fn request(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &PayoutBody,
) -> Result<PayoutView, PayoutError> {
    actor.may(merchant, Right::Money)?;
    if body.amount_minor < 1 {
        return Err(PayoutError::Amount);
    }
    let currency = Currency::CNY;
    store::take_turn(tx, merchant)?;
    let from = payable(merchant, currency);
    // Cash in the merchant's own till was paid to it already.
    let till = Account::new(Owner::Merchant(merchant), Kind::Cash, Asset::Money(currency));
    let in_hand = ledger::api::balance(tx, &till)?.credit().min(0);
    let available = ledger::api::balance(tx, &from)?.credit().saturating_add(in_hand);
    if body.amount_minor > available {
        return Err(PayoutError::Beyond { available_minor: available.max(0) });
    }
    let id: PayoutId = tx.new_id();
    let to = on_its_way(merchant, currency);
    let reserve = Transfer::simple(TransferKind::PayoutReserve, &id.to_string(), from, to, body.amount_minor);
    ledger::api::post(tx, &reserve)?;
    line(tx, merchant, currency, "payout", (id, body.amount_minor.saturating_neg()))?;
    let row = PayoutRow {
        id,
        merchant,
        account: from.id(),
        transfer: reserve.id,
        amount: body.amount_minor,
        currency,
        state: PayoutState::Requested,
        destination: body.destination.as_str().to_owned(),
        requested_by: actor.person,
        decided_by: None,
        reference: None,
        requested_at: tx.now(),
        decided_at: None,
        ended_at: None,
        version: 1,
    };
    store::insert_payout(tx, &row)?;
    log(tx, actor, &row, "payout.request", "")?;
    Ok(view(tx, row)?)
}

fn line(
    tx: &mut Tx,
    merchant: MerchantId,
    currency: Currency,
    kind: &'static str,
    (id, gross): (PayoutId, i64),
) -> Result<(), DbError> {
    let line = Line { kind, order: None, reference: id.to_string(), gross, commission: 0, fee: 0 };
    note(tx, merchant, currency, line)?;
    Ok(())
}

fn log(tx: &mut Tx, actor: &Actor, row: &PayoutRow, act: &str, detail: &str) -> Result<(), DbError> {
    let detail = format!("{} {detail}", row.amount);
    people::api::log_act(tx, actor, Some(row.merchant), act, &row.id.to_string(), detail.trim())
}

/// Makes a step that the state allows; the money follows.
fn step(
    tx: &mut Tx,
    actor: &Actor,
    id: PayoutId,
    (step, words): (PayoutStep, &str),
) -> Result<PayoutView, PayoutError> {
    let mut row = store::find_payout(tx, id)?.ok_or(Denied::Unknown)?;
    match step {
        PayoutStep::Cancel => actor.may(row.merchant, Right::Money)?,
        PayoutStep::Approve | PayoutStep::Pay | PayoutStep::Reject => actor.must_be_operator()?,
    }
    let next = row.state.after(step).ok_or(PayoutError::State { state: row.state.word() })?;
    if step == PayoutStep::Approve && actor.person == row.requested_by {
        return Err(PayoutError::SamePerson);
    }
    row.state = next;
    let now = tx.now();
    let (merchant, currency, cause) = (row.merchant, row.currency, id.to_string());
    let waiting = on_its_way(merchant, currency);
    match step {
        PayoutStep::Approve => {
            row.decided_by = Some(actor.person);
            row.decided_at = Some(now);
        }
        PayoutStep::Pay => {
            let bank = Account::new(Owner::Platform, Kind::Bank, Asset::Money(currency));
            let out = Transfer::simple(TransferKind::Payout, &cause, waiting, bank, row.amount);
            ledger::api::post(tx, &out)?;
            row.transfer = out.id;
            row.reference = Some(words.to_owned());
            row.ended_at = Some(now);
        }
        PayoutStep::Reject | PayoutStep::Cancel => {
            let to = payable(merchant, currency);
            let back = Transfer::simple(TransferKind::PayoutReturn, &cause, waiting, to, row.amount);
            ledger::api::post(tx, &back)?;
            line(tx, merchant, currency, "payout_returned", (id, row.amount))?;
            row.reference = (!words.is_empty()).then(|| words.to_owned());
            row.ended_at = Some(now);
        }
    }
    store::update_payout(tx, &row)?;
    let act = match step {
        PayoutStep::Approve => "payout.approve",
        PayoutStep::Pay => "payout.pay",
        PayoutStep::Reject => "payout.reject",
        PayoutStep::Cancel => "payout.cancel",
    };
    log(tx, actor, &row, act, words)?;
    Ok(view(tx, row)?)
}

/// Ask for money that was earned. Staff with the right to the money, who proved who they are within ten minutes.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/payouts", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = PayoutBody,
    responses((status = 201, body = PayoutView), PayoutError, Common))]
async fn payout_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<PayoutBody>,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Money)?;
    actor.must_be_proven(ctx.now())?;
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| request(tx, &own, merchant, &body)).await
}

fn page(rx: &mut Rx, rows: Vec<PayoutRow>, request: &PageRequest) -> Result<Page<PayoutView>, DbError> {
    let rows = Page::by_id(rows, request, |row| row.id);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in rows.items {
        items.push(view(rx, row)?);
    }
    Ok(Page { items, next_cursor: rows.next_cursor })
}

/// A merchant's payouts, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/payouts", tag = "settlement",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<PayoutView>), Common))]
async fn payout_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<PayoutView>>, Refused> {
    actor.may(merchant, Right::Money)?;
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_payouts(rx, merchant, before, request.more())?;
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PayoutFilter {
    /// `requested` when left out.
    state: Option<PayoutState>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Payouts in one state, of all merchants, newest first. Operators.
#[utoipa::path(get, path = "/api/v1/payouts", tag = "settlement", params(PayoutFilter),
    responses((status = 200, body = Page<PayoutView>), Common))]
async fn payout_queue(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<PayoutFilter>,
) -> Result<Json<Page<PayoutView>>, Refused> {
    actor.must_be_operator()?;
    let state = filter.state.unwrap_or(PayoutState::Requested);
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_payouts_in(rx, state, before, request.more())?;
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Agree to a payout. An operator other than who asked, who proved who they are within ten minutes.
#[utoipa::path(post, path = "/api/v1/payouts/{payout}/approve", tag = "settlement",
    params(("payout" = PayoutId, Path)), request_body = PayoutStepBody,
    responses((status = 200, body = PayoutView), PayoutError, Common))]
async fn payout_approve(
    ctx: rest::State,
    actor: Actor,
    Path(payout): Path<PayoutId>,
    command: Command<PayoutStepBody>,
) -> Result<Response, Refused> {
    actor.must_be_operator()?;
    actor.must_be_proven(ctx.now())?;
    let own = actor.clone();
    let run = move |tx: &mut Tx| step(tx, &own, payout, (PayoutStep::Approve, ""));
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Note that a payout was sent. Operators, who proved who they are within ten minutes.
#[utoipa::path(post, path = "/api/v1/payouts/{payout}/pay", tag = "settlement", params(("payout" = PayoutId, Path)),
    request_body = PayoutPaidBody, responses((status = 200, body = PayoutView), PayoutError, Common))]
async fn payout_pay(
    ctx: rest::State,
    actor: Actor,
    Path(payout): Path<PayoutId>,
    command: Command<PayoutPaidBody>,
) -> Result<Response, Refused> {
    actor.must_be_operator()?;
    actor.must_be_proven(ctx.now())?;
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| step(tx, &own, payout, (PayoutStep::Pay, body.reference.as_str()));
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Reject a payout, or note that it came back: the money is the merchant's again. Operators.
#[utoipa::path(post, path = "/api/v1/payouts/{payout}/reject", tag = "settlement",
    params(("payout" = PayoutId, Path)), request_body = PayoutRejectBody,
    responses((status = 200, body = PayoutView), PayoutError, Common))]
async fn payout_reject(
    ctx: rest::State,
    actor: Actor,
    Path(payout): Path<PayoutId>,
    command: Command<PayoutRejectBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| step(tx, &own, payout, (PayoutStep::Reject, body.reason.as_str()));
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Take a payout back that nobody has agreed to yet. Staff with the right to the money.
#[utoipa::path(post, path = "/api/v1/payouts/{payout}/cancel", tag = "settlement",
    params(("payout" = PayoutId, Path)), request_body = PayoutStepBody,
    responses((status = 200, body = PayoutView), PayoutError, Common))]
async fn payout_cancel(
    ctx: rest::State,
    actor: Actor,
    Path(payout): Path<PayoutId>,
    command: Command<PayoutStepBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| step(tx, &own, payout, (PayoutStep::Cancel, ""));
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}
