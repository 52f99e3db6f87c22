//! What every change of points shares: the log and the ledger, in one place and one transaction.

use base::OrderId;
use db::{DbError, Tx};
use ledger::api::{Account, Asset, Kind, Leg, Owner, Transfer, TransferError, TransferKind, natural_id};

use crate::model::Rules;
use crate::store::{self, Holder, LogRow, NewLot};

/// Why points change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// An order was settled.
    Order,
    /// The person looked in.
    CheckIn,
    /// An order was placed with them.
    Spend,
    /// That order, or part of it, went back.
    Return,
    /// A settled order went back.
    TakeBack,
    /// Their time is over.
    Expire,
}

impl Why {
    /// The word that is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::CheckIn => "check_in",
            Self::Spend => "spend",
            Self::Return => "return",
            Self::TakeBack => "take_back",
            Self::Expire => "expire",
        }
    }

    fn transfer(self) -> TransferKind {
        match self {
            Self::Order | Self::CheckIn => TransferKind::PointsEarn,
            Self::Spend => TransferKind::PointsSpend,
            Self::Return => TransferKind::PointsReturn,
            Self::TakeBack => TransferKind::PointsTakeBack,
            Self::Expire => TransferKind::PointsExpire,
        }
    }
}

/// A change of one person's points with one shop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) holder: Holder,
    pub(crate) why: Why,
    /// The same cause changes them once.
    pub(crate) cause: &'a str,
    pub(crate) order: Option<OrderId>,
    /// What there is more.
    pub(crate) amount: i64,
    /// What is missing more.
    pub(crate) owed: i64,
}

/// Writes a change to the log and the ledger; `false`, with nothing written, when its cause was written before.
pub(crate) fn write(tx: &mut Tx, rules: &Rules, change: &Change<'_>) -> Result<bool, DbError> {
    let Change { holder, why, cause, order, amount, owed } = *change;
    let at = tx.now();
    let row = LogRow { kind: why.word().to_owned(), order, amount, owed, at };
    if !store::insert_log(tx, holder, (why.word(), cause), &row, rules.month(at))? {
        return Ok(false);
    }
    store::owe(tx, holder, owed)?;
    let asset = Asset::Points(holder.merchant);
    let account = |owner, kind| Account::new(owner, kind, asset);
    let person = Owner::Person(holder.person);
    // What is missing lies on the debit side, like every debt.
    let moves = [
        (account(person, Kind::Points), amount),
        (account(person, Kind::PointsDebt), owed.saturating_neg()),
        (account(Owner::Merchant(holder.merchant), Kind::Issued), owed.saturating_sub(amount)),
    ];
    let leg = |(account, credit): (Account, i64)| match credit.signum() {
        1 => Some(Leg::credit(account, credit)),
        0 => None,
        _ => Some(Leg::debit(account, credit.saturating_neg())),
    };
    let legs: Vec<Leg> = moves.into_iter().filter_map(leg).collect();
    if legs.is_empty() {
        return Ok(true);
    }
    let kind = why.transfer();
    let transfer = Transfer { id: natural_id(kind, cause), kind, order, cause: cause.to_owned(), legs };
    match ledger::api::post(tx, &transfer) {
        Ok(_) => Ok(true),
        Err(TransferError::Db(error)) => Err(error),
        // Lots and ledger say the same, and lots were looked at before.
        Err(error) => Err(DbError::Bug(format!("points and ledger differ: {error}"))),
    }
}

/// Gives points that were earned: what is owed is filled first, the rest is a lot. Nothing happens for a cause that gave
/// before.
pub(crate) fn give(
    tx: &mut Tx,
    rules: &Rules,
    (holder, why, order): (Holder, Why, Option<OrderId>),
    (cause, points): (&str, i64),
) -> Result<(), DbError> {
    let purse = store::lock_purse(tx, holder)?;
    let fills = purse.owed.min(points);
    let amount = points.saturating_sub(fills);
    let change = Change { holder, why, cause, order, amount, owed: fills.saturating_neg() };
    if !write(tx, rules, &change)? || amount < 1 {
        return Ok(());
    }
    let end = rules.end(tx.now(), rules.days);
    store::insert_lot(tx, &NewLot { holder, source: why.word(), order, amount, end })
}
