//! What a shop, and the platform when it is called, answers to a case.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CaseId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::model::{Kind, Move, Side, State};
use crate::steps::{self, By, Ending, StepError};
use crate::store;
use crate::views::{self, CaseView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(case_agree))
        .routes(routes!(case_decline))
        .routes(routes!(case_accept))
        .routes(routes!(case_decide))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseAgreeBody {
    words: Option<Text<1, 1000>>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseDeclineBody {
    /// Why not.
    words: Text<1, 1000>,
}

/// Units of a line that can be sold again.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseShelfBody {
    line: i64,
    #[schema(minimum = 0, maximum = 9_999)]
    units: i64,
}

/// What ends the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseOutcome)]
enum Outcome {
    /// The money goes back.
    Refund,
    /// Other goods go out; only for an exchange.
    Replace,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseAcceptBody {
    outcome: Outcome,
    /// What of it lies on the shelf again; what is left out does not.
    #[schema(max_items = 200)]
    shelf: Vec<CaseShelfBody>,
    words: Option<Text<1, 1000>>,
}

/// How the platform decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseVerdict)]
enum Verdict {
    /// Money of what was asked for goes back.
    Refund,
    /// The goods go back first.
    Return,
    /// The shop is right.
    Reject,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseDecideBody {
    verdict: Verdict,
    /// With `refund`: how much; all that was asked for when left out.
    #[schema(minimum = 1)]
    amount_minor: Option<i64>,
    /// Why, for both sides to read.
    words: Text<1, 1000>,
}

fn text(words: Option<&Text<1, 1000>>) -> &str {
    words.map_or("", |words| words.as_str())
}

/// Agrees: the money goes back at once, or the buyer is told where to send the goods.
fn agree(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseAgreeBody) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_shop(tx, actor, id)?;
    let words = text(body.words.as_ref());
    match row.kind {
        Kind::Refund | Kind::PriceProtection => steps::agree_to_pay(tx, &mut row, by, words)?,
        Kind::Return | Kind::Exchange => {
            if store::terms(tx, row.merchant)?.address.is_none() {
                return Err(StepError::NoAddress);
            }
            steps::step(tx, &mut row, Move::Agree, by, ("agreed", words))?;
        }
    }
    steps::log(tx, actor, &row, "aftersale.agree", "")?;
    Ok(views::view(tx, &row, Side::Shop, None)?)
}

fn decline(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseDeclineBody) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_shop(tx, actor, id)?;
    steps::step(tx, &mut row, Move::Decline, by, ("declined", body.words.as_str()))?;
    steps::log(tx, actor, &row, "aftersale.decline", body.words.as_str())?;
    Ok(views::view(tx, &row, Side::Shop, None)?)
}

/// The goods are here, or the shop does not want them back: the case ends with money or with other goods.
fn accept(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseAcceptBody) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_shop(tx, actor, id)?;
    let has_goods = row.tracking.is_some();
    let shelf: Vec<(i64, i64)> = body.shelf.iter().map(|part| (part.line, part.units)).collect();
    if !has_goods && shelf.iter().any(|(_, units)| *units > 0) {
        return Err(StepError::State { state: row.state.word() });
    }
    let words = text(body.words.as_ref());
    match body.outcome {
        Outcome::Refund => {
            let money = row.amount;
            steps::pay(tx, &mut row, &Ending { money, shelf }, by, words)?;
        }
        Outcome::Replace if row.kind == Kind::Exchange && row.state == State::GoodsSent => {
            steps::exchange(tx, &mut row, &shelf, by, words)?;
        }
        Outcome::Replace => return Err(StepError::State { state: row.state.word() }),
    }
    steps::log(tx, actor, &row, "aftersale.accept", &row.refunded.to_string())?;
    Ok(views::view(tx, &row, Side::Shop, None)?)
}

/// Decides a dispute.
fn decide(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseDecideBody) -> Result<CaseView, StepError> {
    actor.must_be_operator()?;
    let mut row = store::find_case(tx, id)?.ok_or(Denied::Unknown)?;
    if row.state != State::Disputed {
        return Err(StepError::State { state: row.state.word() });
    }
    let by = By { side: Side::Platform, person: Some(actor.person) };
    let words = body.words.as_str();
    match body.verdict {
        Verdict::Refund => {
            let money = body.amount_minor.unwrap_or(row.amount);
            if money < 1 {
                return Err(StepError::BeyondClaim);
            }
            steps::pay(tx, &mut row, &Ending { money, shelf: Vec::new() }, by, words)?;
        }
        // What was sent before is with the shop already.
        Verdict::Return if row.tracking.is_some() => {
            return Err(StepError::State { state: row.state.word() });
        }
        Verdict::Return => steps::step(tx, &mut row, Move::Agree, by, ("agreed", words))?,
        Verdict::Reject => steps::step(tx, &mut row, Move::Reject, by, ("rejected", words))?,
    }
    steps::log(tx, actor, &row, "aftersale.decide", words)?;
    Ok(views::view(tx, &row, Side::Platform, None)?)
}

/// Agree to what a buyer asks for. Staff with the right to refund.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/agree", tag = "aftersale", params(("case" = CaseId, Path)),
    request_body = CaseAgreeBody, responses((status = 200, body = CaseView), StepError, Common))]
async fn case_agree(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
    command: Command<CaseAgreeBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| agree(tx, &own, case, &body)).await
}

/// Say no to what a buyer asks for, also after looking at what came back.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/decline", tag = "aftersale",
    params(("case" = CaseId, Path)), request_body = CaseDeclineBody,
    responses((status = 200, body = CaseView), StepError, Common))]
async fn case_decline(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
    command: Command<CaseDeclineBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| decline(tx, &own, case, &body)).await
}

/// End a case with money or other goods, the shelf told apart.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/accept", tag = "aftersale",
    params(("case" = CaseId, Path)), request_body = CaseAcceptBody,
    responses((status = 200, body = CaseView), StepError, Common))]
async fn case_accept(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
    command: Command<CaseAcceptBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| accept(tx, &own, case, &body)).await
}

/// Decide a dispute. Operators.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/decide", tag = "aftersale",
    params(("case" = CaseId, Path)), request_body = CaseDecideBody,
    responses((status = 200, body = CaseView), StepError, Common))]
async fn case_decide(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
    command: Command<CaseDecideBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| decide(tx, &own, case, &body)).await
}
