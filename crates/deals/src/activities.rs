//! Merchants make activities, start and end them, and see what came of them.

use axum::http::StatusCode;
use axum::response::Response;
use base::{ActivityId, Currency, MerchantId, Money, Page, PageRequest, ProductId, SkuId, Text, Timestamp};
use catalog::api::Badge;
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Rule, RuleFault, SkuRule, Tier};
use crate::store::{self, ActivityRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(activity_create))
        .routes(routes!(activity_list))
        .routes(routes!(activity_start))
        .routes(routes!(activity_end))
        .routes(routes!(activity_statistics))
        .routes(routes!(product_activity_get))
}

/// Longest time a team may stay open.
const WINDOW_MINUTES_MAX: i64 = 7 * 24 * 60;
/// Most prices of one activity.
const SKUS_MAX: usize = 100;

/// From how many people on which price holds.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierBody {
    #[schema(minimum = 2, maximum = 100)]
    people: i64,
    #[schema(minimum = 1)]
    price_minor: i64,
}

/// The prices of one SKU.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkuPriceBody {
    sku: SkuId,
    /// What everyone pays when joining.
    #[schema(minimum = 1)]
    team_price_minor: i64,
    /// What the leader pays instead.
    #[schema(minimum = 1)]
    leader_price_minor: Option<i64>,
    /// Lower prices for larger teams; the difference is refunded when the team closes.
    #[serde(default)]
    #[schema(max_items = 5)]
    tiers: Vec<TierBody>,
}

/// A team-buying activity to be made.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityBody {
    product: ProductId,
    title: Text<1, 80>,
    #[schema(min_items = 1, max_items = 100)]
    skus: Vec<SkuPriceBody>,
    /// Seats of a team.
    #[schema(minimum = 2, maximum = 100)]
    size: i64,
    /// How long a team stays open.
    #[schema(minimum = 1, maximum = 10_080)]
    window_minutes: i64,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// Units in all; a limit over the product's stock, not a stock of its own.
    #[schema(minimum = 1)]
    quota: Option<i64>,
    /// Units one person may take.
    #[schema(minimum = 1)]
    per_person_limit: Option<i64>,
    /// Only for people who have not bought from this shop.
    #[serde(default)]
    new_buyers_only: bool,
}

/// A step of a ladder.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TierView {
    pub(crate) people: i64,
    pub(crate) price: Money,
}

/// The prices of one SKU.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct SkuPriceView {
    sku: SkuId,
    team_price: Money,
    leader_price: Option<Money>,
    tiers: Vec<TierView>,
}

/// A team-buying activity.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ActivityView {
    id: ActivityId,
    merchant: MerchantId,
    product: ProductId,
    title: String,
    /// `draft`, `live` or `ended`.
    state: String,
    skus: Vec<SkuPriceView>,
    size: i64,
    window_minutes: i64,
    starts_at: Timestamp,
    ends_at: Timestamp,
    quota: Option<i64>,
    quota_left: Option<i64>,
    per_person_limit: Option<i64>,
    new_buyers_only: bool,
}

/// What came of an activity.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ActivityStatistics {
    teams_opened: i64,
    teams_succeeded: i64,
    teams_failed: i64,
    /// Different buyers in teams that are open or have succeeded.
    people: i64,
    orders: i64,
    /// What they paid for the goods, without freight; what a ladder gives back is not taken off.
    paid: Money,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum ActivityError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the shop does not sell this product")]
    #[problem(404, "product.not_found")]
    Product,
    #[error("a team has 2 to 100 seats")]
    #[problem(422, "activity.size")]
    Size,
    #[error("name 1 to 100 SKUs of this product, each once")]
    #[problem(422, "activity.skus")]
    Skus,
    #[error("the team price must be at least 1 and at most what the SKU costs alone")]
    #[problem(422, "activity.price")]
    Price,
    #[error("the leader's price must be at least 1 and at most the team price")]
    #[problem(422, "activity.leader_price")]
    LeaderPrice,
    #[error("tiers must rise in people and fall in price, up to 5, and be the same steps for every SKU")]
    #[problem(422, "activity.tiers")]
    Tiers,
    #[error("the window must be 1 minute to 7 days, and the end after the start and in the future")]
    #[problem(422, "activity.times")]
    Times,
    #[error("limits must be above 0")]
    #[problem(422, "activity.limits")]
    Limits,
    #[error("another activity of this product is live; end it first")]
    #[problem(409, "activity.product_taken")]
    Taken,
    #[error(
        "an activity that runs keeps its product, prices, size, start and buyers; end it and make another"
    )]
    #[problem(409, "activity.live")]
    Live,
    #[error("more of the quota is used already")]
    #[problem(409, "activity.quota_below_used")]
    QuotaBelowUsed,
    #[error("the activity has ended")]
    #[problem(409, "activity.ended")]
    Ended,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

