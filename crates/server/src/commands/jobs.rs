//! `tuan admin jobs`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use db::{DbError, Tx};

use crate::app::Assembly;
use crate::cli::Where;
use crate::output::say;
use crate::store;

/// Most jobs shown at once.
const SHOWN_MAX: i64 = 200;

/// Look at jobs, run given-up ones again.
#[derive(Subcommand)]
pub(crate) enum Jobs {
    /// The next jobs.
    List(Where),
    /// Jobs that were given up.
    Dead(Where),
    /// Queue a given-up job again.
    Replay(Replay),
}

/// One given-up job.
#[derive(Args)]
pub(crate) struct Replay {
    /// Its kind, as `dead` shows it.
    kind: String,
    /// Its key, as `dead` shows it.
    key: String,
    #[command(flatten)]
    place: Where,
}

impl Jobs {
    /// Does it. `list` and `dead` run beside a server; `replay` needs the SQLite store for itself.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::List(place) => {
                let db = store::open_beside(&place.load(&[])?)?;
                let jobs = db.read_blocking::<_, DbError, _>(|rx| work::list_jobs(rx, SHOWN_MAX))?;
                for job in jobs {
                    say(&format!("{}  {:<28} {:<40} tried {}", job.run_at, job.kind, job.key, job.attempts));
                }
            }
            Self::Dead(place) => {
                let db = store::open_beside(&place.load(&[])?)?;
                for job in db.read_blocking::<_, DbError, _>(work::dead_jobs)? {
                    say(&format!(
                        "{:<28} {:<40} tried {}  {}",
                        job.kind, job.key, job.attempts, job.last_error
                    ));
                }
            }
            Self::Replay(job) => {
                let (db, _) = store::open(&job.place.load(&[])?, &Assembly::new().tables)?;
                let queued = db.write_blocking::<_, DbError, _>(move |tx: &mut Tx| {
                    work::replay_job(tx, &job.kind, &job.key)
                })?;
                say(if queued { "queued again" } else { "there is no such given-up job" });
                return Ok(if queued { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
