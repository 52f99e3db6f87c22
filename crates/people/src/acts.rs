//! The log of what staff and operators did.

use base::{ActId, MerchantId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, Path, Query, Refused, Right};
use serde::{Deserialize, Serialize};

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

/// Which acts are asked for.
enum Which {
    Of(MerchantId),
    On(String),
    All,
}

async fn list(ctx: &Ctx, which: Which, page: PageRequest) -> Result<Json<Page<Act>>, Refused> {
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = match &which {
            Which::Of(merchant) => store::list_acts(rx, *merchant, before, page.more())?,
            Which::On(target) => store::list_acts_on(rx, target, before, page.more())?,
            Which::All => store::list_all_acts(rx, before, page.more())?,
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
    list(&ctx, Which::Of(merchant), page).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActFilter {
    /// Only what was done to the thing or person with this id.
    #[param(max_length = 60)]
    target: Option<String>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What was done anywhere, newest first; for operators.
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "people", params(ActFilter),
    responses((status = 200, body = Page<Act>), Common))]
pub(crate) async fn act_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<ActFilter>,
) -> Result<Json<Page<Act>>, Refused> {
    actor.must_be_operator()?;
    let page = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let which = filter.target.map_or(Which::All, Which::On);
    list(&ctx, which, page).await
}
