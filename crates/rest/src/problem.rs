//! From errors to RFC 9457 answers.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{BadCursor, Problem};
use db::DbError;
use utoipa::openapi::{Content, RefOr, ResponseBuilder};

/// What an error answers. Derived with `#[derive(rest::Problem)]`.
pub trait ToProblem {
    /// The answer.
    fn problem(&self) -> Problem;
    /// Every status and code this error can answer with.
    fn documented() -> Vec<(u16, &'static str)>
    where
        Self: Sized;
}

/// Builds the answer: `application/problem+json`, with `Retry-After` where it makes sense.
pub fn problem_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    if let Some(seconds) = problem.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl ToProblem for DbError {
    fn problem(&self) -> Problem {
        match self {
            Self::Conflict | Self::Busy | Self::TooLong => {
                Problem::new(503, "store.busy", "the server is busy; try again with the same Idempotency-Key")
                    .with_retry_after(1)
            }
            Self::Lost => {
                let detail = "the database cannot be reached; nothing was done; try again with the same Idempotency-Key";
                Problem::new(503, "store.unavailable", detail).with_retry_after(2)
            }
            Self::InDoubt => {
                let detail =
                    "it is not known yet whether this was done; ask again with the same Idempotency-Key";
                Problem::new(503, "store.in_doubt", detail).with_retry_after(2)
            }
            Self::DiskFull => Problem::new(507, "store.full", "the disk is full; nothing was changed"),
            Self::Broken(_) | Self::OtherVersion(_) | Self::Closed => {
                Problem::new(503, "store.unavailable", "the store is not available").with_retry_after(10)
            }
            Self::Unique(_) | Self::Constraint(_) | Self::Poisoned | Self::Bug(_) => {
                // The one place where such an error is logged; the answer tells nothing of it.
                tracing::error!(error = %self, "request failed");
                Problem::new(500, "internal", "the server made a mistake; it has been noted")
            }
        }
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![
            (500, "internal"),
            (503, "store.busy"),
            (503, "store.in_doubt"),
            (503, "store.unavailable"),
            (507, "store.full"),
        ]
    }
}

impl ToProblem for BadCursor {
    fn problem(&self) -> Problem {
        Problem::new(400, "query.invalid", self.to_string())
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![(400, "query.invalid")]
    }
}

/// A refused request, ready to be answered. Made from any error that knows its problem.
#[derive(Debug)]
pub struct Refused(pub Problem);

impl<E: ToProblem> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.problem())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        problem_response(&self.0)
    }
}

/// What any request may be refused with, for the `responses(…)` of every handler. It stands under `default`, so that
/// it hides nothing of what the handler says itself; the document puts [`Common::STATUSES`] in its place, as far as
/// they can be answered there.
pub struct Common;

impl Common {
    /// Statuses that several operations share, and what each means.
    pub const STATUSES: &[(u16, &str)] = &[
        (400, "the request is malformed: body, parameter or header"),
        (401, "nobody is signed in: `auth.required`"),
        (403, "the person lacks the right: `auth.forbidden`, or the request comes from another site"),
        (404, "there is no such thing, or it may not be known"),
        (409, "a request with the same Idempotency-Key is under way: `idempotency.in_flight`"),
        (413, "the body is too large"),
        (415, "the body is not what the route takes"),
        (422, "the Idempotency-Key was used for another request: `idempotency.key_reused`"),
        (429, "too many requests; see Retry-After"),
        (500, "the server made a mistake"),
        (503, "the server is busy; see Retry-After"),
        (507, "the disk is full"),
    ];
}

impl utoipa::IntoResponses for Common {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        BTreeMap::from([("default".to_owned(), problem_doc("what any request may be refused with"))])
    }
}

fn problem_doc(what: &str) -> RefOr<utoipa::openapi::Response> {
    let schema = utoipa::openapi::Ref::from_schema_name("Problem");
    let content = Content::new(Some(RefOr::<utoipa::openapi::schema::Schema>::Ref(schema)));
    ResponseBuilder::new().description(what).content("application/problem+json", content).build().into()
}
