//! What this module keeps about people: their money. It stays, under an id that is nobody's any more.

use base::PersonId;
use db::{DbError, Rx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: Some(binds), erase: None };

const HELD: &[Held] = &[
    Held {
        name: "ledger.account",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__acc, kind, asset, created_at FROM ledger_account
               WHERE owner = :person_text AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "ledger.entry",
        fate: Fate::Kept,
        place: &[Place::Text, Place::Int],
        rows: "SELECT e.chain, e.seq, e.account AS account__acc, t.kind AS kind, e.side AS side, e.amount AS amount,
                   e.asset AS asset, t.order_id AS order__ord, t.created_at AS at
               FROM ledger_account a JOIN ledger_entry e ON e.account = a.id JOIN ledger_transfer t ON t.id = e.transfer
               WHERE a.owner = :person_text AND (e.chain, e.seq) > (:after, :then)
               ORDER BY e.chain, e.seq LIMIT :limit",
    },
];

/// Money in the wallet is somebody's: it is spent or paid out first.
fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    Ok(if store::holds_anything(rx, &person.to_string())? { vec!["wallet.not_empty"] } else { Vec::new() })
}
