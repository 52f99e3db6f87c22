//! What a shop owes by its points.

use std::collections::BTreeMap;

use base::{Currency, MerchantId, Money};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::Serialize;

use crate::model::Rules;
use crate::store::{self, MonthRow};

/// Months of the past that are shown: two years.
const YEARS_SHOWN: i64 = 2;
/// Months in which points can end: they live for three years at the most.
const ENDS_SHOWN: i64 = 60;
/// Kinds of changes in a month, at the most.
const ROWS_SHOWN: i64 = 300;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(points_report_get))
}

/// Points that end with a month.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PointsDue {
    /// `2026-11`.
    month: String,
    points: i64,
    /// What they take off orders at today's worth.
    worth: Money,
}

/// What became of points in a month.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
struct PointsMonth {
    /// `2026-11`.
    month: String,
    /// Earned, by orders and looking in.
    issued: i64,
    /// Spent on orders.
    spent: i64,
    /// Come back with orders.
    returned: i64,
    /// Taken back with orders, what is owed since included.
    taken_back: i64,
    /// Ended without having been spent.
    expired: i64,
}

/// What a shop owes by its points.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PointsReport {
    /// Points that people have.
    outstanding: i64,
    /// What they take off orders at today's worth.
    worth: Money,
    /// Points that people owe: taken back, and spent before.
    owed: i64,
    /// By the month in which they end.
    due: Vec<PointsDue>,
    /// The last two years, newest first.
    months: Vec<PointsMonth>,
}

fn month_text(month: i64) -> String {
    format!("{:04}-{:02}", month.div_euclid(100), month.rem_euclid(100))
}

fn by_month(rows: Vec<MonthRow>) -> Vec<PointsMonth> {
    let mut months = BTreeMap::<i64, PointsMonth>::new();
    for MonthRow { month, kind, change } in rows {
        let one = months
            .entry(month)
            .or_insert_with(|| PointsMonth { month: month_text(month), ..PointsMonth::default() });
        let (sum, change) = match kind.as_str() {
            "spend" => (&mut one.spent, change.saturating_neg()),
            "return" => (&mut one.returned, change),
            "take_back" => (&mut one.taken_back, change.saturating_neg()),
            "expire" => (&mut one.expired, change.saturating_neg()),
            _ => (&mut one.issued, change),
        };
        *sum = sum.saturating_add(change);
    }
    months.into_values().rev().collect()
}

fn report(rx: &mut Rx, merchant: MerchantId) -> Result<PointsReport, DbError> {
    let (rules, _) = store::program(rx, merchant)?.unwrap_or((Rules::NONE, 0));
    let worth = |points: i64| Money::new(points.saturating_mul(rules.worth_minor), Currency::CNY);
    let due: Vec<PointsDue> = store::by_expiry(rx, merchant, ENDS_SHOWN)?
        .into_iter()
        .map(|(month, points)| PointsDue { month: month_text(month), points, worth: worth(points) })
        .collect();
    let outstanding = due.iter().map(|due| due.points).fold(0, i64::saturating_add);
    let from = rules.month(rx.now()).saturating_sub(YEARS_SHOWN.saturating_mul(100));
    let months = by_month(store::by_month(rx, merchant, from, ROWS_SHOWN)?);
    let owed = store::owed(rx, merchant)?;
    Ok(PointsReport { outstanding, worth: worth(outstanding), owed, due, months })
}

/// What a shop owes by its points, by when they end, and what became of them by month. Staff with the right to money.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/points/report", tag = "points",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = PointsReport), Common))]
async fn points_report_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<PointsReport>, Refused> {
    actor.may(merchant, Right::Money)?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| report(rx, merchant)).await?))
}
