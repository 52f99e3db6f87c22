//! What this module keeps about people: seats in teams, which are numbers and ids and stay.

use rest::{Fate, Held, Personal, Place};

/// What this module keeps about people. Seats in teams that still run hang on open orders, which bind by themselves.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: None };

const HELD: &[Held] = &[
    Held {
        name: "deals.seat",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT s.order_id, s.order_id AS order__ord, s.team AS team__tea, m.sku AS sku__sku, m.qty AS qty,
                   m.unit AS unit, m.is_leader AS is_leader, m.state AS state, m.joined_at AS joined_at,
                   m.paid_at AS paid_at
               FROM deals_seat s JOIN deals_member m ON m.team = s.team AND m.person = s.person
               WHERE s.person = :person AND s.order_id > :after ORDER BY s.order_id LIMIT :limit",
    },
    Held {
        name: "deals.taken",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT activity, activity AS activity__dea, qty FROM deals_take
               WHERE person = :person AND activity > :after ORDER BY activity LIMIT :limit",
    },
    Held {
        name: "deals.buyer",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT merchant, merchant AS merchant__mer FROM deals_buyer
               WHERE person = :person AND merchant > :after ORDER BY merchant LIMIT :limit",
    },
];
