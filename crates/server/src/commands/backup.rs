//! `tuan backup`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use db::Location;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::Where;
use crate::output::{Refusal, say};

/// Copy the store and its pictures while the server runs.
///
/// Makes FILE, a copy of the store; FILE.json, which names it and every picture with its SHA-256; and the folder
/// FILE.media with the pictures.
#[derive(Args)]
pub(crate) struct Backup {
    /// The copy to make; it must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The form of this file.
    pub(crate) version: u32,
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
        let Location::File(store) = config.location() else {
            let text =
                "a PostgreSQL store is backed up with its own tools: pg_dump -Fc, or a base backup with WAL";
            return Err(Refusal(text.to_owned()).into());
        };
        db::copy_sqlite(&store, &self.file)?;
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
        let manifest = Manifest { version: 1, store_sha256: sha256(&self.file)?, media };
        std::fs::write(beside(&self.file, ".json"), serde_json::to_vec_pretty(&manifest)?)?;
        say(&format!("{}  {}", manifest.store_sha256, self.file.display()));
        say(&format!("{} pictures", manifest.media.len()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Files below a folder, as paths relative to it, sorted; none when there is no folder. Half-written ones are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut todo) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(below) = todo.pop() {
        let Ok(entries) = std::fs::read_dir(folder.join(&below)) else { continue };
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
