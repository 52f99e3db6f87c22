//! A merchant's statement: everything that changed what it has earned, to be read and taken along.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use base::{Currency, MerchantId, Money, OrderId, Page, PageRequest, StatementLineId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::store::{self, LineRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(statement_get)).routes(routes!(statement_export))
}

/// The span shown when nothing is said: 31 days.
const DAYS: i64 = 31;
/// Lines of a file; more are asked for by a shorter span.
const FILE_LINES_MAX: usize = 100_000;
/// Lines read at a time for a file.
const FILE_PAGE: i64 = 1_000;

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct StatementSpan {
    /// 31 days before the end when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The moment after the last line; now when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl StatementSpan {
    fn span(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        // A line of this very moment is part of a statement up to now.
        let to = self.to.unwrap_or(now.plus_seconds(1));
        let from = self.from.unwrap_or(to.plus_seconds(DAYS.saturating_neg().saturating_mul(86_400)));
        (from, to)
    }
}

/// One line of a statement.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct StatementLine {
    id: StatementLineId,
    at: Timestamp,
    /// `settled refund commission commission_back payout payout_returned deposit deposit_returned`.
    kind: String,
    order: Option<OrderId>,
    /// The order's number, or the id of what it was.
    reference: String,
    gross: Money,
    commission: Money,
    fee: Money,
    /// `gross − commission − fee`.
    net: Money,
}

/// A statement: what was there, what came and went, and what is there.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct StatementView {
    from: Timestamp,
    to: Timestamp,
    opening: Money,
    gross: Money,
    commission: Money,
    fee: Money,
    net: Money,
    /// `opening + net`.
    closing: Money,
    lines: Page<StatementLine>,
}

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

fn line(row: LineRow) -> StatementLine {
    let money = |minor| Money::new(minor, row.currency);
    StatementLine {
        id: row.id,
        at: row.at,
        gross: money(row.gross),
        commission: money(row.commission),
        fee: money(row.fee),
        net: money(row.net),
        kind: row.kind,
        order: row.order,
        reference: row.reference,
    }
}

fn statement(
    rx: &mut Rx,
    merchant: MerchantId,
    (from, to): (Timestamp, Timestamp),
    (request, before): (&PageRequest, StatementLineId),
) -> Result<StatementView, DbError> {
    let opening = store::sum_before(rx, merchant, from)?;
    let [gross, commission, fee, net] = store::sums(rx, merchant, (from, to))?;
    let rows = store::list_lines(rx, merchant, (from, to), before, request.more())?;
    Ok(StatementView {
        from,
        to,
        opening: money(opening),
        gross: money(gross),
        commission: money(commission),
        fee: money(fee),
        net: money(net),
        closing: money(opening.saturating_add(net)),
        lines: Page::by_id(rows, request, |row| row.id).map(line),
    })
}

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(format!("writing CSV failed: {error}"))
}

/// Amounts in the file have a point, so that a spreadsheet adds them up.
fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:03}", minor.unsigned_abs());
    let (whole, cents) = digits.split_at(digits.len().saturating_sub(2));
    format!("{sign}{whole}.{cents}")
}

fn file(
    rx: &mut Rx,
    merchant: MerchantId,
    span: (Timestamp, Timestamp),
    mut before: StatementLineId,
) -> Result<Vec<u8>, DbError> {
    // The mark tells spreadsheets that this is UTF-8.
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let head = ["at", "kind", "reference", "gross", "commission", "fee", "net", "currency"];
    writer.write_record(head).map_err(bug)?;
    let mut written = 0_usize;
    while written < FILE_LINES_MAX {
        let rows = store::list_lines(rx, merchant, span, before, FILE_PAGE)?;
        let Some(last) = rows.last() else { break };
        before = last.id;
        written = written.saturating_add(rows.len());
        for row in rows {
            let amounts = [row.gross, row.commission, row.fee, row.net].map(decimal);
            let [gross, commission, fee, net] = amounts;
            let (at, currency) = (row.at.to_string(), row.currency.to_string());
            let record = [at, row.kind, row.reference, gross, commission, fee, net, currency];
            writer.write_record(record).map_err(bug)?;
        }
    }
    writer.into_inner().map_err(bug)
}

/// A merchant's statement, newest line first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/statement", tag = "settlement",
    params(("merchant" = MerchantId, Path), StatementSpan),
    responses((status = 200, body = StatementView), Common))]
async fn statement_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(asked): Query<StatementSpan>,
) -> Result<Json<StatementView>, Refused> {
    actor.may(merchant, Right::Money)?;
    let span = asked.span(ctx.now());
    let request = PageRequest { cursor: asked.cursor, limit: asked.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| statement(rx, merchant, span, (&request, before));
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}

/// A merchant's statement as a CSV file.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/statement/export", tag = "settlement",
    params(("merchant" = MerchantId, Path), StatementSpan),
    responses((status = 200, body = String, content_type = "text/csv"), Common))]
async fn statement_export(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(asked): Query<StatementSpan>,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Money)?;
    let span = asked.span(ctx.now());
    let before = PageRequest { cursor: None, limit: None }.before()?;
    let read = move |rx: &mut Rx| file(rx, merchant, span, before);
    let file = ctx.db().read_long::<_, DbError, _>(read).await?;
    let name = [(header::CONTENT_DISPOSITION, "attachment; filename=\"statement.csv\"")];
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], name, file).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_places() {
        let texts: Vec<String> = [0, 5, -5, 100, -12_345].into_iter().map(decimal).collect();
        assert_eq!(texts, ["0.00", "0.05", "-0.05", "1.00", "-123.45"]);
    }
}
