//! The invariants of points, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "points-ledger",
            title: "lots, what is owed and the log are what the ledger says",
            run: ledger,
        },
        Audit {
            id: "points-lots",
            title: "each point of a lot is there, spent, taken back or expired",
            run: lots,
        },
        Audit { id: "points-orders", title: "orders earn and spend what their log says", run: orders },
    ]
}

fn ledger(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = rest::audit_rows(
        rx,
        "SELECT p.person FROM audit_points_purses p
         LEFT JOIN (SELECT shop, person, SUM(remaining) AS points FROM audit_points_lots GROUP BY shop, person) l
             ON l.shop = p.shop AND l.person = p.person
         LEFT JOIN (SELECT shop, person, SUM(amount) AS points, SUM(owed) AS owed FROM audit_points_log
             GROUP BY shop, person) g ON g.shop = p.shop AND g.person = p.person
         LEFT JOIN (SELECT a.owner_id AS person, a.currency AS currency, SUM(b.posted_cr - b.posted_dr) AS points
             FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id WHERE a.kind = 'points'
             GROUP BY a.owner_id, a.currency) c ON c.person = p.person AND c.currency = 'points:' || p.shop
         LEFT JOIN (SELECT a.owner_id AS person, a.currency AS currency, SUM(b.posted_dr - b.posted_cr) AS points
             FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id WHERE a.kind = 'points_debt'
             GROUP BY a.owner_id, a.currency) d ON d.person = p.person AND d.currency = 'points:' || p.shop
         WHERE COALESCE(l.points, 0) <> COALESCE(c.points, 0) OR COALESCE(g.points, 0) <> COALESCE(c.points, 0)
             OR p.owed <> COALESCE(d.points, 0) OR COALESCE(g.owed, 0) <> COALESCE(d.points, 0)
         ORDER BY p.person LIMIT 20",
        &[],
    )?;
    // What the shop has promised is what people have, less what they owe; and nobody has any without a purse.
    failures.extend(rest::audit_rows(
        rx,
        "SELECT i.shop FROM (SELECT a.owner_id AS shop, SUM(b.posted_dr - b.posted_cr) AS points
             FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id WHERE a.kind = 'issued'
             GROUP BY a.owner_id) i
         LEFT JOIN (SELECT shop, SUM(remaining) AS points FROM audit_points_lots GROUP BY shop) l ON l.shop = i.shop
         LEFT JOIN (SELECT shop, SUM(owed) AS points FROM audit_points_purses GROUP BY shop) p ON p.shop = i.shop
         WHERE i.points <> COALESCE(l.points, 0) - COALESCE(p.points, 0) ORDER BY i.shop LIMIT 20",
        &[],
    )?);
    failures.extend(rest::audit_rows(
        rx,
        "SELECT l.id FROM audit_points_lots l
         LEFT JOIN audit_points_purses p ON p.shop = l.shop AND p.person = l.person
         WHERE p.person IS NULL ORDER BY l.id LIMIT 20",
        &[],
    )?);
    Ok(failures)
}

fn lots(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT l.id FROM audit_points_lots l
         LEFT JOIN (SELECT lot, SUM(amount - restored) AS spent FROM audit_points_pieces GROUP BY lot) p ON p.lot = l.id
         WHERE l.spent <> COALESCE(p.spent, 0) OR l.amount <> l.remaining + l.spent + l.taken + l.expired
         ORDER BY l.id LIMIT 20",
        &[],
    )
}

fn orders(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = rest::audit_rows(
        rx,
        "SELECT s.order_id FROM audit_points_spends s
         LEFT JOIN (SELECT order_id, SUM(amount) AS points, SUM(back) AS back FROM audit_points_pieces
             GROUP BY order_id) p ON p.order_id = s.order_id
         LEFT JOIN (SELECT order_id, SUM(amount) AS points FROM audit_points_log
             WHERE kind IN ('spend', 'return') GROUP BY order_id) g ON g.order_id = s.order_id
         WHERE s.points <> COALESCE(p.points, 0) OR s.back <> COALESCE(p.back, 0)
             OR COALESCE(g.points, 0) <> s.back - s.points
         ORDER BY s.order_id LIMIT 20",
        &[],
    )?;
    // Without a division: what is earned is a multiple that fits, and the next does not.
    failures.extend(rest::audit_rows(
        rx,
        "SELECT e.order_id FROM audit_points_earned e
         LEFT JOIN (SELECT order_id, SUM(amount - owed) AS points FROM audit_points_log
             WHERE kind IN ('order', 'take_back') GROUP BY order_id) g ON g.order_id = e.order_id
         WHERE COALESCE(g.points, 0) <> e.points + e.forgiven
             OR e.points * e.unit > (e.paid - e.back) * e.per_unit
             OR (e.points + e.per_unit) * e.unit < (e.paid - e.back) * e.per_unit
         ORDER BY e.order_id LIMIT 20",
        &[],
    )?);
    Ok(failures)
}
