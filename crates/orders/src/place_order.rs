//! Checkout: what is wanted becomes orders, one per merchant, with everything copied that may change later.

use axum::http::StatusCode;
use axum::response::Response;
use base::{AddressId, CheckoutId, CouponId, Currency, Money, OrderId, SkuId, Text, Timestamp};
use db::{DbError, Rx, Tx};
use deals::api::DealChoice;
use membership::api::VirtualLine;
use reach::api::{PlacedLine, Placement};
use rest::{Command, Common, Ctx, Member, OpenApiRouter, Refused, routes};
use serde::{Deserialize, Serialize};
use stock::api::StockError;

use crate::events::OrderPlaced;
use crate::model::{Line, Order, luhn};
use crate::points_choice::PointsWanted;
use crate::price::{LINES_MAX, PriceError, Priced, Wanted, price};
use crate::{cart_store, jobs, store};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(checkout_create))
}

/// How long an order waits for its payment.
const PAY_WITHIN_S: i64 = 30 * 60;
/// Numbers that a second has.
const PLACES: u64 = 100_000;
/// Draws of an order number before giving up.
const NUMBER_DRAWS: u32 = 8;

/// Where what is bought comes from.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum SourceBody {
    /// From the cart; these SKUs leave it.
    Cart {
        #[schema(min_items = 1, max_items = 100)]
        skus: Vec<SkuId>,
    },
    /// At once, alone or with others.
    Now {
        sku: SkuId,
        #[schema(minimum = 1, maximum = 9_999)]
        qty: i64,
        deal: Option<DealChoice>,
    },
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckoutBody {
    source: SourceBody,
    /// Where to; may be left out when nothing is sent.
    #[serde(default)]
    address: Option<AddressId>,
    note: Option<Text<1, 200>>,
    /// What may not be returned without a reason, each confirmed by the buyer on its own.
    #[serde(default)]
    #[schema(max_items = 200)]
    no_return_confirmed: Vec<SkuId>,
    /// The buyer's own, at most one for the goods of each shop; not with a deal. One by which the total is not lower is
    /// kept.
    #[serde(default)]
    #[schema(max_items = 200)]
    coupons: Vec<CouponId>,
    /// How many of the buyer's points to spend with which shop; not with a deal.
    #[serde(default)]
    #[schema(max_items = 200)]
    points: Vec<PointsWanted>,
    /// What the buyer was shown; when the price is another now, nothing is ordered.
    #[schema(minimum = 0)]
    expected_total_minor: i64,
}

