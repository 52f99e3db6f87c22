//! Offers of one team's leader to another's to become one team.

use base::{ActivityId, TeamId};
use db::{DbError, Rx, Tx, params};

/// Notes that the leader of `team` wants it merged with another.
pub(crate) fn offer_merge(tx: &mut Tx, team: TeamId, with: TeamId) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO deals_merge_offer (team, with_team, at) VALUES (:team, :with, :now)
         ON CONFLICT (team, with_team) DO NOTHING",
        params!["team" => team, "with" => with, "now" => now],
    )
}

pub(crate) fn is_offered(rx: &mut Rx, team: TeamId, with: TeamId) -> Result<bool, DbError> {
    let found = rx.opt(
        "SELECT 1 FROM deals_merge_offer WHERE team = :team AND with_team = :with",
        params!["team" => team, "with" => with],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// The teams a team asked.
pub(crate) fn offers_of(rx: &mut Rx, team: TeamId) -> Result<Vec<TeamId>, DbError> {
    rx.list(
        "SELECT with_team FROM deals_merge_offer WHERE team = :team ORDER BY team, with_team LIMIT 50",
        params!["team" => team],
        |row| row.get(0),
    )
}

/// The open teams of an activity that asked this one.
pub(crate) fn offers_to(rx: &mut Rx, team: TeamId, activity: ActivityId) -> Result<Vec<TeamId>, DbError> {
    let now = rx.now();
    rx.list(
        "SELECT t.id FROM deals_team t JOIN deals_merge_offer o ON o.team = t.id AND o.with_team = :team
         WHERE t.activity = :activity AND t.state = 'open' AND t.deadline > :now
         ORDER BY t.deadline, t.id LIMIT 50",
        params!["team" => team, "activity" => activity, "now" => now],
        |row| row.get(0),
    )
}
