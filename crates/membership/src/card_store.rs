//! All SQL of paid cards.

use base::{MerchantId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::store::{self, ProgramRow};

/// What a variant gives.
#[derive(Clone, Debug)]
pub(crate) struct CardRow {
    pub(crate) sku: SkuId,
    pub(crate) merchant: MerchantId,
    pub(crate) title: String,
    pub(crate) days: i64,
    pub(crate) off_bp: i64,
    pub(crate) is_freight_free: bool,
    pub(crate) version: i64,
}

/// A card that somebody bought.
#[derive(Clone, Debug)]
pub(crate) struct TermRow {
    pub(crate) order: OrderId,
    pub(crate) line: i64,
    pub(crate) merchant: MerchantId,
    pub(crate) person: PersonId,
    pub(crate) sku: SkuId,
    pub(crate) title: String,
    pub(crate) off_bp: i64,
    pub(crate) is_freight_free: bool,
    pub(crate) days: i64,
    pub(crate) paid: i64,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

const CARD: &str = "SELECT sku, merchant, title, days, off_bp, is_freight_free, version FROM membership_card";

fn card(row: &Row<'_>) -> Result<CardRow, DbError> {
    Ok(CardRow {
        sku: row.get(0)?,
        merchant: row.get(1)?,
        title: row.get(2)?,
        days: row.get(3)?,
        off_bp: row.get(4)?,
        is_freight_free: row.get(5)?,
        version: row.get(6)?,
    })
}

pub(crate) fn cards_of(rx: &mut Rx, merchant: MerchantId) -> Result<Vec<CardRow>, DbError> {
    let sql = format!("{CARD} WHERE merchant = :merchant ORDER BY sku LIMIT 50");
    rx.list(&sql, params!["merchant" => merchant], card)
}

pub(crate) fn cards(rx: &mut Rx, skus: &[SkuId]) -> Result<Vec<CardRow>, DbError> {
    let keys: Vec<Value> = skus.iter().map(|sku| Value::from(*sku)).collect();
    rx.list_in(&format!("{CARD} WHERE sku IN (:in) ORDER BY sku LIMIT 500"), &keys, card)
}

/// Puts a card in the place of the one with the version; answers whether that was still there.
pub(crate) fn put_card(tx: &mut Tx, row: &CardRow) -> Result<bool, DbError> {
    let now = tx.now();
    let written = if row.version == 0 {
        tx.execute(
            "INSERT INTO membership_card (sku, merchant, title, days, off_bp, is_freight_free, version, updated_at)
             VALUES (:sku, :merchant, :title, :days, :off_bp, :free, 1, :now) ON CONFLICT DO NOTHING",
            params![
                "sku" => row.sku, "merchant" => row.merchant, "title" => &row.title, "days" => row.days,
                "off_bp" => row.off_bp, "free" => row.is_freight_free, "now" => now,
            ],
        )?
    } else {
        tx.execute(
            "UPDATE membership_card SET title = :title, days = :days, off_bp = :off_bp, is_freight_free = :free,
                 version = version + 1, updated_at = :now
             WHERE sku = :sku AND merchant = :merchant AND version = :version",
            params![
                "sku" => row.sku, "merchant" => row.merchant, "title" => &row.title, "days" => row.days,
                "off_bp" => row.off_bp, "free" => row.is_freight_free, "now" => now, "version" => row.version,
            ],
        )?
    };
    Ok(written == 1)
}

/// From here on nobody else begins or ends a term of this person with this merchant until the transaction is over.
pub(crate) fn take_turn(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO membership_turn AS t (merchant, person, turns) VALUES (:merchant, :person, 1)
         ON CONFLICT (merchant, person) DO UPDATE SET turns = t.turns + excluded.turns",
        params!["merchant" => merchant, "person" => person],
    )?;
    Ok(())
}

pub(crate) fn insert_term(tx: &mut Tx, row: &TermRow) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO membership_term (order_id, line, merchant, person, sku, title, off_bp, is_freight_free, days, paid,
             starts_at, ends_at)
         VALUES (:order, :line, :merchant, :person, :sku, :title, :off_bp, :free, :days, :paid, 0, 0)",
        params![
            "order" => row.order, "line" => row.line, "merchant" => row.merchant, "person" => row.person,
            "sku" => row.sku, "title" => &row.title, "off_bp" => row.off_bp, "free" => row.is_freight_free,
            "days" => row.days, "paid" => row.paid,
        ],
    )?;
    Ok(())
}

