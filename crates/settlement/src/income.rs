//! What people earned in a quarter, for themselves and for the report that platforms owe (State Council decree 810).

use std::collections::BTreeMap;

use base::{Money, Page, PageRequest, PersonId, Problem};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, Member, OpenApiRouter, Path, Query, Refused, routes};
use serde::Serialize;

use crate::model;
use crate::store::{self, IncomeRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(my_income_get)).routes(routes!(income_report_get))
}

/// What a person earned of one kind in one quarter.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct IncomeView {
    person: PersonId,
    name: String,
    /// 20264 is the fourth quarter of 2026, in China's time.
    quarter: i64,
    /// `commission`.
    kind: String,
    /// How often.
    payments: i64,
    paid: Money,
    /// What of this and earlier quarters was taken back in this one.
    taken_back: Money,
    /// `paid − taken_back`.
    net: Money,
}

/// What a person earned, newest quarter first.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyIncome {
    items: Vec<IncomeView>,
}

fn views(rx: &mut Rx, rows: Vec<IncomeRow>) -> Result<Vec<IncomeView>, DbError> {
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
    let names: BTreeMap<PersonId, String> = people::api::person_names(rx, &ids)?;
    let view = |row: IncomeRow| {
        let money = |minor| Money::new(minor, row.currency);
        IncomeView {
            person: row.person,
            name: names.get(&row.person).cloned().unwrap_or_default(),
            quarter: row.quarter,
            payments: row.payments,
            paid: money(row.paid),
            taken_back: money(row.taken_back),
            net: money(row.paid.saturating_sub(row.taken_back)),
            kind: row.kind,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// What the person who asks earned by quarter.
#[utoipa::path(get, path = "/api/v1/me/income", tag = "settlement",
    responses((status = 200, body = MyIncome), Common))]
async fn my_income_get(ctx: rest::State, Member(actor): Member) -> Result<Json<MyIncome>, Refused> {
    let read = move |rx: &mut Rx| {
        let rows = store::income_of(rx, actor.person)?;
        Ok(MyIncome { items: views(rx, rows)? })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// What everybody earned in a quarter, by person. Operators.
#[utoipa::path(get, path = "/api/v1/income-reports/{quarter}", tag = "settlement",
    params(("quarter" = i64, Path, description = "20264 is the fourth of 2026"), PageRequest),
    responses((status = 200, body = Page<IncomeView>), Common))]
async fn income_report_get(
    ctx: rest::State,
    actor: Actor,
    Path(quarter): Path<i64>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<IncomeView>>, Refused> {
    actor.must_be_operator()?;
    if !(19_701..=model::quarter(ctx.now())).contains(&quarter) {
        let detail = "name a quarter that has begun, such as 20264 for the fourth of 2026";
        return Err(Refused(Problem::new(400, "query.invalid", detail)));
    }
    let after = request.after()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_income(rx, quarter, after, request.more())?;
        let page = Page::by_id(rows, &request, |row| row.person);
        Ok(Page { items: views(rx, page.items)?, next_cursor: page.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
