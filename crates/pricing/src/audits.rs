//! The invariants of promotions, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![Audit {
        id: "INV-22",
        title: "promotions are used within their limits, and counted as used",
        run: uses,
    }]
}

fn uses(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = rest::audit_rows(
        rx,
        "SELECT p.id FROM audit_promotions p
         LEFT JOIN (SELECT promotion_id, COUNT(*) AS used, SUM(off) AS spent FROM audit_promotion_uses
                    WHERE state = 'taken' GROUP BY promotion_id) u ON u.promotion_id = p.id
         WHERE (p.budget IS NOT NULL OR p.uses_max IS NOT NULL)
             AND (p.used <> COALESCE(u.used, 0) OR p.spent <> COALESCE(u.spent, 0)
                 OR (p.budget IS NOT NULL AND p.spent > p.budget)
                 OR (p.uses_max IS NOT NULL AND p.used > p.uses_max)) ORDER BY p.id LIMIT 20",
        &[],
    )?;
    failures.extend(rest::audit_rows(
        rx,
        "SELECT p.id FROM audit_promotions p JOIN audit_promotion_uses u ON u.promotion_id = p.id
         WHERE p.per_person IS NOT NULL AND u.state = 'taken' GROUP BY p.id, p.per_person, u.person
         HAVING COUNT(*) > p.per_person ORDER BY p.id LIMIT 20",
        &[],
    )?);
    Ok(failures)
}
