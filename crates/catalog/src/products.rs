//! Products: what shoppers see, and what a merchant writes.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use base::{
    CategoryId, Cursor, MerchantId, Money, Page, PageRequest, PictureId, ProductId, SkuId, Timestamp,
};
use db::{DbError, Lane, Rx, Tx};
use rest::{
    Actor, Command, Common, Ctx, Json, KeptKey, MaybeActor, OpenApiRouter, Path, Query, Refused, Right,
    routes,
};
use serde::{Deserialize, Serialize};

use crate::api::{self, ProductError, yuan};
use crate::card::{ProductCard, card};
use crate::media::Picture;
use crate::model::{Attribute, NewProduct, NewSku, ProductOption, ProductState};
use crate::store::{self, ProductRow, Shown, SkuRow, Sort};
use crate::words;

// ---- what is shown

/// A variant.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Sku {
    id: SkuId,
    code: String,
    /// One value for each option.
    option_values: Vec<String>,
    price: Money,
    compare_price: Option<Money>,
    /// How many can be bought now.
    available: i64,
}

/// A product.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Product {
    id: ProductId,
    merchant: MerchantId,
    merchant_name: String,
    title: String,
    description: String,
    category: CategoryId,
    state: ProductState,
    pictures: Vec<Picture>,
    options: Vec<ProductOption>,
    skus: Vec<Sku>,
    attributes: Vec<Attribute>,
    no_reason_return: bool,
    /// Whether nothing is sent: it is handed over by being paid for good.
    is_virtual: bool,
    updated_at: Timestamp,
    /// Give it back when writing the product.
    version: i64,
}

pub(crate) fn names_of(rx: &mut Rx, rows: &[ProductRow]) -> Result<BTreeMap<MerchantId, String>, DbError> {
    let mut merchants: Vec<MerchantId> = rows.iter().map(|row| row.merchant).collect();
    merchants.sort();
    merchants.dedup();
    people::api::merchant_names(rx, &merchants)
}

/// Products in full, with three statements for all of them.
fn products(rx: &mut Rx, rows: Vec<ProductRow>) -> Result<Vec<Product>, DbError> {
    let names = names_of(rx, &rows)?;
    let ids: Vec<ProductId> = rows.iter().map(|row| row.id).collect();
    let skus: Vec<SkuRow> = store::list_skus(rx, &ids)?.into_iter().filter(|sku| sku.is_offered).collect();
    let sku_ids: Vec<SkuId> = skus.iter().map(|sku| sku.id).collect();
    let available = stock::api::available(rx, &sku_ids)?;
    let mut of_product: BTreeMap<ProductId, Vec<Sku>> = BTreeMap::new();
    for sku in skus {
        let view = Sku {
            available: available.get(&sku.id).copied().unwrap_or(0).max(0),
            id: sku.id,
            code: sku.code,
            option_values: sku.option_values,
            price: yuan(sku.price),
            compare_price: sku.compare_price.map(yuan),
        };
        of_product.entry(sku.product).or_default().push(view);
    }
    let full = |row: ProductRow| Product {
        merchant_name: names.get(&row.merchant).cloned().unwrap_or_default(),
        skus: of_product.remove(&row.id).unwrap_or_default(),
        id: row.id,
        merchant: row.merchant,
        title: row.title,
        description: row.description,
        category: row.category,
        state: row.state,
        pictures: row.pictures.into_iter().map(Picture::from).collect(),
        options: row.options,
        attributes: row.attributes,
        no_reason_return: row.no_reason_return,
        is_virtual: row.is_virtual,
        updated_at: row.updated_at,
        version: row.version,
    };
    Ok(rows.into_iter().map(full).collect())
}

fn find(rx: &mut Rx, id: ProductId) -> Result<Product, ProductError> {
    let row = store::find_product(rx, id)?.ok_or(ProductError::NotFound)?;
    products(rx, vec![row])?.pop().ok_or(ProductError::NotFound)
}

// ---- for shoppers

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) enum SortBy {
    /// Newest first.
    #[default]
    #[serde(rename = "new")]
    New,
    /// Cheapest first.
    #[serde(rename = "price")]
    Price,
    /// Dearest first.
    #[serde(rename = "-price")]
    PriceDown,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductFilter {
    category: Option<CategoryId>,
    merchant: Option<MerchantId>,
    #[param(inline)]
    #[serde(default)]
    sort: SortBy,
    /// Only what is bought together now.
    #[serde(default)]
    together: bool,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Products on sale, without words: for those there is `/api/v1/search`.
#[utoipa::path(get, path = "/api/v1/products", tag = "catalog", params(ProductFilter),
    responses((status = 200, body = Page<ProductCard>), Common))]
