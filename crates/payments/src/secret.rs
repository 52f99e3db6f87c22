//! Secrets, kept out of logs, and the files they come from.

use std::path::{Path, PathBuf};

/// Something that is shown to nobody: its debug form says nothing.
#[derive(Clone)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// A secret.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// What it is. For the place that needs it, and no other.
    pub(crate) fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a provider cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}", path = .0.display(), reason = .1)]
    File(PathBuf, String),
    /// A file holds something else than it should.
    #[error("{path}: {reason}", path = .0.display(), reason = .1)]
    Key(PathBuf, &'static str),
    /// A setting makes no sense.
    #[error("{0}")]
    Setting(String),
}

/// The text of a file, without the white space around it.
pub(crate) fn read(path: &Path) -> Result<Secret<String>, SetUpError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| SetUpError::File(path.to_owned(), error.to_string()))?;
    Ok(Secret(text.trim().to_owned()))
}

/// An address such as `https://api.example`, without a slash at the end. Without TLS only this very machine.
pub(crate) fn base_url(text: &str) -> Result<String, SetUpError> {
    let url = text.trim_end_matches('/');
    let is_local =
        ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|p| url.starts_with(p));
    if is_local || url.starts_with("https://") {
        return Ok(url.to_owned());
    }
    Err(SetUpError::Setting(format!("{text:?} is not an https address")))
}
