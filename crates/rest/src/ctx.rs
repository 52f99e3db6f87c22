//! What every handler can reach.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use base::{Clock, Timestamp};
use db::Db;

use crate::actor::Authenticate;
use crate::idempotency::InFlight;
use crate::kept::Kept;
use crate::known::Known;

/// Settings that more than one module needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is a demo: sign-in codes can be read, the clock can be moved, the cookie works without TLS.
    pub is_demo: bool,
    /// Where people reach this server, without a slash at the end: `https://shop.example`.
    pub public_url: String,
}

/// The context: the store, who signs people in, and what the modules put there at start.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    db: Db,
    settings: Settings,
    authenticate: Arc<dyn Authenticate>,
    in_flight: InFlight,
    answers: Kept,
    known: Known,
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl Ctx {
    /// A context; `extensions` are found again by their type.
    pub fn new(
        db: Db,
        settings: Settings,
        authenticate: Arc<dyn Authenticate>,
        extensions: Vec<Arc<dyn Any + Send + Sync>>,
    ) -> Self {
        let extensions =
            extensions.into_iter().map(|extension| ((*extension).type_id(), extension)).collect();
        let (in_flight, answers, known) = (InFlight::default(), Kept::default(), Known::default());
        Self(Arc::new(Inner { db, settings, authenticate, in_flight, answers, known, extensions }))
    }

    /// The store.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.0.db.clock().now()
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.0.db.clock()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What a module put there at start; `None` when it did not.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.extensions.get(&TypeId::of::<T>()).and_then(|found| Arc::clone(found).downcast().ok())
    }

    pub(crate) fn authenticate(&self) -> &Arc<dyn Authenticate> {
        &self.0.authenticate
    }

    pub(crate) fn known(&self) -> &Known {
        &self.0.known
    }

    pub(crate) fn answers(&self) -> &Kept {
        &self.0.answers
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }
}

/// The context, as handlers take it: `ctx: State`.
#[derive(Clone)]
pub struct State(pub Ctx);

impl std::ops::Deref for State {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.0
    }
}

impl axum::extract::FromRequestParts<Ctx> for State {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        _: &mut axum::http::request::Parts,
        ctx: &Ctx,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self(ctx.clone()))
    }
}
