//! Vectors made by others. They lie outside the repository; without `TUAN_INTEROP` there are none, and a test says so.

use std::path::PathBuf;

use serde_json::Value;

/// One vector.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) value: Value,
    folder: PathBuf,
}

impl Case {
    /// The text of the file that a field names.
    pub(crate) fn file(&self, field: &str) -> String {
        std::fs::read_to_string(self.folder.join(self.value[field].as_str().unwrap())).unwrap()
    }
}

/// All vectors of a family.
pub(crate) fn cases(family: &str) -> Vec<Case> {
    let Some(folder) = std::env::var_os("TUAN_INTEROP") else {
        println!("TUAN_INTEROP is not set: no vectors of {family}");
        return Vec::new();
    };
    let folder = PathBuf::from(folder).join("webhooks");
    let text = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let values = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cases: Vec<Case> = values
        .filter(|value| value["family"] == family)
        .map(|value| Case { id: value["id"].as_str().unwrap().to_owned(), value, folder: folder.clone() })
        .collect();
    assert!(!cases.is_empty());
    cases
}
