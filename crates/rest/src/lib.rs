//! HTTP: what every handler gets and gives.
//!
//! A handler takes [`Ctx`], an [`Actor`], checked input ([`Json`], [`Path`], [`Query`]) and answers a view or a
//! [`Refused`]. Requests that move money, stock or a claim go through [`Ctx::once`].
#![warn(missing_docs)]

mod actor;
mod beside;
mod ctx;
mod extract;
mod idempotency;
mod kept;
mod known;
mod module;
mod personal;
mod problem;

pub use actor::{
    Actor, Authenticate, Denied, Found, MaybeActor, Member, Membership, Right, Rights, STEP_UP_S,
    StepUpNeeded, bearer_or_cookie, cookie_name, has_bearer,
};
pub use beside::beside;
pub use ctx::{Ctx, Settings, State};
pub use extract::{Json, Path, Query};
pub use idempotency::{Command, MIGRATIONS, Once, Verbatim, upkeep};
pub use kept::KeptKey;
pub use module::{Audit, AuditFailures, MergeGuest, Module, audit_rows};
pub use personal::{Binds, Erase, Fate, Held, HeldRows, Personal, Place, personal};
pub use problem::{Common, Refused, ToProblem, problem_response};
pub use rest_macros::Problem;

// What the derive macro and the modules' attributes name.
pub use utoipa_axum::router::OpenApiRouter;
pub use utoipa_axum::routes;
