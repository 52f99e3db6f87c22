//! `cargo run -p xtask -- tidy`: checks of the repository that no compiler makes.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod dag;
mod files;
mod licences;
mod migrations;
mod sizes;
mod sql_check;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use files::{Finding, Tree};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: cargo run -p xtask -- COMMAND
  tidy        module DAG, migrations, file sizes, words, lock files
  ratchet     lower the entries of xtask/ratchet.txt to today's sizes
  licences    licences of all Rust and npm dependencies
  sql-check   PostgreSQL's parser and RULES-SQL over migrations and the statements in $TUAN_SQL_LOG";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let root = root();
    let findings = match command.as_str() {
        "tidy" => tidy(&root),
        "ratchet" => Tree::read(&root).and_then(|tree| sizes::lower(&root, &tree)).map(|()| Vec::new()),
        "licences" => licences::check(&root),
        "sql-check" => sql_check::check(&root),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match findings {
        Ok(findings) if findings.is_empty() => {
            println!("{command}: ok");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for finding in &findings {
                eprintln!("{finding}");
            }
            eprintln!("{command}: {} found", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tidy(root: &Path) -> Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let mut findings = dag::check(&tree)?;
    findings.extend(migrations::check(&tree)?);
    findings.extend(sizes::check(&tree)?);
    findings.extend(words::check(&tree)?);
    Ok(findings)
}

/// The repository: the folder above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
