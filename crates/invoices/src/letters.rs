//! Money goes back after an invoice was issued: a red letter takes as much off it.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, Page, PageRequest, RefundId};
use db::{DbError, Rx, StoredEvent, Tx};
use orders::events::OrderRefunded;
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::Deserialize;
use work::{Failure, Subscriber};

use crate::ask::is_kept;
use crate::issue;
use crate::model::{InvoiceState, LetterState, is_number, red_tax};
use crate::store::{self, InvoiceRow, LetterRow};
use crate::views::{self, RedLetterView};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(red_letter_list)).routes(routes!(red_letter_issue))
}

pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber { name: "invoices.on_refunded", kinds: &["orders.refunded"], handle: refunded }]
}

fn refunded(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: OrderRefunded = Failure::check(serde_json::from_str(&event.payload))?;
    let Some(row) = store::live(tx, event.order)? else { return Ok(()) };
    match row.state {
        InvoiceState::Asked => {}
        InvoiceState::Issued => return Ok(redden(tx, row, &event)?),
        InvoiceState::Refused | InvoiceState::Withdrawn => return Ok(()),
    }
    let order = orders::api::order(tx, event.order)?;
    if order.as_ref().is_some_and(is_kept) {
        // Written although nothing changes: who issues it at this moment has read too little, and reads again.
        store::update(tx, &row)?;
        return Ok(());
    }
    Ok(issue::end(tx, row, InvoiceState::Withdrawn, None)?)
}

/// Takes a refund off an issued invoice, once.
fn redden(tx: &mut Tx, mut row: InvoiceRow, event: &OrderRefunded) -> Result<(), DbError> {
    if store::find_letter(tx, event.refund)?.is_some() {
        return Ok(());
    }
    let refund = orders::api::refunds(tx, event.order)?.into_iter().find(|one| one.id == event.refund);
    let Some(refund) = refund else { return Ok(()) };
    let lines = store::lines(tx, row.id)?;
    let parts = refund.lines.iter().map(|part| (part.line, part.amount_minor)).chain([(0, refund.shipping)]);
    let (mut amount, mut tax) = (0_i64, 0_i64);
    for (number, back) in parts.filter(|(_, back)| *back > 0) {
        let Some(line) = lines.iter().find(|line| line.line == number) else { continue };
        let red = line.red.saturating_add(back);
        let off = red_tax(line.tax, line.amount, red).saturating_sub(line.red_tax);
        if !store::redden(tx, row.id, number, (back, off))? {
            return Err(DbError::Bug(format!("{} takes more off {} than is left", event.refund, row.id)));
        }
        amount = amount.saturating_add(back);
        tax = tax.saturating_add(off);
    }
    let (invoice, merchant, now) = (row.id, row.merchant, tx.now());
    row.red = row.red.saturating_add(amount);
    store::update(tx, &row)?;
    let letter = LetterRow {
        refund: event.refund,
        invoice,
        merchant,
        state: LetterState::Asked,
        amount,
        tax,
        number: None,
        asked_at: now,
        issued_at: None,
    };
    store::insert_letter(tx, &letter)?;
    Ok(())
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RedLetterBody {
    /// The tax office's number: 8 to 20 digits.
    #[schema(min_length = 8, max_length = 20)]
    number: String,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum LetterError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the red letter is {state}; it is issued once")]
    #[problem(409, "invoice.letter_state")]
    State { state: &'static str },
    #[error("the number has 8 to 20 digits")]
    #[problem(422, "invoice.bad_number")]
    BadNumber,
    #[error("the shop has used this number before")]
    #[problem(409, "invoice.number_taken")]
    NumberTaken,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn issue_letter(
    tx: &mut Tx,
    actor: &Actor,
    refund: RefundId,
    number: &str,
) -> Result<RedLetterView, LetterError> {
    let row = store::find_letter(tx, refund)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Money)?;
    if row.state != LetterState::Asked {
        return Err(LetterError::State { state: row.state.word() });
    }
    if !is_number(number) {
        return Err(LetterError::BadNumber);
    }
    if !store::claim_number(tx, row.merchant, number)? {
        return Err(LetterError::NumberTaken);
    }
    if !store::issue_letter(tx, refund, number)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    people::api::log_act(tx, actor, Some(row.merchant), "invoice.red", &refund.to_string(), number)?;
    let row = store::find_letter(tx, refund)?.ok_or(Denied::Unknown)?;
    let invoice = store::find(tx, row.invoice)?.ok_or(Denied::Unknown)?;
    Ok(views::letter(&invoice, row))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RedLetterFilter {
    /// `asked` when left out.
    state: Option<LetterState>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A shop's red letters in one state, newest refund first. Staff with the right to the money.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/red-letters", tag = "invoices",
    params(("merchant" = MerchantId, Path), RedLetterFilter),
    responses((status = 200, body = Page<RedLetterView>), Common))]
async fn red_letter_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<RedLetterFilter>,
) -> Result<Json<Page<RedLetterView>>, Refused> {
    actor.may(merchant, Right::Money)?;
    let state = filter.state.unwrap_or(LetterState::Asked);
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::letters_of_merchant(rx, merchant, state, before, request.more())?;
        let rows = Page::by_id(rows, &request, |row| row.refund);
        let mut items = Vec::with_capacity(rows.items.len());
        for row in rows.items {
            let Some(invoice) = store::find(rx, row.invoice)? else { continue };
            items.push(views::letter(&invoice, row));
        }
        Ok(Page { items, next_cursor: rows.next_cursor })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Note that a red letter was issued, with the tax office's number. Staff with the right to the money.
#[utoipa::path(post, path = "/api/v1/red-letters/{refund}/issue", tag = "invoices",
    params(("refund" = RefundId, Path)), request_body = RedLetterBody,
    responses((status = 200, body = RedLetterView), LetterError, Common))]
async fn red_letter_issue(
    ctx: rest::State,
    actor: Actor,
    Path(refund): Path<RefundId>,
    command: Command<RedLetterBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| issue_letter(tx, &own, refund, &body.number))
        .await
}
