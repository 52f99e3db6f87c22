//! Figures for monitoring, in OpenMetrics.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::Method;
use db::Refusals;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds: from a point read to the request deadline.
const BOUNDS_S: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Methods that are counted by name.
static METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

/// What the store says of itself at the moment.
pub(super) struct StoreFigures {
    pub(super) writes_waiting: usize,
    pub(super) is_reachable: bool,
    pub(super) refusals: Refusals,
}

/// What stands in the store.
pub(super) struct Stored {
    pub(super) jobs_due: i64,
    pub(super) outbox_waiting: i64,
}

/// The figures of one route. A family hashes the labels for each answer; these are found by the route alone.
struct Route {
    seconds: Histogram,
    answers: Mutex<Vec<(&'static str, u16, Counter)>>,
}

/// The server's figures.
pub(crate) struct Metrics {
    own: Registry,
    routes: RwLock<HashMap<String, Arc<Route>, RandomState>>,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram>,
    writes_waiting: Gauge,
    reachable: Gauge,
    refused: Family<Refused, Counter>,
    dropped: Counter,
    /// Those that are only known while the store can be read.
    stored: Registry,
    jobs_due: Gauge,
    outbox_waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut own = Registry::default();
        let requests = Family::<Answered, Counter>::default();
        let seconds = Family::<Asked, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS_S));
        let (writes_waiting, reachable) = (Gauge::default(), Gauge::default());
        let (refused, dropped) = (Family::<Refused, Counter>::default(), Counter::default());
        own.register("tuan_requests", "Requests answered", requests.clone());
        own.register("tuan_request_seconds", "Time to answer", seconds.clone());
        own.register("tuan_writes_waiting", "Writes that wait for the store", writes_waiting.clone());
        let text = "1 when the database can be reached, 0 when the last attempt failed";
        own.register("tuan_store_reachable", text, reachable.clone());
        let text = "Reads and writes the store refused, by reason: disk_full, busy, unreachable";
        own.register("tuan_store_refused", text, refused.clone());
        let text = "Writes that nobody waited for and that failed";
        own.register("tuan_writes_dropped", text, dropped.clone());
        let mut stored = Registry::default();
        let (jobs_due, outbox_waiting) = (Gauge::default(), Gauge::default());
        stored.register("tuan_jobs_due", "Jobs whose time has come", jobs_due.clone());
        stored.register("tuan_outbox_waiting", "Events not yet delivered", outbox_waiting.clone());
        Self {
            own,
            routes: RwLock::default(),
            requests,
            seconds,
            writes_waiting,
            reachable,
            refused,
            dropped,
            stored,
            jobs_due,
            outbox_waiting,
        }
    }
}

impl Metrics {
    /// Counts one answer. `route` is the pattern, never the address: whatever a client makes up is `other`, or it
    /// could make up any number of figures.
    pub(super) fn note(&self, method: &Method, route: &str, status: u16, elapsed: Duration) {
        let name = if route.is_empty() { "other" } else { route };
        let method = METHODS.iter().find(|known| *known == method).map_or("other", Method::as_str);
        let route = self.route(name);
        route.seconds.observe(elapsed.as_secs_f64());
        let mut answers = route.answers.lock();
        if let Some((.., count)) = answers.iter().find(|known| (known.0, known.1) == (method, status)) {
            count.inc();
            return;
        }
        let answered = Answered { method, route: name.to_owned(), status };
        let count = self.requests.get_or_create(&answered).clone();
        count.inc();
        answers.push((method, status, count));
    }

    fn route(&self, name: &str) -> Arc<Route> {
        if let Some(route) = self.routes.read().get(name) {
            return Arc::clone(route);
        }
        let mut routes = self.routes.write();
        let new = || {
            let seconds = self.seconds.get_or_create(&Asked { route: name.to_owned() }).clone();
            Arc::new(Route { seconds, answers: Mutex::default() })
        };
        Arc::clone(routes.entry(name.to_owned()).or_insert_with(new))
    }

    /// All figures as text, as of now; without those that stand in the store when it could not be read.
    pub(super) fn render(&self, store: &StoreFigures, stored: Option<&Stored>) -> String {
        self.writes_waiting.set(i64::try_from(store.writes_waiting).unwrap_or(i64::MAX));
        self.reachable.set(i64::from(store.is_reachable));
        let Refusals { disk_full, busy, unreachable, dropped } = store.refusals;
        for (reason, count) in [("disk_full", disk_full), ("busy", busy), ("unreachable", unreachable)] {
            self.refused.get_or_create(&Refused { reason }).inner().store(count, Ordering::Relaxed);
        }
        self.dropped.inner().store(dropped, Ordering::Relaxed);
        let mut text = String::new();
        let mut written = encode_registry(&mut text, &self.own);
        if let Some(Stored { jobs_due, outbox_waiting }) = stored {
            self.jobs_due.set(*jobs_due);
            self.outbox_waiting.set(*outbox_waiting);
            written = written.and_then(|()| encode_registry(&mut text, &self.stored));
        }
        if let Err(error) = written.and_then(|()| encode_eof(&mut text)) {
            tracing::error!(%error, "cannot write the figures down");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_makes_no_figures_up() {
        let metrics = Metrics::default();
        for n in 0..100 {
            let method = Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
            metrics.note(&method, "", 405, Duration::ZERO);
        }
        metrics.note(&Method::PUT, "/api/v1/me", 200, Duration::ZERO);
        let refusals = Refusals { disk_full: 0, busy: 0, unreachable: 0, dropped: 0 };
        let store = StoreFigures { writes_waiting: 0, is_reachable: true, refusals };
        let text = metrics.render(&store, None);
        let counted: Vec<_> = text.lines().filter(|line| line.starts_with("tuan_requests_total")).collect();
        assert_eq!(counted.len(), 2, "{text}");
        assert!(
            counted.iter().any(|line| line.contains("method=\"other\"") && line.ends_with(" 100")),
            "{text}"
        );
    }
}
