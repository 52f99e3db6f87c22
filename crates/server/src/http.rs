//! The web server: sockets, what holds for every request, and the routes together.

mod around;
mod guard;
mod head;
mod listener;
mod metrics;
mod probes;
mod web;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use around::AroundAll;
use axum::Router;
use axum::http::{HeaderValue, StatusCode};
use base::Problem;
use rest::{Ctx, OpenApiRouter};

pub(crate) use guard::Limits;
pub(crate) use listener::{Listener, serve};
pub(crate) use metrics::Metrics;

/// What the layers around the handlers share.
pub(crate) struct Site {
    pub(crate) ctx: Ctx,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// The document that describes the routes.
    pub(crate) openapi: String,
    draining: AtomicBool,
    /// The process, by chance, and the number of the request in it.
    request_ids: (u32, AtomicU64),
}

impl Site {
    /// A site that takes requests.
    pub(crate) fn new(ctx: Ctx, limits: Limits, openapi: String) -> Arc<Self> {
        let metrics = Metrics::default();
        let mut process = [0; 4];
        ctx.db().rng().fill(&mut process);
        let request_ids = (u32::from_be_bytes(process), AtomicU64::new(0));
        Arc::new(Self { ctx, limits, metrics, openapi, draining: AtomicBool::new(false), request_ids })
    }

    fn next_request_id(&self) -> HeaderValue {
        let (process, count) = &self.request_ids;
        let id = format!("{process:08x}{:08x}", count.fetch_add(1, Ordering::Relaxed));
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
    }

    /// From now on `/readyz` says no, so that no new work is sent here.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    fn deadline(&self) -> Duration {
        self.limits.deadline
    }
}

/// All routes with everything around them.
pub(crate) fn router(site: &Arc<Site>, routes: OpenApiRouter<Ctx>) -> Router {
    let (api, _) = routes.split_for_parts();
    let is_demo = site.ctx.settings().is_demo;
    let router = api
        .with_state(site.ctx.clone())
        .merge(probes::routes(site, is_demo))
        .merge(web::routes(site))
        .method_not_allowed_fallback(method_not_allowed);
    let around = AroundAll(Arc::clone(site));
    router.layer(around)
}

/// Only probes and figures, for the second listener.
pub(crate) fn metrics_router(site: &Arc<Site>) -> Router {
    probes::routes(site, true).fallback(|| async { StatusCode::NOT_FOUND })
}

async fn method_not_allowed() -> axum::response::Response {
    rest::problem_response(&Problem::new(405, "method_not_allowed", "this address does not take this method"))
}
