//! A shop asks somebody to work there; only the person can make it so.

use axum::http::StatusCode;
use base::{MerchantId, PersonId};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Json, Member, Path, Refused, Right};
use serde::Serialize;

use crate::api;
use crate::me::{Me, find_me};
use crate::model::Place;
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum InvitationError {
    /// Also the answer when it was taken back.
    #[error("there is no such invitation")]
    #[problem(404, "invitation.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// A shop asks the person to work there.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Invitation {
    merchant: MerchantId,
    name: String,
    /// What the person may do there after accepting.
    rights: Vec<Right>,
}

/// What a person is asked, by no more than 100 shops.
pub(crate) fn invitations_of(rx: &mut Rx, person: PersonId) -> Result<Vec<Invitation>, DbError> {
    let rows = store::named_memberships(rx, person, Place::Invited)?;
    let invitations = rows.into_iter().map(|row| Invitation {
        merchant: row.merchant,
        name: row.merchant_name,
        rights: row.rights.list(),
    });
    Ok(invitations.collect())
}

/// Makes the person staff; answers the person as it is then. Whoever is staff already stays so.
fn accept(tx: &mut Tx, actor: &Actor, merchant: MerchantId) -> Result<Me, InvitationError> {
    if store::accept_invitation(tx, merchant, actor.person)? {
        api::log_act(tx, actor, Some(merchant), "staff.accept", &actor.person.to_string(), "")?;
    } else if !store::is_staff(tx, merchant, actor.person)? {
        return Err(InvitationError::NotFound);
    }
    Ok(find_me(tx, actor.person)?)
}

/// Accepts to work for a shop; takes effect with the next request. Safe to repeat.
#[utoipa::path(post, path = "/api/v1/me/invitations/{merchant}/accept", tag = "people",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = Me), InvitationError, Common))]
pub(crate) async fn invitation_accept(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<Me>, Refused> {
    Ok(Json(ctx.db().write(Lane::Interactive, move |tx| accept(tx, &actor, merchant)).await?))
}

fn decline(tx: &mut Tx, actor: &Actor, merchant: MerchantId) -> Result<(), InvitationError> {
    if !store::decline_invitation(tx, merchant, actor.person)? {
        return Err(InvitationError::NotFound);
    }
    Ok(api::log_act(tx, actor, Some(merchant), "staff.decline", &actor.person.to_string(), "")?)
}

/// Declines to work for a shop; the invitation is gone.
#[utoipa::path(post, path = "/api/v1/me/invitations/{merchant}/decline", tag = "people",
    params(("merchant" = MerchantId, Path)), responses((status = 204), InvitationError, Common))]
pub(crate) async fn invitation_decline(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
) -> Result<StatusCode, Refused> {
    ctx.db().write(Lane::Interactive, move |tx| decline(tx, &actor, merchant)).await?;
    Ok(StatusCode::NO_CONTENT)
}
