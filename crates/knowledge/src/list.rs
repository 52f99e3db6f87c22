//! A list of goods that friends fill together: made, joined, left, closed.

use axum::http::StatusCode;
use axum::response::Response;
use base::{ListId, PersonId, Text};
use db::{DbError, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::list_views::{self, ListView};
use crate::model::Standing;
use crate::post;
use crate::store::list::{self as store, ListRow, Place};
use crate::store::{self as posts, Limit};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list_create))
        .routes(routes!(list_join))
        .routes(routes!(list_close))
        .routes(routes!(list_member_remove))
}

const LISTS: Limit = Limit { scope: "list", max: 10 };

/// Why a list was not changed. Nothing was.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum ListError {
    /// Strangers and those who were put out are told the same.
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the list is closed")]
    #[problem(409, "list.closed")]
    Closed,
    #[error("a list has at most 30 members, 50 things and 500 comments")]
    #[problem(409, "list.full")]
    Full,
    #[error("this is not for sale")]
    #[problem(422, "list.not_for_sale")]
    NotForSale,
    #[error("who made a list closes it instead of leaving")]
    #[problem(409, "list.owner_stays")]
    OwnerStays,
    #[error("this has words that are not said here; say it in others")]
    #[problem(422, "knowledge.words")]
    Words,
    #[error("that was a lot in one hour; go on later")]
    #[problem(429, "list.too_many")]
    TooMany,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ListBody {
    title: Text<1, 40>,
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListActBody {}

pub(crate) fn take(tx: &mut Tx, actor: &Actor, limit: Limit) -> Result<(), ListError> {
    if posts::take(tx, actor.person, limit)? { Ok(()) } else { Err(ListError::TooMany) }
}

/// Refuses what has a word of the list of held words: a link to a list goes to whoever has it, and nobody looks at what
/// is said there.
pub(crate) fn may_be_said(rx: &mut Rx, words: &str) -> Result<(), ListError> {
    let is_held = post::standing_of(rx, words)? == Standing::Held;
    if is_held { Err(ListError::Words) } else { Ok(()) }
}

/// A list that this person is in.
pub(crate) fn own(rx: &mut Rx, actor: &Actor, id: ListId) -> Result<ListRow, ListError> {
    let is_in = store::find_member(rx, id, actor.person)?.is_some_and(|state| state == "in");
    let row = if is_in { store::find_list(rx, id)? } else { None };
    Ok(row.ok_or(Denied::Unknown)?)
}

/// Why a list had no place left: it is closed, or full.
pub(crate) fn no_place(rx: &mut Rx, id: ListId) -> Result<ListError, ListError> {
    let is_open = store::find_list(rx, id)?.is_some_and(|row| row.is_open);
    Ok(if is_open { ListError::Full } else { ListError::Closed })
}

fn create(tx: &mut Tx, actor: &Actor, title: &str) -> Result<ListView, ListError> {
    take(tx, actor, LISTS)?;
    may_be_said(tx, title)?;
    let row = ListRow {
        id: tx.new_id(),
        owner: actor.person,
        title: title.to_owned(),
        code: base::share_code(&tx.random_bytes()),
        is_open: true,
        members: 1,
        items: 0,
        created_at: tx.now(),
    };
    store::insert_list(tx, &row)?;
    list_views::list(tx, actor, row)
}

/// Lets whoever knows the code in, once; who left may come back, who was put out may not.
fn join(tx: &mut Tx, actor: &Actor, code: &str) -> Result<ListView, ListError> {
    let id = store::find_by_code(tx, code)?.ok_or(Denied::Unknown)?;
    let state = store::find_member(tx, id, actor.person)?;
    if state.as_deref() == Some("out") {
        return Err(Denied::Unknown.into());
    }
    if state.as_deref() != Some("in") {
        if !store::let_in(tx, id, actor.person, state.is_some())? {
            // Somebody with the same session was faster; the transaction runs again and finds it done.
            return Err(tx.give_up(DbError::Conflict).into());
        }
        if !store::take_place(tx, id, Place::Member)? {
            return Err(no_place(tx, id)?);
        }
    }
    let row = own(tx, actor, id)?;
    list_views::list(tx, actor, row)
}

fn close(tx: &mut Tx, actor: &Actor, id: ListId) -> Result<ListView, ListError> {
    let row = own(tx, actor, id)?;
    if row.owner != actor.person {
        return Err(Denied::Forbidden.into());
    }
    store::close_list(tx, id)?;
    list_views::list(tx, actor, ListRow { is_open: false, ..row })
}

/// Ends a membership: one's own, or as the owner anybody else's. Who is put out does not come back by the code.
fn remove_member(tx: &mut Tx, actor: &Actor, (id, person): (ListId, PersonId)) -> Result<Ended, ListError> {
    let row = own(tx, actor, id)?;
    if person == row.owner {
        return Err(if actor.person == row.owner { ListError::OwnerStays } else { Denied::Forbidden.into() });
    }
    let state = match person == actor.person {
        true => "left",
        false if actor.person == row.owner => "out",
        false => return Err(Denied::Forbidden.into()),
    };
    if !store::let_out(tx, id, person, state)? {
        return Err(Denied::Unknown.into());
    }
    Ok(Ended { is_in: false })
}

/// A membership has ended.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ListMembershipEnded)]
struct Ended {
    is_in: bool,
}

/// Make a list to fill with friends.
#[utoipa::path(post, path = "/api/v1/lists", tag = "knowledge", request_body = ListBody,
    responses((status = 201, body = ListView), ListError, Common))]
async fn list_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<ListBody>,
) -> Result<Response, Refused> {
    let (own, title) = (actor.clone(), command.body.title);
    let run = move |tx: &mut Tx| create(tx, &own, title.as_str());
    ctx.once(&actor, &command.once, StatusCode::CREATED, run).await
}

/// Join a list by the code a friend gave.
#[utoipa::path(post, path = "/api/v1/list-invitations/{code}/join", tag = "knowledge",
    params(("code" = String, Path)), request_body = ListActBody,
    responses((status = 200, body = ListView), ListError, Common))]
async fn list_join(
    ctx: rest::State,
    Member(actor): Member,
    Path(code): Path<Text<1, 40>>,
    command: Command<ListActBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| join(tx, &own, code.as_str())).await
}

/// Close a list: it stays to be read. Its owner.
#[utoipa::path(post, path = "/api/v1/lists/{list}/close", tag = "knowledge", params(("list" = ListId, Path)),
    request_body = ListActBody, responses((status = 200, body = ListView), ListError, Common))]
async fn list_close(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<ListId>,
    command: Command<ListActBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(id), move |tx| close(tx, &own, id)).await
}

/// Leave a list, or put somebody out of one's own.
#[utoipa::path(post, path = "/api/v1/lists/{list}/members/{person}/remove", tag = "knowledge",
    params(("list" = ListId, Path), ("person" = PersonId, Path)), request_body = ListActBody,
    responses((status = 200, body = Ended), ListError, Common))]
async fn list_member_remove(
    ctx: rest::State,
    Member(actor): Member,
    Path(what): Path<(ListId, PersonId)>,
    command: Command<ListActBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| remove_member(tx, &own, what);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(what.0), run).await
}
