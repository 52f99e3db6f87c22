//! A client that sits inside: its requests go straight into the routes, as those of a browser do through a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base::Clock;
use db::{Db, DbError, Lane, Tx};
use http_body_util::BodyExt;
use people::api::Phone;
use serde_json::Value;
use tower::ServiceExt;
use work::Worker;

use crate::app::App;

/// The routes, the worker and the clock of a store that is being filled.
pub(crate) struct Inside {
    router: Router,
    worker: Worker,
    db: Db,
    clock: Arc<dyn Clock>,
    keys: AtomicU64,
}

/// An answer that a story expects: what was asked, or a refusal with this code.
pub(crate) type Answered = std::result::Result<Value, String>;

impl Inside {
    /// A client of `app`.
    pub(crate) fn new(app: App, clock: Arc<dyn Clock>) -> Self {
        let db = app.ctx.db().clone();
        let (router, _) = app.routes.split_for_parts();
        Self { router: router.with_state(app.ctx), worker: app.worker, db, clock, keys: AtomicU64::new(0) }
    }

    /// Sends a request; a refusal is an answer too.
    ///
    /// # Errors
    /// When the server fails, or answers something that is neither.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Answered> {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("idempotency-key", format!("demo-{key}"));
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body))?).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let json: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        if status.is_success() {
            return Ok(Ok(json));
        }
        let code = json.get("code").and_then(Value::as_str).unwrap_or("");
        if status.is_server_error() || code.is_empty() {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(Err(code.to_owned()))
    }

    /// Sends a request that must be answered.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Result<Value> {
        let answered = self.ask(method, path, token, body).await?;
        answered.map_err(|code| anyhow::anyhow!("{method} {path} was refused: {code}"))
    }

    /// Sends a request with a JSON body (none when null) that may be refused.
    ///
    /// # Errors
    /// As [`Inside::try_call`].
    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Result<Answered> {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body)? };
        self.try_call(method, path, token, "application/json", body).await
    }

    /// Makes a member where there is none, and begins a session.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn sign_in(&self, phone: &str, name: &str) -> Result<String> {
        let (phone, name) = (phone.parse::<Phone>().context("a phone number")?, name.to_owned());
        let open = move |tx: &mut Tx| {
            let person = people::api::ensure_member(tx, &phone, &name)?;
            people::api::open_session(tx, person, "demo")
        };
        Ok(self.db.write::<_, DbError, _>(Lane::Background, open).await?)
    }

    /// Carries out a command of a module.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn command<T: Send + 'static>(
        &self,
        command: impl FnMut(&mut Tx) -> std::result::Result<T, DbError> + Send + 'static,
    ) -> Result<T> {
        Ok(self.db.write(Lane::Background, command).await?)
    }

    /// Lets time pass, and everything happen that is due.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn pass(&self, seconds: i64) -> Result<()> {
        self.clock.advance(seconds.saturating_mul(1_000_000));
        Ok(self.worker.settle().await?)
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

/// The text at a JSON pointer.
///
/// # Errors
/// When there is none.
pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no text at {pointer} in {value}"))
}

/// The number at a JSON pointer.
///
/// # Errors
/// When there is none.
pub(crate) fn number(value: &Value, pointer: &str) -> Result<i64> {
    value
        .pointer(pointer)
        .and_then(Value::as_i64)
        .with_context(|| format!("no number at {pointer} in {value}"))
}

/// The list under `items`.
pub(crate) fn items(value: &Value) -> Vec<Value> {
    value.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
}
