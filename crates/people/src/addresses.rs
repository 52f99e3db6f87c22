//! Where things are sent: up to 20 addresses per member, one of them the default.

use axum::http::StatusCode;
use axum::response::Response;
use base::{AddressId, Page, PersonId, Text};
use db::{DbError, Lane, Rx, Tx};
use rest::{Command, Common, Json, Member, Path, Refused};
use serde::{Deserialize, Serialize};

use crate::api::{AddressSnapshot, Phone};
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum AddressError {
    /// Also the answer for another person's address.
    #[error("there is no such address")]
    #[problem(404, "address.not_found")]
    NotFound,
    #[error("there are 20 addresses already; remove one first")]
    #[problem(409, "address.too_many")]
    TooMany,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// An address.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Address {
    id: AddressId,
    name: String,
    phone: String,
    /// Province, city and district: `浙江省杭州市西湖区`.
    region: String,
    street: String,
    is_default: bool,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressBody {
    #[schema(value_type = String, min_length = 1, max_length = 40)]
    name: Text<1, 40>,
    phone: Phone,
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    region: Text<1, 80>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    street: Text<1, 200>,
    /// The first address is the default in any case.
    #[serde(default)]
    is_default: bool,
}

impl AddressBody {
    fn snapshot(&self) -> AddressSnapshot {
        AddressSnapshot {
            name: self.name.to_string(),
            phone: self.phone.national().to_owned(),
            region: self.region.to_string(),
            street: self.street.to_string(),
        }
    }
}

fn view(row: store::AddressRow, default: Option<AddressId>) -> Address {
    let AddressSnapshot { name, phone, region, street } = row.snapshot;
    Address { id: row.id, name, phone, region, street, is_default: default == Some(row.id) }
}

fn default_of(rx: &mut Rx, person: PersonId) -> Result<Option<AddressId>, DbError> {
    Ok(store::find_person(rx, person)?.and_then(|row| row.default_address))
}

fn find(rx: &mut Rx, person: PersonId, id: AddressId) -> Result<Address, AddressError> {
    let row = store::find_address(rx, person, id)?.ok_or(AddressError::NotFound)?;
    Ok(view(row, default_of(rx, person)?))
}

/// The addresses of the person who asks; all of them, since there are at most 20.
#[utoipa::path(get, path = "/api/v1/me/addresses", tag = "people",
    responses((status = 200, body = Page<Address>), Common))]
pub(crate) async fn address_list(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<Json<Page<Address>>, Refused> {
    let read = move |rx: &mut Rx| {
        let default = default_of(rx, actor.person)?;
        let rows = store::list_addresses(rx, actor.person)?;
        Ok(rows.into_iter().map(|row| view(row, default)).collect())
    };
    let items = ctx.db().read::<_, DbError, _>(read).await?;
    Ok(Json(Page { items, next_cursor: None }))
}

fn create_address(tx: &mut Tx, person: PersonId, body: &AddressBody) -> Result<Address, AddressError> {
    if !store::count_address(tx, person)? {
        return Err(AddressError::TooMany);
    }
    let id: AddressId = tx.new_id();
    store::insert_address(tx, person, id, &body.snapshot())?;
    if body.is_default || default_of(tx, person)?.is_none() {
        store::set_default_address(tx, person, Some(id))?;
    }
    find(tx, person, id)
}

/// Adds an address.
#[utoipa::path(post, path = "/api/v1/me/addresses", tag = "people", request_body = AddressBody,
    responses((status = 201, body = Address), AddressError, Common))]
pub(crate) async fn address_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<AddressBody>,
) -> Result<Response, Refused> {
    let Command { once, body } = command;
    let person = actor.person;
    let create = move |tx: &mut Tx| create_address(tx, person, &body);
    ctx.once(&actor, &once, StatusCode::CREATED, create).await
}

/// Changes an address. Orders keep what it was. Another becomes the default by being made it, never by this one
/// ceasing to be.
fn update_address(
    tx: &mut Tx,
    person: PersonId,
    id: AddressId,
    body: &AddressBody,
) -> Result<Address, AddressError> {
    if !store::update_address(tx, person, id, &body.snapshot())? {
        return Err(AddressError::NotFound);
    }
    if body.is_default {
        store::set_default_address(tx, person, Some(id))?;
    }
    find(tx, person, id)
}

/// Changes an address.
#[utoipa::path(put, path = "/api/v1/me/addresses/{address}", tag = "people", request_body = AddressBody,
    params(("address" = AddressId, Path)), responses((status = 200, body = Address), AddressError, Common))]
pub(crate) async fn address_update(
    ctx: rest::State,
    Member(actor): Member,
    Path(address): Path<AddressId>,
    Json(body): Json<AddressBody>,
) -> Result<Json<Address>, Refused> {
    let update = move |tx: &mut Tx| update_address(tx, actor.person, address, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, update).await?))
}

/// Removes an address; when it was the default, the oldest of the others is from now on.
fn delete_address(tx: &mut Tx, person: PersonId, id: AddressId) -> Result<(), AddressError> {
    if !store::delete_address(tx, person, id)? {
        return Err(AddressError::NotFound);
    }
    if default_of(tx, person)? == Some(id) {
        let next = store::list_addresses(tx, person)?.first().map(|row| row.id);
        store::set_default_address(tx, person, next)?;
    }
    Ok(())
}

/// Removes an address.
#[utoipa::path(delete, path = "/api/v1/me/addresses/{address}", tag = "people",
    params(("address" = AddressId, Path)), responses((status = 204), AddressError, Common))]
pub(crate) async fn address_delete(
    ctx: rest::State,
    Member(actor): Member,
    Path(address): Path<AddressId>,
) -> Result<StatusCode, Refused> {
    ctx.db().write(Lane::Interactive, move |tx| delete_address(tx, actor.person, address)).await?;
    Ok(StatusCode::NO_CONTENT)
}
