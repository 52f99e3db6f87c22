//! All SQL of people.

use std::collections::BTreeMap;

use base::{ActId, AddressId, Currency, Id, MerchantId, PersonId, SessionId, Timestamp};
use db::{DbError, Param, Row, Rx, Tx, Value, params};
use rest::Rights;

use crate::api::{AddressSnapshot, MerchantInfo};
use crate::model::{Phone, Role, State, Way};

/// Names of the parameters of an `IN` list.
const IN_NAMES: [&str; 64] = [
    "i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11", "i12", "i13", "i14", "i15",
    "i16", "i17", "i18", "i19", "i20", "i21", "i22", "i23", "i24", "i25", "i26", "i27", "i28", "i29", "i30",
    "i31", "i32", "i33", "i34", "i35", "i36", "i37", "i38", "i39", "i40", "i41", "i42", "i43", "i44", "i45",
    "i46", "i47", "i48", "i49", "i50", "i51", "i52", "i53", "i54", "i55", "i56", "i57", "i58", "i59", "i60",
    "i61", "i62", "i63",
];

/// Runs `look` for up to 64 ids at a time, with the text of the list and its parameters. Lists are filled up to 1,
/// 8 or 64 by repetition, so that there are few statements to prepare.
fn in_lists<T: Id + Into<Value>>(
    ids: &[T],
    mut look: impl FnMut(&str, &[Param]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    for chunk in ids.chunks(IN_NAMES.len()) {
        let size = if chunk.len() == 1 {
            1
        } else if chunk.len() <= 8 {
            8
        } else {
            IN_NAMES.len()
        };
        let Some(last) = chunk.last() else { continue };
        let filled = chunk.iter().chain(std::iter::repeat(last)).take(size);
        let list: Vec<Param> = IN_NAMES.into_iter().zip(filled.map(|id| (*id).into())).collect();
        let text = list.iter().map(|(name, _)| format!(":{name}")).collect::<Vec<_>>().join(", ");
        look(&text, &list)?;
    }
    Ok(())
}

pub(crate) fn person_names(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>, DbError> {
    let mut names = BTreeMap::new();
    in_lists(people, |list, params| {
        let sql = format!("SELECT id, name FROM people_person WHERE id IN ({list})");
        names.extend(rx.list(&sql, params, |row| Ok((row.get::<PersonId>(0)?, row.get::<String>(1)?)))?);
        Ok(())
    })?;
    Ok(names)
}

pub(crate) fn merchant_names(
    rx: &mut Rx,
    merchants: &[MerchantId],
) -> Result<BTreeMap<MerchantId, String>, DbError> {
    let mut names = BTreeMap::new();
    in_lists(merchants, |list, params| {
        let sql = format!("SELECT id, name FROM people_merchant WHERE id IN ({list})");
        names.extend(rx.list(&sql, params, |row| Ok((row.get::<MerchantId>(0)?, row.get::<String>(1)?)))?);
        Ok(())
    })?;
    Ok(names)
}

// ---- persons

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
    })
}

pub(crate) fn find_person(rx: &mut Rx, id: PersonId) -> Result<Option<PersonRow>, DbError> {
    rx.opt(
        "SELECT id, state, name, locale, phone, password, is_operator, default_address
         FROM people_person WHERE id = :id",
        params!["id" => id],
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
    tx.execute(
        "INSERT INTO people_person (id, state, name, locale, phone, password, is_operator, addresses,
             default_address, created_at)
         VALUES (:id, :state, :name, 'zh-CN', :phone, NULL, 0, 0, NULL, :now)",
        params![
            "id" => id, "state" => state.word(), "name" => name, "phone" => phone.map(Phone::as_str), "now" => now,
        ],
    )?;
    Ok(())
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
    tx.execute("UPDATE people_person SET is_operator = 1 WHERE id = :person", params!["person" => person])?;
    Ok(())
}

pub(crate) fn set_profile(tx: &mut Tx, id: PersonId, name: &str, locale: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE people_person SET name = :name, locale = :locale WHERE id = :id",
        params!["id" => id, "name" => name, "locale" => locale],
    )?;
    Ok(())
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

// ---- limits and codes

