//! What this module keeps about people.

use base::PersonId;
use db::{DbError, Rx, Tx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

/// What this module keeps about people. A case stays with its sums; what the buyer wrote and sent does not.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: Some(binds), erase: Some(erase) };

const HELD: &[Held] = &[
    Held {
        name: "aftersale.case",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__cas, order_id AS order__ord, merchant AS merchant__mer, kind, reason, state, currency,
                   amount, shipping, refunded, carrier, tracking, replacement AS replacement__ord, opened_at, changed_at
               FROM aftersale_case WHERE buyer = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "aftersale.turn",
        fate: Fate::Removed,
        place: &[Place::Bytes, Place::Int],
        rows: "SELECT t.case_id, t.seq, t.case_id AS case__cas, t.at AS at, t.side AS side, t.what AS what,
                   t.words AS words
               FROM aftersale_case c JOIN aftersale_turn t ON t.case_id = c.id
               WHERE c.buyer = :person AND (t.case_id, t.seq) > (:after, :then)
               ORDER BY t.case_id, t.seq LIMIT :limit",
    },
];

fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    Ok(if store::has_open_cases(rx, person)? { vec!["aftersale.open"] } else { Vec::new() })
}

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    store::forget_buyer(tx, person)
}
