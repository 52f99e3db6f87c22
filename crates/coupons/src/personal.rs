//! What this module keeps about people: their coupons and whom they helped, which stay with what they were used for.
//! The links to them end.

use base::PersonId;
use db::{DbError, Tx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: Some(erase) };

const HELD: &[Held] = &[
    Held {
        name: "coupons.coupon",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT c.id, c.id AS id__cpn, t.title AS title, c.merchant AS merchant__mer, c.state AS state,
                   c.order_id AS order__ord, c.grown AS grown, c.claimed_at AS claimed_at, c.valid_to AS valid_to_at
               FROM coupons_coupon c JOIN coupons_template t ON t.id = c.template
               WHERE c.person = :person AND c.id > :after ORDER BY c.id LIMIT :limit",
    },
    Held {
        name: "coupons.use",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT u.order_id, u.order_id AS order__ord, u.coupon AS coupon__cpn, u.off AS off, u.state AS state, u.at AS at
               FROM coupons_coupon c JOIN coupons_use u ON u.coupon = c.id
               WHERE c.person = :person AND u.order_id > :after ORDER BY u.order_id LIMIT :limit",
    },
    Held {
        name: "coupons.help",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT coupon, coupon AS coupon__cpn, amount, at FROM coupons_growth
               WHERE cause = :person_text AND coupon > :after ORDER BY coupon LIMIT :limit",
    },
    Held {
        name: "coupons.claimed",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT template, template AS template__cpt, claimed FROM coupons_person
               WHERE person = :person AND template > :after ORDER BY template LIMIT :limit",
    },
];

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    store::end_links(tx, person)
}
