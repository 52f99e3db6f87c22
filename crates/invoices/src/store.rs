//! All SQL of invoices.

use base::{Currency, InvoiceId, MerchantId, OrderId, PersonId, RefundId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use crate::model::{InvoiceState, LetterState, TitleKind};
use crate::terms::Rate;

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(error.to_string())
}

/// Whether a shop gives invoices, and at which rates.
#[derive(Clone, Debug)]
pub(crate) struct TermsRow {
    pub(crate) is_on: bool,
    pub(crate) rate_bp: i64,
    pub(crate) rates: Vec<Rate>,
    pub(crate) version: i64,
}

pub(crate) fn terms(rx: &mut Rx, merchant: MerchantId) -> Result<Option<TermsRow>, DbError> {
    rx.opt(
        "SELECT is_on, rate_bp, rates, version FROM invoices_terms WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| {
            let rates: String = row.get(2)?;
            let rates = serde_json::from_str(&rates).map_err(bug)?;
            Ok(TermsRow { is_on: row.get(0)?, rate_bp: row.get(1)?, rates, version: row.get(3)? })
        },
    )
}

/// Puts terms in the place of those with the version; answers whether these were still there.
pub(crate) fn put_terms(tx: &mut Tx, merchant: MerchantId, terms: &TermsRow) -> Result<bool, DbError> {
    let rates = serde_json::to_string(&terms.rates).map_err(bug)?;
    let written = if terms.version == 0 {
        tx.execute(
            "INSERT INTO invoices_terms (merchant, is_on, rate_bp, rates, version)
             VALUES (:merchant, :is_on, :rate, :rates, 1) ON CONFLICT DO NOTHING",
            params!["merchant" => merchant, "is_on" => terms.is_on, "rate" => terms.rate_bp, "rates" => rates],
        )?
    } else {
        tx.execute(
            "UPDATE invoices_terms SET is_on = :is_on, rate_bp = :rate, rates = :rates, version = version + 1
             WHERE merchant = :merchant AND version = :version",
            params![
                "merchant" => merchant, "is_on" => terms.is_on, "rate" => terms.rate_bp, "rates" => rates,
                "version" => terms.version,
            ],
        )?
    };
    Ok(written == 1)
}

/// A request, and the invoice it became.
#[derive(Clone, Debug)]
pub(crate) struct InvoiceRow {
    pub(crate) id: InvoiceId,
    pub(crate) order: OrderId,
    pub(crate) merchant: MerchantId,
    pub(crate) buyer: PersonId,
    pub(crate) state: InvoiceState,
    pub(crate) kind: TitleKind,
    pub(crate) title: String,
    pub(crate) tax_code: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    pub(crate) tax: i64,
    pub(crate) red: i64,
    pub(crate) number: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) asked_at: Timestamp,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) version: i64,
}

const INVOICE: &str =
    "SELECT id, order_id, merchant, buyer, state, kind, title, tax_code, currency, amount, tax, red,
    number, link, reason, asked_at, issued_at, version FROM invoices_invoice";

fn invoice(row: &Row<'_>) -> Result<InvoiceRow, DbError> {
    let (state, kind): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(InvoiceRow {
        id: row.get(0)?,
        order: row.get(1)?,
        merchant: row.get(2)?,
        buyer: row.get(3)?,
        state: InvoiceState::of(&state).ok_or_else(|| bug(format!("invoice state {state}")))?,
        kind: TitleKind::of(&kind).ok_or_else(|| bug(format!("title kind {kind}")))?,
        title: row.get(6)?,
        tax_code: row.get(7)?,
        currency: row.get(8)?,
        amount: row.get(9)?,
        tax: row.get(10)?,
        red: row.get(11)?,
        number: row.get(12)?,
        link: row.get(13)?,
        reason: row.get(14)?,
        asked_at: row.get(15)?,
        issued_at: row.get(16)?,
        version: row.get(17)?,
    })
}

pub(crate) fn find(rx: &mut Rx, id: InvoiceId) -> Result<Option<InvoiceRow>, DbError> {
    rx.opt(&format!("{INVOICE} WHERE id = :id"), params!["id" => id], invoice)
}

/// The invoice of an order that is asked for or issued.
pub(crate) fn live(rx: &mut Rx, order: OrderId) -> Result<Option<InvoiceRow>, DbError> {
    let sql = format!(
        "{INVOICE} /* bounded: an order has one claim */
         WHERE id = (SELECT c.invoice FROM invoices_claim c WHERE c.order_id = :order)"
    );
    rx.opt(&sql, params!["order" => order], invoice)
}

/// The last request of an order, whatever became of it.
pub(crate) fn last_of_order(rx: &mut Rx, order: OrderId) -> Result<Option<InvoiceRow>, DbError> {
    let sql = format!("{INVOICE} WHERE order_id = :order ORDER BY order_id DESC, id DESC LIMIT 1");
    rx.opt(&sql, params!["order" => order], invoice)
}

