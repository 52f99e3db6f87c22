//! A merchant's coupons: made, paused, stopped, and how they go.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CouponTemplateId, MerchantId, Money, Page, PageRequest, Text, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::{CouponGift, Scope};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::claim::CouponActBody;
use crate::model::{Growth, Limits, Rule, Validity, yuan};
use crate::store::{self, TemplateRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(coupon_template_create, coupon_template_list))
        .routes(routes!(coupon_template_pause))
        .routes(routes!(coupon_template_resume))
        .routes(routes!(coupon_template_stop))
}

fn one() -> i64 {
    1
}

/// A coupon as a merchant writes it. It does not change any more: whoever has claimed one keeps what was said.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CouponTemplateBody {
    title: Text<1, 40>,
    gift: CouponGift,
    #[serde(default)]
    scope: Scope,
    /// Least worth of the goods it is about, after promotions, in minor units; 0 for none.
    #[serde(default)]
    #[schema(minimum = 0)]
    threshold_minor: i64,
    /// Whether promotions count beside it.
    #[serde(default)]
    is_stacking: bool,
    /// Only with an amount off.
    growth: Option<Growth>,
    validity: Validity,
    /// It may be claimed from then on.
    starts_at: Timestamp,
    /// It may be claimed before then.
    ends_at: Timestamp,
    /// How many there are; no limit when left out.
    #[schema(minimum = 1)]
    issue_max: Option<i64>,
    /// What all that are given out may take off at most, in minor units; no limit when left out.
    #[schema(minimum = 1)]
    worth_max_minor: Option<i64>,
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    per_person: i64,
}

/// Where a merchant's coupons stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum CouponTemplateState {
    /// It is given out in its time.
    Live,
    /// It is not given out for a while.
    Paused,
    /// It is not given out any more.
    Stopped,
}

impl CouponTemplateState {
    fn of(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "paused" => Self::Paused,
            _ => Self::Stopped,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

/// A merchant's coupons of one kind, and how they go.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponTemplateView {
    id: CouponTemplateId,
    merchant: MerchantId,
    title: String,
    state: CouponTemplateState,
    gift: CouponGift,
    scope: Scope,
    threshold: Money,
    is_stacking: bool,
    growth: Option<Growth>,
    validity: Validity,
    starts_at: Timestamp,
    ends_at: Timestamp,
    issue_max: Option<i64>,
    worth_max: Option<Money>,
    per_person: i64,
    /// How many were claimed.
    issued: i64,
    /// What those may take off at most.
    promised: Money,
    /// How many are used, without those that came back.
    used: i64,
    /// What those took off.
    cost: Money,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum TemplateError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "look at the amounts: a share has a cap, an amount off is at most its threshold, growth rises above it"
    )]
    #[problem(422, "coupon.bad")]
    Bad,
    #[error("limits are from 1, the budget covers at least one coupon, and one person gets 1 to 100")]
    #[problem(422, "coupon.limits")]
    Limits,
    #[error("it ends after it starts, and in the future, and may still be used when the last one is claimed")]
    #[problem(422, "coupon.times")]
    Times,
    #[error("a coupon that was stopped is not given out again; make a new one")]
    #[problem(409, "coupon.stopped")]
    Stopped,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn views(rx: &mut Rx, rows: Vec<TemplateRow>) -> Result<Vec<CouponTemplateView>, DbError> {
    let ids: Vec<CouponTemplateId> = rows.iter().map(|row| row.id).collect();
    let totals = store::used(rx, &ids)?;
    let view = |row: TemplateRow| {
        let total = totals.iter().find(|(id, ..)| *id == row.id);
        let (used, cost) = total.map_or((0, 0), |(_, used, cost)| (*used, *cost));
        CouponTemplateView {
            id: row.id,
            merchant: row.merchant,
            title: row.title,
            state: CouponTemplateState::of(&row.state),
            gift: row.rule.gift,
            scope: row.rule.scope,
            threshold: yuan(row.rule.threshold_minor),
            is_stacking: row.rule.is_stacking,
            growth: row.rule.growth,
            validity: row.rule.validity,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            issue_max: row.limits.issue_max,
            worth_max: row.limits.worth_max.map(yuan),
            per_person: row.limits.per_person,
            issued: row.issued,
            promised: yuan(row.promised),
            used,
            cost: yuan(cost),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

fn view(rx: &mut Rx, id: CouponTemplateId) -> Result<CouponTemplateView, TemplateError> {
    let row = store::template(rx, id)?.ok_or(Denied::Unknown)?;
    let view = views(rx, vec![row])?.into_iter().next();
    Ok(view.ok_or(Denied::Unknown)?)
}

fn checked(
    now: Timestamp,
    (id, merchant): (CouponTemplateId, MerchantId),
    body: &CouponTemplateBody,
) -> Result<TemplateRow, TemplateError> {
    let mut scope = body.scope.clone();
    scope.sort();
    let rule = Rule {
        scope,
        threshold_minor: body.threshold_minor,
        gift: body.gift,
        growth: body.growth,
        validity: body.validity,
        is_stacking: body.is_stacking,
    };
    if !rule.is_sound() {
        return Err(TemplateError::Bad);
    }
    let limits =
        Limits { issue_max: body.issue_max, worth_max: body.worth_max_minor, per_person: body.per_person };
    if !limits.is_sound(rule.worth_each()) {
        return Err(TemplateError::Limits);
    }
    let is_usable = match rule.validity {
        Validity::Until { until } => until >= body.ends_at,
        Validity::Days { .. } => true,
    };
    if body.ends_at <= body.starts_at || body.ends_at <= now || !is_usable {
        return Err(TemplateError::Times);
    }
    Ok(TemplateRow {
        id,
        merchant,
        title: body.title.as_str().to_owned(),
        rule,
        state: CouponTemplateState::Live.word().to_owned(),
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        limits,
        issued: 0,
        promised: 0,
    })
}

fn create(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &CouponTemplateBody,
) -> Result<CouponTemplateView, TemplateError> {
    actor.may(merchant, Right::Products)?;
    let id: CouponTemplateId = tx.new_id();
    let row = checked(tx.now(), (id, merchant), body)?;
    store::insert_template(tx, &row)?;
    people::api::log_act(tx, actor, Some(merchant), "coupon.create", &id.to_string(), &row.title)?;
    view(tx, id)
}

/// Moves a template on. Idempotent: one that is there already stays. Coupons that were claimed stay usable.
fn step(
    tx: &mut Tx,
    actor: &Actor,
    id: CouponTemplateId,
    to: CouponTemplateState,
) -> Result<CouponTemplateView, TemplateError> {
    let row = store::template(tx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Products)?;
    let from = CouponTemplateState::of(&row.state);
    if from == to {
        return view(tx, id);
    }
    if from == CouponTemplateState::Stopped {
        return Err(TemplateError::Stopped);
    }
    if !store::set_state(tx, &row, to.word())? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let act = format!("coupon.{}", to.word());
    people::api::log_act(tx, actor, Some(row.merchant), &act, &id.to_string(), &row.title)?;
    view(tx, id)
}

/// Give out coupons. What they say does not change any more.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/coupon-templates", tag = "coupons",
    params(("merchant" = MerchantId, Path)), request_body = CouponTemplateBody,
    responses((status = 201, body = CouponTemplateView), TemplateError, Common))]
async fn coupon_template_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    command: Command<CouponTemplateBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| create(tx, &own, merchant, &body)).await
}

