//! What this module keeps about people: what they asked for, for some days.

use rest::{Fate, Held, Personal, Place};

use crate::store;

/// What this module keeps about people. Words that nobody else has asked for go with who asked.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: Some(store::forget_asker) };

const HELD: &[Held] = &[Held {
    name: "search.asked",
    fate: Fate::Removed,
    place: &[Place::Int, Place::Text],
    rows: "SELECT day, query, day, query FROM search_asker
           WHERE person = :person AND (day, query) > (:after, :then) ORDER BY day, query LIMIT :limit",
}];
