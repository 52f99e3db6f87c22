//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{Money, OrderId, Timestamp, TransferId};
use db::{DbError, Rx, Tx};

pub use crate::derived::natural_id;
pub use crate::model::{Account, Asset, Kind, Leg, Malformed, Owner, Rule, Side, Transfer, TransferKind};
use crate::model::{Checked, Link, check};
pub use crate::store::Balance;
use crate::store::{self, NewEntry, Shape, Stored};

/// The job that lets a hold expire.
pub const EXPIRE_JOB: &str = "ledger.expire";

/// Why a transfer was not made. Checked in this order; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum TransferError {
    /// The transfer's form is wrong: a mistake of the calling module.
    #[error("transfer is malformed: {0:?}")]
    #[problem(422, "ledger.malformed")]
    Malformed(Malformed),
    /// A transfer with this id moved something else.
    #[error("a transfer with this id exists and is different")]
    #[problem(409, "ledger.exists_different")]
    ExistsDifferent,
    /// An account with a floor does not have so much.
    #[error("the balance does not cover this; top up or pay another way")]
    #[problem(409, "ledger.insufficient")]
    Insufficient,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Why a hold was not resolved. Checked in this order; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum ResolveError {
    /// There is no such pending transfer.
    #[error("there is no such pending transfer")]
    #[problem(404, "ledger.pending_not_found")]
    NotFound,
    /// The amount is below one or above what is held.
    #[error("the amount is below one or above what is held")]
    #[problem(422, "ledger.amount")]
    Amount,
    /// It was posted before, by another transfer.
    #[error("the hold was posted before")]
    #[problem(409, "ledger.already_posted")]
    AlreadyPosted,
    /// It was voided before.
    #[error("the hold was voided before")]
    #[problem(409, "ledger.already_voided")]
    AlreadyVoided,
    /// Its time is over.
    #[error("the hold has expired")]
    #[problem(409, "ledger.expired")]
    Expired,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Whether value moved now or had moved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Now.
    Now,
    /// The same transfer was made before; nothing moved this time.
    Before,
}

/// Moves value. Idempotent by the transfer's id.
///
/// # Errors
/// See [`TransferError`]; an error in a transaction must end it, since earlier transfers of it stand.
pub fn post(tx: &mut Tx, transfer: &Transfer) -> Result<Posted, TransferError> {
    post_all(tx, std::slice::from_ref(transfer)).map(|all| all.into_iter().next().unwrap_or(Posted::Before))
}

/// Makes several transfers, in their order, with one look at each chain.
///
/// # Errors
/// As [`post`], for the first transfer that fails.
pub fn post_all(tx: &mut Tx, transfers: &[Transfer]) -> Result<Vec<Posted>, TransferError> {
    let mut outcome = Vec::with_capacity(transfers.len());
    let mut checked = Vec::with_capacity(transfers.len());
    for transfer in transfers {
        checked.push(check(transfer).map_err(TransferError::Malformed)?);
    }
    let accounts: Vec<Account> =
        transfers.iter().flat_map(|t| t.legs.iter().map(|leg| leg.account)).collect();
    store::open_accounts(tx, &accounts)?;
    let mut moved = Vec::new();
    for (transfer, checked) in transfers.iter().zip(&checked) {
        let shape = Shape { state: "posted", pending: None, expires_at: None };
        if !store::insert_transfer(tx, transfer, checked, &shape)? {
            same_as_before(tx, transfer.id, checked)?;
            outcome.push(Posted::Before);
            continue;
        }
        move_floors(tx, transfer)?;
        moved.push((transfer.id, transfer.legs.clone()));
        outcome.push(Posted::Now);
    }
    append(tx, &moved)?;
    Ok(outcome)
}

fn same_as_before(tx: &mut Tx, id: TransferId, checked: &Checked) -> Result<(), TransferError> {
    let before = store::find_transfer(tx, id)?;
    if before.is_some_and(|before| before.digest == checked.digest) {
        Ok(())
    } else {
        Err(TransferError::ExistsDifferent)
    }
}

/// Updates the guarded rows, in the order of their keys.
fn move_floors(tx: &mut Tx, transfer: &Transfer) -> Result<(), TransferError> {
    let mut guarded: Vec<&Leg> =
        transfer.legs.iter().filter(|leg| leg.account.rule() == Rule::CreditFloor).collect();
    guarded.sort_by_key(|leg| leg.account.id());
    for leg in guarded {
        match leg.side {
            Side::Debit if !store::debit_floor(tx, leg.account.id(), leg.amount)? => {
                return Err(TransferError::Insufficient);
            }
            Side::Debit => {}
            Side::Credit => store::credit_floor(tx, leg.account.id(), leg.amount)?,
        }
    }
    Ok(())
}

