//! What the provider tells us. Nothing is believed but what is signed, fresh and of the right amount.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use base::{Currency, Money, PaymentId, Problem};
use db::{DbError, Lane, Tx};
use ledger::api::TransferError;
use rest::{Common, Ctx, OpenApiRouter, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::{api, sandbox, store};

/// How far the time of a notice may be from ours.
const SKEW_S: i64 = 300;
const BODY_MAX: usize = 16_384;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(sandbox_callback))
}

/// What a notice tells.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notice {
    /// The provider's id of the notice; told twice, it counts once.
    #[schema(max_length = 64)]
    pub(crate) id: String,
    /// `payment.succeeded` or `payment.failed`.
    pub(crate) kind: NoticeKind,
    pub(crate) payment: PaymentId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) enum NoticeKind {
    /// The money is there.
    #[serde(rename = "payment.succeeded")]
    Succeeded,
    /// The payer gave up or was refused.
    #[serde(rename = "payment.failed")]
    Failed,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum CallbackError {
    #[error("the signature does not fit the body, or the time is more than 5 minutes off")]
    #[problem(401, "callback.forged")]
    Forged,
    #[error("the notice cannot be read")]
    #[problem(400, "callback.malformed")]
    Malformed,
    #[error("there is no such payment")]
    #[problem(404, "payment.not_found")]
    UnknownPayment,
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The sandbox provider tells what became of a payment.
///
/// Signed: `Sandbox-Signature` is the hex HMAC-SHA256 over `timestamp "\n" nonce "\n" body "\n"`.
#[utoipa::path(post, path = "/api/v1/sandbox/callbacks", tag = "payments", request_body = Notice,
    params(("Sandbox-Timestamp" = i64, Header, description = "seconds since 1970"),
        ("Sandbox-Nonce" = String, Header, max_length = 64), ("Sandbox-Signature" = String, Header, max_length = 64)),
    responses((status = 204, description = "taken note of"), CallbackError, Common))]
async fn sandbox_callback(ctx: rest::State, request: Request) -> Result<StatusCode, Refused> {
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), BODY_MAX).await;
    let body = body.map_err(|error| {
        tracing::debug!(%error, "callback body");
        Refused(Problem::new(413, "body.too_large", "a notice has at most 16 KiB"))
    })?;
    accept(&ctx, &headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a notice and takes note of it.
pub(crate) async fn accept(ctx: &Ctx, headers: &HeaderMap, body: &[u8]) -> Result<(), CallbackError> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(CallbackError::Forged);
    let (timestamp, nonce) = (header("sandbox-timestamp")?, header("sandbox-nonce")?);
    let secret = crate::secret(ctx);
    if !sandbox::is_signed(&secret, (timestamp, nonce), body, header("sandbox-signature")?) {
        return Err(CallbackError::Forged);
    }
    let sent: i64 = timestamp.parse().or(Err(CallbackError::Forged))?;
    let age_us = ctx.now().micros().saturating_sub(sent.saturating_mul(1_000_000));
    if age_us.abs() > SKEW_S.saturating_mul(1_000_000) {
        return Err(CallbackError::Forged);
    }
    let notice: Notice = serde_json::from_slice(body).or(Err(CallbackError::Malformed))?;
    if notice.id.is_empty() || notice.id.len() > 64 || notice.amount_minor < 0 {
        return Err(CallbackError::Malformed);
    }
    ctx.db().write(Lane::Interactive, move |tx| take_note(tx, &notice)).await
}

fn take_note(tx: &mut Tx, notice: &Notice) -> Result<(), CallbackError> {
    let payment = store::find_payment(tx, notice.payment)?.ok_or(CallbackError::UnknownPayment)?;
    let outcome = match notice.kind {
        NoticeKind::Succeeded => "received",
        NoticeKind::Failed => "failed",
    };
    if !store::record_notice(tx, &notice.id, Some(payment.id), outcome)? {
        return Ok(());
    }
    match notice.kind {
        NoticeKind::Succeeded if notice.amount_minor > 0 => {
            // The charge, not the notice, is what was paid: two notices of one charge are one payment.
            if store::record_notice(tx, &format!("look {}", payment.id), Some(payment.id), "received")? {
                api::receive(tx, &payment, Money::new(notice.amount_minor, notice.currency), "paid")?;
            }
        }
        NoticeKind::Succeeded => {}
        NoticeKind::Failed => {
            api::fail(tx, payment.id, "failed")?;
        }
    }
    Ok(())
}
