//! What only a demo has: a clock that can be moved, and people one can sign in as.

mod routes;

pub(crate) use routes::routes;
