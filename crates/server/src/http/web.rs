//! The two apps, embedded: files with a hash in their name are kept for good, every other address is the app itself.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::Problem;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{Site, head};

#[derive(RustEmbed)]
#[folder = "../../web/apps/shop/dist/"]
#[exclude = ".vite/*"]
#[allow_missing = true]
struct Shop;

#[derive(RustEmbed)]
#[folder = "../../web/apps/console/dist/"]
#[exclude = ".vite/*"]
#[allow_missing = true]
struct Console;

/// What the apps are when they were not built.
const PLACEHOLDER: &str = "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>Tuan</title></head>\
<body><h1>Tuan</h1><p>The pages are not in this program. Build them and the program again: <code>make demo</code></p>\
<p>The API is at <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></body></html>";

const FOREVER: &str = "public, max-age=31536000, immutable";
const AN_HOUR: &str = "public, max-age=3600";

pub(super) fn routes(site: &Arc<Site>) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/p/{id}", get(product))
        .route("/t/{id}", get(team))
        .route("/m/{id}", get(merchant))
        .route("/s/{id}", get(entry))
        .route("/c/{id}", get(coupon))
        .fallback(file)
        .with_state(Arc::clone(site))
}

async fn openapi(State(site): State<Arc<Site>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], site.openapi.clone()).into_response()
}

async fn product(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    index::<Shop>(&headers, head::product(&site, &id).await)
}

async fn team(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    index::<Shop>(&headers, head::team(&site, &id).await)
}

async fn merchant(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    index::<Shop>(&headers, head::merchant(&site, &id).await)
}

async fn entry(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    index::<Shop>(&headers, head::entry(&site, &id).await)
}

async fn coupon(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    index::<Shop>(&headers, head::coupon(&site, &id).await)
}

/// Everything else: a file of an app, or the app.
async fn file(method: Method, uri: Uri, request: Request) -> Response {
    let path = uri.path().trim_start_matches('/');
    let is_page = matches!(method, Method::GET | Method::HEAD);
    if !is_page || path.starts_with("api/") || path.starts_with("media/") {
        return not_found();
    }
    match path.strip_prefix("console").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => asset::<Console>(rest.trim_start_matches('/'), request.headers()),
        None => asset::<Shop>(path, request.headers()),
    }
}

fn not_found() -> Response {
    rest::problem_response(&Problem::new(404, "not_found", "there is nothing at this address"))
}

fn asset<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Response {
    let is_index = path.is_empty() || path == "index.html";
    if !is_index && let Some((found, encoding)) = find::<E>(path, headers) {
        let is_hashed = path.starts_with("assets/");
        return answer(path, found, encoding, if is_hashed { FOREVER } else { AN_HOUR });
    }
    // A file of another release: the app's page would be taken for a script.
    if path.starts_with("assets/") {
        return not_found();
    }
    index::<E>(headers, None)
}

/// The file in the best form the client takes.
fn find<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let takes = |encoding: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some(encoding) && !words.any(|word| word == "q=0")
        })
    };
    for (encoding, ending) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(encoding)
            && let Some(found) = E::get(&format!("{path}{ending}"))
        {
            return Some((found, Some(encoding)));
        }
    }
    E::get(path).map(|found| (found, None))
}

fn answer(path: &str, found: EmbeddedFile, encoding: Option<&'static str>, cache: &'static str) -> Response {
    let mut response = Response::new(Body::from(found.data));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind_of(path)));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(cache));
    headers.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(encoding));
    }
    response
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The app's page; `tags` stand in its head in place of the title, for those who only look at previews.
fn index<E: RustEmbed>(headers: &HeaderMap, tags: Option<String>) -> Response {
    let Some(tags) = tags else {
        return match find::<E>("index.html", headers) {
            Some((found, encoding)) => answer("index.html", found, encoding, "no-cache"),
            None => page(PLACEHOLDER.to_owned()),
        };
    };
    let html = E::get("index.html").and_then(|found| String::from_utf8(found.data.into_owned()).ok());
    page(head::insert(&html.unwrap_or_else(|| PLACEHOLDER.to_owned()), &tags))
}

fn page(html: String) -> Response {
    let headers = [(header::CONTENT_TYPE, kind_of("index.html")), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::OK, headers, html).into_response()
}
