//! What other modules may call. Every function takes the caller's transaction.

use base::{ActivityId, MerchantId, Money, OrderId, PersonId, ProductId, SkuId, TeamId, Timestamp};
use db::{DbError, Rx, Tx};

use crate::close;
use crate::store::{self, ActivityRow, CountedIn, MemberRow, TeamRow};

/// Which activity, and which team of it; no team opens a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DealChoice {
    /// The activity.
    pub activity: ActivityId,
    /// The team to join; `null` opens a new one.
    pub team: Option<TeamId>,
}

/// Why somebody cannot buy with others. Nothing was changed. Checked in this order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum DealError {
    /// There is no such activity, or it does not sell this SKU.
    #[error("there is no such activity for this product")]
    #[problem(404, "deal.not_found")]
    NotFound,
    /// The activity has not started or is over.
    #[error("the activity is not open at this time")]
    #[problem(409, "deal.not_live")]
    NotLive,
    /// The activity is for people who have not bought from this shop yet.
    #[error("this activity is for people who have not bought from this shop yet")]
    #[problem(409, "deal.new_buyers_only")]
    NewBuyersOnly,
    /// The person has taken as many units as one person may.
    #[error("you have taken as many as one person may")]
    #[problem(409, "deal.person_limit")]
    PersonLimit,
    /// All units of the activity are taken.
    #[error("all units of this activity are taken; the product can still be bought alone")]
    #[problem(409, "deal.quota")]
    Quota,
    /// There is no such team.
    #[error("there is no such team")]
    #[problem(404, "team.not_found")]
    TeamNotFound,
    /// The person is in this team already.
    #[error("you are in this team already")]
    #[problem(409, "team.already_in")]
    AlreadyIn,
    /// The team has closed.
    #[error("this team has closed; join another or open one")]
    #[problem(409, "team.closed")]
    Closed,
    /// All seats are taken.
    #[error("this team is full; join another or open one")]
    #[problem(409, "team.full")]
    Full,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What somebody who buys with others pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The activity.
    pub activity: ActivityId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Its product.
    pub product: ProductId,
    /// The price of one unit now; a ladder may give some of it back.
    pub unit: Money,
}

/// Tells the price, after the checks that need no seat.
///
/// # Errors
/// See [`DealError`].
pub fn offer(rx: &mut Rx, choice: &DealChoice, sku: SkuId, person: PersonId) -> Result<Offer, DealError> {
    let activity = store::find_activity(rx, choice.activity)?.ok_or(DealError::NotFound)?;
    // A member of a team pays what the team was opened under.
    let team = match choice.team {
        None => None,
        Some(id) => {
            let team = store::find_team(rx, id)?.filter(|team| team.activity == activity.id);
            Some(team.ok_or(DealError::TeamNotFound)?)
        }
    };
    let unit = match &team {
        Some(team) => team.rule.sku(sku).ok_or(DealError::NotFound)?.joining_price(false),
        None => {
            let prices = store::prices(rx, activity.id)?;
            prices.iter().find(|price| price.sku == sku).ok_or(DealError::NotFound)?.joining_price(true)
        }
    };
    check_open(rx, &activity, team.as_ref())?;
    let new_buyers_only = team.as_ref().map_or(activity.new_buyers_only, |team| team.rule.new_buyers_only);
    if new_buyers_only && store::has_bought(rx, activity.merchant, person)? {
        return Err(DealError::NewBuyersOnly);
    }
    Ok(Offer {
        activity: activity.id,
        merchant: activity.merchant,
        product: activity.product,
        unit: Money::new(unit, activity.currency),
    })
}

/// A new team needs a live activity; a team that is open may fill up after its activity has ended.
fn check_open(rx: &Rx, activity: &ActivityRow, team: Option<&TeamRow>) -> Result<(), DealError> {
    let now = rx.now();
    match team {
        Some(team) if team.state == "open" && team.deadline > now => Ok(()),
        Some(_) => Err(DealError::Closed),
        None if activity.state == "live" && activity.starts_at <= now && now < activity.ends_at => Ok(()),
        None => Err(DealError::NotLive),
    }
}

/// Who wants a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRequest {
    /// Which activity and team.
    pub choice: DealChoice,
    /// For which order.
    pub order: OrderId,
    /// For whom.
    pub person: PersonId,
    /// What.
    pub sku: SkuId,
    /// How many.
    pub qty: i64,
    /// At what price, as the order says.
    pub unit: i64,
}

