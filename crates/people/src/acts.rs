//! The log of what staff and operators did.

use base::{ActId, Cursor, Id, MerchantId, Page, PageRequest, PersonId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Common, Json, Path, Query, Refused, Right};
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

fn list(rx: &mut Rx, which: &Which, page: &PageRequest) -> Result<Page<Act>, DbError> {
    let before = page.cursor.as_deref().and_then(|text| Cursor::decode(text).part(0));
    let before = before.unwrap_or_else(|| ActId::from_bytes([0xff; 16]));
    let more = page.limit().saturating_add(1);
    let rows = match which {
        Which::Of(merchant) => store::list_acts(rx, *merchant, before, more)?,
        Which::On(target) => store::list_acts_on(rx, target, before, more)?,
        Which::All => store::list_all_acts(rx, before, more)?,
    };
    Ok(Page::from_rows(rows, page.limit(), |row| Cursor::new([row.id.to_string()])).map(view))
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
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| list(rx, &Which::Of(merchant), &page)).await?))
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
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| list(rx, &which, &page)).await?))
}