const TERM: &str = "SELECT order_id, line, merchant, person, sku, title, off_bp, is_freight_free, days, paid,
    starts_at, ends_at FROM membership_term";

fn term(row: &Row<'_>) -> Result<TermRow, DbError> {
    Ok(TermRow {
        order: row.get(0)?,
        line: row.get(1)?,
        merchant: row.get(2)?,
        person: row.get(3)?,
        sku: row.get(4)?,
        title: row.get(5)?,
        off_bp: row.get(6)?,
        is_freight_free: row.get(7)?,
        days: row.get(8)?,
        paid: row.get(9)?,
        starts_at: row.get(10)?,
        ends_at: row.get(11)?,
    })
}

/// What an order promised.
pub(crate) fn terms_of_order(rx: &mut Rx, order: OrderId) -> Result<Vec<TermRow>, DbError> {
    let sql = format!("{TERM} WHERE order_id = :order ORDER BY order_id, line LIMIT 200");
    rx.list(&sql, params!["order" => order], term)
}

/// The terms of a person with a merchant that are not over, in their order.
pub(crate) fn open_terms(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<TermRow>, DbError> {
    let sql = format!(
        "{TERM} WHERE person = :person AND merchant = :merchant AND ends_at > :now
         ORDER BY ends_at, order_id, line LIMIT 200"
    );
    rx.list(&sql, params!["person" => person, "merchant" => merchant, "now" => now], term)
}

/// Share off, and whether delivery is free.
pub(crate) type CardGives = (i64, bool);

/// A merchant's program, and what the card gives that runs for the person. One statement,
/// since every price asks it.
pub(crate) fn standing(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    now: Timestamp,
) -> Result<(Option<ProgramRow>, Option<CardGives>), DbError> {
    rx.one(
        "SELECT p.factor, p.days, p.tiers, p.version, c.off_bp, c.is_freight_free
         FROM (SELECT 1 AS one) n /* bounded: one row of one */ LEFT JOIN membership_program p ON p.merchant = :merchant
         LEFT JOIN (SELECT t.off_bp AS off_bp, t.is_freight_free AS is_freight_free FROM membership_term t
             WHERE t.person = :person AND t.merchant = :merchant AND t.ends_at > :now AND t.starts_at <= :now
             ORDER BY t.ends_at, t.order_id, t.line LIMIT 1) c ON n.one = 1",
        params!["merchant" => merchant, "person" => person, "now" => now],
        |row| {
            let (off_bp, is_free): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
            let program = match row.get::<Option<i64>>(0)? {
                Some(_) => Some(store::program_row(row)?),
                None => None,
            };
            Ok((program, off_bp.zip(is_free.map(|free| free != 0))))
        },
    )
}

/// The terms of a person that are not over, of all merchants.
pub(crate) fn open_terms_of(rx: &mut Rx, person: PersonId, now: Timestamp) -> Result<Vec<TermRow>, DbError> {
    let sql = format!(
        "{TERM} WHERE person = :person AND ends_at > :now ORDER BY person, merchant, ends_at, order_id, line LIMIT 200"
    );
    rx.list(&sql, params!["person" => person, "now" => now], term)
}

/// When a term runs from now on.
pub(crate) fn set_times(
    tx: &mut Tx,
    (order, line): (OrderId, i64),
    (starts_at, ends_at): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE membership_term SET starts_at = :starts, ends_at = :ends WHERE order_id = :order AND line = :line",
        params!["order" => order, "line" => line, "starts" => starts_at, "ends" => ends_at],
    )?;
    Ok(())
}