/// A number of times within a time.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) scope: &'static str,
    pub(crate) max: i64,
    pub(crate) window_s: i64,
}

/// Counts one use; `Some` with the time at which it may be tried again when there is none left.
pub(crate) fn take(tx: &mut Tx, limit: Limit, key: &str) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people_limit (scope, key, started_at, used) VALUES (:scope, :key, :now, 0)
         ON CONFLICT (scope, key) DO NOTHING",
        params!["scope" => limit.scope, "key" => key, "now" => now],
    )?;
    let taken = tx.execute(
        "UPDATE people_limit SET used = CASE WHEN started_at <= :old THEN 1 ELSE used + 1 END,
             started_at = CASE WHEN started_at <= :old THEN CAST(:now AS BIGINT) ELSE started_at END
         WHERE scope = :scope AND key = :key AND (started_at <= :old OR used < :max)",
        params![
            "scope" => limit.scope, "key" => key, "now" => now, "old" => now.plus_seconds(-limit.window_s),
            "max" => limit.max,
        ],
    )?;
    if taken == 1 {
        return Ok(None);
    }
    let started: Timestamp = tx.one(
        "SELECT started_at FROM people_limit WHERE scope = :scope AND key = :key",
        params!["scope" => limit.scope, "key" => key],
        |row| row.get(0),
    )?;
    Ok(Some(started.plus_seconds(limit.window_s)))
}

/// Gives one use back.
pub(crate) fn give_back(tx: &mut Tx, limit: Limit, key: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE people_limit SET used = used - 1 WHERE scope = :scope AND key = :key AND used > 0",
        params!["scope" => limit.scope, "key" => key],
    )?;
    Ok(())
}

/// A sign-in code about to be stored.
pub(crate) struct NewCode<'a> {
    pub(crate) phone: &'a Phone,
    pub(crate) salt: [u8; 32],
    pub(crate) code_hash: [u8; 32],
    pub(crate) tries: i64,
    pub(crate) demo_code: Option<&'a str>,
    pub(crate) expires_at: Timestamp,
    /// A code sent after this is too young to be replaced.
    pub(crate) not_after: Timestamp,
}

/// Stores the number's one live code; `Some` with the time the last was sent at when that is too young.
pub(crate) fn put_code(tx: &mut Tx, code: &NewCode<'_>) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    let phone = code.phone.as_str();
    let inserted = tx.execute(
        "INSERT INTO people_code (phone, salt, code_hash, tries_left, demo_code, sent_at, expires_at)
         VALUES (:phone, :salt, :hash, :tries, :demo, :now, :expires) ON CONFLICT (phone) DO NOTHING",
        params![
            "phone" => phone, "salt" => code.salt, "hash" => code.code_hash, "tries" => code.tries,
            "demo" => code.demo_code, "now" => now, "expires" => code.expires_at,
        ],
    )?;
    if inserted == 1 {
        return Ok(None);
    }
    let changed = tx.execute(
        "UPDATE people_code SET salt = :salt, code_hash = :hash, tries_left = :tries, demo_code = :demo,
             sent_at = :now, expires_at = :expires
         WHERE phone = :phone AND sent_at <= :not_after",
        params![
            "phone" => phone, "salt" => code.salt, "hash" => code.code_hash, "tries" => code.tries,
            "demo" => code.demo_code, "now" => now, "expires" => code.expires_at, "not_after" => code.not_after,
        ],
    )?;
    if changed == 1 {
        return Ok(None);
    }
    let sent = "SELECT sent_at FROM people_code WHERE phone = :phone";
    tx.one(sent, params!["phone" => phone], |row| row.get(0)).map(Some)
}

/// What a code is checked against.
pub(crate) struct CodeSecret {
    pub(crate) salt: [u8; 32],
    pub(crate) code_hash: [u8; 32],
}

