//! Bills and differences, for operators.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Cursor, Money, Page, PageRequest, PersonId, Text, Timestamp};
use db::{DbError, Rx, Tx};
use rest::{Command, Common, Ctx, Json, Member, OpenApiRouter, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::method::Method;
use crate::store::bills::{self, Bill, Difference};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(provider_bill_list))
        .routes(routes!(provider_difference_list))
        .routes(routes!(provider_difference_handle))
}

/// Sorts after every day, provider and number.
const LAST: &str = "~";

/// The bill of a provider for a day.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct BillView {
    provider: String,
    /// `2026-11-23`, a day at UTC+8.
    day: String,
    /// What came.
    charged: Money,
    /// What went back.
    refunded: Money,
    /// How many lines were compared.
    lines: i64,
    /// When the last line was compared; `null` while it goes on.
    done_at: Option<Timestamp>,
}

/// Where a bill and the books differ.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DifferenceView {
    provider: String,
    day: String,
    /// The provider's number: the hex digits of a payment's or refund's id, if it is one of ours.
    number: String,
    /// `missing_here missing_there amount state currency billed_twice`.
    kind: String,
    is_refund: bool,
    /// In the books.
    ours: Money,
    /// On the bill.
    theirs: Money,
    /// What was parked; below zero when the bill shows less.
    parked: Money,
    found_at: Timestamp,
    handled_at: Option<Timestamp>,
    handled_by: Option<PersonId>,
    note: Option<String>,
}

fn bill_view(bill: Bill) -> BillView {
    let money = |minor| Money::new(minor, bill.currency);
    BillView {
        charged: money(bill.charged),
        refunded: money(bill.refunded),
        provider: bill.provider,
        day: bill.day,
        lines: bill.lines,
        done_at: bill.done_at,
    }
}

fn difference_view(row: Difference) -> DifferenceView {
    let money = |minor| Money::new(minor, row.currency);
    DifferenceView {
        ours: money(row.ours),
        theirs: money(row.theirs),
        parked: money(row.parked),
        provider: row.provider,
        day: row.day,
        number: row.number,
        kind: row.kind,
        is_refund: row.is_refund,
        found_at: row.found_at,
        handled_at: row.handled_at,
        handled_by: row.handled_by,
        note: row.note,
    }
}

type Place = (String, String, String);

fn place(page: &PageRequest) -> Result<Place, base::BadCursor> {
    let found = page.place(|cursor| Some((cursor.part(0)?, cursor.part(1)?, cursor.part(2)?)))?;
    Ok(found.unwrap_or_else(|| (LAST.to_owned(), LAST.to_owned(), LAST.to_owned())))
}

/// The bills that were compared with the books, newest day first. For operators.
#[utoipa::path(get, path = "/api/v1/provider-bills", tag = "payments", params(PageRequest),
    responses((status = 200, body = Page<BillView>), Common))]
async fn provider_bill_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<BillView>>, Refused> {
    actor.must_be_operator()?;
    let (day, provider, currency) = place(&page)?;
    let read = move |rx: &mut Rx| {
        let rows = bills::list(rx, (&day, &provider, &currency), page.more())?;
        let cursor =
            |row: &Bill| Cursor::new([row.day.clone(), row.provider.clone(), row.currency.code().to_owned()]);
        Ok(Page::from_rows(rows, page.limit(), cursor).map(bill_view))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DifferenceFilter {
    /// Whether only those are wanted that nobody has dealt with.
    #[serde(default)]
    open: bool,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Where bills and books differ, newest day first. For operators.
#[utoipa::path(get, path = "/api/v1/provider-differences", tag = "payments", params(DifferenceFilter),
    responses((status = 200, body = Page<DifferenceView>), Common))]
async fn provider_difference_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(filter): Query<DifferenceFilter>,
) -> Result<Json<Page<DifferenceView>>, Refused> {
    actor.must_be_operator()?;
    let page = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let (day, provider, number) = place(&page)?;
    let read = move |rx: &mut Rx| {
        let rows = bills::list_differences(rx, filter.open, (&day, &provider, &number), page.more())?;
        let cursor =
            |row: &Difference| Cursor::new([row.day.clone(), row.provider.clone(), row.number.clone()]);
        Ok(Page::from_rows(rows, page.limit(), cursor).map(difference_view))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct HandleBody {
    provider: Method,
    #[schema(value_type = String, max_length = 10)]
    day: Text<10, 10>,
    number: Text<1, 128>,
    /// What was found out.
    note: Text<1, 500>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum HandleError {
    #[error("somebody has dealt with this difference before")]
    #[problem(409, "difference.handled")]
    Handled,
    #[error("provider, day and number name no difference")]
    #[problem(422, "difference.unknown")]
    Unknown,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn handle(tx: &mut Tx, person: PersonId, body: &HandleBody) -> Result<DifferenceView, HandleError> {
    let key = (body.provider.word(), body.day.as_str(), body.number.as_str());
    bills::find_difference(tx, key)?.ok_or(HandleError::Unknown)?;
    if !bills::handle(tx, key, person, body.note.as_str())? {
        return Err(HandleError::Handled);
    }
    Ok(difference_view(bills::find_difference(tx, key)?.ok_or(HandleError::Unknown)?))
}

/// Note what was found out about a difference. The money stays parked: where it belongs is booked by hand. For
/// operators.
#[utoipa::path(post, path = "/api/v1/provider-differences/handle", tag = "payments", request_body = HandleBody,
    responses((status = 200, body = DifferenceView), HandleError, Common))]
async fn provider_difference_handle(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<HandleBody>,
) -> Result<Response, Refused> {
    actor.must_be_operator()?;
    let (person, body) = (actor.person, command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| handle(tx, person, &body)).await
}
