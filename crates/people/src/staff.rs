//! Who works for a shop, and what they may do there.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, Page, PageRequest, PersonId};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Command, Common, Json, Member, Path, Query, Refused, Right, Rights, StepUpNeeded};
use serde::{Deserialize, Serialize};

use crate::api::{self, Phone};
use crate::model::{Place, Role, mask};
use crate::store::{self, StaffRow};

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum StaffError {
    #[error("there is no such shop, or the person does not work there")]
    #[problem(404, "staff.not_found")]
    NotFound,
    #[error("this person works here or is invited already; change the rights instead")]
    #[problem(409, "staff.exists")]
    Exists,
    #[error("the owner has every right and cannot be removed")]
    #[problem(409, "staff.owner")]
    Owner,
    #[error(transparent)]
    #[problem(transparent)]
    StepUp(#[from] StepUpNeeded),
    /// Staff with the right `staff` would else help themselves to every other.
    #[error("you can only give and take rights that you have yourself")]
    #[problem(403, "staff.beyond_own_rights")]
    BeyondOwn,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// One who works for a shop, or is invited to.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Staff {
    person: PersonId,
    /// Of one who is only invited the first character.
    name: String,
    phone_masked: Option<String>,
    role: Role,
    rights: Vec<Right>,
    /// Whether the person has not agreed yet: the rights are to come, and none holds now.
    is_invited: bool,
}

fn view(row: StaffRow) -> Staff {
    let phone_masked = row.phone.as_deref().map(mask);
    let StaffRow { person, name, role, rights, is_invited, .. } = row;
    let name = if is_invited { api::public_name(&name) } else { name };
    Staff { person, name, phone_masked, role, rights: rights.list(), is_invited }
}

/// Who works for a shop.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/staff", tag = "people",
    params(("merchant" = MerchantId, Path), PageRequest), responses((status = 200, body = Page<Staff>), Common))]
pub(crate) async fn staff_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<Staff>>, Refused> {
    actor.may(merchant, Right::Staff)?;
    let after = page.after()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_staff(rx, merchant, after, page.more())?;
        Ok(Page::by_id(rows, &page, |row| row.person).map(view))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Checks that `actor` has every right that changes hands.
fn may_hand_over(actor: &Actor, merchant: MerchantId, rights: Rights) -> Result<(), StaffError> {
    let own = actor.memberships.iter().find(|membership| membership.merchant == merchant);
    let own = if actor.is_operator { Rights::ALL } else { own.map(|m| m.rights).unwrap_or_default() };
    if rights.list().into_iter().all(|right| own.has(right)) { Ok(()) } else { Err(StaffError::BeyondOwn) }
}

/// The rights that are in one of the sets only.
fn difference(a: Rights, b: Rights) -> Rights {
    Right::ALL.into_iter().filter(|right| a.has(*right) != b.has(*right)).collect()
}

fn words(rights: Rights) -> String {
    let words = rights.list().into_iter().map(|right| format!("{right:?}").to_lowercase());
    words.collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffBody {
    /// Becomes a member when nobody has it yet.
    phone: Phone,
    #[schema(max_items = 8)]
    rights: Vec<Right>,
}

fn invite_staff(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &StaffBody,
) -> Result<Staff, StaffError> {
    store::find_merchant(tx, merchant)?.ok_or(StaffError::NotFound)?;
    let rights: Rights = body.rights.iter().copied().collect();
    may_hand_over(actor, merchant, rights)?;
    let person = api::ensure_member(tx, &body.phone, &body.phone.default_name())?;
    if !store::insert_staff(tx, merchant, person, (Role::Staff, Place::Invited), rights)? {
        return Err(StaffError::Exists);
    }
    api::log_act(tx, actor, Some(merchant), "staff.invite", &person.to_string(), &words(rights))?;
    Ok(view(store::find_staff(tx, merchant, person)?.ok_or(StaffError::NotFound)?))
}

/// Invites somebody by phone to work for a shop; the person is staff from accepting on. Needs a recent proof of who
/// one is.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/staff", tag = "people", request_body = StaffBody,
    params(("merchant" = MerchantId, Path)), responses((status = 201, body = Staff), StaffError, Common))]
pub(crate) async fn staff_create(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
    command: Command<StaffBody>,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Staff)?;
    actor.must_be_proven(ctx.now())?;
    let (Command { once, body }, by) = (command, actor.clone());
    let add = move |tx: &mut Tx| invite_staff(tx, &by, merchant, &body);
    ctx.once(&actor, &once, StatusCode::CREATED, add).await
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RightsBody {
    #[schema(max_items = 8)]
    rights: Vec<Right>,
}

/// Gives staff these rights instead of the ones they had, or were to have; takes effect with their next request.
fn set_rights(
    tx: &mut Tx,
    actor: &Actor,
    (merchant, person): (MerchantId, PersonId),
    rights: Rights,
) -> Result<Staff, StaffError> {
    let row = store::find_staff(tx, merchant, person)?.ok_or(StaffError::NotFound)?;
    if row.role == Role::Owner {
        return Err(StaffError::Owner);
    }
    may_hand_over(actor, merchant, difference(row.rights, rights))?;
    if !store::replace_rights(tx, merchant, &row, rights)? {
        // Changed since it was read, so that it may not be the actor's to change any more: look again.
        return Err(tx.give_up(DbError::Conflict).into());
    }
    api::log_act(tx, actor, Some(merchant), "staff.rights", &person.to_string(), &words(rights))?;
    Ok(view(StaffRow { rights, ..row }))
}

/// Changes what staff may do. Needs a recent proof of who one is.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/staff/{person}", tag = "people",
    request_body = RightsBody, params(("merchant" = MerchantId, Path), ("person" = PersonId, Path)),
    responses((status = 200, body = Staff), StaffError, Common))]
pub(crate) async fn staff_update(
    ctx: rest::State,
    Member(actor): Member,
    Path(place): Path<(MerchantId, PersonId)>,
    Json(body): Json<RightsBody>,
) -> Result<Json<Staff>, Refused> {
    actor.may(place.0, Right::Staff)?;
    actor.must_be_proven(ctx.now())?;
    let rights: Rights = body.rights.into_iter().collect();
    let set = move |tx: &mut Tx| set_rights(tx, &actor, place, rights);
    Ok(Json(ctx.db().write(Lane::Interactive, set).await?))
}

fn remove_staff(
    tx: &mut Tx,
    actor: &Actor,
    (merchant, person): (MerchantId, PersonId),
) -> Result<(), StaffError> {
    let row = store::find_staff(tx, merchant, person)?.ok_or(StaffError::NotFound)?;
    if row.role == Role::Owner {
        return Err(StaffError::Owner);
    }
    may_hand_over(actor, merchant, row.rights)?;
    if !store::delete_staff(tx, merchant, &row)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    Ok(api::log_act(tx, actor, Some(merchant), "staff.remove", &person.to_string(), "")?)
}

/// Removes staff, or takes an invitation back; takes effect with their next request.
#[utoipa::path(delete, path = "/api/v1/merchants/{merchant}/staff/{person}", tag = "people",
    params(("merchant" = MerchantId, Path), ("person" = PersonId, Path)), responses((status = 204), StaffError, Common))]
pub(crate) async fn staff_delete(
    ctx: rest::State,
    Member(actor): Member,
    Path(place): Path<(MerchantId, PersonId)>,
) -> Result<StatusCode, Refused> {
    actor.may(place.0, Right::Staff)?;
    ctx.db().write(Lane::Interactive, move |tx| remove_staff(tx, &actor, place)).await?;
    Ok(StatusCode::NO_CONTENT)
}
