//! The person who asks.

use base::{MerchantId, PersonId, Text};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Json, Refused, Right};
use serde::{Deserialize, Serialize};

use crate::invitations::{Invitation, invitations_of};
use crate::model::{Place, Role, State, mask};
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

/// A shop a person works for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MyMerchant {
    pub(crate) id: MerchantId,
    pub(crate) name: String,
    role: Role,
    rights: Vec<Right>,
}

/// The shops a person works for.
pub(crate) fn merchants_of(rx: &mut Rx, person: PersonId) -> Result<Vec<MyMerchant>, DbError> {
    let rows = store::named_memberships(rx, person, Place::Active)?;
    let merchants = rows.into_iter().map(|row| MyMerchant {
        id: row.merchant,
        name: row.merchant_name,
        role: row.role,
        rights: row.rights.list(),
    });
    Ok(merchants.collect())
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
    /// The shops that ask the person to work there.
    invitations: Vec<Invitation>,
}

pub(crate) fn find_me(rx: &mut Rx, person: PersonId) -> Result<Me, DbError> {
    let row = store::find_person(rx, person)?;
    let row = row.ok_or_else(|| DbError::Bug(format!("a session of nobody: {person}")))?;
    Ok(Me {
        id: row.id,
        is_guest: row.is(State::Guest),
        name: row.name,
        phone_masked: row.phone.as_deref().map(mask),
        locale: Locale::is(&row.locale),
        is_operator: row.is_operator,
        has_password: row.password.is_some(),
        merchants: merchants_of(rx, person)?,
        invitations: invitations_of(rx, person)?,
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
