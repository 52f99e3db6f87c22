//! All SQL of the catalogue.

mod changes;
mod finding;
mod handles;
mod lists;
mod pictures;
mod products;
mod variants;

pub(crate) use changes::*;
pub(crate) use finding::*;
pub(crate) use handles::*;
pub(crate) use pictures::*;
pub(crate) use products::*;
pub(crate) use variants::*;