impl From<RuleFault> for ActivityError {
    fn from(fault: RuleFault) -> Self {
        match fault {
            RuleFault::Size => Self::Size,
            RuleFault::NoSku => Self::Skus,
            RuleFault::Price => Self::Price,
            RuleFault::LeaderPrice => Self::LeaderPrice,
            RuleFault::Tiers | RuleFault::TiersDiffer => Self::Tiers,
        }
    }
}

struct CreateActivity {
    actor: Actor,
    merchant: MerchantId,
    body: ActivityBody,
}

fn rule_of(body: &ActivityBody) -> Rule {
    let sku = |price: &SkuPriceBody| SkuRule {
        sku: price.sku,
        team_price: price.team_price_minor,
        leader_price: price.leader_price_minor,
        tiers: price.tiers.iter().map(|tier| Tier { people: tier.people, price: tier.price_minor }).collect(),
    };
    let skus = body.skus.iter().map(sku).collect();
    Rule { size: body.size, new_buyers_only: body.new_buyers_only, skus }
}

/// Checks what a shop asks for against its product; answers the rules and the currency.
pub(crate) fn check(
    tx: &mut Tx,
    merchant: MerchantId,
    body: &ActivityBody,
) -> Result<(Rule, Currency), ActivityError> {
    let product = catalog::api::product(tx, body.product)?.filter(|product| product.merchant == merchant);
    let product = product.ok_or(ActivityError::Product)?;
    let mut ids: Vec<SkuId> = body.skus.iter().map(|price| price.sku).collect();
    ids.sort();
    ids.dedup();
    if ids.len() != body.skus.len() || ids.len() > SKUS_MAX {
        return Err(ActivityError::Skus);
    }
    let skus = catalog::api::skus(tx, &ids)?;
    let alone = |sku| skus.iter().find(|s| s.sku == sku && s.product == product.id).map(|s| s.price.minor());
    let rule = rule_of(body);
    rule.check(alone)?;
    let ends_in_time = body.ends_at > body.starts_at && body.ends_at > tx.now();
    if !(1..=WINDOW_MINUTES_MAX).contains(&body.window_minutes) || !ends_in_time {
        return Err(ActivityError::Times);
    }
    if body.quota.is_some_and(|quota| quota < 1) || body.per_person_limit.is_some_and(|limit| limit < 1) {
        return Err(ActivityError::Limits);
    }
    Ok((rule, skus.first().map_or(Currency::CNY, |sku| sku.price.currency())))
}

/// The activity that `body` describes.
pub(crate) fn row_of(
    id: ActivityId,
    merchant: MerchantId,
    currency: Currency,
    body: &ActivityBody,
) -> ActivityRow {
    ActivityRow {
        id,
        merchant,
        product: body.product,
        title: body.title.as_str().to_owned(),
        state: "draft".to_owned(),
        size: body.size,
        window_s: body.window_minutes.saturating_mul(60),
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        quota: body.quota,
        quota_used: 0,
        per_person: body.per_person_limit,
        new_buyers_only: body.new_buyers_only,
        currency,
    }
}

