//! Closed-loop load: so many shoppers, each with one request at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What to measure, and for how long.
pub(crate) struct Plan {
    pub(crate) program: PathBuf,
    pub(crate) seconds: u64,
    pub(crate) runs: usize,
}

/// What a run showed.
pub(crate) struct Run {
    /// Rounds done in the measured time, per second.
    pub(crate) rate: f64,
    /// The time of each round, in milliseconds, sorted.
    pub(crate) times_ms: Vec<f64>,
    /// Rounds that failed.
    pub(crate) errors: u64,
}

impl Run {
    /// The time that `percent` of the rounds stay below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.times_ms, percent)
    }
}

/// The time that `percent` of some sorted times stay below; 0 of none.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let place = sorted.len().saturating_mul(percent) / 100;
    let last = sorted.len().saturating_sub(1);
    sorted.get(place.min(last)).copied().unwrap_or(0.0)
}

/// One who does the same thing again and again.
pub(crate) trait Shopper: Send + 'static {
    /// Does it once; `false` when it went wrong.
    fn round(&mut self) -> impl Future<Output = bool> + Send;
}

/// Lets all shoppers work for `seconds`, after a tenth of it to warm up; gives them back for the next run.
pub(crate) async fn closed_loop<S: Shopper>(shoppers: Vec<S>, seconds: u64) -> (Vec<S>, Run) {
    let warm = Instant::now() + Duration::from_millis(seconds * 100);
    let end = warm + Duration::from_secs(seconds);
    let errors = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for mut shopper in shoppers {
        let errors = Arc::clone(&errors);
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let started = Instant::now();
                if started >= end {
                    return (shopper, times);
                }
                if !shopper.round().await {
                    errors.fetch_add(1, Ordering::Relaxed);
                }
                if started >= warm {
                    times.push(started.elapsed().as_secs_f64() * 1_000.0);
                }
            }
        });
    }
    let (mut back, mut times_ms) = (Vec::new(), Vec::new());
    for (shopper, times) in tasks.join_all().await {
        back.push(shopper);
        times_ms.extend(times);
    }
    times_ms.sort_by(f64::total_cmp);
    let rate = to_f64(times_ms.len()) / to_f64(usize::try_from(seconds).unwrap_or(1));
    (back, Run { rate, times_ms, errors: errors.load(Ordering::Relaxed) })
}

/// A count as a number to compute with.
pub(crate) fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
