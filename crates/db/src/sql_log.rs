//! Writes down every distinct statement, when asked to: the tests' statements are checked with PostgreSQL's own
//! parser (`xtask sql-check`).

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct SqlLog(Option<Mutex<(File, HashSet<String>)>>);

impl SqlLog {
    pub(crate) fn new(directory: Option<&Path>) -> std::io::Result<Self> {
        let Some(directory) = directory else { return Ok(Self(None)) };
        std::fs::create_dir_all(directory)?;
        let name = format!("{}-{:p}.jsonl", std::process::id(), &directory);
        let file = File::options().create(true).append(true).open(directory.join(name))?;
        Ok(Self(Some(Mutex::new((file, HashSet::new())))))
    }

    pub(crate) fn note(&self, sql: &str) {
        let Some(log) = &self.0 else { return };
        let mut log = log.lock();
        let (file, seen) = &mut *log;
        if seen.insert(sql.to_owned()) {
            let line = serde_json::Value::from(sql);
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, "cannot write the statement log");
            }
        }
    }
}