fn create(tx: &mut Tx, command: &CreateActivity) -> Result<ActivityView, ActivityError> {
    command.actor.may(command.merchant, Right::Deals)?;
    let (rule, currency) = check(tx, command.merchant, &command.body)?;
    let row = row_of(tx.new_id(), command.merchant, currency, &command.body);
    store::insert_activity(tx, &row, &rule)?;
    let target = row.id.to_string();
    people::api::log_act(tx, &command.actor, Some(command.merchant), "activity.create", &target, &row.title)?;
    Ok(view(row, rule.skus))
}

pub(crate) fn view(row: ActivityRow, prices: Vec<SkuRule>) -> ActivityView {
    let money = |minor| Money::new(minor, row.currency);
    let tier = |tier: Tier| TierView { people: tier.people, price: money(tier.price) };
    let price = |price: SkuRule| SkuPriceView {
        sku: price.sku,
        team_price: money(price.team_price),
        leader_price: price.leader_price.map(money),
        tiers: price.tiers.into_iter().map(tier).collect(),
    };
    ActivityView {
        id: row.id,
        merchant: row.merchant,
        product: row.product,
        skus: prices.into_iter().map(price).collect(),
        title: row.title,
        state: row.state,
        size: row.size,
        window_minutes: row.window_s.div_euclid(60),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        quota: row.quota,
        quota_left: row.quota.map(|quota| quota.saturating_sub(row.quota_used)),
        per_person_limit: row.per_person,
        new_buyers_only: row.new_buyers_only,
    }
}

pub(crate) fn find(rx: &mut Rx, actor: &Actor, id: ActivityId) -> Result<ActivityRow, ActivityError> {
    let row = store::find_activity(rx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Deals)?;
    Ok(row)
}

/// Starts an activity; one that is live already stays so.
fn start(tx: &mut Tx, actor: &Actor, id: ActivityId) -> Result<ActivityView, ActivityError> {
    let row = find(tx, actor, id)?;
    let prices = store::prices(tx, id)?;
    match row.state.as_str() {
        "live" => return Ok(view(row, prices)),
        "draft" => {}
        _ => return Err(ActivityError::Ended),
    }
    if !store::claim_product(tx, row.product, id)? {
        return Err(ActivityError::Taken);
    }
    if !store::advance_activity(tx, id, "draft", "live")? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let lowest = prices.iter().map(|price| price.team_price).min().unwrap_or(0);
    let size = u32::try_from(row.size).unwrap_or(u32::MAX);
    let badge = Badge { activity: id, team_price_minor: lowest, size };
    catalog::api::set_badge(tx, row.product, Some(badge))?;
    people::api::log_act(tx, actor, Some(row.merchant), "activity.start", &id.to_string(), &row.title)?;
    work::enqueue(tx, END_JOB, &id.to_string(), "", row.ends_at)?;
    Ok(view(ActivityRow { state: "live".to_owned(), ..row }, prices))
}

/// The job that ends an activity.
pub(crate) const END_JOB: &str = "deals.end";

/// Ends an activity: no new teams; open ones go on until their deadline. Safe to repeat.
pub(crate) fn end_activity(tx: &mut Tx, id: ActivityId) -> Result<bool, DbError> {
    let Some(row) = store::find_activity(tx, id)? else { return Ok(false) };
    let is_ended = store::advance_activity(tx, id, "live", "ended")?
        || store::advance_activity(tx, id, "draft", "ended")?;
    if is_ended && row.state == "live" {
        store::free_product(tx, row.product, id)?;
        catalog::api::set_badge(tx, row.product, None)?;
    }
    Ok(is_ended)
}

fn end(tx: &mut Tx, actor: &Actor, id: ActivityId) -> Result<ActivityView, ActivityError> {
    let row = find(tx, actor, id)?;
    if end_activity(tx, id)? {
        people::api::log_act(tx, actor, Some(row.merchant), "activity.end", &id.to_string(), &row.title)?;
    }
    let prices = store::prices(tx, id)?;
    Ok(view(ActivityRow { state: "ended".to_owned(), ..row }, prices))
}

