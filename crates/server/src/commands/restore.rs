//! `tuan restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::backup::{Manifest, beside, sha256};
use crate::app::Assembly;
use crate::config::Config;
use crate::output::{Refusal, complain, say};
use crate::store;

/// Make a folder of a backup.
#[derive(Args)]
pub(crate) struct Restore {
    /// The copy that `backup` made.
    file: PathBuf,
    /// The folder to make; it must be empty or not exist.
    #[arg(long)]
    dir: PathBuf,
    /// Then check every invariant; ends with 2 when one does not hold.
    #[arg(long)]
    verify: bool,
}

impl Restore {
    /// Restores, after checking that the backup is whole.
    ///
    /// # Errors
    /// When the backup is damaged or the folder is in use.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let text = std::fs::read(beside(&self.file, ".json")).context("read the list of the backup")?;
        let manifest: Manifest =
            serde_json::from_slice(&text).context("understand the list of the backup")?;
        if manifest.version != 1 {
            bail!("the backup has the form {}, this program reads 1", manifest.version);
        }
        if std::fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Refusal(format!("{} is not empty", self.dir.display())).into());
        }
        std::fs::create_dir_all(&self.dir)?;
        let target = self.dir.join("tuan.db");
        std::fs::copy(&self.file, &target).with_context(|| format!("copy {}", self.file.display()))?;
        if sha256(&target)? != manifest.store_sha256 {
            std::fs::remove_file(&target)?;
            bail!("{} is damaged: its SHA-256 is another than the list says", self.file.display());
        }
        let media = beside(&self.file, ".media");
        for (path, hash) in &manifest.media {
            let target = self.dir.join("media").join(path);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let source = media.join(path);
            std::fs::copy(&source, &target).with_context(|| format!("copy {}", source.display()))?;
            if sha256(&target)? != *hash {
                bail!("{} is damaged", source.display());
            }
        }
        say(&format!("restored {} with {} pictures", target.display(), manifest.media.len()));
        if self.verify { verify(&self.dir) } else { Ok(ExitCode::SUCCESS) }
    }
}

fn verify(dir: &std::path::Path) -> Result<ExitCode> {
    let dir = dir.to_string_lossy().into_owned();
    let config = Config::load(None, &[("dir", Some(dir)), ("database", Some(String::new()))])?;
    let db = store::open_beside(&config)?;
    let checks = super::audit::check_all(&db, &Assembly::new().audits)?;
    let failed: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    failed.iter().flat_map(|check| check.lines()).for_each(|line| complain(&line));
    say(&format!("{} of {} invariants hold", checks.len().saturating_sub(failed.len()), checks.len()));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
