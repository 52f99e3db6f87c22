//! What this module keeps about people: for which unpaid orders something lies aside.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[Held {
    name: "stock.holding",
    fate: Fate::Kept,
    place: &[Place::Bytes],
    rows: "SELECT order_id, order_id AS order__ord FROM stock_holding
           WHERE person = :person AND order_id > :after ORDER BY order_id LIMIT :limit",
}];
