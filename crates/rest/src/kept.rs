//! Public answers that are asked for again and again, kept as long as a read would give the same.
//!
//! An answer goes with the first commit of this node that writes one of the tables it was read from, and after a
//! second at the latest, for the sake of what other nodes write. Whoever has a session is always answered from the
//! store, so that people see what they have just changed, whichever node they ask.

use std::collections::HashMap;

use axum::extract::FromRequestParts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, header, request::Parts};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use db::{DbError, Mark, Rx};
use parking_lot::Mutex;
use serde::Serialize;

use crate::{Ctx, Refused, ToProblem, bearer_or_cookie};

/// Bytes kept in all, keys included; when there are more, all go.
const BYTES_MAX: usize = 32 << 20;
/// Larger answers are not kept.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// The path and query of a request by somebody without a session; `None` for those who have one.
pub struct KeptKey(Option<PathAndQuery>);

impl FromRequestParts<Ctx> for KeptKey {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, std::convert::Infallible> {
        let has_session = bearer_or_cookie(&parts.headers, ctx.settings().is_demo).is_some();
        Ok(Self(if has_session { None } else { parts.uri.path_and_query().cloned() }))
    }
}

/// Answers of this node.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    by_key: HashMap<String, (Mark, Bytes)>,
    bytes: usize,
}

impl Kept {
    fn find(&self, ctx: &Ctx, key: &str) -> Option<Bytes> {
        let answers = self.0.lock();
        let (mark, body) = answers.by_key.get(key)?;
        ctx.db().holds(mark).then(|| body.clone())
    }

    fn keep(&self, key: String, mark: Mark, body: Bytes) {
        let size = key.len().saturating_add(body.len()).saturating_add(256);
        if size > ANSWER_BYTES_MAX {
            return;
        }
        let mut answers = self.0.lock();
        if answers.bytes.saturating_add(size) > BYTES_MAX {
            *answers = Answers::default();
        }
        let known = answers.by_key.insert(key, (mark, body));
        // What was there under this key is counted as long as the rest is: too early is early enough.
        let more = if known.is_some() { 0 } else { size };
        answers.bytes = answers.bytes.saturating_add(more);
    }
}

impl Ctx {
    /// Answers what `read` finds, from memory where it still holds. The answer may depend on nothing but the store and
    /// the request's path and query.
    ///
    /// # Errors
    /// What `read` refuses; refusals are not kept.
    pub async fn kept<T, E, F>(&self, key: KeptKey, mut read: F) -> Result<Response, Refused>
    where
        F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
        T: Serialize + 'static,
        E: ToProblem + From<DbError> + Send + 'static,
    {
        let Some(key) = key.0 else {
            let body = self.db().read(move |rx| json::<T, E>(&read(rx)?)).await;
            return Ok(answer(body?));
        };
        if let Some(body) = self.answers().find(self, key.as_str()) {
            return Ok(answer(body));
        }
        let start = self.db().commits_seen();
        let look = move |rx: &mut Rx| -> Result<_, E> {
            rx.watch_tables();
            let body = json::<T, E>(&read(rx)?)?;
            Ok((body, rx.tables_watched()))
        };
        let (body, tables) = self.db().read(look).await?;
        if let Some(mark) = self.db().mark(start, tables) {
            self.answers().keep(key.as_str().to_owned(), mark, body.clone());
        }
        Ok(answer(body))
    }
}

fn json<T: Serialize, E: From<DbError>>(value: &T) -> Result<Bytes, E> {
    let body = serde_json::to_vec(value).map_err(|error| DbError::Bug(error.to_string()))?;
    Ok(Bytes::from(body))
}

fn answer(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
