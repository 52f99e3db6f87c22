//! The invariants of flash sales, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "flash-quota",
            title: "what is used of a flash sale is what orders took, and no more than there is",
            run: quota,
        },
        Audit {
            id: "flash-person",
            title: "what a person has of a flash sale is what the person's orders took",
            run: person,
        },
    ]
}

fn quota(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT p.sku FROM audit_flash_prices p
         LEFT JOIN (SELECT sale, sku, SUM(units) AS units FROM audit_flash_uses WHERE state = 'taken' GROUP BY sale, sku) u
             ON u.sale = p.sale AND u.sku = p.sku
         WHERE p.used <> COALESCE(u.units, 0) OR p.used > p.quota ORDER BY p.sku LIMIT 20",
        &[],
    )
}

fn person(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT p.person FROM audit_flash_people p
         LEFT JOIN (SELECT sale, person, SUM(units) AS units FROM audit_flash_uses WHERE state = 'taken'
             GROUP BY sale, person) u ON u.sale = p.sale AND u.person = p.person
         WHERE p.units <> COALESCE(u.units, 0) ORDER BY p.person LIMIT 20",
        &[],
    )
}
