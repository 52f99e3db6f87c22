//! The code that a payer scans.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use base::PaymentId;
use db::DbError;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use rest::{Actor, Common, Ctx, Denied, OpenApiRouter, Path, Refused, routes};

use crate::provider::Show;
use crate::views::view;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(payment_code))
}

fn svg(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().to_str(&code))
}

/// The code to be scanned for a pending payment of the person who asks.
#[utoipa::path(get, path = "/api/v1/payments/{payment}/qr.svg", tag = "payments",
    params(("payment" = PaymentId, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), Common))]
async fn payment_code(
    ctx: rest::State,
    actor: Actor,
    Path(payment): Path<PaymentId>,
) -> Result<Response, Refused> {
    let found = ctx.db().read::<_, DbError, _>(move |rx| view(rx, payment, actor.person)).await?;
    let Some(Show::Code { text }) = found.and_then(|view| view.show) else {
        return Err(Denied::Unknown.into());
    };
    let svg = svg(&text).ok_or(Denied::Unknown)?;
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, no-store")];
    Ok((headers, svg).into_response())
}
