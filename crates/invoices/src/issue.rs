//! A shop issues an invoice, or says why it cannot.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use base::{CategoryId, InvoiceId, MerchantId, OrderId, Page, PageRequest, SkuId, Text};
use db::{DbError, Rx, Tx};
use orders::api::RefundFacts;
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::Deserialize;

use crate::ask::is_kept;
use crate::model::{InvoiceState, LetterState, Part, is_number, taxes};
use crate::store::{self, InvoiceRow, LetterRow, LineRow};
use crate::terms;
use crate::views::{self, InvoiceView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(invoice_list))
        .routes(routes!(invoice_issue))
        .routes(routes!(invoice_refuse))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueBody {
    /// The tax office's number: 8 to 20 digits.
    #[schema(min_length = 8, max_length = 20)]
    number: String,
    /// Where the buyer can fetch it; `https://` only.
    #[serde(default)]
    #[schema(max_length = 500)]
    link: Option<String>,
    /// What the shop was shown; when it is another now, nothing is issued.
    #[schema(minimum = 1)]
    expected_minor: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefuseBody {
    reason: Text<1, 200>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum IssueError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the invoice is {state}; only one that is asked for can be issued or refused")]
    #[problem(409, "invoice.state")]
    State { state: &'static str },
    #[error("the number has 8 to 20 digits; the link, if any, begins with https://")]
    #[problem(422, "invoice.bad_number")]
    BadNumber,
    #[error("the shop has used this number before")]
    #[problem(409, "invoice.number_taken")]
    NumberTaken,
    #[error("the invoice is for {amount_minor} now, since money went back; make it out for that")]
    #[problem(409, "invoice.amount_changed")]
    AmountChanged { amount_minor: i64 },
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The lines an invoice of the order would have now: what was paid and kept.
pub(crate) fn expected(rx: &mut Rx, order: OrderId) -> Result<Vec<LineRow>, DbError> {
    let Some(order) = orders::api::order(rx, order)?.filter(is_kept) else { return Ok(Vec::new()) };
    let terms = terms::of(rx, order.merchant)?;
    let skus: Vec<SkuId> = order.lines.iter().map(|line| line.sku).collect();
    let infos = catalog::api::skus(rx, &skus)?;
    let categories: BTreeMap<SkuId, CategoryId> =
        infos.into_iter().map(|info| (info.sku, info.category)).collect();
    let rate = |sku: SkuId| {
        let category = categories.get(&sku);
        let own = terms.rates.iter().find(|rate| Some(&rate.category) == category);
        own.map_or(terms.rate_bp, |rate| rate.rate_bp)
    };
    let mut parts: Vec<Part> = order
        .lines
        .iter()
        .map(|line| Part {
            line: line.line,
            title: [line.title.as_str(), &line.options.join(" ")].join(" ").trim_end().to_owned(),
            qty: line.qty,
            amount: line.total.saturating_sub(line.refunded),
            rate_bp: rate(line.sku),
        })
        .collect();
    let shipping = order.shipping.saturating_sub(order.shipping_refunded);
    parts
        .push(Part { line: 0, title: "运费".to_owned(), qty: 1, amount: shipping, rate_bp: terms.rate_bp });
    parts.retain(|part| part.amount > 0);
    let taxes = taxes(&parts);
    let row = |(part, tax): (Part, i64)| {
        let Part { line, title, qty, amount, rate_bp } = part;
        LineRow { line, title, qty, amount, rate_bp, tax, red: 0, red_tax: 0 }
    };
    Ok(parts.into_iter().zip(taxes).map(row).collect())
}

/// Ends a request: another may be made.
pub(crate) fn end(
    tx: &mut Tx,
    mut row: InvoiceRow,
    state: InvoiceState,
    reason: Option<String>,
) -> Result<(), DbError> {
    row.state = state;
    row.reason = reason;
    store::update(tx, &row)?;
    store::free(tx, row.order, row.id)
}

fn open(tx: &mut Tx, actor: &Actor, id: InvoiceId) -> Result<InvoiceRow, IssueError> {
    let row = store::find(tx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Money)?;
    if row.state == InvoiceState::Asked {
        Ok(row)
    } else {
        Err(IssueError::State { state: row.state.word() })
    }
}

/// Whether lines and refunds were read at one moment: without a snapshot, money may go back between two reads, and
/// would then be left out of the invoice and of its red letters, or taken off in both.
fn is_read_whole(
    rx: &mut Rx,
    row: &InvoiceRow,
    lines: &[LineRow],
    refunds: &[RefundFacts],
) -> Result<bool, DbError> {
    let Some(order) = orders::api::order(rx, row.order)? else { return Ok(false) };
    let of = |refund: &RefundFacts| {
        let lines = refund.lines.iter().map(|part| part.amount_minor);
        lines.fold(refund.shipping, i64::saturating_add)
    };
    let back = refunds.iter().map(of).fold(0, i64::saturating_add);
    let kept = lines.iter().map(|line| line.amount).fold(0, i64::saturating_add);
    Ok(back == order.refunded && (lines.is_empty() || kept == order.captured.saturating_sub(back)))
}

fn issue(tx: &mut Tx, actor: &Actor, id: InvoiceId, body: &IssueBody) -> Result<InvoiceView, IssueError> {
    let mut row = open(tx, actor, id)?;
    let is_link = |link: &String| {
        link.starts_with("https://") && link.len() <= 500 && !link.contains(char::is_whitespace)
    };
    if !is_number(&body.number) || !body.link.iter().all(is_link) {
        return Err(IssueError::BadNumber);
    }
    let lines = expected(tx, row.order)?;
    let refunds = orders::api::refunds(tx, row.order)?;
    if !is_read_whole(tx, &row, &lines, &refunds)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let amount = lines.iter().map(|line| line.amount).fold(0, i64::saturating_add);
    if amount != body.expected_minor || amount < 1 {
        return Err(IssueError::AmountChanged { amount_minor: amount });
    }
    if !store::claim_number(tx, row.merchant, &body.number)? {
        return Err(IssueError::NumberTaken);
    }
    let now = tx.now();
    // What went back before is not in it, and needs no red letter whenever its event comes.
    for refund in refunds {
        let letter = LetterRow {
            refund: refund.id,
            invoice: id,
            merchant: row.merchant,
            state: LetterState::Included,
            amount: 0,
            tax: 0,
            number: None,
            asked_at: now,
            issued_at: None,
        };
        store::insert_letter(tx, &letter)?;
    }
    for line in &lines {
        store::insert_line(tx, id, line)?;
    }
    row.state = InvoiceState::Issued;
    row.amount = amount;
    row.tax = lines.iter().map(|line| line.tax).fold(0, i64::saturating_add);
    row.number = Some(body.number.clone());
    row.link.clone_from(&body.link);
    row.issued_at = Some(now);
    store::update(tx, &row)?;
    people::api::log_act(tx, actor, Some(row.merchant), "invoice.issue", &id.to_string(), &body.number)?;
    Ok(views::view(tx, &row)?)
}

fn refuse(tx: &mut Tx, actor: &Actor, id: InvoiceId, reason: &str) -> Result<InvoiceView, IssueError> {
    let row = open(tx, actor, id)?;
    let merchant = row.merchant;
    end(tx, row, InvoiceState::Refused, Some(reason.to_owned()))?;
    people::api::log_act(tx, actor, Some(merchant), "invoice.refuse", &id.to_string(), reason)?;
    let row = store::find(tx, id)?.ok_or(Denied::Unknown)?;
    Ok(views::view(tx, &row)?)
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct InvoiceFilter {
    /// `asked` when left out.
    state: Option<InvoiceState>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A shop's invoices in one state, newest first. Staff with the right to the money.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/invoices", tag = "invoices",
    params(("merchant" = MerchantId, Path), InvoiceFilter), responses((status = 200, body = Page<InvoiceView>), Common))]
async fn invoice_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<InvoiceFilter>,
) -> Result<Json<Page<InvoiceView>>, Refused> {
    actor.may(merchant, Right::Money)?;
    let state = filter.state.unwrap_or(InvoiceState::Asked);
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::of_merchant(rx, merchant, state, before, request.more())?;
        let rows = Page::by_id(rows, &request, |row| row.id);
        let mut items = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            items.push(views::view(rx, row)?);
        }
        Ok(Page { items, next_cursor: rows.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Note that an invoice was issued, with the tax office's number. Staff with the right to the money.
#[utoipa::path(post, path = "/api/v1/invoices/{invoice}/issue", tag = "invoices",
    params(("invoice" = InvoiceId, Path)), request_body = IssueBody,
    responses((status = 200, body = InvoiceView), IssueError, Common))]
async fn invoice_issue(
    ctx: rest::State,
    actor: Actor,
    Path(invoice): Path<InvoiceId>,
    command: Command<IssueBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| issue(tx, &own, invoice, &body)).await
}

/// Say why an invoice cannot be issued; the buyer may ask again. Staff with the right to the money.
#[utoipa::path(post, path = "/api/v1/invoices/{invoice}/refuse", tag = "invoices",
    params(("invoice" = InvoiceId, Path)), request_body = RefuseBody,
    responses((status = 200, body = InvoiceView), IssueError, Common))]
async fn invoice_refuse(
    ctx: rest::State,
    actor: Actor,
    Path(invoice): Path<InvoiceId>,
    command: Command<RefuseBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| refuse(tx, &own, invoice, body.reason.as_str());
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}
