//! All SQL of after-sale cases.

use base::{CaseId, Currency, MerchantId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Kind, Reason, Side, State};

/// Most cases of one order that are looked at.
pub(crate) const CASES_MAX: i64 = 100;

/// A case as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseRow {
    pub(crate) id: CaseId,
    pub(crate) order: OrderId,
    pub(crate) merchant: MerchantId,
    pub(crate) buyer: PersonId,
    pub(crate) kind: Kind,
    pub(crate) reason: Reason,
    pub(crate) state: State,
    pub(crate) currency: Currency,
    /// What is asked for: items and delivery.
    pub(crate) amount: i64,
    pub(crate) shipping: i64,
    pub(crate) refunded: i64,
    pub(crate) carrier: Option<String>,
    pub(crate) tracking: Option<String>,
    pub(crate) replacement: Option<OrderId>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) opened_at: Timestamp,
    pub(crate) version: i64,
}

/// What of which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) line: i64,
    pub(crate) units: i64,
    pub(crate) amount: i64,
    pub(crate) to_sku: Option<SkuId>,
}

/// Something said or done.
pub(crate) struct TurnRow {
    pub(crate) at: Timestamp,
    pub(crate) side: Side,
    pub(crate) what: String,
    pub(crate) words: String,
}

/// The word of an enum as it goes over the wire and into the store.
pub(crate) fn word<T: Serialize>(value: T) -> Result<String, DbError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(DbError::Bug("not a word".to_owned())),
    }
}

fn from_word<T: DeserializeOwned>(word: String) -> Result<T, DbError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| DbError::Bug(error.to_string()))
}

const CASE: &str =
    "SELECT id, order_id, merchant, buyer, kind, reason, state, currency, amount, shipping, refunded,
    carrier, tracking, replacement, due_at, opened_at, version FROM aftersale_case";

fn case(row: &Row<'_>) -> Result<CaseRow, DbError> {
    Ok(CaseRow {
        id: row.get(0)?,
        order: row.get(1)?,
        merchant: row.get(2)?,
        buyer: row.get(3)?,
        kind: from_word(row.get(4)?)?,
        reason: from_word(row.get(5)?)?,
        state: from_word(row.get(6)?)?,
        currency: row.get(7)?,
        amount: row.get(8)?,
        shipping: row.get(9)?,
        refunded: row.get(10)?,
        carrier: row.get(11)?,
        tracking: row.get(12)?,
        replacement: row.get(13)?,
        due_at: row.get(14)?,
        opened_at: row.get(15)?,
        version: row.get(16)?,
    })
}

pub(crate) fn find_case(rx: &mut Rx, id: CaseId) -> Result<Option<CaseRow>, DbError> {
    rx.opt(&format!("{CASE} WHERE id = :id"), params!["id" => id], case)
}

/// The cases of an order, oldest first.
pub(crate) fn cases_of_order(rx: &mut Rx, order: OrderId) -> Result<Vec<CaseRow>, DbError> {
    rx.list(
        &format!("{CASE} WHERE order_id = :order ORDER BY order_id, id LIMIT :limit"),
        params!["order" => order, "limit" => CASES_MAX],
        case,
    )
}

pub(crate) fn list_of_buyer(
    rx: &mut Rx,
    buyer: PersonId,
    before: CaseId,
    limit: i64,
) -> Result<Vec<CaseRow>, DbError> {
    rx.list(
        &format!("{CASE} WHERE buyer = :buyer AND id < :before ORDER BY buyer DESC, id DESC LIMIT :limit"),
        params!["buyer" => buyer, "before" => before, "limit" => limit],
        case,
    )
}

pub(crate) fn list_of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    state: State,
    before: CaseId,
    limit: i64,
) -> Result<Vec<CaseRow>, DbError> {
    rx.list(
        &format!(
            "{CASE} WHERE merchant = :merchant AND state = :state AND id < :before
             ORDER BY merchant DESC, state DESC, id DESC LIMIT :limit"
        ),
        params!["merchant" => merchant, "state" => state.word(), "before" => before, "limit" => limit],
        case,
    )
}