/// Uses one try of the number's live code; `None` when there is none.
pub(crate) fn try_code(tx: &mut Tx, phone: &Phone) -> Result<Option<CodeSecret>, DbError> {
    let now = tx.now();
    let used = tx.execute(
        "UPDATE people_code SET tries_left = tries_left - 1
         WHERE phone = :phone AND tries_left > 0 AND expires_at > :now",
        params!["phone" => phone.as_str(), "now" => now],
    )?;
    if used == 0 {
        return Ok(None);
    }
    tx.opt(
        "SELECT salt, code_hash FROM people_code WHERE phone = :phone",
        params!["phone" => phone.as_str()],
        |row| Ok(CodeSecret { salt: row.get(0)?, code_hash: row.get(1)? }),
    )
}

/// Makes the number's code worthless; the row stays, since it says when the last was sent.
pub(crate) fn spend_code(tx: &mut Tx, phone: &Phone) -> Result<(), DbError> {
    tx.execute(
        "UPDATE people_code SET tries_left = 0, demo_code = NULL WHERE phone = :phone",
        params!["phone" => phone.as_str()],
    )?;
    Ok(())
}

pub(crate) fn demo_code(rx: &mut Rx, phone: &Phone) -> Result<Option<String>, DbError> {
    let now = rx.now();
    let found: Option<Option<String>> = rx.opt(
        "SELECT demo_code FROM people_code WHERE phone = :phone AND tries_left > 0 AND expires_at > :now",
        params!["phone" => phone.as_str(), "now" => now],
        |row| row.get(0),
    )?;
    Ok(found.flatten())
}

// ---- sessions

/// A session about to be stored.
pub(crate) struct NewSession {
    pub(crate) token_hash: [u8; 32],
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) way: Way,
    pub(crate) user_agent: String,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn insert_session(tx: &mut Tx, session: &NewSession) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people_session (token_hash, id, person, way, user_agent, created_at, seen_at, expires_at,
             ended_at)
         VALUES (:hash, :id, :person, :way, :agent, :now, :now, :expires, NULL)",
        params![
            "hash" => session.token_hash, "id" => session.id, "person" => session.person,
            "way" => session.way.word(), "agent" => &session.user_agent, "now" => now,
            "expires" => session.expires_at,
        ],
    )?;
    Ok(())
}

/// Who a live session belongs to.
pub(crate) struct SessionPerson {
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) state: String,
    pub(crate) is_operator: bool,
}

pub(crate) fn find_live(rx: &mut Rx, token_hash: [u8; 32]) -> Result<Option<SessionPerson>, DbError> {
    let now = rx.now();
    rx.opt(
        "SELECT s.id, s.person, p.state, p.is_operator
         FROM people_session s JOIN people_person p ON p.id = s.person
         WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.expires_at > :now",
        params!["hash" => token_hash, "now" => now],
        |row| {
            Ok(SessionPerson {
                session: row.get(0)?,
                person: row.get(1)?,
                state: row.get(2)?,
                is_operator: row.get(3)?,
            })
        },
    )
}

/// A live session, for the list of devices.
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) created_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) user_agent: String,
}

/// Live sessions of a person, newest first, after the place `before`.
pub(crate) fn list_sessions(
    rx: &mut Rx,
    person: PersonId,
    before: (Timestamp, SessionId),
    limit: i64,
) -> Result<Vec<SessionRow>, DbError> {
    let now = rx.now();
    rx.list(
        "SELECT id, created_at, seen_at, user_agent FROM people_session
         WHERE person = :person AND ended_at IS NULL AND expires_at > :now
           AND (created_at < :created OR (created_at = :created AND id < :id))
         ORDER BY created_at DESC, id DESC LIMIT :limit",
        params!["person" => person, "now" => now, "created" => before.0, "id" => before.1, "limit" => limit],
        |row| {
            Ok(SessionRow {
                id: row.get(0)?,
                created_at: row.get(1)?,
                seen_at: row.get(2)?,
                user_agent: row.get(3)?,
            })
        },
    )
}

/// When and how a session began, and when it was last seen.
pub(crate) struct SessionStart {
    pub(crate) way: String,
    pub(crate) created_at: Timestamp,
    pub(crate) seen_at: Timestamp,
}

