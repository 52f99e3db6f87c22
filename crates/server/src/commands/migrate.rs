//! `tuan migrate`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::app::Assembly;
use crate::cli::Where;
use crate::output::say;
use crate::store;

/// Show or bring up to date the tables of the store.
#[derive(Args)]
pub(crate) struct Migrate {
    /// What to do.
    #[arg(value_enum, default_value = "status")]
    what: What,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Which steps are there, which are missing. Ends with 1 when some are.
    Status,
    /// Apply what is missing.
    Up,
}

impl Migrate {
    /// Shows or applies.
    ///
    /// # Errors
    /// When the store cannot be opened or a step fails.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.place.load(&[])?;
        let tables = Assembly::new().tables;
        match self.what {
            What::Up => {
                store::open(&config, &tables)?.0.close();
                say("the tables are up to date");
                Ok(ExitCode::SUCCESS)
            }
            What::Status => {
                let db = store::open_beside(&config)?;
                let mut missing = 0_usize;
                for step in db::migration_status(&db, &tables)? {
                    let state = if step.is_applied { "applied" } else { "missing" };
                    say(&format!("{state}  {:<10} {:>3}  {}", step.module, step.number, step.name));
                    missing = missing.saturating_add(usize::from(!step.is_applied));
                }
                Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}
