//! `tuan admin audit`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use db::Db;
use serde::Serialize;

use crate::app::Assembly;
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

/// What one check found.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    id: &'static str,
    title: &'static str,
    pub(crate) ok: bool,
    failures: Vec<String>,
}

impl Audit {
    /// Checks, beside a server that may be running.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let db = store::open_beside(&self.place.load(&[])?)?;
        let checks = check(&db, &Assembly::new().audits)?;
        if self.json {
            say(&serde_json::to_string_pretty(&checks)?);
        } else {
            checks.iter().for_each(print);
        }
        let is_fine = checks.iter().all(|check| check.ok);
        Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

/// Runs the checks.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn check(db: &Db, audits: &[rest::Audit]) -> Result<Vec<Check>> {
    let mut checks = Vec::with_capacity(audits.len());
    for audit in audits {
        let failures = db.read_blocking(audit.run)?;
        checks.push(Check { id: audit.id, title: audit.title, ok: failures.is_empty(), failures });
    }
    Ok(checks)
}

/// Prints what one check found.
pub(crate) fn print(check: &Check) {
    let word = if check.ok { "ok    " } else { "FAILED" };
    say(&format!("{word}  {:<8} {}", check.id, check.title));
    check.failures.iter().for_each(|failure| say(&format!("          {failure}")));
}
