//! The pledge a merchant puts down: asked for, paid from what was earned, kept in part with a reason, given back.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Currency, Id, MerchantId, Money, StatementLineId, Text};
use db::{DbError, Lane, Rx, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::{Line, fees, note, payable};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(deposit_get, deposit_put))
        .routes(routes!(deposit_pay))
        .routes(routes!(deposit_deduct))
        .routes(routes!(deposit_return))
}

/// The most that is asked for: a million.
const DUE_MAX: i64 = 100_000_000;

/// A merchant's pledge.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DepositView {
    /// What the platform asks for.
    due: Money,
    /// What is there.
    held: Money,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DepositDueBody {
    #[schema(minimum = 0, maximum = 100_000_000)]
    due_minor: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DepositBody {
    #[schema(minimum = 1)]
    amount_minor: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeductionBody {
    #[schema(minimum = 1)]
    amount_minor: i64,
    /// Why, for the merchant to read.
    reason: Text<1, 300>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum DepositError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("name an amount from 1, and up to 100,000,000 where one is asked for")]
    #[problem(422, "deposit.amount")]
    Amount,
    #[error("{available_minor} in minor units is there, no more")]
    #[problem(409, "deposit.beyond")]
    Beyond { available_minor: i64 },
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn pledge(merchant: MerchantId) -> Account {
    Account::new(Owner::Merchant(merchant), Kind::Deposit, Asset::Money(Currency::CNY))
}

fn view(rx: &mut Rx, merchant: MerchantId) -> Result<DepositView, DbError> {
    let money = |minor| Money::new(minor, Currency::CNY);
    let held = ledger::api::balance(rx, &pledge(merchant))?.free();
    Ok(DepositView { due: money(store::deposit_due(rx, merchant)?), held: money(held) })
}

/// What is done to a pledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pay,
    Deduct,
    Return,
}

struct Move<'a> {
    actor: &'a Actor,
    merchant: MerchantId,
    step: Step,
    amount: i64,
    words: &'a str,
}

/// Moves money into the pledge or out of it, in the merchant's turn. What is there is guarded by its account, what
/// was earned by the turn.
fn carry(tx: &mut Tx, what: &Move<'_>) -> Result<DepositView, DepositError> {
    let Move { actor, merchant, step, amount, words } = *what;
    match step {
        Step::Pay => actor.may(merchant, Right::Money)?,
        Step::Deduct | Step::Return => actor.must_be_operator()?,
    }
    if !(1..=DUE_MAX).contains(&amount) {
        return Err(DepositError::Amount);
    }
    store::take_turn(tx, merchant)?;
    let (earned, held) = (payable(merchant, Currency::CNY), pledge(merchant));
    let from = if step == Step::Pay { earned } else { held };
    let balance = ledger::api::balance(tx, &from)?;
    let available = if step == Step::Pay { balance.credit() } else { balance.free() };
    if amount > available {
        return Err(DepositError::Beyond { available_minor: available.max(0) });
    }
    let id: StatementLineId = tx.new_id();
    let cause = StatementLineId::from_bytes(id.bytes()).to_string();
    let (kind, to, act, line) = match step {
        Step::Pay => (TransferKind::Deposit, held, "deposit.pay", Some(("deposit", amount.saturating_neg()))),
        Step::Return => {
            (TransferKind::DepositReturn, earned, "deposit.return", Some(("deposit_returned", amount)))
        }
        Step::Deduct => (TransferKind::DepositDeduction, fees(Currency::CNY), "deposit.deduct", None),
    };
    ledger::api::post(tx, &Transfer::simple(kind, &cause, from, to, amount))?;
    if let Some((kind, gross)) = line {
        let line = Line { kind, order: None, reference: cause, gross, commission: 0, fee: 0 };
        note(tx, merchant, Currency::CNY, line)?;
    }
    let detail = format!("{amount} {words}");
    people::api::log_act(tx, actor, Some(merchant), act, &merchant.to_string(), detail.trim())?;
    Ok(view(tx, merchant)?)
}

fn ask_for(tx: &mut Tx, actor: &Actor, merchant: MerchantId, due: i64) -> Result<DepositView, DepositError> {
    actor.must_be_operator()?;
    if !(0..=DUE_MAX).contains(&due) {
        return Err(DepositError::Amount);
    }
    store::take_turn(tx, merchant)?;
    store::set_deposit_due(tx, merchant, due)?;
    people::api::log_act(tx, actor, Some(merchant), "deposit.ask", &merchant.to_string(), &due.to_string())?;
    Ok(view(tx, merchant)?)
}

/// A merchant's pledge.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/deposit", tag = "settlement",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = DepositView), Common))]
async fn deposit_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<DepositView>, Refused> {
    actor.may(merchant, Right::Money)?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| view(rx, merchant)).await?))
}

/// Ask a merchant for a pledge. Operators.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/deposit", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = DepositDueBody,
    responses((status = 200, body = DepositView), DepositError, Common))]
async fn deposit_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<DepositDueBody>,
) -> Result<Json<DepositView>, Refused> {
    let write = move |tx: &mut Tx| ask_for(tx, &actor, merchant, body.due_minor);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}

/// Put a pledge down from what was earned. Staff with the right to the money.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/deposit/pay", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = DepositBody,
    responses((status = 200, body = DepositView), DepositError, Common))]
async fn deposit_pay(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<DepositBody>,
) -> Result<Response, Refused> {
    let (own, amount) = (actor.clone(), command.body.amount_minor);
    let run =
        move |tx: &mut Tx| carry(tx, &Move { actor: &own, merchant, step: Step::Pay, amount, words: "" });
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Keep part of a pledge, with a reason. Operators.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/deposit/deduct", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = DeductionBody,
    responses((status = 200, body = DepositView), DepositError, Common))]
async fn deposit_deduct(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<DeductionBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| {
        let words = body.reason.as_str();
        carry(tx, &Move { actor: &own, merchant, step: Step::Deduct, amount: body.amount_minor, words })
    };
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Give a pledge back. Operators.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/deposit/return", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = DepositBody,
    responses((status = 200, body = DepositView), DepositError, Common))]
async fn deposit_return(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<DepositBody>,
) -> Result<Response, Refused> {
    let (own, amount) = (actor.clone(), command.body.amount_minor);
    let run =
        move |tx: &mut Tx| carry(tx, &Move { actor: &own, merchant, step: Step::Return, amount, words: "" });
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}
