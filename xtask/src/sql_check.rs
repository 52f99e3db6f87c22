//! Runs `portable_sql.py`: PostgreSQL's own parser over the migrations and over what the tests ran.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::files::Finding;

/// The parser of PostgreSQL, as a Python package.
const PARSER: &str = "pglast==8.8";

pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let python = python(&target)?;
    let script = root.join("xtask/portable_sql.py");
    run(Command::new(&python).arg("-B").arg(&script).arg("--self-test"))?;
    let log =
        std::env::var_os("TUAN_SQL_LOG").map_or_else(|| target.join("sql-log"), |given| root.join(given));
    run(Command::new(&python)
        .current_dir(root)
        .arg(&script)
        .arg("--crates")
        .arg("crates")
        .arg("--log")
        .arg(&log))?;
    Ok(Vec::new())
}

/// An interpreter that has the parser.
fn python(target: &Path) -> Result<PathBuf> {
    let folder = target.join("sql-check");
    let python = folder.join("bin/python");
    let has_parser =
        || Command::new(&python).args(["-c", "import pglast"]).output().is_ok_and(|out| out.status.success());
    if !has_parser() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PARSER,
        ]))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status =
        command.status().map_err(|error| format!("cannot run {:?}: {error}", command.get_program()))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{:?} ended with {status}", command.get_program()).into())
    }
}
