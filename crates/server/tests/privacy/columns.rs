//! The columns of words, read past the server.
#![expect(clippy::disallowed_methods, reason = "what is left is looked for beside the program")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::process::Place;

/// What `columns.txt` says: whose words stand in a column.
pub(crate) fn listed() -> BTreeMap<String, String> {
    let lines = include_str!("columns.txt").lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs.map(|(column, kind)| (column.to_owned(), kind.to_owned())).collect()
}

/// A store beside the server.
pub(crate) enum Store {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Store {
    pub(crate) fn of(place: &Place) -> Self {
        match &place.database {
            None => Self::Sqlite(place.folder.join("tuan.db")),
            Some(url) => Self::Postgres(url.clone()),
        }
    }

    /// Numbers in the first column of an answer.
    fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Self::Postgres(url) => {
                let (url, sql) = (url.clone(), sql.to_owned());
                // The client blocks, which a test of async code may not do on its own thread.
                let ask = move || {
                    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    client.query_one(&sql, &[]).unwrap().get(0)
                };
                std::thread::spawn(ask).join().unwrap()
            }
        }
    }

    /// Changes something past the server.
    pub(crate) fn change(&self, sql: &str) {
        match self {
            Self::Sqlite(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
                assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
            }
            Self::Postgres(url) => {
                let (url, sql) = (url.clone(), sql.to_owned());
                let ask = move || {
                    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    assert!(client.execute(&sql, &[]).unwrap() > 0, "{sql}");
                };
                std::thread::spawn(ask).join().unwrap();
            }
        }
    }

    /// All columns of words: `table.column`.
    pub(crate) fn columns(&self) -> Vec<String> {
        match self {
            Self::Sqlite(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                let sql = "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c
                    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.type = 'TEXT' ORDER BY 1";
                let mut all = connection.prepare(sql).unwrap();
                all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Self::Postgres(_) => listed().into_keys().collect(),
        }
    }

    /// Those of them in which one of the words stands.
    pub(crate) fn columns_with(&self, words: &[String]) -> BTreeSet<String> {
        let holds = |column: &String| {
            let (table, name) = column.split_once('.').unwrap();
            let like: Vec<String> = words.iter().map(|word| format!("{name} LIKE '%{word}%'")).collect();
            self.number(&format!("SELECT COUNT(*) FROM {table} WHERE {}", like.join(" OR "))) > 0
        };
        self.columns().into_iter().filter(holds).collect()
    }

    /// How many rows of a table are of a person.
    pub(crate) fn count(&self, table: &str, column: &str, person: &str) -> i64 {
        let digits = person.strip_prefix("per_").unwrap();
        let id = match self {
            Self::Sqlite(_) => format!("X'{digits}'"),
            Self::Postgres(_) => format!("'\\x{digits}'"),
        };
        self.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} = {id}"))
    }

    /// No file of the server's folder has one of the words, once the store was packed; the server must not run.
    pub(crate) fn check_files(&self, folder: &Path, words: &[String]) {
        if let Self::Sqlite(file) = self {
            rusqlite::Connection::open(file).unwrap().execute_batch("VACUUM").unwrap();
        }
        for word in words {
            let found = Command::new("grep").args(["-rl", word]).arg(folder).output().unwrap();
            let files = String::from_utf8_lossy(&found.stdout);
            assert!(files.is_empty(), "{word} is still in {files}");
        }
    }
}
