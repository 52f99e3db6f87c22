//! The module DAG: who may depend on whom, and through which door.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::Result;
use crate::files::{Finding, Tree};

const MAP: &str = "ARCHITECTURE.md";
/// Crates that are no modules: all that is public in them may be used.
const PLATFORM: &[&str] = &["base", "db", "work", "rest", "rest-macros", "testkit"];
/// Where one module may enter another.
const DOORS: &[&str] = &["api", "events"];
/// What those who put the modules together may use besides.
const DOORS_OF_ASSEMBLERS: &[&str] = &["module", "Config", "migrations", "MIGRATIONS"];
const ASSEMBLERS: &[&str] = &["server", "testkit"];

/// What each crate may depend on; each may name only crates of the lines above it, so there is no cycle.
type Allowed = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let Some(map) = tree.get(MAP) else {
        return Ok(vec![Finding::new(MAP, "is missing: it holds the module DAG in a block fenced ```dag")]);
    };
    let mut findings = Vec::new();
    let allowed = parse(map, &mut findings);
    for (path, text) in tree.iter() {
        let Some((name, file)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        if file == "Cargo.toml" {
            check_manifest(path, text, name, &allowed, &mut findings)?;
        } else if file.starts_with("src/") && file.ends_with(".rs") {
            check_calls(path, text, name, &allowed, &mut findings);
        }
    }
    Ok(findings)
}

fn parse(map: &str, findings: &mut Vec<Finding>) -> Allowed {
    let mut allowed = Allowed::new();
    let lines = map.lines().zip(1_usize..);
    let block: Vec<_> = lines
        .skip_while(|(line, _)| line.trim() != "```dag")
        .skip(1)
        .take_while(|(line, _)| line.trim() != "```")
        .collect();
    if block.is_empty() {
        findings
            .push(Finding::new(MAP, "has no block fenced ```dag with lines like `stock: base, db, catalog`"));
    }
    for (line, number) in block {
        let place = format!("{MAP}:{number}");
        let Some((name, of)) = line.split_once(':') else {
            findings.push(Finding::new(&place, "a line of the DAG reads `crate: allowed, crates`"));
            continue;
        };
        let mut names: BTreeSet<String> = of.split(',').map(|name| name.trim().to_owned()).collect();
        names.remove("");
        if names.remove("*") {
            names.extend(allowed.keys().cloned());
        }
        for unknown in names.iter().filter(|name| !allowed.contains_key(*name)) {
            findings.push(Finding::new(
                &place,
                format!("`{unknown}` has no line above this one; edges go upwards only"),
            ));
        }
        if allowed.insert(name.trim().to_owned(), names).is_some() {
            findings.push(Finding::new(&place, format!("`{}` has two lines", name.trim())));
        }
    }
    allowed
}

fn check_manifest(
    path: &str,
    text: &str,
    name: &str,
    allowed: &Allowed,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let Some(of) = allowed.get(name) else {
        findings.push(Finding::new(path, format!("`{name}` has no line in the DAG of {MAP}")));
        return Ok(());
    };
    let manifest: toml::Table = text.parse().map_err(|error| format!("{path}: {error}"))?;
    for section in ["dependencies", "build-dependencies"] {
        let Some(dependencies) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
        for dependency in dependencies.keys().filter(|key| allowed.contains_key(*key)) {
            if !of.contains(dependency) {
                let text = format!(
                    "`{name}` may not depend on `{dependency}`: publish an event instead, or add the edge to {MAP} with an ADR"
                );
                findings.push(Finding::new(path, text));
            }
        }
    }
    Ok(())
}

/// `other::name` or `other::{…}`, unless it is a part of a longer path.
static CALL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([A-Za-z0-9_]+)::(\{|\*|[A-Za-z0-9_]+)").ok());

fn check_calls(path: &str, text: &str, name: &str, allowed: &Allowed, findings: &mut Vec<Finding>) {
    let code = without_comments(text);
    let Some(call) = CALL.as_ref() else { return };
    let is_module = |other: &str| allowed.contains_key(other) && !PLATFORM.contains(&other) && other != name;
    for found in call.captures_iter(&code) {
        let (Some(whole), Some(other), Some(what)) = (found.get(0), found.get(1), found.get(2)) else {
            continue;
        };
        let before = code.get(..whole.start()).unwrap_or("");
        if !is_module(other.as_str()) || is_inside_path(before) {
            continue;
        }
        let names = if what.as_str() == "{" {
            heads(code.get(what.end()..).unwrap_or(""))
        } else {
            vec![what.as_str().to_owned()]
        };
        for head in names {
            let may = DOORS.contains(&head.as_str())
                || (ASSEMBLERS.contains(&name) && DOORS_OF_ASSEMBLERS.contains(&head.as_str()));
            if !may {
                let text = format!(
                    "`{}::{head}` goes past the door of `{0}`: call what it offers in `api`, or listen to its `events`",
                    other.as_str()
                );
                findings.push(Finding::at(path, &code, whole.start(), text));
            }
        }
    }
}

/// Whether what follows continues a path such as `crate::`; a leading `::` starts one.
fn is_inside_path(before: &str) -> bool {
    let Some(rest) = before.strip_suffix("::") else { return false };
    rest.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '>'))
}