pub(crate) fn list_in_state(
    rx: &mut Rx,
    state: State,
    before: CaseId,
    limit: i64,
) -> Result<Vec<CaseRow>, DbError> {
    rx.list(
        &format!("{CASE} WHERE state = :state AND id < :before ORDER BY state DESC, id DESC LIMIT :limit"),
        params!["state" => state.word(), "before" => before, "limit" => limit],
        case,
    )
}

/// How many cases of a merchant are in a state.
pub(crate) fn count_of_merchant(rx: &mut Rx, merchant: MerchantId, state: State) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(*) FROM aftersale_case WHERE merchant = :merchant AND state = :state",
        params!["merchant" => merchant, "state" => state.word()],
        |row| row.get(0),
    )
}

pub(crate) fn insert_case(tx: &mut Tx, row: &CaseRow, items: &[ItemRow]) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO aftersale_case (id, order_id, merchant, buyer, kind, reason, state, currency, amount, shipping,
             refunded, due_at, opened_at, changed_at, version)
         VALUES (:id, :order, :merchant, :buyer, :kind, :reason, :state, :currency, :amount, :shipping, 0, :due,
             :opened, :opened, 1)",
        params![
            "id" => row.id, "order" => row.order, "merchant" => row.merchant, "buyer" => row.buyer,
            "kind" => word(row.kind)?, "reason" => word(row.reason)?, "state" => row.state.word(),
            "currency" => row.currency, "amount" => row.amount, "shipping" => row.shipping, "due" => row.due_at,
            "opened" => row.opened_at,
        ],
    )?;
    let rows: Vec<Vec<Value>> = items
        .iter()
        .map(|item| {
            vec![row.id.into(), item.line.into(), item.units.into(), item.amount.into(), item.to_sku.into()]
        })
        .collect();
    tx.insert_later("INSERT INTO aftersale_item (case_id, line, units, amount, to_sku)", &rows, "")
}

/// Writes a case back as it was changed since it was read.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update_case(tx: &mut Tx, row: &CaseRow) -> Result<(), DbError> {
    let now = tx.now();
    tx.later_one(
        "UPDATE aftersale_case SET state = :state, refunded = :refunded, carrier = :carrier, tracking = :tracking,
             replacement = :replacement, due_at = :due, changed_at = :now, version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => row.version, "state" => row.state.word(), "refunded" => row.refunded,
            "carrier" => row.carrier.clone(), "tracking" => row.tracking.clone(),
            "replacement" => row.replacement, "due" => row.due_at, "now" => now,
        ],
    )
}

pub(crate) fn items(rx: &mut Rx, case: CaseId) -> Result<Vec<ItemRow>, DbError> {
    rx.list(
        "SELECT line, units, amount, to_sku FROM aftersale_item WHERE case_id = :case
         ORDER BY case_id, line LIMIT 200",
        params!["case" => case],
        |row| Ok(ItemRow { line: row.get(0)?, units: row.get(1)?, amount: row.get(2)?, to_sku: row.get(3)? }),
    )
}

/// The items of several cases.
pub(crate) fn items_of(rx: &mut Rx, cases: &[CaseId]) -> Result<Vec<(CaseId, ItemRow)>, DbError> {
    let keys: Vec<Value> = cases.iter().map(|case| Value::from(*case)).collect();
    rx.list_in(
        "SELECT case_id, line, units, amount, to_sku FROM aftersale_item WHERE case_id IN (:in)
         ORDER BY case_id, line LIMIT 20000",
        &keys,
        |row| {
            let item =
                ItemRow { line: row.get(1)?, units: row.get(2)?, amount: row.get(3)?, to_sku: row.get(4)? };
            Ok((row.get(0)?, item))
        },
    )
}

