//! All SQL of the ledger.

use std::collections::BTreeMap;

use base::{AccountId, OrderId, Timestamp, TransferId};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::model::{Account, Checked, Rule, Side, Transfer};

/// What is stored of a transfer that may be a repetition.
pub(crate) struct Stored {
    pub(crate) state: String,
    pub(crate) digest: [u8; 32],
    pub(crate) kind: String,
    pub(crate) asset: String,
    pub(crate) amount: i64,
    pub(crate) debit: Option<AccountId>,
    pub(crate) credit: Option<AccountId>,
    pub(crate) order: Option<OrderId>,
    pub(crate) cause: String,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) pending: Option<TransferId>,
    pub(crate) created_at: Timestamp,
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    Ok(Stored {
        state: row.get(0)?,
        digest: row.get(1)?,
        kind: row.get(2)?,
        asset: row.get(3)?,
        amount: row.get(4)?,
        debit: row.get(5)?,
        credit: row.get(6)?,
        order: row.get(7)?,
        cause: row.get(8)?,
        expires_at: row.get(9)?,
        pending: row.get(10)?,
        created_at: row.get(11)?,
    })
}

pub(crate) fn find_transfer(rx: &mut Rx, id: TransferId) -> Result<Option<Stored>, DbError> {
    rx.opt(
        "SELECT state, digest, kind, asset, amount, debit_account, credit_account, order_id, cause, expires_at,
                pending_id, created_at
         FROM ledger_transfer WHERE id = :id",
        params!["id" => id],
        stored,
    )
}

/// Makes the accounts' rows where they are missing.
pub(crate) fn open_accounts(tx: &mut Tx, accounts: &[Account]) -> Result<(), DbError> {
    let now = tx.now();
    let mut sorted: Vec<(AccountId, &Account)> =
        accounts.iter().map(|account| (account.id(), account)).collect();
    sorted.sort();
    sorted.dedup_by_key(|(id, _)| *id);
    let rows: Vec<Vec<Value>> = sorted
        .iter()
        .map(|(id, account)| {
            let (kind, rule) = (account.kind.word(), account.rule().word());
            let owner = account.owner.to_string();
            vec![
                (*id).into(),
                owner.into(),
                kind.into(),
                account.asset.to_string().into(),
                rule.into(),
                now.into(),
            ]
        })
        .collect();
    let head = "INSERT INTO ledger_account (id, owner, kind, asset, rule, created_at)";
    tx.insert(head, &rows, "ON CONFLICT (id) DO NOTHING")?;
    let guarded: Vec<Vec<Value>> = sorted
        .iter()
        .filter(|(_, account)| account.rule() == Rule::CreditFloor)
        .map(|(id, _)| vec![(*id).into(), 0_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into()])
        .collect();
    let head = "INSERT INTO ledger_balance (account, posted_dr, posted_cr, pending_dr, pending_cr)";
    tx.insert_later(head, &guarded, "ON CONFLICT (account) DO NOTHING")
}

/// What a transfer's row is made of, besides the transfer.
pub(crate) struct Shape {
    pub(crate) state: &'static str,
    pub(crate) pending: Option<TransferId>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// `false` when a transfer with this id is there already.
pub(crate) fn insert_transfer(
    tx: &mut Tx,
    transfer: &Transfer,
    checked: &Checked,
    shape: &Shape,
) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO ledger_transfer (id, kind, state, pending_id, asset, amount, debit_account, credit_account,
             order_id, cause, digest, expires_at, created_at)
         VALUES (:id, :kind, :state, :pending, :asset, :amount, :debit, :credit, :order, :cause, :digest, :expires,
             :now)
         ON CONFLICT (id) DO NOTHING",
        params![
            "id" => transfer.id, "kind" => transfer.kind.word(), "state" => shape.state, "pending" => shape.pending,
            "asset" => checked.asset.to_string(), "amount" => checked.amount, "debit" => checked.debit,
            "credit" => checked.credit, "order" => transfer.order, "cause" => &transfer.cause,
            "digest" => checked.digest, "expires" => shape.expires_at, "now" => now,
        ],
    )?;
    Ok(inserted == 1)
}

