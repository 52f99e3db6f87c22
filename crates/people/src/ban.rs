//! Closing and reopening accounts.

use axum::http::StatusCode;
use base::{PersonId, Text};
use db::{DbError, Lane, Tx};
use rest::{Actor, Common, Json, Member, Path, Refused};
use serde::Deserialize;

use crate::api;
use crate::model::State;
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum BanError {
    #[error("there is no such member")]
    #[problem(404, "person.not_found")]
    NotFound,
    #[error("operators cannot be banned")]
    #[problem(409, "person.is_operator")]
    Operator,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BanBody {
    /// Why; kept in the log of acts, for operators only.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<1, 200>,
}

/// What becomes of an account.
#[derive(Clone, Copy)]
enum Turn {
    Close,
    Reopen,
}

/// Closes or reopens an account. Idempotent: the second time nothing changes and nothing is logged. A banned
/// person's sessions end at once.
fn turn(tx: &mut Tx, actor: &Actor, person: PersonId, (turn, reason): (Turn, &str)) -> Result<(), BanError> {
    let row = store::find_person(tx, person)?.ok_or(BanError::NotFound)?;
    if !row.is(State::Member) && !row.is(State::Banned) {
        return Err(BanError::NotFound);
    }
    if row.is_operator {
        return Err(BanError::Operator);
    }
    let (from, to, action) = match turn {
        Turn::Close => (State::Member, State::Banned, "person.ban"),
        Turn::Reopen => (State::Banned, State::Member, "person.unban"),
    };
    if store::move_state(tx, person, from, to)? {
        store::end_other_sessions(tx, person, None)?;
        api::log_act(tx, actor, None, action, &person.to_string(), reason)?;
    }
    Ok(())
}

/// Closes an account; for operators.
#[utoipa::path(post, path = "/api/v1/people/{person}/ban", tag = "people", request_body = BanBody,
    params(("person" = PersonId, Path)), responses((status = 204), BanError, Common))]
pub(crate) async fn person_ban(
    ctx: rest::State,
    Member(actor): Member,
    Path(person): Path<PersonId>,
    Json(body): Json<BanBody>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    let close = move |tx: &mut Tx| turn(tx, &actor, person, (Turn::Close, body.reason.as_str()));
    ctx.db().write(Lane::Interactive, close).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reopens an account; for operators.
#[utoipa::path(post, path = "/api/v1/people/{person}/unban", tag = "people", request_body = BanBody,
    params(("person" = PersonId, Path)), responses((status = 204), BanError, Common))]
pub(crate) async fn person_unban(
    ctx: rest::State,
    Member(actor): Member,
    Path(person): Path<PersonId>,
    Json(body): Json<BanBody>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    let reopen = move |tx: &mut Tx| turn(tx, &actor, person, (Turn::Reopen, body.reason.as_str()));
    ctx.db().write(Lane::Interactive, reopen).await?;
    Ok(StatusCode::NO_CONTENT)
}
