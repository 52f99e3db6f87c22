//! What this module keeps about people: their invoices. Names, codes and links go with the person; the invoice itself, which
//! the law has kept, lies with the tax office under the number that stays.

use base::PersonId;
use db::{DbError, Tx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: Some(erase) };

const HELD: &[Held] = &[Held {
    name: "invoices.invoice",
    fate: Fate::Kept,
    place: &[Place::Bytes],
    rows: "SELECT id, id AS id__inv, order_id AS order__ord, merchant AS merchant__mer, state, kind, title, tax_code, amount,
               tax, red, number, link, reason, asked_at, issued_at
           FROM invoices_invoice WHERE buyer = :person AND id > :after ORDER BY id LIMIT :limit",
}];

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    store::forget_buyer(tx, person)
}
