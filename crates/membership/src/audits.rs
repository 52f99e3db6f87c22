//! The invariants of membership, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "members-growth",
            title: "an order's growth is what it kept is worth, and the sum of its log",
            run: growth,
        },
        Audit {
            id: "members-terms",
            title: "a paid card lasts no longer than promised, and one of a person with a shop counts at a time",
            run: terms,
        },
    ]
}

fn terms(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT t.order_id FROM audit_member_terms t
         WHERE t.ends_at - t.starts_at > t.days * 86400000000 OR EXISTS (
             SELECT 1 FROM audit_member_terms u
             WHERE u.person = t.person AND u.shop = t.shop AND (u.order_id <> t.order_id OR u.line <> t.line)
                 AND u.starts_at < t.ends_at AND t.starts_at < u.ends_at)
         ORDER BY t.order_id LIMIT 20",
        &[],
    )
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
