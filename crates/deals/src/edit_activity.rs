//! Merchants look at one activity, and change it.

use base::ActivityId;
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Refused, routes};

use crate::activities::{ActivityBody, ActivityError, ActivityView, END_JOB, check, find, row_of, view};
use crate::model::SkuRule;
use crate::store::{self, ActivityRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(activity_get, activity_update))
}

/// Whether a change leaves what a running activity promises as it is. Teams are opened under a copy of the rules, but
/// who compares prices of two days must find the same.
fn keeps_promises(old: (&ActivityRow, &[SkuRule]), new: (&ActivityRow, &[SkuRule])) -> bool {
    let sorted = |skus: &[SkuRule]| {
        let mut skus = skus.to_vec();
        skus.sort_by_key(|rule| rule.sku);
        skus
    };
    old.0.size == new.0.size
        && old.0.starts_at == new.0.starts_at
        && old.0.new_buyers_only == new.0.new_buyers_only
        && sorted(old.1) == sorted(new.1)
}

/// Changes an activity: a draft in all but its product, a running one in title, window, end and limits. Idempotent.
fn update(
    tx: &mut Tx,
    actor: &Actor,
    id: ActivityId,
    body: &ActivityBody,
) -> Result<ActivityView, ActivityError> {
    let old = find(tx, actor, id)?;
    let (rule, currency) = check(tx, old.merchant, body)?;
    let mut new = row_of(id, old.merchant, currency, body);
    new.state.clone_from(&old.state);
    new.quota_used = old.quota_used;
    let prices = store::prices(tx, id)?;
    match old.state.as_str() {
        _ if new.product != old.product => return Err(ActivityError::Live),
        "draft" => store::replace_prices(tx, id, &rule.skus)?,
        "live" if !keeps_promises((&old, &prices), (&new, &rule.skus)) => return Err(ActivityError::Live),
        "live" => work::enqueue(tx, END_JOB, &id.to_string(), "", new.ends_at)?,
        _ => return Err(ActivityError::Ended),
    }
    if !store::update_activity(tx, &new)? {
        let is_short = new.quota.is_some_and(|quota| quota < old.quota_used);
        return Err(if is_short {
            ActivityError::QuotaBelowUsed
        } else {
            tx.give_up(DbError::Conflict).into()
        });
    }
    people::api::log_act(tx, actor, Some(old.merchant), "activity.update", &id.to_string(), &new.title)?;
    Ok(view(new, rule.skus))
}

/// An activity of the shop, in any state.
#[utoipa::path(get, path = "/api/v1/activities/{activity}", tag = "deals",
    params(("activity" = ActivityId, Path)), responses((status = 200, body = ActivityView), ActivityError, Common))]
async fn activity_get(
    ctx: rest::State,
    actor: Actor,
    Path(activity): Path<ActivityId>,
) -> Result<Json<ActivityView>, Refused> {
    let read = move |rx: &mut Rx| {
        let row = find(rx, &actor, activity)?;
        let prices = store::prices(rx, activity)?;
        Ok(view(row, prices))
    };
    Ok(Json(ctx.db().read::<_, ActivityError, _>(read).await?))
}

/// Change an activity: a draft in all but its product; one that runs in its title, window, end and limits.
#[utoipa::path(put, path = "/api/v1/activities/{activity}", tag = "deals", params(("activity" = ActivityId, Path)),
    request_body = ActivityBody, responses((status = 200, body = ActivityView), ActivityError, Common))]
async fn activity_update(
    ctx: rest::State,
    actor: Actor,
    Path(activity): Path<ActivityId>,
    Json(body): Json<ActivityBody>,
) -> Result<Json<ActivityView>, Refused> {
    let write = move |tx: &mut Tx| update(tx, &actor, activity, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
