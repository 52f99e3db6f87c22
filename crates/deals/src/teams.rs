//! Teams, as people see them.

use base::{ActivityId, Money, PersonId, ProductId, SkuId, TeamId, Timestamp};
use db::{DbError, Rx};
use rest::{Common, Ctx, Denied, Json, MaybeActor, OpenApiRouter, Path, Refused, routes};
use serde::Serialize;

use crate::activities::TierView;
use crate::model::Tier;
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
    /// What one unit costs a member in the end, if nobody else joins; the rest is refunded when the team closes.
    price_now: Money,
    /// The steps of the ladder, for what the leader took; empty when there is one price.
    tiers: Vec<TierView>,
    /// Whether its leader lives in the same city as who asks, by their default addresses.
    is_near: bool,
    /// For its leader: the teams he asked to merge.
    merge_offers_sent: Vec<TeamId>,
    /// For its leader: the open teams that asked to merge with it.
    merge_offers_received: Vec<TeamId>,
    /// What it costs alone.
    solo_price: Money,
    is_member: bool,
    is_leader: bool,
    /// The server's clock, for the countdown.
    server_now: Timestamp,
}

/// The city a region begins with: `浙江省杭州市` of `浙江省杭州市西湖区`; all of it where there is none.
fn city(region: &str) -> &str {
    region.find('市').and_then(|at| region.get(..at + '市'.len_utf8())).unwrap_or(region)
}

fn is_near(rx: &mut Rx, leader: PersonId, me: Option<PersonId>) -> Result<bool, DbError> {
    let Some(me) = me.filter(|me| *me != leader) else { return Ok(false) };
    let regions = people::api::home_regions(rx, &[leader, me])?;
    let home = |person| regions.get(&person).map(|region| city(region));
    Ok(home(leader).is_some() && home(leader) == home(me))
}

/// What a team's leader is told of merging: whom he asked, and who asked him.
fn merging(rx: &mut Rx, team: &TeamRow, me: Option<PersonId>) -> Result<(Vec<TeamId>, Vec<TeamId>), DbError> {
    if me != Some(team.leader) || team.state != "open" {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok((store::offers_of(rx, team.id)?, store::offers_to(rx, team.id, team.activity)?))
}

fn view(rx: &mut Rx, team: TeamRow, me: Option<PersonId>) -> Result<TeamView, DbError> {
    let mut members: Vec<MemberRow> = store::members(rx, team.id)?;
    members.retain(|member| matches!(member.state.as_str(), "paid" | "refunded"));
    // A member's own `is_leader` says at which price he joined: the leader of a team that was merged into this one
    // keeps that, and leads nothing here.
    let leader = team.leader;
    members.sort_by_key(|member| (member.person != leader, member.joined_at));
    let people: Vec<PersonId> = members.iter().map(|member| member.person).collect();
    let names = people::api::person_names(rx, &people)?;
    let rule = team.rule.sku(team.sku);
    let price = rule.map_or(0, |rule| rule.joining_price(false));
    let price_now = rule.map_or(0, |rule| rule.final_price(false, team.paid));
    let (merge_offers_sent, merge_offers_received) = merging(rx, &team, me)?;
    let is_near = is_near(rx, team.leader, me)?;
    let alone = catalog::api::skus(rx, &[team.sku])?.into_iter().next().map(|sku| sku.price);
    let currency = alone.map_or(base::Currency::CNY, Money::currency);
    let tier = |tier: &Tier| TierView { people: tier.people, price: Money::new(tier.price, currency) };
    let tiers = rule.map(|rule| rule.tiers.iter().map(tier).collect()).unwrap_or_default();
    let shown = |member: MemberRow| TeamMemberView {
        name: people::api::public_name(names.get(&member.person).map_or("", String::as_str)),
        is_leader: member.person == leader,
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
        price_now: Money::new(price_now, currency),
        tiers,
        is_near,
        merge_offers_sent,
        merge_offers_received,
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

/// Open teams of an activity.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TeamList {
    items: Vec<TeamView>,
}

/// Open teams to join: real people, a free seat; those led from the asker's own city first, then by deadline.
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
        // The sort is stable: among those near and those not, the soonest deadline stays first.
        items.sort_by_key(|team| !team.is_near);
        Ok(TeamList { items })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_begins_with_its_city() {
        assert_eq!(city("浙江省杭州市西湖区"), "浙江省杭州市");
        assert_eq!(city("上海市浦东新区"), "上海市");
        assert_eq!(city("香港九龙"), "香港九龙");
    }
}
