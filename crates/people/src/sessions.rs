//! Devices: who a token belongs to, how it is handed out, the list of them, ending them.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Cursor, Id, Page, PageRequest, PersonId, SessionId, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Authenticate, Common, Ctx, Found, Json, Path, Query, Refused, cookie_name};
use serde::{Deserialize, Serialize};

use crate::api::Started;
use crate::model::{self, State};
use crate::store;

/// Finds the person behind a session: two point reads, on every request's path. A session lives on while it is used:
/// that is written down at most once an hour, after the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sessions;

impl Authenticate for Sessions {
    fn actor(&self, rx: &mut Rx, token_hash: [u8; 32]) -> Result<Option<Found>, DbError> {
        let Some(found) = store::find_live(rx, token_hash)? else { return Ok(None) };
        let is_guest = found.state == State::Guest.word();
        if !is_guest && found.state != State::Member.word() {
            return Ok(None);
        }
        let memberships = if is_guest { Vec::new() } else { store::memberships(rx, found.person)? };
        let actor = Actor {
            person: found.person,
            session: found.session,
            is_guest,
            is_operator: found.is_operator,
            memberships,
            stepped_up_at: found.stepped_up_at,
        };
        Ok(Some(Found { actor, is_use_due: model::is_seen_stale(found.seen_at, rx.now()) }))
    }

    fn note_use(&self, tx: &mut Tx, actor: &Actor) -> Result<(), DbError> {
        let now = tx.now();
        let row = store::find_session(tx, actor.person, actor.session)?;
        // Of many requests that come at once after an hour the first has written it down.
        let Some(row) = row.filter(|row| model::is_seen_stale(row.seen_at, now)) else { return Ok(()) };
        let expires_at = model::session_expiry(row.created_at, now);
        store::touch_session(tx, actor.person, actor.session, expires_at)
    }
}

/// How a client wants the token: browsers as a cookie that scripts cannot read, programs in the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deliver {
    /// `Set-Cookie`; the body has no token.
    #[default]
    Cookie,
    /// In the body.
    Bearer,
}

/// A session that has begun.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Session {
    session: SessionId,
    person: PersonId,
    is_guest: bool,
    /// When it ends if it is not used.
    expires_at: Timestamp,
    /// Only with `deliver: bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Hands out a session that has begun: 201.
pub(crate) fn hand_out(
    ctx: &Ctx,
    started: Started,
    person: PersonId,
    is_guest: bool,
    deliver: Deliver,
) -> Response {
    let Started { id, token, expires_at } = started;
    let is_bearer = deliver == Deliver::Bearer;
    let cookie = set_cookie(ctx.settings().is_demo, &token, model::ABSOLUTE_S);
    let token = is_bearer.then_some(token);
    let body = Json(Session { session: id, person, is_guest, expires_at, token });
    if is_bearer {
        (StatusCode::CREATED, NO_STORE, body).into_response()
    } else {
        (StatusCode::CREATED, NO_STORE, [(header::SET_COOKIE, cookie)], body).into_response()
    }
}

/// No cache may keep an answer with a token or a code.
pub(crate) const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

fn set_cookie(is_demo: bool, token: &str, age_s: i64) -> String {
    let secure = if is_demo { "" } else { "; Secure" };
    let name = cookie_name(is_demo);
    format!("{name}={token}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}")
}

pub(crate) fn user_agent(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
}

/// A signed-in device.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    created_at: Timestamp,
    /// Written down at most once an hour.
    seen_at: Timestamp,
    user_agent: String,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// The devices of the person who asks, newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "people", params(PageRequest),
    responses((status = 200, body = Page<SessionView>), Common))]
pub(crate) async fn session_list(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<SessionView>>, Refused> {
    let (person, current) = (actor.person, actor.session);
    let place = page.place(|cursor| Some((cursor.part::<i64>(0)?, cursor.part::<SessionId>(1)?)))?;
    let read = move |rx: &mut Rx| {
        let (micros, id) = place.unwrap_or_else(|| (i64::MAX, SessionId::from_bytes([0xff; 16])));
        let before = (Timestamp::from_micros(micros), id);
        let rows = store::list_sessions(rx, person, before, page.more())?;
        let place =
            |row: &store::SessionRow| Cursor::new([row.created_at.micros().to_string(), row.id.to_string()]);
        Ok(Page::from_rows(rows, page.limit(), place).map(|row| SessionView {
            id: row.id,
            created_at: row.created_at,
            seen_at: row.seen_at,
            user_agent: row.user_agent,
            is_current: row.id == current,
        }))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum EndError {
    /// Also the answer for another person's session.
    #[error("there is no such session")]
    #[problem(404, "session.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Ends one of the person's sessions, at once. Idempotent.
fn end_session(tx: &mut Tx, person: PersonId, session: SessionId) -> Result<(), EndError> {
    store::find_session(tx, person, session)?.ok_or(EndError::NotFound)?;
    Ok(store::end_session(tx, person, session)?)
}

/// Signs one device out.
#[utoipa::path(post, path = "/api/v1/sessions/{session}/end", tag = "people",
    params(("session" = SessionId, Path)), responses((status = 204), EndError, Common))]
pub(crate) async fn session_end(
    ctx: rest::State,
    actor: Actor,
    Path(session): Path<SessionId>,
) -> Result<StatusCode, Refused> {
    ctx.db().write(Lane::Interactive, move |tx| end_session(tx, actor.person, session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs every other device out.
#[utoipa::path(post, path = "/api/v1/sessions/end-others", tag = "people", responses((status = 204), Common))]
pub(crate) async fn session_end_others(ctx: rest::State, actor: Actor) -> Result<StatusCode, Refused> {
    let (person, session) = (actor.person, actor.session);
    let end = move |tx: &mut Tx| store::end_other_sessions(tx, person, Some(session));
    ctx.db().write::<_, DbError, _>(Lane::Interactive, end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs this device out and takes the cookie away.
#[utoipa::path(post, path = "/api/v1/sessions/sign-out", tag = "people", responses((status = 204), Common))]
pub(crate) async fn session_sign_out(ctx: rest::State, actor: Actor) -> Result<Response, Refused> {
    let (person, session) = (actor.person, actor.session);
    ctx.db().write(Lane::Interactive, move |tx| end_session(tx, person, session)).await?;
    let cookie = set_cookie(ctx.settings().is_demo, "", 0);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
