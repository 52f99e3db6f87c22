//! Logs: one JSON object a line, or for people when standard error is a terminal.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Whether [`start`] will understand `filter`.
///
/// # Errors
/// When it does not.
pub(crate) fn check(filter: &str) -> Result<()> {
    let text = || format!("log is a level, or levels by module, such as info,db=debug; not {filter:?}");
    EnvFilter::try_new(filter).map(drop).with_context(text)
}

/// Starts logging; `filter` is `info` or finer, such as `info,db=debug`. A second call changes nothing.
pub(crate) fn start(filter: &str) {
    // The migrations' library tells every step it does not take. PostgreSQL's client tells the values of every
    // statement when asked for more than this: phone numbers and codes among them.
    let quiet = format!("refinery_core=warn,{filter},tokio_postgres=info,postgres=info");
    let filter = EnvFilter::try_new(quiet).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        lines.compact().try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    if let Err(error) = started {
        tracing::debug!(error, "logging runs already");
    }
}
