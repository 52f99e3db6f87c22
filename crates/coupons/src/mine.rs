//! A person's own coupons.

use base::{CouponId, CouponTemplateId, MerchantId, Money, OrderId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use pricing::api::{CouponGift, Scope};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::model::{Growth, yuan};
use crate::store::{self, CouponRow, TemplateRow, Which};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(my_coupon_list))
}

/// Whether a coupon can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CouponState {
    Usable,
    Used,
    Past,
}

/// A coupon of the person who asks.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CouponView {
    id: CouponId,
    template: CouponTemplateId,
    merchant: MerchantId,
    merchant_name: String,
    title: String,
    state: CouponState,
    /// What it gives now, with what it has grown.
    gift: CouponGift,
    threshold: Money,
    scope: Scope,
    is_stacking: bool,
    growth: Option<Growth>,
    /// Friends help at `/c/CODE`; `null` when friends add nothing.
    code: Option<String>,
    claimed_at: Timestamp,
    /// It may be used before this.
    valid_to: Timestamp,
    /// The order it was used for.
    order: Option<OrderId>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct CouponFilter {
    /// `usable`, `used` or `past`; usable when left out.
    state: Option<CouponState>,
    /// `next_cursor` of the page before; leave out for the first.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Rows wanted, 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

pub(crate) fn view(rx: &mut Rx, row: &CouponRow, template: &TemplateRow) -> Result<CouponView, DbError> {
    let merchant_name = people::api::merchant_names(rx, &[row.merchant])?.remove(&row.merchant);
    let now = rx.now();
    let state = match row.state.as_str() {
        "usable" if row.valid_to > now => CouponState::Usable,
        "usable" => CouponState::Past,
        _ => CouponState::Used,
    };
    // What a used one was worth is written; it grows no more.
    let gift = match state {
        CouponState::Usable => api::worth_now(row, template, now).gift,
        CouponState::Used => template.rule.gift(row.grown),
        CouponState::Past => api::worth_now(row, template, row.valid_to).gift,
    };
    Ok(CouponView {
        id: row.id,
        template: row.template,
        merchant: row.merchant,
        merchant_name: merchant_name.unwrap_or_default(),
        title: template.title.clone(),
        state,
        gift,
        threshold: yuan(template.rule.threshold_minor),
        scope: template.rule.scope.clone(),
        is_stacking: template.rule.is_stacking,
        growth: template.rule.growth,
        code: row.code.clone(),
        claimed_at: row.claimed_at,
        valid_to: row.valid_to,
        order: row.order,
    })
}

fn list(
    rx: &mut Rx,
    person: PersonId,
    which: Which,
    (before, request): (CouponId, &PageRequest),
) -> Result<Page<CouponView>, DbError> {
    let now = rx.now();
    let rows = store::of_person(rx, person, (which, now), before, request.more())?;
    let page = Page::by_id(rows, request, |row| row.id);
    let mut items = Vec::new();
    for (row, template) in api::with_templates(rx, page.items)? {
        items.push(view(rx, &row, &template)?);
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// The coupons of the person who asks, newest first.
#[utoipa::path(get, path = "/api/v1/coupons", tag = "coupons", params(CouponFilter),
    responses((status = 200, body = Page<CouponView>), Common))]
async fn my_coupon_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<CouponFilter>,
) -> Result<Json<Page<CouponView>>, Refused> {
    let which = match filter.state {
        None | Some(CouponState::Usable) => Which::Usable,
        Some(CouponState::Used) => Which::Used,
        Some(CouponState::Past) => Which::Past,
    };
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let person = actor.person;
    let read = move |rx: &mut Rx| list(rx, person, which, (before, &request));
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
