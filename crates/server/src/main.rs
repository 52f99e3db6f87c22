//! The binary `tuan`: puts the modules together and serves them. See `ARCHITECTURE.md`.

mod app;
mod audits;
mod cli;
mod commands;
mod config;
mod demo;
mod http;
mod inside;
mod log;
mod openapi;
mod output;
mod providers;
mod retail;
mod sms;
mod store;

use std::process::ExitCode;

/// Answers are made on one thread and freed on another, which the system's allocator takes a lock for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            output::complain(&format!("tuan: {error:#}"));
            let is_refusal = error.downcast_ref::<output::Refusal>().is_some();
            ExitCode::from(if is_refusal { 2 } else { 1 })
        }
    }
}
