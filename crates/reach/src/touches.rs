//! Somebody came through an entry.

use axum::http::StatusCode;
use base::{PersonId, SessionId};
use db::{DbError, Lane, StoredEvent, Tx};
use people::api::{GuestGone, MemberJoined};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Refused, routes};
use serde::{Deserialize, Serialize};
use work::{Failure, Subscriber};

use crate::api::EntrySecret;
use crate::forest;
use crate::model::WINDOW_HOURS_MAX;
use crate::store::{self, Counted, Counts};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(touch_create))
}

pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![
        Subscriber { name: "reach.sign_ups", kinds: &["people.member_joined"], handle: count_sign_up },
        Subscriber { name: "reach.guests", kinds: &["people.guest_gone"], handle: forget_guest },
    ]
}

/// The same entry again within this time is the same touch, in seconds.
const SAME_TOUCH_S: i64 = 3_600;
/// Touches of one person at one merchant that are kept within an hour; more are only counted as visits.
const TOUCHES_PER_HOUR_MAX: u8 = 30;

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TouchInput {
    #[schema(max_length = 16)]
    code: String,
}

/// What became of a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct Touched {
    /// Whether it may earn the sharer something: not one's own entry, and not the one before again within an hour.
    recorded: bool,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum TouchError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct Touch {
    person: PersonId,
    session: SessionId,
    code: String,
}

fn record_touch(tx: &mut Tx, touch: &Touch) -> Result<Touched, TouchError> {
    let Touch { person, session, code } = touch;
    let entry = store::find_by_code(tx, code)?.ok_or(Denied::Unknown)?;
    let counted = Counted { entry: entry.id, merchant: entry.merchant, kind: &entry.kind };
    let visit = Counts { visits: 1, ..Counts::default() };
    store::take_turn(tx, *person, entry.merchant)?;
    let last = store::last_touches(tx, *person, entry.merchant, TOUCHES_PER_HOUR_MAX.into())?;
    let since = tx.now().plus_seconds(-SAME_TOUCH_S);
    let is_same = last.first().is_some_and(|(before, at)| *before == entry.id && *at >= since);
    let is_many = last.iter().filter(|(_, at)| *at >= since).count() >= TOUCHES_PER_HOUR_MAX.into();
    if entry.sharer == Some(*person) || is_same || is_many {
        store::count(tx, &counted, visit)?;
        return Ok(Touched { recorded: false });
    }
    let is_new = !store::has_touched(tx, *person, entry.merchant, entry.id)?;
    store::count(tx, &counted, Counts { visitors: is_new.into(), ..visit })?;
    store::insert_touch(tx, *person, *session, &entry)?;
    if let Some(sharer) = entry.sharer {
        forest::bind(tx, *person, sharer)?;
    }
    Ok(Touched { recorded: true })
}

/// Say that one came through an entry. Guests may.
#[utoipa::path(post, path = "/api/v1/touches", tag = "reach", request_body = TouchInput,
    responses((status = 201, body = Touched), TouchError, Common))]
async fn touch_create(
    ctx: rest::State,
    actor: Actor,
    Json(input): Json<TouchInput>,
) -> Result<(StatusCode, Json<Touched>), Refused> {
    let code = EntrySecret::of(&ctx).check(&input.code).ok_or(Denied::Unknown)?;
    let touch = Touch { person: actor.person, session: actor.session, code };
    let touched = ctx.db().write(Lane::Interactive, move |tx| record_touch(tx, &touch)).await?;
    Ok((StatusCode::CREATED, Json(touched)))
}

/// A new member counts for the entry the person came through last.
fn count_sign_up(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let joined: MemberJoined = Failure::check(serde_json::from_str(&event.payload))?;
    let since = event.at.plus_seconds(WINDOW_HOURS_MAX.saturating_mul(-3_600));
    // What was touched since has not brought the member in.
    if let Some((entry, merchant, kind)) = store::last_entry(tx, joined.person, since, event.at)? {
        let add = Counts { sign_ups: 1, ..Counts::default() };
        store::count(tx, &Counted { entry, merchant, kind: &kind }, add)?;
    }
    Ok(())
}

/// Nobody can be this guest any more: its touches will earn nobody anything. What was counted stays counted.
fn forget_guest(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let GuestGone { guest } = Failure::check(serde_json::from_str(&event.payload))?;
    store::remove_touches(tx, guest)?;
    Ok(store::remove_node(tx, guest)?)
}
