//! A merchant makes sales, pauses and ends them; everybody sees those that run or come.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use base::{Currency, FlashSaleId, MerchantId, Money, Page, PageRequest, ProductId, SkuId, Text, Timestamp};
use catalog::api::{FlashBadge, ProductState};
use db::{DbError, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::store::{self, PriceRow, SaleRow};

/// The time of a sale is over.
const END: &str = "flash.end";
/// Longest sale.
const DAYS_MAX: i64 = 31;
/// Sales that a list shows.
const SHOWN: i64 = 100;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(flash_sale_open_list))
        .routes(routes!(product_flash_sale_get))
        .routes(routes!(flash_sale_list, flash_sale_create))
        .routes(routes!(flash_sale_pause))
        .routes(routes!(flash_sale_resume))
        .routes(routes!(flash_sale_end))
}

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: END, run: JobRun::Store(time_is_over) }]
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FlashSkuBody {
    sku: SkuId,
    /// Below the catalogue's price.
    #[schema(minimum = 1)]
    price_minor: i64,
    /// How many there are in all.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quota: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FlashSaleBody {
    product: ProductId,
    title: Text<1, 40>,
    starts_at: Timestamp,
    /// At most 31 days after the start.
    ends_at: Timestamp,
    /// Most units of one person; no limit when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9_999)]
    per_person: Option<i64>,
    #[schema(min_items = 1, max_items = 100)]
    skus: Vec<FlashSkuBody>,
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FlashStepBody {}

/// A variant in a sale.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FlashSkuView {
    sku: SkuId,
    option_values: Vec<String>,
    price: Money,
    base_price: Money,
    quota: i64,
    left: i64,
}

/// A flash sale.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FlashSaleView {
    id: FlashSaleId,
    merchant: MerchantId,
    product: ProductId,
    product_title: String,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    title: String,
    /// `coming`, `running`, `paused` or `ended`.
    state: &'static str,
    starts_at: Timestamp,
    ends_at: Timestamp,
    per_person: Option<i64>,
    skus: Vec<FlashSkuView>,
    /// The server's clock, for countdowns.
    server_now: Timestamp,
}

/// Sales that run or come.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FlashSales {
    /// Those that end first in front, at most 100.
    items: Vec<FlashSaleView>,
}

/// The sale of a product.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ProductFlashSale {
    /// `null` when none runs or comes.
    sale: Option<FlashSaleView>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum SaleError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "a sale ends after its start and after now, at most {DAYS_MAX} days long; a limit per person is 1 to 9,999"
    )]
    #[problem(422, "flash.bad_times")]
    Times,
    #[error(
        "name variants of one product of the shop that is on sale, each once, each below its price, 1 to 1,000,000 of it"
    )]
    #[problem(422, "flash.bad_prices")]
    Prices,
    #[error("the product is in a sale that has not ended; end that first")]
    #[problem(409, "flash.there_is_one")]
    ThereIsOne,
    #[error("the sale is {state}")]
    #[problem(409, "flash.state")]
    State { state: String },
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn view(rx: &mut Rx, rows: Vec<SaleRow>) -> Result<Vec<FlashSaleView>, DbError> {
    let now = rx.now();
    let ids: Vec<FlashSaleId> = rows.iter().map(|row| row.id).collect();
    let prices = store::prices(rx, &ids)?;
    let skus: Vec<SkuId> = prices.iter().map(|price| price.sku).collect();
    let infos = catalog::api::skus(rx, &skus)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let own = prices.iter().filter(|price| price.sale == row.id);
        let own = own.filter_map(|price| Some((price, infos.iter().find(|info| info.sku == price.sku)?)));
        let own: Vec<_> = own.collect();
        let first = own.first().map(|(_, info)| *info);
        let state = match row.state.as_str() {
            "live" if row.ends_at <= now => "ended",
            "live" if row.starts_at > now => "coming",
            "live" => "running",
            "paused" => "paused",
            _ => "ended",
        };
        let sku = |(price, info): &(&PriceRow, &catalog::api::SkuInfo)| FlashSkuView {
            sku: price.sku,
            option_values: info.option_values.clone(),
            price: Money::new(price.price, Currency::CNY),
            base_price: info.price,
            quota: price.quota,
            left: price.quota.saturating_sub(price.used),
        };
        views.push(FlashSaleView {
            id: row.id,
            merchant: row.merchant,
            product: row.product,
            product_title: first.map(|info| info.title.clone()).unwrap_or_default(),
            picture: first
                .and_then(|info| info.picture)
                .map(|picture| catalog::api::picture_url(picture, 360)),
            title: row.title,
            state,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            per_person: row.per_person,
            skus: own.iter().map(sku).collect(),
            server_now: now,
        });
    }
    Ok(views)
}

