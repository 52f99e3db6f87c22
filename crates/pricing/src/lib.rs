//! What a cart costs, and where every minor unit of it comes from.
//!
//! The price is a pure function of lines and rules: [`api::quote`]. Nothing here knows of stock or orders.
#![warn(missing_docs)]

pub mod api;
mod model;
