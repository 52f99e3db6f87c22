//! A shop's dashboard.

use base::{Currency, MerchantId, Money, ProductId, Timestamp};
use db::{DbError, Rx};
use orders::api::OrderState;
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(merchant_dashboard_get))
}

/// Days shown when nothing is said, and at the most.
const DAYS_DEFAULT: i64 = 30;
const DAYS_MAX: i64 = 800;
/// At most so many left counts as low.
const LOW_STOCK: i64 = 5;

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// First day; 30 days before the end when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The moment after the last day; now when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// One day.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DayView {
    day: Timestamp,
    orders: i64,
    paid: Money,
    refunded: Money,
}

/// A product and what it brought.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TopProduct {
    product: ProductId,
    title: String,
    qty: i64,
    paid: Money,
}

/// A shop's figures.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DashboardView {
    from: Timestamp,
    to: Timestamp,
    /// Orders paid.
    orders: i64,
    paid: Money,
    refunded: Money,
    buyers: i64,
    /// Of these, who bought more than once.
    repeat_buyers: i64,
    /// Teams open now.
    teams_open: i64,
    /// Orders to be shipped now.
    to_ship: i64,
    /// After-sale cases that wait for the shop now.
    cases_waiting: i64,
    /// SKUs with five or fewer left now.
    low_stock: i64,
    /// Commission promised and not paid yet.
    commissions_frozen: Money,
    by_day: Vec<DayView>,
    top_products: Vec<TopProduct>,
}

fn read(rx: &mut Rx, merchant: MerchantId, span: &Span) -> Result<DashboardView, DbError> {
    let now = rx.now();
    let to = span.to.unwrap_or(now);
    let from =
        span.from.unwrap_or(to.plus_seconds(DAYS_DEFAULT.saturating_neg().saturating_mul(86_400))).day();
    let earliest = to.plus_seconds(DAYS_MAX.saturating_neg().saturating_mul(86_400));
    let from = from.max(earliest);
    let money = |minor| Money::new(minor, Currency::CNY);
    let days = store::days(rx, merchant, (from, to))?;
    let (buyers, repeat_buyers) = store::buyers(rx, merchant, (from, to))?;
    let mut top_products = Vec::new();
    for (product, qty, paid) in store::top_products(rx, merchant, (from, to))? {
        let title = catalog::api::product(rx, product)?.map(|info| info.title).unwrap_or_default();
        top_products.push(TopProduct { product, title, qty, paid: money(paid) });
    }
    let sum =
        |each: fn(&store::Change) -> i64| days.iter().map(|(_, day)| each(day)).fold(0, i64::saturating_add);
    Ok(DashboardView {
        from,
        to,
        orders: sum(|day| day.orders),
        paid: money(sum(|day| day.paid)),
        refunded: money(sum(|day| day.refunded)),
        buyers,
        repeat_buyers,
        teams_open: deals::api::count_open(rx, merchant)?,
        to_ship: orders::api::count(rx, merchant, OrderState::Confirmed)?,
        cases_waiting: aftersale::api::waiting(rx, merchant)?,
        low_stock: stock::api::count_low(rx, merchant, LOW_STOCK)?,
        commissions_frozen: money(reach::api::waiting(rx, merchant)?),
        by_day: days
            .iter()
            .map(|(day, change)| DayView {
                day: *day,
                orders: change.orders,
                paid: money(change.paid),
                refunded: money(change.refunded),
            })
            .collect(),
        top_products,
    })
}

/// A shop's figures over some days, and what there is to do now. For everyone who works there.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/dashboard", tag = "insight",
    params(("merchant" = MerchantId, Path), Span), responses((status = 200, body = DashboardView), Common))]
async fn merchant_dashboard_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(span): Query<Span>,
) -> Result<Json<DashboardView>, Refused> {
    if !actor.works_for(merchant) {
        return Err(Denied::Unknown.into());
    }
    Ok(Json(ctx.db().read_long::<_, DbError, _>(move |rx| read(rx, merchant, &span)).await?))
}
