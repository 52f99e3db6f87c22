//! What this module keeps about people: numbers by order, which stay with the orders.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[Held {
    name: "flash.use",
    fate: Fate::Kept,
    place: &[Place::Bytes, Place::Bytes],
    rows: "SELECT order_id, sku, order_id AS order__ord, sku AS sku__sku, sale AS sale__fls, units, state, at FROM flash_use
           WHERE person = :person AND (order_id, sku) > (:after, :then) ORDER BY order_id, sku LIMIT :limit",
}];
