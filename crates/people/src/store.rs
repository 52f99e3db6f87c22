//! All SQL of people.

mod acts;
mod addresses;
mod codes;
mod lists;
mod persons;
mod second;
mod sessions;
mod shops;

pub(crate) use acts::*;
pub(crate) use addresses::*;
pub(crate) use codes::*;
pub(crate) use persons::*;
pub(crate) use second::*;
pub(crate) use sessions::*;
pub(crate) use shops::*;