/// Takes `amount` from an account with a floor; `false` when it does not have so much free.
pub(crate) fn debit_floor(tx: &mut Tx, account: AccountId, amount: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE ledger_balance SET posted_dr = posted_dr + :amount
         WHERE account = :account AND posted_cr - posted_dr - pending_dr >= :amount",
        params!["account" => account, "amount" => amount],
    )?;
    Ok(changed == 1)
}

pub(crate) fn credit_floor(tx: &mut Tx, account: AccountId, amount: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE ledger_balance SET posted_cr = posted_cr + :amount WHERE account = :account",
        params!["account" => account, "amount" => amount],
    )
}

/// Sets `amount` of an account with a floor aside; `false` when it does not have so much free.
pub(crate) fn hold_debit(tx: &mut Tx, account: AccountId, amount: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE ledger_balance SET pending_dr = pending_dr + :amount
         WHERE account = :account AND posted_cr - posted_dr - pending_dr >= :amount",
        params!["account" => account, "amount" => amount],
    )?;
    Ok(changed == 1)
}

pub(crate) fn hold_credit(tx: &mut Tx, account: AccountId, amount: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE ledger_balance SET pending_cr = pending_cr + :amount WHERE account = :account",
        params!["account" => account, "amount" => amount],
    )
}

/// Ends a hold of `held`, of which `posted` is moved (0 for none).
pub(crate) fn end_hold(
    tx: &mut Tx,
    account: AccountId,
    side: Side,
    held: i64,
    posted: i64,
) -> Result<(), DbError> {
    let sql = match side {
        Side::Debit => {
            "UPDATE ledger_balance SET pending_dr = pending_dr - :held, posted_dr = posted_dr + :posted
             WHERE account = :account"
        }
        Side::Credit => {
            "UPDATE ledger_balance SET pending_cr = pending_cr - :held, posted_cr = posted_cr + :posted
             WHERE account = :account"
        }
    };
    tx.later(sql, params!["account" => account, "held" => held, "posted" => posted])
}

/// Resolves a pending transfer; `false` when it is not pending any more, or past its time when it must not be.
pub(crate) fn resolve(tx: &mut Tx, id: TransferId, state: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let sql = if state == "expired" {
        "UPDATE ledger_transfer SET state = :state WHERE id = :id AND state = 'pending' AND expires_at <= :now"
    } else {
        "UPDATE ledger_transfer SET state = :state WHERE id = :id AND state = 'pending' AND expires_at > :now"
    };
    Ok(tx.execute(sql, params!["id" => id, "state" => state, "now" => now])? == 1)
}

/// The rule of the accounts of a two-legged transfer.
pub(crate) fn rules(
    rx: &mut Rx,
    debit: AccountId,
    credit: AccountId,
) -> Result<BTreeMap<AccountId, bool>, DbError> {
    let rows = rx.list(
        "SELECT id, rule FROM ledger_account WHERE id = :debit OR id = :credit ORDER BY id LIMIT 2",
        params!["debit" => debit, "credit" => credit],
        |row| Ok((row.get::<AccountId>(0)?, row.get::<String>(1)? == "credit_floor")),
    )?;
    Ok(rows.into_iter().collect())
}

