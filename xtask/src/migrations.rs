//! Migrations: numbered without gaps, and a module makes only what starts with its name.

use std::collections::BTreeMap;

use regex::Regex;

use crate::Result;
use crate::files::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut modules = BTreeMap::<&str, Vec<&str>>::new();
    for (path, text) in tree.iter() {
        let parts: Vec<_> = path.split('/').collect();
        if let ["crates", module, "migrations", file] = parts.as_slice() {
            modules.entry(module).or_default().push(file);
            findings.extend(check_names(path, text, module)?);
        }
    }
    for (module, files) in modules {
        findings.extend(check_numbers(module, &files)?);
    }
    Ok(findings)
}

fn check_names(path: &str, text: &str, module: &str) -> Result<Vec<Finding>> {
    let code = without_comments(text)?;
    let statement = Regex::new(
        r"(?is)\b(CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+)?(?:(TEMP|TEMPORARY|MATERIALIZED|VIRTUAL)\s+)?(TABLE|INDEX|VIEW|TRIGGER|FUNCTION|PROCEDURE|SEQUENCE)\s+(?:CONCURRENTLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?([A-Za-z0-9_]+)(?:\s+ON\s+([A-Za-z0-9_]+))?",
    )?;
    let is_own = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let mut findings = Vec::new();
    for found in statement.captures_iter(&code) {
        let part = |index| found.get(index).map_or("", |part: regex::Match<'_>| part.as_str());
        let start = found.get(0).map_or(0, |whole| whole.start());
        let mut tell = |message: String| findings.push(Finding::at(path, &code, start, message));
        let (special, kind, name, on) = (part(2), part(3).to_ascii_uppercase(), part(4), part(5));
        if !special.is_empty() || !matches!(kind.as_str(), "TABLE" | "INDEX" | "VIEW") {
            tell(format!("{special} {kind} {name}: only plain tables, indexes and views (RULES-SQL 3)"));
        }
        let is_audit = kind == "VIEW" && name.to_ascii_lowercase().starts_with("audit_");
        if !is_own(name) && !is_audit {
            let also = if kind == "VIEW" { " or `audit_`" } else { "" };
            tell(format!(
                "{kind} `{name}` must start with `{module}_`{also}: a module owns what bears its name"
            ));
        }
        if !on.is_empty() && !is_own(on) {
            tell(format!("index `{name}` is on `{on}`, a table of another module"));
        }
    }
    Ok(findings)
}

fn check_numbers(module: &str, files: &[&str]) -> Result<Vec<Finding>> {
    let name = Regex::new(r"^(\d{4})_([a-z0-9_]+)(?:\.(sqlite|postgres))?\.sql$")?;
    let mut findings = Vec::new();
    let mut steps = BTreeMap::<usize, Vec<(&str, &str)>>::new();
    for file in files {
        let path = format!("crates/{module}/migrations/{file}");
        let Some(found) = name.captures(file) else {
            findings.push(Finding::new(
                &path,
                "name it NNNN_name.sql, or NNNN_name.postgres.sql where it must differ",
            ));
            continue;
        };
        let part = |index| found.get(index).map_or("", |part: regex::Match<'_>| part.as_str());
        steps.entry(part(1).parse()?).or_default().push((part(2), part(3)));
    }
    for ((number, same), expected) in steps.iter().zip(1_usize..) {
        let path =
            format!("crates/{module}/migrations/{number:04}_{}", same.first().map_or("", |(name, _)| name));
        if *number != expected {
            findings
                .push(Finding::new(&path, format!("the numbers run 1, 2, 3, …: {expected:04} is missing")));
            break;
        }
        let is_one = same.iter().all(|(name, _)| Some(*name) == same.first().map(|(name, _)| *name));
        let mut engines: Vec<_> = same.iter().map(|(_, engine)| *engine).collect();
        engines.sort_unstable();
        engines.dedup();
        if !is_one || engines.len() != same.len() {
            findings.push(Finding::new(
                &path,
                "two migrations have this number: give the later one the next number",
            ));
        }
    }
    Ok(findings)
}

/// The same text with comments blanked, so that offsets stay.
fn without_comments(sql: &str) -> Result<String> {
    let comment = Regex::new(r"(?s)--[^\n]*|/\*.*?\*/")?;
    let blank = |found: &regex::Captures<'_>| {
        let text = found.get(0).map_or("", |whole| whole.as_str());
        text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect::<String>()
    };
    Ok(comment.replace_all(sql, blank).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_module_makes_what_bears_its_name() {
        let sql = "-- CREATE TABLE other (a);\nCREATE TABLE orders_line (id BLOB);\nCREATE TABLE IF NOT EXISTS orders (a BIGINT);
            CREATE UNIQUE INDEX IF NOT EXISTS orders_line_by_sku ON orders_line (sku);
            CREATE VIEW audit_lines AS SELECT 1; ALTER TABLE orders_line ADD COLUMN a BIGINT; DROP VIEW audit_lines;";
        assert!(texts(&[("crates/orders/migrations/0001_orders.sql", sql)]).is_empty());
        for (sql, wanted) in [
            ("\nCREATE TABLE line (a BIGINT)", "0001_a.sql:2: TABLE `line` must start with `orders_`"),
            ("\nCREATE TABLE ordersline (a BIGINT)", "must start with"),
            ("\nCREATE TABLE audit_lines (a BIGINT)", "must start with `orders_`: a module"),
            ("\nCREATE VIEW lines AS SELECT 1", "or `audit_`"),
            ("\nCREATE INDEX orders_x ON stock_level (a)", "a table of another module"),
            ("\nCREATE TEMP TABLE orders_x (a BIGINT)", "only plain tables"),
            ("\nCREATE TRIGGER orders_x AFTER INSERT", "only plain tables"),
        ] {
            let found = texts(&[("crates/orders/migrations/0001_a.sql", sql)]);
            assert!(found.len() == 1 && found[0].contains(wanted), "{sql} {found:?}");
        }
    }

    #[test]
    fn numbers_have_no_gaps_and_no_twins() {
        let fine =
            ["0001_a.sql", "0002_b.sql", "0002_b.postgres.sql", "0003_c.sqlite.sql", "0003_c.postgres.sql"];
        assert!(check_numbers("orders", &fine).unwrap().is_empty());
        for (files, wanted) in [
            (["0001_a.sql", "0003_b.sql"], "0002 is missing"),
            (["0002_a.sql", "0003_b.sql"], "0001 is missing"),
            (["0001_a.sql", "0001_b.sql"], "two migrations"),
            (["0001_a.sql", "2_b.sql"], "name it NNNN_name.sql"),
        ] {
            let found = check_numbers("orders", &files).unwrap();
            assert!(found.len() == 1 && found[0].text.contains(wanted), "{files:?} {found:?}");
        }
    }
}
