//! The modules, put together.

use std::any::Any;
use std::sync::Arc;

use catalog::Media;
use db::{Db, Migrations};
use payments::SandboxSecret;
use rest::{Audit, Ctx, Module, OpenApiRouter, Settings};
use work::{Worker, WorkerOptions};

use crate::config::Config;
use crate::demo;

/// The modules, in the order of the DAG (ARCHITECTURE.md).
fn modules() -> Vec<Module> {
    vec![
        ledger::module(),
        people::module(),
        stock::module(),
        pricing::module(),
        catalog::module(),
        deals::module(),
        payments::module(),
        orders::module(),
    ]
}

/// What the modules bring, not yet tied to a store.
pub(crate) struct Assembly {
    /// All tables, lowest module first.
    pub(crate) tables: Vec<Migrations>,
    /// All routes.
    pub(crate) routes: OpenApiRouter<Ctx>,
    /// All invariants.
    pub(crate) audits: Vec<Audit>,
    work: WorkerOptions,
    hooks: people::Hooks,
}

/// The modules over a store.
pub(crate) struct App {
    /// The context of all handlers.
    pub(crate) ctx: Ctx,
    /// All routes.
    pub(crate) routes: OpenApiRouter<Ctx>,
    /// Delivers events and runs jobs.
    pub(crate) worker: Worker,
}

impl Assembly {
    /// Asks every module what it brings.
    pub(crate) fn new() -> Self {
        let mut assembly = Self {
            tables: vec![work::MIGRATIONS, rest::MIGRATIONS],
            routes: demo::routes(),
            audits: Vec::new(),
            work: WorkerOptions::default(),
            hooks: people::Hooks::default(),
        };
        for module in modules() {
            assembly.tables.push(module.migrations);
            assembly.routes = assembly.routes.merge(module.routes);
            assembly.audits.extend(module.audits);
            assembly.work.subscribers.extend(module.subscribers);
            assembly.work.handlers.extend(module.jobs);
            assembly.hooks.0.extend(module.merge_guest);
        }
        assembly
    }

    /// Ties the modules to a store.
    pub(crate) fn over(self, db: Db, config: &Config, settings: Settings) -> App {
        let secret = config.text("sandbox_secret");
        let secret = if secret.is_empty() { SandboxSecret::default() } else { SandboxSecret(secret.to_owned()) };
        let extensions: Vec<Arc<dyn Any + Send + Sync>> = vec![Arc::new(self.hooks), Arc::new(secret), Arc::new(Media { dir: config.dir() })];
        let worker = Worker::new(db.clone(), self.work);
        let ctx = Ctx::new(db, settings, Arc::new(people::api::Sessions), extensions);
        App { ctx, routes: self.routes, worker }
    }
}
