//! What providers tell us. Nothing is believed but what is signed, fresh and of the right amount.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::Problem;
use db::{DbError, Lane, Tx};
use ledger::api::TransferError;
use rest::{Common, Ctx, OpenApiRouter, Path, Refused, routes};

use crate::method::{self, Method};
use crate::provider::{Notice, NoticeError, Told};
use crate::providers::providers;
use crate::store::charges;
use crate::{api, jobs, store};

const BODY_MAX: usize = 65_536;
/// Longest id of a notice.
const ID_MAX: usize = 128;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(provider_notice))
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum CallbackError {
    #[error("this provider is not set up here")]
    #[problem(404, "payment.no_provider")]
    NoProvider,
    #[error("the signature does not fit the body, or the time is more than 5 minutes off")]
    #[problem(401, "callback.forged")]
    Forged,
    #[error("the notice is signed with a key that is not known yet; tell it again")]
    #[problem(401, "callback.unknown_key")]
    UnknownKey,
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

/// A provider tells what became of a payment or a refund. The body is whatever that provider sends; it must be signed
/// as the provider signs.
///
/// The sandbox sends `{"id", "kind": "payment.succeeded" | "payment.failed", "payment", "amount_minor", "currency"}`
/// with `Sandbox-Timestamp` (seconds since 1970), `Sandbox-Nonce` and `Sandbox-Signature`: the hex HMAC-SHA256 over
/// `timestamp "\n" nonce "\n" body "\n"`.
#[utoipa::path(post, path = "/api/v1/providers/{provider}/notices", tag = "payments", request_body = String,
    params(("provider" = Method, Path)),
    responses((status = 200, body = String, description = "taken note of, as the provider wants to hear it"),
        (status = 204, description = "taken note of"), CallbackError, Common))]
async fn provider_notice(
    ctx: rest::State,
    Path(provider): Path<Method>,
    request: Request,
) -> Result<Response, Refused> {
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), BODY_MAX).await;
    let body = body.map_err(|error| {
        tracing::debug!(%error, "callback body");
        Refused(Problem::new(413, "body.too_large", "a notice has at most 64 KiB"))
    })?;
    Ok(match accept(&ctx, provider, &headers, &body).await? {
        "" => StatusCode::NO_CONTENT.into_response(),
        text => text.into_response(),
    })
}

/// Checks a notice and takes note of it; what it is answered with.
pub(crate) async fn accept(
    ctx: &Ctx,
    method: Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<&'static str, CallbackError> {
    let provider = providers(ctx).of(method).ok_or(CallbackError::NoProvider)?;
    let notice = match provider.verify_notice(headers, body, ctx.now()) {
        Ok(notice) => notice,
        Err(NoticeError::Forged) => return Err(CallbackError::Forged),
        Err(NoticeError::Malformed) => return Err(CallbackError::Malformed),
        Err(NoticeError::UnknownKey) => {
            let fetch = move |tx: &mut Tx| {
                let now = tx.now();
                work::enqueue(tx, jobs::KEYS, method.word(), "", now)
            };
            ctx.db().write::<_, DbError, _>(Lane::Background, fetch).await?;
            return Err(CallbackError::UnknownKey);
        }
    };
    if notice.id.is_empty() || notice.id.len() > ID_MAX {
        return Err(CallbackError::Malformed);
    }
    ctx.db().write(Lane::Interactive, move |tx| take_note(tx, method, &notice)).await?;
    Ok(provider.taken())
}

/// Takes note of what a provider told, once.
pub(crate) fn take_note(tx: &mut Tx, provider: Method, notice: &Notice) -> Result<(), CallbackError> {
    match &notice.what {
        Told::Paid { number, .. } | Told::Failed { number } => {
            let id = method::payment_of(number).ok_or(CallbackError::UnknownPayment)?;
            let payment = store::find_payment(tx, id)?.filter(|payment| payment.method == provider.word());
            let payment = payment.ok_or(CallbackError::UnknownPayment)?;
            let outcome = if matches!(notice.what, Told::Paid { .. }) { "received" } else { "failed" };
            if !store::record_notice(tx, provider, &notice.id, (Some(id), outcome))? {
                return Ok(());
            }
            match notice.what {
                Told::Paid { amount, at, .. } => api::receive(tx, (&payment, provider), amount, at)?,
                _ => {
                    api::fail(tx, id, "failed")?;
                }
            }
        }
        Told::Refunded { number, .. } | Told::RefundFailed { number } => {
            let id = method::refund_of(number).ok_or(CallbackError::UnknownPayment)?;
            let refund = charges::find_refund(tx, id)?.filter(|refund| refund.provider == provider.word());
            let refund = refund.ok_or(CallbackError::UnknownPayment)?;
            if !store::record_notice(tx, provider, &notice.id, (Some(refund.payment), "refund"))? {
                return Ok(());
            }
            match notice.what {
                Told::Refunded { at, .. } => api::confirm_refund(tx, id, at)?,
                // The job asks, and fails loudly.
                _ => {
                    let now = tx.now();
                    work::enqueue(tx, jobs::REFUND, &id.to_string(), "told", now)?;
                }
            }
        }
        Told::Other => {
            store::record_notice(tx, provider, &notice.id, (None, "other"))?;
        }
    }
    Ok(())
}