pub(crate) fn find_session(
    rx: &mut Rx,
    person: PersonId,
    id: SessionId,
) -> Result<Option<SessionStart>, DbError> {
    rx.opt(
        "SELECT way, created_at, seen_at FROM people_session WHERE person = :person AND id = :id",
        params!["person" => person, "id" => id],
        |row| Ok(SessionStart { way: row.get(0)?, created_at: row.get(1)?, seen_at: row.get(2)? }),
    )
}

pub(crate) fn touch_session(
    tx: &mut Tx,
    person: PersonId,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE people_session SET seen_at = :now, expires_at = :expires
         WHERE person = :person AND id = :id AND ended_at IS NULL AND expires_at > :now",
        params!["person" => person, "id" => id, "now" => now, "expires" => expires_at],
    )?;
    Ok(())
}

/// Ends a session; one that has ended stays as it is.
pub(crate) fn end_session(tx: &mut Tx, person: PersonId, id: SessionId) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE people_session SET ended_at = :now WHERE person = :person AND id = :id AND ended_at IS NULL",
        params!["person" => person, "id" => id, "now" => now],
    )?;
    Ok(())
}

/// Ends all sessions of a person but one.
pub(crate) fn end_other_sessions(
    tx: &mut Tx,
    person: PersonId,
    kept: Option<SessionId>,
) -> Result<(), DbError> {
    let now = tx.now();
    let kept = kept.unwrap_or_else(|| SessionId::from_bytes([0; 16]));
    tx.execute(
        "UPDATE people_session SET ended_at = :now WHERE person = :person AND id <> :kept AND ended_at IS NULL",
        params!["person" => person, "kept" => kept, "now" => now],
    )?;
    Ok(())
}

// ---- addresses

/// An address's row.
pub(crate) struct AddressRow {
    pub(crate) id: AddressId,
    pub(crate) snapshot: AddressSnapshot,
}

fn address(row: &Row<'_>) -> Result<AddressRow, DbError> {
    let snapshot =
        AddressSnapshot { name: row.get(1)?, phone: row.get(2)?, region: row.get(3)?, street: row.get(4)? };
    Ok(AddressRow { id: row.get(0)?, snapshot })
}

pub(crate) fn find_address(
    rx: &mut Rx,
    person: PersonId,
    id: AddressId,
) -> Result<Option<AddressRow>, DbError> {
    rx.opt(
        "SELECT id, name, phone, region, street FROM people_address WHERE person = :person AND id = :id",
        params!["person" => person, "id" => id],
        address,
    )
}

/// All addresses of a person, oldest first; there are at most 20.
pub(crate) fn list_addresses(rx: &mut Rx, person: PersonId) -> Result<Vec<AddressRow>, DbError> {
    rx.list(
        "SELECT id, name, phone, region, street FROM people_address WHERE person = :person
         ORDER BY created_at, id LIMIT 100",
        params!["person" => person],
        address,
    )
}

/// Counts one address more; `false` at 20.
pub(crate) fn count_address(tx: &mut Tx, person: PersonId) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_person SET addresses = addresses + 1 WHERE id = :person AND addresses < 20",
        params!["person" => person],
    )?;
    Ok(changed == 1)
}

pub(crate) fn insert_address(
    tx: &mut Tx,
    person: PersonId,
    id: AddressId,
    address: &AddressSnapshot,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people_address (person, id, name, phone, region, street, created_at)
         VALUES (:person, :id, :name, :phone, :region, :street, :now)",
        params![
            "person" => person, "id" => id, "name" => &address.name, "phone" => &address.phone,
            "region" => &address.region, "street" => &address.street, "now" => now,
        ],
    )?;
    Ok(())
}

/// `false` when the person has no such address.
pub(crate) fn update_address(
    tx: &mut Tx,
    person: PersonId,
    id: AddressId,
    address: &AddressSnapshot,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_address SET name = :name, phone = :phone, region = :region, street = :street
         WHERE person = :person AND id = :id",
        params![
            "person" => person, "id" => id, "name" => &address.name, "phone" => &address.phone,
            "region" => &address.region, "street" => &address.street,
        ],
    )?;
    Ok(changed == 1)
}

