//! Around every request: its id, the guard, the time it may take, its line in the log, its figures, and the headers
//! every answer has.
//!
//! All in one layer: each layer of the router costs every request a copy of the service and two boxes.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use base::Problem;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt};

use super::{Site, guard};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ID_MAX: usize = 64;
/// Headers that an answer has with ours, about: room is made once.
const HEADERS: usize = 12;
/// Styles may stand in attributes, which the components of both apps set; scripts come from our own files only.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// For what is data and no page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// The layer.
#[derive(Clone)]
pub(super) struct AroundAll(pub(super) Arc<Site>);

impl<S> Layer<S> for AroundAll {
    type Service = Around<S>;

    fn layer(&self, inner: S) -> Around<S> {
        Around { inner, site: Arc::clone(&self.0) }
    }
}

/// A service with what is around every request.
#[derive(Clone)]
pub(super) struct Around<S> {
    inner: S,
    site: Arc<Site>,
}

impl<S> Service<Request> for Around<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (site, inner) = (Arc::clone(&self.site), self.inner.clone());
        Box::pin(async move { Ok(around(&site, request, inner).await) })
    }
}

async fn around<S>(site: &Site, request: Request, inner: S) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let started = Instant::now();
    let id = request_id(site, request.headers());
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match guard::admit(site, request) {
        Ok(request) => in_time(site.deadline(), inner.oneshot(request)).await,
        Err(problem) => rest::problem_response(&problem),
    };
    // A remembered answer is the same to the byte whenever it is asked for; its request is named in the header only.
    if response.status().as_u16() >= 400 && response.extensions().get::<rest::Verbatim>().is_none() {
        response = name_request(response, text(&id)).await;
    }
    dress(site.ctx.settings().is_demo, &id, response.headers_mut());
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    let route = matched.as_ref().map_or("", MatchedPath::as_str);
    site.metrics.note(&method, route, status, elapsed);
    let ms = elapsed.as_secs_f64() * 1_000.0;
    if status >= 500 {
        tracing::warn!(request_id = text(&id), %method, route, status, ms, "request");
    } else {
        tracing::info!(request_id = text(&id), %method, route, status, ms, "request");
    }
    response
}

/// What the handler answers: while the time lasts, and also when it panics.
pub(super) async fn in_time(
    deadline: Duration,
    answer: impl Future<Output = Result<Response, Infallible>>,
) -> Response {
    let mut answer = pin!(AssertUnwindSafe(answer).catch_unwind());
    // What is answered at once, from memory, needs no timer.
    let answered = match poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await {
        Poll::Ready(answered) => Ok(answered),
        Poll::Pending => tokio::time::timeout(deadline, answer).await,
    };
    match answered {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(panic)) => panicked(&*panic),
        Err(_) => {
            let detail = "the request took too long; ask again with the same Idempotency-Key";
            rest::problem_response(&Problem::new(503, "request.timeout", detail).with_retry_after(1))
        }
    }
}

/// The id the client or a proxy gave, when it is one; else a new one.
fn request_id(site: &Site, headers: &HeaderMap) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match headers.get(REQUEST_ID) {
        Some(given) if (1..=ID_MAX).contains(&given.len()) && given.as_bytes().iter().all(is_plain) => {
            given.clone()
        }
        _ => site.next_request_id(),
    }
}

fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or("")
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

fn dress(is_demo: bool, id: &HeaderValue, headers: &mut HeaderMap) {
    let is_data = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    headers.reserve(HEADERS);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, if is_data { DATA_POLICY } else { POLICY });
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !is_data {
        set(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    set(header::CACHE_CONTROL, "no-store");
    if !is_demo {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    headers.insert(REQUEST_ID, id.clone());
}

/// The answer when a handler panicked; the panic itself stands in the log.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    let detail = "the server made a mistake; it has been noted";
    rest::problem_response(&Problem::new(500, "internal", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(kind: &'static str, is_demo: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        dress(is_demo, &HeaderValue::from_static("1"), &mut headers);
        headers
    }

    #[test]
    fn data_may_load_nothing_and_pages_only_what_is_ours() {
        for kind in ["application/json", "application/problem+json"] {
            assert_eq!(dressed(kind, false)[header::CONTENT_SECURITY_POLICY], DATA_POLICY);
        }
        for kind in ["text/html; charset=utf-8", "image/svg+xml", "text/csv; charset=utf-8"] {
            let headers = dressed(kind, false);
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY);
            assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        }
    }

    #[test]
    fn what_the_handler_says_stands() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        dress(false, &HeaderValue::from_static("1"), &mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=3600");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!dressed("text/html", true).contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
