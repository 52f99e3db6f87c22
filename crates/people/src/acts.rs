//! The log of what staff and operators did.

use base::{ActId, MerchantId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, Path, Query, Refused, Right};
use serde::Serialize;

use crate::store::{self, ActRow};

/// What somebody did.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Act {
    id: ActId,
    at: Timestamp,
    merchant: Option<MerchantId>,
    actor: PersonId,
    actor_name: String,
    /// `product.publish`, `staff.add`, …
    action: String,
    /// The id of what it was done to.
    target: String,
    detail: String,
}

fn view(row: ActRow) -> Act {
    Act {
        id: row.id,
        at: row.at,
        merchant: row.merchant,
        actor: row.actor,
        actor_name: row.actor_name.unwrap_or_default(),
        action: row.action,
        target: row.target,
        detail: row.detail,
    }
}

async fn list(
    ctx: &Ctx,
    merchant: Option<MerchantId>,
    page: PageRequest,
) -> Result<Json<Page<Act>>, Refused> {
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = match merchant {
            Some(merchant) => store::list_acts(rx, merchant, before, page.more())?,
            None => store::list_all_acts(rx, before, page.more())?,
        };
        Ok(Page::by_id(rows, &page, |row| row.id).map(view))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// What was done at a shop, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/audit-log", tag = "people",
    params(("merchant" = MerchantId, Path), PageRequest), responses((status = 200, body = Page<Act>), Common))]
pub(crate) async fn merchant_act_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<Act>>, Refused> {
    actor.may(merchant, Right::Staff)?;
    list(&ctx, Some(merchant), page).await
}

/// What was done anywhere, newest first; for operators.
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "people", params(PageRequest),
    responses((status = 200, body = Page<Act>), Common))]
pub(crate) async fn act_list(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<Act>>, Refused> {
    actor.must_be_operator()?;
    list(&ctx, None, page).await
}