/// Removes an address; `false` when the person has no such address.
pub(crate) fn delete_address(tx: &mut Tx, person: PersonId, id: AddressId) -> Result<bool, DbError> {
    let deleted = tx.execute(
        "DELETE FROM people_address WHERE person = :person AND id = :id",
        params!["person" => person, "id" => id],
    )?;
    if deleted == 0 {
        return Ok(false);
    }
    tx.execute(
        "UPDATE people_person SET addresses = addresses - 1 WHERE id = :person AND addresses > 0",
        params!["person" => person],
    )?;
    Ok(true)
}

pub(crate) fn set_default_address(
    tx: &mut Tx,
    person: PersonId,
    id: Option<AddressId>,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE people_person SET default_address = :id WHERE id = :person",
        params!["person" => person, "id" => id],
    )?;
    Ok(())
}

// ---- shops, staff, acts

pub(crate) fn find_merchant(rx: &mut Rx, id: MerchantId) -> Result<Option<MerchantInfo>, DbError> {
    rx.opt(
        "SELECT id, name, about, currency, created_at FROM people_merchant WHERE id = :id",
        params!["id" => id],
        |row| {
            Ok(MerchantInfo {
                id: row.get(0)?,
                name: row.get(1)?,
                about: row.get(2)?,
                currency: row.get(3)?,
                created_at: row.get(4)?,
            })
        },
    )
}

/// `false` when there is one with this id.
pub(crate) fn insert_merchant(tx: &mut Tx, id: MerchantId, name: &str, about: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO people_merchant (id, name, about, currency, created_at)
         VALUES (:id, :name, :about, :currency, :now) ON CONFLICT (id) DO NOTHING",
        params!["id" => id, "name" => name, "about" => about, "currency" => Currency::CNY, "now" => now],
    )?;
    Ok(inserted == 1)
}

/// `false` when the person is staff there already.
pub(crate) fn insert_staff(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
    role: Role,
    rights: Rights,
) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO people_staff (person, merchant, role, rights, added_at)
         VALUES (:person, :merchant, :role, :rights, :now) ON CONFLICT (person, merchant) DO NOTHING",
        params![
            "person" => person, "merchant" => merchant, "role" => role.word(), "rights" => rights.bits(),
            "now" => now,
        ],
    )?;
    Ok(inserted == 1)
}

/// Sets the rights of staff; `false` when the person is not, or is the owner.
pub(crate) fn set_rights(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
    rights: Rights,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_staff SET rights = :rights
         WHERE person = :person AND merchant = :merchant AND role = 'staff'",
        params!["person" => person, "merchant" => merchant, "rights" => rights.bits()],
    )?;
    Ok(changed == 1)
}

/// `false` when the person is not staff there, or is the owner.
pub(crate) fn delete_staff(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    let deleted = tx.execute(
        "DELETE FROM people_staff WHERE person = :person AND merchant = :merchant AND role = 'staff'",
        params!["person" => person, "merchant" => merchant],
    )?;
    Ok(deleted == 1)
}

/// A person's place at one shop.
pub(crate) struct MembershipRow {
    pub(crate) merchant: MerchantId,
    pub(crate) merchant_name: String,
    pub(crate) role: Role,
    pub(crate) rights: Rights,
}

/// Most shops one person can act for at a time.
const MEMBERSHIPS_MAX: i64 = 100;

/// The shops a person works for: on every request's path, so without their names.
pub(crate) fn memberships(rx: &mut Rx, person: PersonId) -> Result<Vec<rest::Membership>, DbError> {
    rx.list(
        "SELECT merchant, role, rights FROM people_staff WHERE person = :person ORDER BY merchant LIMIT :limit",
        params!["person" => person, "limit" => MEMBERSHIPS_MAX],
        |row| {
            let is_owner = Role::is(&row.get::<String>(1)?) == Role::Owner;
            let rights = if is_owner { Rights::ALL } else { Rights::from_bits(row.get(2)?) };
            Ok(rest::Membership { merchant: row.get(0)?, is_owner, rights })
        },
    )
}

