//! `tuan restore`.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::backup::{Copied, Manifest, beside, sha256, tool};
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
    /// The empty database to fill, when the backup is of PostgreSQL; `pg_restore` must be installed.
    #[arg(long)]
    database: Option<String>,
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
        if sha256(&self.file)? != manifest.store_sha256 {
            bail!("{} is damaged: its SHA-256 is another than the list says", self.file.display());
        }
        // All is looked at before anything is made: half a shop must not be taken for one.
        let media = beside(&self.file, ".media");
        for (path, hash) in &manifest.media {
            if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
                bail!("the list of the backup names {path:?}, which is no picture of it");
            }
            if sha256(&media.join(path))? != *hash {
                bail!("{} is damaged", media.join(path).display());
            }
        }
        let database = self.restore_store(manifest.engine)?;
        for (path, _) in &manifest.media {
            let (source, target) = (media.join(path), self.dir.join("media").join(path));
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&source, &target).with_context(|| format!("copy {}", source.display()))?;
        }
        say(&format!("restored {} with {} pictures", self.dir.display(), manifest.media.len()));
        if self.verify { verify(&self.dir, database) } else { Ok(ExitCode::SUCCESS) }
    }

    /// Puts the store in its place; answers the database's address, empty for a file.
    fn restore_store(&self, engine: Copied) -> Result<String> {
        match (engine, &self.database) {
            (Copied::Sqlite, None) => {
                std::fs::create_dir_all(&self.dir)?;
                let target = self.dir.join("tuan.db");
                std::fs::copy(&self.file, &target)
                    .with_context(|| format!("copy {}", self.file.display()))?;
                Ok(String::new())
            }
            (Copied::Postgres, Some(url)) => {
                if !db::postgres_is_empty(url)? {
                    return Err(Refusal("the database is not empty".to_owned()).into());
                }
                std::fs::create_dir_all(&self.dir)?;
                let arguments = ["--exit-on-error", "--single-transaction", "--dbname"].map(OsStr::new);
                let environment = db::postgres_environment(url)?;
                let name = environment.iter().find(|(name, _)| *name == "PGDATABASE");
                let name = name.map_or("", |(_, value)| value.as_str());
                tool(
                    "pg_restore",
                    url,
                    &[&arguments[..], &[OsStr::new(name), self.file.as_os_str()]].concat(),
                )?;
                // Nodes that knew the store as it was later make their index for search anew.
                db::postgres_forget_fact(url, search::api::STORE)?;
                Ok(url.clone())
            }
            (Copied::Sqlite, Some(_)) => Err(Refusal("the copy is of a SQLite store".to_owned()).into()),
            (Copied::Postgres, None) => {
                Err(Refusal("the copy is of PostgreSQL: name an empty --database".to_owned()).into())
            }
        }
    }
}

fn verify(dir: &Path, database: String) -> Result<ExitCode> {
    let dir = dir.to_string_lossy().into_owned();
    let config = Config::load(None, &[("dir", Some(dir)), ("database", Some(database))])?;
    let db = store::open_beside(&config)?;
    let checks = super::audit::check_all(&db, &Assembly::new().audits)?;
    let failed: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    failed.iter().flat_map(|check| check.lines()).for_each(|line| complain(&line));
    say(&format!("{} of {} invariants hold", checks.len().saturating_sub(failed.len()), checks.len()));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
