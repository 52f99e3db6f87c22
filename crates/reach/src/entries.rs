//! Entries: made by whoever shares, looked at by anybody.

use axum::http::StatusCode;
use axum::response::Response;
use base::{
    EntryId, MerchantId, Money, Page, PageRequest, PersonId, PictureId, ProductId, SessionId, TeamId,
    Timestamp,
};
use db::{DbError, Rx, Tx};
use rest::{
    Actor, Command, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Query, Refused, Right, routes,
};
use serde::{Deserialize, Serialize};

use crate::api::{EntrySecret, Hooks};
use crate::store::{self, EntryRow, SharedRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(entry_create))
        .routes(routes!(entry_get))
        .routes(routes!(my_share_list))
        .routes(routes!(merchant_entry_list))
}

/// Where an entry is met. Anybody may share by link and poster; the others are the merchant's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A link sent to somebody.
    Link,
    /// A picture with a QR code.
    Poster,
    /// A code at a shelf.
    Shelf,
    /// A code on a vending machine.
    Machine,
    /// A slip in a parcel.
    Slip,
    /// A code at the door of a store.
    Door,
}

impl EntryKind {
    fn word(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Poster => "poster",
            Self::Shelf => "shelf",
            Self::Machine => "machine",
            Self::Slip => "slip",
            Self::Door => "door",
        }
    }

    fn is_merchants(self) -> bool {
        !matches!(self, Self::Link | Self::Poster)
    }
}

/// What an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum EntryTarget {
    /// A product.
    Product(ProductId),
    /// A team that buys together.
    Team(TeamId),
    /// A shop.
    Merchant(MerchantId),
}

impl EntryTarget {
    fn kind(&self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::Team(_) => "team",
            Self::Merchant(_) => "merchant",
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Product(id) => id.to_string(),
            Self::Team(id) => id.to_string(),
            Self::Merchant(id) => id.to_string(),
        }
    }

    fn of(row: &EntryRow) -> Result<Self, DbError> {
        let target = match row.target_kind.as_str() {
            "product" => row.target.parse().ok().map(Self::Product),
            "team" => row.target.parse().ok().map(Self::Team),
            "merchant" => row.target.parse().ok().map(Self::Merchant),
            _ => None,
        };
        target.ok_or_else(|| DbError::Bug(format!("{} is not the target of an entry", row.target)))
    }
}

/// A picture of what an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EntryPicture {
    /// Its id.
    pub id: PictureId,
    /// Where it is served.
    pub url: String,
}

/// What a visitor sees before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EntryPreview {
    /// The code.
    pub code: String,
    /// Where it leads.
    pub target: EntryTarget,
    /// The product's title, or the shop's name.
    pub title: String,
    /// The product's cover.
    pub picture: Option<EntryPicture>,
    /// The lowest price; `null` for a shop.
    pub price: Option<Money>,
    /// The price in a team, if there is one.
    pub team_price: Option<Money>,
    /// Who shares, masked as everywhere in public; the shop's name for its own entries.
    pub sharer_name: String,
}

/// What is known of a target.
struct Resolved {
    merchant: MerchantId,
    product: Option<ProductId>,
    title: String,
    picture: Option<EntryPicture>,
    price: Option<Money>,
    team_price: Option<Money>,
    is_on_sale: bool,
}

fn resolve(rx: &mut Rx, hooks: &Hooks, target: EntryTarget) -> Result<Option<Resolved>, DbError> {
    let (product, team) = match target {
        EntryTarget::Merchant(merchant) => {
            let Some(shop) = people::api::merchant(rx, merchant)? else { return Ok(None) };
            return Ok(Some(Resolved {
                merchant,
                product: None,
                title: shop.name,
                picture: None,
                price: None,
                team_price: None,
                is_on_sale: true,
            }));
        }
        EntryTarget::Product(product) => (product, None),
        EntryTarget::Team(team) => {
            let Some(find) = hooks.team else { return Ok(None) };
            let Some(team) = find(rx, team)? else { return Ok(None) };
            (team.product, Some(team))
        }
    };
    let Some(info) = catalog::api::product(rx, product)? else { return Ok(None) };
    let team_price = match (team, hooks.team_price) {
        (Some(team), _) => team.team_price,
        (None, Some(find)) => find(rx, product)?,
        (None, None) => None,
    };
    let picture = info.picture.map(|id| EntryPicture { id, url: catalog::api::picture_url(id, 0) });
    Ok(Some(Resolved {
        merchant: info.merchant,
        product: Some(product),
        title: info.title,
        picture,
        price: Some(info.price_from),
        team_price,
        is_on_sale: info.state == catalog::api::ProductState::Published,
    }))
}

