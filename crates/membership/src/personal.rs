//! What this module keeps about people: numbers by order, which stay with the orders.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[
    Held {
        name: "membership.order",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT order_id, order_id AS order__ord, merchant AS merchant__mer, paid, back, growth, earned_at
               FROM membership_order WHERE person = :person AND order_id > :after ORDER BY order_id LIMIT :limit",
    },
    Held {
        name: "membership.growth",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Text],
        rows: "SELECT order_id, cause, order_id AS order__ord, cause, merchant AS merchant__mer, amount, at
               FROM membership_growth WHERE person = :person AND (order_id, cause) > (:after, :then)
               ORDER BY order_id, cause LIMIT :limit",
    },
    Held {
        name: "membership.card",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Int],
        rows: "SELECT order_id, line, order_id AS order__ord, merchant AS merchant__mer, title, days, paid, starts_at,
                      ends_at
               FROM membership_term WHERE person = :person AND (order_id, line) > (:after, :then)
               ORDER BY order_id, line LIMIT :limit",
    },
];
