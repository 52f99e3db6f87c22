//! What other modules may call. Every function takes the caller's transaction.

use std::collections::{BTreeMap, BTreeSet};

use base::{ActId, AddressId, Currency, MerchantId, PersonId, SessionId, Timestamp};
use db::{DbError, Rx, Tx};
use rest::{Actor, Rights};
use serde::{Deserialize, Serialize};

pub use crate::Hooks;
pub use crate::events::{GuestGone, GuestMerged, MemberErased, MemberJoined};
pub use crate::limits::ClientAddress;
use crate::model::{self, Place, Role, Way};
pub use crate::model::{Phone, PhoneError};
pub use crate::privacy::Everything;
pub use crate::secret_key::{SecretKey, SecretKeyError};
pub use crate::sessions::Sessions;
pub use crate::sms::{LogSms, SignInSms, Sms, SmsTransport, sms_job};
use crate::store::{self, NewSession};

/// What other modules need to know of a shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantInfo {
    /// Its id.
    pub id: MerchantId,
    /// Its name.
    pub name: String,
    /// What it says of itself.
    pub about: String,
    /// What its prices are in.
    pub currency: Currency,
    /// When it opened.
    pub created_at: Timestamp,
}

/// An address as it was at one moment, for an order to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddressSnapshot {
    /// Who receives.
    pub name: String,
    /// The receiver's phone.
    pub phone: String,
    /// Province, city and district: `浙江省杭州市西湖区`.
    pub region: String,
    /// Street and house.
    pub street: String,
}

/// The names of people; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn person_names(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>, DbError> {
    store::person_names(rx, people)
}

/// A person's name as strangers see it: the first character and stars. Whatever page or picture tells people of each
/// other who need not know each other uses this; a shop sees the full names of its own buyers and beneficiaries.
#[must_use]
pub fn public_name(name: &str) -> String {
    let mut characters = name.trim().chars();
    let first = characters.next().unwrap_or('?');
    let stars = characters.count().clamp(1, 2);
    format!("{first}{}", "*".repeat(stars))
}

/// The regions of people's default addresses; who has none is left out. For comparing, not for showing.
///
/// # Errors
/// Whatever the store says.
pub fn home_regions(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeMap<PersonId, String>, DbError> {
    store::home_regions(rx, people)
}

/// A shop.
///
/// # Errors
/// Whatever the store says.
pub fn merchant(rx: &mut Rx, merchant: MerchantId) -> Result<Option<MerchantInfo>, DbError> {
    store::find_merchant(rx, merchant)
}

/// The names of shops; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn merchant_names(
    rx: &mut Rx,
    merchants: &[MerchantId],
) -> Result<BTreeMap<MerchantId, String>, DbError> {
    store::merchant_names(rx, merchants)
}

/// An address of this person; `None` when it is another's.
///
/// # Errors
/// Whatever the store says.
pub fn address(
    rx: &mut Rx,
    person: PersonId,
    address: AddressId,
) -> Result<Option<AddressSnapshot>, DbError> {
    Ok(store::find_address(rx, person, address)?.map(|row| row.snapshot))
}

/// The member a guest turned out to be; the person itself when it was never merged.
///
/// # Errors
/// Whatever the store says.
pub fn canonical(rx: &mut Rx, person: PersonId) -> Result<PersonId, DbError> {
    Ok(store::find_alias(rx, person)?.unwrap_or(person))
}

/// Writes down what staff or an operator did. `target` is the id of what it was done to.
///
/// # Errors
/// Whatever the store says.
pub fn log_act(
    tx: &mut Tx,
    actor: &Actor,
    merchant: Option<MerchantId>,
    action: &str,
    target: &str,
    detail: &str,
) -> Result<(), DbError> {
    let id: ActId = tx.new_id();
    store::insert_act(tx, &store::NewAct { id, merchant, actor: actor.person, action, target, detail })
}

/// The member with this phone, made when there is none; the name of one that is there stays.
///
/// # Errors
/// Whatever the store says.
pub fn ensure_member(tx: &mut Tx, phone: &Phone, name: &str) -> Result<PersonId, DbError> {
    if let Some(person) = store::find_by_phone(tx, phone)? {
        return Ok(person);
    }
    let person: PersonId = tx.new_id();
    if !store::claim_phone(tx, phone, person)? {
        // Another transaction was faster; a new run sees its row.
        return Err(tx.give_up(DbError::Conflict));
    }
    store::insert_person(tx, person, model::State::Member, name, Some(phone))?;
    tx.publish(&MemberJoined { person, was_guest: false })?;
    Ok(person)
}

