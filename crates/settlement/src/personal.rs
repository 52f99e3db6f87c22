//! What this module keeps about people: what they earned, which the tax office may ask for.

use rest::{Fate, Held, Personal, Place};

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[Held {
    name: "settlement.income",
    fate: Fate::Kept,
    place: &[Place::Int, Place::Text],
    rows: "SELECT quarter, kind || ' ' || currency, quarter, kind, currency, paid, taken_back, payments
           FROM settlement_income WHERE person = :person AND (quarter, kind || ' ' || currency) > (:after, :then)
           ORDER BY quarter, kind || ' ' || currency, person, kind, currency LIMIT :limit",
}];
