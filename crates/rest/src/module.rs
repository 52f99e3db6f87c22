//! What a module brings to the program.

use std::collections::BTreeSet;

use base::PersonId;
use db::{DbError, Migrations, Param, Rx, Tx};
use utoipa_axum::router::OpenApiRouter;
use work::{JobHandler, Subscriber};

use crate::{Ctx, Personal};

/// Rows that break an invariant, in words; empty when it holds.
pub type AuditFailures = Vec<String>;

/// One invariant that SQL can see.
#[derive(Clone, Copy)]
pub struct Audit {
    /// `INV-3`.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// Looks for what breaks it.
    pub run: fn(&mut Rx) -> Result<AuditFailures, DbError>,
}

/// The rows of a statement over the audit views, one text each.
///
/// Where views are joined, each is first read whole: their ids are made into text, so no index serves a join of them,
/// and SQLite would run through one view for each row of the other.
///
/// # Errors
/// Whatever the store says.
pub fn audit_rows(rx: &mut Rx, sql: &str, params: &[Param]) -> Result<AuditFailures, DbError> {
    rx.list(&read_whole(sql), params, |row| row.get(0))
}

fn read_whole(sql: &str) -> String {
    const VIEW: &str = "audit_";
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let named = sql.match_indices(VIEW).filter_map(|(at, _)| sql.get(at..)?.split(|c| !is_of_name(c)).next());
    let views: BTreeSet<&str> = named.collect();
    if !sql.contains("JOIN") || views.is_empty() {
        return sql.to_owned();
    }
    let whole: Vec<String> = views
        .iter()
        .map(|view| format!("{} AS MATERIALIZED (SELECT * FROM {view})", view.replace(VIEW, "whole_")))
        .collect();
    let (whole, sql) = (whole.join(", "), sql.replace(VIEW, "whole_"));
    // PostgreSQL, which knows nothing of what was read whole, takes a joined row for a likely thing, and under a limit
    // would go through all pairs in the hope of soon having enough. Found as a whole and cut afterwards, it hashes.
    let cut = sql.rsplit_once("ORDER BY").and_then(|(all, tail)| Some((all, tail.rsplit_once("LIMIT")?.1)));
    let Some((all, limit)) = cut else { return format!("WITH {whole} {sql}") };
    let all = all.trim_end();
    format!(
        "WITH {whole}, found (told) AS MATERIALIZED ({all}) SELECT told FROM found ORDER BY told LIMIT{limit}"
    )
}

/// Moves what belongs to a guest over to the member the guest turned out to be. Runs in the transaction that
/// signs the person in.
pub type MergeGuest = fn(&mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError>;

/// A module: its tables, routes, reactions and invariants.
pub struct Module {
    /// Its name; its tables start with it.
    pub name: &'static str,
    /// Its tables.
    pub migrations: Migrations,
    /// Its routes.
    pub routes: OpenApiRouter<Ctx>,
    /// Its reactions to events.
    pub subscribers: Vec<Subscriber>,
    /// Its jobs.
    pub jobs: Vec<JobHandler>,
    /// Its jobs that talk to the outside and so need the context.
    pub outside: Option<fn(&Ctx) -> Vec<JobHandler>>,
    /// Its invariants.
    pub audits: Vec<Audit>,
    /// What it does when a guest signs in.
    pub merge_guest: Option<MergeGuest>,
    /// What it keeps about people.
    pub personal: Personal,
}

impl Module {
    /// A module with nothing but tables.
    pub fn new(migrations: Migrations) -> Self {
        Self {
            name: migrations.module,
            migrations,
            routes: OpenApiRouter::new(),
            subscribers: Vec::new(),
            jobs: Vec::new(),
            outside: None,
            audits: Vec::new(),
            merge_guest: None,
            personal: Personal::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_views_are_read_whole_first() {
        let plain = "SELECT id FROM audit_orders WHERE total < 0";
        assert_eq!(read_whole(plain), plain);
        assert_eq!(
            read_whole("SELECT o.id FROM audit_orders o JOIN audit_lines l ON l.order_id = o.id"),
            "WITH whole_lines AS MATERIALIZED (SELECT * FROM audit_lines), \
             whole_orders AS MATERIALIZED (SELECT * FROM audit_orders) \
             SELECT o.id FROM whole_orders o JOIN whole_lines l ON l.order_id = o.id"
        );
        assert_eq!(
            read_whole(
                "SELECT o.id FROM audit_orders o JOIN audit_orders p ON p.id = o.id ORDER BY o.id LIMIT :most"
            ),
            "WITH whole_orders AS MATERIALIZED (SELECT * FROM audit_orders), \
             found (told) AS MATERIALIZED (SELECT o.id FROM whole_orders o JOIN whole_orders p ON p.id = o.id) \
             SELECT told FROM found ORDER BY told LIMIT :most"
        );
    }
}
