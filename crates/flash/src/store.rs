//! All SQL of flash sales.

use base::{FlashSaleId, MerchantId, OrderId, PersonId, ProductId, SkuId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

/// A sale as stored.
#[derive(Clone, Debug)]
pub(crate) struct SaleRow {
    pub(crate) id: FlashSaleId,
    pub(crate) merchant: MerchantId,
    pub(crate) product: ProductId,
    pub(crate) title: String,
    /// `live`, `paused` or `ended`.
    pub(crate) state: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) per_person: Option<i64>,
}

/// A variant in a sale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceRow {
    pub(crate) sale: FlashSaleId,
    pub(crate) sku: SkuId,
    pub(crate) price: i64,
    pub(crate) quota: i64,
    pub(crate) used: i64,
}

const SALE: &str =
    "SELECT id, merchant, product, title, state, starts_at, ends_at, per_person FROM flash_sale";

fn sale(row: &Row<'_>) -> Result<SaleRow, DbError> {
    Ok(SaleRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        product: row.get(2)?,
        title: row.get(3)?,
        state: row.get(4)?,
        starts_at: row.get(5)?,
        ends_at: row.get(6)?,
        per_person: row.get(7)?,
    })
}

pub(crate) fn find(rx: &mut Rx, id: FlashSaleId) -> Result<Option<SaleRow>, DbError> {
    rx.opt(&format!("{SALE} WHERE id = :id"), params!["id" => id], sale)
}

/// The sale of a product that has not ended.
pub(crate) fn of_product(rx: &mut Rx, product: ProductId) -> Result<Option<SaleRow>, DbError> {
    let sql = format!(
        "{SALE} /* bounded: a product has one */
         WHERE id = (SELECT l.sale FROM flash_live l WHERE l.product = :product)"
    );
    rx.opt(&sql, params!["product" => product], sale)
}

pub(crate) fn of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    before: FlashSaleId,
    limit: i64,
) -> Result<Vec<SaleRow>, DbError> {
    let sql = format!(
        "{SALE} WHERE merchant = :merchant AND id < :before ORDER BY merchant DESC, id DESC LIMIT :limit"
    );
    rx.list(&sql, params!["merchant" => merchant, "before" => before, "limit" => limit], sale)
}

/// Sales that run or are to come, those that end first in front.
pub(crate) fn open(rx: &mut Rx, now: Timestamp, limit: i64) -> Result<Vec<SaleRow>, DbError> {
    let sql =
        format!("{SALE} WHERE state = 'live' AND ends_at > :now ORDER BY state, ends_at, id LIMIT :limit");
    rx.list(&sql, params!["now" => now, "limit" => limit], sale)
}

pub(crate) fn prices(rx: &mut Rx, sales: &[FlashSaleId]) -> Result<Vec<PriceRow>, DbError> {
    let keys: Vec<Value> = sales.iter().map(|sale| Value::from(*sale)).collect();
    let sql = "SELECT sale, sku, price, quota, used FROM flash_price WHERE sale IN (:in) ORDER BY sale, sku LIMIT 2000";
    rx.list_in(sql, &keys, |row| {
        Ok(PriceRow {
            sale: row.get(0)?,
            sku: row.get(1)?,
            price: row.get(2)?,
            quota: row.get(3)?,
            used: row.get(4)?,
        })
    })
}

/// What variants cost in sales that run now, with what the person has of each sale already.
pub(crate) fn running(
    rx: &mut Rx,
    person: PersonId,
    skus: &[SkuId],
    now: Timestamp,
) -> Result<Vec<(PriceRow, Option<i64>)>, DbError> {
    let mut found = Vec::new();
    for sku in skus {
        let one = rx.opt(
            "SELECT p.sale, p.sku, p.price, p.quota, p.used, s.per_person, COALESCE(u.units, 0)
                 /* bounded: a product has one sale that has not ended */
             FROM flash_price p JOIN flash_live l ON l.sale = p.sale JOIN flash_sale s ON s.id = p.sale
             LEFT JOIN flash_person u ON u.sale = p.sale AND u.person = :person
             WHERE p.sku = :sku AND s.state = 'live' AND s.starts_at <= :now AND s.ends_at > :now",
            params!["person" => person, "sku" => *sku, "now" => now],
            |row| {
                let price = PriceRow {
                    sale: row.get(0)?,
                    sku: row.get(1)?,
                    price: row.get(2)?,
                    quota: row.get(3)?,
                    used: row.get(4)?,
                };
                let (most, has): (Option<i64>, i64) = (row.get(5)?, row.get(6)?);
                Ok((price, most.map(|most| most.saturating_sub(has))))
            },
        )?;
        found.extend(one);
    }
    Ok(found)
}

