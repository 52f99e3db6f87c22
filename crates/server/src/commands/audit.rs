//! `tuan admin audit`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use db::{Db, DbError};

use crate::app::Assembly;
use crate::audits::{self, CheckView};
use crate::cli::Where;
use crate::output::say;
use crate::store;

/// Check every invariant; ends with 2 when one does not hold.
#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    place: Where,
    /// Print a JSON list.
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Checks, beside a server that may be running.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let db = store::open_beside(&self.place.load(&[])?)?;
        let checks = check_all(&db, &Assembly::new().audits)?;
        if self.json {
            say(&serde_json::to_string_pretty(&checks)?);
        } else {
            checks.iter().flat_map(CheckView::lines).for_each(|line| say(&line));
        }
        let is_fine = checks.iter().all(|check| check.ok);
        Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

/// Runs the checks.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn check_all(db: &Db, all: &[rest::Audit]) -> Result<Vec<CheckView>> {
    let mut checks = Vec::with_capacity(all.len());
    for &audit in all {
        checks.push(db.read_blocking::<_, DbError, _>(move |rx| audits::check(rx, &audit))?);
    }
    Ok(checks)
}
