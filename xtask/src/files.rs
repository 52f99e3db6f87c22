//! The repository's text files, and what is found in them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::Result;

/// Names of what is not written by hand; `.git` is a file in a second working tree.
const SKIPPED: &[&str] = &[".git", ".venv", "dist", "node_modules", "target", "tmp"];
/// Larger files are pictures and the like.
const BYTES_MAX: u64 = 4 << 20;

/// Something to be put right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `path` or `path:line`.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) text: String,
}

impl Finding {
    pub(crate) fn new(path: &str, text: impl Into<String>) -> Self {
        Self { place: path.to_owned(), text: text.into() }
    }

    /// A finding at the byte `offset` of the file's text.
    pub(crate) fn at(path: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let line = text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1);
        Self { place: format!("{path}:{line}"), text: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// All text files by their path from the root, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree(pub(crate) BTreeMap<String, String>);

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            if kind.is_dir() {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && entry.metadata()?.len() <= BYTES_MAX {
                // Files that are not UTF-8 are no text.
                if let Ok(text) = String::from_utf8(std::fs::read(entry.path())?) {
                    self.0.insert(path, text);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_holds_text_written_by_hand() {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in [("a/b.rs", b"x".as_slice()), ("target/c.rs", b"x"), ("d.png", b"\x89\xff")] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.iter().collect::<Vec<_>>(), [("a/b.rs", "x")]);
    }

    #[test]
    fn places_count_lines_from_one() {
        assert_eq!(Finding::at("a", "x\ny\nz", 2, "m").to_string(), "a:2: m");
        assert_eq!(Finding::at("a", "x", 0, "m").place, "a:1");
    }
}
