//! The sandbox provider: it needs no account and behaves like a real one — it signs what it tells, and tells it
//! late, twice, wrongly or not at all when asked to.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base::PaymentId;
use db::{DbError, Lane};
use hmac::{Hmac, KeyInit, Mac};
use rest::{Common, Ctx, Denied, OpenApiRouter, Path, Refused, routes};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::callback::{self, CallbackError, Notice, NoticeKind};
use crate::store;

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
            let Some(charge) = store::find_charge(tx, payment)? else { return Ok(None) };
            let paid = match act {
                Act::PayWrongAmount => charge.amount.saturating_sub(1),
                Act::Pay | Act::PayTwice | Act::PayLost => charge.amount,
                Act::Fail => 0,
            };
            let is_new = match act {
                Act::Fail => store::fail_charge(tx, payment)?,
                Act::Pay | Act::PayTwice | Act::PayWrongAmount | Act::PayLost => {
                    store::pay_charge(tx, payment, paid)?
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
        let notice = Notice {
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
async fn tell(ctx: &Ctx, notice: &Notice) -> Result<(), CallbackError> {
    let body = serde_json::to_vec(notice).or(Err(CallbackError::Malformed))?;
    let timestamp = ctx.clock().now().micros().div_euclid(1_000_000).to_string();
    let mut nonce = [0; 16];
    ctx.db().rng().fill(&mut nonce);
    let nonce = format!("{:032x}", u128::from_be_bytes(nonce));
    let signature = sign(&crate::secret(ctx).0, &timestamp, &nonce, &body);
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("sandbox-timestamp", timestamp), ("sandbox-nonce", nonce), ("sandbox-signature", signature)]
    {
        headers.insert(name, HeaderValue::from_str(&value).or(Err(CallbackError::Malformed))?);
    }
    callback::accept(ctx, &headers, &body).await
}
