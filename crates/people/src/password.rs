//! Passwords: hashed with argon2id, never in a transaction, never printed.

use std::borrow::Cow;
use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::StatusCode;
use base::{PersonId, SessionId};
use db::{DbError, Lane, Tx};
use rest::{Common, Json, Member, Refused};
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;

use crate::limits::ClientAddress;
use crate::model::{Phone, Way};
use crate::sign_in::{PasswordTry, SignInError};
use crate::store;

const MIN: usize = 8;
const MAX: usize = 128;
/// Somebody who proved the phone number this short a time ago may set a first password, or a new one without the old.
const FRESH_S: i64 = 900;

/// How many passwords are hashed at a time: each takes 19 MiB and a core. The machine has cores once, so this is
/// the one thing of the module that is the program's and not a context's.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A password as it was typed, 8 to 128 characters; spaces count. Prints as nothing.
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&text.chars().count()) {
            Ok(Self(text.into_owned()))
        } else {
            Err(serde::de::Error::custom("a password has 8 to 128 characters"))
        }
    }
}

impl utoipa::PartialSchema for Password {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(MIN))
            .max_length(Some(MAX))
            .into()
    }
}

impl utoipa::ToSchema for Password {}

fn argon2() -> Result<Argon2<'static>, DbError> {
    // OWASP: m = 19 MiB, t = 2, p = 1.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(bug)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn bug(error: impl fmt::Display) -> DbError {
    DbError::Bug(format!("hashing failed: {error}"))
}

/// Whether `password` is the one `stored` was made of. Takes as long when nothing is stored.
pub(crate) async fn verify(password: Password, stored: Option<String>) -> Result<bool, DbError> {
    rest::beside(&HASHING, move || {
        let argon2 = argon2()?;
        match stored {
            Some(stored) => Ok(argon2.verify_password(password.0.as_bytes(), stored.as_str()).is_ok()),
            None => {
                argon2.hash_password_with_salt(password.0.as_bytes(), &[0; 16]).map_err(bug)?;
                Ok(false)
            }
        }
    })
    .await?
}

async fn hash(password: Password, salt: [u8; 32]) -> Result<String, DbError> {
    rest::beside(&HASHING, move || {
        let hashed = argon2()?.hash_password_with_salt(password.0.as_bytes(), &salt).map_err(bug)?;
        Ok(hashed.to_string())
    })
    .await?
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PasswordError {
    #[error("give the current password, or sign in with a code and set a new one right after")]
    #[problem(422, "password.current_wrong")]
    CurrentWrong,
    /// Whoever holds a session that was left open could otherwise put a password of their own on the account.
    #[error("sign in with a code again and set the first password within 15 minutes of that")]
    #[problem(403, "password.proof_needed")]
    ProofNeeded,
    #[error(transparent)]
    #[problem(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    password: Password,
    /// Needed unless this session began with a code within the last 15 minutes, as it must have for the first password.
    current: Option<Password>,
}

/// What is known before a password is changed.
struct Known {
    phone: Option<Phone>,
    stored: Option<String>,
    is_fresh: bool,
}

/// Sets a password; every other session ends. The first needs a session that began with a code a short time ago.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "people", request_body = PasswordBody,
    responses((status = 204), PasswordError, Common))]
pub(crate) async fn me_password_set(
    ctx: rest::State,
    Member(actor): Member,
    address: ClientAddress,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode, Refused> {
    let (person, session) = (actor.person, actor.session);
    let read = move |rx: &mut db::Rx| {
        let row = store::find_person(rx, person)?;
        let start = store::find_session(rx, person, session)?;
        let fresh = rx.now().plus_seconds(-FRESH_S);
        Ok(Known {
            phone: row.as_ref().and_then(|row| row.phone.as_deref()?.parse().ok()),
            stored: row.and_then(|row| row.password),
            is_fresh: start.is_some_and(|start| start.way == Way::Code.word() && start.created_at > fresh),
        })
    };
    let known = ctx.db().read::<_, DbError, _>(read).await?;
    let mut proven = None;
    if known.stored.is_none() && !known.is_fresh {
        return Err(PasswordError::ProofNeeded.into());
    }
    if !known.is_fresh {
        let (Some(current), Some(phone)) = (body.current, known.phone) else {
            return Err(PasswordError::CurrentWrong.into());
        };
        let this = PasswordTry { phone, address };
        let counted = this.clone();
        let stored = ctx.db().write(Lane::Interactive, move |tx| counted.begin(tx)).await?;
        if !verify(current, stored).await? {
            return Err(PasswordError::CurrentWrong.into());
        }
        proven = Some(this);
    }
    let new = hash(body.password, ctx.db().moment().bytes()).await?;
    let change = Change { person, session, old: known.stored, new, proven };
    ctx.db().write(Lane::Interactive, move |tx| change_password(tx, &change)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A password about to be changed.
struct Change {
    person: PersonId,
    session: SessionId,
    old: Option<String>,
    new: String,
    /// The try with the old password: as it was right, it does not count.
    proven: Option<PasswordTry>,
}

/// Sets the new password in the old one's place and ends the person's other sessions.
fn change_password(tx: &mut Tx, change: &Change) -> Result<(), PasswordError> {
    if !store::set_password(tx, change.person, change.old.as_deref(), &change.new)? {
        return Err(PasswordError::CurrentWrong);
    }
    if let Some(proven) = &change.proven {
        proven.was_right(tx)?;
    }
    Ok(store::end_other_sessions(tx, change.person, Some(change.session))?)
}
