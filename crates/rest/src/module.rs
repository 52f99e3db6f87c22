//! What a module brings to the program.

use base::PersonId;
use db::{DbError, Migrations, Rx, Tx};
use utoipa_axum::router::OpenApiRouter;
use work::{JobHandler, Subscriber};

use crate::Ctx;

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
    /// Its invariants.
    pub audits: Vec<Audit>,
    /// What it does when a guest signs in.
    pub merge_guest: Option<MergeGuest>,
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
            audits: Vec::new(),
            merge_guest: None,
        }
    }
}