pub(crate) fn insert(tx: &mut Tx, row: &SaleRow, prices: &[PriceRow]) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO flash_sale (id, merchant, product, title, state, starts_at, ends_at, per_person, created_at)
         VALUES (:id, :merchant, :product, :title, :state, :starts, :ends, :per_person, :now)",
        params![
            "id" => row.id, "merchant" => row.merchant, "product" => row.product, "title" => &row.title,
            "state" => &row.state, "starts" => row.starts_at, "ends" => row.ends_at,
            "per_person" => row.per_person, "now" => now,
        ],
    )?;
    for price in prices {
        tx.later(
            "INSERT INTO flash_price (sale, sku, price, quota, used) VALUES (:sale, :sku, :price, :quota, 0)",
            params!["sale" => price.sale, "sku" => price.sku, "price" => price.price, "quota" => price.quota],
        )?;
    }
    Ok(())
}

/// Claims the product for a sale; `false` when another one has not ended.
pub(crate) fn claim(tx: &mut Tx, product: ProductId, sale: FlashSaleId) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO flash_live (product, sale) VALUES (:product, :sale) ON CONFLICT (product) DO NOTHING",
        params!["product" => product, "sale" => sale],
    )?;
    Ok(claimed == 1)
}

pub(crate) fn free(tx: &mut Tx, sale: FlashSaleId, product: ProductId) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM flash_live WHERE product = :product AND sale = :sale",
        params!["product" => product, "sale" => sale],
    )?;
    Ok(())
}

/// Moves a sale to another state; `false` when it is not in one of those it may come from.
pub(crate) fn advance(tx: &mut Tx, id: FlashSaleId, from: [&str; 2], to: &str) -> Result<bool, DbError> {
    let [first, second] = from;
    let changed = tx.execute(
        "UPDATE flash_sale SET state = :to WHERE id = :id AND (state = :first OR state = :second)",
        params!["id" => id, "to" => to, "first" => first, "second" => second],
    )?;
    Ok(changed == 1)
}

/// Takes units of a sale that runs; `false` when so many are not left or it does not run any more.
pub(crate) fn take(
    tx: &mut Tx,
    (sale, sku): (FlashSaleId, SkuId),
    units: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE flash_price SET used = used + :units
         WHERE sale = :sale AND sku = :sku AND used + :units <= quota AND EXISTS (
             SELECT 1 FROM flash_sale s
             WHERE s.id = :sale AND s.state = 'live' AND s.starts_at <= :now AND s.ends_at > :now)",
        params!["sale" => sale, "sku" => sku, "units" => units, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Counts units of a person in a sale; `false` when that is more than one may have.
pub(crate) fn count(
    tx: &mut Tx,
    (sale, person): (FlashSaleId, PersonId),
    units: i64,
    most: i64,
) -> Result<bool, DbError> {
    tx.execute(
        "INSERT INTO flash_person (sale, person, units) VALUES (:sale, :person, 0) ON CONFLICT DO NOTHING",
        params!["sale" => sale, "person" => person],
    )?;
    let changed = tx.execute(
        "UPDATE flash_person SET units = units + :units
         WHERE sale = :sale AND person = :person AND units + :units <= :most",
        params!["sale" => sale, "person" => person, "units" => units, "most" => most],
    )?;
    Ok(changed == 1)
}

/// What an order took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UseRow {
    pub(crate) order: OrderId,
    pub(crate) sku: SkuId,
    pub(crate) sale: FlashSaleId,
    pub(crate) person: PersonId,
    pub(crate) units: i64,
}

pub(crate) fn insert_use(tx: &mut Tx, row: UseRow) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO flash_use (order_id, sku, sale, person, units, state, at)
         VALUES (:order, :sku, :sale, :person, :units, 'taken', :now)",
        params![
            "order" => row.order, "sku" => row.sku, "sale" => row.sale, "person" => row.person,
            "units" => row.units, "now" => now,
        ],
    )
}

/// What an order took and has not given back.
pub(crate) fn taken(rx: &mut Rx, order: OrderId) -> Result<Vec<UseRow>, DbError> {
    rx.list(
        "SELECT order_id, sku, sale, person, units FROM flash_use WHERE order_id = :order AND state = 'taken'
         ORDER BY order_id, sku LIMIT 200",
        params!["order" => order],
        |row| {
            Ok(UseRow {
                order: row.get(0)?,
                sku: row.get(1)?,
                sale: row.get(2)?,
                person: row.get(3)?,
                units: row.get(4)?,
            })
        },
    )
}

/// Gives back what an order took, once.
pub(crate) fn release(tx: &mut Tx, row: UseRow) -> Result<(), DbError> {
    let released = tx.execute(
        "UPDATE flash_use SET state = 'released' WHERE order_id = :order AND sku = :sku AND state = 'taken'",
        params!["order" => row.order, "sku" => row.sku],
    )?;
    if released != 1 {
        return Ok(());
    }
    tx.execute(
        "UPDATE flash_price SET used = used - :units WHERE sale = :sale AND sku = :sku",
        params!["sale" => row.sale, "sku" => row.sku, "units" => row.units],
    )?;
    tx.execute(
        "UPDATE flash_person SET units = units - :units WHERE sale = :sale AND person = :person",
        params!["sale" => row.sale, "person" => row.person, "units" => row.units],
    )?;
    Ok(())
}
