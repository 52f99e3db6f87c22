//! Teams close: full, in time with enough people, or without.

use base::TeamId;
use db::{DbError, Tx};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::api;
use crate::events::{TeamFailed, TeamOrder, TeamSucceeded};
use crate::store::{self, MemberRow, TeamRow};

/// The deadline of a team.
pub(crate) const DEADLINE_JOB: &str = "deals.deadline";

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: DEADLINE_JOB, run: JobRun::Store(deadline) }]
}

fn deadline(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: TeamId = Failure::check(job.key.parse())?;
    close_at_deadline(tx, id)?;
    Ok(())
}

/// Closes a team whose time is over: it succeeds when enough people have paid (a ladder's step), else it fails and
/// everyone is refunded. Safe to repeat.
pub(crate) fn close_at_deadline(tx: &mut Tx, id: TeamId) -> Result<(), DbError> {
    let Some(team) = store::find_team(tx, id)? else { return Ok(()) };
    if team.state != "open" || team.deadline > tx.now() {
        return Ok(());
    }
    if team.paid >= team.needed { succeed(tx, &team) } else { fail(tx, &team) }
}

fn paid_members(tx: &mut Tx, team: TeamId) -> Result<Vec<MemberRow>, DbError> {
    Ok(store::members(tx, team)?.into_iter().filter(|member| member.state == "paid").collect())
}

/// Closes a team with success; everyone in it pays the price of the step that was reached.
pub(crate) fn succeed(tx: &mut Tx, team: &TeamRow) -> Result<(), DbError> {
    if !store::close_team(tx, team.id, "succeeded", team.paid)? {
        return Err(tx.give_up(DbError::Conflict));
    }
    let mut orders = Vec::new();
    for member in paid_members(tx, team.id)? {
        let price = team.rule.sku(member.sku).map(|rule| rule.final_price(member.is_leader, team.paid));
        let refund_per_unit = member.unit.saturating_sub(price.unwrap_or(member.unit)).max(0);
        orders.push(TeamOrder { order: member.order, sku: member.sku, qty: member.qty, refund_per_unit });
    }
    tx.publish(&TeamSucceeded { team: team.id, merchant: team.merchant, orders })
}

fn fail(tx: &mut Tx, team: &TeamRow) -> Result<(), DbError> {
    if !store::close_team(tx, team.id, "failed", team.paid)? {
        return Err(tx.give_up(DbError::Conflict));
    }
    let mut orders = Vec::new();
    for member in paid_members(tx, team.id)? {
        api::return_limits(tx, team.activity, &member)?;
        orders.push(member.order);
    }
    tx.publish(&TeamFailed { team: team.id, merchant: team.merchant, orders })
}
