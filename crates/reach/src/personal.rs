//! What this module keeps about people.

use base::PersonId;
use db::{DbError, Rx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

/// What this module keeps about people. What somebody came through goes with the person where nothing was bought; where
/// something was, it is the evidence of somebody else's pay and stays.
pub(crate) const PERSONAL: Personal =
    Personal { held: HELD, binds: Some(binds), erase: Some(store::forget_touches) };

const HELD: &[Held] = &[
    Held {
        name: "reach.entry",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__ent, code, merchant AS merchant__mer, kind, target_kind, target, created_at
               FROM reach_entry WHERE sharer = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "reach.touch",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, merchant AS merchant__mer, entry AS entry__ent, sharer AS sharer__per, at FROM reach_touch
               WHERE person = :person AND id > :after ORDER BY id, person, merchant LIMIT :limit",
    },
    Held {
        name: "reach.parent",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT child, parent AS parent__per, bound_at FROM reach_parent
               WHERE child = :person AND child > :after ORDER BY child LIMIT :limit",
    },
    Held {
        name: "reach.attribution",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT order_id, order_id AS order__ord, entry AS entry__ent, sharer AS sharer__per, model, window_hours,
                   net, touches AS touches__json, placed_at, paid_at, settled_at
               FROM reach_attribution WHERE buyer = :person AND order_id > :after ORDER BY order_id LIMIT :limit",
    },
    Held {
        name: "reach.commission",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__com, order_id AS order__ord, merchant AS merchant__mer, level, currency, base, rate_bp,
                   amount, clawed, paid, state, held_for, release_at, created_at
               FROM reach_commission WHERE beneficiary = :person AND id > :after
               ORDER BY id, order_id, line, level LIMIT :limit",
    },
    Held {
        name: "reach.debt",
        fate: Fate::Kept,
        place: &[Place::Text],
        rows: "SELECT currency, currency, owed FROM reach_debt
               WHERE person = :person AND currency > :after ORDER BY currency LIMIT :limit",
    },
];

fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    let mut binds = Vec::new();
    if store::has_open_commissions(rx, person)? {
        binds.push("commissions.open");
    }
    if store::has_debt(rx, person)? {
        binds.push("commissions.owed");
    }
    Ok(binds)
}
