//! Both engines have the same tables, columns and views.
#![expect(clippy::disallowed_methods, reason = "the test looks past the store on purpose")]
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use testkit::process::Place;

/// Columns by table or view, in their order, with what they may hold and whether they may be absent.
type Shape = BTreeMap<String, Vec<(String, &'static str, bool)>>;

fn place(folder: &tempfile::TempDir, database: Option<String>) -> Place {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    Place { program, folder: folder.path().to_path_buf(), database }
}

/// Three kinds are all there is: numbers, text, bytes.
fn kind(declared: &str) -> &'static str {
    match declared.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "int" | "int4" => "number",
        "text" | "varchar" | "character varying" => "text",
        "blob" | "bytea" => "bytes",
        other => panic!("a column of type {other:?}: use BIGINT, TEXT or BLOB"),
    }
}

/// The migration runner and the lease keep tables of their own.
fn is_ours(name: &str) -> bool {
    !name.ends_with("_migration") && name != "db_lease"
}

fn sqlite() -> Shape {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder, None);
    assert!(place.run(&["migrate", "up"]).status.success());
    let connection = rusqlite::Connection::open(folder.path().join("tuan.db")).unwrap();
    let mut names =
        connection.prepare("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").unwrap();
    let rows = names.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let mut shape = Shape::new();
    for (name, what) in
        rows.map(Result::unwrap).filter(|(name, _)| is_ours(name) && !name.starts_with("sqlite_"))
    {
        let mut columns = connection.prepare(&format!("PRAGMA table_info({name})")).unwrap();
        let columns = columns.query_map([], |row| {
            Ok((
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, i64>(3)? != 0,
                row.get::<_, i64>(5)? > 0,
            ))
        });
        let columns = columns.unwrap().map(Result::unwrap).map(|(column, declared, is_set, is_key)| {
            // A view's computed columns have no declared type on SQLite.
            if what == "view" { (column, "", false) } else { (column, kind(&declared), is_set || is_key) }
        });
        shape.insert(name, columns.collect());
    }
    shape
}

fn postgres() -> Shape {
    let folder = tempfile::tempdir().unwrap();
    let url = testkit::fresh_database();
    assert!(place(&folder, Some(url.clone())).run(&["migrate", "up"]).status.success());
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    let rows = client
        .query(
            "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, t.table_type
             FROM information_schema.columns c JOIN information_schema.tables t
                 ON t.table_name = c.table_name AND t.table_schema = c.table_schema
             WHERE c.table_schema = 'public' ORDER BY c.table_name, c.ordinal_position",
            &[],
        )
        .unwrap();
    let mut shape = Shape::new();
    for row in rows {
        let (name, column): (String, String) = (row.get(0), row.get(1));
        let (declared, nullable, what): (String, String, String) = (row.get(2), row.get(3), row.get(4));
        if !is_ours(&name) {
            continue;
        }
        let column =
            if what == "VIEW" { (column, "", false) } else { (column, kind(&declared), nullable == "NO") };
        shape.entry(name).or_default().push(column);
    }
    shape
}

#[test]
fn both_engines_have_the_same_schema() {
    let (sqlite, postgres) = (sqlite(), postgres());
    assert!(sqlite.len() > 40, "{}", sqlite.len());
    let names = |shape: &Shape| shape.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (name, columns) in &sqlite {
        assert_eq!(Some(columns), postgres.get(name), "{name}");
    }
    for view in [
        "accounts",
        "transfers",
        "entries",
        "balances",
        "stock",
        "reservations",
        "orders",
        "lines",
        "groups",
        "group_members",
        "referrals",
        "commissions",
        "idempotency",
        "outbox",
        "inbox",
        "clock",
    ] {
        assert!(sqlite.contains_key(&format!("audit_{view}")), "audit_{view} is missing");
    }
}
