//! `tuan doctor`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use db::Location;

use crate::app::Assembly;
use crate::cli::Where;
use crate::http::Listener;
use crate::output::say;
use crate::store;

/// Check what the server needs.
#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    place: Where,
}

impl Doctor {
    /// Looks at settings, store and socket; ends with 1 when something is wrong.
    ///
    /// # Errors
    /// When the settings cannot be read.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.place.load(&[])?;
        let mut is_fine = true;
        let mut tell = |what: &str, found: Result<String>| match found {
            Ok(text) => say(&format!("ok      {what}: {text}")),
            Err(error) => {
                is_fine = false;
                say(&format!("WRONG   {what}: {error:#}"));
            }
        };
        if let Location::File(path) = config.location() {
            let folder = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
            tell("folder", writable(&folder));
        }
        let opened = store::open_beside(&config);
        let tables = Assembly::new().tables;
        let is_demo = opened.as_ref().ok().map(store::is_demo).transpose()?.unwrap_or(false);
        tell(
            "store",
            opened.as_ref().map(|_| "opens".to_owned()).map_err(|error| anyhow::anyhow!("{error:#}")),
        );
        if let Ok(db) = &opened {
            let steps = db::migration_status(db, &tables)?;
            let missing = steps.iter().filter(|step| !step.is_applied).count();
            let text = format!("{} steps, {missing} missing", steps.len());
            tell(
                "tables",
                if missing == 0 { Ok(text) } else { Err(anyhow::anyhow!("{text}: tuan migrate up")) },
            );
        }
        let unsafe_defaults = if is_demo { Vec::new() } else { config.unsafe_defaults() };
        for missing in unsafe_defaults {
            tell("setting", Err(anyhow::anyhow!("{missing}")));
        }
        tell(
            "address",
            Listener::bind(config.listen()?).and_then(|l| Ok(format!("{} is free", l.address()?))),
        );
        Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn writable(folder: &std::path::Path) -> Result<String> {
    let probe = folder.join(".tuan-doctor");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)?;
    Ok(format!("{} can be written", folder.display()))
}
