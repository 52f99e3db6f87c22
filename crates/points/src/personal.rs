//! What this module keeps about people: numbers by shop and order, which stay with the orders.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[
    Held {
        name: "points.purse",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT merchant, merchant AS merchant__mer, owed, streak FROM points_purse
               WHERE person = :person AND merchant > :after ORDER BY merchant LIMIT :limit",
    },
    Held {
        name: "points.lot",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__plt, merchant AS merchant__mer, source, order_id AS order__ord, amount, remaining,
                   spent, taken, expired, expires_at, created_at
               FROM points_lot WHERE person = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "points.spend",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT order_id, order_id AS order__ord, merchant AS merchant__mer, points, worth, back, at
               FROM points_spend WHERE person = :person AND order_id > :after ORDER BY order_id LIMIT :limit",
    },
    Held {
        name: "points.earned",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT order_id, order_id AS order__ord, merchant AS merchant__mer, paid, back, points, at
               FROM points_earned WHERE person = :person AND order_id > :after ORDER BY order_id LIMIT :limit",
    },
    Held {
        name: "points.log",
        fate: Fate::Kept,
        place: &[Place::Text],
        rows: "SELECT cause, merchant AS merchant__mer, kind, order_id AS order__ord, amount, owed, at
               FROM points_log WHERE person = :person AND cause > :after ORDER BY cause LIMIT :limit",
    },
];