/// The person's last request, whose title is offered again.
pub(crate) fn last_of_buyer(rx: &mut Rx, buyer: PersonId) -> Result<Option<InvoiceRow>, DbError> {
    let sql = format!("{INVOICE} WHERE buyer = :buyer ORDER BY buyer DESC, id DESC LIMIT 1");
    rx.opt(&sql, params!["buyer" => buyer], invoice)
}

pub(crate) fn of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    state: InvoiceState,
    before: InvoiceId,
    limit: i64,
) -> Result<Vec<InvoiceRow>, DbError> {
    let sql = format!(
        "{INVOICE} WHERE merchant = :merchant AND state = :state AND id < :before
         ORDER BY merchant DESC, state DESC, id DESC LIMIT :limit"
    );
    rx.list(
        &sql,
        params!["merchant" => merchant, "state" => state.word(), "before" => before, "limit" => limit],
        invoice,
    )
}

/// Claims the order for an invoice; `false` when another one is asked for or issued.
pub(crate) fn claim(tx: &mut Tx, order: OrderId, id: InvoiceId) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO invoices_claim (order_id, invoice) VALUES (:order, :id) ON CONFLICT (order_id) DO NOTHING",
        params!["order" => order, "id" => id],
    )?;
    Ok(claimed == 1)
}

/// Frees an order whose request has ended.
pub(crate) fn free(tx: &mut Tx, order: OrderId, id: InvoiceId) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM invoices_claim WHERE order_id = :order AND invoice = :id",
        params!["order" => order, "id" => id],
    )?;
    Ok(())
}

/// Claims a number of the tax office; `false` when the shop has used it before.
pub(crate) fn claim_number(tx: &mut Tx, merchant: MerchantId, number: &str) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO invoices_number (merchant, number) VALUES (:merchant, :number) ON CONFLICT DO NOTHING",
        params!["merchant" => merchant, "number" => number],
    )?;
    Ok(claimed == 1)
}

pub(crate) fn insert(tx: &mut Tx, row: &InvoiceRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO invoices_invoice (id, order_id, merchant, buyer, state, kind, title, tax_code, currency, amount,
             tax, red, asked_at, version)
         VALUES (:id, :order, :merchant, :buyer, :state, :kind, :title, :code, :currency, 0, 0, 0, :asked, 1)",
        params![
            "id" => row.id, "order" => row.order, "merchant" => row.merchant, "buyer" => row.buyer,
            "state" => row.state.word(), "kind" => row.kind.word(), "title" => &row.title,
            "code" => row.tax_code.clone(), "currency" => row.currency, "asked" => row.asked_at,
        ],
    )
}

/// Writes an invoice back as it was changed since it was read.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update(tx: &mut Tx, row: &InvoiceRow) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE invoices_invoice SET state = :state, amount = :amount, tax = :tax, red = :red, number = :number,
             link = :link, reason = :reason, issued_at = :issued, version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => row.version, "state" => row.state.word(), "amount" => row.amount,
            "tax" => row.tax, "red" => row.red, "number" => row.number.clone(), "link" => row.link.clone(),
            "reason" => row.reason.clone(), "issued" => row.issued_at,
        ],
    )
}

/// A line of an issued invoice.
#[derive(Clone, Debug)]
pub(crate) struct LineRow {
    pub(crate) line: i64,
    pub(crate) title: String,
    pub(crate) qty: i64,
    pub(crate) amount: i64,
    pub(crate) rate_bp: i64,
    pub(crate) tax: i64,
    pub(crate) red: i64,
    pub(crate) red_tax: i64,
}

pub(crate) fn insert_line(tx: &mut Tx, id: InvoiceId, row: &LineRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO invoices_line (invoice, line, title, qty, amount, rate_bp, tax, red, red_tax)
         VALUES (:invoice, :line, :title, :qty, :amount, :rate, :tax, 0, 0)",
        params![
            "invoice" => id, "line" => row.line, "title" => &row.title, "qty" => row.qty, "amount" => row.amount,
            "rate" => row.rate_bp, "tax" => row.tax,
        ],
    )
}

pub(crate) fn lines(rx: &mut Rx, id: InvoiceId) -> Result<Vec<LineRow>, DbError> {
    rx.list(
        "SELECT line, title, qty, amount, rate_bp, tax, red, red_tax FROM invoices_line
         WHERE invoice = :invoice ORDER BY invoice, line LIMIT 201",
        params!["invoice" => id],
        |row| {
            Ok(LineRow {
                line: row.get(0)?,
                title: row.get(1)?,
                qty: row.get(2)?,
                amount: row.get(3)?,
                rate_bp: row.get(4)?,
                tax: row.get(5)?,
                red: row.get(6)?,
                red_tax: row.get(7)?,
            })
        },
    )
}