/// The last place and hash of a chain; (0, zeros) before the first entry.
pub(crate) fn chain_head(rx: &mut Rx, chain: &str) -> Result<Option<(i64, [u8; 32])>, DbError> {
    rx.opt("SELECT seq, hash FROM ledger_chain WHERE chain = :chain", params!["chain" => chain], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Moves the head of a chain on; the transaction runs again when another was faster.
pub(crate) fn move_head(
    tx: &mut Tx,
    chain: &str,
    from: Option<i64>,
    to: i64,
    hash: [u8; 32],
) -> Result<(), DbError> {
    match from {
        Some(from) => tx.later_one(
            "UPDATE ledger_chain SET seq = :to, hash = :hash WHERE chain = :chain AND seq = :from",
            params!["chain" => chain, "from" => from, "to" => to, "hash" => hash],
        ),
        None => tx.later_one(
            "INSERT INTO ledger_chain (chain, seq, hash) VALUES (:chain, :to, :hash) ON CONFLICT (chain) DO NOTHING",
            params!["chain" => chain, "to" => to, "hash" => hash],
        ),
    }
}

/// One entry as it is written.
pub(crate) struct NewEntry {
    pub(crate) seq: i64,
    pub(crate) transfer: TransferId,
    pub(crate) account: AccountId,
    pub(crate) side: Side,
    pub(crate) amount: i64,
    pub(crate) asset: String,
    pub(crate) hash: [u8; 32],
}

pub(crate) fn insert_entries(tx: &mut Tx, chain: &str, entries: &[NewEntry]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value>> = entries
        .iter()
        .map(|entry| {
            vec![
                chain.into(),
                entry.seq.into(),
                entry.transfer.into(),
                entry.account.into(),
                entry.side.word().into(),
                entry.amount.into(),
                entry.asset.as_str().into(),
                entry.hash.into(),
            ]
        })
        .collect();
    tx.insert_later(
        "INSERT INTO ledger_entry (chain, seq, transfer, account, side, amount, asset, hash)",
        &rows,
        "",
    )
}

/// Posted and pending sums of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Σ posted debits.
    pub posted_dr: i64,
    /// Σ posted credits.
    pub posted_cr: i64,
    /// Σ pending debits.
    pub pending_dr: i64,
    /// Σ pending credits.
    pub pending_cr: i64,
}

impl Balance {
    /// Credits − debits.
    pub fn credit(&self) -> i64 {
        self.posted_cr.saturating_sub(self.posted_dr)
    }

    /// What may be spent: credits − debits − what is set aside.
    pub fn free(&self) -> i64 {
        self.credit().saturating_sub(self.pending_dr)
    }
}

pub(crate) fn guarded_balance(rx: &mut Rx, account: AccountId) -> Result<Option<Balance>, DbError> {
    rx.opt(
        "SELECT posted_dr, posted_cr, pending_dr, pending_cr FROM ledger_balance WHERE account = :account",
        params!["account" => account],
        |row| {
            Ok(Balance {
                posted_dr: row.get(0)?,
                posted_cr: row.get(1)?,
                pending_dr: row.get(2)?,
                pending_cr: row.get(3)?,
            })
        },
    )
}

/// Snapshot plus the entries since. One statement, so that a roll between two cannot count an entry twice or not at
/// all; by chain, so that what is in the snapshot is not read again.
pub(crate) fn folded_balance(rx: &mut Rx, account: AccountId) -> Result<Balance, DbError> {
    let (posted_dr, posted_cr) = rx.one(
        "SELECT CAST(COALESCE(SUM((SELECT SUM(e.amount) FROM ledger_entry e
                     WHERE e.account = :account AND e.chain = c.chain AND e.seq > COALESCE(r.seq, 0) AND e.side = 'D')), 0)
                   + (SELECT COALESCE(SUM(s.posted_dr), 0) FROM ledger_snapshot s WHERE s.account = :account) AS BIGINT),
                CAST(COALESCE(SUM((SELECT SUM(e.amount) FROM ledger_entry e
                     WHERE e.account = :account AND e.chain = c.chain AND e.seq > COALESCE(r.seq, 0) AND e.side = 'C')), 0)
                   + (SELECT COALESCE(SUM(s.posted_cr), 0) FROM ledger_snapshot s WHERE s.account = :account) AS BIGINT)
         FROM ledger_chain c LEFT JOIN ledger_rolled r ON r.chain = c.chain WHERE c.seq > COALESCE(r.seq, 0)",
        params!["account" => account],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(Balance { posted_dr, posted_cr, pending_dr: 0, pending_cr: 0 })
}

/// An account as stored.
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    pub(crate) owner: String,
    pub(crate) kind: String,
    pub(crate) asset: String,
    pub(crate) rule: String,
    pub(crate) created_at: Timestamp,
}

