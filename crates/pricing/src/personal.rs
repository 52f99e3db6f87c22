//! What this module keeps about people: how often a promotion served them, which stays with the orders.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[
    Held {
        name: "pricing.promotion",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT promotion, promotion AS promotion__prm, used FROM pricing_promotion_person
               WHERE person = :person AND promotion > :after ORDER BY promotion LIMIT :limit",
    },
    Held {
        name: "pricing.promotion_use",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Bytes],
        rows:
            "SELECT order_id, promotion, order_id AS order__ord, promotion AS promotion__prm, off, state, at
               FROM pricing_promotion_use WHERE person = :person AND (order_id, promotion) > (:after, :then)
               ORDER BY order_id, promotion LIMIT :limit",
    },
];
