//! What only a demo has: reading the code that would have been sent.

use axum::response::{IntoResponse, Response};
use db::DbError;
use rest::{Common, Json, Query, Refused};
use serde::{Deserialize, Serialize};

use crate::api::Phone;
use crate::sessions::NO_STORE;
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum DemoError {
    /// Also the answer where this is no demo.
    #[error("there is no code for this phone")]
    #[problem(404, "demo.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeFilter {
    #[param(value_type = String)]
    phone: Phone,
}

/// The code that would have been sent.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DemoCode {
    code: String,
}

/// The live sign-in code of a phone; in a demo only.
#[utoipa::path(get, path = "/api/v1/demo/sign-in-codes", tag = "demo", params(CodeFilter),
    responses((status = 200, body = DemoCode), DemoError, Common))]
pub(crate) async fn demo_code_get(
    ctx: rest::State,
    Query(filter): Query<CodeFilter>,
) -> Result<Response, Refused> {
    if !ctx.settings().is_demo {
        return Err(DemoError::NotFound.into());
    }
    let found = ctx.db().read::<_, DbError, _>(move |rx| store::demo_code(rx, &filter.phone)).await?;
    let code = found.ok_or(DemoError::NotFound)?;
    Ok((NO_STORE, Json(DemoCode { code })).into_response())
}
