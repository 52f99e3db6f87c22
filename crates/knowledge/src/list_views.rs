//! Lists as their members see them; nobody else does.

use std::collections::BTreeMap;

use base::{ListId, ListWordId, Money, Page, PageRequest, PersonId, ProductId, SkuId, Timestamp};
use catalog::api::SkuInfo;
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, Member, OpenApiRouter, Path, Query, Refused, routes};
use serde::Serialize;

use crate::list::{self, ListError};
use crate::store::list::{self as store, ItemRow, ListRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(list_list)).routes(routes!(list_get))
}

/// A list among one's own.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ListBrief {
    id: ListId,
    title: String,
    is_open: bool,
    is_mine: bool,
    members: i64,
    items: i64,
    created_at: Timestamp,
}

/// Somebody who is in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ListMember {
    person: PersonId,
    name: String,
    is_me: bool,
    is_owner: bool,
}

/// Something on a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ListItem {
    sku: SkuId,
    product: ProductId,
    title: String,
    option_values: Vec<String>,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    /// What one costs now.
    price: Money,
    is_sellable: bool,
    note: String,
    added_by: String,
    votes: i64,
    has_voted: bool,
    /// Whether the person who asks may take it off.
    may_remove: bool,
}

/// What somebody said.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ListWord {
    id: ListWordId,
    name: String,
    is_me: bool,
    words: String,
    at: Timestamp,
}

/// A list that friends fill together.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ListView {
    id: ListId,
    title: String,
    /// Whoever knows it may join.
    code: String,
    is_open: bool,
    is_mine: bool,
    members: Vec<ListMember>,
    /// What most want first.
    items: Vec<ListItem>,
    /// What was said last, newest first.
    words: Vec<ListWord>,
}

/// A list as one of its members sees it. Bounded by what a list holds.
pub(crate) fn list(rx: &mut Rx, actor: &Actor, row: ListRow) -> Result<ListView, ListError> {
    let members = store::list_members(rx, row.id)?;
    let items = store::list_items(rx, row.id)?;
    let words = store::list_words(rx, row.id)?;
    let voted = store::votes_of(rx, row.id, actor.person)?;
    let mut people = members.clone();
    people.extend(items.iter().map(|item| item.added_by));
    people.extend(words.iter().map(|word| word.person));
    people.sort();
    people.dedup();
    let names = people::api::person_names(rx, &people)?;
    let name = |person: PersonId| names.get(&person).cloned().unwrap_or_default();
    let skus: Vec<SkuId> = items.iter().map(|item| item.sku).collect();
    let goods: BTreeMap<SkuId, SkuInfo> =
        catalog::api::skus(rx, &skus)?.into_iter().map(|info| (info.sku, info)).collect();
    let is_mine = row.owner == actor.person;
    let item = |item: ItemRow| {
        let info = goods.get(&item.sku)?.clone();
        Some(ListItem {
            sku: item.sku,
            product: info.product,
            title: info.title,
            option_values: info.option_values,
            picture: info.picture.map(|picture| catalog::api::picture_url(picture, 360)),
            price: info.price,
            is_sellable: info.is_sellable,
            note: item.note,
            added_by: name(item.added_by),
            votes: item.votes,
            has_voted: voted.contains(&item.sku),
            may_remove: row.is_open && (is_mine || item.added_by == actor.person),
        })
    };
    let member = |person: PersonId| ListMember {
        person,
        name: name(person),
        is_me: person == actor.person,
        is_owner: person == row.owner,
    };
    let word = |word: store::WordRow| ListWord {
        id: word.id,
        name: name(word.person),
        is_me: word.person == actor.person,
        words: word.words,
        at: word.at,
    };
    Ok(ListView {
        id: row.id,
        title: row.title,
        code: row.code,
        is_open: row.is_open,
        is_mine,
        members: members.into_iter().map(member).collect(),
        items: items.into_iter().filter_map(item).collect(),
        words: words.into_iter().map(word).collect(),
    })
}

/// A list one is in.
#[utoipa::path(get, path = "/api/v1/lists/{list}", tag = "knowledge", params(("list" = ListId, Path)),
    responses((status = 200, body = ListView), Common))]
async fn list_get(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<ListId>,
) -> Result<Json<ListView>, Refused> {
    let read = move |rx: &mut Rx| {
        let row = list::own(rx, &actor, id)?;
        list(rx, &actor, row)
    };
    Ok(Json(ctx.db().read(read).await?))
}

/// The lists one is in, newest first.
#[utoipa::path(get, path = "/api/v1/lists", tag = "knowledge", params(PageRequest),
    responses((status = 200, body = Page<ListBrief>), Common))]
async fn list_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ListBrief>>, Refused> {
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::lists_of(rx, actor.person, before, request.more())?;
        let brief = |row: ListRow| ListBrief {
            is_mine: row.owner == actor.person,
            id: row.id,
            title: row.title,
            is_open: row.is_open,
            members: row.members,
            items: row.items,
            created_at: row.created_at,
        };
        Ok(Page::by_id(rows, &request, |row| row.id).map(brief))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
