//! A person claims a coupon.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CouponTemplateId, PersonId};
use db::{DbError, Tx};
use rest::{Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::mine::{self, CouponView};
use crate::store::{self, CouponRow, TemplateRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(coupon_claim))
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponActBody {}

/// Why there is no coupon. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum ClaimError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("there is none left, or it is not given out now; look for another")]
    #[problem(409, "coupon.not_offered")]
    NotOffered,
    #[error("you have had as many of these as one person gets")]
    #[problem(409, "coupon.had_enough")]
    HadEnough,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Claims one; when it is refused nothing was changed, so that what is around it may go on.
pub(crate) fn claim(tx: &mut Tx, row: &TemplateRow, person: PersonId) -> Result<CouponRow, ClaimError> {
    if !store::take_of_person(tx, row, person)? {
        return Err(ClaimError::HadEnough);
    }
    if !store::take_of_issue(tx, row)? {
        store::give_back_to_person(tx, row, person)?;
        return Err(ClaimError::NotOffered);
    }
    let by_friends = row.rule.growth.is_some_and(|growth| growth.per_friend_minor > 0);
    let code = by_friends.then(|| base::share_code(&tx.random_bytes()));
    let now = tx.now();
    let coupon = CouponRow {
        id: tx.new_id(),
        template: row.id,
        merchant: row.merchant,
        person,
        state: "usable".to_owned(),
        order: None,
        code,
        grown: 0,
        days: 0,
        claimed_at: now,
        valid_to: row.rule.valid_to(now),
    };
    store::insert_coupon(tx, &coupon)?;
    Ok(coupon)
}

fn run(tx: &mut Tx, person: PersonId, template: CouponTemplateId) -> Result<CouponView, ClaimError> {
    let row = store::template(tx, template)?.ok_or(Denied::Unknown)?;
    let coupon = claim(tx, &row, person)?;
    Ok(mine::view(tx, &coupon, &row)?)
}

/// Claim a coupon.
#[utoipa::path(post, path = "/api/v1/coupon-templates/{coupon_template}/claim", tag = "coupons",
    params(("coupon_template" = CouponTemplateId, Path)), request_body = CouponActBody,
    responses((status = 201, body = CouponView), ClaimError, Common))]
async fn coupon_claim(
    ctx: rest::State,
    Member(actor): Member,
    Path(template): Path<CouponTemplateId>,
    command: Command<CouponActBody>,
) -> Result<Response, Refused> {
    let person = actor.person;
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| run(tx, person, template)).await
}
