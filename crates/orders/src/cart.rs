//! The cart, and what it or anything else would cost.

use std::collections::BTreeMap;

use base::{CouponId, Currency, MerchantId, Money, PersonId, ProductId, SkuId};
use catalog::api::SkuInfo;
use db::{DbError, Lane, Rx, Tx};
use deals::api::DealChoice;
use pricing::api::{NextOffer, Quote};
use rest::{Actor, Common, Ctx, Json, MaybeActor, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::cart_store::{self, SKUS_MAX};
use crate::points_choice::{PointsOption, PointsWanted};
use crate::price::{
    CouponOption, LINES_MAX, PriceError, Priced, Wanted, coupon_options, known, price, price_known,
};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(cart_get))
        .routes(routes!(cart_replace))
        .routes(routes!(cart_set))
        .routes(routes!(quote_create))
}

/// One line of the cart.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CartLine {
    sku: SkuId,
    product: ProductId,
    title: String,
    option_values: Vec<String>,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    qty: i64,
    /// What one costs this person, before promotions of lines.
    unit: Money,
    /// Whether it may be returned within seven days without a reason; else the buyer confirms at checkout.
    no_reason_return: bool,
    /// Whether nothing is sent; what has only such lines needs no address.
    is_virtual: bool,
    available: i64,
    /// Why it cannot be ordered as it is: `stock.short`, `checkout.not_for_sale`; `null` when it can.
    problem: Option<&'static str>,
}

/// The part of the cart that comes from one merchant.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CartGroup {
    merchant: MerchantId,
    merchant_name: String,
    lines: Vec<CartLine>,
    /// What the lines without a problem cost; `null` when there is none.
    quote: Option<Quote>,
    /// What a little more from this shop would bring.
    next: Vec<NextOffer>,
    /// The person's coupons for this shop, the one that saves most in front. The quote is without one: it is chosen at
    /// checkout.
    coupons: Vec<CouponOption>,
}

/// The cart.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CartView {
    groups: Vec<CartGroup>,
    /// Units in all.
    count: i64,
    total: Money,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CartSetBody {
    /// 0 takes the SKU out.
    #[schema(minimum = 0, maximum = 9_999)]
    qty: i64,
}

/// All of a cart.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CartReplaceBody {
    /// A SKU named more than once counts as the sum.
    #[schema(max_items = 100)]
    lines: Vec<ItemBody>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CartError {
    #[error("qty must be 0 to 9,999")]
    #[problem(422, "cart.qty")]
    Qty,
    #[error("name at most 100 lines with 1 to 9,999 of each SKU in all")]
    #[problem(422, "cart.lines")]
    Lines,
    #[error("the cart holds 100 different things at the most; take something out")]
    #[problem(409, "cart.full")]
    Full,
    #[error("there is nothing for sale under this id")]
    #[problem(404, "cart.sku_not_found")]
    NotForSale,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The cart as it is now. After a write too: it is shown from a read, so that the writer is free for the next.
async fn shown(ctx: &Ctx, person: PersonId) -> Result<Json<CartView>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| read_cart(rx, person)).await?))
}

fn read_cart(rx: &mut Rx, person: PersonId) -> Result<CartView, DbError> {
    let wanted = cart_store::lines(rx, person)?;
    let ids: Vec<SkuId> = wanted.iter().map(|(sku, _)| *sku).collect();
    let known = known(rx, &ids)?;
    let available = stock::api::available(rx, &ids)?;
    let mut groups = Groups::new();
    for (sku, qty) in wanted {
        // A SKU that has gone from the catalogue altogether has no line to show.
        let Some(info) = known.get(&sku) else { continue };
        let left = available.get(&sku).copied().unwrap_or(0);
        let line = cart_line(info, qty, left);
        let group = groups.entry(info.merchant).or_default();
        if line.problem.is_none() {
            group.1.push((sku, qty));
        }
        group.0.push(line);
    }
    view_of(rx, person, groups, &known)
}

/// What the catalogue says of the SKUs of a cart.
type Catalogue = BTreeMap<SkuId, SkuInfo>;
type Groups = BTreeMap<MerchantId, (Vec<CartLine>, Vec<(SkuId, i64)>)>;

