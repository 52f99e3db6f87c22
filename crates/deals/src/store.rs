//! All SQL of buying together.

use base::{ActivityId, Currency, MerchantId, OrderId, PersonId, ProductId, SkuId, TeamId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use crate::model::{Rule, SkuRule};

mod edits;
mod offers;

pub(crate) use edits::*;
pub(crate) use offers::*;

/// An activity as stored, without its prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActivityRow {
    pub(crate) id: ActivityId,
    pub(crate) merchant: MerchantId,
    pub(crate) product: ProductId,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) size: i64,
    pub(crate) window_s: i64,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) quota: Option<i64>,
    pub(crate) quota_used: i64,
    pub(crate) per_person: Option<i64>,
    pub(crate) new_buyers_only: bool,
    pub(crate) currency: Currency,
}

const ACTIVITY: &str =
    "SELECT id, merchant, product, title, state, size, window_s, starts_at, ends_at, quota,
    quota_used, per_person, new_buyers_only, currency FROM deals_activity";

fn activity(row: &Row<'_>) -> Result<ActivityRow, DbError> {
    Ok(ActivityRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        product: row.get(2)?,
        title: row.get(3)?,
        state: row.get(4)?,
        size: row.get(5)?,
        window_s: row.get(6)?,
        starts_at: row.get(7)?,
        ends_at: row.get(8)?,
        quota: row.get(9)?,
        quota_used: row.get(10)?,
        per_person: row.get(11)?,
        new_buyers_only: row.get(12)?,
        currency: row.get(13)?,
    })
}

pub(crate) fn find_activity(rx: &mut Rx, id: ActivityId) -> Result<Option<ActivityRow>, DbError> {
    rx.opt(&format!("{ACTIVITY} WHERE id = :id"), params!["id" => id], activity)
}

pub(crate) fn list_activities(
    rx: &mut Rx,
    merchant: MerchantId,
    before: ActivityId,
    limit: i64,
) -> Result<Vec<ActivityRow>, DbError> {
    rx.list(
        &format!("{ACTIVITY} WHERE merchant = :merchant AND id < :before ORDER BY merchant DESC, id DESC LIMIT :limit"),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        activity,
    )
}

pub(crate) fn insert_activity(tx: &mut Tx, row: &ActivityRow, rule: &Rule) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO deals_activity (id, merchant, product, title, state, size, window_s, starts_at, ends_at, quota,
             quota_used, per_person, new_buyers_only, currency, created_at)
         VALUES (:id, :merchant, :product, :title, :state, :size, :window, :starts, :ends, :quota, 0, :person, :new,
             :currency, :now)",
        params![
            "id" => row.id, "merchant" => row.merchant, "product" => row.product, "title" => &row.title,
            "state" => &row.state, "size" => row.size, "window" => row.window_s, "starts" => row.starts_at,
            "ends" => row.ends_at, "quota" => row.quota, "person" => row.per_person,
            "new" => row.new_buyers_only, "currency" => row.currency, "now" => now,
        ],
    )?;
    insert_prices(tx, row.id, &rule.skus)
}

pub(crate) fn prices(rx: &mut Rx, activity: ActivityId) -> Result<Vec<SkuRule>, DbError> {
    rx.list(
        "SELECT sku, team_price, leader_price, tiers FROM deals_price WHERE activity = :activity
         ORDER BY activity, sku LIMIT 200",
        params!["activity" => activity],
        |row| {
            let tiers: String = row.get(3)?;
            let tiers = serde_json::from_str(&tiers).map_err(|error| DbError::Bug(error.to_string()))?;
            Ok(SkuRule { sku: row.get(0)?, team_price: row.get(1)?, leader_price: row.get(2)?, tiers })
        },
    )
}

/// Moves an activity on; `false` when it is not in the state before.
pub(crate) fn advance_activity(tx: &mut Tx, id: ActivityId, from: &str, to: &str) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE deals_activity SET state = :to WHERE id = :id AND state = :from",
        params!["id" => id, "from" => from, "to" => to],
    )?;
    Ok(changed == 1)
}

/// Makes the activity the live one of its product; `false` when another is.
pub(crate) fn claim_product(tx: &mut Tx, product: ProductId, activity: ActivityId) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO deals_live (product, activity) VALUES (:product, :activity) ON CONFLICT (product) DO NOTHING",
        params!["product" => product, "activity" => activity],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn free_product(tx: &mut Tx, product: ProductId, activity: ActivityId) -> Result<(), DbError> {
    tx.later(
        "DELETE FROM deals_live WHERE product = :product AND activity = :activity",
        params!["product" => product, "activity" => activity],
    )
}

