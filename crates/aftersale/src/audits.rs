//! The invariants of after-sale cases, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "INV-9",
            title: "no case gave back more than was asked for, or than its order gave back",
            run: money,
        },
        Audit { id: "INV-12", title: "orders count their open cases", run: open },
    ]
}

fn money(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT o.id FROM audit_orders o
         JOIN (SELECT order_id, SUM(refunded) AS refunded,
                      MAX(CASE WHEN refunded > amount THEN 1 ELSE 0 END) AS beyond
               FROM audit_after_sales GROUP BY order_id) c ON c.order_id = o.id
         WHERE c.refunded > o.refunded OR c.beyond = 1 ORDER BY o.id LIMIT 20",
        &[],
    )
}

fn open(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT o.order_id FROM audit_order_cases o
         LEFT JOIN (SELECT order_id, COUNT(*) AS cases FROM audit_after_sales
                    WHERE state NOT IN ('done', 'withdrawn', 'rejected') GROUP BY order_id) c
             ON c.order_id = o.order_id
         WHERE o.open_cases <> COALESCE(c.cases, 0) ORDER BY o.order_id LIMIT 20",
        &[],
    )
}
