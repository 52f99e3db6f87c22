//! What this module keeps about people.

use base::PersonId;
use db::{DbError, Rx};
use rest::{Fate, Held, Personal, Place};

use crate::store;

/// What this module keeps about people. It takes its own rows away in the command that lets a person go.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: Some(binds), erase: None };

const HELD: &[Held] = &[
    Held {
        name: "people.person",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__per, state, name, locale, phone,
                   CASE WHEN password IS NULL THEN 0 ELSE 1 END AS has_password, is_operator, created_at
               FROM people_person WHERE id = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "people.address",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__adr, name, phone, region, street, created_at FROM people_address
               WHERE person = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "people.session",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__ses, way, user_agent, created_at, seen_at, stepped_up_at, expires_at, ended_at
               FROM people_session WHERE person = :person AND id > :after ORDER BY id, token_hash LIMIT :limit",
    },
    Held {
        name: "people.second_factor",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT person, created_at, confirmed_at FROM people_totp
               WHERE person = :person AND person > :after ORDER BY person LIMIT :limit",
    },
    Held {
        name: "people.guest",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT guest, guest AS guest__per, merged_at FROM people_alias
               WHERE member = :person AND guest > :after ORDER BY guest LIMIT :limit",
    },
    Held {
        name: "people.staff",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT merchant, merchant AS merchant__mer, role, rights, state, added_at FROM people_staff
               WHERE person = :person AND merchant > :after ORDER BY merchant LIMIT :limit",
    },
    Held {
        name: "people.act",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__act, merchant AS merchant__mer, action, target, detail, at FROM people_act
               WHERE actor = :person AND id > :after ORDER BY id LIMIT :limit",
    },
];

/// An operator is first made an ordinary member, and an owner first hands the shop over.
fn binds(rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
    let mut binds = Vec::new();
    if store::find_person(rx, person)?.is_some_and(|row| row.is_operator) {
        binds.push("person.is_operator");
    }
    let places = store::memberships(rx, person)?;
    if places.iter().any(|place| place.is_owner) {
        binds.push("person.owns_shop");
    }
    Ok(binds)
}
