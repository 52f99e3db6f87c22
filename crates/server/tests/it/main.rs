//! The whole server over HTTP, as a process, on both engines.
#![cfg(test)]

mod authorisation;
mod dashboard;
mod explorer;
mod guard;
mod world;
