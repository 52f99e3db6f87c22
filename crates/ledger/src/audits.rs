//! The ledger's invariants, looked for in the store.

use base::{AccountId, TransferId};
use db::{DbError, Rx, params};
use rest::{Audit, AuditFailures};

use crate::model::Link;

/// Rows told of a broken invariant; more are counted.
const TOLD_MAX: i64 = 20;
/// Entries read at a time when a chain is recomputed.
const CHAIN_PAGE: i64 = 5_000;

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "INV-1",
            title: "each transfer: debits = credits per currency, amounts above zero",
            run: balanced,
        },
        Audit { id: "INV-2", title: "the trial balance is zero per currency", run: trial_balance },
        Audit { id: "INV-3", title: "stored balance = fold of the entries", run: stored_is_folded },
        Audit { id: "INV-4", title: "no account falls below its floor, at no entry", run: floors },
        Audit { id: "INV-5", title: "the hash chains are unbroken", run: chains },
        Audit {
            id: "INV-6",
            title: "a pending transfer is resolved once, in time, by no more than it holds",
            run: holds,
        },
        Audit { id: "INV-7", title: "assets never mix", run: assets },
        Audit { id: "INV-13", title: "fees and commissions name their order", run: named },
    ]
}

fn told(rx: &mut Rx, sql: &str) -> Result<AuditFailures, DbError> {
    rest::audit_rows(rx, sql, params!["most" => TOLD_MAX])
}

fn balanced(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT transfer_id FROM audit_entries GROUP BY transfer_id, currency
         HAVING SUM(CASE WHEN side = 'D' THEN amount ELSE -amount END) <> 0 OR MIN(amount) <= 0
         ORDER BY transfer_id LIMIT :most",
    )?;
    // A posted transfer has entries for its whole amount; a pending one has none.
    failures.extend(told(
        rx,
        "SELECT t.transfer_id FROM audit_transfers t LEFT JOIN audit_entries e
             ON e.transfer_id = t.transfer_id AND e.side = 'D'
         GROUP BY t.transfer_id, t.state, t.amount, t.expires_at
         HAVING COALESCE(SUM(e.amount), 0) <> CASE WHEN t.state = 'posted' AND t.expires_at IS NULL THEN t.amount ELSE 0 END
         ORDER BY t.transfer_id LIMIT :most",
    )?);
    Ok(failures)
}

fn trial_balance(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT currency FROM audit_entries GROUP BY currency
         HAVING SUM(CASE WHEN side = 'D' THEN amount ELSE -amount END) <> 0 ORDER BY currency LIMIT :most",
    )
}

fn stored_is_folded(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT b.account_id FROM audit_balances b
         LEFT JOIN (SELECT account_id, SUM(CASE WHEN side = 'D' THEN amount ELSE 0 END) AS dr,
                           SUM(CASE WHEN side = 'C' THEN amount ELSE 0 END) AS cr
                    FROM audit_entries GROUP BY account_id) e ON e.account_id = b.account_id
         LEFT JOIN (SELECT debit_account AS account_id, SUM(amount) AS dr FROM audit_transfers
                    WHERE state = 'pending' GROUP BY debit_account) d ON d.account_id = b.account_id
         LEFT JOIN (SELECT credit_account AS account_id, SUM(amount) AS cr FROM audit_transfers
                    WHERE state = 'pending' GROUP BY credit_account) c ON c.account_id = b.account_id
         WHERE b.posted_dr <> COALESCE(e.dr, 0) OR b.posted_cr <> COALESCE(e.cr, 0)
            OR b.pending_dr <> COALESCE(d.dr, 0) OR b.pending_cr <> COALESCE(c.cr, 0)
         ORDER BY b.account_id LIMIT :most",
    )
}

