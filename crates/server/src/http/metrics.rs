//! Figures for monitoring, in OpenMetrics.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds: from a point read to the request deadline.
const BOUNDS_S: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    route: String,
}

/// The server's figures.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram>,
    writes_waiting: Gauge,
    jobs_due: Gauge,
    outbox_waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Answered, Counter>::default();
        let seconds = Family::<Asked, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS_S));
        let (writes, jobs, outbox) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("tuan_requests", "Requests answered", requests.clone());
        registry.register("tuan_request_seconds", "Time to answer", seconds.clone());
        registry.register("tuan_writes_waiting", "Writes that wait for the store", writes.clone());
        registry.register("tuan_jobs_due", "Jobs whose time has come", jobs.clone());
        registry.register("tuan_outbox_waiting", "Events not yet delivered", outbox.clone());
        Self { registry, requests, seconds, writes_waiting: writes, jobs_due: jobs, outbox_waiting: outbox }
    }
}

impl Metrics {
    /// Counts one answer. `route` is the pattern, never the address.
    pub(super) fn note(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        let route = if route.is_empty() { "other" } else { route };
        let answered = Answered { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&answered).inc();
        self.seconds.get_or_create(&Asked { route: route.to_owned() }).observe(elapsed.as_secs_f64());
    }

    /// All figures as text; the three numbers are as of now.
    pub(super) fn render(&self, writes_waiting: i64, jobs_due: i64, outbox_waiting: i64) -> String {
        self.writes_waiting.set(writes_waiting);
        self.jobs_due.set(jobs_due);
        self.outbox_waiting.set(outbox_waiting);
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "cannot write the figures down");
        }
        text
    }
}