fn one(rx: &mut Rx, id: FlashSaleId) -> Result<FlashSaleView, SaleError> {
    let row = store::find(rx, id)?.ok_or(Denied::Unknown)?;
    Ok(view(rx, vec![row])?.pop().ok_or(Denied::Unknown)?)
}

fn create(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &FlashSaleBody,
) -> Result<FlashSaleView, SaleError> {
    actor.may(merchant, Right::Deals)?;
    let FlashSaleBody { product, title, starts_at, ends_at, per_person, skus } = body.clone();
    let is_long = ends_at > starts_at.plus_seconds(DAYS_MAX.saturating_mul(86_400));
    let is_limit = per_person.is_none_or(|most| (1..=9_999).contains(&most));
    if ends_at <= starts_at || ends_at <= tx.now() || is_long || !is_limit {
        return Err(SaleError::Times);
    }
    let found = catalog::api::product(tx, product)?;
    let is_own = found.is_some_and(|info| info.merchant == merchant && info.state == ProductState::Published);
    let ids: Vec<SkuId> = skus.iter().map(|one| one.sku).collect();
    let infos = catalog::api::skus(tx, &ids)?;
    let fits = |one: &FlashSkuBody| {
        let info =
            infos.iter().find(|info| info.sku == one.sku && info.product == product && info.is_sellable);
        (1..=1_000_000).contains(&one.quota)
            && one.price_minor > 0
            && info.is_some_and(|info| one.price_minor < info.price.minor())
    };
    let unique: BTreeSet<SkuId> = ids.iter().copied().collect();
    let is_sound =
        is_own && (1..=100).contains(&skus.len()) && unique.len() == skus.len() && skus.iter().all(fits);
    if !is_sound {
        return Err(SaleError::Prices);
    }
    let id: FlashSaleId = tx.new_id();
    if !store::claim(tx, product, id)? {
        return Err(SaleError::ThereIsOne);
    }
    let (title, state) = (title.into_string(), "live".to_owned());
    let row = SaleRow { id, merchant, product, title, state, starts_at, ends_at, per_person };
    let price = |one: &FlashSkuBody| PriceRow {
        sale: id,
        sku: one.sku,
        price: one.price_minor,
        quota: one.quota,
        used: 0,
    };
    let prices: Vec<PriceRow> = skus.iter().map(price).collect();
    store::insert(tx, &row, &prices)?;
    show(tx, &row)?;
    work::enqueue(tx, END, &id.to_string(), "", ends_at)?;
    people::api::log_act(tx, actor, Some(merchant), "flash.create", &id.to_string(), &row.title)?;
    one(tx, id)
}

/// Tells the lists of a sale.
fn show(tx: &mut Tx, row: &SaleRow) -> Result<(), DbError> {
    let lowest = store::prices(tx, &[row.id])?.into_iter().map(|price| price.price).min().unwrap_or(0);
    let badge =
        FlashBadge { sale: row.id, price_minor: lowest, starts_at: row.starts_at, ends_at: row.ends_at };
    catalog::api::set_flash(tx, row.product, Some(badge))
}

/// Ends a sale: its product is free for another one.
fn end(tx: &mut Tx, row: &SaleRow) -> Result<bool, DbError> {
    if !store::advance(tx, row.id, ["live", "paused"], "ended")? {
        return Ok(false);
    }
    store::free(tx, row.id, row.product)?;
    catalog::api::set_flash(tx, row.product, None)?;
    Ok(true)
}

