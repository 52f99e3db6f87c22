//! One SQL text for both engines: named parameters, and the few words that differ in definitions.

use std::sync::Arc;

use crate::{DbError, Engine, Param, Value};

/// A statement with its `:name` parameters turned into `$1`, `$2`, …, which both engines read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    pub(crate) names: Vec<String>,
}

impl Parsed {
    pub(crate) fn new(sql: &str) -> Arc<Self> {
        let mut text = String::with_capacity(sql.len());
        let mut names: Vec<String> = Vec::new();
        let mut rest = sql;
        while let Some(c) = rest.chars().next() {
            let skipped = match c {
                '\'' => rest.get(1..).and_then(|tail| tail.find('\'')).map(|end| end.saturating_add(2)),
                '-' if rest.starts_with("--") => rest.find('\n'),
                '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end.saturating_add(2)),
                ':' if rest.starts_with("::") => Some(2),
                ':' => None,
                _ => Some(c.len_utf8()),
            };
            let name: String = if c == ':' && skipped.is_none() {
                rest.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
            } else {
                String::new()
            };
            if name.is_empty() {
                let (head, tail) = rest.split_at_checked(skipped.unwrap_or(rest.len())).unwrap_or((rest, ""));
                text.push_str(head);
                rest = tail;
                continue;
            }
            rest = rest.get(name.len().saturating_add(1)..).unwrap_or("");
            let position = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len().saturating_sub(1)
            });
            text.push('$');
            text.push_str(&position.saturating_add(1).to_string());
        }
        Arc::new(Self { text, names })
    }

    /// The values in the order of the statement's `$n`.
    pub(crate) fn bind<'p>(&self, params: &'p [Param]) -> Result<Vec<&'p Value>, DbError> {
        if params.len() != self.names.len() {
            return Err(DbError::Bug(format!(
                "{} parameters given for {:?} in: {}",
                params.len(),
                self.names,
                self.text
            )));
        }
        let find = |name: &String| {
            let found = params.iter().find(|(given, _)| given == name).map(|(_, value)| value);
            found.ok_or_else(|| DbError::Bug(format!("parameter :{name} is missing in: {}", self.text)))
        };
        self.names.iter().map(find).collect()
    }
}

fn hex_calls(engine: Engine, sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((head, tail)) = rest.split_once("lower_hex(") {
        let (column, after) = tail.split_once(')').unwrap_or((tail, ""));
        out.push_str(head);
        out.push_str(&match engine {
            Engine::Sqlite => format!("NULLIF(lower(hex({column})), '')"),
            Engine::Postgres => format!("encode({column}, 'hex')"),
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Tables whose definition ends with `);` on a line of its own, lying in the order of their primary key.
///
/// SQLite else keeps a row under a number of its own and the key in an index beside it: two trees to write for each
/// row, and two to search. Rows of some hundred bytes are better off with that, since they would fill the inner pages
/// of the key's tree; their tables are marked `/* wide */`.
fn by_key(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut is_by_key = false;
    for line in sql.split_inclusive('\n') {
        if line.starts_with("CREATE TABLE ") {
            is_by_key = !line.contains("/* wide */");
        }
        if is_by_key && line.trim_end() == ");" {
            out.push_str(") WITHOUT ROWID;\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Turns a migration into the engine's own words.
///
/// Tables are written in the common subset; a few things differ. `BLOB` is `BYTEA` on PostgreSQL;
/// `id_text('ord', column)`, which prints an id as the API does, and `lower_hex(column)` become what each engine
/// has for hex; and `micros_now()`, for `audit_clock` only, what each has for the time. SQLite is told to keep tables
/// by their key.
pub(crate) fn definition(engine: Engine, sql: &str) -> String {
    let sql = hex_calls(engine, sql);
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some(start) = rest.find("id_text('") {
        let (head, tail) = rest.split_at_checked(start).unwrap_or((rest, ""));
        out.push_str(head);
        let arguments = tail.get("id_text('".len()..).unwrap_or("");
        let (prefix, after) = arguments.split_once("',").unwrap_or((arguments, ""));
        let (column, after) = after.split_once(')').unwrap_or((after, ""));
        let column = column.trim();
        out.push_str(&match engine {
            // hex(NULL) is '' on SQLite; NULLIF keeps an absent id absent.
            Engine::Sqlite => format!("('{prefix}_' || NULLIF(lower(hex({column})), ''))"),
            Engine::Postgres => format!("('{prefix}_' || encode({column}, 'hex'))"),
        });
        rest = after;
    }
    out.push_str(rest);
    match engine {
        Engine::Sqlite => by_key(&out)
            .replace("micros_now()", "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"),
        Engine::Postgres => out
            .replace(" BLOB", " BYTEA")
            .replace("micros_now()", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_positions_outside_of_strings_and_comments() {
        let parsed =
            Parsed::new("SELECT ':x', a::BIGINT -- :y\nFROM t WHERE a = :a AND b = :b_1 OR a > :a /* :z */");
        assert_eq!(
            parsed.text,
            "SELECT ':x', a::BIGINT -- :y\nFROM t WHERE a = $1 AND b = $2 OR a > $1 /* :z */"
        );
        assert_eq!(parsed.names, ["a", "b_1"]);
    }

    #[test]
    fn a_missing_or_spare_parameter_is_a_mistake() {
        let parsed = Parsed::new("SELECT :a");
        assert!(parsed.bind(crate::params!["a" => 1]).is_ok());
        assert!(parsed.bind(crate::params!["b" => 1]).is_err());
        assert!(parsed.bind(crate::params!["a" => 1, "b" => 2]).is_err());
    }

    #[test]
    fn definitions_differ_in_two_words_only() {
        let sql =
            "CREATE VIEW v AS SELECT id_text('ord', o.id) AS id FROM o; CREATE TABLE t (id BLOB NOT NULL)";
        assert_eq!(
            definition(Engine::Postgres, sql),
            "CREATE VIEW v AS SELECT ('ord_' || encode(o.id, 'hex')) AS id FROM o; CREATE TABLE t (id BYTEA NOT NULL)"
        );
        assert!(definition(Engine::Sqlite, sql).contains("('ord_' || NULLIF(lower(hex(o.id)), ''))"));
    }

    #[test]
    fn tables_lie_in_the_order_of_their_keys_unless_their_rows_are_wide() {
        let sql = "CREATE TABLE a (\n    id BLOB PRIMARY KEY\n);\nCREATE TABLE b /* wide */ (\n    id BLOB PRIMARY KEY\n);\n";
        let by_key = definition(Engine::Sqlite, sql);
        assert_eq!(by_key.matches("WITHOUT ROWID").count(), 1);
        assert!(by_key.starts_with("CREATE TABLE a (\n    id BLOB PRIMARY KEY\n) WITHOUT ROWID;"));
        assert!(!definition(Engine::Postgres, sql).contains("ROWID"));
    }
}
