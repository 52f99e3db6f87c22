//! The whole server over HTTP, as a process, on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![cfg(test)]

mod authorisation;
mod world;
