//! The loop from the catalogue to the settled order, through the routes, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod activities;
mod alone;
mod bills;
mod cart;
mod cash;
mod coupons;
mod flash_sales;
mod members;
mod outside;
mod paid_cards;
mod points;
mod points_model;
mod promotions;
mod races;
mod sandbox;
mod shares;
mod teams;
mod told;
mod virtuals;
mod world;