/// Takes a seat for an order whose payment begins; a team that does not exist yet is opened, and becomes visible
/// when its leader has paid.
///
/// # Errors
/// See [`DealError`]; the transaction must then end.
pub fn take_seat(tx: &mut Tx, request: &SeatRequest) -> Result<TeamId, DealError> {
    let activity = store::find_activity(tx, request.choice.activity)?.ok_or(DealError::NotFound)?;
    let team = match request.choice.team {
        Some(id) => Some(store::find_team(tx, id)?.ok_or(DealError::TeamNotFound)?),
        None => None,
    };
    check_open(tx, &activity, team.as_ref())?;
    let new_buyers_only = team.as_ref().map_or(activity.new_buyers_only, |team| team.rule.new_buyers_only);
    if new_buyers_only && store::has_bought(tx, activity.merchant, request.person)? {
        return Err(DealError::NewBuyersOnly);
    }
    let counted = take_limits(tx, &activity, request)?;
    let now = tx.now();
    let member = MemberRow {
        person: request.person,
        order: request.order,
        sku: request.sku,
        qty: request.qty,
        unit: request.unit,
        is_leader: team.is_none(),
        state: "held".to_owned(),
        joined_at: now,
        paid_at: None,
        counted,
    };
    let id = match team {
        Some(team) => {
            if !store::insert_member(tx, team.id, &member)? {
                return Err(DealError::AlreadyIn);
            }
            if !store::take_seat(tx, team.id)? {
                return Err(DealError::Full);
            }
            team.id
        }
        None => open_team(tx, &activity, &member)?,
    };
    store::set_seat(tx, request.order, id, request.person)?;
    Ok(id)
}

fn take_limits(tx: &mut Tx, activity: &ActivityRow, request: &SeatRequest) -> Result<CountedIn, DealError> {
    let counted = counted_in(activity);
    if let Some(most) = activity.per_person
        && !store::take_for_person(tx, activity.id, request.person, request.qty, most)?
    {
        return Err(DealError::PersonLimit);
    }
    if counted.quota && !store::take_quota(tx, activity.id, request.qty)? {
        return Err(DealError::Quota);
    }
    Ok(counted)
}

/// The limits an activity has now.
fn counted_in(activity: &ActivityRow) -> CountedIn {
    CountedIn { quota: activity.quota.is_some(), per_person: activity.per_person.is_some() }
}

fn open_team(tx: &mut Tx, activity: &ActivityRow, leader: &MemberRow) -> Result<TeamId, DbError> {
    let now = tx.now();
    let rule = crate::model::Rule {
        size: activity.size,
        new_buyers_only: activity.new_buyers_only,
        skus: store::prices(tx, activity.id)?,
    };
    let team = TeamRow {
        id: tx.new_id(),
        activity: activity.id,
        merchant: activity.merchant,
        product: activity.product,
        sku: leader.sku,
        leader: leader.person,
        size: rule.size,
        needed: rule.needed(),
        taken: 1,
        paid: 0,
        state: "open".to_owned(),
        rule,
        opened_at: now,
        deadline: now.plus_seconds(activity.window_s),
        merged_into: None,
    };
    store::insert_team(tx, &team)?;
    store::insert_member(tx, team.id, leader)?;
    work::enqueue(tx, close::DEADLINE_JOB, &team.id.to_string(), "", team.deadline)?;
    Ok(team.id)
}

/// What became of a paid seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// The team waits for more people.
    Waiting,
    /// This was the last seat: the team has succeeded, and its orders are told by event.
    Succeeded,
    /// The seat is gone: the team is full, closed or over. The money goes back.
    Gone,
}

/// Counts the seat of an order that has been paid. A seat whose hold had ended is taken again if there is one.
///
/// # Errors
/// Whatever the store says.
pub fn pay_seat(tx: &mut Tx, order: OrderId) -> Result<Seat, DbError> {
    let Some((team, person)) = store::find_seat(tx, order)? else { return Ok(Seat::Gone) };
    if !store::advance_member(tx, team, person, order, ("held", "paid"))? {
        return retake_seat(tx, team, person, order);
    }
    if !store::pay_seat(tx, team)? {
        // Closed while the payment was under way: the member row goes with the seat.
        store::advance_member(tx, team, person, order, ("paid", "refused"))?;
        give_up_seat(tx, team, order)?;
        return Ok(Seat::Gone);
    }
    close_if_full(tx, team)
}

/// A late payment: the seat was given back, and is taken again when that is still possible.
fn retake_seat(tx: &mut Tx, team: TeamId, person: PersonId, order: OrderId) -> Result<Seat, DbError> {
    let found = store::members(tx, team)?.into_iter().find(|row| row.person == person && row.order == order);
    let Some(member) = found.filter(|row| row.state == "left") else { return Ok(Seat::Gone) };
    let Some(row) = store::find_team(tx, team)? else { return Ok(Seat::Gone) };
    let Some(activity) = store::find_activity(tx, row.activity)? else { return Ok(Seat::Gone) };
    // Looked at before anything is taken: from here on a refusal would leave half of it behind.
    let now = tx.now();
    let has_room = row.state == "open" && row.deadline > now && row.taken < row.size;
    let has_quota =
        activity.quota.is_none_or(|quota| activity.quota_used.saturating_add(member.qty) <= quota);
    if !has_room || !has_quota {
        return Ok(Seat::Gone);
    }
    let counted = counted_in(&activity);
    if counted.quota && !store::take_quota(tx, activity.id, member.qty)? {
        return Err(tx.give_up(DbError::Conflict));
    }
    if let Some(most) = activity.per_person
        && !store::take_for_person(tx, activity.id, person, member.qty, most)?
    {
        if counted.quota {
            store::return_quota(tx, activity.id, member.qty)?;
        }
        return Ok(Seat::Gone);
    }
    if counted != member.counted {
        store::set_counted(tx, team, person, counted)?;
    }
    let is_back = store::take_seat(tx, team)?
        && store::advance_member(tx, team, person, order, ("left", "paid"))?
        && store::pay_seat(tx, team)?;
    if !is_back {
        return Err(tx.give_up(DbError::Conflict));
    }
    close_if_full(tx, team)
}

