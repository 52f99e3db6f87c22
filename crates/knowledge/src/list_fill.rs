//! What members do with a list: put goods on it, vote, talk.

use axum::http::StatusCode;
use axum::response::Response;
use base::{ListId, SkuId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::list::{self, ListActBody, ListError};
use crate::list_views::{self, ListView};
use crate::post;
use crate::store::Limit;
use crate::store::list::{self as store, ItemRow, Place, WordRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list_item_add))
        .routes(routes!(list_item_remove))
        .routes(routes!(list_item_vote))
        .routes(routes!(list_say))
}

const WORDS: Limit = Limit { scope: "list_word", max: 120 };

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ListItemBody {
    sku: SkuId,
    note: Option<Text<1, 100>>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ListVoteBody {
    /// `false` takes the vote back.
    is_wanted: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ListWordBody {
    words: Text<1, 300>,
}

/// Puts a variant on a list. One that is there stays as it is, whoever put it there.
fn add(tx: &mut Tx, actor: &Actor, id: ListId, body: &ListItemBody) -> Result<ListView, ListError> {
    let row = list::own(tx, actor, id)?;
    if !row.is_open {
        return Err(ListError::Closed);
    }
    let sku = catalog::api::skus(tx, &[body.sku])?.pop();
    if !sku.is_some_and(|sku| sku.is_sellable) {
        return Err(ListError::NotForSale);
    }
    let note = body.note.as_ref().map_or("", |note| note.as_str()).to_owned();
    list::may_be_said(tx, &note)?;
    let item = ItemRow { sku: body.sku, added_by: actor.person, note, votes: 0, added_at: tx.now() };
    if store::insert_item(tx, id, &item)? && !store::take_place(tx, id, Place::Item)? {
        return Err(list::no_place(tx, id)?);
    }
    list_views::list(tx, actor, row)
}

/// Takes something off a list: who put it there, or the owner.
fn remove(tx: &mut Tx, actor: &Actor, (id, sku): (ListId, SkuId)) -> Result<ListView, ListError> {
    let row = list::own(tx, actor, id)?;
    if !row.is_open {
        return Err(ListError::Closed);
    }
    let item = store::find_item(tx, id, sku)?.ok_or(Denied::Unknown)?;
    if actor.person != row.owner && actor.person != item.added_by {
        return Err(Denied::Forbidden.into());
    }
    store::delete_item(tx, id, sku)?;
    list_views::list(tx, actor, row)
}

fn vote(
    tx: &mut Tx,
    actor: &Actor,
    (id, sku): (ListId, SkuId),
    is_wanted: bool,
) -> Result<ListView, ListError> {
    let row = list::own(tx, actor, id)?;
    if !row.is_open {
        return Err(ListError::Closed);
    }
    store::find_item(tx, id, sku)?.ok_or(Denied::Unknown)?;
    store::set_vote(tx, (id, sku), actor.person, is_wanted)?;
    list_views::list(tx, actor, row)
}

fn say(tx: &mut Tx, actor: &Actor, id: ListId, words: &str) -> Result<ListView, ListError> {
    let row = list::own(tx, actor, id)?;
    list::take(tx, actor, WORDS)?;
    list::may_be_said(tx, words)?;
    if !store::take_place(tx, id, Place::Word)? {
        return Err(list::no_place(tx, id)?);
    }
    let word = WordRow { id: tx.new_id(), person: actor.person, words: words.to_owned(), at: tx.now() };
    store::insert_word(tx, id, &word)?;
    list_views::list(tx, actor, row)
}

/// Put a variant on a list.
#[utoipa::path(post, path = "/api/v1/lists/{list}/items", tag = "knowledge", params(("list" = ListId, Path)),
    request_body = ListItemBody, responses((status = 200, body = ListView), ListError, Common))]
async fn list_item_add(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<ListId>,
    command: Command<ListItemBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| add(tx, &own, id, &body);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(id), run).await
}

/// Take something off a list: what one put there oneself, or as the owner anything.
#[utoipa::path(post, path = "/api/v1/lists/{list}/items/{sku}/remove", tag = "knowledge",
    params(("list" = ListId, Path), ("sku" = SkuId, Path)), request_body = ListActBody,
    responses((status = 200, body = ListView), ListError, Common))]
async fn list_item_remove(
    ctx: rest::State,
    Member(actor): Member,
    Path(what): Path<(ListId, SkuId)>,
    command: Command<ListActBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| remove(tx, &own, what);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(what.0), run).await
}

/// Vote for something on a list, or take the vote back.
#[utoipa::path(post, path = "/api/v1/lists/{list}/items/{sku}/vote", tag = "knowledge",
    params(("list" = ListId, Path), ("sku" = SkuId, Path)), request_body = ListVoteBody,
    responses((status = 200, body = ListView), ListError, Common))]
async fn list_item_vote(
    ctx: rest::State,
    Member(actor): Member,
    Path(what): Path<(ListId, SkuId)>,
    command: Command<ListVoteBody>,
) -> Result<Response, Refused> {
    let (own, is_wanted) = (actor.clone(), command.body.is_wanted);
    let run = move |tx: &mut Tx| vote(tx, &own, what, is_wanted);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(what.0), run).await
}

/// Say something about a list; its members read it.
#[utoipa::path(post, path = "/api/v1/lists/{list}/words", tag = "knowledge", params(("list" = ListId, Path)),
    request_body = ListWordBody, responses((status = 200, body = ListView), ListError, Common))]
async fn list_say(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<ListId>,
    command: Command<ListWordBody>,
) -> Result<Response, Refused> {
    let (own, words) = (actor.clone(), command.body.words);
    let run = move |tx: &mut Tx| say(tx, &own, id, words.as_str());
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(id), run).await
}
