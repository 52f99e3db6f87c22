//! Commissions and why there are any, as buyers, sharers and merchants see them; and what operators do with those
//! that are held.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use base::{CommissionId, MerchantId, Money, OrderId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::{Kind, TransferError};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::Hooks;
use crate::model::{Model, Reason};
use crate::payout::{self, Payout};
use crate::store::{self, CommissionRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(my_commission_list))
        .routes(routes!(merchant_commission_list))
        .routes(routes!(commission_approve))
        .routes(routes!(commission_refuse))
}

/// A commission: a share of one line of an order, for who brought the buyer (level 1) or the sharer (level 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Commission)]
pub struct CommissionView {
    /// Its id.
    pub id: CommissionId,
    /// The order.
    pub order: OrderId,
    /// The number people know the order by.
    pub order_number: Option<String>,
    /// The line of the order.
    pub line: i64,
    /// 1 or 2.
    pub level: i64,
    /// What was promised when the order was placed.
    pub amount: Money,
    /// What refunds took back of it so far.
    pub clawed: Money,
    /// `frozen` until returns are over, `held` for a person to look at, `released`: paid, `clawed_back`: all taken
    /// back, `cancelled`: never paid.
    pub state: String,
    /// When it is paid; `null` until the goods are received.
    pub release_at: Option<Timestamp>,
    /// The rate, in hundredths of a percent.
    pub rate_bp: i64,
    /// What it is a share of: what the line costs after discounts.
    pub base: Money,
    /// The product's title.
    pub product_title: String,
    /// When the order was placed.
    pub created_at: Timestamp,
}

/// A commission and who earns it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MerchantCommission {
    #[serde(flatten)]
    commission: CommissionView,
    beneficiary_name: String,
    /// Why it is held: `same_session` or `burst`; `null` when it is not.
    held_for: Option<String>,
}

/// One touch and what it was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EvidenceTouch {
    /// When.
    pub at: Timestamp,
    /// The code of the entry.
    pub code: String,
    /// Who shared; `null` for the merchant's own entry.
    pub sharer: Option<PersonId>,
    /// The sharer's name, masked as everywhere in public; the shop's name for its own entry.
    pub sharer_name: String,
    /// The kind of entry.
    pub scene: String,
    /// Whether this touch earns its sharer something.
    pub counted: bool,
    /// Why it does or does not.
    pub reason: Reason,
}

/// Why an order earns whom a commission: the same for buyer, sharer and merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceView {
    /// Which of several touches counts.
    pub model: Model,
    /// How long before the order a touch may lie.
    pub window_hours: i64,
    /// What was looked at, newest first.
    pub touches: Vec<EvidenceTouch>,
    /// What it earns.
    pub commissions: Vec<CommissionView>,
}

fn views(rx: &mut Rx, hooks: &Hooks, rows: Vec<CommissionRow>) -> Result<Vec<CommissionView>, DbError> {
    let mut products: Vec<_> = rows.iter().map(|row| row.product).collect();
    products.sort_unstable();
    products.dedup();
    let titles = catalog::api::product_titles(rx, &products)?;
    let mut orders: Vec<_> = rows.iter().map(|row| row.order).collect();
    orders.sort_unstable();
    orders.dedup();
    let numbers = hooks.order_numbers.map_or_else(|| Ok(BTreeMap::new()), |find| find(rx, &orders))?;
    let view = |row: CommissionRow| CommissionView {
        id: row.id,
        order: row.order,
        order_number: numbers.get(&row.order).cloned(),
        line: row.line,
        level: row.level,
        amount: Money::new(row.amount, row.currency),
        clawed: Money::new(row.clawed, row.currency),
        state: row.state,
        release_at: row.release_at,
        rate_bp: row.rate_bp,
        base: Money::new(row.base, row.currency),
        product_title: titles.get(&row.product).map(|(title, _)| title.clone()).unwrap_or_default(),
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// See [`crate::api::evidence`].
pub(crate) fn evidence(rx: &mut Rx, order: OrderId) -> Result<EvidenceView, DbError> {
    let Some(found) = store::find_attribution(rx, order)? else {
        let rule = crate::model::Rule::default();
        let (touches, commissions) = (Vec::new(), Vec::new());
        return Ok(EvidenceView { model: rule.model, window_hours: rule.window_hours, touches, commissions });
    };
    let sharers: Vec<PersonId> = found.touches.iter().filter_map(|touch| touch.sharer).collect();
    let names = people::api::person_names(rx, &sharers)?;
    let shop = people::api::merchant_names(rx, &[found.merchant])?.into_values().next().unwrap_or_default();
    let touch = |touch: crate::model::Considered| EvidenceTouch {
        at: touch.at,
        code: touch.code,
        sharer: touch.sharer,
        sharer_name: touch.sharer.map_or_else(
            || shop.clone(),
            |sharer| names.get(&sharer).map_or_else(String::new, |name| people::api::public_name(name)),
        ),
        scene: touch.scene,
        counted: touch.reason == Reason::Counted,
        reason: touch.reason,
    };
    let touches = found.touches.into_iter().map(touch).collect();
    let rows = store::commissions_of(rx, order)?;
    let commissions = views(rx, &Hooks::default(), rows)?;
    Ok(EvidenceView { model: found.model, window_hours: found.window_hours, touches, commissions })
}

/// What the person earned, newest first.
#[utoipa::path(get, path = "/api/v1/me/commissions", tag = "reach", params(PageRequest),
    responses((status = 200, body = Page<CommissionView>), Common))]
