//! Modules put together without a socket: requests go straight into the router.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use db::{DbError, Engine, Migrations};
use http_body_util::BodyExt;
use rest::{Authenticate, Ctx, Module, OpenApiRouter, Settings};
use serde_json::Value;
use tower::ServiceExt;
use work::{Worker, WorkerOptions};

use crate::{Store, open};

/// What to put together.
pub struct Parts {
    /// The modules.
    pub modules: Vec<Module>,
    /// Who signs people in.
    pub authenticate: Arc<dyn Authenticate>,
    /// What modules look for in the context.
    pub extensions: Vec<Arc<dyn Any + Send + Sync>>,
}

/// Modules over a fresh store.
pub struct App {
    /// The store and its clock.
    pub store: Store,
    /// The context.
    pub ctx: Ctx,
    /// The invariants of the modules.
    pub audits: Vec<rest::Audit>,
    router: Router,
    worker: Worker,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is not.
    pub json: Value,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, after checking the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self.json
    }

    /// Checks the status and the problem's code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        let json = self.expect(status);
        assert_eq!(json.get("code").and_then(Value::as_str), Some(code), "{json}");
        json
    }
}

impl App {
    /// Puts the parts together over an empty store.
    pub fn new(engine: Engine, parts: fn() -> Parts) -> Self {
        let Parts { modules, authenticate, extensions } = parts();
        let mut tables: Vec<Migrations> = vec![work::MIGRATIONS, rest::MIGRATIONS];
        tables.extend(modules.iter().map(|module| module.migrations));
        let store = open(engine, &tables);
        let settings = Settings { is_demo: true, public_url: "http://shop.test".to_owned() };
        let ctx = Ctx::new(store.db.clone(), settings, authenticate, extensions);
        let mut routes = OpenApiRouter::new();
        let (mut options, mut audits) = (WorkerOptions::default(), Vec::new());
        for module in modules {
            routes = routes.merge(module.routes);
            options.subscribers.extend(module.subscribers);
            options.handlers.extend(module.jobs);
            options.handlers.extend(module.outside.into_iter().flat_map(|jobs| jobs(&ctx)));
            audits.extend(module.audits);
        }
        options.handlers.extend(work::upkeep());
        options.handlers.extend(rest::upkeep());
        let router = Router::from(routes).with_state(ctx.clone());
        let worker = Worker::new(store.db.clone(), options);
        Self { store, ctx, audits, router, worker }
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json, body }
    }

    /// Sends a request with a JSON body, as the holder of `token` (empty for nobody). A POST gets a fresh
    /// `Idempotency-Key`.
    pub async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        let mut key = [0; 16];
        self.store.db.rng().fill(&mut key);
        self.call_with_key(method, path, token, &format!("{:032x}", u128::from_be_bytes(key)), body).await
    }

    /// [`App::call`] with a given `Idempotency-Key`.
    pub async fn call_with_key(
        &self,
        method: &str,
        path: &str,
        token: &str,
        key: &str,
        body: Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("idempotency-key", key);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).expect("a request")).await
    }

    /// GET.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, Value::Null).await
    }

    /// POST.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call("POST", path, token, body).await
    }

    /// Delivers all events and runs all due jobs.
    pub async fn settle(&self) {
        self.worker.settle().await.expect("the worker settles");
    }

    /// Moves the clock on and lets everything happen that was due.
    pub async fn pass(&self, seconds: i64) {
        base::Clock::advance(self.store.clock.as_ref(), seconds.saturating_mul(1_000_000));
        self.settle().await;
    }

    /// Checks every invariant of the modules.
    pub async fn audit(&self) {
        for audit in &self.audits {
            let run = audit.run;
            let failures = self.store.db.read_long::<_, DbError, _>(run).await;
            let failures = failures.expect("the audit runs");
            assert!(failures.is_empty(), "{} {}: {failures:?}", audit.id, audit.title);
        }
    }
}
