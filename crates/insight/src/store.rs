//! All SQL of the sums.

use base::{MerchantId, PersonId, ProductId, Timestamp};
use db::{DbError, Rx, Tx, params};

/// What happened on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) orders: i64,
    pub(crate) paid: i64,
    pub(crate) refunded: i64,
}

pub(crate) fn add_day(
    tx: &mut Tx,
    merchant: MerchantId,
    day: Timestamp,
    change: Change,
) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO insight_day AS d (merchant, day, orders, paid, refunded)
         VALUES (:merchant, :day, :orders, :paid, :refunded)
         ON CONFLICT (merchant, day) DO UPDATE SET orders = d.orders + excluded.orders,
             paid = d.paid + excluded.paid, refunded = d.refunded + excluded.refunded",
        params![
            "merchant" => merchant, "day" => day, "orders" => change.orders, "paid" => change.paid,
            "refunded" => change.refunded,
        ],
    )
}

pub(crate) fn add_product(
    tx: &mut Tx,
    merchant: MerchantId,
    day: Timestamp,
    product: ProductId,
    sold: (i64, i64),
) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO insight_product_day AS d (merchant, day, product, qty, paid)
         VALUES (:merchant, :day, :product, :qty, :paid)
         ON CONFLICT (merchant, day, product) DO UPDATE SET qty = d.qty + excluded.qty, paid = d.paid + excluded.paid",
        params!["merchant" => merchant, "day" => day, "product" => product, "qty" => sold.0, "paid" => sold.1],
    )
}

pub(crate) fn add_buyer(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
    day: Timestamp,
) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO insight_buyer_day AS d (merchant, person, day, orders) VALUES (:merchant, :person, :day, 1)
         ON CONFLICT (merchant, person, day) DO UPDATE SET orders = d.orders + excluded.orders",
        params!["merchant" => merchant, "person" => person, "day" => day],
    )
}

pub(crate) fn days(
    rx: &mut Rx,
    merchant: MerchantId,
    span: (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, Change)>, DbError> {
    rx.list(
        "SELECT day, orders, paid, refunded FROM insight_day
         WHERE merchant = :merchant AND day >= :start AND day < :end ORDER BY merchant, day LIMIT 1000",
        params!["merchant" => merchant, "start" => span.0, "end" => span.1],
        |row| Ok((row.get(0)?, Change { orders: row.get(1)?, paid: row.get(2)?, refunded: row.get(3)? })),
    )
}

/// Buyers in a span, and how many of them bought more than once in it.
pub(crate) fn buyers(
    rx: &mut Rx,
    merchant: MerchantId,
    span: (Timestamp, Timestamp),
) -> Result<(i64, i64), DbError> {
    rx.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN b.orders > 1 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM (SELECT person, SUM(orders) AS orders FROM insight_buyer_day
               WHERE merchant = :merchant AND day >= :start AND day < :end GROUP BY person) b",
        params!["merchant" => merchant, "start" => span.0, "end" => span.1],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The products that brought the most in a span.
pub(crate) fn top_products(
    rx: &mut Rx,
    merchant: MerchantId,
    span: (Timestamp, Timestamp),
) -> Result<Vec<(ProductId, i64, i64)>, DbError> {
    rx.list(
        "SELECT product, CAST(SUM(qty) AS BIGINT) AS qty, CAST(SUM(paid) AS BIGINT) AS paid FROM insight_product_day
         WHERE merchant = :merchant AND day >= :start AND day < :end
         GROUP BY product ORDER BY paid DESC, product LIMIT 10",
        params!["merchant" => merchant, "start" => span.0, "end" => span.1],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