/// The first names in a brace of a `use`: of `api, model::{A, B}}` those are `api` and `model`.
fn heads(brace: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut head = String::new();
    let mut is_head = true;
    for c in brace.chars() {
        match c {
            '{' => depth = depth.saturating_add(1),
            '}' if depth == 0 => break,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                heads.push(std::mem::take(&mut head));
                is_head = true;
            }
            ':' | ' ' if depth == 0 && !head.is_empty() => is_head = false,
            c if depth == 0 && is_head && !c.is_whitespace() => head.push(c),
            _ => {}
        }
    }
    heads.push(head);
    heads.retain(|head| !head.is_empty());
    heads
}

/// The same text with line comments blanked, so that offsets stay.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // A `//` after a quote may be a part of a string, such as an address.
        match line.find("//").filter(|at| !line.get(..*at).is_some_and(|head| head.contains('"'))) {
            Some(at) => {
                let (head, comment) = line.split_at_checked(at).unwrap_or((line, ""));
                out.push_str(head);
                out.extend(comment.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            }
            None => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAG: &str = "text\n```dag\nbase:\ndb: base\nstock: base, db\norders: base, stock\nserver: *\n```\n";

    fn texts(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![(MAP, DAG)];
        all.extend_from_slice(files);
        check(&Tree::of(&all)).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn known_edges_pass_and_unknown_ones_fail() {
        assert!(
            texts(&[("crates/orders/Cargo.toml", "[dependencies]\nstock.workspace = true\nserde = \"1\"")])
                .is_empty()
        );
        assert!(
            texts(&[("crates/stock/Cargo.toml", "[dev-dependencies]\norders.workspace = true")]).is_empty()
        );
        assert!(
            texts(&[("crates/server/Cargo.toml", "[dependencies]\norders = { path = \"../orders\" }")])
                .is_empty()
        );
        let found = texts(&[("crates/stock/Cargo.toml", "[dependencies]\norders.workspace = true")]);
        assert!(
            found[0].starts_with("crates/stock/Cargo.toml: `stock` may not depend on `orders`"),
            "{found:?}"
        );
        let found = texts(&[("crates/play/Cargo.toml", "")]);
        assert!(found[0].contains("`play` has no line in the DAG"), "{found:?}");
    }

    #[test]
    fn the_map_has_no_cycle() {
        let map = "```dag\na: b\nb: a\nb:\nx\n```";
        let found: Vec<_> =
            check(&Tree::of(&[(MAP, map)])).unwrap().iter().map(ToString::to_string).collect();
        assert!(found[0].starts_with("ARCHITECTURE.md:2: `b` has no line above"), "{found:?}");
        assert!(found[1].contains("two lines") && found[2].contains("reads `crate:"), "{found:?}");
        assert!(check(&Tree::of(&[(MAP, "none")])).unwrap()[0].text.contains("no block"));
        assert!(check(&Tree::of(&[])).unwrap()[0].text.contains("is missing"));
    }

    #[test]
    fn modules_are_entered_through_their_doors() {
        let fine =
            "use stock::api::{hold, Hold};\nuse stock::{api, events::Held};\nfn f() { stock::api::hold(); }\n
            // stock::store is private\n mod stock {}\n use crate::stock::store;\n db::Tx; self::stock::x();";
        assert!(texts(&[("crates/orders/src/lib.rs", fine)]).is_empty());
        for (code, what) in [
            ("\nstock::store::find(tx)", "stock::store"),
            ("\nuse stock::{api, model::{A, B}};", "stock::model"),
            ("\nuse stock::{\n    api::x,\n    store,\n};", "stock::store"),
            ("\nuse stock::*;", "stock::*"),
            ("\n::stock::Hold", "stock::Hold"),
            ("\nstock::module()", "stock::module"),
        ] {
            let found = texts(&[("crates/orders/src/a.rs", code)]);
            assert_eq!(found.len(), 1, "{code} {found:?}");
            assert!(
                found[0].starts_with("crates/orders/src/a.rs:2: ") && found[0].contains(what),
                "{found:?}"
            );
        }
        assert!(texts(&[("crates/server/src/main.rs", "stock::module()")]).is_empty());
        assert!(texts(&[("crates/stock/src/a.rs", "stock::store::x()")]).is_empty());
        assert!(texts(&[("crates/orders/tests/it/main.rs", "stock::store::x()")]).is_empty());
    }
}
