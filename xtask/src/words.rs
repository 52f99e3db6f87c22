//! Words that do not belong into the repository, and where its dependencies come from.

use regex::Regex;

use crate::Result;
use crate::files::{Finding, Tree};

/// What is searched for, which files are exempt, and what to do. Patterns are written in pieces, so that this file does not find itself.
struct Word {
    pattern: String,
    /// Ends of the paths that may hold it.
    exempt: &'static [&'static str],
    advice: &'static str,
}

fn words() -> Vec<Word> {
    vec![
        Word {
            pattern: format!(
                r"(?m)(?:^|[^A-Za-z0-9_.\-])(?:/wo{}/|/wo{0}\b|/ho{}/[a-z]|/Us{}/[A-Za-z])",
                "rk", "me", "ers"
            ),
            exempt: &[],
            advice: "is a path of one machine: use a path from the repository's root",
        },
        Word {
            pattern: format!(r"(?i)\bfa{}\b", "rm"),
            exempt: &["LICENSE", ".json", ".csv", ".svg"],
            advice: "names a machine: say what the text means without it",
        },
        Word {
            pattern: format!(r"\b(?:TO{}|FIX{})\b", "DO", "ME"),
            exempt: &["package-lock.json", ".svg"],
            advice: "is a note to oneself: do it, or open an issue and name it",
        },
    ]
}

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for word in words() {
        let pattern = Regex::new(&word.pattern)?;
        for (path, text) in tree.iter() {
            if word.exempt.iter().any(|end| path.ends_with(end)) {
                continue;
            }
            for found in pattern.find_iter(text) {
                let trimmed =
                    found.as_str().trim_start_matches(|c: char| !matches!(c, '/' | 'A'..='Z' | 'a'..='z'));
                let start = found.end().saturating_sub(trimmed.len());
                findings.push(Finding::at(path, text, start, format!("`{trimmed}` {}", word.advice)));
            }
        }
    }
    findings.extend(check_lock_files(tree)?);
    Ok(findings)
}

fn check_lock_files(tree: &Tree) -> Result<Vec<Finding>> {
    let source = Regex::new(r#"(?m)^source = "([^"]*)""#)?;
    let resolved = Regex::new(r#""resolved": "([a-z+]+:[^"]*)""#)?;
    let mut findings = Vec::new();
    for (path, text) in tree.iter() {
        let (pattern, wanted) = if path.ends_with("Cargo.lock") {
            (&source, "registry+https://github.com/rust-lang/crates.io-index")
        } else if path.ends_with("package-lock.json") {
            (&resolved, "https://registry.npmjs.org/")
        } else {
            continue;
        };
        for found in pattern.captures_iter(text) {
            let Some(from) = found.get(1).filter(|from| !from.as_str().starts_with(wanted)) else { continue };
            let message = format!(
                "comes from {}, not from the public registry: lock it again from there",
                from.as_str()
            );
            findings.push(Finding::at(path, text, from.start(), message));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let machine = format!("/wo{}", "rk");
        for text in [format!("a\n\"{machine}/main\""), format!("a\ncd {machine}"), format!("\n{machine}/x")] {
            let found = texts("a.md", &text);
            assert!(found.len() == 1 && found[0].starts_with("a.md:2: `/wo"), "{text} {found:?}");
        }
        for text in [format!("crates{machine}/src"), format!("..{machine}"), format!("\"{machine}bench\"")] {
            assert!(texts("a.md", &text).is_empty(), "{text}");
        }
    }

    #[test]
    fn notes_to_oneself_are_found() {
        let note = format!("x\n// TO{}: later", "DO");
        assert!(texts("a.rs", &note)[0].starts_with("a.rs:2: `TO"));
        assert!(texts("a.rs", "// todos() and TODOLIST").is_empty());
    }

    #[test]
    fn lock_files_name_the_public_registries() {
        let fine = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert!(texts("Cargo.lock", fine).is_empty());
        assert!(
            texts("Cargo.lock", "source = \"sparse+http://cache.local/\"")[0]
                .starts_with("Cargo.lock:1: comes from")
        );
        assert!(
            texts("web/package-lock.json", "\"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\"")
                .is_empty()
        );
        assert!(texts("web/package-lock.json", "\"resolved\": \"packages/api\", \"link\": true").is_empty());
        assert_eq!(texts("web/package-lock.json", "\"resolved\": \"http://cache.local/a.tgz\"").len(), 1);
    }
}
