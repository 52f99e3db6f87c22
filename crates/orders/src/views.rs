//! Orders, as buyers and merchants see them.

use base::{MerchantId, Money, OrderId, Page, PageRequest, PersonId, ProductId, SkuId, TeamId, Timestamp};
use db::{DbError, Rx};
use people::api::AddressSnapshot;
use pricing::api::Explanation;
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Line, Order, OrderState};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(order_get))
        .routes(routes!(order_list))
        .routes(routes!(merchant_order_list))
        .routes(routes!(order_evidence_get))
}

/// One line of an order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct OrderLineView {
    line: i64,
    sku: SkuId,
    product: ProductId,
    title: String,
    option_values: Vec<String>,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    qty: i64,
    unit: Money,
    discount: Money,
    total: Money,
    refunded: Money,
    /// Whether it may be returned within seven days without a reason.
    no_reason_return: bool,
    /// Whether nothing is sent: it was handed over when it was paid for good.
    is_virtual: bool,
}

/// How an order travels.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ShipmentView {
    carrier: String,
    tracking: String,
}

/// Something that happened to an order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TimelineView {
    at: Timestamp,
    /// `placed paid team_succeeded team_failed handed_over shipped received completed cancelled refunded partly_refunded
    /// ladder_refunded replacement`.
    what: String,
    /// `buyer`, `shop` or `system`.
    actor: &'static str,
}

/// An order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrderView {
    id: OrderId,
    number: String,
    merchant: MerchantId,
    merchant_name: String,
    buyer: PersonId,
    buyer_name: String,
    state: OrderState,
    /// `unpaid paid partly_refunded refunded`.
    payment_state: &'static str,
    /// `none waiting_team to_ship shipped received`.
    fulfilment_state: &'static str,
    /// `none open closed`.
    after_sale_state: &'static str,
    lines: Vec<OrderLineView>,
    goods: Money,
    discount: Money,
    shipping: Money,
    shipping_refunded: Money,
    total: Money,
    captured: Money,
    refunded: Money,
    /// `null` when nothing is sent.
    address: Option<AddressSnapshot>,
    note: Option<String>,
    /// The team it belongs to, also after teams have merged.
    team: Option<TeamId>,
    /// The order whose goods it replaces.
    replaces: Option<OrderId>,
    placed_at: Timestamp,
    pay_by: Timestamp,
    paid_at: Option<Timestamp>,
    shipped_at: Option<Timestamp>,
    received_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    /// When it is settled, if nothing comes in between.
    settle_at: Option<Timestamp>,
    shipment: Option<ShipmentView>,
    explanations: Vec<Explanation>,
    timeline: Vec<TimelineView>,
    /// The server's clock, for countdowns.
    server_now: Timestamp,
}

fn line_view(order: &Order, line: Line) -> OrderLineView {
    OrderLineView {
        line: line.line,
        sku: line.sku,
        product: line.product,
        title: line.title,
        option_values: line.options,
        picture: line.picture.map(|picture| catalog::api::picture_url(picture, 360)),
        qty: line.qty,
        unit: order.money(line.unit),
        discount: order.money(line.discount),
        total: order.money(line.total),
        refunded: order.money(line.refunded),
        no_reason_return: line.no_reason_return,
        is_virtual: line.is_virtual,
    }
}

fn timeline(rx: &mut Rx, order: &Order) -> Result<Vec<TimelineView>, DbError> {
    let who = |actor: Option<PersonId>| match actor {
        None => "system",
        Some(person) if person == order.buyer => "buyer",
        Some(_) => "shop",
    };
    let notes = store::notes(rx, order.id)?;
    Ok(notes.into_iter().map(|(at, what, actor)| TimelineView { at, what, actor: who(actor) }).collect())
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Bug(error.to_string()))
}

fn view_of(rx: &mut Rx, order: &Order) -> Result<OrderView, DbError> {
    let lines = store::lines(rx, order.id)?;
    let timeline = timeline(rx, order)?;
    let merchant_name = people::api::merchant_names(rx, &[order.merchant])?.remove(&order.merchant);
    let buyer_name = people::api::person_names(rx, &[order.buyer])?.remove(&order.buyer);
    let team = match order.activity {
        None => None,
        Some(_) => deals::api::team_of(rx, order.id)?.or(order.team),
    };
    let shipment = order.carrier.clone().zip(order.tracking.clone());
    Ok(OrderView {
        id: order.id,
        number: order.number.clone(),
        merchant: order.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        buyer: order.buyer,
        buyer_name: buyer_name.unwrap_or_default(),
        state: order.state(),
        payment_state: order.payment_state(),
        fulfilment_state: order.fulfilment_state(),
        after_sale_state: order.after_sale_state(),
        lines: lines.into_iter().map(|line| line_view(order, line)).collect(),
        goods: order.money(order.goods),
        discount: order.money(order.discount),
        shipping: order.money(order.shipping),
        shipping_refunded: order.money(order.shipping_refunded),
        total: order.money(order.total),
        captured: order.money(order.captured),
        refunded: order.money(order.refunded),
        address: parse(&order.address)?,
        note: order.note.clone(),
        team,
        replaces: order.replaces,
        placed_at: order.placed_at,
        pay_by: order.pay_by,
        paid_at: order.paid_at,
        shipped_at: order.shipped_at,
        received_at: order.received_at,
        completed_at: order.completed_at,
        settle_at: order.settle_at,
        shipment: shipment.map(|(carrier, tracking)| ShipmentView { carrier, tracking }),
        explanations: parse(&order.explanations)?,
        timeline,
        server_now: rx.now(),
    })
}

