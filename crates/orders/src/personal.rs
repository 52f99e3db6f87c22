//! What this module keeps about people.

use base::PersonId;
use db::{DbError, Rx, Tx, params};
use rest::{Fate, Held, Personal, Place};

use crate::store;

/// What this module keeps about people. An order stays for the shop's books; to whom it went does not.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: Some(binds), erase: Some(erase) };

const HELD: &[Held] = &[
    Held {
        name: "orders.cart",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT sku, sku AS sku__sku, qty, added_at FROM orders_cart
               WHERE person = :person AND sku > :after ORDER BY sku LIMIT :limit",
    },
    Held {
        name: "orders.order",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__ord, number, merchant AS merchant__mer, state, currency, goods, discount, shipping,
                   tax, total, captured, refunded, team AS team__tea, payment AS payment__pay,
                   address AS address__json, note, explanations AS explanations__json, placed_at, paid_at,
                   confirmed_at, shipped_at, received_at, completed_at, cancelled_at, carrier, tracking
               FROM orders_order WHERE buyer = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "orders.line",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Int],
        rows: "SELECT l.order_id, l.line, l.order_id AS order__ord, l.line AS line, l.sku AS sku__sku,
                   l.product AS product__prd, l.title AS title, l.options AS options__json, l.qty AS qty, l.unit AS unit,
                   l.discount AS discount, l.total AS total, l.refunded AS refunded
               FROM orders_order o JOIN orders_line l ON l.order_id = o.id
               WHERE o.buyer = :person AND (l.order_id, l.line) > (:after, :then)
               ORDER BY l.order_id, l.line LIMIT :limit",
    },
    Held {
        name: "orders.refund",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT r.id, r.id AS id__rfd, r.order_id AS order__ord, r.amount AS amount, r.shipping AS shipping,
                   r.reason AS reason, r.created_at AS created_at
               FROM orders_order o JOIN orders_refund r ON r.order_id = o.id
               WHERE o.buyer = :person AND r.id > :after ORDER BY r.id LIMIT :limit",
    },
    Held {
        name: "orders.note",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Int],
        rows: "SELECT n.order_id, n.seq, n.order_id AS order__ord, n.what AS what, n.at AS at
               FROM orders_order o JOIN orders_note n ON n.order_id = o.id
               WHERE o.buyer = :person AND (n.order_id, n.seq) > (:after, :then)
               ORDER BY n.order_id, n.seq LIMIT :limit",
    },
];

fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    Ok(if store::has_open_orders(rx, person)? { vec!["orders.open"] } else { Vec::new() })
}

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let carts = tx.execute("DELETE FROM orders_cart WHERE person = :person", params!["person" => person])?;
    tx.execute("DELETE FROM orders_cart_turn WHERE person = :person", params!["person" => person])?;
    Ok(carts.saturating_add(store::forget_buyer(tx, person)?))
}
