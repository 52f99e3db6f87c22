//! What came of a shop's entries, by kind.

use base::{Currency, MerchantId, Money, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, Right, ToProblem, routes};
use serde::{Deserialize, Serialize};

use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(merchant_funnel))
}

/// The days shown when nothing is said, in seconds.
const DEFAULT_S: i64 = 30 * 86_400;

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct FunnelQuery {
    /// First day (UTC), `2026-11-01` or a time; 30 days ago when left out.
    #[param(max_length = 40)]
    from: Option<String>,
    /// Last day; today when left out.
    #[param(max_length = 40)]
    to: Option<String>,
}

/// One kind of entry.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FunnelRow {
    entry_kind: String,
    /// How often entries were used.
    visits: i64,
    /// By how many people, counted per entry.
    visitors: i64,
    /// How many of them became members.
    sign_ups: i64,
    /// Paid orders.
    orders: i64,
    /// What they cost.
    paid: Money,
}

/// What came of a shop's entries.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Funnel {
    items: Vec<FunnelRow>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum FunnelError {
    #[error("from and to are days like 2026-11-01 or RFC 3339 times, from not after to")]
    #[problem(422, "reach.bad_days")]
    Days,
}

fn day(text: Option<&str>, default: Timestamp) -> Result<Timestamp, FunnelError> {
    let Some(text) = text else { return Ok(default.day()) };
    let time = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    time.parse::<Timestamp>().map(Timestamp::day).or(Err(FunnelError::Days))
}

fn funnel(rx: &mut Rx, merchant: MerchantId, from: Timestamp, to: Timestamp) -> Result<Funnel, DbError> {
    let currency = people::api::merchant(rx, merchant)?.map_or(Currency::CNY, |shop| shop.currency);
    let rows = store::funnel(rx, merchant, from, to)?;
    let items = rows
        .into_iter()
        .map(|(entry_kind, counts)| FunnelRow {
            entry_kind,
            visits: counts.visits,
            visitors: counts.visitors,
            sign_ups: counts.sign_ups,
            orders: counts.orders,
            paid: Money::new(counts.paid, currency),
        })
        .collect();
    Ok(Funnel { items })
}

/// Visits, sign-ups and orders by kind of entry.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/funnel", tag = "reach",
    params(("merchant" = MerchantId, Path), FunnelQuery),
    responses((status = 200, body = Funnel), FunnelError, Common))]
async fn merchant_funnel(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(query): Query<FunnelQuery>,
) -> Result<Json<Funnel>, Refused> {
    actor.may(merchant, Right::Reach)?;
    let to = day(query.to.as_deref(), ctx.now())?;
    let from = day(query.from.as_deref(), to.plus_seconds(-DEFAULT_S))?;
    if from > to {
        return Err(Refused(FunnelError::Days.problem()));
    }
    let read = move |rx: &mut Rx| funnel(rx, merchant, from, to);
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}
