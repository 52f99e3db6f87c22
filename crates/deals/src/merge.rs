//! Two half-full teams of one activity become one, when both leaders want it.

use axum::http::StatusCode;
use axum::response::Response;
use base::{PersonId, TeamId};
use db::{DbError, Tx};
use rest::{Command, Common, Ctx, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::close;
use crate::store::{self, TeamRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(team_merge_offer))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeOfferBody {
    /// The other team.
    with: TeamId,
}

/// What came of the offer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MergeView {
    /// `waiting` for the other leader, or `merged`.
    state: &'static str,
    /// The team the people are in now.
    team: TeamId,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum MergeError {
    #[error("there is no such team, or you do not lead it")]
    #[problem(404, "team.not_found")]
    NotFound,
    #[error("only two different teams of the same activity can be merged")]
    #[problem(422, "team.not_alike")]
    NotAlike,
    #[error("one of the teams has closed")]
    #[problem(409, "team.closed")]
    Closed,
    #[error("the two teams have more people together than seats")]
    #[problem(409, "team.too_many")]
    TooMany,
    #[error("somebody is paying for a seat, or is in both teams; try again in a moment")]
    #[problem(409, "team.in_motion")]
    InMotion,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn offer(tx: &mut Tx, person: PersonId, id: TeamId, with: TeamId) -> Result<MergeView, MergeError> {
    let own = store::find_team(tx, id)?.filter(|team| team.leader == person).ok_or(MergeError::NotFound)?;
    let other = store::find_team(tx, with)?.ok_or(MergeError::NotFound)?;
    if own.id == other.id || own.activity != other.activity || own.rule != other.rule {
        return Err(MergeError::NotAlike);
    }
    let now = tx.now();
    if [&own, &other].iter().any(|team| team.state != "open" || team.deadline <= now || team.paid == 0) {
        return Err(MergeError::Closed);
    }
    if own.taken.saturating_add(other.taken) > own.size {
        return Err(MergeError::TooMany);
    }
    store::offer_merge(tx, id, with)?;
    if !store::is_offered(tx, with, id)? {
        return Ok(MergeView { state: "waiting", team: id });
    }
    // The team with more time left takes the other in: nobody gets less time than he had.
    let (into, from) = if own.deadline >= other.deadline { (own, other) } else { (other, own) };
    merge(tx, &into, &from)?;
    Ok(MergeView { state: "merged", team: into.id })
}

fn merge(tx: &mut Tx, into: &TeamRow, from: &TeamRow) -> Result<(), MergeError> {
    let moving = store::members(tx, from.id)?;
    if from.taken != from.paid {
        return Err(MergeError::InMotion);
    }
    if !store::merge_away(tx, from.id, into.id, from.paid)? || !store::take_in(tx, into.id, from.paid)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    for member in moving.into_iter().filter(|member| member.state == "paid") {
        // The leader of the team that goes keeps the price he paid, and is a member like any other in the new one.
        if !store::insert_member(tx, into.id, &member)? {
            return Err(MergeError::InMotion);
        }
        store::advance_member(tx, from.id, member.person, member.order, ("paid", "moved"))?;
        store::set_seat(tx, member.order, into.id, member.person)?;
    }
    if let Some(team) = store::find_team(tx, into.id)?.filter(|team| team.paid >= team.size) {
        close::succeed(tx, &team)?;
    }
    Ok(())
}

/// Offer to merge your team with another of the same activity; it happens when the other leader offers it too.
#[utoipa::path(post, path = "/api/v1/teams/{team}/merge-offers", tag = "deals", params(("team" = TeamId, Path)),
    request_body = MergeOfferBody, responses((status = 200, body = MergeView), MergeError, Common))]
async fn team_merge_offer(
    ctx: rest::State,
    Member(actor): Member,
    Path(team): Path<TeamId>,
    command: Command<MergeOfferBody>,
) -> Result<Response, Refused> {
    let (person, with) = (actor.person, command.body.with);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| offer(tx, person, team, with)).await
}