/// See [`crate::api::preview`].
pub(crate) fn preview(rx: &mut Rx, ctx: &Ctx, code: &str) -> Result<Option<EntryPreview>, DbError> {
    let Some(code) = EntrySecret::of(ctx).check(code) else { return Ok(None) };
    let Some(row) = store::find_by_code(rx, &code)? else { return Ok(None) };
    let target = EntryTarget::of(&row)?;
    let Some(found) = resolve(rx, &Hooks::of(ctx), target)? else { return Ok(None) };
    let sharer_name = match row.sharer {
        Some(sharer) => {
            let name = people::api::person_names(rx, &[sharer])?.into_values().next();
            name.map(|name| people::api::public_name(&name))
        }
        None => people::api::merchant_names(rx, &[row.merchant])?.into_values().next(),
    };
    Ok(Some(EntryPreview {
        code,
        target,
        title: found.title,
        picture: found.picture,
        price: found.price,
        team_price: found.team_price,
        sharer_name: sharer_name.unwrap_or_default(),
    }))
}

/// An entry, as those who share see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Entry {
    code: String,
    /// `link`, `poster`, `shelf`, `machine`, `slip` or `door`.
    kind: String,
    /// What to send around.
    url: String,
    poster_url: String,
    qr_url: String,
    target: EntryTarget,
    /// How often it was used.
    visits: i64,
    /// Paid orders it brought.
    orders: i64,
    created_at: Timestamp,
}

/// Where people reach an entry.
pub(crate) fn entry_url(ctx: &Ctx, code: &str) -> String {
    format!("{}/s/{code}", ctx.settings().public_url)
}

fn view(ctx: &Ctx, row: SharedRow) -> Result<Entry, DbError> {
    let SharedRow { entry, visits, orders } = row;
    Ok(Entry {
        url: entry_url(ctx, &entry.code),
        poster_url: format!("/api/v1/entries/{}/poster.png", entry.code),
        qr_url: format!("/api/v1/entries/{}/qr.svg", entry.code),
        target: EntryTarget::of(&entry)?,
        code: entry.code,
        kind: entry.kind,
        visits,
        orders,
        created_at: entry.created_at,
    })
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryInput {
    kind: EntryKind,
    target: EntryTarget,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum EntryCreateError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct CreateEntry {
    actor: Actor,
    input: EntryInput,
    ctx: Ctx,
}

fn create_entry(tx: &mut Tx, command: &CreateEntry) -> Result<Entry, EntryCreateError> {
    let CreateEntry { actor, input, ctx } = command;
    let found = resolve(tx, &Hooks::of(ctx), input.target)?.filter(|found| found.is_on_sale);
    let found = found.ok_or(Denied::Unknown)?;
    let is_merchants = input.kind.is_merchants();
    if is_merchants {
        actor.may(found.merchant, Right::Reach)?;
    }
    let id: EntryId = tx.new_id();
    let session: SessionId = actor.session;
    let sharer: PersonId = actor.person;
    let wanted = EntryRow {
        id,
        code: EntrySecret::of(ctx).code(tx),
        sharer: (!is_merchants).then_some(sharer),
        merchant: found.merchant,
        kind: input.kind.word().to_owned(),
        target_kind: input.target.kind().to_owned(),
        target: input.target.id(),
        product: found.product,
        by_staff: actor.memberships.iter().any(|membership| membership.merchant == found.merchant),
        session,
        created_at: tx.now(),
    };
    if let Some(before) = store::find_claimed(tx, &wanted)? {
        if before.by_staff != wanted.by_staff {
            store::set_by_staff(tx, before.id, wanted.by_staff)?;
        }
        return Ok(view(ctx, store::counts(tx, before.id)?)?);
    }
    if !store::insert_entry(tx, &wanted)? || !store::claim_code(tx, &wanted.code, id)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    Ok(view(ctx, SharedRow { entry: wanted, visits: 0, orders: 0 })?)
}

/// Share a product, a team or a shop. Asking again for the same answers the same entry.
#[utoipa::path(post, path = "/api/v1/entries", tag = "reach", request_body = EntryInput,
    responses((status = 201, body = Entry), EntryCreateError, Common))]
