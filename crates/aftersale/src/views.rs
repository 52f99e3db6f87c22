//! Cases, as buyers, shops and the platform see them.

use base::{CaseId, MerchantId, Money, OrderId, Page, PageRequest, PersonId, SkuId, Timestamp};
use db::{DbError, Rx};
use orders::api::{LineFacts, OrderFacts};
use people::api::AddressSnapshot;
use rest::{Actor, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Kind, Reason, Side, State};
use crate::store::{self, CaseRow, ItemRow};
use crate::terms;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(case_get))
        .routes(routes!(case_list))
        .routes(routes!(merchant_case_list))
        .routes(routes!(dispute_list))
}

/// What of one line a case is about.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CaseItemView {
    line: i64,
    title: String,
    option_values: Vec<String>,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    /// 0 when only money is asked for.
    units: i64,
    amount: Money,
    /// For an exchange: the variant wanted instead.
    to_sku: Option<SkuId>,
    /// What distinguishes it.
    to_option_values: Vec<String>,
}

/// Something said or done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CaseTurnView {
    at: Timestamp,
    side: Side,
    /// `opened agreed declined no_answer sent said disputed done exchanged withdrawn rejected lapsed superseded`.
    what: String,
    words: String,
}

/// A case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CaseView {
    id: CaseId,
    order: OrderId,
    order_number: String,
    merchant: MerchantId,
    merchant_name: String,
    buyer: PersonId,
    buyer_name: String,
    kind: Kind,
    reason: Reason,
    state: State,
    items: Vec<CaseItemView>,
    /// What is asked for, the delivery included.
    amount: Money,
    shipping: Money,
    /// What went back.
    refunded: Money,
    carrier: Option<String>,
    tracking: Option<String>,
    /// Where the goods go, when they are to be sent.
    return_address: Option<AddressSnapshot>,
    /// The order that goes out in exchange.
    replacement: Option<OrderId>,
    /// When the case moves on by itself.
    due_at: Option<Timestamp>,
    opened_at: Timestamp,
    turns: Vec<CaseTurnView>,
    /// What the person who asks may do: `withdraw send dispute say agree decline accept replace decide`.
    may: Vec<&'static str>,
    /// The server's clock, for countdowns.
    server_now: Timestamp,
}

/// What each side may do with a case as it stands.
fn verbs(row: &CaseRow, side: Side) -> Vec<&'static str> {
    let is_exchange = row.kind == Kind::Exchange;
    let mut verbs = match (side, row.state) {
        (Side::Buyer, State::Requested | State::Disputed) => vec!["withdraw"],
        (Side::Buyer, State::Declined) => vec!["dispute", "withdraw"],
        (Side::Buyer, State::AwaitingGoods) => vec!["send", "withdraw"],
        (Side::Shop, State::Requested) => vec!["agree", "decline"],
        (Side::Shop, State::Declined) if row.tracking.is_some() => vec!["accept"],
        (Side::Shop, State::Declined) => vec!["agree"],
        (Side::Shop, State::Disputed) => vec!["accept"],
        (Side::Shop, State::GoodsSent) if is_exchange => vec!["replace", "accept", "decline"],
        (Side::Shop, State::GoodsSent) => vec!["accept", "decline"],
        (Side::Platform, State::Disputed) => vec!["decide"],
        (Side::Buyer | Side::Shop | Side::Platform | Side::System, _) => Vec::new(),
    };
    if row.state.is_open() {
        verbs.push("say");
    }
    verbs
}

fn item_view(
    row: &CaseRow,
    item: &ItemRow,
    line: Option<&LineFacts>,
    to_option_values: Vec<String>,
) -> CaseItemView {
    CaseItemView {
        line: item.line,
        title: line.map(|line| line.title.clone()).unwrap_or_default(),
        option_values: line.map(|line| line.options.clone()).unwrap_or_default(),
        picture: line.and_then(|line| line.picture).map(|picture| catalog::api::picture_url(picture, 360)),
        units: item.units,
        amount: Money::new(item.amount, row.currency),
        to_sku: item.to_sku,
        to_option_values,
    }
}

fn item_views(rx: &mut Rx, row: &CaseRow, order: Option<&OrderFacts>) -> Result<Vec<CaseItemView>, DbError> {
    let items = store::items(rx, row.id)?;
    let wanted: Vec<SkuId> = items.iter().filter_map(|item| item.to_sku).collect();
    let infos = if wanted.is_empty() { Vec::new() } else { catalog::api::skus(rx, &wanted)? };
    let view = |item: &ItemRow| {
        let line = order.and_then(|order| order.lines.iter().find(|line| line.line == item.line));
        let to = infos.iter().find(|info| Some(info.sku) == item.to_sku);
        item_view(row, item, line, to.map(|info| info.option_values.clone()).unwrap_or_default())
    };
    Ok(items.iter().map(view).collect())
}

