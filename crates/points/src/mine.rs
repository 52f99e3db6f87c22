//! A person's own points.

use base::{Currency, MerchantId, Money, OrderId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::Rules;
use crate::store::{self, Holder, LogRow};

/// How much of the log is shown.
const LOG_SHOWN: i64 = 50;
/// Months that points can live: the ends that are shown.
const ENDS_SHOWN: i64 = 50;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(my_points_list)).routes(routes!(my_points_get))
}

/// Points that end at one moment.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
struct PointsEnd {
    points: i64,
    /// They count before this.
    expires_at: Timestamp,
}

/// A change of a person's points.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PointsChange {
    /// `order`, `check_in`, `spend`, `return`, `take_back` or `expire`.
    kind: String,
    /// What there is more.
    amount: i64,
    /// What is missing more; earned points fill it.
    owed: i64,
    order: Option<OrderId>,
    at: Timestamp,
}

/// A person's points with a shop.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyPoints {
    /// Points that can be spent now.
    balance: i64,
    /// What they take off.
    worth: Money,
    /// What was taken back and had been spent already; the next that are earned fill it.
    owed: i64,
    /// By when they end, the nearest first.
    ends: Vec<PointsEnd>,
    /// Days in a row that the person has looked in.
    streak: i64,
    /// What looking in today would give; `null` when it has been done, or gives nothing.
    check_in: Option<i64>,
    /// The last changes, newest first, at most 50.
    log: Vec<PointsChange>,
}

/// How many points a person has with a shop.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PointsHeld {
    merchant: MerchantId,
    merchant_name: String,
    /// Points that can be spent now.
    balance: i64,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PointsFilter {
    /// `next_cursor` of the page before; leave out for the first.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Rows wanted, 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn mine(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<MyPoints, DbError> {
    let (rules, _) = store::program(rx, merchant)?.unwrap_or((Rules::NONE, 0));
    let holder = Holder { merchant, person };
    let now = rx.now();
    let ends = store::ends(rx, holder, now, ENDS_SHOWN)?;
    let balance = ends.iter().map(|(_, points)| *points).fold(0, i64::saturating_add);
    let (owed, last_day, streak) =
        store::purse(rx, holder)?.map_or((0, 0, 0), |purse| (purse.owed, purse.last_day, purse.streak));
    let day = rules.day(now);
    let (gives, _) = rules.look_in(day, last_day, streak);
    let is_open = rules.is_on && rules.check_in > 0 && last_day < day;
    let view = |row: LogRow| PointsChange {
        kind: row.kind,
        amount: row.amount,
        owed: row.owed,
        order: row.order,
        at: row.at,
    };
    Ok(MyPoints {
        balance,
        worth: Money::new(balance.saturating_mul(rules.worth_minor), Currency::CNY),
        owed,
        ends: ends.into_iter().map(|(expires_at, points)| PointsEnd { points, expires_at }).collect(),
        streak: if last_day >= day.saturating_sub(1) { streak } else { 0 },
        check_in: is_open.then_some(gives),
        log: store::log(rx, holder, LOG_SHOWN)?.into_iter().map(view).collect(),
    })
}

fn list(
    rx: &mut Rx,
    person: PersonId,
    (after, request): (MerchantId, &PageRequest),
) -> Result<Page<PointsHeld>, DbError> {
    let now = rx.now();
    let rows = store::of_person(rx, person, (after, now), request.more())?;
    let merchants: Vec<MerchantId> = rows.iter().map(|row| row.merchant).collect();
    let names = people::api::merchant_names(rx, &merchants)?;
    let page = Page::by_id(rows, request, |row| row.merchant);
    Ok(page.map(|row| PointsHeld {
        merchant: row.merchant,
        merchant_name: names.get(&row.merchant).cloned().unwrap_or_default(),
        balance: row.balance,
    }))
}

/// The shops with which the person who asks has had points.
#[utoipa::path(get, path = "/api/v1/points", tag = "points", params(PointsFilter),
    responses((status = 200, body = Page<PointsHeld>), Common))]
async fn my_points_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<PointsFilter>,
) -> Result<Json<Page<PointsHeld>>, Refused> {
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let after = request.after()?;
    let person = actor.person;
    let read = move |rx: &mut Rx| list(rx, person, (after, &request));
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// The points of the person who asks with a shop.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/points/me", tag = "points",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MyPoints), Common))]
async fn my_points_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MyPoints>, Refused> {
    let person = actor.person;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| mine(rx, merchant, person)).await?))
}
