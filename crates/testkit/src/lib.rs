//! What tests need: stores on both engines, a PostgreSQL of their own.
//!
//! Every test of a command runs on both engines: `db_test!` makes `name::sqlite` and `name::postgres`. PostgreSQL
//! is taken from `TEST_POSTGRES_URL` (a server where databases may be created, which `make test` starts) or, when
//! that is unset, started for the test process in a temporary folder.
#![expect(clippy::expect_used, reason = "a test that cannot set up its world must fail loudly")]

mod app;
pub mod http;
pub mod market;
mod postgres_server;
pub mod process;
pub mod shopper;
mod side_by_side;
mod store;

pub use app::{Answer, App, Parts};
pub use db::Engine;
pub use postgres_server::{Frozen, PostgresServer, Stop, analyze_database, fresh_database};
pub use side_by_side::join_all;
pub use store::{Store, block_on, open};

/// Declares a test of routes that runs on both engines: `app_test!(name, parts, |app| …)`, where `parts` is a
/// function that makes the [`Parts`] to put together.
#[macro_export]
macro_rules! app_test {
    ($name:ident, $parts:expr, |$app:ident| $body:expr) => {
        mod $name {
            #[allow(
                unused_imports,
                clippy::allow_attributes,
                reason = "not every test uses all of them"
            )]
            use super::*;

            async fn body($app: $crate::App) {
                $body
            }

            #[test]
            fn sqlite() {
                $crate::block_on(async { body($crate::App::new($crate::Engine::Sqlite, $parts)).await });
            }

            #[test]
            fn postgres() {
                $crate::block_on(async { body($crate::App::new($crate::Engine::Postgres, $parts)).await });
            }
        }
    };
}

/// Declares a test that runs on both engines. The closure gets a [`Store`] with the given modules' tables.
#[macro_export]
macro_rules! db_test {
    ($name:ident, $migrations:expr, |$store:ident| $body:expr) => {
        mod $name {
            #[allow(
                unused_imports,
                clippy::allow_attributes,
                reason = "not every test uses all of them"
            )]
            use super::*;

            async fn body($store: $crate::Store) {
                $body
            }

            #[test]
            fn sqlite() {
                $crate::block_on(async { body($crate::open($crate::Engine::Sqlite, $migrations)).await });
            }

            #[test]
            fn postgres() {
                $crate::block_on(async { body($crate::open($crate::Engine::Postgres, $migrations)).await });
            }
        }
    };
}
