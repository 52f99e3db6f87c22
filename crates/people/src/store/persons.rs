//! Persons, their phones, what guests turned out to be.

use std::collections::{BTreeMap, BTreeSet};

use base::{AddressId, PersonId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use super::lists::in_lists;
use crate::model::{Phone, State};

pub(crate) fn person_names(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>, DbError> {
    let mut names = BTreeMap::new();
    in_lists(people, |list, params| {
        let sql = format!("SELECT id, name FROM people_person WHERE id IN ({list})");
        names.extend(rx.list(&sql, params, |row| Ok((row.get::<PersonId>(0)?, row.get::<String>(1)?)))?);
        Ok(())
    })?;
    Ok(names)
}

pub(crate) fn home_regions(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>, DbError> {
    let mut regions = BTreeMap::new();
    in_lists(people, |list, params| {
        let sql = format!(
            "SELECT p.id, a.region FROM people_person p
             JOIN people_address a ON a.person = p.id AND a.id = p.default_address WHERE p.id IN ({list})"
        );
        regions.extend(rx.list(&sql, params, |row| Ok((row.get::<PersonId>(0)?, row.get::<String>(1)?)))?);
        Ok(())
    })?;
    Ok(regions)
}

/// A person's row.
pub(crate) struct PersonRow {
    pub(crate) id: PersonId,
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) locale: String,
    pub(crate) phone: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) is_operator: bool,
    pub(crate) default_address: Option<AddressId>,
    pub(crate) created_at: Timestamp,
}

impl PersonRow {
    pub(crate) fn is(&self, state: State) -> bool {
        self.state == state.word()
    }
}

fn person(row: &Row<'_>) -> Result<PersonRow, DbError> {
    Ok(PersonRow {
        id: row.get(0)?,
        state: row.get(1)?,
        name: row.get(2)?,
        locale: row.get(3)?,
        phone: row.get(4)?,
        password: row.get(5)?,
        is_operator: row.get(6)?,
        default_address: row.get(7)?,
        created_at: row.get(8)?,
    })
}

pub(crate) fn find_person(rx: &mut Rx, id: PersonId) -> Result<Option<PersonRow>, DbError> {
    rx.opt(
        "SELECT id, state, name, locale, phone, password, is_operator, default_address, created_at
         FROM people_person WHERE id = :id",
        params!["id" => id],
        person,
    )
}

/// People whose numbers begin with `start`, from the number after `after` on.
pub(crate) fn list_members(
    rx: &mut Rx,
    start: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<PersonRow>, DbError> {
    // `:` comes after every digit.
    let end = format!("{start}:");
    rx.list(
        "SELECT p.id, p.state, p.name, p.locale, p.phone, p.password, p.is_operator, p.default_address, p.created_at
         FROM people_phone f JOIN people_person p ON p.id = f.person
         WHERE f.phone >= :start AND f.phone < :end AND f.phone > :after ORDER BY f.phone LIMIT :limit",
        params!["start" => start, "end" => end, "after" => after, "limit" => limit],
        person,
    )
}

pub(crate) fn insert_person(
    tx: &mut Tx,
    id: PersonId,
    state: State,
    name: &str,
    phone: Option<&Phone>,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO people_person (id, state, name, locale, phone, password, is_operator, addresses,
             default_address, created_at)
         VALUES (:id, :state, :name, 'zh-CN', :phone, NULL, 0, 0, NULL, :now)",
        params![
            "id" => id, "state" => state.word(), "name" => name, "phone" => phone.map(Phone::as_str), "now" => now,
        ],
    )
}

/// Turns a guest into a member; `false` when it is no guest any more.
pub(crate) fn upgrade_guest(
    tx: &mut Tx,
    guest: PersonId,
    name: &str,
    phone: &Phone,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_person SET state = 'member', name = :name, phone = :phone
         WHERE id = :guest AND state = 'guest'",
        params!["guest" => guest, "name" => name, "phone" => phone.as_str()],
    )?;
    Ok(changed == 1)
}

