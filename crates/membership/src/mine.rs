//! A person's standing with a shop.

use base::{MerchantId, OrderId, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Refused, routes};
use serde::Serialize;

use crate::api;
use crate::model::{self, Tier};
use crate::store::{self, ProgramRow};

/// How much of the log is shown.
const LOG_SHOWN: i64 = 50;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(my_membership_get))
}

/// Why growth changed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct GrowthView {
    order: OrderId,
    amount: i64,
    at: Timestamp,
    /// Whether a refund took it back.
    is_back: bool,
}

/// Where a person stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MyMembership {
    /// Growth that counts now.
    growth: i64,
    /// `null` when none is reached.
    tier: Option<Tier>,
    /// `null` at the top.
    next: Option<Tier>,
    /// Growth that is missing to the next tier; 0 at the top.
    missing: i64,
    /// How many days growth counts.
    days: i64,
    /// The last changes, newest first, at most 50.
    log: Vec<GrowthView>,
}

fn mine(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<MyMembership, DbError> {
    let none = ProgramRow { factor: 0, days: 365, tiers: Vec::new(), version: 0 };
    let program = store::program(rx, merchant)?.unwrap_or(none);
    let now = rx.now();
    let growth = api::growth_in(rx, &program, (merchant, person), now)?;
    let next = model::next(&program.tiers, growth).cloned();
    let log = store::log(rx, merchant, person, LOG_SHOWN)?;
    let view = |row: store::GrowthRow| GrowthView {
        order: row.order,
        amount: row.amount,
        at: row.at,
        is_back: row.cause != "settled",
    };
    Ok(MyMembership {
        growth,
        tier: model::tier(&program.tiers, growth).cloned(),
        missing: next.as_ref().map_or(0, |next| next.threshold.saturating_sub(growth)),
        next,
        days: program.days,
        log: log.into_iter().map(view).collect(),
    })
}

/// Where the person who asks stands with a shop.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/membership/me", tag = "membership",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MyMembership), Common))]
async fn my_membership_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MyMembership>, Refused> {
    let person = actor.person;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| mine(rx, merchant, person)).await?))
}
