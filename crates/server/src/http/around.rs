//! Around every request: its id, its line in the log, its figures, and the headers every answer has.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base::Problem;
use http_body_util::BodyExt;

use super::Site;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ID_MAX: usize = 64;
/// Styles may stand in attributes, which the components of both apps set; scripts come from our own files only.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

pub(super) async fn around(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&site, request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;
    // A remembered answer is the same to the byte whenever it is asked for; its request is named in the header only.
    if response.status().as_u16() >= 400 && response.extensions().get::<rest::Verbatim>().is_none() {
        response = name_request(response, &id).await;
    }
    dress(&site, &id, response.headers_mut());
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    site.metrics.note(&method, &route, status, elapsed);
    let ms = elapsed.as_secs_f64() * 1_000.0;
    if status >= 500 {
        tracing::warn!(request_id = id, %method, route, status, ms, "request");
    } else {
        tracing::info!(request_id = id, %method, route, status, ms, "request");
    }
    response
}

/// The id the client or a proxy gave, when it is one; else a new one.
fn request_id(site: &Site, headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !given.is_empty() && given.len() <= ID_MAX && given.bytes().all(is_plain) {
        return given.to_owned();
    }
    site.next_request_id()
}

/// Writes the request's id into a problem.
async fn name_request(response: Response, id: &str) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let body = body.to_bytes();
    let Ok(mut problem) = serde_json::from_slice::<Problem>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    problem.request_id = Some(id.to_owned());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(serde_json::to_vec(&problem).unwrap_or_default()))
}

fn dress(site: &Site, id: &str, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, "no-store");
    if !site.ctx.settings().is_demo {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The answer when a handler panicked; the panic itself stands in the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    let detail = "the server made a mistake; it has been noted";
    rest::problem_response(&Problem::new(500, "internal", detail))
}
