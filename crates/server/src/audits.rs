//! The audit as a request: what `tuan admin audit` checks, for the operator's page.

use std::sync::Arc;

use axum::http::StatusCode;
use db::{DbError, Rx};
use rest::{Audit, Common, Ctx, Json, Member, OpenApiRouter, Refused, routes};
use serde::Serialize;

/// All invariants. Put into the context's extensions at start.
pub(crate) struct Audits(pub(crate) Vec<Audit>);

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(ledger_audit))
}

/// What one check found.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckView {
    /// `INV-3`.
    id: String,
    /// What must hold.
    title: String,
    pub(crate) ok: bool,
    /// What breaks it.
    pub(crate) failures: Vec<String>,
}

/// What an audit found.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct AuditView {
    /// Whether every invariant holds.
    ok: bool,
    checks: Vec<CheckView>,
}

/// Runs one check.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn check(rx: &mut Rx, audit: &Audit) -> Result<CheckView, DbError> {
    let failures = (audit.run)(rx)?;
    let (id, title) = (audit.id.to_owned(), audit.title.to_owned());
    Ok(CheckView { id, title, ok: failures.is_empty(), failures })
}

impl CheckView {
    /// The lines to print.
    pub(crate) fn lines(&self) -> Vec<String> {
        let word = if self.ok { "ok    " } else { "FAILED" };
        let mut lines = vec![format!("{word}  {:<8} {}", self.id, self.title)];
        lines.extend(self.failures.iter().map(|failure| format!("          {failure}")));
        lines
    }
}

/// Check every invariant. For operators.
///
/// Each check reads the whole store, away from the threads that serve requests.
#[utoipa::path(post, path = "/api/v1/ledger/audit", tag = "ledger",
    responses((status = 200, body = AuditView), Common))]
async fn ledger_audit(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<(StatusCode, Json<AuditView>), Refused> {
    actor.must_be_operator()?;
    let audits = ctx.extension::<Audits>().unwrap_or_else(|| Arc::new(Audits(Vec::new())));
    let mut checks = Vec::new();
    for audit in audits.0.clone() {
        checks.push(ctx.db().read_long::<_, DbError, _>(move |rx| check(rx, &audit)).await?);
    }
    Ok((StatusCode::OK, Json(AuditView { ok: checks.iter().all(|check| check.ok), checks })))
}