/// Makes a person an operator of the platform.
///
/// # Errors
/// Whatever the store says.
pub fn ensure_operator(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    store::set_operator(tx, person)
}

/// The shop with this id and its owner, made when missing; one that is there stays as it is.
///
/// # Errors
/// Whatever the store says.
pub fn ensure_merchant(
    tx: &mut Tx,
    id: MerchantId,
    name: &str,
    about: &str,
    owner: PersonId,
) -> Result<(), DbError> {
    if store::insert_merchant(tx, id, name, about)? {
        store::insert_staff(tx, id, owner, (Role::Owner, Place::Active), Rights::ALL)?;
    }
    Ok(())
}

/// The person's address that reads like this, made when missing. The first one is the default.
///
/// # Errors
/// Whatever the store says.
pub fn ensure_address(
    tx: &mut Tx,
    person: PersonId,
    address: &AddressSnapshot,
) -> Result<AddressId, DbError> {
    let known = store::list_addresses(tx, person)?;
    if let Some(row) = known.iter().find(|row| row.snapshot == *address) {
        return Ok(row.id);
    }
    let id: AddressId = tx.new_id();
    store::insert_address(tx, person, id, address)?;
    store::count_address(tx, person)?;
    if known.is_empty() {
        store::set_default_address(tx, person, Some(id))?;
    }
    Ok(id)
}

/// Makes a person staff of a shop with these rights, or gives one that is staff these rights, without asking the
/// person: for imports and tests. An owner stays owner.
///
/// # Errors
/// Whatever the store says.
pub fn ensure_staff(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
    rights: Rights,
) -> Result<(), DbError> {
    if !store::insert_staff(tx, merchant, person, (Role::Staff, Place::Active), rights)? {
        store::set_rights(tx, merchant, person, rights)?;
        store::accept_invitation(tx, merchant, person)?;
    }
    Ok(())
}

/// Those of `people` whose accounts are closed now, by an operator or by themselves.
///
/// # Errors
/// Whatever the store says.
pub fn banned(rx: &mut Rx, people: &[PersonId]) -> Result<BTreeSet<PersonId>, DbError> {
    store::banned(rx, people)
}

/// Whether a person works for a merchant now, as its owner or other staff. One who is only invited does not.
///
/// # Errors
/// Whatever the store says.
pub fn is_staff(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    store::is_staff(rx, merchant, person)
}

/// Opens a session and answers its token, which is stored nowhere: for tests, imports and the load generator.
///
/// # Errors
/// Whatever the store says.
pub fn open_session(tx: &mut Tx, person: PersonId, user_agent: &str) -> Result<String, DbError> {
    Ok(start_session(tx, person, Way::Given, user_agent)?.token)
}

/// A session that has just begun.
pub(crate) struct Started {
    pub(crate) id: SessionId,
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn start_session(
    tx: &mut Tx,
    person: PersonId,
    way: Way,
    user_agent: &str,
) -> Result<Started, DbError> {
    let (now, id, token) = (tx.now(), tx.new_id(), model::token(tx.random_bytes()));
    let expires_at = model::session_expiry(now, now);
    let token_hash = model::token_hash(&token);
    let user_agent: String = user_agent.chars().take(model::USER_AGENT_MAX).collect();
    // Whoever has just signed in has just proven everything that the account asks for.
    let stepped_up_at = (way != Way::Guest).then_some(now);
    let session = NewSession { token_hash, id, person, way, user_agent, expires_at, stepped_up_at };
    store::insert_session(tx, &session)?;
    Ok(Started { id, token, expires_at })
}

/// Ends all sessions of the person with this phone, at once; `false` when nobody has it.
///
/// # Errors
/// Whatever the store says.
pub fn end_sessions(tx: &mut Tx, phone: &Phone) -> Result<bool, DbError> {
    let Some(person) = store::find_by_phone(tx, phone)? else { return Ok(false) };
    store::end_other_sessions(tx, person, None)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::public_name;

    #[test]
    fn a_public_name_tells_the_first_character_only() {
        let names = ["张小明", "张", "", " 李 ", "member 1", "👩‍🌾农场"];
        assert_eq!(names.map(public_name), ["张**", "张*", "?*", "李*", "m**", "👩**"]);
    }
}
