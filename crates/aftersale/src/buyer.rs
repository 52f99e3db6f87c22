//! What a buyer does with a case after opening it.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CaseId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::model::{Move, Side};
use crate::steps::{self, StepError};
use crate::store;
use crate::views::{self, CaseView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(case_withdraw))
        .routes(routes!(case_send))
        .routes(routes!(case_dispute))
        .routes(routes!(case_say))
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseNothingBody {}

/// How the goods travel back.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseSendBody {
    carrier: Text<1, 60>,
    tracking: Text<1, 60>,
}

/// Words for the other side.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaseSayBody {
    words: Text<1, 1000>,
}

fn withdraw(tx: &mut Tx, actor: &Actor, id: CaseId) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_buyer(tx, actor, id)?;
    steps::step(tx, &mut row, Move::Withdraw, by, ("withdrawn", ""))?;
    Ok(views::view(tx, &row, Side::Buyer, None)?)
}

fn send(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseSendBody) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_buyer(tx, actor, id)?;
    row.carrier = Some(body.carrier.as_str().to_owned());
    row.tracking = Some(body.tracking.as_str().to_owned());
    let words = format!("{} {}", body.carrier.as_str(), body.tracking.as_str());
    steps::step(tx, &mut row, Move::Send, by, ("sent", &words))?;
    Ok(views::view(tx, &row, Side::Buyer, None)?)
}

fn dispute(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseSayBody) -> Result<CaseView, StepError> {
    let (mut row, by) = steps::as_buyer(tx, actor, id)?;
    steps::step(tx, &mut row, Move::Dispute, by, ("disputed", body.words.as_str()))?;
    Ok(views::view(tx, &row, Side::Buyer, None)?)
}

/// Most turns of a case.
const TURNS_MAX: usize = 150;

/// Says something in an open case: its buyer, its shop, or the platform.
fn say(tx: &mut Tx, actor: &Actor, id: CaseId, body: &CaseSayBody) -> Result<CaseView, StepError> {
    let (mut row, side) = views::visible(tx, actor, id)?;
    if !row.state.is_open() || store::turns(tx, id)?.len() >= TURNS_MAX {
        return Err(StepError::State { state: row.state.word() });
    }
    // The case is written, so that what is said comes after what was done meanwhile.
    store::update_case(tx, &row)?;
    row.version = row.version.saturating_add(1);
    store::insert_turn(tx, id, (side, Some(actor.person)), "said", body.words.as_str())?;
    Ok(views::view(tx, &row, side, None)?)
}

/// Let a case be.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/withdraw", tag = "aftersale",
    params(("case" = CaseId, Path)), request_body = CaseNothingBody,
    responses((status = 200, body = CaseView), StepError, Common))]
async fn case_withdraw(
    ctx: rest::State,
    Member(actor): Member,
    Path(case): Path<CaseId>,
    command: Command<CaseNothingBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| withdraw(tx, &own, case)).await
}

/// Tell that the goods are on their way back.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/send", tag = "aftersale", params(("case" = CaseId, Path)),
    request_body = CaseSendBody, responses((status = 200, body = CaseView), StepError, Common))]
async fn case_send(
    ctx: rest::State,
    Member(actor): Member,
    Path(case): Path<CaseId>,
    command: Command<CaseSendBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| send(tx, &own, case, &body)).await
}

/// Take a refusal to the platform.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/dispute", tag = "aftersale",
    params(("case" = CaseId, Path)), request_body = CaseSayBody,
    responses((status = 200, body = CaseView), StepError, Common))]
async fn case_dispute(
    ctx: rest::State,
    Member(actor): Member,
    Path(case): Path<CaseId>,
    command: Command<CaseSayBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| dispute(tx, &own, case, &body)).await
}

/// Say something in an open case.
#[utoipa::path(post, path = "/api/v1/after-sales/{case}/turns", tag = "aftersale", params(("case" = CaseId, Path)),
    request_body = CaseSayBody, responses((status = 200, body = CaseView), StepError, Common))]
async fn case_say(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
    command: Command<CaseSayBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| say(tx, &own, case, &body)).await
}