/// The chain an account's entries lie in. One on SQLite; on PostgreSQL as many as keep writers apart, chosen by the
/// account's id so that all entries of an account with a floor lie in one.
fn chain_of(tx: &Tx, bytes: [u8; 16]) -> String {
    let spread = tx.spread();
    if spread <= 1 {
        return "main".to_owned();
    }
    let [.., a, b] = bytes;
    format!("c{:04}", u32::from(u16::from_be_bytes([a, b])) % spread)
}

/// Appends the entries of transfers to their chains.
fn append(tx: &mut Tx, transfers: &[(TransferId, Vec<Leg>)]) -> Result<(), DbError> {
    use base::Id;
    let mut chains: BTreeMap<String, Vec<(TransferId, Leg)>> = BTreeMap::new();
    for (transfer, legs) in transfers {
        // Legs without a floor follow the first that has one, else the transfer itself.
        let anchor = legs.iter().find(|leg| leg.account.rule() == Rule::CreditFloor);
        let shared = anchor.map_or_else(|| transfer.bytes(), |leg| leg.account.id().bytes());
        for leg in legs {
            let bytes =
                if leg.account.rule() == Rule::CreditFloor { leg.account.id().bytes() } else { shared };
            chains.entry(chain_of(tx, bytes)).or_default().push((*transfer, *leg));
        }
    }
    for (chain, links) in chains {
        let head = store::chain_head(tx, &chain)?;
        let (mut seq, mut hash) = head.unwrap_or((0, [0; 32]));
        let mut entries = Vec::with_capacity(links.len());
        for (transfer, leg) in links {
            seq = seq.saturating_add(1);
            let (account, asset) = (leg.account.id(), leg.account.asset.to_string());
            let (side, amount) = (leg.side, leg.amount);
            let link =
                Link { chain: &chain, seq, transfer, account, asset: &asset, side: side.word(), amount };
            hash = link.hash(&hash);
            entries.push(NewEntry { seq, transfer, account, side, amount, asset, hash });
        }
        // The head first: of two who append at once, one finds it moved and runs again, before it writes an entry
        // at a place that is taken.
        store::move_head(tx, &chain, head.map(|(seq, _)| seq), seq, hash)?;
        store::insert_entries(tx, &chain, &entries)?;
    }
    Ok(())
}

/// Sets value aside until `expires_at`: it is moved by [`post_hold`] or freed by [`void_hold`] or time.
/// Idempotent by the transfer's id. The transfer has two legs.
///
/// # Errors
/// See [`TransferError`].
pub fn hold(tx: &mut Tx, transfer: &Transfer, expires_at: Timestamp) -> Result<Posted, TransferError> {
    let checked = check(transfer).map_err(TransferError::Malformed)?;
    if transfer.legs.len() != 2 {
        return Err(TransferError::Malformed(Malformed::Legs));
    }
    let accounts: Vec<Account> = transfer.legs.iter().map(|leg| leg.account).collect();
    store::open_accounts(tx, &accounts)?;
    let shape = Shape { state: "pending", pending: None, expires_at: Some(expires_at) };
    if !store::insert_transfer(tx, transfer, &checked, &shape)? {
        same_as_before(tx, transfer.id, &checked)?;
        return Ok(Posted::Before);
    }
    for leg in &transfer.legs {
        let id = leg.account.id();
        match (leg.account.rule(), leg.side) {
            (Rule::None, _) => {}
            (Rule::CreditFloor, Side::Credit) => store::hold_credit(tx, id, leg.amount)?,
            (Rule::CreditFloor, Side::Debit) => {
                if !store::hold_debit(tx, id, leg.amount)? {
                    return Err(TransferError::Insufficient);
                }
            }
        }
    }
    work::enqueue(tx, EXPIRE_JOB, &transfer.id.to_string(), "", expires_at)?;
    Ok(Posted::Now)
}

/// What a hold was made of, for the transfer that resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The held transfer.
    pub pending: TransferId,
    /// The id of the transfer that resolves it.
    pub id: TransferId,
    /// Why value moves.
    pub kind: TransferKind,
    /// The debited and the credited account, as they were given to [`hold`].
    pub legs: (Account, Account),
    /// How much of it moves; the rest is freed.
    pub amount: i64,
}

