//! A merchant's promotions: made, started, paused, ended.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, Money, Page, PageRequest, PromotionId, Text, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::model::{Action, BadPromotion, Needs, Promotion, PromotionLane, Scope};
use crate::promotion_store::{self as store, LIVE_MAX, PromotionRow, Rule};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(promotion_create, promotion_list))
        .routes(routes!(promotion_get, promotion_put))
        .routes(routes!(promotion_start))
        .routes(routes!(promotion_pause))
        .routes(routes!(promotion_end))
}

/// The end of a promotion's time.
const END_JOB: &str = "pricing.promotion_end";

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: END_JOB, run: JobRun::Store(end_by_time) }]
}

/// Most uses and least limits: what no shop needs more of.
const LIMIT_MAX: i64 = 1_000_000_000_000;

/// A promotion as a merchant writes it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PromotionBody {
    title: Text<1, 60>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    needs: Needs,
    action: Action,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// What it may take off in all, in minor units; no limit when left out.
    #[schema(minimum = 1)]
    budget_minor: Option<i64>,
    /// How often it may be used; no limit when left out.
    #[schema(minimum = 1)]
    uses_max: Option<i64>,
    /// How often by one person; when left out, once where it is for new buyers, else without limit.
    #[schema(minimum = 1)]
    per_person: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PromotionUpdateBody {
    #[schema(inline)]
    promotion: PromotionBody,
    /// The version that was looked at.
    version: i64,
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PromotionStepBody {}

/// Where a promotion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum PromotionState {
    Draft,
    Live,
    Paused,
    Ended,
}