fn floors(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT DISTINCT r.account_id FROM (
             SELECT e.account_id AS account_id,
                    SUM(CASE WHEN e.side = 'C' THEN e.amount ELSE -e.amount END)
                        OVER (PARTITION BY e.account_id ORDER BY e.chain, e.seq) AS running
             FROM audit_entries e JOIN audit_accounts a ON a.account_id = e.account_id
             WHERE a.rule = 'credit_floor') r
         WHERE r.running < 0 ORDER BY r.account_id LIMIT :most",
    )?;
    failures.extend(told(
        rx,
        "SELECT b.account_id FROM audit_balances b JOIN audit_accounts a ON a.account_id = b.account_id
         WHERE a.rule = 'credit_floor' AND b.posted_cr - b.posted_dr - b.pending_dr < 0
         ORDER BY b.account_id LIMIT :most",
    )?);
    failures.extend(told(
        rx,
        "SELECT e.account_id FROM audit_entries e JOIN audit_accounts a ON a.account_id = e.account_id
         WHERE a.rule = 'credit_floor' GROUP BY e.account_id HAVING COUNT(DISTINCT e.chain) > 1
         ORDER BY e.account_id LIMIT :most",
    )?);
    Ok(failures)
}

struct StoredLink {
    seq: i64,
    transfer: TransferId,
    account: AccountId,
    asset: String,
    side: String,
    amount: i64,
    hash: [u8; 32],
}

fn chains(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let heads: Vec<(String, i64, [u8; 32])> =
        rx.list("SELECT chain, seq, hash FROM ledger_chain ORDER BY chain LIMIT 10000", &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let mut failures = Vec::new();
    for (chain, seq, hash) in heads {
        if let Err(place) = recompute(rx, &chain, seq, hash)? {
            failures.push(format!("{chain} at {place}"));
        }
    }
    Ok(failures)
}

/// Recomputes a chain; the place where it breaks.
fn recompute(rx: &mut Rx, chain: &str, head: i64, head_hash: [u8; 32]) -> Result<Result<(), i64>, DbError> {
    let (mut last, mut hash) = (0_i64, [0_u8; 32]);
    loop {
        let page = rx.list(
            "SELECT seq, transfer, account, asset, side, amount, hash FROM ledger_entry
             WHERE chain = :chain AND seq > :last ORDER BY chain, seq LIMIT :limit",
            params!["chain" => chain, "last" => last, "limit" => CHAIN_PAGE],
            |row| {
                Ok(StoredLink {
                    seq: row.get(0)?,
                    transfer: row.get(1)?,
                    account: row.get(2)?,
                    asset: row.get(3)?,
                    side: row.get(4)?,
                    amount: row.get(5)?,
                    hash: row.get(6)?,
                })
            },
        )?;
        if page.is_empty() {
            return Ok(if last == head && hash == head_hash { Ok(()) } else { Err(last) });
        }
        for stored in page {
            let StoredLink { seq, transfer, account, asset, side, amount, hash: written } = stored;
            let expected =
                Link { chain, seq, transfer, account, asset: &asset, side: &side, amount }.hash(&hash);
            if seq != last.saturating_add(1) || expected != written {
                return Ok(Err(seq));
            }
            (last, hash) = (seq, written);
        }
    }
}

fn holds(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT p.transfer_id FROM audit_transfers p JOIN audit_transfers r ON r.pending_id = p.transfer_id
         GROUP BY p.transfer_id, p.state, p.amount, p.expires_at
         HAVING COUNT(*) > 1 OR MAX(r.amount) > p.amount OR MAX(r.created_at) >= p.expires_at OR MAX(r.state) <> p.state
         ORDER BY p.transfer_id LIMIT :most",
    )?;
    failures.extend(told(
        rx,
        "SELECT p.transfer_id FROM audit_transfers p LEFT JOIN audit_transfers r ON r.pending_id = p.transfer_id
         WHERE p.expires_at IS NOT NULL AND ((p.state IN ('posted', 'voided')) <> (r.transfer_id IS NOT NULL))
         ORDER BY p.transfer_id LIMIT :most",
    )?);
    Ok(failures)
}

fn assets(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT e.transfer_id FROM audit_entries e
         JOIN audit_accounts a ON a.account_id = e.account_id
         JOIN audit_transfers t ON t.transfer_id = e.transfer_id
         WHERE (a.currency <> e.currency OR t.currency <> e.currency) AND t.kind <> 'exchange'
         ORDER BY e.transfer_id LIMIT :most",
    )
}

fn named(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT transfer_id FROM audit_transfers
         WHERE kind IN ('fee', 'fee_reversal', 'commission', 'commission_reversal', 'capture', 'refund')
           AND order_id IS NULL ORDER BY transfer_id LIMIT :most",
    )
}