/// Orders placed together.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CheckoutView {
    id: CheckoutId,
    orders: Vec<OrderId>,
    total: Money,
    pay_by: Timestamp,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CheckoutError {
    #[error("there is no such address; add one first")]
    #[problem(404, "checkout.address_not_found")]
    Address,
    #[error("it is sent: name one of your addresses")]
    #[problem(422, "checkout.address_needed")]
    NoAddress,
    #[error("some of it is not in the cart any more; look at the cart again")]
    #[problem(409, "checkout.cart_changed")]
    CartChanged,
    #[error("the price is {total_minor} now; show it to the buyer and order again")]
    #[problem(409, "checkout.price_changed")]
    PriceChanged { total_minor: i64 },
    #[error("{sku} may not be returned without a reason; tell the buyer, and name it in no_return_confirmed")]
    #[problem(409, "checkout.no_return_unconfirmed")]
    NoReturn { sku: SkuId },
    #[error("nothing is left to pay for an order of one shop; add something to it")]
    #[problem(409, "checkout.nothing_to_pay")]
    NothingToPay,
    #[error("all items of one checkout are in one currency")]
    #[problem(422, "checkout.currency")]
    Currency,
    #[error(transparent)]
    #[problem(transparent)]
    Price(#[from] PriceError),
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    #[problem(transparent)]
    Promotion(#[from] pricing::api::PromotionUsedUp),
    #[error(transparent)]
    #[problem(transparent)]
    Flash(#[from] flash::api::FlashRefused),
    #[error(transparent)]
    #[problem(transparent)]
    Coupon(#[from] coupons::api::CouponRefused),
    #[error(transparent)]
    #[problem(transparent)]
    Points(#[from] points::api::PointsRefused),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct PlaceOrder {
    person: base::PersonId,
    body: CheckoutBody,
}

fn wanted(rx: &mut Rx, command: &PlaceOrder) -> Result<Wanted, CheckoutError> {
    let (coupons, points) = (command.body.coupons.clone(), command.body.points.clone());
    match &command.body.source {
        SourceBody::Now { sku, qty, deal } => {
            Ok(Wanted { items: vec![(*sku, *qty)], deal: *deal, coupons, points, is_shown: false })
        }
        SourceBody::Cart { skus } => {
            let mut items = cart_store::lines(rx, command.person)?;
            items.retain(|(sku, _)| skus.contains(sku));
            if items.len() != skus.len() || items.len() > LINES_MAX {
                return Err(CheckoutError::CartChanged);
            }
            Ok(Wanted { items, deal: None, coupons, points, is_shown: false })
        }
    }
}

/// Refuses what is sold out, so that nobody hears of it only when paying. Nothing is promised by letting it pass: stock
/// is taken, and may be short, when the payment begins.
fn must_be_there(rx: &mut Rx, wanted: &Wanted) -> Result<(), StockError> {
    let skus: Vec<SkuId> = wanted.items.iter().map(|(sku, _)| *sku).collect();
    let available = stock::api::available(rx, &skus)?;
    for (sku, qty) in &wanted.items {
        let available = available.get(sku).copied().unwrap_or(0);
        if available < *qty {
            return Err(StockError::Short { sku: *sku, available });
        }
    }
    Ok(())
}

/// Goods that may not be returned without a reason are bought knowingly: the law asks for one confirmation per item.
fn must_be_confirmed(priced: &[Priced], confirmed: &[SkuId]) -> Result<(), CheckoutError> {
    let mut infos = priced.iter().flat_map(|one| one.skus.values());
    match infos.find(|info| !info.no_reason_return && !confirmed.contains(&info.sku)) {
        Some(info) => Err(CheckoutError::NoReturn { sku: info.sku }),
        None => Ok(()),
    }
}

/// The address as it is copied to the orders; `None` when none was named.
fn address(rx: &mut Rx, command: &PlaceOrder) -> Result<Option<String>, CheckoutError> {
    let Some(id) = command.body.address else { return Ok(None) };
    let found = people::api::address(rx, command.person, id)?.ok_or(CheckoutError::Address)?;
    Ok(Some(serde_json::to_string(&found).map_err(|error| DbError::Bug(error.to_string()))?))
}

fn place(tx: &mut Tx, command: &PlaceOrder) -> Result<CheckoutView, CheckoutError> {
    let address = address(tx, command)?;
    if command.body.coupons.len().max(command.body.points.len()) > LINES_MAX {
        return Err(PriceError::Items.into());
    }
    let wanted = wanted(tx, command)?;
    let mut priced = price(tx, command.person, &wanted)?;
    // A card's price is asked once more when nobody can give the card up beside us any more.
    let of_cards: Vec<_> = priced.iter().filter(|one| one.is_of_card()).map(|one| one.merchant).collect();
    if !of_cards.is_empty() {
        for merchant in of_cards {
            membership::api::take_turn(tx, merchant, command.person)?;
        }
        priced = price(tx, command.person, &wanted)?;
    }
    let currency = priced.first().map_or(Currency::CNY, |one| one.quote.currency);
    let total = priced.iter().try_fold(Money::zero(currency), |sum, one| sum.checked_add(one.quote.total));
    let total = total.or(Err(CheckoutError::Currency))?;
    if total.minor() != command.body.expected_total_minor {
        // Whoever was shown a sale's price hears why it is another now.
        if let Some(why) = priced.iter_mut().find_map(|one| one.refused.pop()) {
            return Err(why.into());
        }
        return Err(CheckoutError::PriceChanged { total_minor: total.minor() });
    }
    // An order without a payment would never be paid.
    if priced.iter().any(|one| one.quote.total.minor() < 1) {
        return Err(CheckoutError::NothingToPay);
    }
    if address.is_none() && priced.iter().any(Priced::is_sent) {
        return Err(CheckoutError::NoAddress);
    }
    must_be_confirmed(&priced, &command.body.no_return_confirmed)?;
    must_be_there(tx, &wanted)?;
    // Nothing is written before the last refusal, so that a refused checkout costs as little as it can.
    if let SourceBody::Cart { skus } = &command.body.source {
        cart_store::take(tx, command.person, skus)?;
    }
    let checkout: CheckoutId = tx.new_id();
    let pay_by = tx.now().plus_seconds(PAY_WITHIN_S);
    let mut orders = Vec::with_capacity(priced.len());
    for one in &priced {
        let id = tx.new_id();
        // A shop that sends nothing does not learn where somebody lives.
        let address = address.as_deref().filter(|_| one.is_sent()).unwrap_or("null");
        let order = new_order(tx, command, one, (id, checkout), address)?;
        let order = Order { pay_by, activity: wanted.deal.map(|deal| deal.activity), ..order };
        let order = Order { team: wanted.deal.and_then(|deal| deal.team), ..order };
        write(tx, &order, one)?;
        orders.push(id);
    }
    Ok(CheckoutView { id: checkout, orders, total, pay_by })
}

fn new_order(
    tx: &mut Tx,
    command: &PlaceOrder,
    priced: &Priced,
    ids: (OrderId, CheckoutId),
    address: &str,
) -> Result<Order, DbError> {
    let (id, checkout) = ids;
    let quote = &priced.quote;
    let explanations =
        serde_json::to_string(&quote.explanations).map_err(|error| DbError::Bug(error.to_string()))?;
    let now = tx.now();
    Ok(Order {
        id,
        checkout,
        number: new_number(tx, id)?,
        buyer: command.person,
        merchant: priced.merchant,
        currency: quote.currency,
        goods: quote.goods.minor(),
        discount: quote.discount.minor(),
        shipping: quote.shipping.minor(),
        total: quote.total.minor(),
        captured: 0,
        refunded: 0,
        shipping_refunded: 0,
        activity: None,
        team: None,
        payment: None,
        address: address.to_owned(),
        note: command.body.note.as_ref().map(|note| note.as_str().to_owned()),
        explanations,
        placed_at: now,
        pay_by: now,
        paid_at: None,
        confirmed_at: None,
        shipped_at: None,
        received_at: None,
        settle_at: None,
        completed_at: None,
        cancelled_at: None,
        carrier: None,
        tracking: None,
        open_cases: 0,
        replaces: None,
        version: 1,
    })
}

/// The day, `yyMMdd` of UTC, its second, the place of the order in the second and a check digit, by which a slip is
/// noticed. The time comes first, so that numbers of one time lie side by side in the store.
pub(crate) fn new_number(tx: &mut Tx, id: OrderId) -> Result<String, DbError> {
    let at = tx.now();
    let day: String = at.to_string().chars().filter(char::is_ascii_digit).skip(2).take(6).collect();
    let micros = u64::try_from(at.micros().saturating_sub(at.day().micros())).unwrap_or(0);
    for draw in 0..NUMBER_DRAWS {
        // The first draw is the time itself; whoever finds it taken looks anywhere in the second.
        let place = if draw == 0 { micros % 1_000_000 / 10 } else { tx.random_below(PLACES) };
        let digits = format!("{day}{:05}{place:05}", micros / 1_000_000);
        let number = format!("{digits}{}", luhn(&digits));
        if store::claim_number(tx, &number, id)? {
            return Ok(number);
        }
    }
    Err(tx.give_up(DbError::Busy))
}

fn virtual_line(line: &Line) -> VirtualLine {
    VirtualLine { line: line.line, sku: line.sku, qty: line.qty, total: line.total }
}

fn write(tx: &mut Tx, order: &Order, priced: &Priced) -> Result<(), CheckoutError> {
    store::insert_order(tx, order)?;
    let mut lines = Vec::with_capacity(priced.quote.lines.len());
    for (place, line) in priced.quote.lines.iter().enumerate() {
        let Some(info) = priced.skus.get(&line.sku) else { continue };
        lines.push(Line {
            line: i64::try_from(place).unwrap_or(0).saturating_add(1),
            sku: line.sku,
            product: info.product,
            title: info.title.clone(),
            options: info.option_values.clone(),
            picture: info.picture,
            qty: line.qty,
            unit: line.unit.minor(),
            base_unit: line.base_unit.minor(),
            discount: line.discount.minor(),
            total: line.total.minor(),
            refunded: 0,
            restocked: 0,
            no_reason_return: info.no_reason_return,
            is_virtual: info.is_virtual,
        });
    }
    store::insert_lines(tx, order.id, &lines)?;
    store::note(tx, order, "placed", Some(order.buyer))?;
    let placed: Vec<PlacedLine> = lines
        .iter()
        .map(|line| PlacedLine { line: line.line, product: line.product, net: order.money(line.total) })
        .collect();
    let (buyer, merchant) = (order.buyer, order.merchant);
    pricing::api::take(tx, order.id, order.buyer, &priced.quote.promotions)?;
    for taken in priced.in_flash() {
        flash::api::take(tx, order.id, order.buyer, taken)?;
    }
    if let Some(used) = &priced.quote.coupon {
        coupons::api::take(tx, order.id, order.buyer, used)?;
    }
    if let Some(used) = &priced.quote.points {
        points::api::spend(tx, order.id, (order.merchant, order.buyer), used)?;
    }
    let virtuals: Vec<VirtualLine> = lines.iter().filter(|line| line.is_virtual).map(virtual_line).collect();
    if !virtuals.is_empty() {
        membership::api::promise(tx, order.id, (merchant, buyer), &virtuals)?;
    }
    let nets: Vec<(i64, i64)> = lines.iter().map(|line| (line.line, line.total)).collect();
    settlement::api::freeze(tx, order.id, order.merchant, &nets)?;
    reach::api::attribute(tx, &Placement { order: order.id, buyer, merchant, lines: &placed })?;
    work::enqueue(tx, jobs::UNPAID, &order.id.to_string(), "", order.pay_by)?;
    let (total, currency) = (order.total, order.currency);
    tx.publish(&OrderPlaced { order: order.id, merchant, buyer, total, currency })?;
    Ok(())
}

/// Order what is in the cart, or one thing at once. One order per merchant.
#[utoipa::path(post, path = "/api/v1/checkouts", tag = "orders", request_body = CheckoutBody,
    responses((status = 201, body = CheckoutView), CheckoutError, Common))]
async fn checkout_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<CheckoutBody>,
) -> Result<Response, Refused> {
    let place_order = PlaceOrder { person: actor.person, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| place(tx, &place_order)).await
}