/// A case as one side sees it; `order` when it has been read already.
pub(crate) fn view(
    rx: &mut Rx,
    row: &CaseRow,
    side: Side,
    order: Option<&OrderFacts>,
) -> Result<CaseView, DbError> {
    let read = if order.is_some() { None } else { orders::api::order(rx, row.order)? };
    let order = order.or(read.as_ref());
    let items = item_views(rx, row, order)?;
    let turns = store::turns(rx, row.id)?;
    let turns = turns
        .into_iter()
        .map(|turn| CaseTurnView { at: turn.at, side: turn.side, what: turn.what, words: turn.words })
        .collect();
    let is_sending = matches!(row.state, State::AwaitingGoods | State::GoodsSent);
    let terms = if is_sending { store::terms(rx, row.merchant)? } else { store::TermsRow::default() };
    let merchant_name = people::api::merchant_names(rx, &[row.merchant])?.remove(&row.merchant);
    let buyer_name = people::api::person_names(rx, &[row.buyer])?.remove(&row.buyer);
    let money = |minor| Money::new(minor, row.currency);
    Ok(CaseView {
        id: row.id,
        order: row.order,
        order_number: order.map(|order| order.number.clone()).unwrap_or_default(),
        merchant: row.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        buyer: row.buyer,
        buyer_name: buyer_name.unwrap_or_default(),
        kind: row.kind,
        reason: row.reason,
        state: row.state,
        items,
        amount: money(row.amount),
        shipping: money(row.shipping),
        refunded: money(row.refunded),
        carrier: row.carrier.clone(),
        tracking: row.tracking.clone(),
        return_address: terms::address(&terms)?,
        replacement: row.replacement,
        due_at: row.due_at,
        opened_at: row.opened_at,
        turns,
        may: verbs(row, side),
        server_now: rx.now(),
    })
}

/// Finds a case that this person may see, and as what.
pub(crate) fn visible(
    rx: &mut Rx,
    actor: &Actor,
    id: CaseId,
) -> Result<(CaseRow, Side), crate::steps::StepError> {
    let row = store::find_case(rx, id)?.ok_or(Denied::Unknown)?;
    let side = if row.buyer == actor.person {
        Side::Buyer
    } else if actor.is_operator {
        Side::Platform
    } else {
        actor.may(row.merchant, Right::Refunds)?;
        Side::Shop
    };
    Ok((row, side))
}

/// A case, for its buyer, its shop and the platform.
#[utoipa::path(get, path = "/api/v1/after-sales/{case}", tag = "aftersale", params(("case" = CaseId, Path)),
    responses((status = 200, body = CaseView), Common))]
async fn case_get(
    ctx: rest::State,
    actor: Actor,
    Path(case): Path<CaseId>,
) -> Result<Json<CaseView>, Refused> {
    let read = move |rx: &mut Rx| {
        let (row, side) = visible(rx, &actor, case)?;
        Ok::<_, crate::steps::StepError>(view(rx, &row, side, None)?)
    };
    Ok(Json(ctx.db().read(read).await?))
}

fn page(
    rx: &mut Rx,
    rows: Vec<CaseRow>,
    request: &PageRequest,
    side: Side,
) -> Result<Page<CaseView>, DbError> {
    let rows = Page::by_id(rows, request, |row| row.id);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in rows.items {
        items.push(view(rx, &row, side, None)?);
    }
    Ok(Page { items, next_cursor: rows.next_cursor })
}

/// The cases of the person who asks, newest first.
#[utoipa::path(get, path = "/api/v1/after-sales", tag = "aftersale", params(PageRequest),
    responses((status = 200, body = Page<CaseView>), Common))]
async fn case_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<CaseView>>, Refused> {
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_of_buyer(rx, actor.person, before, request.more())?;
        page(rx, rows, &request, Side::Buyer)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct CaseFilter {
    /// One state; those that wait for the shop's answer when left out.
    state: Option<State>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The cases of a shop in one state, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/after-sales", tag = "aftersale",
    params(("merchant" = MerchantId, Path), CaseFilter),
    responses((status = 200, body = Page<CaseView>), Common))]
async fn merchant_case_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<CaseFilter>,
) -> Result<Json<Page<CaseView>>, Refused> {
    actor.may(merchant, Right::Refunds)?;
    let state = filter.state.unwrap_or(State::Requested);
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_of_merchant(rx, merchant, state, before, request.more())?;
        page(rx, rows, &request, Side::Shop)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Disputes that wait for the platform, newest first. Operators.
#[utoipa::path(get, path = "/api/v1/disputes", tag = "aftersale", params(PageRequest),
    responses((status = 200, body = Page<CaseView>), Common))]
async fn dispute_list(
    ctx: rest::State,
    actor: Actor,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<CaseView>>, Refused> {
    actor.must_be_operator()?;
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_in_state(rx, State::Disputed, before, request.more())?;
        page(rx, rows, &request, Side::Platform)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
