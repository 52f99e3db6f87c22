//! The invariants of orders, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit { id: "INV-9", title: "no more goes back than was paid, per order and per line", run: refunds },
        Audit { id: "INV-10", title: "lines, discount and delivery sum to the total", run: sums },
        Audit { id: "INV-12", title: "escrow holds exactly what unsettled orders were paid", run: escrow },
        Audit { id: "INV-16", title: "stock sold or held is what the orders say", run: stock },
    ]
}

fn told(rx: &mut Rx, sql: &str) -> Result<AuditFailures, DbError> {
    rest::audit_rows(rx, sql, &[])
}

fn refunds(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT o.id FROM audit_orders o
         LEFT JOIN (SELECT order_id, SUM(CASE WHEN kind = 'capture' THEN amount ELSE 0 END) AS captured,
                           SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunded
                    FROM audit_transfers WHERE state = 'posted' AND kind IN ('capture', 'refund')
                    GROUP BY order_id) t ON t.order_id = o.id
         WHERE o.captured <> COALESCE(t.captured, 0) OR o.refunded <> COALESCE(t.refunded, 0)
            OR o.refunded > o.captured ORDER BY o.id LIMIT 20",
    )?;
    failures.extend(told(
        rx,
        "SELECT order_id FROM audit_lines WHERE refunded > total OR refunded < 0 ORDER BY order_id LIMIT 20",
    )?);
    Ok(failures)
}

fn sums(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT o.id FROM audit_orders o
         JOIN (SELECT order_id, SUM(qty * unit) AS goods, SUM(discount) AS discount, SUM(total) AS total
               FROM audit_lines GROUP BY order_id) l ON l.order_id = o.id
         WHERE o.goods <> l.goods OR o.discount <> l.discount OR o.goods - o.discount <> l.total
            OR o.total <> o.goods - o.discount + o.shipping + o.tax
            OR (o.captured <> 0 AND o.captured <> o.total) ORDER BY o.id LIMIT 20",
    )
}

/// Stronger than «zero when all orders are terminal»: at every moment escrow is the sum of what it is held for.
fn escrow(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT a.owner_id FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id
         LEFT JOIN (SELECT shop, currency, SUM(captured - refunded) AS held FROM audit_orders
                    WHERE state IN ('paid', 'confirmed', 'shipped', 'received') GROUP BY shop, currency) o
             ON o.shop = a.owner_id AND o.currency = a.currency
         WHERE a.kind = 'escrow' AND b.posted_cr - b.posted_dr <> COALESCE(o.held, 0)
         ORDER BY a.owner_id LIMIT 20",
    )
}

fn stock(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT o.id FROM audit_orders o
         JOIN (SELECT order_id, sku, SUM(qty) AS qty FROM audit_lines GROUP BY order_id, sku) l ON l.order_id = o.id
         LEFT JOIN (SELECT order_id, sku, SUM(qty) AS qty FROM audit_reservations WHERE state = 'consumed'
                    GROUP BY order_id, sku) r ON r.order_id = o.id AND r.sku = l.sku
         WHERE o.captured > 0 AND COALESCE(r.qty, 0) <> l.qty ORDER BY o.id LIMIT 20",
    )
}
