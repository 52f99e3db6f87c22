//! What this module keeps about people.

use base::PersonId;
use db::{DbError, Rx, Tx};
use rest::{Fate, Held, Personal, Place};

use crate::store::charges as store;

/// What this module keeps about people. Payments stay for the books and the provider's bill; from which account and
/// which address of the network somebody paid does not.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: Some(binds), erase: Some(erase) };

const HELD: &[Held] = &[
    Held {
        name: "payments.payment",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT p.id, p.id AS id__pay, p.method AS method, p.state AS state, p.amount AS amount,
                   p.currency AS currency, p.created_at AS created_at, p.captured_at AS captured_at,
                   p.returned AS returned, c.account AS account, c.address AS address, c.reference AS reference
               FROM payments_payment p LEFT JOIN payments_charge c ON c.payment = p.id
               WHERE p.payer = :person AND p.id > :after ORDER BY p.id LIMIT :limit",
    },
    Held {
        name: "payments.part",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Bytes],
        rows: "SELECT t.payment, t.order_id, t.payment AS payment__pay, t.order_id AS order__ord, t.amount AS amount,
                   t.state AS state
               FROM payments_payment p JOIN payments_part t ON t.payment = p.id
               WHERE p.payer = :person AND (t.payment, t.order_id) > (:after, :then)
               ORDER BY t.payment, t.order_id LIMIT :limit",
    },
    Held {
        name: "payments.refund",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT r.id, r.id AS id__rfd, r.payment AS payment__pay, r.order_id AS order__ord, r.amount AS amount,
                   r.currency AS currency, r.state AS state, r.created_at AS created_at, r.done_at AS done_at
               FROM payments_payment p JOIN payments_refund r ON r.payment = p.id
               WHERE p.payer = :person AND r.id > :after ORDER BY r.id LIMIT :limit",
    },
];

fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    Ok(if store::has_open_payments(rx, person)? { vec!["payments.open"] } else { Vec::new() })
}

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    store::forget_payer(tx, person)
}
