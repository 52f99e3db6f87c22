//! The invariants of invoices, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "invoice-sums",
            title: "an issued invoice is the sum of its lines, and what was taken off it the sum of its red letters",
            run: sums,
        },
        Audit {
            id: "invoice-kept",
            title: "an issued invoice less its red letters is what the buyer paid and kept",
            run: kept,
        },
    ]
}

fn sums(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT i.invoice_id FROM audit_invoices i
         LEFT JOIN (SELECT invoice_id, SUM(amount) AS amount, SUM(tax) AS tax, SUM(red) AS red, SUM(red_tax) AS red_tax
             FROM audit_invoice_lines GROUP BY invoice_id) l ON l.invoice_id = i.invoice_id
         LEFT JOIN (SELECT invoice_id, SUM(amount) AS amount, SUM(tax) AS tax
             FROM audit_red_letters GROUP BY invoice_id) t ON t.invoice_id = i.invoice_id
         WHERE COALESCE(l.amount, 0) <> i.amount OR COALESCE(l.tax, 0) <> i.tax OR COALESCE(l.red, 0) <> i.red
             OR COALESCE(t.amount, 0) <> i.red OR COALESCE(t.tax, 0) <> COALESCE(l.red_tax, 0)
             OR (i.state <> 'issued' AND i.amount <> 0)
         ORDER BY i.invoice_id LIMIT 20",
        &[],
    )
}

// A refund is taken off when its event is heard: an order of which one waits is not looked at.
fn kept(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT i.invoice_id FROM audit_invoices i JOIN audit_orders o ON o.id = i.order_id
         WHERE i.state = 'issued' AND i.amount - i.red <> o.captured - o.refunded
             AND NOT EXISTS (SELECT 1 FROM audit_outbox e WHERE e.aggregate = i.order_id AND e.published = 0)
         ORDER BY i.invoice_id LIMIT 20",
        &[],
    )
}
