//! A buyer asks for the invoice of an order, looks at it, or takes the request back.

use axum::http::StatusCode;
use axum::response::Response;
use base::{InvoiceId, OrderId, PersonId, Text};
use db::{DbError, Rx, Tx};
use orders::api::{OrderFacts, OrderState};
use rest::{Command, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::{InvoiceState, TitleKind, is_tax_code};
use crate::store::{self, InvoiceRow};
use crate::views::{self, InvoiceView};
use crate::{issue, terms};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(order_invoice_get, invoice_ask)).routes(routes!(invoice_withdraw))
}

/// In whose name.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct InvoiceTitle {
    kind: TitleKind,
    /// The person's or the company's name.
    name: Text<1, 100>,
    /// A company's unified social credit code (GB 32100); a person has none.
    #[serde(default)]
    #[schema(max_length = 18)]
    tax_code: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawBody {}

/// What a buyer can do about the invoice of an order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct OrderInvoice {
    /// Whether one can be asked for now.
    can_ask: bool,
    /// The last request; `null` when there was none.
    invoice: Option<InvoiceView>,
    /// The title of the person's last request, to be offered again.
    last_title: Option<InvoiceTitle>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum AskError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the shop gives no invoices here; ask the shop")]
    #[problem(409, "invoice.not_offered")]
    NotOffered,
    #[error("an invoice is for what was paid and kept; this order has nothing of it now")]
    #[problem(409, "invoice.nothing_kept")]
    Nothing,
    #[error("this order has an invoice, or one is asked for already; look at it")]
    #[problem(409, "invoice.there_is_one")]
    ThereIsOne,
    #[error(
        "a company's title goes with its 18-character code, whose last character checks the others; a person's goes without"
    )]
    #[problem(422, "invoice.bad_title")]
    BadTitle,
    #[error("the invoice is {state}; only one that is asked for can be taken back")]
    #[problem(409, "invoice.state")]
    State { state: &'static str },
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Whether something of the order was paid for good and kept.
pub(crate) fn is_kept(order: &OrderFacts) -> bool {
    let is_good = match order.state {
        OrderState::Confirmed | OrderState::Shipped | OrderState::Received | OrderState::Completed => true,
        OrderState::Unpaid | OrderState::Paid | OrderState::Cancelled | OrderState::Refunded => false,
    };
    is_good && order.replaces.is_none() && order.captured > order.refunded
}

fn own(rx: &mut Rx, person: PersonId, order: OrderId) -> Result<OrderFacts, AskError> {
    let order = orders::api::order(rx, order)?.filter(|order| order.buyer == person);
    Ok(order.ok_or(Denied::Unknown)?)
}

fn look(rx: &mut Rx, person: PersonId, order: OrderId) -> Result<OrderInvoice, AskError> {
    let order = own(rx, person, order)?;
    let is_offered = terms::of(rx, order.merchant)?.is_on;
    let has_one = store::live(rx, order.id)?.is_some();
    let last = store::last_of_order(rx, order.id)?;
    let invoice = last.map(|row| views::view(rx, &row)).transpose()?;
    let title = |row: InvoiceRow| {
        let name = Text::new(&row.title).ok()?;
        Some(InvoiceTitle { kind: row.kind, name, tax_code: row.tax_code })
    };
    let last_title = store::last_of_buyer(rx, person)?.and_then(title);
    Ok(OrderInvoice { can_ask: is_offered && !has_one && is_kept(&order), invoice, last_title })
}

fn ask(tx: &mut Tx, person: PersonId, order: OrderId, title: &InvoiceTitle) -> Result<InvoiceView, AskError> {
    let order = own(tx, person, order)?;
    let is_sound = match (title.kind, &title.tax_code) {
        (TitleKind::Person, None) => true,
        (TitleKind::Company, Some(code)) => is_tax_code(code),
        (TitleKind::Person, Some(_)) | (TitleKind::Company, None) => false,
    };
    if !is_sound {
        return Err(AskError::BadTitle);
    }
    if !terms::of(tx, order.merchant)?.is_on {
        return Err(AskError::NotOffered);
    }
    if !is_kept(&order) {
        return Err(AskError::Nothing);
    }
    let id: InvoiceId = tx.new_id();
    if !store::claim(tx, order.id, id)? {
        return Err(AskError::ThereIsOne);
    }
    let row = InvoiceRow {
        id,
        order: order.id,
        merchant: order.merchant,
        buyer: person,
        state: InvoiceState::Asked,
        kind: title.kind,
        title: title.name.as_str().to_owned(),
        tax_code: title.tax_code.clone(),
        currency: order.currency,
        amount: 0,
        tax: 0,
        red: 0,
        number: None,
        link: None,
        reason: None,
        asked_at: tx.now(),
        issued_at: None,
        version: 1,
    };
    store::insert(tx, &row)?;
    Ok(views::view(tx, &row)?)
}

fn withdraw(tx: &mut Tx, person: PersonId, id: InvoiceId) -> Result<InvoiceView, AskError> {
    let row = store::find(tx, id)?.filter(|row| row.buyer == person).ok_or(Denied::Unknown)?;
    if row.state != InvoiceState::Asked {
        return Err(AskError::State { state: row.state.word() });
    }
    issue::end(tx, row, InvoiceState::Withdrawn, None)?;
    let row = store::find(tx, id)?.ok_or(Denied::Unknown)?;
    Ok(views::view(tx, &row)?)
}

/// The invoice of one's own order, and whether one can be asked for.
#[utoipa::path(get, path = "/api/v1/orders/{order}/invoice", tag = "invoices", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderInvoice), Common))]
async fn order_invoice_get(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
) -> Result<Json<OrderInvoice>, Refused> {
    let person = actor.person;
    Ok(Json(ctx.db().read(move |rx| look(rx, person, order)).await?))
}

/// Ask for the invoice of one's own order. An order has one at a time.
#[utoipa::path(post, path = "/api/v1/orders/{order}/invoice", tag = "invoices", params(("order" = OrderId, Path)),
    request_body = InvoiceTitle, responses((status = 201, body = InvoiceView), AskError, Common))]
async fn invoice_ask(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
    command: Command<InvoiceTitle>,
) -> Result<Response, Refused> {
    let (person, title) = (actor.person, command.body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| ask(tx, person, order, &title)).await
}

/// Take a request back that the shop has not answered.
#[utoipa::path(post, path = "/api/v1/invoices/{invoice}/withdraw", tag = "invoices",
    params(("invoice" = InvoiceId, Path)), request_body = WithdrawBody,
    responses((status = 200, body = InvoiceView), AskError, Common))]
async fn invoice_withdraw(
    ctx: rest::State,
    Member(actor): Member,
    Path(invoice): Path<InvoiceId>,
    command: Command<WithdrawBody>,
) -> Result<Response, Refused> {
    let person = actor.person;
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| withdraw(tx, person, invoice)).await
}
