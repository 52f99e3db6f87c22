//! Addresses.

use base::{AddressId, PersonId};
use db::{DbError, Row, Rx, Tx, params};

use crate::api::AddressSnapshot;

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
    tx.later(
        "INSERT INTO people_address (person, id, name, phone, region, street, created_at)
         VALUES (:person, :id, :name, :phone, :region, :street, :now)",
        params![
            "person" => person, "id" => id, "name" => &address.name, "phone" => &address.phone,
            "region" => &address.region, "street" => &address.street, "now" => now,
        ],
    )
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
    tx.later(
        "UPDATE people_person SET default_address = :id WHERE id = :person",
        params!["person" => person, "id" => id],
    )
}
