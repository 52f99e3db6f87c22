//! What commands print: data to standard output, messages to standard error.

use std::io::Write;

/// A command that cannot be carried out as it was given; the program ends with 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

/// Writes a line to standard output. A reader that has gone away is no failure of the command.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).unwrap_or(());
}

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").unwrap_or(());
}
