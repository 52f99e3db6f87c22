//! Routes of a demo; anywhere else they do not exist.

use std::time::Duration;

use base::Timestamp;
use db::{DbError, Lane, Tx};
use parking_lot::Mutex;
use rest::{Common, Ctx, Denied, Json, OpenApiRouter, Refused, routes};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::world::{Person, World};
use crate::store::CLOCK_OFFSET;

/// Furthest that the clock moves at once: 400 days.
const STEP_MAX_S: i64 = 400 * 86_400;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(demo_get))
        .routes(routes!(demo_clock_get))
        .routes(routes!(demo_clock_advance))
}

/// One request at a time moves the clock. Put into the context's extensions at start.
#[derive(Debug, Default)]
pub(crate) struct ClockGate(Mutex<()>);

impl ClockGate {
    /// Moves the clock on to where the store says; another request may have been faster.
    fn set(ctx: &Ctx, offset: i64) {
        let gate = ctx.extension::<Self>().unwrap_or_default();
        let _one_at_a_time = gate.0.lock();
        // Never back: another request, or another node, may have been faster.
        ctx.clock().advance(offset.saturating_sub(ctx.clock().offset_micros()).max(0));
    }
}

/// How often a node looks where another has moved the clock to.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);

/// Moves this node's clock on when another node has moved the demo's, until told to stop.
pub(crate) async fn follow_clock(ctx: Ctx, mut stopping: watch::Receiver<bool>) {
    while tokio::time::timeout(FOLLOW_EVERY, stopping.changed()).await.is_err() {
        match ctx.db().read::<_, DbError, _>(|rx| db::fact(rx, CLOCK_OFFSET)).await {
            Ok(offset) => ClockGate::set(&ctx, offset.unwrap_or(0)),
            Err(error) => tracing::warn!(%error, "cannot read the clock of the demo"),
        }
    }
}

/// Somebody one can sign in as.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DemoPerson {
    phone: String,
    name: String,
    /// What this person does.
    what: String,
}

/// The demo.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Demo {
    is_demo: bool,
    /// People one can sign in as; their codes are shown by `/demo/sign-in-codes`.
    people: Vec<DemoPerson>,
    /// The operator's phone.
    operator_phone: String,
}

/// The server's time.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
struct ClockView {
    now: Timestamp,
}

fn only_in_demo(ctx: &Ctx) -> Result<(), Denied> {
    if ctx.settings().is_demo { Ok(()) } else { Err(Denied::Unknown) }
}

/// Who one can sign in as. Demo mode only.
#[utoipa::path(get, path = "/api/v1/demo", tag = "demo", responses((status = 200, body = Demo), Common))]
async fn demo_get(ctx: rest::State) -> Result<Json<Demo>, Refused> {
    only_in_demo(&ctx)?;
    let world = World::load().unwrap_or_else(|error| {
        tracing::error!(%error, "the demo's world");
        World::default()
    });
    let person = |person: &Person, what: String| DemoPerson {
        phone: person.phone.clone(),
        name: person.name.clone(),
        what,
    };
    let mut people = vec![person(&world.operator, "运营：看全部商家、账本和审计".to_owned())];
    for shop in &world.shop {
        people.push(person(&shop.owner, format!("店主：{}", shop.name)));
        people.push(person(&shop.staff, format!("店员：{}", shop.name)));
    }
    people.extend(world.people().iter().map(|member| person(member, "顾客".to_owned())));
    Ok(Json(Demo { is_demo: true, people, operator_phone: world.operator.phone }))
}

/// The time the server decides by. Demo mode only.
#[utoipa::path(get, path = "/api/v1/demo/clock", tag = "demo",
    responses((status = 200, body = ClockView), Common))]
async fn demo_clock_get(ctx: rest::State) -> Result<Json<ClockView>, Refused> {
    only_in_demo(&ctx)?;
    Ok(Json(ClockView { now: ctx.now() }))
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    /// 0 to 400 days.
    #[schema(minimum = 0, maximum = 34_560_000)]
    seconds: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum AdvanceError {
    #[error("seconds must be 0 to {STEP_MAX_S}")]
    #[problem(422, "clock.step")]
    Step,
}

/// Move the clock on. Demo mode only.
///
/// What becomes due runs soon after; the clock never goes back.
#[utoipa::path(post, path = "/api/v1/demo/clock/advance", tag = "demo", request_body = AdvanceBody,
    responses((status = 200, body = ClockView), AdvanceError, Common))]
async fn demo_clock_advance(
    ctx: rest::State,
    Json(body): Json<AdvanceBody>,
) -> Result<Json<ClockView>, Refused> {
    only_in_demo(&ctx)?;
    if !(0..=STEP_MAX_S).contains(&body.seconds) {
        return Err(AdvanceError::Step.into());
    }
    let step = body.seconds.saturating_mul(1_000_000);
    let moved = move |tx: &mut Tx| {
        let offset = db::fact(tx, CLOCK_OFFSET)?.unwrap_or(0).saturating_add(step);
        db::set_fact(tx, CLOCK_OFFSET, offset)?;
        Ok(offset)
    };
    let offset = ctx.db().write::<i64, DbError, _>(Lane::Interactive, moved).await?;
    ClockGate::set(&ctx, offset);
    Ok(Json(ClockView { now: ctx.now() }))
}
