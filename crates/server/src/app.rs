//! The modules, put together.

use std::any::Any;
use std::sync::Arc;

use anyhow::Result;
use base::TeamId;
use catalog::api::Media;
use db::{Db, DbError, Migrations, Rx};
use deals::api::TeamBrief;
use people::api::{Everything, LogSms, SecretKey, Sms};
use reach::api::{EntrySecret, TeamTarget};
use rest::{Audit, Ctx, Module, OpenApiRouter, Settings};
use search::api::{Follower, Search};
use sha2::{Digest, Sha256};
use work::{JobHandler, Worker, WorkerOptions};

use crate::audits::{self, Audits};
use crate::config::Config;
use crate::demo;
use crate::providers;
use crate::sms::HttpSms;

/// The modules, in the order of the DAG (ARCHITECTURE.md).
pub(crate) fn modules() -> Vec<Module> {
    vec![
        ledger::module(),
        people::module(),
        settlement::module(),
        stock::module(),
        pricing::module(),
        catalog::module(),
        membership::module(),
        coupons::module(),
        points::module(),
        search::module(),
        deals::module(),
        flash::module(),
        reach::module(),
        payments::module(),
        orders::module(),
        aftersale::module(),
        invoices::module(),
        knowledge::module(),
        insight::module(),
    ]
}

/// What `reach` asks of modules above it.
fn upwards() -> reach::api::Hooks {
    fn team(rx: &mut Rx, team: TeamId) -> Result<Option<TeamTarget>, DbError> {
        let Some(brief) = deals::api::team_brief(rx, team)? else { return Ok(None) };
        let TeamBrief { product, price, .. } = brief;
        Ok(Some(TeamTarget { product, team_price: Some(price) }))
    }
    reach::api::Hooks {
        team: Some(team),
        team_price: Some(deals::api::team_price),
        order_numbers: Some(orders::api::numbers),
    }
}

/// What codes of entries are signed with; a demo does without.
fn entry_secret(config: &Config) -> Option<EntrySecret> {
    let text = config.text("entry_secret");
    (!text.is_empty()).then(|| EntrySecret::new(Sha256::digest(text.as_bytes()).into()))
}

/// How sign-in codes are sent: by the gateway that is set, else not at all; a demo shows them on its page.
fn sms(config: &Config) -> Sms {
    match config.text("sms_url") {
        "" => Sms(Arc::new(LogSms)),
        url => Sms(Arc::new(HttpSms::new(url, config.text("sms_secret")))),
    }
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
    hooks: people::api::Hooks,
    personal: Vec<rest::Personal>,
    outside: Vec<fn(&Ctx) -> Vec<JobHandler>>,
}

/// The modules over a store.
pub(crate) struct App {
    /// The context of all handlers.
    pub(crate) ctx: Ctx,
    /// All routes.
    pub(crate) routes: OpenApiRouter<Ctx>,
    /// Delivers events and runs jobs.
    pub(crate) worker: Worker,
    /// Keeps this node's index for search at what the store says.
    pub(crate) follower: Follower,
}

impl Assembly {
    /// Asks every module what it brings.
    pub(crate) fn new() -> Self {
        let mut assembly = Self {
            tables: vec![work::MIGRATIONS, rest::MIGRATIONS],
            routes: audits::routes().merge(demo::routes()),
            audits: Vec::new(),
            work: WorkerOptions::default(),
            hooks: people::api::Hooks::default(),
            personal: vec![rest::personal()],
            outside: Vec::new(),
        };
        assembly.work.handlers.extend(work::upkeep());
        assembly.work.handlers.extend(rest::upkeep());
        for module in modules() {
            assembly.tables.push(module.migrations);
            assembly.routes = assembly.routes.merge(module.routes);
            assembly.audits.extend(module.audits);
            assembly.work.subscribers.extend(module.subscribers);
            assembly.work.handlers.extend(module.jobs);
            assembly.hooks.0.extend(module.merge_guest);
            assembly.personal.push(module.personal);
            assembly.outside.extend(module.outside);
        }
        assembly
    }

    /// Ties the modules to a store.
    ///
    /// # Errors
    /// When a payment provider cannot be set up.
    pub(crate) fn over(mut self, db: Db, config: &Config, settings: Settings) -> Result<App> {
        let secret = providers::sandbox_secret(config, &settings);
        let providers = Arc::new(providers::providers(&db, config, &settings)?);
        let mut extensions: Vec<Arc<dyn Any + Send + Sync>> = vec![
            Arc::new(self.hooks),
            Arc::new(Everything(self.personal)),
            Arc::new(upwards()),
            Arc::new(Audits(self.audits)),
            providers,
            Arc::new(secret.unwrap_or_default()),
            Arc::new(Media { dir: config.dir() }),
            Arc::new(demo::ClockGate::default()),
        ];
        extensions.push(Arc::new(SecretKey::in_file(&config.secret_key_file(), db.rng().as_ref())?));
        if let Some(secret) = entry_secret(config) {
            extensions.push(Arc::new(secret));
        }
        let sms = sms(config);
        self.work.handlers.push(people::api::sms_job(db.clone(), sms.clone()));
        extensions.push(Arc::new(sms));
        let search = Search::new(config.dir().join("search"));
        let follower = Follower::new(search.clone(), db.clone());
        extensions.push(Arc::new(search));
        let ctx = Ctx::new(db.clone(), settings, Arc::new(people::api::Sessions), extensions);
        self.work.handlers.extend(self.outside.iter().flat_map(|jobs| jobs(&ctx)));
        let worker = Worker::new(db, self.work);
        Ok(App { ctx, routes: self.routes, worker, follower })
    }
}
