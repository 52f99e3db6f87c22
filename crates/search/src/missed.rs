//! What people search for and do not find, so that those who sell can learn from it.

use base::Timestamp;
use db::{DbError, Rx};
use rest::{Common, Ctx, Denied, Json, Member, OpenApiRouter, Refused, Right, routes};
use serde::Serialize;

use crate::asked::{self, DAYS};
use crate::store::{self, CountedRow};

const SHOWN: i64 = 100;

/// A query that found nothing that has all its words.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MissedQuery {
    query: String,
    /// How many people asked, counted once a day.
    people: i64,
    asked_at: Timestamp,
}

/// Queries of the last seven days that found nothing, the most asked first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MissedQueries {
    items: Vec<MissedQuery>,
}

impl From<CountedRow> for MissedQuery {
    fn from(row: CountedRow) -> Self {
        let CountedRow { query, people, asked_at } = row;
        Self { query, people, asked_at }
    }
}

/// What people searched for in the last seven days and did not find; for operators, and for those who write products of
/// some shop.
#[utoipa::path(get, path = "/api/v1/search/missed", tag = "search",
    responses((status = 200, body = MissedQueries), Common))]
pub(crate) async fn search_missed(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<Json<MissedQueries>, Refused> {
    if !actor.is_operator
        && !actor.memberships.iter().any(|shop| !shop.lacks_second_factor && shop.rights.has(Right::Products))
    {
        return Err(Denied::Forbidden.into());
    }
    let read = |rx: &mut Rx| {
        let since = asked::day(rx.now()).saturating_sub(DAYS);
        store::list_missed(rx, since, SHOWN)
    };
    let rows = ctx.db().read::<_, DbError, _>(read).await?;
    Ok(Json(MissedQueries { items: rows.into_iter().map(MissedQuery::from).collect() }))
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new()).routes(routes!(search_missed))
}