impl PromotionState {
    fn of(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "paused" => Self::Paused,
            "ended" => Self::Ended,
            _ => Self::Draft,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Live => "live",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

/// A promotion.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PromotionView {
    id: PromotionId,
    merchant: MerchantId,
    title: String,
    state: PromotionState,
    lane: PromotionLane,
    scope: Scope,
    needs: Needs,
    action: Action,
    starts_at: Timestamp,
    ends_at: Timestamp,
    budget: Option<Money>,
    uses_max: Option<i64>,
    per_person: Option<i64>,
    /// How often it was used, without what was given back.
    used: i64,
    /// What it took off.
    spent: Money,
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum PromotionError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("{0}: look at the amounts, shares, days and ids")]
    #[problem(422, "promotion.bad")]
    Bad(BadPromotion),
    #[error("a promotion ends after it starts, and in the future; limits are from 1")]
    #[problem(422, "promotion.times")]
    Times,
    #[error("the promotion is {state}; pause it to change it, and start it again")]
    #[problem(409, "promotion.state")]
    State { state: &'static str },
    #[error("what it gives was used already; make a new one instead of changing it")]
    #[problem(409, "promotion.used")]
    Used,
    #[error("a limit cannot be below what was used already")]
    #[problem(409, "promotion.below_used")]
    BelowUsed,
    #[error("the promotion was changed in the meantime; look at it again")]
    #[problem(409, "promotion.version_conflict")]
    Version,
    #[error("at most {LIVE_MAX} promotions are live at once; end one first")]
    #[problem(409, "promotion.too_many")]
    TooMany,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn views(rx: &mut Rx, rows: Vec<PromotionRow>) -> Result<Vec<PromotionView>, DbError> {
    let ids: Vec<PromotionId> = rows.iter().map(|row| row.id).collect();
    let totals = store::totals(rx, &ids)?;
    let cny = |minor| Money::new(minor, base::Currency::CNY);
    let view = |row: PromotionRow| {
        let total = totals.iter().find(|(id, ..)| *id == row.id);
        let (used, spent) = total.map_or((0, 0), |(_, used, spent)| (*used, *spent));
        PromotionView {
            id: row.id,
            merchant: row.merchant,
            title: row.title,
            state: PromotionState::of(&row.state),
            lane: row.rule.action.lane(),
            scope: row.rule.scope,
            needs: row.rule.needs,
            action: row.rule.action,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            budget: row.budget.map(cny),
            uses_max: row.uses_max,
            per_person: row.per_person,
            used,
            spent: cny(spent),
            version: row.version,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

fn view(rx: &mut Rx, id: PromotionId) -> Result<PromotionView, PromotionError> {
    let row = store::find(rx, id)?.ok_or(Denied::Unknown)?;
    let view = views(rx, vec![row])?.into_iter().next();
    Ok(view.ok_or(Denied::Unknown)?)
}

/// The row a body stands for, checked.
fn checked(
    now: Timestamp,
    id: PromotionId,
    merchant: MerchantId,
    body: &PromotionBody,
) -> Result<PromotionRow, PromotionError> {
    let (mut scope, needs, action) = (body.scope.clone(), body.needs.clone(), body.action.clone());
    scope.sort();
    let title = body.title.as_str().to_owned();
    let promotion = Promotion { id, title, scope, needs, action, left_minor: None };
    promotion.check().map_err(PromotionError::Bad)?;
    let limits = [body.budget_minor, body.uses_max, body.per_person];
    let is_limit = limits.into_iter().flatten().all(|limit| (1..=LIMIT_MAX).contains(&limit));
    if body.ends_at <= body.starts_at || body.ends_at <= now || !is_limit {
        return Err(PromotionError::Times);
    }
    let Promotion { title, scope, needs, action, .. } = promotion;
    // Who is new is known by what was bought: orders that wait for their payment do not count yet.
    let per_person = body.per_person.or(needs.new_buyers_only.then_some(1));
    Ok(PromotionRow {
        id,
        merchant,
        title,
        rule: Rule { scope, needs, action },
        state: PromotionState::Draft.word().to_owned(),
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        budget: body.budget_minor,
        uses_max: body.uses_max,
        per_person,
        spent: 0,
        used: 0,
        version: 1,
    })
}

fn create(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &PromotionBody,
) -> Result<PromotionView, PromotionError> {
    actor.may(merchant, Right::Products)?;
    let id: PromotionId = tx.new_id();
    let row = checked(tx.now(), id, merchant, body)?;
    store::insert(tx, &row)?;
    people::api::log_act(tx, actor, Some(merchant), "promotion.create", &id.to_string(), &row.title)?;
    view(tx, id)
}

fn find(tx: &mut Tx, actor: &Actor, id: PromotionId) -> Result<PromotionRow, PromotionError> {
    let row = store::find(tx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Products)?;
    Ok(row)
}

/// Changes a draft or a paused promotion. What it gives stays as it is once it was used, and so does whether it is
/// limited: only then do its counts say how often.
fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: PromotionId,
    body: &PromotionUpdateBody,
) -> Result<PromotionView, PromotionError> {
    let before = find(tx, actor, id)?;
    if before.version != body.version {
        return Err(PromotionError::Version);
    }
    let state = PromotionState::of(&before.state);
    if !matches!(state, PromotionState::Draft | PromotionState::Paused) {
        return Err(PromotionError::State { state: state.word() });
    }
    let after = checked(tx.now(), id, before.merchant, &body.promotion)?;
    let was_started = state == PromotionState::Paused;
    let is_same = after.rule == before.rule
        && after.budget.is_some() == before.budget.is_some()
        && after.uses_max.is_some() == before.uses_max.is_some()
        && after.per_person.is_some() == before.per_person.is_some();
    if was_started && !is_same {
        return Err(PromotionError::Used);
    }
    let is_below = after.budget.is_some_and(|budget| budget < before.spent)
        || after.uses_max.is_some_and(|most| most < before.used)
        || (was_started && after.per_person < before.per_person);
    if is_below {
        return Err(PromotionError::BelowUsed);
    }
    let (spent, used, version) = (before.spent, before.used, before.version);
    let row = PromotionRow { state: before.state, spent, used, version, ..after };
    store::update(tx, &row)?;
    people::api::log_act(tx, actor, Some(row.merchant), "promotion.update", &id.to_string(), &row.title)?;
    view(tx, id)
}

/// Moves a promotion from one of some states to another. Idempotent: one that is there already stays.
fn step(
    tx: &mut Tx,
    actor: &Actor,
    id: PromotionId,
    to: PromotionState,
) -> Result<PromotionView, PromotionError> {
    let mut row = find(tx, actor, id)?;
    let from = PromotionState::of(&row.state);
    if from == to {
        return view(tx, id);
    }
    let is_possible = match to {
        PromotionState::Live => matches!(from, PromotionState::Draft | PromotionState::Paused),
        PromotionState::Paused => from == PromotionState::Live,
        PromotionState::Ended => true,
        PromotionState::Draft => false,
    };
    if !is_possible {
        return Err(PromotionError::State { state: from.word() });
    }
    if to == PromotionState::Live && row.ends_at <= tx.now() {
        return Err(PromotionError::Times);
    }
    let live = |state: PromotionState| i64::from(state == PromotionState::Live);
    let change = live(to).saturating_sub(live(from));
    if change != 0 && !store::count_live(tx, row.merchant, change)? {
        return Err(PromotionError::TooMany);
    }
    row.state = to.word().to_owned();
    store::update(tx, &row)?;
    if to == PromotionState::Live {
        work::enqueue(tx, END_JOB, &id.to_string(), "", row.ends_at)?;
    }
    let act = format!("promotion.{}", to.word());
    people::api::log_act(tx, actor, Some(row.merchant), &act, &id.to_string(), &row.title)?;
    view(tx, id)
}

/// Ends a promotion whose time is over, so that it does not stand among the live ones.
fn end_by_time(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: PromotionId = Failure::check(job.key.parse())?;
    let Some(mut row) = store::find(tx, id)?.filter(|row| row.state == PromotionState::Live.word()) else {
        return Ok(());
    };
    // One that was paused and given more time is queued anew when it starts again.
    if row.ends_at > tx.now() {
        return Ok(());
    }
    row.state = PromotionState::Ended.word().to_owned();
    store::count_live(tx, row.merchant, -1)?;
    store::update(tx, &row)?;
    Ok(())
}

/// Make a promotion. It is a draft until it is started.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/promotions", tag = "pricing",
    params(("merchant" = MerchantId, Path)), request_body = PromotionBody,
    responses((status = 201, body = PromotionView), PromotionError, Common))]
async fn promotion_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<PromotionBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| create(tx, &own, merchant, &body)).await
}

