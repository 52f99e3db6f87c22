//! What people read of invoices.

use base::{InvoiceId, MerchantId, Money, OrderId, RefundId, Timestamp};
use db::{DbError, Rx};
use serde::Serialize;

use crate::model::{InvoiceState, LetterState, TitleKind};
use crate::store::{self, InvoiceRow, LetterRow};

/// A line of an issued invoice. Prices hold the tax.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InvoiceLineView {
    /// The order's line; 0 is the delivery.
    line: i64,
    title: String,
    qty: i64,
    amount: Money,
    /// In hundredths of a percent.
    rate_bp: i64,
    tax: Money,
    /// What red letters took off it.
    red: Money,
}

/// What takes an issued invoice back, wholly or in part.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RedLetterView {
    /// The refund it belongs to, which is its id.
    refund: RefundId,
    invoice: InvoiceId,
    /// `asked` until the shop has issued it.
    state: LetterState,
    amount: Money,
    tax: Money,
    /// The tax office's.
    number: Option<String>,
    /// The number of the invoice it takes back.
    invoice_number: String,
    asked_at: Timestamp,
    issued_at: Option<Timestamp>,
}

/// A request for an invoice, and what became of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InvoiceView {
    id: InvoiceId,
    order: OrderId,
    order_number: String,
    merchant: MerchantId,
    merchant_name: String,
    state: InvoiceState,
    kind: TitleKind,
    title: String,
    tax_code: Option<String>,
    /// While it is asked for, what it would be now.
    amount: Money,
    tax: Money,
    /// What red letters took off it.
    red: Money,
    /// The tax office's.
    number: Option<String>,
    /// Where it can be fetched.
    link: Option<String>,
    /// Why the shop could not issue it.
    reason: Option<String>,
    asked_at: Timestamp,
    issued_at: Option<Timestamp>,
    lines: Vec<InvoiceLineView>,
    letters: Vec<RedLetterView>,
}

pub(crate) fn letter(invoice: &InvoiceRow, row: LetterRow) -> RedLetterView {
    RedLetterView {
        refund: row.refund,
        invoice: row.invoice,
        state: row.state,
        amount: Money::new(row.amount, invoice.currency),
        tax: Money::new(row.tax, invoice.currency),
        number: row.number,
        invoice_number: invoice.number.clone().unwrap_or_default(),
        asked_at: row.asked_at,
        issued_at: row.issued_at,
    }
}

pub(crate) fn view(rx: &mut Rx, row: &InvoiceRow) -> Result<InvoiceView, DbError> {
    let money = |minor| Money::new(minor, row.currency);
    let order_number = orders::api::numbers(rx, &[row.order])?.remove(&row.order).unwrap_or_default();
    let merchant_name = people::api::merchant_names(rx, &[row.merchant])?.remove(&row.merchant);
    let letters = store::letters_of(rx, row.id)?;
    let letters = letters.into_iter().filter(|one| one.state != LetterState::Included);
    let letters = letters.map(|one| letter(row, one)).collect();
    let lines = match row.state {
        // What it would be now, so that both sides see what is asked for.
        InvoiceState::Asked => crate::issue::expected(rx, row.order)?,
        InvoiceState::Issued => store::lines(rx, row.id)?,
        InvoiceState::Refused | InvoiceState::Withdrawn => Vec::new(),
    };
    let sum = |part: fn(&store::LineRow) -> i64| lines.iter().map(part).fold(0, i64::saturating_add);
    let (amount, tax) = (sum(|line| line.amount), sum(|line| line.tax));
    let lines = lines
        .into_iter()
        .map(|line| InvoiceLineView {
            line: line.line,
            title: line.title,
            qty: line.qty,
            amount: money(line.amount),
            rate_bp: line.rate_bp,
            tax: money(line.tax),
            red: money(line.red),
        })
        .collect();
    Ok(InvoiceView {
        id: row.id,
        order: row.order,
        order_number,
        merchant: row.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        state: row.state,
        kind: row.kind,
        title: row.title.clone(),
        tax_code: row.tax_code.clone(),
        amount: money(amount),
        tax: money(tax),
        red: money(row.red),
        number: row.number.clone(),
        link: row.link.clone(),
        reason: row.reason.clone(),
        asked_at: row.asked_at,
        issued_at: row.issued_at,
        lines,
        letters,
    })
}