fn time_is_over(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: FlashSaleId = Failure::check(job.key.parse())?;
    if let Some(row) = store::find(tx, id)? {
        end(tx, &row)?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pause,
    Resume,
    End,
}

fn step(tx: &mut Tx, actor: &Actor, id: FlashSaleId, step: Step) -> Result<FlashSaleView, SaleError> {
    let row = store::find(tx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Deals)?;
    let is_done = match step {
        Step::Pause => store::advance(tx, id, ["live", "live"], "paused")?,
        Step::Resume => store::advance(tx, id, ["paused", "paused"], "live")?,
        Step::End => end(tx, &row)?,
    };
    if !is_done {
        return Err(SaleError::State { state: row.state });
    }
    match step {
        Step::Pause => catalog::api::set_flash(tx, row.product, None)?,
        Step::Resume => show(tx, &row)?,
        Step::End => {}
    }
    let act = match step {
        Step::Pause => "flash.pause",
        Step::Resume => "flash.resume",
        Step::End => "flash.end",
    };
    people::api::log_act(tx, actor, Some(row.merchant), act, &id.to_string(), &row.title)?;
    one(tx, id)
}

/// Flash sales that run or come. Open to everybody.
#[utoipa::path(get, path = "/api/v1/flash-sales", tag = "flash", responses((status = 200, body = FlashSales), Common))]
async fn flash_sale_open_list(ctx: rest::State) -> Result<Json<FlashSales>, Refused> {
    let read = |rx: &mut Rx| {
        let now = rx.now();
        let rows = store::open(rx, now, SHOWN)?;
        Ok(FlashSales { items: view(rx, rows)? })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// The flash sale of a product that runs or comes. Open to everybody.
#[utoipa::path(get, path = "/api/v1/products/{product}/flash-sale", tag = "flash",
    params(("product" = ProductId, Path)), responses((status = 200, body = ProductFlashSale), Common))]
async fn product_flash_sale_get(
    ctx: rest::State,
    Path(product): Path<ProductId>,
) -> Result<Json<ProductFlashSale>, Refused> {
    let read = move |rx: &mut Rx| {
        let now = rx.now();
        let row = store::of_product(rx, product)?.filter(|row| row.state == "live" && row.ends_at > now);
        let sale = match row {
            Some(row) => view(rx, vec![row])?.pop(),
            None => None,
        };
        Ok(ProductFlashSale { sale })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// A shop's flash sales, newest first. Staff with the right to deals.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/flash-sales", tag = "flash",
    params(("merchant" = MerchantId, Path), PageRequest), responses((status = 200, body = Page<FlashSaleView>), Common))]
async fn flash_sale_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<FlashSaleView>>, Refused> {
    actor.may(merchant, Right::Deals)?;
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::of_merchant(rx, merchant, before, request.more())?;
        let rows = Page::by_id(rows, &request, |row| row.id);
        Ok(Page { items: view(rx, rows.items)?, next_cursor: rows.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Make a flash sale. It runs by itself from its start on. Staff with the right to deals.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/flash-sales", tag = "flash",
    params(("merchant" = MerchantId, Path)), request_body = FlashSaleBody,
    responses((status = 201, body = FlashSaleView), SaleError, Common))]
async fn flash_sale_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<FlashSaleBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| create(tx, &own, merchant, &body)).await
}

/// Pause a flash sale: its price is not given until it is resumed. Staff with the right to deals.
#[utoipa::path(post, path = "/api/v1/flash-sales/{sale}/pause", tag = "flash", params(("sale" = FlashSaleId, Path)),
    request_body = FlashStepBody, responses((status = 200, body = FlashSaleView), SaleError, Common))]
async fn flash_sale_pause(
    ctx: rest::State,
    actor: Actor,
    Path(sale): Path<FlashSaleId>,
    command: Command<FlashStepBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| step(tx, &own, sale, Step::Pause)).await
}

/// Let a paused flash sale go on. Staff with the right to deals.
#[utoipa::path(post, path = "/api/v1/flash-sales/{sale}/resume", tag = "flash", params(("sale" = FlashSaleId, Path)),
    request_body = FlashStepBody, responses((status = 200, body = FlashSaleView), SaleError, Common))]
async fn flash_sale_resume(
    ctx: rest::State,
    actor: Actor,
    Path(sale): Path<FlashSaleId>,
    command: Command<FlashStepBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| step(tx, &own, sale, Step::Resume)).await
}

/// End a flash sale before its time. Orders that were placed keep its price. Staff with the right to deals.
#[utoipa::path(post, path = "/api/v1/flash-sales/{sale}/end", tag = "flash", params(("sale" = FlashSaleId, Path)),
    request_body = FlashStepBody, responses((status = 200, body = FlashSaleView), SaleError, Common))]
async fn flash_sale_end(
    ctx: rest::State,
    actor: Actor,
    Path(sale): Path<FlashSaleId>,
    command: Command<FlashStepBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| step(tx, &own, sale, Step::End)).await
}
