//! Licences of all dependencies, against a list of what may be shipped.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::files::Finding;

/// SPDX identifiers that may be used and passed on in an Apache-2.0 program.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Python-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];
const NPM_LOCK: &str = "web/package-lock.json";

pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let asked = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()?;
    if !asked.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&asked.stderr)).into());
    }
    let mut findings = check_cargo(&serde_json::from_slice(&asked.stdout)?);
    if root.join(NPM_LOCK).exists() {
        findings.extend(check_npm(&serde_json::from_str(&std::fs::read_to_string(root.join(NPM_LOCK))?)?));
    }
    Ok(findings)
}

fn check_cargo(metadata: &Value) -> Vec<Finding> {
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let foreign = packages.filter(|package| package.get("source").is_some_and(|source| !source.is_null()));
    let judge_package = |package: &Value| {
        let text = |key| package.get(key).and_then(Value::as_str).unwrap_or("?");
        judge(&format!("Cargo.lock: {} {}", text("name"), text("version")), package.get("license"))
    };
    foreign.filter_map(judge_package).collect()
}

fn check_npm(lock: &Value) -> Vec<Finding> {
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    // The rest are our own packages and the links to them.
    let foreign =
        packages.filter(|(path, package)| path.contains("node_modules/") && package.get("link").is_none());
    foreign
        .filter_map(|(path, package)| judge(&format!("{NPM_LOCK}: {path}"), package.get("license")))
        .collect()
}

fn judge(place: &str, licence: Option<&Value>) -> Option<Finding> {
    match licence.and_then(Value::as_str) {
        Some(expression) if is_allowed(expression) => None,
        Some(expression) => {
            let text = format!(
                "licence `{expression}` is not on the list: use another package, or argue for it in an ADR"
            );
            Some(Finding::new(place, text))
        }
        None => Some(Finding::new(place, "names no licence: use another package")),
    }
}

/// Whether an SPDX expression can be satisfied from the list: `OR` needs one side, `AND` both.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words) == Some(true) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>) -> Option<bool> {
    let mut allowed = all(words)?;
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all(words)?;
    }
    Some(allowed)
}

fn all(words: &mut Words<'_>) -> Option<bool> {
    let mut allowed = one(words)?;
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words)?;
    }
    Some(allowed)
}

fn one(words: &mut Words<'_>) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let inner = any(words)?;
        return words.next_if_eq(&")").map(|_| inner);
    }
    if words.next_if_eq(&"WITH").is_none() {
        return Some(ALLOWED.contains(&word));
    }
    let with = format!("{word} WITH {}", words.next()?);
    Some(ALLOWED.contains(&with.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_weighed() {
        for fine in [
            "MIT",
            "MPL-2.0",
            "MIT OR GPL-3.0-only",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_allowed(fine), "{fine}");
        }
        for refused in [
            "",
            "GPL-3.0-only",
            "AGPL-3.0-or-later",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND AGPL-3.0-only",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "SEE LICENSE IN LICENSE.md",
            "MIT Apache-2.0",
            "(MIT",
            "MIT OR",
        ] {
            assert!(!is_allowed(refused), "{refused}");
        }
    }

    #[test]
    fn only_foreign_packages_are_judged() {
        let metadata = json!({ "packages": [
            { "name": "own", "version": "1.0.0", "source": null, "license": null },
            { "name": "good", "version": "1.0.0", "source": "registry", "license": "MIT" },
            { "name": "bad", "version": "1.0.0", "source": "registry", "license": "AGPL-3.0-only" },
            { "name": "none", "version": "1.0.0", "source": "registry", "license": null },
        ]});
        let places: Vec<_> = check_cargo(&metadata).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["Cargo.lock: bad 1.0.0", "Cargo.lock: none 1.0.0"]);
        let lock = json!({ "packages": {
            "": { "name": "web" }, "apps/shop": {}, "node_modules/@tuan/ui": { "link": true },
            "node_modules/a": { "license": "ISC" }, "node_modules/a/node_modules/b": { "license": "GPL-2.0" },
        }});
        let places: Vec<_> = check_npm(&lock).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["web/package-lock.json: node_modules/a/node_modules/b"]);
    }
}
