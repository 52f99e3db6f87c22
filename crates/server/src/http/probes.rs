//! For whoever watches the server: is it alive, may it get requests, what are its figures.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use db::{DbError, Rx};

use super::Site;
use super::metrics::{StoreFigures, Stored};
use crate::store::CLOCK_OFFSET;

/// How long the store may take to answer a watcher, who has little patience.
const STORE_MAX: Duration = Duration::from_secs(2);

pub(super) fn routes(site: &Arc<Site>, has_metrics: bool) -> Router {
    let mut routes = Router::new().route("/livez", get(|| async { "alive\n" })).route("/readyz", get(ready));
    if has_metrics {
        routes = routes.route("/metrics", get(metrics));
    }
    routes.with_state(Arc::clone(site))
}

async fn ready(State(site): State<Arc<Site>>) -> Response {
    let unready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    if site.is_draining() {
        return unready("draining".to_owned());
    }
    if let Some(reason) = site.ctx.db().broken_reason() {
        tracing::error!(reason, "unready");
        return unready("the store is damaged".to_owned());
    }
    let read = site.ctx.db().read::<_, DbError, _>(|rx| db::fact(rx, CLOCK_OFFSET));
    match tokio::time::timeout(STORE_MAX, read).await {
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(error)) => unready(error.to_string()),
        Err(_) => unready(format!("the store did not answer within {STORE_MAX:?}")),
    }
}

async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let db = site.ctx.db();
    let count =
        |rx: &mut Rx| Ok(Stored { jobs_due: work::jobs_due(rx)?, outbox_waiting: db::outbox_waiting(rx)? });
    let counted = tokio::time::timeout(STORE_MAX, db.read_long::<_, DbError, _>(count)).await;
    let store = StoreFigures {
        writes_waiting: db.writes_waiting(),
        is_reachable: db.is_reachable(),
        refusals: db.refusals(),
    };
    // The program's own figures are told whatever the store does.
    let text = site.metrics.render(&store, counted.ok().and_then(Result::ok).as_ref());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
