//! File sizes, with a list of today's exceptions that may only shrink.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Result;
use crate::files::{Finding, Tree};

const RATCHET: &str = "xtask/ratchet.txt";
const SOURCE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 800;

/// The most lines of a file without an exception; `None` when its size does not matter.
fn limit(path: &str, text: &str) -> Option<usize> {
    let kind = path.rsplit('.').next()?;
    let is_generated =
        text.lines().take(10).any(|line| line.contains("auto-generated") || line.contains("@generated"));
    if !matches!(kind, "rs" | "ts" | "mjs" | "js" | "vue" | "py" | "sql") || is_generated {
        return None;
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let is_test = path.contains("/tests/")
        || path.contains("/e2e/")
        || [".spec.ts", ".test.mjs", ".test.ts", "tests.rs"].iter().any(|end| file.ends_with(end));
    Some(if is_test { TEST_LINES_MAX } else { SOURCE_LINES_MAX })
}

fn exceptions(tree: &Tree) -> Result<BTreeMap<String, usize>> {
    let mut exceptions = BTreeMap::new();
    let lines = tree.get(RATCHET).unwrap_or("").lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (lines, path) =
            line.split_once(' ').ok_or_else(|| format!("{RATCHET}: `{line}` is not `lines path`"))?;
        exceptions.insert(path.trim().to_owned(), lines.parse()?);
    }
    Ok(exceptions)
}

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let exceptions = exceptions(tree)?;
    let mut findings = Vec::new();
    for (path, text) in tree.iter() {
        let Some(limit) = limit(path, text) else { continue };
        let lines = text.lines().count();
        match exceptions.get(path) {
            None if lines > limit => {
                let message =
                    format!("has {lines} lines, the limit is {limit}: split it by command or concept");
                findings.push(Finding::new(path, message));
            }
            Some(allowed) if lines > *allowed => {
                let message = format!(
                    "grew to {lines} lines, {RATCHET} allows {allowed} and may only shrink: split it"
                );
                findings.push(Finding::new(path, message));
            }
            Some(allowed) if lines < *allowed => {
                let message =
                    format!("shrank from {allowed} to {lines} lines: run `cargo run -p xtask -- ratchet`");
                findings.push(Finding::new(path, message));
            }
            Some(_) | None => {}
        }
    }
    for path in exceptions.keys().filter(|path| tree.get(path).is_none()) {
        findings
            .push(Finding::new(RATCHET, format!("`{path}` is gone: run `cargo run -p xtask -- ratchet`")));
    }
    Ok(findings)
}

/// The exceptions as they are needed today; never higher than they were.
fn lowered(tree: &Tree) -> Result<BTreeMap<String, usize>> {
    let mut kept = BTreeMap::new();
    for (path, allowed) in exceptions(tree)? {
        let Some(text) = tree.get(&path) else { continue };
        let lines = text.lines().count().min(allowed);
        if limit(&path, text).is_some_and(|limit| lines > limit) {
            kept.insert(path, lines);
        }
    }
    Ok(kept)
}

pub(crate) fn lower(root: &Path, tree: &Tree) -> Result<()> {
    let mut out = String::from(
        "# Files above the limit (source 500 lines, tests 800), with the lines they have today.\n# Entries may only shrink; `cargo run -p xtask -- ratchet` lowers them.\n",
    );
    for (path, lines) in lowered(tree)? {
        out.push_str(&format!("{lines} {path}\n"));
    }
    std::fs::write(root.join(RATCHET), out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str, lines: usize, ratchet: &str) -> Tree {
        Tree::of(&[(path, &"x\n".repeat(lines)), (RATCHET, ratchet)])
    }

    fn texts(tree: &Tree) -> Vec<String> {
        check(tree).unwrap().into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn limits_differ_for_tests_and_skip_what_is_made() {
        assert!(texts(&tree("crates/a/src/lib.rs", 500, "")).is_empty());
        assert!(texts(&tree("crates/a/src/lib.rs", 501, ""))[0].contains("the limit is 500"));
        for test in ["crates/a/tests/it/main.rs", "crates/a/src/model/tests.rs", "web/a/b.spec.ts"] {
            assert!(texts(&tree(test, 800, "")).is_empty(), "{test}");
            assert!(texts(&tree(test, 801, ""))[0].contains("the limit is 800"), "{test}");
        }
        assert!(texts(&tree("web/package-lock.json", 9_000, "")).is_empty());
        let made = format!("/** This file was auto-generated */\n{}", "x\n".repeat(900));
        assert!(texts(&Tree::of(&[("web/a/schema.d.ts", &made)])).is_empty());
    }

    #[test]
    fn the_ratchet_turns_one_way() {
        assert!(texts(&tree("a.rs", 600, "# why\n600 a.rs\n")).is_empty());
        assert!(texts(&tree("a.rs", 601, "600 a.rs"))[0].contains("may only shrink"));
        assert!(texts(&tree("a.rs", 599, "600 a.rs"))[0].contains("shrank"));
        assert!(texts(&tree("a.rs", 1, "600 b.rs"))[0].contains("is gone"));
        assert!(check(&tree("a.rs", 1, "nonsense")).is_err());
        let lines = |n, ratchet| lowered(&tree("a.rs", n, ratchet)).unwrap().get("a.rs").copied();
        assert_eq!(lines(550, "600 a.rs"), Some(550));
        assert_eq!(lines(700, "600 a.rs"), Some(600));
        assert_eq!(lines(400, "600 a.rs"), None);
        assert_eq!(lines(700, ""), None);
    }
}
