//! A payment, as its payer sees it.

use base::{Currency, Money, OrderId, PaymentId, PersonId, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind};
use rest::{Actor, Command, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::provider::Show;
use crate::store::{self, Part, PaymentRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(payment_get))
        .routes(routes!(payment_give_up))
        .routes(routes!(demo_top_up))
}

/// A payment.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentView {
    /// Its id.
    pub id: PaymentId,
    /// `wallet`, `cash` or a provider's name.
    pub method: String,
    /// `pending`: the payer has to act; `captured`: done; `failed` and `expired`: not made; `returned`: came too late
    /// or wrong, the money goes back.
    pub state: String,
    /// How much.
    pub amount: Money,
    /// What it pays.
    pub orders: Vec<OrderId>,
    /// Until when what it pays for is held.
    pub expires_at: Timestamp,
    /// Where the payer goes to pay; `null` when there is nothing to do.
    pub cashier_url: Option<String>,
    /// What the page needs to let the payer pay; `null` until the provider has answered, and when there is nothing to
    /// do.
    pub show: Option<Show>,
}

/// Reads a payment as its payer sees it.
///
/// # Errors
/// Whatever the store says.
pub fn view(rx: &mut Rx, id: PaymentId, payer: PersonId) -> Result<Option<PaymentView>, DbError> {
    let Some(row) = store::find_payment(rx, id)?.filter(|row| row.payer == payer) else { return Ok(None) };
    let parts = store::parts(rx, id)?;
    let page = match row.state.as_str() {
        "pending" => store::charges::find_charge(rx, id)?.and_then(|charge| charge.page),
        _ => None,
    };
    let show = page.map(|page| serde_json::from_str(&page)).transpose();
    Ok(Some(view_of(row, parts, show.map_err(|error| DbError::Bug(error.to_string()))?)))
}

/// A payment as its payer sees it, from what is stored of it.
pub(crate) fn view_of(row: PaymentRow, parts: Vec<Part>, show: Option<Show>) -> PaymentView {
    let is_all_returned = parts.iter().all(|part| part.state == "returned");
    let state = match row.state.as_str() {
        "received" if is_all_returned => "returned",
        // Received and not yet taken by the orders: that is a matter of milliseconds.
        "received" => "pending",
        other => other,
    };
    let cashier_url = match &show {
        _ if row.state != "pending" => None,
        Some(Show::Redirect { url }) => Some(url.clone()),
        _ => Some(format!("/pay/{}", row.id)),
    };
    PaymentView {
        id: row.id,
        method: row.method,
        state: state.to_owned(),
        amount: Money::new(row.amount, row.currency),
        orders: parts.into_iter().map(|part| part.order).collect(),
        expires_at: row.expires_at,
        cashier_url,
        show,
    }
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum GiveUpError {
    #[error("the payment is not pending any more")]
    #[problem(409, "payment.not_pending")]
    NotPending,
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The payer wants to pay in another way, or not at all.
fn give_up(tx: &mut Tx, id: PaymentId, payer: PersonId) -> Result<PaymentView, GiveUpError> {
    let row = store::find_payment(tx, id)?.filter(|row| row.payer == payer).ok_or(Denied::Unknown)?;
    let is_ended = matches!(row.state.as_str(), "failed" | "expired");
    if !is_ended && !crate::api::fail(tx, id, "failed")? {
        return Err(GiveUpError::NotPending);
    }
    Ok(view(tx, id, payer)?.ok_or(Denied::Unknown)?)
}

/// Give a pending payment up, to pay in another way. Money that comes nevertheless is used if the order is still
/// unpaid, else it goes back. One that has ended without money stays as it is.
#[utoipa::path(post, path = "/api/v1/payments/{payment}/give-up", tag = "payments",
    params(("payment" = PaymentId, Path)), responses((status = 200, body = PaymentView), GiveUpError, Common))]
async fn payment_give_up(
    ctx: rest::State,
    actor: Actor,
    Path(payment): Path<PaymentId>,
) -> Result<Json<PaymentView>, Refused> {
    let given_up = ctx.db().write(Lane::Interactive, move |tx| give_up(tx, payment, actor.person)).await?;
    Ok(Json(given_up))
}

/// A payment of the person who asks.
#[utoipa::path(get, path = "/api/v1/payments/{payment}", tag = "payments", params(("payment" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), Common))]
async fn payment_get(
    ctx: rest::State,
    actor: Actor,
    Path(payment): Path<PaymentId>,
) -> Result<Json<PaymentView>, Refused> {
    let view = ctx.db().read::<_, DbError, _>(move |rx| view(rx, payment, actor.person)).await?;
    Ok(Json(view.ok_or(Denied::Unknown)?))
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TopUpBody {
    /// 1 to 100,000,000 fen.
    #[schema(minimum = 1, maximum = 100_000_000)]
    amount_minor: i64,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct TopUpView {
    balance: Money,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum TopUpError {
    #[error("amount_minor must be 1 to 100,000,000")]
    #[problem(422, "top_up.amount")]
    Amount,
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn top_up(tx: &mut Tx, person: PersonId, amount: i64) -> Result<TopUpView, TopUpError> {
    if !(1..=100_000_000).contains(&amount) {
        return Err(TopUpError::Amount);
    }
    let wallet = Account::wallet(person, Currency::CNY);
    let equity = Account::new(Owner::Platform, Kind::Equity, Asset::Money(Currency::CNY));
    let id: base::TransferId = tx.new_id();
    let transfer = Transfer::simple(TransferKind::TopUp, &id.to_string(), equity, wallet, amount);
    ledger::api::post(tx, &transfer)?;
    let balance = ledger::api::balance(tx, &wallet)?;
    Ok(TopUpView { balance: Money::new(balance.free(), Currency::CNY) })
}

/// Put demo money into the wallet. Demo mode only.
#[utoipa::path(post, path = "/api/v1/demo/wallet-top-ups", tag = "demo", request_body = TopUpBody,
    responses((status = 201, body = TopUpView), TopUpError, Common))]
async fn demo_top_up(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<TopUpBody>,
) -> Result<axum::response::Response, Refused> {
    if !ctx.settings().is_demo {
        return Err(Denied::Unknown.into());
    }
    let (person, amount) = (actor.person, command.body.amount_minor);
    let created = axum::http::StatusCode::CREATED;
    ctx.once(&actor, &command.once, created, move |tx| top_up(tx, person, amount)).await
}
