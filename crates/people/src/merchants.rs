//! Shops.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, Page, PageRequest, Text, Timestamp};
use db::{DbError, Rx, Tx};
use rest::{Actor, Command, Common, Json, Member, Path, Query, Refused};
use serde::{Deserialize, Serialize};

use crate::api::{self, MerchantInfo, Phone};
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum MerchantError {
    #[error("there is no such shop")]
    #[problem(404, "merchant.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// A shop, as everybody sees it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MerchantView {
    id: MerchantId,
    name: String,
    about: String,
    created_at: Timestamp,
}

impl From<MerchantInfo> for MerchantView {
    fn from(info: MerchantInfo) -> Self {
        let MerchantInfo { id, name, about, created_at, .. } = info;
        Self { id, name, about, created_at }
    }
}

/// A shop.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}", tag = "people",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MerchantView), MerchantError, Common))]
pub(crate) async fn merchant_get(
    ctx: rest::State,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MerchantView>, Refused> {
    let found = ctx.db().read::<_, DbError, _>(move |rx| store::find_merchant(rx, merchant)).await?;
    Ok(Json(found.ok_or(MerchantError::NotFound)?.into()))
}

/// All shops, newest first; for operators.
#[utoipa::path(get, path = "/api/v1/merchants", tag = "people", params(PageRequest),
    responses((status = 200, body = Page<MerchantView>), Common))]
pub(crate) async fn merchant_list(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<MerchantView>>, Refused> {
    actor.must_be_operator()?;
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_merchants(rx, before, page.more())?;
        Ok(Page::by_id(rows, &page, |row| row.id).map(MerchantView::from))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Text<1, 60>,
    #[schema(value_type = Option<String>, max_length = 2000)]
    about: Option<Text<0, 2000>>,
    /// Becomes a member when nobody has it yet.
    owner_phone: Phone,
}

/// Opens a shop; its owner becomes a member when nobody has the phone yet.
fn create_merchant(tx: &mut Tx, actor: &Actor, body: &MerchantBody) -> Result<MerchantView, MerchantError> {
    let owner = api::ensure_member(tx, &body.owner_phone, &body.owner_phone.default_name())?;
    let id: MerchantId = tx.new_id();
    let about = body.about.as_ref().map_or("", |about| about.as_str());
    api::ensure_merchant(tx, id, &body.name, about, owner)?;
    api::log_act(tx, actor, Some(id), "merchant.create", &id.to_string(), &body.name)?;
    Ok(store::find_merchant(tx, id)?.ok_or(MerchantError::NotFound)?.into())
}

/// Opens a shop; for operators.
#[utoipa::path(post, path = "/api/v1/merchants", tag = "people", request_body = MerchantBody,
    responses((status = 201, body = MerchantView), Common))]
pub(crate) async fn merchant_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<MerchantBody>,
) -> Result<Response, Refused> {
    actor.must_be_operator()?;
    let (Command { once, body }, by) = (command, actor.clone());
    let create = move |tx: &mut Tx| create_merchant(tx, &by, &body);
    ctx.once(&actor, &once, StatusCode::CREATED, create).await
}
