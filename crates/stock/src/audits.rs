//! The stock's invariants, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "INV-15",
            title: "never more promised than there is; sold + on hand = adjusted",
            run: levels,
        },
        Audit { id: "INV-17", title: "what is held is what the active reservations say", run: holds },
    ]
}

fn levels(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rx.list(
        "SELECT sku FROM audit_stock
         WHERE on_hand - reserved < 0 OR reserved < 0 OR sold < 0 OR sold + on_hand <> adjusted ORDER BY sku LIMIT 20",
        &[],
        |row| row.get(0),
    )
}

fn holds(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rx.list(
        "SELECT s.sku FROM audit_stock s LEFT JOIN (
             SELECT sku, location, SUM(CASE WHEN state = 'active' THEN qty ELSE 0 END) AS active
             FROM audit_reservations GROUP BY sku, location) r ON r.sku = s.sku AND r.location = s.location
         WHERE s.reserved <> COALESCE(r.active, 0) ORDER BY s.sku LIMIT 20",
        &[],
        |row| row.get(0),
    )
}
