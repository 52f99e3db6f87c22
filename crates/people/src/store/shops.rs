//! Shops and their staff.

use std::collections::BTreeMap;

use base::{Currency, MerchantId, PersonId};
use db::{DbError, Row, Rx, Tx, params};
use rest::Rights;

use super::lists::in_lists;
use crate::api::MerchantInfo;
use crate::model::{Place, Role};

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

fn merchant(row: &Row<'_>) -> Result<MerchantInfo, DbError> {
    Ok(MerchantInfo {
        id: row.get(0)?,
        name: row.get(1)?,
        about: row.get(2)?,
        currency: row.get(3)?,
        created_at: row.get(4)?,
    })
}

pub(crate) fn find_merchant(rx: &mut Rx, id: MerchantId) -> Result<Option<MerchantInfo>, DbError> {
    rx.opt(
        "SELECT id, name, about, currency, created_at FROM people_merchant WHERE id = :id",
        params!["id" => id],
        merchant,
    )
}

/// Shops, newest first; ids rise with time.
pub(crate) fn list_merchants(
    rx: &mut Rx,
    before: MerchantId,
    limit: i64,
) -> Result<Vec<MerchantInfo>, DbError> {
    rx.list(
        "SELECT id, name, about, currency, created_at FROM people_merchant
         WHERE id < :before ORDER BY id DESC LIMIT :limit",
        params!["before" => before, "limit" => limit],
        merchant,
    )
}

/// Whether a shop asks its staff for a second factor; `None` when there is no such shop.
pub(crate) fn needs_second_factor(rx: &mut Rx, id: MerchantId) -> Result<Option<bool>, DbError> {
    let sql = "SELECT needs_second_factor FROM people_merchant WHERE id = :id";
    rx.opt(sql, params!["id" => id], |row| row.get(0))
}

/// `false` when it was so before.
pub(crate) fn set_needs_second_factor(tx: &mut Tx, id: MerchantId, needs: bool) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_merchant SET needs_second_factor = :needs WHERE id = :id AND needs_second_factor <> :needs",
        params!["id" => id, "needs" => i64::from(needs)],
    )?;
    Ok(changed == 1)
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

/// `false` when the person is staff there already, or invited to be.
pub(crate) fn insert_staff(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
    (role, place): (Role, Place),
    rights: Rights,
) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO people_staff (person, merchant, role, rights, state, added_at)
         VALUES (:person, :merchant, :role, :rights, :state, :now) ON CONFLICT (person, merchant) DO NOTHING",
        params![
            "person" => person, "merchant" => merchant, "role" => role.word(), "rights" => rights.bits(),
            "state" => place.word(), "now" => now,
        ],
    )?;
    Ok(inserted == 1)
}

/// Makes an invited person staff; `false` when the person is not invited.
pub(crate) fn accept_invitation(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_staff SET state = 'active'
         WHERE person = :person AND merchant = :merchant AND state = 'invited'",
        params!["person" => person, "merchant" => merchant],
    )?;
    Ok(changed == 1)
}

/// Removes an invitation; `false` when the person is not invited.
pub(crate) fn decline_invitation(
    tx: &mut Tx,
    merchant: MerchantId,
    person: PersonId,
) -> Result<bool, DbError> {
    let deleted = tx.execute(
        "DELETE FROM people_staff WHERE person = :person AND merchant = :merchant AND state = 'invited'",
        params!["person" => person, "merchant" => merchant],
    )?;
    Ok(deleted == 1)
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

/// Sets the rights of staff whose row was read a moment ago; `false` when it is another by now.
pub(crate) fn replace_rights(
    tx: &mut Tx,
    merchant: MerchantId,
    row: &StaffRow,
    rights: Rights,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_staff SET rights = :rights
         WHERE person = :person AND merchant = :merchant AND role = 'staff' AND rights = :before",
        params![
            "person" => row.person, "merchant" => merchant, "rights" => rights.bits(),
            "before" => row.rights.bits(),
        ],
    )?;
    Ok(changed == 1)
}

/// Removes staff whose row was read a moment ago; `false` when it is another by now.
pub(crate) fn delete_staff(tx: &mut Tx, merchant: MerchantId, row: &StaffRow) -> Result<bool, DbError> {
    let deleted = tx.execute(
        "DELETE FROM people_staff
         WHERE person = :person AND merchant = :merchant AND role = 'staff' AND rights = :before",
        params!["person" => row.person, "merchant" => merchant, "before" => row.rights.bits()],
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

pub(crate) fn is_staff(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    let found: Option<i64> = rx.opt(
        "SELECT CAST(1 AS BIGINT) FROM people_staff
         WHERE person = :person AND merchant = :merchant AND state = 'active'",
        params!["person" => person, "merchant" => merchant],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Most shops one person can act for at a time.
const MEMBERSHIPS_MAX: i64 = 100;

/// The shops a person works for: on every request's path, so without their names.
pub(crate) fn memberships(rx: &mut Rx, person: PersonId) -> Result<Vec<rest::Membership>, DbError> {
    rx.list(
        "SELECT s.merchant, s.role, s.rights,
             CASE WHEN m.needs_second_factor = 1 AND NOT EXISTS (SELECT t.person FROM people_totp t
                 WHERE t.person = s.person AND t.confirmed_at IS NOT NULL) THEN 1 ELSE 0 END
         FROM people_staff s JOIN people_merchant m ON m.id = s.merchant
         WHERE s.person = :person AND s.state = 'active' ORDER BY s.merchant LIMIT :limit",
        params!["person" => person, "limit" => MEMBERSHIPS_MAX],
        |row| {
            let is_owner = Role::is(&row.get::<String>(1)?) == Role::Owner;
            let rights = if is_owner { Rights::ALL } else { Rights::from_bits(row.get(2)?) };
            let lacks_second_factor = row.get(3)?;
            Ok(rest::Membership { merchant: row.get(0)?, is_owner, rights, lacks_second_factor })
        },
    )
}

/// The shops where a person works, or is invited to.
pub(crate) fn named_memberships(
    rx: &mut Rx,
    person: PersonId,
    place: Place,
) -> Result<Vec<MembershipRow>, DbError> {
    rx.list(
        "SELECT s.merchant, m.name, s.role, s.rights
         FROM people_staff s JOIN people_merchant m ON m.id = s.merchant
         WHERE s.person = :person AND s.state = :state ORDER BY s.merchant LIMIT :limit",
        params!["person" => person, "state" => place.word(), "limit" => MEMBERSHIPS_MAX],
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
    pub(crate) is_invited: bool,
}

fn staff(row: &Row<'_>) -> Result<StaffRow, DbError> {
    Ok(StaffRow {
        person: row.get(0)?,
        name: row.get(1)?,
        phone: row.get(2)?,
        role: Role::is(&row.get::<String>(3)?),
        rights: Rights::from_bits(row.get(4)?),
        is_invited: row.get::<String>(5)? == Place::Invited.word(),
    })
}

pub(crate) fn find_staff(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
) -> Result<Option<StaffRow>, DbError> {
    rx.opt(
        "SELECT s.person, p.name, p.phone, s.role, s.rights, s.state
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
        "SELECT s.person, p.name, p.phone, s.role, s.rights, s.state
         FROM people_staff s JOIN people_person p ON p.id = s.person
         WHERE s.merchant = :merchant AND s.person > :after ORDER BY s.person LIMIT :limit",
        params!["merchant" => merchant, "after" => after, "limit" => limit],
        staff,
    )
}