/// A merchant's promotions, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/promotions", tag = "pricing",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<PromotionView>), Common))]
async fn promotion_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<PromotionView>>, Refused> {
    actor.may(merchant, Right::Products)?;
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list(rx, merchant, before, request.more())?;
        let page = Page::by_id(rows, &request, |row| row.id);
        Ok(Page { items: views(rx, page.items)?, next_cursor: page.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// A promotion.
#[utoipa::path(get, path = "/api/v1/promotions/{promotion}", tag = "pricing",
    params(("promotion" = PromotionId, Path)), responses((status = 200, body = PromotionView), Common))]
async fn promotion_get(
    ctx: rest::State,
    actor: Actor,
    Path(promotion): Path<PromotionId>,
) -> Result<Json<PromotionView>, Refused> {
    let read = move |rx: &mut Rx| {
        let found = view(rx, promotion)?;
        actor.may(found.merchant, Right::Products)?;
        Ok::<_, PromotionError>(found)
    };
    Ok(Json(ctx.db().read(read).await?))
}

/// Change a draft or a paused promotion.
#[utoipa::path(put, path = "/api/v1/promotions/{promotion}", tag = "pricing",
    params(("promotion" = PromotionId, Path)), request_body = PromotionUpdateBody,
    responses((status = 200, body = PromotionView), PromotionError, Common))]
async fn promotion_put(
    ctx: rest::State,
    actor: Actor,
    Path(promotion): Path<PromotionId>,
    Json(body): Json<PromotionUpdateBody>,
) -> Result<Json<PromotionView>, Refused> {
    let write = move |tx: &mut Tx| change(tx, &actor, promotion, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}

async fn moved(
    ctx: &Ctx,
    actor: Actor,
    promotion: PromotionId,
    (command, to): (Command<PromotionStepBody>, PromotionState),
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| step(tx, &own, promotion, to);
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Let a promotion count, from its start on.
#[utoipa::path(post, path = "/api/v1/promotions/{promotion}/start", tag = "pricing",
    params(("promotion" = PromotionId, Path)), request_body = PromotionStepBody,
    responses((status = 200, body = PromotionView), PromotionError, Common))]
async fn promotion_start(
    ctx: rest::State,
    actor: Actor,
    Path(promotion): Path<PromotionId>,
    command: Command<PromotionStepBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, promotion, (command, PromotionState::Live)).await
}

/// Stop a promotion for a while.
#[utoipa::path(post, path = "/api/v1/promotions/{promotion}/pause", tag = "pricing",
    params(("promotion" = PromotionId, Path)), request_body = PromotionStepBody,
    responses((status = 200, body = PromotionView), PromotionError, Common))]
async fn promotion_pause(
    ctx: rest::State,
    actor: Actor,
    Path(promotion): Path<PromotionId>,
    command: Command<PromotionStepBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, promotion, (command, PromotionState::Paused)).await
}

/// End a promotion for good. What was ordered under it keeps its price.
#[utoipa::path(post, path = "/api/v1/promotions/{promotion}/end", tag = "pricing",
    params(("promotion" = PromotionId, Path)), request_body = PromotionStepBody,
    responses((status = 200, body = PromotionView), PromotionError, Common))]
async fn promotion_end(
    ctx: rest::State,
    actor: Actor,
    Path(promotion): Path<PromotionId>,
    command: Command<PromotionStepBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, promotion, (command, PromotionState::Ended)).await
}