/// Takes `amount` off a line; `false` when less is left of it.
pub(crate) fn redden(
    tx: &mut Tx,
    id: InvoiceId,
    line: i64,
    (amount, tax): (i64, i64),
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE invoices_line SET red = red + :amount, red_tax = red_tax + :tax
         WHERE invoice = :invoice AND line = :line AND red + :amount <= amount",
        params!["invoice" => id, "line" => line, "amount" => amount, "tax" => tax],
    )?;
    Ok(changed == 1)
}

/// What takes an invoice back, wholly or in part.
#[derive(Clone, Debug)]
pub(crate) struct LetterRow {
    pub(crate) refund: RefundId,
    pub(crate) invoice: InvoiceId,
    pub(crate) merchant: MerchantId,
    pub(crate) state: LetterState,
    pub(crate) amount: i64,
    pub(crate) tax: i64,
    pub(crate) number: Option<String>,
    pub(crate) asked_at: Timestamp,
    pub(crate) issued_at: Option<Timestamp>,
}

const LETTER: &str = "SELECT refund, invoice, merchant, state, amount, tax, number, asked_at, issued_at
    FROM invoices_letter";

fn letter(row: &Row<'_>) -> Result<LetterRow, DbError> {
    let state: String = row.get(3)?;
    Ok(LetterRow {
        refund: row.get(0)?,
        invoice: row.get(1)?,
        merchant: row.get(2)?,
        state: LetterState::of(&state).ok_or_else(|| bug(format!("letter state {state}")))?,
        amount: row.get(4)?,
        tax: row.get(5)?,
        number: row.get(6)?,
        asked_at: row.get(7)?,
        issued_at: row.get(8)?,
    })
}

pub(crate) fn find_letter(rx: &mut Rx, refund: RefundId) -> Result<Option<LetterRow>, DbError> {
    rx.opt(&format!("{LETTER} WHERE refund = :refund"), params!["refund" => refund], letter)
}

pub(crate) fn letters_of(rx: &mut Rx, id: InvoiceId) -> Result<Vec<LetterRow>, DbError> {
    let sql = format!("{LETTER} WHERE invoice = :invoice ORDER BY invoice, refund LIMIT 500");
    rx.list(&sql, params!["invoice" => id], letter)
}

pub(crate) fn letters_of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    state: LetterState,
    before: RefundId,
    limit: i64,
) -> Result<Vec<LetterRow>, DbError> {
    let sql = format!(
        "{LETTER} WHERE merchant = :merchant AND state = :state AND refund < :before
         ORDER BY merchant DESC, state DESC, refund DESC LIMIT :limit"
    );
    rx.list(
        &sql,
        params!["merchant" => merchant, "state" => state.word(), "before" => before, "limit" => limit],
        letter,
    )
}

/// Answers whether the refund was not there yet.
pub(crate) fn insert_letter(tx: &mut Tx, row: &LetterRow) -> Result<bool, DbError> {
    let written = tx.execute(
        "INSERT INTO invoices_letter (refund, invoice, merchant, state, amount, tax, asked_at)
         VALUES (:refund, :invoice, :merchant, :state, :amount, :tax, :asked) ON CONFLICT (refund) DO NOTHING",
        params![
            "refund" => row.refund, "invoice" => row.invoice, "merchant" => row.merchant,
            "state" => row.state.word(), "amount" => row.amount, "tax" => row.tax, "asked" => row.asked_at,
        ],
    )?;
    Ok(written == 1)
}

/// Notes the number of a red letter; `false` when it has one.
pub(crate) fn issue_letter(tx: &mut Tx, refund: RefundId, number: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE invoices_letter SET state = 'issued', number = :number, issued_at = :now
         WHERE refund = :refund AND state = 'asked'",
        params!["refund" => refund, "number" => number, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Takes names, codes and links off a few invoices of somebody who has left, and ends what was only asked for; answers
/// of how many.
pub(crate) fn forget_buyer(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let forgotten = tx.execute(
        "UPDATE invoices_invoice SET title = '', tax_code = NULL, link = NULL,
             state = CASE WHEN state = 'asked' THEN 'withdrawn' ELSE state END, version = version + 1
         WHERE id IN (SELECT i.id FROM invoices_invoice i WHERE i.buyer = :person AND i.title <> ''
             ORDER BY i.id LIMIT 200)",
        params!["person" => person],
    )?;
    // An order whose request has ended has no invoice.
    tx.execute(
        "DELETE FROM invoices_claim WHERE invoice IN (
             SELECT i.id FROM invoices_invoice i JOIN invoices_claim c ON c.invoice = i.id
             WHERE i.buyer = :person AND i.state = 'withdrawn' ORDER BY i.id LIMIT 200)",
        params!["person" => person],
    )?;
    Ok(forgotten)
}