async fn entry_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<EntryInput>,
) -> Result<Response, Refused> {
    let create = CreateEntry { actor: actor.clone(), input: command.body, ctx: ctx.0.clone() };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| create_entry(tx, &create)).await
}

/// What an entry leads to, for anybody who has its code.
#[utoipa::path(get, path = "/api/v1/entries/{code}", tag = "reach", params(("code" = String, Path)),
    responses((status = 200, body = EntryPreview), Common))]
async fn entry_get(ctx: rest::State, Path(code): Path<String>) -> Result<Json<EntryPreview>, Refused> {
    Ok(Json(find_preview(&ctx, code).await?))
}

/// The preview of a code; 404 when it is not ours.
pub(crate) async fn find_preview(ctx: &Ctx, code: String) -> Result<EntryPreview, Refused> {
    // A made-up code is refused before the store is asked.
    let code = EntrySecret::of(ctx).check(&code).ok_or(Denied::Unknown)?;
    let own = ctx.clone();
    let found = ctx.db().read::<_, DbError, _>(move |rx| preview(rx, &own, &code)).await?;
    Ok(found.ok_or(Denied::Unknown)?)
}

/// An entry and what its sharer earned by it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyShare {
    #[serde(flatten)]
    entry: Entry,
    /// Earned and not paid yet.
    frozen: Money,
    /// Paid, without what was taken back.
    paid: Money,
}

/// An entry and who shares it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MerchantEntry {
    #[serde(flatten)]
    entry: Entry,
    /// The shop's name for its own entries.
    sharer_name: String,
}

fn my_shares(rx: &mut Rx, ctx: &Ctx, page: Page<SharedRow>) -> Result<Page<MyShare>, DbError> {
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let shop = people::api::merchant(rx, row.entry.merchant)?;
        let currency = shop.map_or(base::Currency::CNY, |shop| shop.currency);
        let (frozen, paid) = store::earned_by(rx, row.entry.id)?;
        let (frozen, paid) = (Money::new(frozen, currency), Money::new(paid, currency));
        items.push(MyShare { entry: view(ctx, row)?, frozen, paid });
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// What the person shared, newest first.
#[utoipa::path(get, path = "/api/v1/me/shares", tag = "reach", params(PageRequest),
    responses((status = 200, body = Page<MyShare>), Common))]
async fn my_share_list(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<MyShare>>, Refused> {
    let (own, before) = (ctx.0.clone(), page.before()?);
    let read = move |rx: &mut Rx| {
        let rows = store::list_shares(rx, actor.person, before, page.more())?;
        my_shares(rx, &own, Page::by_id(rows, &page, |row| row.entry.id))
    };
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}

fn merchant_entries(
    rx: &mut Rx,
    ctx: &Ctx,
    merchant: MerchantId,
    page: Page<SharedRow>,
) -> Result<Page<MerchantEntry>, DbError> {
    let sharers: Vec<PersonId> = page.items.iter().filter_map(|row| row.entry.sharer).collect();
    let names = people::api::person_names(rx, &sharers)?;
    let shop = people::api::merchant(rx, merchant)?.map(|shop| shop.name).unwrap_or_default();
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let name = row.entry.sharer.map(|sharer| names.get(&sharer).cloned().unwrap_or_default());
        let sharer_name = name.unwrap_or_else(|| shop.clone());
        items.push(MerchantEntry { entry: view(ctx, row)?, sharer_name });
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// The entries that lead to a shop, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/entries", tag = "reach",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<MerchantEntry>), Common))]
async fn merchant_entry_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<MerchantEntry>>, Refused> {
    actor.may(merchant, Right::Reach)?;
    let (own, before) = (ctx.0.clone(), page.before()?);
    let read = move |rx: &mut Rx| {
        let rows = store::list_entries(rx, merchant, before, page.more())?;
        merchant_entries(rx, &own, merchant, Page::by_id(rows, &page, |row| row.entry.id))
    };
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}
