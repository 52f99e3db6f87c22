//! Buying together: activities, teams, seats.
//!
//! A team is opened under a copy of its activity's rules. A seat is taken when a payment begins and given back when
//! it is not made; the row of the team guards the seats. Members are real people; a team that fails is refunded in
//! full, by itself.

mod activities;
pub mod api;
mod audits;
mod close;
mod edit_activity;
pub mod events;
mod merge;
mod model;
mod personal;
mod store;
mod teams;

use base::ActivityId;
use db::{Migrations, Tx};
use rest::Module;
use work::{Failure, JobHandler, JobRow, JobRun};

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "deals": 1 "deals" "../migrations/0001_deals.sql", 2 "counted" "../migrations/0002_counted.sql"
);

/// The module.
pub fn module() -> Module {
    let mut jobs = close::handlers();
    jobs.push(JobHandler { kind: activities::END_JOB, run: JobRun::Store(end_activity) });
    Module {
        routes: activities::routes()
            .merge(edit_activity::routes())
            .merge(teams::routes())
            .merge(merge::routes()),
        jobs,
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}

fn end_activity(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: ActivityId = Failure::check(job.key.parse())?;
    activities::end_activity(tx, id)?;
    Ok(())
}