pub(crate) async fn product_list(
    ctx: rest::State,
    key: KeptKey,
    Query(filter): Query<ProductFilter>,
) -> Result<Response, Refused> {
    let page = PageRequest { cursor: filter.cursor.clone(), limit: filter.limit };
    let after = page.place(|cursor| Some((cursor.part(0)?, cursor.part(1)?)))?;
    let shown = Shown {
        category: filter.category,
        merchant: filter.merchant,
        is_together: filter.together,
        sort: match filter.sort {
            SortBy::New => Sort::New,
            SortBy::Price => Sort::Price,
            SortBy::PriceDown => Sort::PriceDown,
        },
        after,
        limit: page.more(),
    };
    let limit = page.limit();
    let read = move |rx: &mut Rx| {
        let rows = store::list_shown(rx, &shown)?;
        let place = |row: &ProductRow| {
            let published = row.published_at.micros();
            let key = if shown.sort == Sort::New { published } else { row.price_from };
            Cursor::new([key.to_string(), row.id.to_string()])
        };
        let page = Page::from_rows(rows, limit, place);
        let names = names_of(rx, &page.items)?;
        let now = rx.now();
        Ok(page.map(|row| card(row, &names, now)))
    };
    ctx.kept::<_, ProductError, _>(key, read).await
}

/// A product. One that is not on sale is seen by the shop's own people only.
#[utoipa::path(get, path = "/api/v1/products/{product}", tag = "catalog",
    params(("product" = ProductId, Path)), responses((status = 200, body = Product), Common))]
pub(crate) async fn product_get(
    ctx: rest::State,
    key: KeptKey,
    MaybeActor(actor): MaybeActor,
    Path(product): Path<ProductId>,
) -> Result<Response, Refused> {
    let read = move |rx: &mut Rx| {
        let found = find(rx, product)?;
        let is_own = actor.as_ref().is_some_and(|actor| actor.works_for(found.merchant));
        if found.state == ProductState::Published || is_own { Ok(found) } else { Err(ProductError::NotFound) }
    };
    ctx.kept(key, read).await
}

// ---- for the merchant

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnFilter {
    #[param(inline)]
    state: Option<ProductState>,
    /// Words that title, codes or attributes must all have.
    #[param(max_length = 100)]
    q: Option<String>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A merchant's products in any state, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/products", tag = "catalog",
    params(("merchant" = MerchantId, Path), OwnFilter), responses((status = 200, body = Page<Product>), Common))]
pub(crate) async fn merchant_product_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<OwnFilter>,
) -> Result<Json<Page<Product>>, Refused> {
    actor.may(merchant, Right::Products)?;
    let page = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let words = filter.q.as_deref().map(words::query).unwrap_or_default();
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_own(rx, merchant, (filter.state, &words), before, page.more())?;
        let rows = Page::by_id(rows, &page, |row| row.id);
        Ok(Page { items: products(rx, rows.items)?, next_cursor: rows.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

fn yes() -> bool {
    true
}

/// A product as a merchant writes it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductBody {
    #[schema(min_length = 1, max_length = 120)]
    title: String,
    #[schema(max_length = 20_000)]
    #[serde(default)]
    description: String,
    category: CategoryId,
    #[schema(max_items = 3)]
    #[serde(default)]
    options: Vec<ProductOption>,
    #[schema(max_items = 30)]
    #[serde(default)]
    attributes: Vec<Attribute>,
    /// Left out, it is: goods that may not be returned are the exception.
    #[serde(default = "yes")]
    no_reason_return: bool,
    /// Whether nothing is sent.
    #[serde(default)]
    is_virtual: bool,
    /// The first is the cover.
    #[schema(max_items = 10)]
    #[serde(default)]
    pictures: Vec<PictureId>,
    #[schema(min_items = 1, max_items = 100)]
    skus: Vec<NewSku>,
}

/// A product as a merchant writes it anew.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductUpdateBody {
    #[schema(min_length = 1, max_length = 120)]
    title: String,
    #[schema(max_length = 20_000)]
    #[serde(default)]
    description: String,
    category: CategoryId,
    #[schema(max_items = 3)]
    #[serde(default)]
    options: Vec<ProductOption>,
    #[schema(max_items = 30)]
    #[serde(default)]
    attributes: Vec<Attribute>,
    /// Left out, it is: goods that may not be returned are the exception.
    #[serde(default = "yes")]
    no_reason_return: bool,
    /// Whether nothing is sent.
    #[serde(default)]
    is_virtual: bool,
    /// The first is the cover.
    #[schema(max_items = 10)]
    #[serde(default)]
    pictures: Vec<PictureId>,
    #[schema(min_items = 1, max_items = 100)]
    skus: Vec<NewSku>,
    /// The version that was looked at.
    version: i64,
}

impl From<ProductBody> for NewProduct {
    fn from(body: ProductBody) -> Self {
        let ProductBody { title, description, category, options, .. } = body;
        let ProductBody { attributes, no_reason_return, is_virtual, pictures, skus, .. } = body;
        Self {
            title,
            description,
            category,
            options,
            attributes,
            no_reason_return,
            is_virtual,
            pictures,
            skus,
        }
        .trimmed()
    }
}

impl From<ProductUpdateBody> for NewProduct {
    fn from(body: ProductUpdateBody) -> Self {
        let ProductUpdateBody { title, description, category, options, .. } = body;
        let ProductUpdateBody { attributes, no_reason_return, is_virtual, pictures, skus, .. } = body;
        Self {
            title,
            description,
            category,
            options,
            attributes,
            no_reason_return,
            is_virtual,
            pictures,
            skus,
        }
        .trimmed()
    }
}

fn create(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    product: &NewProduct,
) -> Result<Product, ProductError> {
    let id = api::create_product(tx, merchant, product)?;
    people::api::log_act(tx, actor, Some(merchant), "product.create", &id.to_string(), &product.title)?;
    find(tx, id)
}

/// Makes a product in the state draft.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/products", tag = "catalog",
    request_body = ProductBody, params(("merchant" = MerchantId, Path)),
    responses((status = 201, body = Product), Common, ProductError))]
