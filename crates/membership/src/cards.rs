//! Paid cards: what a virtual variant gives to who buys it, and what somebody has bought.

use base::{MerchantId, OrderId, PersonId, SkuId, Text, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::DAY;
use crate::card_model;
use crate::card_store::{self, CardRow, TermRow};

/// Most cards of a shop.
const CARDS_MAX: usize = 20;
/// How long before its end a card is said to end soon.
const SOON_S: i64 = 15 * DAY;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(membership_cards))
        .routes(routes!(membership_card_put))
        .routes(routes!(my_cards))
}

/// What a card gives.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CardBody {
    /// What people call it.
    title: Text<1, 30>,
    /// How long one lasts, in days.
    #[schema(minimum = 1, maximum = 3650)]
    days: i64,
    /// Off the catalogue's price of one, in hundredths of a percent.
    #[schema(minimum = 0, maximum = 9000)]
    off_bp: i64,
    /// Whether delivery is free.
    is_freight_free: bool,
    /// The version that was looked at; 0 while there is none.
    version: i64,
}

/// A card that a shop sells.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MembershipCard {
    /// The variant that is bought.
    sku: SkuId,
    product: base::ProductId,
    title: String,
    days: i64,
    off_bp: i64,
    is_freight_free: bool,
    /// What it costs.
    price: base::Money,
    /// Whether it can be bought now.
    is_sold: bool,
    version: i64,
}

/// The cards of a shop.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MembershipCards {
    items: Vec<MembershipCard>,
}

/// A card that somebody has.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyCard {
    order: OrderId,
    merchant: MerchantId,
    merchant_name: String,
    /// What is bought to go on.
    sku: SkuId,
    title: String,
    off_bp: i64,
    is_freight_free: bool,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// Whether it is the last one and ends within 15 days: nothing is renewed by itself.
    ends_soon: bool,
}

/// The cards that somebody has.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyCards {
    items: Vec<MyCard>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CardError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "1 to 3,650 days, and something to give: at most 90 % off, or free delivery; at most {CARDS_MAX} cards"
    )]
    #[problem(422, "membership.bad_card")]
    Bad,
    #[error("a card is a virtual product of the shop: make one and mark it as virtual")]
    #[problem(422, "membership.card_not_virtual")]
    NotVirtual,
    #[error("the card was changed in the meantime; look at it again")]
    #[problem(409, "membership.version_conflict")]
    Version,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn list(rx: &mut Rx, merchant: MerchantId) -> Result<MembershipCards, DbError> {
    let rows = card_store::cards_of(rx, merchant)?;
    let skus: Vec<SkuId> = rows.iter().map(|row| row.sku).collect();
    let infos = catalog::api::skus(rx, &skus)?;
    let view = |row: CardRow| {
        let info = infos.iter().find(|info| info.sku == row.sku)?;
        let CardRow { sku, title, days, off_bp, is_freight_free, version, .. } = row;
        // Of what is sent nothing begins: a product that is no longer virtual sells no cards.
        let (product, price) = (info.product, info.price);
        let is_sold = info.is_sellable && info.is_virtual;
        Some(MembershipCard { sku, product, title, days, off_bp, is_freight_free, price, is_sold, version })
    };
    Ok(MembershipCards { items: rows.into_iter().filter_map(view).collect() })
}

fn set(
    tx: &mut Tx,
    actor: &Actor,
    (merchant, sku): (MerchantId, SkuId),
    body: &CardBody,
) -> Result<MembershipCards, CardError> {
    actor.may(merchant, Right::Products)?;
    let CardBody { title, days, off_bp, is_freight_free, version } = body.clone();
    if !card_model::is_sound(days, off_bp, is_freight_free) {
        return Err(CardError::Bad);
    }
    let info = catalog::api::skus(tx, &[sku])?.into_iter().next();
    if !info.is_some_and(|info| info.merchant == merchant && info.is_virtual) {
        return Err(CardError::NotVirtual);
    }
    // Who adds a card goes one after the other, so that the count is true.
    card_store::take_turn(tx, merchant, <PersonId as base::Id>::from_bytes([0; 16]))?;
    if version == 0 && card_store::cards_of(tx, merchant)?.len() >= CARDS_MAX {
        return Err(CardError::Bad);
    }
    let title = title.into_string();
    let row = CardRow { sku, merchant, title, days, off_bp, is_freight_free, version };
    if !card_store::put_card(tx, &row)? {
        return Err(CardError::Version);
    }
    let detail = format!("{} {days} {off_bp} {is_freight_free}", row.title);
    people::api::log_act(tx, actor, Some(merchant), "membership.card", &sku.to_string(), &detail)?;
    Ok(list(tx, merchant)?)
}

fn mine(rx: &mut Rx, person: PersonId) -> Result<MyCards, DbError> {
    let now = rx.now();
    let rows = card_store::open_terms_of(rx, person, now)?;
    let merchants: Vec<MerchantId> = rows.iter().map(|row| row.merchant).collect();
    let names = people::api::merchant_names(rx, &merchants)?;
    let soon = now.plus_seconds(SOON_S);
    let last =
        |row: &TermRow| rows.iter().filter(|one| one.merchant == row.merchant).map(|one| one.ends_at).max();
    let view = |row: &TermRow| MyCard {
        order: row.order,
        merchant: row.merchant,
        merchant_name: names.get(&row.merchant).cloned().unwrap_or_default(),
        sku: row.sku,
        title: row.title.clone(),
        off_bp: row.off_bp,
        is_freight_free: row.is_freight_free,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        ends_soon: last(row).is_some_and(|end| end <= soon),
    };
    Ok(MyCards { items: rows.iter().map(view).collect() })
}

/// The paid cards of a shop. Open to everybody.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/membership/cards", tag = "membership",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MembershipCards), Common))]
async fn membership_cards(
    ctx: rest::State,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MembershipCards>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| list(rx, merchant)).await?))
}

/// Say what a virtual variant gives to who buys it. What is ordered already stays as it was promised.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/membership/cards/{sku}", tag = "membership",
    params(("merchant" = MerchantId, Path), ("sku" = SkuId, Path)), request_body = CardBody,
    responses((status = 200, body = MembershipCards), CardError, Common))]
async fn membership_card_put(
    ctx: rest::State,
    actor: Actor,
    Path(of): Path<(MerchantId, SkuId)>,
    Json(body): Json<CardBody>,
) -> Result<Json<MembershipCards>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, of, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}

/// The cards that the person who asks has, of all shops. None is renewed by itself.
#[utoipa::path(get, path = "/api/v1/me/membership-cards", tag = "membership",
    responses((status = 200, body = MyCards), Common))]
async fn my_cards(ctx: rest::State, actor: Actor) -> Result<Json<MyCards>, Refused> {
    let person = actor.person;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| mine(rx, person)).await?))
}
