//! Friends let a coupon grow, each once, and get one of their own for it.

use axum::http::StatusCode;
use axum::response::Response;
use base::{CouponTemplateId, MerchantId, Money, PersonId, Text, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::CouponGift;
use rest::{Command, Common, Ctx, Denied, Json, MaybeActor, Member, OpenApiRouter, Path, Refused, routes};
use serde::Serialize;

use crate::api;
use crate::claim::{self, ClaimError, CouponActBody};
use crate::mine::{self, CouponView};
use crate::model::{Growth, yuan};
use crate::store::{self, CouponRow, TemplateRow};

/// How much of the growth is shown.
const LOG_SHOWN: i64 = 50;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(coupon_link_get)).routes(routes!(coupon_help))
}

/// Why a coupon grew.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponGrowthView {
    amount: Money,
    at: Timestamp,
    /// Whether a friend helped; else it was kept for days.
    is_by_friend: bool,
}

/// A coupon as whoever has its link sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponLinkView {
    template: CouponTemplateId,
    merchant: MerchantId,
    merchant_name: String,
    title: String,
    owner_name: String,
    /// What it gives now.
    gift: CouponGift,
    threshold: Money,
    growth: Option<Growth>,
    valid_to: Timestamp,
    /// What a friend who helps now adds; 0 when it grows no more.
    adds: Money,
    /// Whether the coupon is that of the person who asks.
    is_mine: bool,
    /// Whether the person who asks has helped.
    has_helped: bool,
    /// How it has grown, newest first, at most 50.
    log: Vec<CouponGrowthView>,
    server_now: Timestamp,
}

/// What helping did.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponHelpView {
    added: Money,
    /// The coupon that who helped has got; `null` when there was none left, or the person has enough of them.
    own: Option<CouponView>,
}

/// Why nobody was helped. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
enum HelpError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("this is your own coupon; a friend can help it grow")]
    #[problem(409, "coupon.own")]
    Own,
    #[error("you have helped here before")]
    #[problem(409, "coupon.helped")]
    Helped,
    #[error("the coupon was used, is past, or has grown as far as it goes")]
    #[problem(409, "coupon.grows_no_more")]
    GrowsNoMore,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn found(rx: &mut Rx, code: &str) -> Result<(CouponRow, TemplateRow), HelpError> {
    let row = store::by_code(rx, code)?.ok_or(Denied::Unknown)?;
    let template = store::template(rx, row.template)?.ok_or(Denied::Unknown)?;
    Ok((row, template))
}

/// What a friend would add now; 0 for a coupon that grows no more.
fn adds(row: &CouponRow, template: &TemplateRow, at: Timestamp) -> i64 {
    let (_, by_days) = api::by_days(row, template, at);
    let grows = row.state == "usable" && row.valid_to > at;
    if grows { template.rule.by_friend(row.grown.saturating_add(by_days)) } else { 0 }
}

fn link(rx: &mut Rx, code: &str, person: Option<PersonId>) -> Result<CouponLinkView, HelpError> {
    let (row, template) = found(rx, code)?;
    let now = rx.now();
    let merchant_name = people::api::merchant_names(rx, &[row.merchant])?.remove(&row.merchant);
    let owner_name = people::api::person_names(rx, &[row.person])?.remove(&row.person);
    let has_helped = match person {
        None => false,
        Some(person) => store::has_grown_by(rx, row.id, &person.to_string())?,
    };
    let log = store::growth(rx, row.id, LOG_SHOWN)?;
    let log = log.into_iter().map(|(cause, amount, at)| CouponGrowthView {
        amount: yuan(amount),
        at,
        is_by_friend: !cause.starts_with("days "),
    });
    Ok(CouponLinkView {
        template: row.template,
        merchant: row.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        title: template.title.clone(),
        owner_name: owner_name.map(|name| people::api::public_name(&name)).unwrap_or_default(),
        gift: api::worth_now(&row, &template, now.min(row.valid_to)).gift,
        threshold: yuan(template.rule.threshold_minor),
        growth: template.rule.growth,
        valid_to: row.valid_to,
        adds: yuan(adds(&row, &template, now)),
        is_mine: person == Some(row.person),
        has_helped,
        log: log.collect(),
        server_now: now,
    })
}

fn help(tx: &mut Tx, person: PersonId, code: &str) -> Result<CouponHelpView, HelpError> {
    let (row, template) = found(tx, code)?;
    if row.person == person {
        return Err(HelpError::Own);
    }
    let cause = person.to_string();
    if store::has_grown_by(tx, row.id, &cause)? {
        return Err(HelpError::Helped);
    }
    let added = adds(&row, &template, tx.now());
    if added < 1 {
        return Err(HelpError::GrowsNoMore);
    }
    if !store::insert_growth(tx, row.id, &cause, added)?
        || !store::grow(tx, &row, added, template.rule.growth_max())?
    {
        // Somebody else was faster: the transaction runs again and looks anew.
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let own = match claim::claim(tx, &template, person) {
        Ok(own) => Some(mine::view(tx, &own, &template)?),
        Err(ClaimError::NotOffered | ClaimError::HadEnough | ClaimError::Denied(_)) => None,
        Err(ClaimError::Db(error)) => return Err(error.into()),
    };
    Ok(CouponHelpView { added: yuan(added), own })
}

/// The coupon behind a link. Open to whoever has it.
#[utoipa::path(get, path = "/api/v1/coupon-links/{coupon_code}", tag = "coupons",
    params(("coupon_code" = String, Path)), responses((status = 200, body = CouponLinkView), Common))]
async fn coupon_link_get(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(code): Path<Text<1, 40>>,
) -> Result<Json<CouponLinkView>, Refused> {
    let person = actor.map(|actor| actor.person);
    Ok(Json(ctx.db().read(move |rx| link(rx, code.as_str(), person)).await?))
}

/// Help a friend's coupon grow, and get one of the same kind.
#[utoipa::path(post, path = "/api/v1/coupon-links/{coupon_code}/help", tag = "coupons",
    params(("coupon_code" = String, Path)), request_body = CouponActBody,
    responses((status = 200, body = CouponHelpView), HelpError, Common))]
async fn coupon_help(
    ctx: rest::State,
    Member(actor): Member,
    Path(code): Path<Text<1, 40>>,
    command: Command<CouponActBody>,
) -> Result<Response, Refused> {
    let person = actor.person;
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| help(tx, person, code.as_str())).await
}