/// Ends a guest's own life; `false` when it is no guest any more.
pub(crate) fn merge_guest(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<bool, DbError> {
    if !move_state(tx, guest, State::Guest, State::Merged)? {
        return Ok(false);
    }
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO people_alias (guest, member, merged_at) VALUES (:guest, :member, :now)
         ON CONFLICT (guest) DO NOTHING",
        params!["guest" => guest, "member" => member, "now" => now],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn find_alias(rx: &mut Rx, guest: PersonId) -> Result<Option<PersonId>, DbError> {
    rx.opt("SELECT member FROM people_alias WHERE guest = :guest", params!["guest" => guest], |row| {
        row.get(0)
    })
}

pub(crate) fn find_by_phone(rx: &mut Rx, phone: &Phone) -> Result<Option<PersonId>, DbError> {
    rx.opt(
        "SELECT person FROM people_phone WHERE phone = :phone",
        params!["phone" => phone.as_str()],
        |row| row.get(0),
    )
}

/// `false` when somebody has this number.
pub(crate) fn claim_phone(tx: &mut Tx, phone: &Phone, person: PersonId) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO people_phone (phone, person) VALUES (:phone, :person) ON CONFLICT (phone) DO NOTHING",
        params!["phone" => phone.as_str(), "person" => person],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn set_operator(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later("UPDATE people_person SET is_operator = 1 WHERE id = :person", params!["person" => person])
}

pub(crate) fn set_profile(tx: &mut Tx, id: PersonId, name: &str, locale: &str) -> Result<(), DbError> {
    tx.later(
        "UPDATE people_person SET name = :name, locale = :locale WHERE id = :id",
        params!["id" => id, "name" => name, "locale" => locale],
    )
}

/// Sets a password in the place of `old`; `false` when it was changed in the meantime.
pub(crate) fn set_password(tx: &mut Tx, id: PersonId, old: Option<&str>, new: &str) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_person SET password = :new
         WHERE id = :id AND state = 'member' AND COALESCE(password, '') = :old",
        params!["id" => id, "old" => old.unwrap_or(""), "new" => new],
    )?;
    Ok(changed == 1)
}

/// Moves a person from one state to another; `false` when it is not in `from`.
pub(crate) fn move_state(tx: &mut Tx, id: PersonId, from: State, to: State) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_person SET state = :to WHERE id = :id AND state = :from",
        params!["id" => id, "from" => from.word(), "to" => to.word()],
    )?;
    Ok(changed == 1)
}

/// Guests made before `old` who have no session, `batch` at most.
pub(crate) fn lost_guests(rx: &mut Rx, old: Timestamp, batch: i64) -> Result<Vec<PersonId>, DbError> {
    rx.list(
        "SELECT p.id FROM people_person p
         WHERE p.state = 'guest' AND p.created_at < :old
           AND NOT EXISTS (SELECT s.id FROM people_session s WHERE s.person = p.id)
         ORDER BY p.created_at, p.id LIMIT :batch",
        params!["old" => old, "batch" => batch],
        |row| row.get(0),
    )
}

/// Removes a guest; `false` when it is none any more.
pub(crate) fn delete_guest(tx: &mut Tx, guest: PersonId) -> Result<bool, DbError> {
    let deleted = tx.execute(
        "DELETE FROM people_person WHERE id = :guest AND state = 'guest'",
        params!["guest" => guest],
    )?;
    Ok(deleted == 1)
}

/// Those of `people` who are banned.
pub(crate) fn banned(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeSet<PersonId>, DbError> {
    let mut banned = BTreeSet::new();
    in_lists(people, |list, params| {
        let sql =
            format!("SELECT id FROM people_person WHERE id IN ({list}) AND state IN ('banned', 'erased')");
        banned.extend(rx.list(&sql, params, |row| row.get::<PersonId>(0))?);
        Ok(())
    })?;
    Ok(banned)
}

/// The guests that turned out to be this member, most 100.
pub(crate) fn guests_of(rx: &mut Rx, member: PersonId) -> Result<Vec<PersonId>, DbError> {
    rx.list(
        "SELECT guest FROM people_alias WHERE member = :member ORDER BY guest LIMIT 100",
        params!["member" => member],
        |row| row.get(0),
    )
}

/// Ends a member for good: without number, password, addresses, sessions, second factor and places at shops, under a
/// name that is nobody's. `false` when it is no member any more.
pub(crate) fn erase_person(tx: &mut Tx, person: PersonId, phone: Option<&str>) -> Result<bool, DbError> {
    let ended = tx.execute(
        "UPDATE people_person SET state = :erased, phone = NULL, password = NULL, addresses = 0,
             default_address = NULL, name = CASE WHEN locale = 'en' THEN 'Deleted account' ELSE '已注销' END
         WHERE id = :person AND state = :member AND is_operator = 0",
        params!["person" => person, "erased" => State::Erased.word(), "member" => State::Member.word()],
    )?;
    if ended == 0 {
        return Ok(false);
    }
    tx.later("DELETE FROM people_address WHERE person = :person", params!["person" => person])?;
    tx.later("DELETE FROM people_session WHERE person = :person", params!["person" => person])?;
    tx.later("DELETE FROM people_totp WHERE person = :person", params!["person" => person])?;
    tx.later("DELETE FROM people_recovery WHERE person = :person", params!["person" => person])?;
    tx.later("DELETE FROM people_staff WHERE person = :person", params!["person" => person])?;
    tx.later("DELETE FROM people_limit WHERE key = :key", params!["key" => person.to_string()])?;
    if let Some(phone) = phone {
        tx.later("DELETE FROM people_phone WHERE phone = :phone", params!["phone" => phone])?;
        tx.later("DELETE FROM people_code WHERE phone = :phone", params!["phone" => phone])?;
        tx.later("DELETE FROM people_limit WHERE key = :phone", params!["phone" => phone])?;
    }
    Ok(true)
}