pub(crate) fn live_activity(rx: &mut Rx, product: ProductId) -> Result<Option<ActivityId>, DbError> {
    rx.opt("SELECT activity FROM deals_live WHERE product = :product", params!["product" => product], |row| {
        row.get(0)
    })
}

/// Takes units of the quota; `false` when there are not so many.
pub(crate) fn take_quota(tx: &mut Tx, id: ActivityId, qty: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE deals_activity SET quota_used = quota_used + :qty
         WHERE id = :id AND (quota IS NULL OR quota_used + :qty <= quota)",
        params!["id" => id, "qty" => qty],
    )?;
    Ok(changed == 1)
}

pub(crate) fn return_quota(tx: &mut Tx, id: ActivityId, qty: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE deals_activity SET quota_used = quota_used - :qty WHERE id = :id AND quota_used >= :qty",
        params!["id" => id, "qty" => qty],
    )
}

/// Counts units for a person; `false` when that passes the limit.
pub(crate) fn take_for_person(
    tx: &mut Tx,
    activity: ActivityId,
    person: PersonId,
    qty: i64,
    most: i64,
) -> Result<bool, DbError> {
    tx.execute(
        "INSERT INTO deals_take (activity, person, qty) VALUES (:activity, :person, 0)
         ON CONFLICT (activity, person) DO NOTHING",
        params!["activity" => activity, "person" => person],
    )?;
    let changed = tx.execute(
        "UPDATE deals_take SET qty = qty + :qty
         WHERE activity = :activity AND person = :person AND qty + :qty <= :most",
        params!["activity" => activity, "person" => person, "qty" => qty, "most" => most],
    )?;
    Ok(changed == 1)
}

pub(crate) fn return_for_person(
    tx: &mut Tx,
    activity: ActivityId,
    person: PersonId,
    qty: i64,
) -> Result<(), DbError> {
    tx.later(
        "UPDATE deals_take SET qty = qty - :qty WHERE activity = :activity AND person = :person AND qty >= :qty",
        params!["activity" => activity, "person" => person, "qty" => qty],
    )
}

pub(crate) fn has_bought(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    let found = rx.opt(
        "SELECT 1 FROM deals_buyer WHERE merchant = :merchant AND person = :person",
        params!["merchant" => merchant, "person" => person],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn note_buyer(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO deals_buyer (merchant, person) VALUES (:merchant, :person)
         ON CONFLICT (merchant, person) DO NOTHING",
        params!["merchant" => merchant, "person" => person],
    )
}

/// A team as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TeamRow {
    pub(crate) id: TeamId,
    pub(crate) activity: ActivityId,
    pub(crate) merchant: MerchantId,
    pub(crate) product: ProductId,
    pub(crate) sku: SkuId,
    pub(crate) leader: PersonId,
    pub(crate) size: i64,
    pub(crate) needed: i64,
    pub(crate) taken: i64,
    pub(crate) paid: i64,
    pub(crate) state: String,
    pub(crate) rule: Rule,
    pub(crate) opened_at: Timestamp,
    pub(crate) deadline: Timestamp,
    pub(crate) merged_into: Option<TeamId>,
}

const TEAM: &str =
    "SELECT id, activity, merchant, product, sku, leader, size, needed, taken, paid, state, rule,
    opened_at, deadline, merged_into FROM deals_team";

fn team(row: &Row<'_>) -> Result<TeamRow, DbError> {
    let rule: String = row.get(11)?;
    Ok(TeamRow {
        id: row.get(0)?,
        activity: row.get(1)?,
        merchant: row.get(2)?,
        product: row.get(3)?,
        sku: row.get(4)?,
        leader: row.get(5)?,
        size: row.get(6)?,
        needed: row.get(7)?,
        taken: row.get(8)?,
        paid: row.get(9)?,
        state: row.get(10)?,
        rule: serde_json::from_str(&rule).map_err(|error| DbError::Bug(error.to_string()))?,
        opened_at: row.get(12)?,
        deadline: row.get(13)?,
        merged_into: row.get(14)?,
    })
}

pub(crate) fn find_team(rx: &mut Rx, id: TeamId) -> Result<Option<TeamRow>, DbError> {
    rx.opt(&format!("{TEAM} WHERE id = :id"), params!["id" => id], team)
}

/// Open teams with somebody in them and a seat free, soonest deadline first.
pub(crate) fn joinable_teams(rx: &mut Rx, activity: ActivityId, limit: i64) -> Result<Vec<TeamRow>, DbError> {
    let now = rx.now();
    rx.list(
        &format!(
            "{TEAM} WHERE activity = :activity AND state = 'open' AND deadline > :now AND paid > 0 AND taken < size
             ORDER BY deadline, id LIMIT :limit"
        ),
        params!["activity" => activity, "now" => now, "limit" => limit],
        team,
    )
}