/// Notes what was said or done.
pub(crate) fn insert_turn(
    tx: &mut Tx,
    case: CaseId,
    (side, actor): (Side, Option<PersonId>),
    what: &str,
    words: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO aftersale_turn (case_id, seq, at, side, actor, what, words)
         SELECT :case, COALESCE(MAX(seq), 0) + 1, :now, :side, :actor, :what, :words
         FROM aftersale_turn WHERE case_id = :case",
        params![
            "case" => case, "now" => now, "side" => word(side)?, "actor" => actor, "what" => what,
            "words" => words,
        ],
    )
}

pub(crate) fn turns(rx: &mut Rx, case: CaseId) -> Result<Vec<TurnRow>, DbError> {
    rx.list(
        "SELECT at, side, what, words FROM aftersale_turn WHERE case_id = :case ORDER BY case_id, seq LIMIT 200",
        params!["case" => case],
        |row| {
            Ok(TurnRow {
                at: row.get(0)?,
                side: from_word(row.get(1)?)?,
                what: row.get(2)?,
                words: row.get(3)?,
            })
        },
    )
}

/// How a shop deals with what comes back, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TermsRow {
    pub(crate) address: Option<String>,
    pub(crate) protection: i64,
    pub(crate) version: i64,
}

pub(crate) fn terms(rx: &mut Rx, merchant: MerchantId) -> Result<TermsRow, DbError> {
    let row = rx.opt(
        "SELECT address, protection, version FROM aftersale_terms WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| Ok(TermsRow { address: row.get(0)?, protection: row.get(1)?, version: row.get(2)? }),
    )?;
    Ok(row.unwrap_or_default())
}

/// Sets a shop's terms; `false` when they are at another version.
pub(crate) fn put_terms(
    tx: &mut Tx,
    merchant: MerchantId,
    address: &str,
    protection: i64,
    version: i64,
) -> Result<bool, DbError> {
    if version == 0 {
        let inserted = tx.execute(
            "INSERT INTO aftersale_terms (merchant, address, protection, version)
             VALUES (:merchant, :address, :protection, 1) ON CONFLICT (merchant) DO NOTHING",
            params!["merchant" => merchant, "address" => address, "protection" => protection],
        )?;
        return Ok(inserted == 1);
    }
    let changed = tx.execute(
        "UPDATE aftersale_terms SET address = :address, protection = :protection, version = version + 1
         WHERE merchant = :merchant AND version = :version",
        params!["merchant" => merchant, "address" => address, "protection" => protection, "version" => version],
    )?;
    Ok(changed == 1)
}

/// Whether the person has a case that has not come to its end.
pub(crate) fn has_open_cases(rx: &mut Rx, person: PersonId) -> Result<bool, DbError> {
    let found: Option<CaseId> = rx.opt(
        "SELECT id FROM aftersale_case WHERE buyer = :person AND state NOT IN ('done', 'withdrawn', 'rejected')
         ORDER BY id LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Takes the words and the parcels off a few cases of somebody who has left; answers of how many.
pub(crate) fn forget_buyer(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let parcels = tx.execute(
        "UPDATE aftersale_case SET carrier = NULL, tracking = NULL WHERE id IN (
             SELECT id FROM aftersale_case WHERE buyer = :person AND (carrier IS NOT NULL OR tracking IS NOT NULL)
             ORDER BY id LIMIT 200)",
        params!["person" => person],
    )?;
    let turns = tx.execute(
        "UPDATE aftersale_turn SET words = '' WHERE (case_id, seq) IN (
             SELECT t.case_id, t.seq FROM aftersale_case c JOIN aftersale_turn t ON t.case_id = c.id
             WHERE c.buyer = :person AND t.words <> '' ORDER BY t.case_id, t.seq LIMIT 200)",
        params!["person" => person],
    )?;
    Ok(parcels.saturating_add(turns))
}
