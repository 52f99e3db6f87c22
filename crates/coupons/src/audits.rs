//! The invariants of coupons, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "INV-22",
            title: "coupons are issued within their limits, and each goes to one order",
            run: uses,
        },
        Audit {
            id: "coupons-growth",
            title: "what a coupon has grown is the sum of its causes, within its cap",
            run: growth,
        },
    ]
}

fn uses(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = rest::audit_rows(
        rx,
        "SELECT t.id FROM audit_coupon_templates t
         LEFT JOIN (SELECT template, COUNT(*) AS issued FROM audit_coupons GROUP BY template) c ON c.template = t.id
         WHERE t.issued <> COALESCE(c.issued, 0) OR t.promised <> t.issued * t.worth_each
             OR (t.issue_max IS NOT NULL AND t.issued > t.issue_max)
             OR (t.worth_max IS NOT NULL AND t.promised > t.worth_max)
         ORDER BY t.id LIMIT 20",
        &[],
    )?;
    failures.extend(rest::audit_rows(
        rx,
        "SELECT t.id FROM audit_coupon_templates t JOIN audit_coupons c ON c.template = t.id
         GROUP BY t.id, t.per_person, c.person HAVING COUNT(*) > t.per_person ORDER BY t.id LIMIT 20",
        &[],
    )?);
    failures.extend(rest::audit_rows(
        rx,
        "SELECT c.id FROM audit_coupons c JOIN audit_coupon_templates t ON t.id = c.template
         LEFT JOIN audit_coupon_uses u ON u.coupon = c.id AND u.state = 'used'
         WHERE (c.state = 'used') <> (u.order_id IS NOT NULL)
             OR COALESCE(c.order_id, '') <> COALESCE(u.order_id, '') OR u.off > t.worth_each
         ORDER BY c.id LIMIT 20",
        &[],
    )?);
    failures.extend(rest::audit_rows(
        rx,
        "SELECT v.code FROM audit_vouchers v
         LEFT JOIN (SELECT code, COUNT(*) AS used FROM audit_voucher_uses WHERE state <> 'released' GROUP BY code) u
             ON u.code = v.code
         WHERE v.used <> COALESCE(u.used, 0) OR v.used > v.limit_total ORDER BY v.code LIMIT 20",
        &[],
    )?);
    Ok(failures)
}

fn growth(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT c.id FROM audit_coupons c JOIN audit_coupon_templates t ON t.id = c.template
         LEFT JOIN (SELECT coupon, SUM(amount) AS amount FROM audit_coupon_growth GROUP BY coupon) g
             ON g.coupon = c.id
         WHERE COALESCE(g.amount, 0) <> c.grown OR c.grown > t.worth_each
             OR EXISTS (SELECT 1 FROM audit_coupon_growth own WHERE own.coupon = c.id AND own.cause = c.person)
         ORDER BY c.id LIMIT 20",
        &[],
    )
}
