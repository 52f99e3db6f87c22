//! The invariants of reach, looked for in the store.

use std::collections::HashMap;

use base::{Id, OrderId, PersonId};
use db::{DbError, Rx, params};
use ledger::api::TransferKind;
use rest::{Audit, AuditFailures};

use crate::model::{self, Terms};
use crate::store::{self, AUDIT_PAGE, Attribution};

/// Rows told of a broken invariant.
const TOLD_MAX: usize = 20;

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit { id: "INV-38", title: "who brought whom is a forest", run: forest },
        Audit { id: "INV-39", title: "at most two levels, for paid goods only", run: levels },
        Audit {
            id: "INV-40",
            title: "one commission per line and level, within the cap; paid = transfers, debts are shown",
            run: commissions,
        },
        Audit { id: "INV-41", title: "the stored touches give the stored sharer", run: attributions },
    ]
}

fn told(rx: &mut Rx, sql: &str) -> Result<AuditFailures, DbError> {
    let most = i64::try_from(TOLD_MAX).unwrap_or(0);
    rest::audit_rows(rx, sql, params!["most" => most])
}

fn forest(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut parents: HashMap<PersonId, PersonId> = HashMap::new();
    let mut after = PersonId::from_bytes([0; 16]);
    loop {
        let page = store::page_of_tree(rx, after)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        parents.extend(page.into_iter().filter_map(|(child, parent)| parent.map(|parent| (child, parent))));
    }
    Ok(cyclic(&parents).into_iter().take(TOLD_MAX).map(|person| person.to_string()).collect())
}

/// People whose way up does not end.
fn cyclic(parents: &HashMap<PersonId, PersonId>) -> Vec<PersonId> {
    // The walk on which a person was first met.
    let mut met: HashMap<PersonId, usize> = HashMap::new();
    let mut failures = Vec::new();
    for (walk, start) in parents.keys().enumerate() {
        let mut place = *start;
        while let Some(parent) = parents.get(&place) {
            match met.get(&place) {
                Some(before) if *before == walk => {
                    failures.push(place);
                    break;
                }
                Some(_) => break,
                None => {}
            }
            met.insert(place, walk);
            place = *parent;
        }
    }
    failures
}

fn levels(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    // A commission is a share of a line that costs something: there is none for recruiting.
    told(
        rx,
        "SELECT id FROM audit_commissions WHERE level NOT IN (1, 2) OR amount <= 0 ORDER BY id LIMIT :most",
    )
}

fn commissions(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT id FROM audit_commissions
         WHERE clawed < 0 OR clawed > amount OR (state = 'released' AND release_at IS NULL)
            OR (state = 'clawed_back' AND clawed <> amount)
         ORDER BY id LIMIT :most",
    )?;
    failures.extend(over_cap(rx)?);
    failures.extend(told(
        rx,
        "SELECT a.order_id FROM audit_commissions a GROUP BY a.order_id, a.line, a.level
         HAVING COUNT(*) > 1 ORDER BY a.order_id LIMIT :most",
    )?);
    failures.extend(debts(rx)?);
    failures.extend(unpaid(rx)?);
    failures.truncate(TOLD_MAX);
    Ok(failures)
}

/// Lines that earn more than the rate, or than the cap of both levels.
fn over_cap(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let most = i64::try_from(TOLD_MAX).unwrap_or(0);
    let tell = |order: OrderId, line: i64| format!("{order} line {line}");
    let mut failures = rx.list(
        "SELECT order_id, line FROM reach_commission WHERE amount * 10000 > base * rate_bp
         ORDER BY order_id, line, level LIMIT :most",
        params!["most" => most],
        |row| Ok(tell(row.get(0)?, row.get(1)?)),
    )?;
    failures.extend(rx.list(
        "SELECT order_id, line FROM reach_commission GROUP BY order_id, line
         HAVING SUM(rate_bp) > 5000 OR SUM(amount) * 10000 > MIN(base) * 5000 ORDER BY order_id, line LIMIT :most",
        params!["most" => most],
        |row| Ok(tell(row.get(0)?, row.get(1)?)),
    )?);
    Ok(failures)
}

/// Debts the ledger does not show alike, on either side.
fn debts(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT y.owner_id FROM (
             SELECT x.owner_id AS owner_id, x.currency AS currency, SUM(x.owed) AS owed FROM (
                 SELECT a.owner_id AS owner_id, a.currency AS currency, b.posted_dr - b.posted_cr AS owed
                 FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id WHERE a.kind = 'debt'
                 UNION ALL
                 SELECT d.person, d.currency, -d.owed FROM reach_debts d) x
             GROUP BY x.owner_id, x.currency) y
         WHERE y.owed <> 0 ORDER BY y.owner_id, y.currency LIMIT :most",
    )
}

/// Orders whose commissions the ledger does not show alike.
fn unpaid(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = Vec::new();
    let mut after = OrderId::from_bytes([0; 16]);
    loop {
        let page: Vec<(OrderId, i64, i64)> = rx.list(
            "SELECT order_id, CAST(SUM(paid) AS BIGINT),
                    CAST(SUM(CASE WHEN paid > 0 THEN clawed - (amount - paid) ELSE 0 END) AS BIGINT)
             FROM reach_commission WHERE order_id > :after GROUP BY order_id ORDER BY order_id LIMIT :limit",
            params!["after" => after, "limit" => AUDIT_PAGE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let Some((last, ..)) = page.last() else { return Ok(failures) };
        after = *last;
        for (order, paid, back) in page {
            let told = ledger::api::sum_of_order(rx, order, TransferKind::Commission)?;
            let told_back = ledger::api::sum_of_order(rx, order, TransferKind::CommissionReversal)?;
            if told != paid || told_back != back {
                failures.push(format!("{order}: paid {paid} of {told}, back {back} of {told_back}"));
            }
        }
    }
}

fn attributions(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = Vec::new();
    let mut after = OrderId::from_bytes([0; 16]);
    loop {
        let page = store::page_of_attributions(rx, after)?;
        let Some(last) = page.last() else { return Ok(failures) };
        after = last.order;
        for row in page {
            if failures.len() < TOLD_MAX && !is_replayed(rx, &row)? {
                failures.push(row.order.to_string());
            }
        }
    }
}

/// Whether the touches that were looked at are still there, and give the same sharer again.
fn is_replayed(rx: &mut Rx, row: &Attribution) -> Result<bool, DbError> {
    let mut touches = row.touches.clone();
    for touch in &touches {
        let stored = store::find_touch(rx, row.buyer, row.merchant, touch.touch)?;
        if stored != Some((touch.at, touch.sharer)) {
            return Ok(false);
        }
    }
    let Attribution { buyer, model, window_hours, placed_at, .. } = *row;
    model::judge(&mut touches, &Terms { buyer, model, window_hours, placed_at });
    let sharer = model::winner(&touches).and_then(|touch| touch.sharer);
    Ok(touches == row.touches && sharer == row.sharer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_found_and_a_chain_is_not() {
        let person = |n: u8| PersonId::from_bytes([n; 16]);
        let tree = |edges: &[(u8, u8)]| edges.iter().map(|(a, b)| (person(*a), person(*b))).collect();
        assert_eq!(cyclic(&tree(&[(1, 2), (2, 3), (4, 3), (5, 4)])), []);
        assert!(!cyclic(&tree(&[(1, 2), (2, 3), (3, 2)])).is_empty());
        assert!(!cyclic(&tree(&[(1, 2), (2, 1), (5, 4)])).is_empty());
    }
}