pub(crate) fn insert_team(tx: &mut Tx, row: &TeamRow) -> Result<(), DbError> {
    let rule = serde_json::to_string(&row.rule).map_err(|error| DbError::Bug(error.to_string()))?;
    tx.later(
        "INSERT INTO deals_team (id, activity, merchant, product, sku, leader, size, needed, taken, paid, state, rule,
             opened_at, deadline)
         VALUES (:id, :activity, :merchant, :product, :sku, :leader, :size, :needed, :taken, :paid, :state, :rule,
             :opened, :deadline)",
        params![
            "id" => row.id, "activity" => row.activity, "merchant" => row.merchant, "product" => row.product,
            "sku" => row.sku, "leader" => row.leader, "size" => row.size, "needed" => row.needed,
            "taken" => row.taken, "paid" => row.paid, "state" => &row.state, "rule" => rule,
            "opened" => row.opened_at, "deadline" => row.deadline,
        ],
    )
}

/// Takes a seat; `false` when the team is full, closed or over.
pub(crate) fn take_seat(tx: &mut Tx, id: TeamId) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_team SET taken = taken + 1
         WHERE id = :id AND state = 'open' AND taken < size AND deadline > :now",
        params!["id" => id, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Gives a seat that was not paid for back.
pub(crate) fn return_seat(tx: &mut Tx, id: TeamId) -> Result<(), DbError> {
    tx.later("UPDATE deals_team SET taken = taken - 1 WHERE id = :id AND taken > paid", params!["id" => id])
}

/// Counts a paid seat; `false` when the team is not open any more or its time is over.
pub(crate) fn pay_seat(tx: &mut Tx, id: TeamId) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_team SET paid = paid + 1
         WHERE id = :id AND state = 'open' AND paid < taken AND deadline > :now",
        params!["id" => id, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Closes an open team; `false` when it is closed already, or `paid` has changed since it was looked at.
pub(crate) fn close_team(tx: &mut Tx, id: TeamId, state: &str, paid: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_team SET state = :state, closed_at = :now WHERE id = :id AND state = 'open' AND paid = :paid",
        params!["id" => id, "state" => state, "now" => now, "paid" => paid],
    )?;
    Ok(changed == 1)
}

/// Adds the people of another team; `false` when they do not fit any more.
pub(crate) fn take_in(tx: &mut Tx, id: TeamId, people: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_team SET taken = taken + :people, paid = paid + :people
         WHERE id = :id AND state = 'open' AND taken + :people <= size AND deadline > :now",
        params!["id" => id, "people" => people, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Closes a team whose people went to another; `false` when somebody came or went in the meantime.
pub(crate) fn merge_away(tx: &mut Tx, id: TeamId, into: TeamId, people: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_team SET state = 'merged', merged_into = :into, closed_at = :now
         WHERE id = :id AND state = 'open' AND taken = :people AND paid = :people",
        params!["id" => id, "into" => into, "people" => people, "now" => now],
    )?;
    Ok(changed == 1)
}

/// A member as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) person: PersonId,
    pub(crate) order: OrderId,
    pub(crate) sku: SkuId,
    pub(crate) qty: i64,
    pub(crate) unit: i64,
    pub(crate) is_leader: bool,
    pub(crate) state: String,
    pub(crate) joined_at: Timestamp,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) counted: CountedIn,
}

/// Which limits of the activity the units of a member were counted in. One that was set later does not know of them,
/// so nothing of it is given back for them either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountedIn {
    pub(crate) quota: bool,
    pub(crate) per_person: bool,
}

pub(crate) fn members(rx: &mut Rx, id: TeamId) -> Result<Vec<MemberRow>, DbError> {
    rx.list(
        "SELECT person, order_id, sku, qty, unit, is_leader, state, joined_at, paid_at, in_quota, in_per_person
         FROM deals_member WHERE team = :team ORDER BY team, person LIMIT 500",
        params!["team" => id],
        |row| {
            Ok(MemberRow {
                person: row.get(0)?,
                order: row.get(1)?,
                sku: row.get(2)?,
                qty: row.get(3)?,
                unit: row.get(4)?,
                is_leader: row.get(5)?,
                state: row.get(6)?,
                joined_at: row.get(7)?,
                paid_at: row.get(8)?,
                counted: CountedIn { quota: row.get(9)?, per_person: row.get(10)? },
            })
        },
    )
}