/// A merchant's coupons and how they go, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/coupon-templates", tag = "coupons",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<CouponTemplateView>), Common))]
async fn coupon_template_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<CouponTemplateView>>, Refused> {
    actor.may(merchant, Right::Products)?;
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_templates(rx, merchant, before, request.more())?;
        let page = Page::by_id(rows, &request, |row| row.id);
        Ok(Page { items: views(rx, page.items)?, next_cursor: page.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

async fn moved(
    ctx: &Ctx,
    actor: Actor,
    template: CouponTemplateId,
    (command, to): (Command<CouponActBody>, CouponTemplateState),
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| step(tx, &own, template, to);
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Give no more of these coupons out for a while. Those that were claimed stay usable.
#[utoipa::path(post, path = "/api/v1/coupon-templates/{coupon_template}/pause", tag = "coupons",
    params(("coupon_template" = CouponTemplateId, Path)), request_body = CouponActBody,
    responses((status = 200, body = CouponTemplateView), TemplateError, Common))]
async fn coupon_template_pause(
    ctx: rest::State,
    actor: Actor,
    Path(template): Path<CouponTemplateId>,
    command: Command<CouponActBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, template, (command, CouponTemplateState::Paused)).await
}

/// Give these coupons out again.
#[utoipa::path(post, path = "/api/v1/coupon-templates/{coupon_template}/resume", tag = "coupons",
    params(("coupon_template" = CouponTemplateId, Path)), request_body = CouponActBody,
    responses((status = 200, body = CouponTemplateView), TemplateError, Common))]
async fn coupon_template_resume(
    ctx: rest::State,
    actor: Actor,
    Path(template): Path<CouponTemplateId>,
    command: Command<CouponActBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, template, (command, CouponTemplateState::Live)).await
}

/// Give no more of these coupons out. Those that were claimed stay usable.
#[utoipa::path(post, path = "/api/v1/coupon-templates/{coupon_template}/stop", tag = "coupons",
    params(("coupon_template" = CouponTemplateId, Path)), request_body = CouponActBody,
    responses((status = 200, body = CouponTemplateView), TemplateError, Common))]
async fn coupon_template_stop(
    ctx: rest::State,
    actor: Actor,
    Path(template): Path<CouponTemplateId>,
    command: Command<CouponActBody>,
) -> Result<Response, Refused> {
    moved(&ctx, actor, template, (command, CouponTemplateState::Stopped)).await
}
