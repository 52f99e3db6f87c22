//! `tuan backup`.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use db::Location;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::Where;
use crate::output::{Refusal, say};

/// Copy the store and its pictures while the server runs.
///
/// Makes FILE, a copy of the store (of PostgreSQL in the custom form of `pg_dump`, which must be installed); FILE.json, which names it and every picture with its SHA-256; and the folder
/// FILE.media with the pictures.
#[derive(Args)]
pub(crate) struct Backup {
    /// The copy to make; it must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

/// What a backup is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Copied {
    /// A SQLite file.
    #[default]
    Sqlite,
    /// A dump of a PostgreSQL database.
    Postgres,
}

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The form of this file.
    pub(crate) version: u32,
    /// What the copy is of.
    #[serde(default)]
    pub(crate) engine: Copied,
    /// The SHA-256 of the store.
    pub(crate) store_sha256: String,
    /// Pictures: paths below the folder, and their SHA-256.
    pub(crate) media: Vec<(String, String)>,
}

/// Where the parts of a backup lie.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Backup {
    /// Copies.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.place.load(&[])?;
        let engine = match config.location() {
            Location::File(store) => {
                db::copy_sqlite(&store, &self.file)?;
                Copied::Sqlite
            }
            Location::Postgres(url) => {
                dump(&url, &self.file)?;
                Copied::Postgres
            }
        };
        // Pictures come after the store: every row of the copy has its files by then, and files never change.
        let from = config.dir().join("media");
        let to = beside(&self.file, ".media");
        let mut media = Vec::new();
        for path in files(&from)? {
            let target = to.join(&path);
            let source = from.join(&path);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&source, &target).with_context(|| format!("copy {}", source.display()))?;
            media.push((path.to_string_lossy().into_owned(), sha256(&target)?));
        }
        let manifest = Manifest { version: 1, engine, store_sha256: sha256(&self.file)?, media };
        std::fs::write(beside(&self.file, ".json"), serde_json::to_vec_pretty(&manifest)?)?;
        say(&format!("{}  {}", manifest.store_sha256, self.file.display()));
        say(&format!("{} pictures", manifest.media.len()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Has PostgreSQL write one snapshot of the database into a new file.
fn dump(url: &str, file: &Path) -> Result<()> {
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    tool("pg_dump", url, &[OsStr::new("--format=custom"), OsStr::new("--file"), file.as_os_str()])
}

/// Runs one of PostgreSQL's programs on the database at `url`.
pub(crate) fn tool(name: &str, url: &str, arguments: &[&OsStr]) -> Result<()> {
    let mut command = Command::new(name);
    command.args(arguments).arg("--no-owner").arg("--no-privileges").envs(db::postgres_environment(url)?);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{name} ended with {status}"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = format!(
                "{name} is not installed: it comes with PostgreSQL's client programs (Debian: postgresql-client), \
                 which must not be older than the server"
            );
            Err(Refusal(text).into())
        }
        Err(error) => Err(error).with_context(|| format!("run {name}")),
    }
}

/// Files below a folder, as paths relative to it, sorted; none when there is no folder. Half-written ones are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut todo) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(below) = todo.pop() {
        let entries = match std::fs::read_dir(folder.join(&below)) {
            Err(error) if error.kind() == ErrorKind::NotFound && below.as_os_str().is_empty() => break,
            // A backup without these pictures must not pass for a whole one.
            entries => entries.with_context(|| format!("list {}", folder.join(&below).display()))?,
        };
        for entry in entries {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                todo.push(path);
            } else if !path.to_string_lossy().ends_with(".part") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The SHA-256 of a file, in hex.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).with_context(|| format!("open {}", path.display()))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 65_536]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}