pub(crate) fn named_memberships(rx: &mut Rx, person: PersonId) -> Result<Vec<MembershipRow>, DbError> {
    rx.list(
        "SELECT s.merchant, m.name, s.role, s.rights
         FROM people_staff s JOIN people_merchant m ON m.id = s.merchant
         WHERE s.person = :person ORDER BY s.merchant LIMIT :limit",
        params!["person" => person, "limit" => MEMBERSHIPS_MAX],
        |row| {
            let role = Role::is(&row.get::<String>(2)?);
            let rights = Rights::from_bits(row.get(3)?);
            Ok(MembershipRow { merchant: row.get(0)?, merchant_name: row.get(1)?, role, rights })
        },
    )
}

/// One of a shop's staff.
pub(crate) struct StaffRow {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) phone: Option<String>,
    pub(crate) role: Role,
    pub(crate) rights: Rights,
}

fn staff(row: &Row<'_>) -> Result<StaffRow, DbError> {
    Ok(StaffRow {
        person: row.get(0)?,
        name: row.get(1)?,
        phone: row.get(2)?,
        role: Role::is(&row.get::<String>(3)?),
        rights: Rights::from_bits(row.get(4)?),
    })
}

pub(crate) fn find_staff(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
) -> Result<Option<StaffRow>, DbError> {
    rx.opt(
        "SELECT s.person, p.name, p.phone, s.role, s.rights
         FROM people_staff s JOIN people_person p ON p.id = s.person
         WHERE s.person = :person AND s.merchant = :merchant",
        params!["person" => person, "merchant" => merchant],
        staff,
    )
}

pub(crate) fn list_staff(
    rx: &mut Rx,
    merchant: MerchantId,
    after: PersonId,
    limit: i64,
) -> Result<Vec<StaffRow>, DbError> {
    rx.list(
        "SELECT s.person, p.name, p.phone, s.role, s.rights
         FROM people_staff s JOIN people_person p ON p.id = s.person
         WHERE s.merchant = :merchant AND s.person > :after ORDER BY s.person LIMIT :limit",
        params!["merchant" => merchant, "after" => after, "limit" => limit],
        staff,
    )
}

/// An act about to be written down.
pub(crate) struct NewAct<'a> {
    pub(crate) id: ActId,
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) actor: PersonId,
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    pub(crate) detail: &'a str,
}

pub(crate) fn insert_act(tx: &mut Tx, act: &NewAct<'_>) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people_act (id, merchant, actor, action, target, detail, at)
         VALUES (:id, :merchant, :actor, :action, :target, :detail, :now)",
        params![
            "id" => act.id, "merchant" => act.merchant, "actor" => act.actor, "action" => act.action,
            "target" => act.target, "detail" => act.detail, "now" => now,
        ],
    )?;
    Ok(())
}

/// An act as it was written down.
pub(crate) struct ActRow {
    pub(crate) id: ActId,
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) actor: PersonId,
    pub(crate) actor_name: Option<String>,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) detail: String,
    pub(crate) at: Timestamp,
}

fn act(row: &Row<'_>) -> Result<ActRow, DbError> {
    Ok(ActRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        actor: row.get(2)?,
        actor_name: row.get(3)?,
        action: row.get(4)?,
        target: row.get(5)?,
        detail: row.get(6)?,
        at: row.get(7)?,
    })
}

/// Acts at one shop, newest first; ids rise with time.
pub(crate) fn list_acts(
    rx: &mut Rx,
    merchant: MerchantId,
    before: ActId,
    limit: i64,
) -> Result<Vec<ActRow>, DbError> {
    rx.list(
        "SELECT a.id, a.merchant, a.actor, p.name, a.action, a.target, a.detail, a.at
         FROM people_act a LEFT JOIN people_person p ON p.id = a.actor
         WHERE a.merchant = :merchant AND a.id < :before ORDER BY a.id DESC LIMIT :limit",
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        act,
    )
}

/// All acts, newest first.
pub(crate) fn list_all_acts(rx: &mut Rx, before: ActId, limit: i64) -> Result<Vec<ActRow>, DbError> {
    rx.list(
        "SELECT a.id, a.merchant, a.actor, p.name, a.action, a.target, a.detail, a.at
         FROM people_act a LEFT JOIN people_person p ON p.id = a.actor
         WHERE a.id < :before ORDER BY a.id DESC LIMIT :limit",
        params!["before" => before, "limit" => limit],
        act,
    )
}
