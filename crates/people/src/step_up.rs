//! Proving again who one is, before an act that cannot be taken back.

use axum::http::StatusCode;
use base::{PersonId, SessionId, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Common, Json, Member, Refused};
use serde::{Deserialize, Serialize};

use crate::api::{Phone, SecretKey, Sms};
use crate::limits::{ClientAddress, TooMany};
use crate::model;
use crate::password::{Password, verify};
use crate::second::{Checked, SecondText, check};
use crate::sign_in::{PasswordTry, Shown, SignInError, send_code};
use crate::store;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum StepUpError {
    #[error(transparent)]
    #[problem(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    #[problem(transparent)]
    SignIn(#[from] SignInError),
    #[error("give the code of your authenticator, or a recovery code, as `second`")]
    #[problem(422, "step_up.second_needed")]
    SecondNeeded,
    #[error("give your password, or the code sent to your phone by POST /api/v1/me/step-up/codes")]
    #[problem(422, "step_up.proof_needed")]
    ProofNeeded,
    #[error("that is wrong, or was used before")]
    #[problem(422, "step_up.wrong")]
    Wrong,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// One proof of who one is. Whoever has a second factor gives it; others give the password or a code sent to the phone.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUpBody {
    /// The code of an authenticator, or a recovery code.
    #[schema(value_type = Option<String>, min_length = 6, max_length = 40)]
    second: Option<SecondText>,
    password: Option<Password>,
    /// Six digits that were sent to the phone.
    #[schema(value_type = Option<String>, max_length = 12)]
    code: Option<base::Text<1, 12>>,
}

/// Proves it with what needs no hashing; `None` when that is the password.
fn prove(
    tx: &mut Tx,
    key: Option<&SecretKey>,
    (person, session): (PersonId, SessionId),
    (second, code): (Option<&str>, Option<&str>),
) -> Result<Option<Checked>, StepUpError> {
    let mut checked = check(tx, key, person, second)??;
    if checked == Checked::None {
        let Some(code) = code else { return Ok(None) };
        let Some(phone) = phone_of(tx, person)? else { return Err(StepUpError::ProofNeeded) };
        let right = store::try_code(tx, &phone)?.is_some_and(|secret| secret.is_of(&phone, code));
        if right {
            store::spend_code(tx, &phone)?;
        }
        checked = if right { Checked::Right } else { Checked::Wrong };
    }
    if checked == Checked::Right {
        store::step_up(tx, person, session)?;
    }
    Ok(Some(checked))
}

fn phone_of(rx: &mut Rx, person: PersonId) -> Result<Option<Phone>, DbError> {
    Ok(store::find_person(rx, person)?.and_then(|row| row.phone?.parse().ok()))
}

/// Proves again who one is: for ten minutes this session may do what asks for it.
#[utoipa::path(post, path = "/api/v1/me/step-up", tag = "people", request_body = StepUpBody,
    responses((status = 204), StepUpError, Common))]
pub(crate) async fn step_up(
    ctx: rest::State,
    Member(actor): Member,
    address: ClientAddress,
    Json(body): Json<StepUpBody>,
) -> Result<StatusCode, Refused> {
    let (key, who) = (ctx.extension::<SecretKey>(), (actor.person, actor.session));
    let StepUpBody { second, password, code } = body;
    let run = move |tx: &mut Tx| {
        let given = (second.as_ref().map(SecondText::as_str), code.as_ref().map(base::Text::as_str));
        prove(tx, key.as_deref(), who, given)
    };
    match ctx.db().write(Lane::Interactive, run).await? {
        Some(Checked::Right) => Ok(StatusCode::NO_CONTENT),
        Some(Checked::Missing) => Err(StepUpError::SecondNeeded.into()),
        Some(Checked::Wrong | Checked::None) => Err(StepUpError::Wrong.into()),
        None => with_password(&ctx, who, password, address).await,
    }
}

async fn with_password(
    ctx: &rest::Ctx,
    (person, session): (PersonId, SessionId),
    password: Option<Password>,
    address: ClientAddress,
) -> Result<StatusCode, Refused> {
    let password = password.ok_or(StepUpError::ProofNeeded)?;
    let phone = ctx.db().read::<_, DbError, _>(move |rx| phone_of(rx, person)).await?;
    let this = PasswordTry { phone: phone.ok_or(StepUpError::ProofNeeded)?, address };
    let counted = this.clone();
    let stored = ctx.db().write(Lane::Interactive, move |tx| counted.begin(tx)).await?;
    if !verify(password, stored.clone()).await? {
        return Err(StepUpError::Wrong.into());
    }
    let run = move |tx: &mut Tx| {
        let row = store::find_person(tx, person)?;
        let has_second = store::find_totp(tx, person)?.is_some_and(|row| row.confirmed_at.is_some());
        // Changed while the password was hashed.
        if has_second || row.is_none_or(|row| row.password != stored) {
            return Err(StepUpError::Wrong);
        }
        this.was_right(tx)?;
        Ok(store::step_up(tx, person, session)?)
    };
    ctx.db().write(Lane::Interactive, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A code was sent to one's own phone.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StepUpCode {
    /// Until when the code is good.
    expires_at: Timestamp,
    /// `138****8000`.
    phone_masked: String,
    /// The code, in a demo.
    demo_code: Option<String>,
}

/// Sends a code to the phone of the person who asks, to prove with it who one is.
#[utoipa::path(post, path = "/api/v1/me/step-up/codes", tag = "people",
    responses((status = 202, body = StepUpCode), StepUpError, Common))]
pub(crate) async fn step_up_code_create(
    ctx: rest::State,
    Member(actor): Member,
    address: ClientAddress,
) -> Result<(StatusCode, Json<StepUpCode>), Refused> {
    let shown = Shown { on_page: ctx.settings().is_demo, by_sms: ctx.extension::<Sms>().is_some() };
    let send = move |tx: &mut Tx| {
        let phone = phone_of(tx, actor.person)?.ok_or(StepUpError::ProofNeeded)?;
        let expires_at = send_code(tx, &phone, &address, shown)?;
        let phone_masked = model::mask(phone.as_str());
        // Only in a demo is there one.
        let demo_code = store::demo_code(tx, &phone)?;
        Ok::<_, StepUpError>(StepUpCode { expires_at, phone_masked, demo_code })
    };
    let sent = ctx.db().write(Lane::Interactive, send).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}
