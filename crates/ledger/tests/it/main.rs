//! The ledger's promises, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod histories;
mod holds;
mod posting;
mod rolling;

use base::{Currency, Id, PersonId};
use db::{Db, DbError, Lane};
use ledger::api::{self, Account, Asset, Kind, Owner, Posted, Transfer, TransferError, TransferKind};

pub(crate) const TABLES: &[db::Migrations] = &[work::MIGRATIONS, ledger::MIGRATIONS];

pub(crate) fn wallet(n: u8) -> Account {
    Account::wallet(PersonId::from_bytes([n; 16]), Currency::CNY)
}

pub(crate) fn bank() -> Account {
    Account::new(Owner::Provider("test"), Kind::Bank, Asset::Money(Currency::CNY))
}

pub(crate) async fn post(db: &Db, transfer: Transfer) -> Result<Posted, TransferError> {
    db.write(Lane::Interactive, move |tx| api::post(tx, &transfer)).await
}

pub(crate) async fn fund(db: &Db, account: Account, amount: i64) {
    let cause = format!("fund {}", account.id());
    let transfer = Transfer::simple(TransferKind::TopUp, &cause, bank(), account, amount);
    assert_eq!(post(db, transfer).await, Ok(Posted::Now));
}

pub(crate) async fn free(db: &Db, account: Account) -> i64 {
    db.read::<_, DbError, _>(move |rx| api::balance(rx, &account)).await.unwrap().free()
}

/// Every invariant of the ledger holds.
pub(crate) async fn audit(db: &Db) {
    for audit in ledger::module().audits {
        let failures = db.read_long::<_, DbError, _>(move |rx| (audit.run)(rx)).await.unwrap();
        assert!(failures.is_empty(), "{} {}: {failures:?}", audit.id, audit.title);
    }
}