/// Make a team-buying activity. It is a draft until it is started.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/activities", tag = "deals",
    params(("merchant" = MerchantId, Path)), request_body = ActivityBody,
    responses((status = 201, body = ActivityView), ActivityError, Common))]
async fn activity_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<ActivityBody>,
) -> Result<Response, Refused> {
    let create_activity = CreateActivity { actor: actor.clone(), merchant, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| create(tx, &create_activity)).await
}

/// Start an activity.
#[utoipa::path(post, path = "/api/v1/activities/{activity}/start", tag = "deals",
    params(("activity" = ActivityId, Path)), responses((status = 200, body = ActivityView), ActivityError, Common))]
async fn activity_start(
    ctx: rest::State,
    actor: Actor,
    Path(activity): Path<ActivityId>,
) -> Result<Json<ActivityView>, Refused> {
    Ok(Json(ctx.db().write(Lane::Interactive, move |tx| start(tx, &actor, activity)).await?))
}

/// End an activity: no new teams; open ones go on until their deadline.
#[utoipa::path(post, path = "/api/v1/activities/{activity}/end", tag = "deals",
    params(("activity" = ActivityId, Path)), responses((status = 200, body = ActivityView), ActivityError, Common))]
async fn activity_end(
    ctx: rest::State,
    actor: Actor,
    Path(activity): Path<ActivityId>,
) -> Result<Json<ActivityView>, Refused> {
    Ok(Json(ctx.db().write(Lane::Interactive, move |tx| end(tx, &actor, activity)).await?))
}

/// The activities of a shop, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/activities", tag = "deals",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<ActivityView>), Common))]
async fn activity_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<ActivityView>>, Refused> {
    actor.may(merchant, Right::Deals)?;
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_activities(rx, merchant, before, page.more())?;
        let rows = Page::by_id(rows, &page, |row| row.id);
        let mut items = Vec::with_capacity(rows.items.len());
        for row in rows.items {
            let prices = store::prices(rx, row.id)?;
            items.push(view(row, prices));
        }
        Ok(Page { items, next_cursor: rows.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// What came of an activity.
#[utoipa::path(get, path = "/api/v1/activities/{activity}/statistics", tag = "deals",
    params(("activity" = ActivityId, Path)),
    responses((status = 200, body = ActivityStatistics), ActivityError, Common))]
async fn activity_statistics(
    ctx: rest::State,
    actor: Actor,
    Path(activity): Path<ActivityId>,
) -> Result<Json<ActivityStatistics>, Refused> {
    let read = move |rx: &mut Rx| {
        let row = find(rx, &actor, activity)?;
        let numbers = store::statistics(rx, activity)?;
        Ok(ActivityStatistics {
            teams_opened: numbers.opened,
            teams_succeeded: numbers.succeeded,
            teams_failed: numbers.failed,
            people: numbers.people,
            orders: numbers.orders,
            paid: Money::new(numbers.paid, row.currency),
        })
    };
    Ok(Json(ctx.db().read::<_, ActivityError, _>(read).await?))
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum NoActivity {
    #[error("nobody buys this product together at this time")]
    #[problem(404, "activity.none")]
    None,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The live activity of a product.
#[utoipa::path(get, path = "/api/v1/products/{product}/activity", tag = "deals",
    params(("product" = ProductId, Path)), responses((status = 200, body = ActivityView), NoActivity, Common))]
async fn product_activity_get(
    ctx: rest::State,
    Path(product): Path<ProductId>,
) -> Result<Json<ActivityView>, Refused> {
    let read = move |rx: &mut Rx| {
        let id = store::live_activity(rx, product)?.ok_or(NoActivity::None)?;
        let now = rx.now();
        let row = store::find_activity(rx, id)?.filter(|row| row.starts_at <= now && now < row.ends_at);
        let row = row.ok_or(NoActivity::None)?;
        let prices = store::prices(rx, id)?;
        Ok(view(row, prices))
    };
    Ok(Json(ctx.db().read::<_, NoActivity, _>(read).await?))
}
