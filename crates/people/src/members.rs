//! What operators see of people: finding them, the shops they work for, the names behind ids.

use base::{MerchantId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Json, Path, Query, Refused};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::me::{MyMerchant, merchants_of};
use crate::model::{mask, phone_start};
use crate::store::{self, PersonRow};

/// Most ids whose names are asked for at once.
const NAMES_MAX: usize = 100;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PersonError {
    #[error("there is no such person")]
    #[problem(404, "person.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// A person, as operators see one.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Person {
    id: PersonId,
    name: String,
    /// `138****8000`; `null` for a guest.
    phone_masked: Option<String>,
    /// `guest`, `member` or `banned`.
    state: String,
    is_operator: bool,
    created_at: Timestamp,
}

/// A person and where this person works.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PersonDetails {
    person: Person,
    merchants: Vec<MyMerchant>,
}

fn view(row: PersonRow) -> Person {
    Person {
        id: row.id,
        phone_masked: row.phone.as_deref().map(mask),
        name: row.name,
        state: row.state,
        is_operator: row.is_operator,
        created_at: row.created_at,
    }
}

/// The person with this id; who was a guest is found as the member that the guest turned out to be.
fn find(rx: &mut Rx, id: PersonId) -> Result<Option<PersonRow>, DbError> {
    let id = api::canonical(rx, id)?;
    store::find_person(rx, id)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PersonFilter {
    /// A phone number, the beginning of one, or the id of a person; left out for all members.
    #[param(max_length = 60)]
    find: Option<String>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn list(
    rx: &mut Rx,
    text: &str,
    (page, after): (&PageRequest, Option<PersonId>),
) -> Result<Page<Person>, DbError> {
    if let Ok(id) = text.parse() {
        let items = find(rx, id)?.map(view).into_iter().collect();
        return Ok(Page { items, next_cursor: None });
    }
    let Some(start) = phone_start(text) else { return Ok(Page { items: Vec::new(), next_cursor: None }) };
    // The list goes by phone; its place is told by the id, so that no number is in an address.
    let after = match after {
        Some(id) => store::find_person(rx, id)?.and_then(|row| row.phone),
        None => None,
    };
    let rows = store::list_members(rx, &start, after.as_deref().unwrap_or(""), page.more())?;
    Ok(Page::by_id(rows, page, |row| row.id).map(view))
}

/// Members in the order of their phone numbers, or the person with an id; for operators.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(PersonFilter),
    responses((status = 200, body = Page<Person>), Common))]
pub(crate) async fn person_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<PersonFilter>,
) -> Result<Json<Page<Person>>, Refused> {
    actor.must_be_operator()?;
    let page = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let after = page.place(|cursor| cursor.part(0))?;
    let text = filter.find.unwrap_or_default();
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| list(rx, text.trim(), (&page, after))).await?))
}

/// A person and the shops this person works for; for operators.
#[utoipa::path(get, path = "/api/v1/people/{person}", tag = "people",
    params(("person" = PersonId, Path)), responses((status = 200, body = PersonDetails), PersonError, Common))]
pub(crate) async fn person_get(
    ctx: rest::State,
    actor: Actor,
    Path(person): Path<PersonId>,
) -> Result<Json<PersonDetails>, Refused> {
    actor.must_be_operator()?;
    let read = move |rx: &mut Rx| {
        let row = find(rx, person)?.ok_or(PersonError::NotFound)?;
        let merchants = merchants_of(rx, row.id)?;
        Ok(PersonDetails { person: view(row), merchants })
    };
    Ok(Json(ctx.db().read::<_, PersonError, _>(read).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NamesFilter {
    /// Ids of people and shops, separated by commas; at most 100 are looked at.
    #[param(max_length = 4000)]
    ids: String,
}

/// What an id stands for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Named {
    id: String,
    name: String,
}

/// The names of people and shops.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Names {
    items: Vec<Named>,
}

fn names(rx: &mut Rx, ids: &str) -> Result<Names, DbError> {
    let ids: Vec<&str> = ids.split(',').take(NAMES_MAX).collect();
    let people: Vec<PersonId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let merchants: Vec<MerchantId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let people = store::person_names(rx, &people)?.into_iter().map(|(id, name)| (id.to_string(), name));
    let merchants =
        store::merchant_names(rx, &merchants)?.into_iter().map(|(id, name)| (id.to_string(), name));
    Ok(Names { items: people.chain(merchants).map(|(id, name)| Named { id, name }).collect() })
}

/// The names behind ids of people and shops, for operators; ids of nobody are left out.
#[utoipa::path(get, path = "/api/v1/names", tag = "people", params(NamesFilter),
    responses((status = 200, body = Names), Common))]
pub(crate) async fn name_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<NamesFilter>,
) -> Result<Json<Names>, Refused> {
    actor.must_be_operator()?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| names(rx, &filter.ids)).await?))
}