/// Puts a person into a team, or back into it after a payment that was not made; `false` when in it already.
pub(crate) fn insert_member(tx: &mut Tx, id: TeamId, row: &MemberRow) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO deals_member (team, person, order_id, sku, qty, unit, is_leader, state, joined_at, paid_at,
             in_quota, in_per_person)
         VALUES (:team, :person, :order, :sku, :qty, :unit, :leader, :state, :joined, :paid, :quota, :per_person)
         ON CONFLICT (team, person) DO NOTHING",
        params![
            "team" => id, "person" => row.person, "order" => row.order, "sku" => row.sku, "qty" => row.qty,
            "unit" => row.unit, "leader" => row.is_leader, "state" => &row.state, "joined" => row.joined_at,
            "paid" => row.paid_at, "quota" => row.counted.quota, "per_person" => row.counted.per_person,
        ],
    )?;
    if inserted == 1 {
        return Ok(true);
    }
    let returned = tx.execute(
        "UPDATE deals_member SET order_id = :order, sku = :sku, qty = :qty, unit = :unit, is_leader = :leader,
             state = :state, joined_at = :joined, paid_at = :paid, in_quota = :quota, in_per_person = :per_person
         WHERE team = :team AND person = :person AND state = 'left'",
        params![
            "team" => id, "person" => row.person, "order" => row.order, "sku" => row.sku, "qty" => row.qty,
            "unit" => row.unit, "leader" => row.is_leader, "state" => &row.state, "joined" => row.joined_at,
            "paid" => row.paid_at, "quota" => row.counted.quota, "per_person" => row.counted.per_person,
        ],
    )?;
    Ok(returned == 1)
}

/// Moves a member on; `false` when not in the state before.
pub(crate) fn advance_member(
    tx: &mut Tx,
    id: TeamId,
    person: PersonId,
    order: OrderId,
    states: (&str, &str),
) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE deals_member SET state = :to, paid_at = CASE WHEN :to = 'paid' THEN :now ELSE paid_at END
         WHERE team = :team AND person = :person AND order_id = :order AND state = :from",
        params![
            "team" => id, "person" => person, "order" => order, "from" => states.0, "to" => states.1, "now" => now
        ],
    )?;
    Ok(changed == 1)
}

/// Notes which limits a member's units are counted in.
pub(crate) fn set_counted(
    tx: &mut Tx,
    id: TeamId,
    person: PersonId,
    counted: CountedIn,
) -> Result<(), DbError> {
    tx.later(
        "UPDATE deals_member SET in_quota = :quota, in_per_person = :per_person
         WHERE team = :team AND person = :person",
        params![
            "team" => id, "person" => person, "quota" => counted.quota, "per_person" => counted.per_person,
        ],
    )
}

/// Notes where an order sits.
pub(crate) fn set_seat(tx: &mut Tx, order: OrderId, team: TeamId, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO deals_seat (order_id, team, person) VALUES (:order, :team, :person)
         ON CONFLICT (order_id) DO UPDATE SET team = excluded.team, person = excluded.person",
        params!["order" => order, "team" => team, "person" => person],
    )
}

pub(crate) fn find_seat(rx: &mut Rx, order: OrderId) -> Result<Option<(TeamId, PersonId)>, DbError> {
    rx.opt("SELECT team, person FROM deals_seat WHERE order_id = :order", params!["order" => order], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// What has come of an activity.
pub(crate) struct Statistics {
    pub(crate) opened: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    /// Different ones.
    pub(crate) people: i64,
    pub(crate) orders: i64,
    pub(crate) paid: i64,
}

pub(crate) fn statistics(rx: &mut Rx, activity: ActivityId) -> Result<Statistics, DbError> {
    let (opened, succeeded, failed) = rx.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN state = 'succeeded' THEN 1 ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM deals_team WHERE activity = :activity AND (paid > 0 OR state <> 'failed')",
        params!["activity" => activity],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let (people, orders, paid) = rx.one(
        "SELECT COUNT(DISTINCT m.person), COUNT(*), CAST(COALESCE(SUM(m.unit * m.qty), 0) AS BIGINT)
         FROM deals_member m JOIN deals_team t ON t.id = m.team
         WHERE t.activity = :activity AND m.state = 'paid'",
        params!["activity" => activity],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(Statistics { opened, succeeded, failed, people, orders, paid })
}

/// Teams of a merchant that are open now.
pub(crate) fn count_open(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(*) FROM deals_team WHERE merchant = :merchant AND state = 'open' AND paid > 0",
        params!["merchant" => merchant],
        |row| row.get(0),
    )
}