fn view_of(rx: &mut Rx, person: PersonId, groups: Groups, known: &Catalogue) -> Result<CartView, DbError> {
    let merchants: Vec<MerchantId> = groups.keys().copied().collect();
    let names = people::api::merchant_names(rx, &merchants)?;
    let mut view = CartView { groups: Vec::new(), count: 0, total: Money::zero(Currency::CNY) };
    let now = rx.now();
    for (merchant, (mut lines, orderable)) in groups {
        if let Some(member) = membership::api::member(rx, merchant, person, now)? {
            for line in &mut lines {
                line.unit = pricing::api::member_unit(line.unit, &member);
            }
        }
        let priced = match price_known(
            rx,
            person,
            &Wanted {
                items: orderable,
                deal: None,
                coupons: Vec::new(),
                points: Vec::new(),
                is_shown: false,
            },
            known,
        ) {
            Ok(priced) => priced.into_iter().next(),
            Err(PriceError::Db(error)) => return Err(error),
            // Nothing that could be ordered: the lines tell why.
            Err(_) => None,
        };
        let coupons = match &priced {
            None => Vec::new(),
            Some(priced) => match coupon_options(rx, person, priced) {
                Ok(options) => options,
                Err(PriceError::Db(error)) => return Err(error),
                Err(_) => Vec::new(),
            },
        };
        let (quote, next) = priced.map_or((None, Vec::new()), |priced| (Some(priced.quote), priced.next));
        view.count = lines.iter().map(|line| line.qty).fold(view.count, i64::saturating_add);
        if let Some(quote) = &quote {
            view.total = view.total.checked_add(quote.total).unwrap_or(view.total);
        }
        let merchant_name = names.get(&merchant).cloned().unwrap_or_default();
        view.groups.push(CartGroup { merchant, merchant_name, lines, quote, next, coupons });
    }
    Ok(view)
}

fn cart_line(info: &SkuInfo, qty: i64, available: i64) -> CartLine {
    let problem = if !info.is_sellable {
        Some("checkout.not_for_sale")
    } else if available < qty {
        Some("stock.short")
    } else {
        None
    };
    CartLine {
        sku: info.sku,
        product: info.product,
        title: info.title.clone(),
        option_values: info.option_values.clone(),
        picture: info.picture.map(|picture| catalog::api::picture_url(picture, 360)),
        qty,
        unit: info.price,
        no_reason_return: info.no_reason_return,
        is_virtual: info.is_virtual,
        available,
        problem,
    }
}

fn set(tx: &mut Tx, person: PersonId, sku: SkuId, qty: i64) -> Result<(), CartError> {
    if !(0..=pricing::api::QTY_MAX).contains(&qty) {
        return Err(CartError::Qty);
    }
    if qty == 0 {
        return Ok(cart_store::remove(tx, person, sku)?);
    }
    let lines = cart_store::lines_to_add_to(tx, person)?;
    if lines.iter().filter(|(in_cart, _)| *in_cart != sku).count() >= SKUS_MAX {
        return Err(CartError::Full);
    }
    if !known(tx, &[sku])?.get(&sku).is_some_and(|info| info.is_sellable) {
        return Err(CartError::NotForSale);
    }
    Ok(cart_store::set(tx, person, sku, qty)?)
}

/// Makes the cart exactly `wanted`, or leaves it as it was.
fn replace(tx: &mut Tx, person: PersonId, wanted: &[ItemBody]) -> Result<(), CartError> {
    if wanted.len() > SKUS_MAX {
        return Err(CartError::Lines);
    }
    let mut lines: BTreeMap<SkuId, i64> = BTreeMap::new();
    for ItemBody { sku, qty } in wanted {
        let sum = lines.entry(*sku).or_default();
        *sum = sum.saturating_add(*qty);
        if *qty < 1 || *sum > pricing::api::QTY_MAX {
            return Err(CartError::Lines);
        }
    }
    let lines: Vec<(SkuId, i64)> = lines.into_iter().collect();
    let ids: Vec<SkuId> = lines.iter().map(|(sku, _)| *sku).collect();
    let known = known(tx, &ids)?;
    if known.values().filter(|info| info.is_sellable).count() < ids.len() {
        return Err(CartError::NotForSale);
    }
    Ok(cart_store::replace(tx, person, &lines)?)
}

