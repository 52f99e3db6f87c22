//! A person looks in, once a day.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, PersonId};
use db::{DbError, Tx};
use rest::{Command, Common, Ctx, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::api::{balance_of, rules_on};
use crate::model::LOTS_MAX;
use crate::purse::{Why, give};
use crate::store::{self, Holder};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(points_check_in))
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckInBody {}

/// What looking in gave.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CheckedIn {
    points: i64,
    /// Days in a row.
    streak: i64,
    /// Points that can be spent now.
    balance: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CheckInError {
    #[error("this shop gives no points for looking in")]
    #[problem(409, "points.no_check_in")]
    None,
    #[error("you have looked in today; come again tomorrow")]
    #[problem(409, "points.checked_in")]
    Today,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn check_in(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<CheckedIn, CheckInError> {
    let rules = rules_on(tx, merchant)?.filter(|rules| rules.check_in > 0).ok_or(CheckInError::None)?;
    let holder = Holder { merchant, person };
    let now = tx.now();
    let day = rules.day(now);
    if store::purse(tx, holder)?.is_some_and(|purse| purse.last_day >= day) {
        return Err(CheckInError::Today);
    }
    let purse = store::lock_purse(tx, holder)?;
    let (points, streak) = rules.look_in(day, purse.last_day, purse.streak);
    if !store::look_in(tx, holder, day, streak)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    // The day is part of the cause, so that one day gives once.
    let cause = format!("{person} {merchant} {day}");
    give(tx, &rules, (holder, Why::CheckIn, None), (&cause, points))?;
    let balance = balance_of(&store::usable(tx, holder, now, LOTS_MAX)?);
    Ok(CheckedIn { points, streak, balance })
}

/// Look in at a shop, once on each of its days.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/points/check-ins", tag = "points",
    params(("merchant" = MerchantId, Path)), request_body = CheckInBody,
    responses((status = 201, body = CheckedIn), CheckInError, Common))]
async fn points_check_in(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
    command: Command<CheckInBody>,
) -> Result<Response, Refused> {
    let person = actor.person;
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| check_in(tx, merchant, person)).await
}