/// Moves what was held, or part of it. Idempotent by the resolving transfer's id.
///
/// # Errors
/// See [`ResolveError`].
pub fn post_hold(tx: &mut Tx, resolution: &Resolution) -> Result<Posted, ResolveError> {
    let held = find_held(tx, resolution)?;
    if resolution.amount < 1 || resolution.amount > held.amount {
        return Err(ResolveError::Amount);
    }
    if already_resolved(tx, resolution.id, "posted")? {
        return Ok(Posted::Before);
    }
    if !store::resolve(tx, resolution.pending, "posted")? {
        return Err(why_not(&held));
    }
    finish(tx, resolution, &held, resolution.amount, "posted")?;
    let (debit, credit) = resolution.legs;
    let legs = vec![Leg::debit(debit, resolution.amount), Leg::credit(credit, resolution.amount)];
    append(tx, &[(resolution.id, legs)])?;
    Ok(Posted::Now)
}

/// Frees what was held. Idempotent by the resolving transfer's id.
///
/// # Errors
/// See [`ResolveError`].
pub fn void_hold(tx: &mut Tx, resolution: &Resolution) -> Result<Posted, ResolveError> {
    let held = find_held(tx, resolution)?;
    if already_resolved(tx, resolution.id, "voided")? {
        return Ok(Posted::Before);
    }
    if !store::resolve(tx, resolution.pending, "voided")? {
        return Err(why_not(&held));
    }
    finish(tx, resolution, &held, 0, "voided")?;
    Ok(Posted::Now)
}

fn find_held(tx: &mut Tx, resolution: &Resolution) -> Result<Stored, ResolveError> {
    let held = store::find_transfer(tx, resolution.pending)?.ok_or(ResolveError::NotFound)?;
    let (debit, credit) = (resolution.legs.0.id(), resolution.legs.1.id());
    let is_the_same = held.expires_at.is_some() && held.debit == Some(debit) && held.credit == Some(credit);
    if is_the_same { Ok(held) } else { Err(ResolveError::NotFound) }
}

fn already_resolved(tx: &mut Tx, id: TransferId, state: &str) -> Result<bool, DbError> {
    Ok(store::find_transfer(tx, id)?.is_some_and(|before| before.state == state))
}

fn why_not(held: &Stored) -> ResolveError {
    match held.state.as_str() {
        "posted" => ResolveError::AlreadyPosted,
        "voided" => ResolveError::AlreadyVoided,
        _ => ResolveError::Expired,
    }
}

/// Writes the second row and gives the guarded rows back what was set aside.
fn finish(
    tx: &mut Tx,
    resolution: &Resolution,
    held: &Stored,
    posted: i64,
    state: &'static str,
) -> Result<(), DbError> {
    let (debit, credit) = resolution.legs;
    let amount = if posted > 0 { posted } else { held.amount };
    let mut transfer = Transfer::simple(resolution.kind, &held.cause, debit, credit, amount);
    transfer.id = resolution.id;
    transfer.order = held.order;
    let Ok(checked) = check(&transfer) else {
        return Err(DbError::Bug("a held transfer is malformed".to_owned()));
    };
    let shape = Shape { state, pending: Some(resolution.pending), expires_at: None };
    store::insert_transfer(tx, &transfer, &checked, &shape)?;
    for (account, side) in [(debit, Side::Debit), (credit, Side::Credit)] {
        if account.rule() == Rule::CreditFloor {
            store::end_hold(tx, account.id(), side, held.amount, posted)?;
        }
    }
    Ok(())
}

/// Lets a hold expire whose time is over. Does nothing to one that was resolved; safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn expire_hold(tx: &mut Tx, pending: TransferId) -> Result<(), DbError> {
    let Some(held) = store::find_transfer(tx, pending)? else { return Ok(()) };
    let (Some(debit), Some(credit)) = (held.debit, held.credit) else { return Ok(()) };
    if !store::resolve(tx, pending, "expired")? {
        return Ok(());
    }
    let guarded = store::rules(tx, debit, credit)?;
    for (account, side) in [(debit, Side::Debit), (credit, Side::Credit)] {
        if guarded.get(&account).copied().unwrap_or(false) {
            store::end_hold(tx, account, side, held.amount, 0)?;
        }
    }
    Ok(())
}

/// The balance of an account; all zero when it was never used.
///
/// # Errors
/// Whatever the store says.
pub fn balance(rx: &mut Rx, account: &Account) -> Result<Balance, DbError> {
    match account.rule() {
        Rule::CreditFloor => Ok(store::guarded_balance(rx, account.id())?.unwrap_or_default()),
        Rule::None => store::folded_balance(rx, account.id()),
    }
}

/// Σ of an order's transfers of one kind, in minor units.
///
/// # Errors
/// Whatever the store says.
pub fn sum_of_order(rx: &mut Rx, order: OrderId, kind: TransferKind) -> Result<i64, DbError> {
    store::sum_of_order(rx, order, kind.word())
}

/// `minor` units of `money`'s currency as a ledger asset.
pub fn asset_of(money: Money) -> Asset {
    Asset::Money(money.currency())
}
