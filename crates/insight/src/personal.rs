//! What this module keeps about people: on how many days somebody bought at a shop, counted by id.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[Held {
    name: "insight.buyer_day",
    fate: Fate::Kept,
    place: &[Place::Bytes, Place::Int],
    rows: "SELECT merchant, day, merchant AS merchant__mer, day, orders FROM insight_buyer_day
           WHERE person = :person AND (merchant, day) > (:after, :then) ORDER BY merchant, day LIMIT :limit",
}];
