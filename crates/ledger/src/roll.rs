//! Rolls the snapshots forward, so that the balance of an account without a floor is read from few entries.
//!
//! INVARIANT: `ledger_rolled` says for each chain up to where its entries are in the snapshots. That row, its
//! snapshots and nothing else change in one transaction, which finds the row where it left it or does nothing: an
//! entry is never in a snapshot twice, and none before that place is missing. Entries beyond the head that was read
//! do not matter: a head and its entries are committed together, and places only rise.

use base::AccountId;
use db::{DbError, Tx, Value, params};
use work::{Failure, Progress};

/// Chains of one batch; each takes up to four statements.
const CHAINS_MAX: i64 = 8;
/// Entries of one batch, and so snapshots of it at the most.
const ENTRIES_MAX: i64 = 400;

struct Behind {
    chain: String,
    rolled: Option<i64>,
    head: i64,
}

/// One batch, from the chain after `place`.
pub(crate) fn roll(tx: &mut Tx, place: &str) -> Result<Progress, Failure> {
    let behind = tx.list(
        "SELECT c.chain, r.seq, c.seq FROM ledger_chain c LEFT JOIN ledger_rolled r ON r.chain = c.chain
         WHERE c.chain > :after AND c.seq > COALESCE(r.seq, 0) ORDER BY c.chain LIMIT :limit",
        params!["after" => place, "limit" => CHAINS_MAX],
        |row| Ok(Behind { chain: row.get(0)?, rolled: row.get(1)?, head: row.get(2)? }),
    )?;
    let is_last = i64::try_from(behind.len()).unwrap_or(CHAINS_MAX) < CHAINS_MAX;
    let (mut left, mut done) = (ENTRIES_MAX, place.to_owned());
    for chain in behind {
        let from = chain.rolled.unwrap_or(0);
        let to = chain.head.min(from.saturating_add(left));
        roll_chain(tx, &chain, to)?;
        left = left.saturating_sub(to.saturating_sub(from));
        if to < chain.head || left < 1 {
            return Ok(Progress::More(if to < chain.head { done } else { chain.chain }));
        }
        done = chain.chain;
    }
    Ok(if is_last { Progress::Done } else { Progress::More(done) })
}

fn roll_chain(tx: &mut Tx, behind: &Behind, to: i64) -> Result<(), DbError> {
    let (chain, from) = (behind.chain.as_str(), behind.rolled.unwrap_or(0));
    if behind.rolled.is_none() {
        tx.execute(
            "INSERT INTO ledger_rolled (chain, seq) VALUES (:chain, 0) ON CONFLICT (chain) DO NOTHING",
            params!["chain" => chain],
        )?;
    }
    let moved = tx.execute(
        "UPDATE ledger_rolled SET seq = :to WHERE chain = :chain AND seq = :from",
        params!["chain" => chain, "from" => from, "to" => to],
    )?;
    if moved == 0 {
        return Err(tx.give_up(DbError::Conflict));
    }
    let sums: Vec<(AccountId, i64, i64)> = tx.list(
        "SELECT e.account, CAST(SUM(CASE WHEN e.side = 'D' THEN e.amount ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN e.side = 'C' THEN e.amount ELSE 0 END) AS BIGINT)
         FROM ledger_entry e JOIN ledger_account a ON a.id = e.account
         WHERE e.chain = :chain AND e.seq > :from AND e.seq <= :to AND a.rule = 'none'
         GROUP BY e.account ORDER BY e.account LIMIT :limit",
        params!["chain" => chain, "from" => from, "to" => to, "limit" => ENTRIES_MAX],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let rows: Vec<Vec<Value>> = sums
        .into_iter()
        .map(|(account, dr, cr)| vec![account.into(), chain.into(), to.into(), dr.into(), cr.into()])
        .collect();
    tx.insert_later(
        "INSERT INTO ledger_snapshot AS s (account, chain, seq, posted_dr, posted_cr)",
        &rows,
        "ON CONFLICT (account, chain) DO UPDATE SET seq = excluded.seq,
             posted_dr = s.posted_dr + excluded.posted_dr, posted_cr = s.posted_cr + excluded.posted_cr",
    )
}