async fn my_commission_list(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<CommissionView>>, Refused> {
    let hooks = Hooks::of(&ctx);
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_earned(rx, actor.person, before, page.more())?;
        let Page { items, next_cursor } = Page::by_id(rows, &page, |row| row.id);
        Ok(Page { items: views(rx, &hooks, items)?, next_cursor })
    };
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}

/// What those who bring buyers to a shop earn, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/commissions", tag = "reach",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<MerchantCommission>), Common))]
async fn merchant_commission_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<MerchantCommission>>, Refused> {
    actor.may(merchant, Right::Reach)?;
    let hooks = Hooks::of(&ctx);
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_owed(rx, merchant, before, page.more())?;
        let Page { items: rows, next_cursor } = Page::by_id(rows, &page, |row| row.id);
        let mut people: Vec<PersonId> = rows.iter().map(|row| row.beneficiary).collect();
        people.sort_unstable();
        people.dedup();
        let names = people::api::person_names(rx, &people)?;
        let name = |row: &CommissionRow| names.get(&row.beneficiary).cloned().unwrap_or_default();
        let told: Vec<_> = rows.iter().map(|row| (name(row), row.held_for.clone())).collect();
        let items = views(rx, &hooks, rows)?.into_iter().zip(told);
        let items = items.map(|(commission, (beneficiary_name, held_for))| MerchantCommission {
            commission,
            beneficiary_name,
            held_for,
        });
        Ok(Page { items: items.collect(), next_cursor })
    };
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}

/// Nothing but the verb.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewInput {}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum ReviewError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("this commission is not held")]
    #[problem(409, "reach.not_held")]
    NotHeld,
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What an operator makes of a held commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approve,
    Refuse,
}

/// Ends the holding of a commission. One approved before its order is settled is paid with the others; afterwards
/// the merchant, who got the money, pays it at once.
pub(crate) fn review_commission(
    tx: &mut Tx,
    actor: &Actor,
    id: CommissionId,
    verdict: Verdict,
) -> Result<CommissionView, ReviewError> {
    actor.must_be_operator()?;
    let row = store::find_commission(tx, id)?.ok_or(Denied::Unknown)?;
    if row.state != "held" {
        return Err(ReviewError::NotHeld);
    }
    let state = match verdict {
        Verdict::Refuse => "cancelled",
        Verdict::Approve if store::guard_unsettled(tx, row.order)? => "frozen",
        Verdict::Approve => "released",
    };
    if !store::end_held(tx, &row, state)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let amount = row.amount.saturating_sub(row.clawed);
    if state == "released" && amount > 0 {
        let CommissionRow { order, merchant, currency, level, beneficiary, .. } = row;
        let cause = id.to_string();
        let payout = Payout { order, merchant, currency, source: Kind::Payable, cause: &cause };
        payout::pay(tx, &payout, level, beneficiary, amount)?;
    }
    let merchant = Some(row.merchant);
    people::api::log_act(tx, actor, merchant, &format!("commission.{state}"), &id.to_string(), "")?;
    let row = store::find_commission(tx, id)?.ok_or(Denied::Unknown)?;
    let view = views(tx, &Hooks::default(), vec![row])?.into_iter().next();
    Ok(view.ok_or(Denied::Unknown)?)
}

/// Let a held commission be paid. For operators.
#[utoipa::path(post, path = "/api/v1/commissions/{commission}/approve", tag = "reach",
    params(("commission" = CommissionId, Path)), request_body = ReviewInput,
    responses((status = 200, body = CommissionView), ReviewError, Common))]
async fn commission_approve(
    ctx: rest::State,
    actor: Actor,
    Path(commission): Path<CommissionId>,
    command: Command<ReviewInput>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| review_commission(tx, &own, commission, Verdict::Approve);
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}

/// Refuse a held commission. For operators.
#[utoipa::path(post, path = "/api/v1/commissions/{commission}/refuse", tag = "reach",
    params(("commission" = CommissionId, Path)), request_body = ReviewInput,
    responses((status = 200, body = CommissionView), ReviewError, Common))]
async fn commission_refuse(
    ctx: rest::State,
    actor: Actor,
    Path(commission): Path<CommissionId>,
    command: Command<ReviewInput>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let run = move |tx: &mut Tx| review_commission(tx, &own, commission, Verdict::Refuse);
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}