pub(crate) async fn product_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<ProductBody>,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Products)?;
    let product = NewProduct::from(command.body);
    let by = actor.clone();
    let run = move |tx: &mut Tx| create(tx, &by, merchant, &product);
    ctx.once(&actor, &command.once, StatusCode::CREATED, run).await
}

/// Checks that the person may write this product; strangers do not learn that it exists.
async fn may_write(ctx: &Ctx, actor: &Actor, product: ProductId) -> Result<MerchantId, Refused> {
    let found = ctx.db().read::<_, DbError, _>(move |rx| store::find_product(rx, product)).await?;
    let merchant = found.ok_or(ProductError::NotFound)?.merchant;
    if !actor.works_for(merchant) {
        return Err(ProductError::NotFound.into());
    }
    actor.may(merchant, Right::Products)?;
    Ok(merchant)
}

fn update(
    tx: &mut Tx,
    (actor, merchant): (&Actor, MerchantId),
    (id, version): (ProductId, i64),
    product: &NewProduct,
) -> Result<Product, ProductError> {
    api::update_product(tx, id, version, product)?;
    people::api::log_act(tx, actor, Some(merchant), "product.update", &id.to_string(), &product.title)?;
    find(tx, id)
}

/// Writes a product anew. A variant keeps its id by its code; one that is no longer named is no longer offered.
#[utoipa::path(put, path = "/api/v1/products/{product}", tag = "catalog", request_body = ProductUpdateBody,
    params(("product" = ProductId, Path)), responses((status = 200, body = Product), Common, ProductError))]
pub(crate) async fn product_update(
    ctx: rest::State,
    actor: Actor,
    Path(product): Path<ProductId>,
    Json(body): Json<ProductUpdateBody>,
) -> Result<Json<Product>, Refused> {
    let merchant = may_write(&ctx, &actor, product).await?;
    let version = body.version;
    let new = NewProduct::from(body);
    let run = move |tx: &mut Tx| update(tx, (&actor, merchant), (product, version), &new);
    Ok(Json(ctx.db().write(Lane::Interactive, run).await?))
}

/// Moves a product to another state. Idempotent: nothing is logged when it is there already.
fn move_to(
    tx: &mut Tx,
    (actor, merchant): (&Actor, MerchantId),
    product: ProductId,
    to: ProductState,
) -> Result<Product, ProductError> {
    if store::move_state(tx, product, to)? {
        let action = if to == ProductState::Published { "product.publish" } else { "product.archive" };
        people::api::log_act(tx, actor, Some(merchant), action, &product.to_string(), "")?;
    }
    find(tx, product)
}

/// Puts a product on sale.
#[utoipa::path(post, path = "/api/v1/products/{product}/publish", tag = "catalog",
    params(("product" = ProductId, Path)), responses((status = 200, body = Product), Common))]
pub(crate) async fn product_publish(
    ctx: rest::State,
    actor: Actor,
    Path(product): Path<ProductId>,
) -> Result<Json<Product>, Refused> {
    let merchant = may_write(&ctx, &actor, product).await?;
    let run = move |tx: &mut Tx| move_to(tx, (&actor, merchant), product, ProductState::Published);
    Ok(Json(ctx.db().write(Lane::Interactive, run).await?))
}

/// Takes a product off sale.
#[utoipa::path(post, path = "/api/v1/products/{product}/archive", tag = "catalog",
    params(("product" = ProductId, Path)), responses((status = 200, body = Product), Common))]
pub(crate) async fn product_archive(
    ctx: rest::State,
    actor: Actor,
    Path(product): Path<ProductId>,
) -> Result<Json<Product>, Refused> {
    let merchant = may_write(&ctx, &actor, product).await?;
    let run = move |tx: &mut Tx| move_to(tx, (&actor, merchant), product, ProductState::Archived);
    Ok(Json(ctx.db().write(Lane::Interactive, run).await?))
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .routes(routes!(product_list))
        .routes(routes!(product_get, product_update))
        .routes(routes!(merchant_product_list, product_create))
        .routes(routes!(product_publish))
        .routes(routes!(product_archive))
}