fn account_row(row: &Row<'_>) -> Result<AccountRow, DbError> {
    Ok(AccountRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        kind: row.get(2)?,
        asset: row.get(3)?,
        rule: row.get(4)?,
        created_at: row.get(5)?,
    })
}

pub(crate) fn find_account(rx: &mut Rx, id: AccountId) -> Result<Option<AccountRow>, DbError> {
    rx.opt(
        "SELECT id, owner, kind, asset, rule, created_at FROM ledger_account WHERE id = :id",
        params!["id" => id],
        account_row,
    )
}

pub(crate) fn list_accounts(
    rx: &mut Rx,
    kind: &str,
    after: AccountId,
    limit: i64,
) -> Result<Vec<AccountRow>, DbError> {
    rx.list(
        "SELECT id, owner, kind, asset, rule, created_at FROM ledger_account
         WHERE kind = :kind AND id > :after ORDER BY kind, id LIMIT :limit",
        params!["kind" => kind, "after" => after, "limit" => limit],
        account_row,
    )
}

/// A line of a statement.
pub(crate) struct EntryRow {
    pub(crate) chain: String,
    pub(crate) seq: i64,
    pub(crate) transfer: TransferId,
    pub(crate) kind: String,
    pub(crate) side: String,
    pub(crate) amount: i64,
    pub(crate) asset: String,
    pub(crate) order: Option<OrderId>,
    pub(crate) at: Timestamp,
    pub(crate) account: AccountId,
}

fn entry_row(row: &Row<'_>) -> Result<EntryRow, DbError> {
    Ok(EntryRow {
        chain: row.get(0)?,
        seq: row.get(1)?,
        transfer: row.get(2)?,
        kind: row.get(3)?,
        side: row.get(4)?,
        amount: row.get(5)?,
        asset: row.get(6)?,
        order: row.get(7)?,
        at: row.get(8)?,
        account: row.get(9)?,
    })
}

/// Entries of an account before a place, newest first.
pub(crate) fn list_entries(
    rx: &mut Rx,
    account: AccountId,
    before: (&str, i64),
    limit: i64,
) -> Result<Vec<EntryRow>, DbError> {
    rx.list(
        "SELECT e.chain, e.seq, e.transfer, t.kind, e.side, e.amount, e.asset, t.order_id, t.created_at, e.account
         FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer
         WHERE e.account = :account AND (e.chain < :chain OR (e.chain = :chain AND e.seq < :seq))
         ORDER BY e.account, e.chain DESC, e.seq DESC LIMIT :limit",
        params!["account" => account, "chain" => before.0, "seq" => before.1, "limit" => limit],
        entry_row,
    )
}

pub(crate) fn entries_of_transfer(rx: &mut Rx, transfer: TransferId) -> Result<Vec<EntryRow>, DbError> {
    rx.list(
        "SELECT e.chain, e.seq, e.transfer, t.kind, e.side, e.amount, e.asset, t.order_id, t.created_at, e.account
         FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer
         WHERE e.transfer = :transfer ORDER BY e.chain, e.seq LIMIT 200",
        params!["transfer" => transfer],
        entry_row,
    )
}

/// Σ of an order's posted transfers of one kind.
pub(crate) fn sum_of_order(rx: &mut Rx, order: OrderId, kind: &str) -> Result<i64, DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_transfer
         WHERE order_id = :order AND kind = :kind AND state = 'posted'",
        params!["order" => order, "kind" => kind],
        |row| row.get(0),
    )
}

/// Whether an owner has money on an account with a floor, or some that is held.
pub(crate) fn holds_anything(rx: &mut Rx, owner: &str) -> Result<bool, DbError> {
    let found: Option<AccountId> = rx.opt(
        "SELECT a.id FROM ledger_account a JOIN ledger_balance b ON b.account = a.id
         WHERE a.owner = :owner AND a.kind <> 'points' AND a.asset <> 'social'
             AND (b.posted_cr <> b.posted_dr OR b.pending_dr <> 0 OR b.pending_cr <> 0)
         ORDER BY a.id LIMIT 1",
        params!["owner" => owner],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}
