//! Teams, as people see them.

use base::{ActivityId, Money, PersonId, ProductId, SkuId, TeamId, Timestamp};
use db::{DbError, Rx};
use rest::{Common, Ctx, Denied, Json, MaybeActor, OpenApiRouter, Path, Refused, routes};
use serde::Serialize;

use crate::store::{self, MemberRow, TeamRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(team_get)).routes(routes!(team_list))
}

/// Teams proposed at once.
const PROPOSED_MAX: i64 = 10;

/// One who has paid. Real people only.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TeamMemberView {
    /// The first character of the name and stars.
    name: String,
    is_leader: bool,
    is_me: bool,
    joined_at: Timestamp,
}

/// A team.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TeamView {
    id: TeamId,
    activity: ActivityId,
    product: ProductId,
    /// What its leader took; members may take another variant.
    sku: SkuId,
    size: i64,
    /// How many must have paid for it to succeed.
    needed: i64,
    paid: i64,
    seats_left: i64,
    /// `open`, `succeeded`, `failed` or `merged`.
    state: String,
    deadline: Timestamp,
    members: Vec<TeamMemberView>,
    merged_into: Option<TeamId>,
    /// What joining costs.
    price: Money,
    /// What it costs alone.
    solo_price: Money,
    is_member: bool,
    is_leader: bool,
    /// The server's clock, for the countdown.
    server_now: Timestamp,
}

/// Shows who is there without telling the name to strangers.
fn masked(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().unwrap_or('?');
    let stars = characters.count().clamp(1, 2);
    format!("{first}{}", "*".repeat(stars))
}

fn view(rx: &mut Rx, team: TeamRow, me: Option<PersonId>) -> Result<TeamView, DbError> {
    let mut members: Vec<MemberRow> = store::members(rx, team.id)?;
    members.retain(|member| matches!(member.state.as_str(), "paid" | "refunded"));
    members.sort_by_key(|member| (!member.is_leader, member.joined_at));
    let people: Vec<PersonId> = members.iter().map(|member| member.person).collect();
    let names = people::api::person_names(rx, &people)?;
    let price = team.rule.sku(team.sku).map_or(0, |rule| rule.joining_price(false));
    let alone = catalog::api::skus(rx, &[team.sku])?.into_iter().next().map(|sku| sku.price);
    let currency = alone.map_or(base::Currency::CNY, Money::currency);
    let shown = |member: MemberRow| TeamMemberView {
        name: masked(names.get(&member.person).map_or("", String::as_str)),
        is_leader: member.is_leader,
        is_me: Some(member.person) == me,
        joined_at: member.joined_at,
    };
    Ok(TeamView {
        id: team.id,
        activity: team.activity,
        product: team.product,
        sku: team.sku,
        size: team.size,
        needed: team.needed,
        paid: team.paid,
        seats_left: team.size.saturating_sub(team.taken),
        state: team.state,
        deadline: team.deadline,
        is_member: me.is_some_and(|me| people.contains(&me)),
        is_leader: me == Some(team.leader),
        members: members.into_iter().map(shown).collect(),
        merged_into: team.merged_into,
        price: Money::new(price, currency),
        solo_price: alone.unwrap_or(Money::new(price, currency)),
        server_now: rx.now(),
    })
}

/// A team.
#[utoipa::path(get, path = "/api/v1/teams/{team}", tag = "deals", params(("team" = TeamId, Path)),
    responses((status = 200, body = TeamView), Common))]
async fn team_get(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(team): Path<TeamId>,
) -> Result<Json<TeamView>, Refused> {
    let me = actor.map(|actor| actor.person);
    let read = move |rx: &mut Rx| {
        let row = store::find_team(rx, team)?;
        // Before its leader has paid, a team is nobody's business but his.
        let row = row.filter(|row| row.paid > 0 || Some(row.leader) == me || row.state == "merged");
        row.map(|row| view(rx, row, me)).transpose()
    };
    let found: Option<TeamView> = ctx.db().read::<_, DbError, _>(read).await?;
    Ok(Json(found.ok_or(Denied::Unknown)?))
}

/// Open teams of an activity, soonest deadline first.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TeamList {
    items: Vec<TeamView>,
}

/// Open teams to join: real people, a free seat, soonest deadline first.
#[utoipa::path(get, path = "/api/v1/activities/{activity}/teams", tag = "deals",
    params(("activity" = ActivityId, Path)), responses((status = 200, body = TeamList), Common))]
async fn team_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(activity): Path<ActivityId>,
) -> Result<Json<TeamList>, Refused> {
    let me = actor.map(|actor| actor.person);
    let read = move |rx: &mut Rx| {
        let mut items = Vec::new();
        for row in store::joinable_teams(rx, activity, PROPOSED_MAX)? {
            items.push(view(rx, row, me)?);
        }
        Ok(TeamList { items })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_masked() {
        assert_eq!(masked("张小明"), "张**");
        assert_eq!(masked("张"), "张*");
        assert_eq!(masked(""), "?*");
    }
}
