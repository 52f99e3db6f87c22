//! The person who asks: profile, and closing accounts.

use axum::http::StatusCode;
use base::{MerchantId, PersonId, Text};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Json, Member, Path, Refused, Right};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::model::{Role, State, mask};
use crate::store;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) enum Locale {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Locale {
    fn word(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    fn is(word: &str) -> Self {
        if word == "en" { Self::English } else { Self::Chinese }
    }
}

/// A shop the person works for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MyMerchant {
    id: MerchantId,
    name: String,
    role: Role,
    rights: Vec<Right>,
}

/// The person who asks.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Me {
    id: PersonId,
    name: String,
    /// `138****8000`; `null` for a guest.
    phone_masked: Option<String>,
    is_guest: bool,
    locale: Locale,
    is_operator: bool,
    /// Whether a password was set.
    has_password: bool,
    merchants: Vec<MyMerchant>,
}

fn find_me(rx: &mut Rx, person: PersonId) -> Result<Me, DbError> {
    let row = store::find_person(rx, person)?;
    let row = row.ok_or_else(|| DbError::Bug(format!("a session of nobody: {person}")))?;
    let merchants = store::named_memberships(rx, person)?;
    let merchants = merchants.into_iter().map(|row| MyMerchant {
        id: row.merchant,
        name: row.merchant_name,
        role: row.role,
        rights: row.rights.list(),
    });
    Ok(Me {
        id: row.id,
        is_guest: row.is(State::Guest),
        name: row.name,
        phone_masked: row.phone.as_deref().map(mask),
        locale: Locale::is(&row.locale),
        is_operator: row.is_operator,
        has_password: row.password.is_some(),
        merchants: merchants.collect(),
    })
}

/// The person who asks.
#[utoipa::path(get, path = "/api/v1/me", tag = "people", responses((status = 200, body = Me), Common))]
pub(crate) async fn me_get(ctx: rest::State, actor: Actor) -> Result<Json<Me>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| find_me(rx, actor.person)).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeBody {
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40)]
    name: Option<Text<1, 40>>,
    locale: Option<Locale>,
}

/// Changes what is given; answers the person as it is then.
fn update_me(tx: &mut Tx, person: PersonId, body: &MeBody) -> Result<Me, DbError> {
    let me = find_me(tx, person)?;
    let name = body.name.as_ref().map_or(me.name.as_str(), |name| name.as_str());
    let locale = body.locale.unwrap_or(me.locale);
    store::set_profile(tx, person, name, locale.word())?;
    find_me(tx, person)
}

/// Changes name or language.
#[utoipa::path(patch, path = "/api/v1/me", tag = "people", request_body = MeBody,
    responses((status = 200, body = Me), Common))]
pub(crate) async fn me_update(
    ctx: rest::State,
    actor: Actor,
    Json(body): Json<MeBody>,
) -> Result<Json<Me>, Refused> {
    let update = move |tx: &mut Tx| update_me(tx, actor.person, &body);
    Ok(Json(ctx.db().write::<_, DbError, _>(Lane::Interactive, update).await?))
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum BanError {
    #[error("there is no such member")]
    #[problem(404, "person.not_found")]
    NotFound,
    #[error("operators cannot be banned")]
    #[problem(409, "person.is_operator")]
    Operator,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Closes or reopens an account. Idempotent; a banned person's sessions end at once.
fn set_ban(tx: &mut Tx, actor: &Actor, person: PersonId, is_banned: bool) -> Result<(), BanError> {
    let row = store::find_person(tx, person)?.ok_or(BanError::NotFound)?;
    if !row.is(State::Member) && !row.is(State::Banned) {
        return Err(BanError::NotFound);
    }
    if row.is_operator {
        return Err(BanError::Operator);
    }
    let (from, to, action) = if is_banned {
        (State::Member, State::Banned, "person.ban")
    } else {
        (State::Banned, State::Member, "person.unban")
    };
    if store::move_state(tx, person, from, to)? {
        store::end_other_sessions(tx, person, None)?;
        api::log_act(tx, actor, None, action, &person.to_string(), "")?;
    }
    Ok(())
}

/// Closes an account; for operators.
#[utoipa::path(post, path = "/api/v1/people/{person}/ban", tag = "people",
    params(("person" = PersonId, Path)), responses((status = 204), BanError, Common))]
pub(crate) async fn person_ban(
    ctx: rest::State,
    Member(actor): Member,
    Path(person): Path<PersonId>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    ctx.db().write(Lane::Interactive, move |tx| set_ban(tx, &actor, person, true)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reopens an account; for operators.
#[utoipa::path(post, path = "/api/v1/people/{person}/unban", tag = "people",
    params(("person" = PersonId, Path)), responses((status = 204), BanError, Common))]
pub(crate) async fn person_unban(
    ctx: rest::State,
    Member(actor): Member,
    Path(person): Path<PersonId>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    ctx.db().write(Lane::Interactive, move |tx| set_ban(tx, &actor, person, false)).await?;
    Ok(StatusCode::NO_CONTENT)
}
