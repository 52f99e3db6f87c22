//! The sandbox provider: it needs no account and behaves like a real one — it signs what it tells, and tells it
//! late, twice, wrongly or not at all when asked to.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base::{Currency, Id, Money, PaymentId, Timestamp};
use db::{Db, DbError, Lane, Rx};
use hmac::{Hmac, KeyInit, Mac};
use rest::{Common, Ctx, Denied, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::day::Day;
use crate::method::{Kind, Method, number};
use crate::notices::{self, CallbackError};
use crate::provider::{
    BillRow, CallError, Charge, Notice, NoticeError, Outcome, Provider, RefundOutcome, Reversal, SKEW_S,
    Show, Started, Told, is_fresh,
};
use crate::store::sandbox as memory;

/// The secret shared with the provider.
#[derive(Clone)]
pub struct SandboxSecret(pub String);

impl Default for SandboxSecret {
    fn default() -> Self {
        Self("tuan-sandbox".to_owned())
    }
}

impl std::fmt::Debug for SandboxSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SandboxSecret(…)")
    }
}

/// The sandbox. Its memory is a few tables beside ours, so it needs no account and no network.
pub struct Sandbox {
    db: Db,
    secret: SandboxSecret,
}

impl Sandbox {
    /// A sandbox that signs with `secret`.
    pub fn new(db: Db, secret: SandboxSecret) -> Self {
        Self { db, secret }
    }

    fn ask<T: Send + 'static>(
        &self,
        read: impl FnMut(&mut Rx) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, CallError> {
        self.db.read_blocking(read).map_err(|error| unclear(&error))
    }
}

fn unclear(error: &DbError) -> CallError {
    CallError::Unclear(error.to_string())
}

/// Why the sandbox sends nothing back.
enum Short {
    Uncovered,
    Db(DbError),
}

impl From<DbError> for Short {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// What a notice of the sandbox tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxNotice {
    id: String,
    kind: NoticeKind,
    payment: PaymentId,
    amount_minor: i64,
    currency: Currency,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum NoticeKind {
    /// The money is there.
    #[serde(rename = "payment.succeeded")]
    Succeeded,
    /// The payer gave up or was refused.
    #[serde(rename = "payment.failed")]
    Failed,
}

impl Provider for Sandbox {
    fn method(&self) -> Method {
        Method::Sandbox
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Element]
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn start(&self, charge: &Charge) -> Result<Started, CallError> {
        // Its charge was opened in the transaction that began the payment.
        Ok(Started { show: Show::Redirect { url: format!("/pay/{}", charge.payment) }, reference: None })
    }

    fn query(&self, charge: &Charge) -> Result<Outcome, CallError> {
        let payment = charge.payment;
        let Some(open) = self.ask(move |rx| memory::find(rx, payment))? else { return Ok(Outcome::Unknown) };
        Ok(match open.state.as_str() {
            "paid" => Outcome::Paid {
                amount: Money::new(open.paid, open.currency),
                at: open.paid_at.unwrap_or(charge.created_at),
            },
            _ => Outcome::Open,
        })
    }

    /// The sandbox lets money come late: that is one of the things it is for.
    fn close(&self, charge: &Charge) -> Result<Outcome, CallError> {
        self.query(charge)
    }

    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let (id, payment, amount) = (reversal.refund, reversal.charge.payment, reversal.amount.minor());
        let refunded = self.db.write_blocking(move |tx| {
            let is_covered = memory::refund(tx, id, payment, amount)?;
            // Nothing of a refund that is not covered may stay.
            if is_covered { Ok(()) } else { Err(Short::Uncovered) }
        });
        match refunded {
            Ok(()) => self.query_refund(reversal),
            Err(Short::Uncovered) => {
                Err(CallError::Refused("the provider has not received so much".to_owned()))
            }
            Err(Short::Db(error)) => Err(unclear(&error)),
        }
    }

    fn query_refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let id = reversal.refund;
        let at = self.ask(move |rx| memory::refunded_at(rx, id))?;
        Ok(at.map_or(RefundOutcome::Unknown, |at| RefundOutcome::Done { at }))
    }

    fn verify_notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, NoticeError> {
        let header =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(NoticeError::Forged);
        let (timestamp, nonce) = (header("sandbox-timestamp")?, header("sandbox-nonce")?);
        let is_signed = is_signed(&self.secret, (timestamp, nonce), body, header("sandbox-signature")?);
        if !is_signed || !is_fresh(timestamp, now, SKEW_S) {
            return Err(NoticeError::Forged);
        }
        let told: SandboxNotice = serde_json::from_slice(body).or(Err(NoticeError::Malformed))?;
        if told.amount_minor < 0 {
            return Err(NoticeError::Malformed);
        }
        let number = number(told.payment);
        let what = match told.kind {
            NoticeKind::Failed => Told::Failed { number },
            NoticeKind::Succeeded => {
                Told::Paid { number, amount: Money::new(told.amount_minor, told.currency), at: now }
            }
        };
        Ok(Notice { id: told.id, what })
    }

    fn bill(&self, day: Day) -> Result<Vec<BillRow>, CallError> {
        let span = (day.starts_at(), day.ends_at());
        let mut rows = Vec::new();
        let mut place = (span.0, PaymentId::from_bytes([0; 16]));
        loop {
            let page = self.ask(move |rx| memory::paid_between(rx, span, place))?;
            let Some((at, last, ..)) = page.last() else { break };
            place = (*at, *last);
            rows.extend(page.into_iter().filter(|(.., paid, _)| *paid > 0).map(
                |(_, id, amount, currency)| BillRow {
                    is_refund: false,
                    number: number(id),
                    amount,
                    currency,
                },
            ));
        }
        let mut place = (span.0, base::RefundId::from_bytes([0; 16]));
        loop {
            let page = self.ask(move |rx| memory::refunded_between(rx, span, place))?;
            let Some((at, last, ..)) = page.last() else { break };
            place = (*at, *last);
            rows.extend(page.into_iter().map(|(_, id, amount, currency)| BillRow {
                is_refund: true,
                number: number(id),
                amount,
                currency,
            }));
        }
        Ok(rows)
    }
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(demo_sandbox_act))
}

