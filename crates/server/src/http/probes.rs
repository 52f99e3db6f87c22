//! For whoever watches the server: is it alive, may it get requests, what are its figures.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use db::{DbError, Rx};

use super::Site;
use crate::store::CLOCK_OFFSET;

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
    match site.ctx.db().read::<_, DbError, _>(|rx| db::fact(rx, CLOCK_OFFSET)).await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => unready(error.to_string()),
    }
}

async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let db = site.ctx.db();
    let count = |rx: &mut Rx| Ok((work::jobs_due(rx)?, db::outbox_waiting(rx)?));
    let counted = db.read_long::<_, DbError, _>(count).await;
    let (jobs, outbox) = match counted {
        Ok(counted) => counted,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    };
    let waiting = i64::try_from(db.writes_waiting()).unwrap_or(i64::MAX);
    let text = site.metrics.render(waiting, jobs, outbox);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