fn close_if_full(tx: &mut Tx, team: TeamId) -> Result<Seat, DbError> {
    let row = store::find_team(tx, team)?;
    match row {
        Some(row) if row.paid >= row.size => {
            close::succeed(tx, &row)?;
            Ok(Seat::Succeeded)
        }
        Some(_) | None => Ok(Seat::Waiting),
    }
}

/// Gives the seat of an order back whose payment was not made. Does nothing to a paid seat; safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn release_seat(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    let Some((team, person)) = store::find_seat(tx, order)? else { return Ok(()) };
    if !store::advance_member(tx, team, person, order, ("held", "left"))? {
        return Ok(());
    }
    let Some(row) = give_up_seat(tx, team, order)? else { return Ok(()) };
    // A team nobody has paid for was never shown; it goes with its only seat.
    if row.paid == 0 && row.taken == 0 {
        store::close_team(tx, team, "failed", 0)?;
    }
    Ok(())
}

/// Gives back what an unpaid seat had taken: the seat, and its share of the limits.
fn give_up_seat(tx: &mut Tx, team: TeamId, order: OrderId) -> Result<Option<TeamRow>, DbError> {
    store::return_seat(tx, team)?;
    let Some(row) = store::find_team(tx, team)? else { return Ok(None) };
    let member = store::members(tx, team)?.into_iter().find(|member| member.order == order);
    if let Some(member) = member {
        return_limits(tx, row.activity, &member)?;
    }
    Ok(Some(row))
}

/// Gives back what a member's units had taken of the activity's limits.
pub(crate) fn return_limits(
    tx: &mut Tx,
    activity: ActivityId,
    member: &store::MemberRow,
) -> Result<(), DbError> {
    if member.counted.quota {
        store::return_quota(tx, activity, member.qty)?;
    }
    if member.counted.per_person {
        store::return_for_person(tx, activity, member.person, member.qty)?;
    }
    Ok(())
}

/// Notes that the order of a failed team was refunded.
///
/// # Errors
/// Whatever the store says.
pub fn note_refunded(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    if let Some((team, person)) = store::find_seat(tx, order)? {
        store::advance_member(tx, team, person, order, ("paid", "refunded"))?;
    }
    Ok(())
}

/// Whether a person has bought something of a merchant.
///
/// # Errors
/// Whatever the store says.
pub fn has_bought(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    store::has_bought(rx, merchant, person)
}

/// Notes that a person has bought from a merchant: not a new buyer any more.
///
/// # Errors
/// Whatever the store says.
pub fn note_purchase(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<(), DbError> {
    store::note_buyer(tx, merchant, person)
}

/// The team an order sits in, also after teams have merged.
///
/// # Errors
/// Whatever the store says.
pub fn team_of(rx: &mut Rx, order: OrderId) -> Result<Option<TeamId>, DbError> {
    Ok(store::find_seat(rx, order)?.map(|(team, _)| team))
}

/// How many teams of a merchant are open.
///
/// # Errors
/// Whatever the store says.
pub fn count_open(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    store::count_open(rx, merchant)
}

/// What a shared team shows to somebody who has just come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamBrief {
    /// The team.
    pub team: TeamId,
    /// Its product.
    pub product: ProductId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// What joining costs.
    pub price: Money,
    /// Until when.
    pub deadline: Timestamp,
}

/// A team in brief.
///
/// # Errors
/// Whatever the store says.
pub fn team_brief(rx: &mut Rx, id: TeamId) -> Result<Option<TeamBrief>, DbError> {
    let Some(team) = store::find_team(rx, id)? else { return Ok(None) };
    let Some(activity) = store::find_activity(rx, team.activity)? else { return Ok(None) };
    let price = team.rule.sku(team.sku).map_or(0, |rule| rule.joining_price(false));
    Ok(Some(TeamBrief {
        team: id,
        product: team.product,
        merchant: team.merchant,
        price: Money::new(price, activity.currency),
        deadline: team.deadline,
    }))
}

/// The lowest price of a product in a team of its live activity; `None` when there is none.
///
/// # Errors
/// Whatever the store says.
pub fn team_price(rx: &mut Rx, product: ProductId) -> Result<Option<Money>, DbError> {
    let Some(id) = store::live_activity(rx, product)? else { return Ok(None) };
    let now = rx.now();
    let row = store::find_activity(rx, id)?.filter(|row| row.starts_at <= now && now < row.ends_at);
    let Some(row) = row else { return Ok(None) };
    let lowest = store::prices(rx, id)?.iter().map(|price| price.joining_price(false)).min();
    Ok(lowest.map(|minor| Money::new(minor, row.currency)))
}