/// Hex HMAC-SHA256 over `timestamp "\n" nonce "\n" body "\n"`.
pub(crate) fn sign(secret: &str, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    // A key of any length is fine for HMAC; the empty signature can never be right.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    for part in [timestamp.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"] {
        mac.update(part);
    }
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn is_signed(secret: &SandboxSecret, stamp: (&str, &str), body: &[u8], signature: &str) -> bool {
    let expected = sign(&secret.0, stamp.0, stamp.1, body);
    !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
}

/// What the provider's cashier does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Act {
    /// The payer pays; we are told.
    Pay,
    /// The payer pays; we are told twice.
    PayTwice,
    /// The payer pays one unit too few; we are told.
    PayWrongAmount,
    /// The payer gives up; we are told.
    Fail,
    /// The payer pays; we are not told.
    PayLost,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum ActError {
    #[error("the provider has dealt with this payment before")]
    #[problem(409, "sandbox.done")]
    Done,
    #[error(transparent)]
    #[problem(transparent)]
    Callback(#[from] CallbackError),
}

/// Play the payer at the sandbox provider's cashier. Demo mode only.
#[utoipa::path(post, path = "/api/v1/demo/sandbox/payments/{payment}/{action}", tag = "demo",
    params(("payment" = PaymentId, Path), ("action" = inline(Act), Path)),
    responses((status = 202, description = "done; the notices were sent"), ActError, Common))]
async fn demo_sandbox_act(
    ctx: rest::State,
    Path((payment, act)): Path<(PaymentId, Act)>,
) -> Result<StatusCode, Refused> {
    if !ctx.settings().is_demo {
        return Err(Denied::Unknown.into());
    }
    let charge = ctx
        .db()
        .write::<_, DbError, _>(Lane::Interactive, move |tx| {
            let Some(charge) = memory::find(tx, payment)? else { return Ok(None) };
            let paid = match act {
                Act::PayWrongAmount => charge.amount.saturating_sub(1),
                Act::Pay | Act::PayTwice | Act::PayLost => charge.amount,
                Act::Fail => 0,
            };
            let is_new = match act {
                Act::Fail => memory::fail(tx, payment)?,
                Act::Pay | Act::PayTwice | Act::PayWrongAmount | Act::PayLost => {
                    memory::pay(tx, payment, paid)?
                }
            };
            Ok(Some((charge, paid, is_new)))
        })
        .await?;
    let Some((charge, paid, is_new)) = charge else { return Err(Denied::Unknown.into()) };
    if !is_new {
        return Err(ActError::Done.into());
    }
    let kind = if act == Act::Fail { NoticeKind::Failed } else { NoticeKind::Succeeded };
    let told = match act {
        Act::PayLost => 0,
        Act::PayTwice => 2,
        Act::Pay | Act::PayWrongAmount | Act::Fail => 1,
    };
    for _ in 0..told {
        let notice = SandboxNotice {
            id: format!("sandbox-{payment}"),
            kind,
            payment,
            amount_minor: paid,
            currency: charge.currency,
        };
        tell(&ctx, &notice).await.map_err(ActError::from)?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// Signs a notice and hands it to the very code that answers the provider's requests.
async fn tell(ctx: &Ctx, notice: &SandboxNotice) -> Result<(), CallbackError> {
    let body = serde_json::to_vec(notice).or(Err(CallbackError::Malformed))?;
    let timestamp = ctx.clock().now().micros().div_euclid(1_000_000).to_string();
    let mut nonce = [0; 16];
    ctx.db().rng().fill(&mut nonce);
    let nonce = format!("{:032x}", u128::from_be_bytes(nonce));
    let secret = ctx.extension::<SandboxSecret>().unwrap_or_default();
    let signature = sign(&secret.0, &timestamp, &nonce, &body);
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("sandbox-timestamp", timestamp), ("sandbox-nonce", nonce), ("sandbox-signature", signature)]
    {
        headers.insert(name, HeaderValue::from_str(&value).or(Err(CallbackError::Malformed))?);
    }
    notices::accept(ctx, Method::Sandbox, &headers, &body).await?;
    Ok(())
}
