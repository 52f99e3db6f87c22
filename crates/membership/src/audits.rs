//! The invariants of membership, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![Audit {
        id: "members-growth",
        title: "an order's growth is what it kept is worth, and the sum of its log",
        run: growth,
    }]
}

fn growth(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    // Without a division: growth is factor times the whole units, so it is a multiple that fits and the next does not.
    rest::audit_rows(
        rx,
        "SELECT o.order_id FROM audit_member_orders o
         LEFT JOIN (SELECT order_id, SUM(amount) AS amount FROM audit_member_growth GROUP BY order_id) g
             ON g.order_id = o.order_id
         WHERE COALESCE(g.amount, 0) <> o.growth OR o.growth * o.unit > (o.paid - o.back) * o.factor
             OR (o.growth + o.factor) * o.unit < (o.paid - o.back) * o.factor
         ORDER BY o.order_id LIMIT 20",
        &[],
    )
}