/// The cart of the person who asks, by merchant, with prices as they are now.
#[utoipa::path(get, path = "/api/v1/cart", tag = "orders", responses((status = 200, body = CartView), Common))]
async fn cart_get(ctx: rest::State, actor: Actor) -> Result<Json<CartView>, Refused> {
    shown(&ctx, actor.person).await
}

/// Set how many of a SKU are in the cart; 0 takes it out.
#[utoipa::path(put, path = "/api/v1/cart/lines/{sku}", tag = "orders", params(("sku" = SkuId, Path)),
    request_body = CartSetBody, responses((status = 200, body = CartView), CartError, Common))]
async fn cart_set(
    ctx: rest::State,
    actor: Actor,
    Path(sku): Path<SkuId>,
    Json(body): Json<CartSetBody>,
) -> Result<Json<CartView>, Refused> {
    ctx.db().write(Lane::Interactive, move |tx| set(tx, actor.person, sku, body.qty)).await?;
    shown(&ctx, actor.person).await
}

/// Make the cart exactly these lines; none empties it. All of them or, when one is refused, nothing changes.
#[utoipa::path(put, path = "/api/v1/cart/lines", tag = "orders", request_body = CartReplaceBody,
    responses((status = 200, body = CartView), CartError, Common))]
async fn cart_replace(
    ctx: rest::State,
    actor: Actor,
    Json(body): Json<CartReplaceBody>,
) -> Result<Json<CartView>, Refused> {
    ctx.db().write(Lane::Interactive, move |tx| replace(tx, actor.person, &body.lines)).await?;
    shown(&ctx, actor.person).await
}

/// How many of what.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemBody {
    sku: SkuId,
    #[schema(minimum = 1, maximum = 9_999)]
    qty: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct QuoteBody {
    #[schema(min_items = 1, max_items = 200)]
    items: Vec<ItemBody>,
    /// Buy with others; only with one item.
    deal: Option<DealChoice>,
    /// The person's own, at most one for the goods of each shop; not with a deal.
    #[serde(default)]
    #[schema(max_items = 200)]
    coupons: Vec<CouponId>,
    /// How many points to spend with which shop; not with a deal.
    #[serde(default)]
    #[schema(max_items = 200)]
    points: Vec<PointsWanted>,
}

/// What the items of one merchant cost.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct QuoteGroup {
    merchant: MerchantId,
    quote: Quote,
    /// What a little more from this shop would bring.
    next: Vec<NextOffer>,
    /// The person's coupons for this shop, the one that saves most in front.
    coupons: Vec<CouponOption>,
    /// What the person may spend; `null` where the shop takes no points, or with a deal.
    points: Option<PointsOption>,
}

/// What everything costs, and why.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct QuoteView {
    groups: Vec<QuoteGroup>,
    total: Money,
}

/// What items would cost now, with where every minor unit comes from. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/quotes", tag = "orders", request_body = QuoteBody,
    responses((status = 200, body = QuoteView), PriceError, Common))]
async fn quote_create(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Json(body): Json<QuoteBody>,
) -> Result<Json<QuoteView>, Refused> {
    let nobody = || <PersonId as base::Id>::from_bytes([0; 16]);
    let person = actor.map_or_else(nobody, |actor| actor.person);
    let items = body.items.iter().map(|item| (item.sku, item.qty)).collect();
    if body.coupons.len().max(body.points.len()) > LINES_MAX {
        return Err(PriceError::Items.into());
    }
    let wanted =
        Wanted { items, deal: body.deal, coupons: body.coupons, points: body.points, is_shown: true };
    let read = move |rx: &mut Rx| {
        let mut groups = Vec::new();
        for one in price(rx, person, &wanted)? {
            let coupons = coupon_options(rx, person, &one)?;
            let points = one.points();
            let Priced { merchant, quote, next, .. } = one;
            groups.push(QuoteGroup { merchant, quote, next, coupons, points });
        }
        Ok::<_, PriceError>(groups)
    };
    let groups = ctx.db().read(read).await?;
    let currency = groups.first().map_or(Currency::CNY, |first| first.quote.currency);
    let total = groups.iter().try_fold(Money::zero(currency), |sum, one| sum.checked_add(one.quote.total));
    let total = total.or(Err(PriceError::Quote(pricing::api::QuoteError::MixedCurrency)))?;
    Ok(Json(QuoteView { groups, total }))
}