/// An order as it reads now.
pub(crate) fn view(rx: &mut Rx, id: OrderId) -> Result<Option<OrderView>, DbError> {
    let order = store::find_order(rx, id)?;
    order.map(|order| view_of(rx, &order)).transpose()
}

/// Finds an order that this person may see: the buyer's own, or one of a shop the person may see the orders of.
fn visible(rx: &mut Rx, actor: &Actor, id: OrderId) -> Result<Order, Refused> {
    let order = store::find_order(rx, id)?.ok_or(Denied::Unknown)?;
    if order.buyer != actor.person {
        actor.may(order.merchant, Right::Orders)?;
    }
    Ok(order)
}

/// Answers with an order that the person has just acted on.
pub(crate) async fn read_one(ctx: &Ctx, actor: Actor, id: OrderId) -> Result<Json<OrderView>, Refused> {
    let found = ctx
        .db()
        .read::<_, DbError, _>(move |rx| match visible(rx, &actor, id) {
            Ok(order) => Ok(Ok(view_of(rx, &order)?)),
            Err(refused) => Ok(Err(refused)),
        })
        .await?;
    found.map(Json)
}

/// An order of the person who asks, or of a shop the person works for.
#[utoipa::path(get, path = "/api/v1/orders/{order}", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderView), Common))]
async fn order_get(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
) -> Result<Json<OrderView>, Refused> {
    read_one(&ctx, actor, order).await
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OrderFilter {
    /// One state; all when left out (a shop's list then shows what is to be shipped).
    state: Option<OrderState>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl OrderFilter {
    fn page(&self) -> PageRequest {
        PageRequest { cursor: self.cursor.clone(), limit: self.limit }
    }
}

fn page(rx: &mut Rx, rows: Vec<Order>, request: &PageRequest) -> Result<Page<OrderView>, DbError> {
    let rows = Page::by_id(rows, request, |row| row.id);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in rows.items {
        items.push(view_of(rx, &row)?);
    }
    Ok(Page { items, next_cursor: rows.next_cursor })
}

/// The orders of the person who asks, newest first.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", params(OrderFilter),
    responses((status = 200, body = Page<OrderView>), Common))]
async fn order_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<OrderFilter>,
) -> Result<Json<Page<OrderView>>, Refused> {
    let request = filter.page();
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_of_buyer(rx, actor.person, filter.state, before, request.more())?;
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// The orders of a shop in one state, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/orders", tag = "orders",
    params(("merchant" = MerchantId, Path), OrderFilter),
    responses((status = 200, body = Page<OrderView>), Common))]
async fn merchant_order_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<OrderFilter>,
) -> Result<Json<Page<OrderView>>, Refused> {
    actor.may(merchant, Right::Orders)?;
    let request = filter.page();
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let more = request.more();
        let rows = match filter.state {
            Some(state) => store::list_of_merchant(rx, merchant, state, before, more)?,
            None => {
                // The index is by state: the newest of each, merged.
                let mut all = Vec::new();
                for state in OrderState::ALL {
                    all.extend(store::list_of_merchant(rx, merchant, state, before, more)?);
                }
                all.sort_by_key(|order| std::cmp::Reverse(order.id));
                all.truncate(usize::try_from(more).unwrap_or(0));
                all
            }
        };
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// How an order came about and whom it rewards: the same for the buyer, the sharer and the merchant.
#[utoipa::path(get, path = "/api/v1/orders/{order}/evidence", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = reach::api::EvidenceView), Common))]
async fn order_evidence_get(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
) -> Result<Json<reach::api::EvidenceView>, Refused> {
    let read = move |rx: &mut Rx| {
        let may_see = reach::api::earns_from(rx, actor.person, order)?;
        match visible(rx, &actor, order) {
            Err(refused) if !may_see => Ok(Err(refused)),
            Err(_) | Ok(_) => Ok(Ok(reach::api::evidence(rx, order)?)),
        }
    };
    let found = ctx.db().read::<_, DbError, _>(read).await?;
    found.map(Json)
}
