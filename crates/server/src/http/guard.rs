//! Before every handler: requests from other sites, too many, too large or too slow are refused.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use base::Problem;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http_body::Body as _;
use http_body_util::Limited;
use people::api::ClientAddress;

use super::Site;

const BODY_MAX: usize = 1024 * 1024;
const PICTURE_MAX: usize = 8 * BODY_MAX;
const IMPORT_MAX: usize = 64 * BODY_MAX;
/// After so many counted requests, addresses that are quiet again are forgotten.
const FORGET_EVERY: u64 = 4_096;

/// What one client may use.
pub(crate) struct Limits {
    /// How long a request may take.
    pub(crate) deadline: Duration,
    /// Whether the last address of `X-Forwarded-For` is the client's.
    pub(crate) trusts_forwarded: bool,
    anonymous_writes: DefaultKeyedRateLimiter<IpAddr>,
    counted: AtomicU64,
}

impl Limits {
    /// Limits with so many writes a minute for whoever has not signed in.
    pub(crate) fn new(deadline: Duration, trusts_forwarded: bool, anonymous_writes_per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(anonymous_writes_per_minute).unwrap_or(NonZeroU32::MIN);
        let anonymous_writes = RateLimiter::keyed(Quota::per_minute(per_minute));
        Self { deadline, trusts_forwarded, anonymous_writes, counted: AtomicU64::new(0) }
    }

    fn is_too_many(&self, address: IpAddr) -> bool {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.anonymous_writes.retain_recent();
        }
        self.anonymous_writes.check_key(&address).is_err()
    }
}

/// The peer of a connection; the listener puts it into each request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// The request as the handlers get it.
///
/// # Errors
/// The answer to a request that is refused.
pub(super) fn admit(site: &Site, mut request: Request) -> Result<Request, Problem> {
    let is_demo = site.ctx.settings().is_demo;
    let client = client_address(site, &request);
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe {
        if let Some(problem) = refuse_write(site, &request, client) {
            return Err(problem);
        }
        // Everybody in a demo comes from the same few addresses; limits per number still hold.
        let shown = if is_demo { None } else { client };
        request.extensions_mut().insert(ClientAddress(shown.map_or(String::new(), |ip| ip.to_string())));
    }
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let max = body_max(request.uri().path());
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > max) {
        let detail = format!("the body is larger than the {max} bytes this route takes");
        return Err(Problem::new(413, "body.too_large", detail));
    }
    Ok(request.map(|body| Body::new(Limited::new(body, max))))
}

fn body_max(path: &str) -> usize {
    if path.ends_with("/products/import") {
        IMPORT_MAX
    } else if path.ends_with("/pictures") {
        PICTURE_MAX
    } else {
        BODY_MAX
    }
}

fn client_address(site: &Site, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let seen = if site.limits.trusts_forwarded { forwarded(request.headers()).or(peer) } else { peer };
    seen.map(network)
}

/// The last address of `X-Forwarded-For`: the one our own proxy saw. Those before it are the client's to make up.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let list = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    list.rsplit(',').next()?.trim().parse().ok()
}

/// What is counted as one client: of IPv6 the 64 bits that lead to a connection, since the others are its own to
/// choose.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// What is done without a session, and counted as that whatever token comes with it: a made-up one takes as long to
/// write as none.
const SIGN_INS: [&str; 4] =
    ["/api/v1/sessions", "/api/v1/sessions/guest", "/api/v1/sessions/password", "/api/v1/sign-in/codes"];

fn refuse_write(site: &Site, request: &Request, client: Option<IpAddr>) -> Option<Problem> {
    let settings = site.ctx.settings();
    let headers = request.headers();
    let token = rest::bearer_or_cookie(headers, settings.is_demo);
    if token.is_some() && !rest::has_bearer(headers) && !is_same_site(headers, &settings.public_url) {
        let detail = "the request comes from another site; a program should sign in with a bearer token";
        return Some(Problem::new(403, "csrf.cross_site", detail));
    }
    let is_counted = token.is_none() || SIGN_INS.contains(&request.uri().path());
    if is_counted && client.is_some_and(|client| site.limits.is_too_many(client)) {
        let detail = "too many requests from your address; wait a little";
        return Some(Problem::new(429, "rate.too_many", detail).with_retry_after(5));
    }
    None
}

/// Whether a request with a cookie was made by our own pages or by a person, not by another site.
fn is_same_site(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site")
        && (site == "same-origin" || site == "none")
    {
        return true;
    }
    let Some(origin) = text("origin") else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == public_url || (host.is_some() && host == text("host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn same(pairs: &[(&'static str, &'static str)]) -> bool {
        is_same_site(&headers(pairs), "https://shop.example")
    }

    #[test]
    fn only_our_own_pages_may_write_with_a_cookie() {
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(same(&[("origin", "https://shop.example")]));
        assert!(same(&[("origin", "http://127.0.0.1:9"), ("host", "127.0.0.1:9")]));
        assert!(!same(&[]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]));
        assert!(!same(&[("origin", "null"), ("host", "shop.example")]));
        assert!(!same(&[("origin", "https://shop.example.evil.example"), ("host", "shop.example")]));
    }

    #[test]
    fn a_client_cannot_make_up_where_it_comes_from() {
        let from = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            forwarded(&headers).map(|address| address.to_string())
        };
        assert_eq!(from(&["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(from(&["10.9.9.9, 203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(from(&["10.9.9.9", "203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!((from(&[]), from(&["203.0.113.7, unknown"])), (None, None));
    }

    #[test]
    fn a_connection_is_one_client() {
        let counted = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:2:ffff::"), counted("2001:db8:1:2::1"));
        assert_ne!(counted("2001:db8:1:3::1"), counted("2001:db8:1:2::1"));
        assert_eq!(
            (counted("::ffff:203.0.113.7"), counted("203.0.113.7")),
            ("203.0.113.7".into(), "203.0.113.7".into())
        );
    }

    #[test]
    fn the_rate_of_strangers_is_limited_per_address() {
        let limits = Limits::new(Duration::from_secs(1), false, 3);
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!((0..5).filter(|_| limits.is_too_many(a)).count(), 2);
        assert!(!limits.is_too_many(b));
    }
}
