//! The second factor: setting it up, checking it, taking it away, and which shops ask their staff for one.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{MerchantId, PersonId, SessionId, Text, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use rest::{Actor, Common, Ctx, Denied, Json, Member, Path, Refused, Right, STEP_UP_S, StepUpNeeded};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::{self, SecretKey};
use crate::limits::{Counted, SECONDS_PER_PERSON, TooMany, count};
use crate::me::merchants_of;
use crate::model::{State, mask};
use crate::sessions::NO_STORE;
use crate::store;
use crate::totp;

const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: too many to be guessed from its hash.
const RECOVERY_LEN: usize = 10;

/// The second factor as it was typed: the code of an authenticator, or a recovery code.
pub(crate) type SecondText = Text<6, 40>;

/// The key of this server.
///
/// # Errors
/// [`DbError::Bug`] when the server was put together without one.
pub(crate) fn secret_key(ctx: &Ctx) -> Result<Arc<SecretKey>, DbError> {
    ctx.extension::<SecretKey>().ok_or_else(|| DbError::Bug("there is no secret key".to_owned()))
}

/// How a second factor was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// The person has none.
    None,
    /// The person has one, and nothing was given.
    Missing,
    /// Right; taken, so that it cannot be used again.
    Right,
    /// Wrong, or used before. The try is counted, so the transaction must be committed.
    Wrong,
}

/// Checks the second factor of a person.
pub(crate) fn check(
    tx: &mut Tx,
    key: Option<&SecretKey>,
    person: PersonId,
    given: Option<&str>,
) -> Result<Result<Checked, TooMany>, DbError> {
    let Some(row) = store::find_totp(tx, person)?.filter(|row| row.confirmed_at.is_some()) else {
        return Ok(Ok(Checked::None));
    };
    let Some(given) = given else { return Ok(Ok(Checked::Missing)) };
    let owner = person.to_string();
    if let Counted::TooMany(wait) = count(tx, SECONDS_PER_PERSON, &owner)? {
        return Ok(Err(wait));
    }
    let is_right = match typed(given) {
        Typed::Code(code) => {
            let key = key.ok_or_else(|| DbError::Bug("there is no secret key".to_owned()))?;
            let secret = key.open(&owner, &row.secret)?;
            match totp::step_of(&secret, &code, tx.now()) {
                Some(step) => store::take_step(tx, person, step)?,
                None => false,
            }
        }
        Typed::Recovery(code) => store::take_recovery(tx, person, recovery_hash(person, &code))?,
    };
    if !is_right {
        return Ok(Ok(Checked::Wrong));
    }
    store::give_back(tx, SECONDS_PER_PERSON, &owner)?;
    Ok(Ok(Checked::Right))
}

enum Typed {
    Code(String),
    Recovery(String),
}

fn typed(text: &str) -> Typed {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if plain.len() == 6 { Typed::Code(plain) } else { Typed::Recovery(plain.to_ascii_uppercase()) }
}

fn recovery_hash(person: PersonId, code: &str) -> [u8; 32] {
    Sha256::digest(format!("{person} {code}").as_bytes()).into()
}

/// Makes new recovery codes; they are shown once and stored as hashes.
fn new_recovery(tx: &mut Tx, person: PersonId) -> Result<Vec<String>, DbError> {
    let random: Vec<[u8; 32]> = (0..RECOVERY_CODES).map(|_| tx.random_bytes()).collect();
    let codes: Vec<String> =
        random.iter().map(|bytes| totp::base32(bytes.get(..RECOVERY_LEN).unwrap_or(bytes))).collect();
    let hashes: Vec<_> = codes.iter().map(|code| recovery_hash(person, code)).collect();
    store::put_recovery(tx, person, &hashes)?;
    let in_fours = |code: &String| {
        let letters: Vec<char> = code.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    };
    Ok(codes.iter().map(in_fours).collect())
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum SecondError {
    #[error(transparent)]
    #[problem(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    #[problem(transparent)]
    StepUp(#[from] StepUpNeeded),
    #[error("a second factor is set up already; remove it first")]
    #[problem(409, "second_factor.exists")]
    Exists,
    #[error("no second factor is set up; begin with PUT /api/v1/me/totp")]
    #[problem(409, "second_factor.none")]
    None,
    #[error("the code is wrong or was used; check the clock of your phone and give the next one")]
    #[problem(422, "second_factor.wrong")]
    Wrong,
    #[error("there is no such member")]
    #[problem(404, "person.not_found")]
    NoPerson,
    #[error("set up your own second factor first, or you would shut yourself out")]
    #[problem(409, "second_factor.own_first")]
    OwnFirst,
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// How safe the account of the person who asks is.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Security {
    has_second_factor: bool,
    recovery_codes_left: i64,
    has_password: bool,
    /// Until when the person need not prove again who it is; `null` when it must.
    proven_until: Option<Timestamp>,
    /// Names of the shops the person works for that ask for a second factor.
    asked_by: Vec<String>,
}

fn security(rx: &mut Rx, actor: &Actor) -> Result<Security, DbError> {
    let person = actor.person;
    let mut asked_by = Vec::new();
    for merchant in merchants_of(rx, person)? {
        if store::needs_second_factor(rx, merchant.id)? == Some(true) {
            asked_by.push(merchant.name);
        }
    }
    let now = rx.now();
    let until = actor.stepped_up_at.map(|at| at.plus_seconds(STEP_UP_S));
    Ok(Security {
        has_second_factor: store::find_totp(rx, person)?.is_some_and(|row| row.confirmed_at.is_some()),
        recovery_codes_left: store::count_recovery(rx, person)?,
        has_password: store::find_person(rx, person)?.is_some_and(|row| row.password.is_some()),
        proven_until: until.filter(|until| *until > now),
        asked_by,
    })
}

/// How safe the account of the person who asks is.
#[utoipa::path(get, path = "/api/v1/me/security", tag = "people",
    responses((status = 200, body = Security), Common))]
pub(crate) async fn me_security_get(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<Json<Security>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| security(rx, &actor)).await?))
}

/// A secret that is yet to be confirmed.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TotpSecret {
    /// Base 32, to be typed where nothing can be scanned.
    secret: String,
    uri: String,
    /// A picture of the address, to be scanned.
    qr_svg: String,
}

fn begin(tx: &mut Tx, key: &SecretKey, person: PersonId, host: &str) -> Result<TotpSecret, SecondError> {
    let (random, nonce) = (tx.random_bytes(), tx.random_bytes());
    let secret = random.get(..totp::SECRET_LEN).unwrap_or(&random);
    let sealed = key.seal(&nonce, &person.to_string(), secret)?;
    if !store::put_totp(tx, person, &sealed)? {
        return Err(SecondError::Exists);
    }
    let row = store::find_person(tx, person)?;
    let account = row.and_then(|row| row.phone).map_or_else(|| person.to_string(), |phone| mask(&phone));
    let secret = totp::base32(secret);
    let uri = totp::uri(host, &account, &secret);
    let code = QRBuilder::new(uri.as_str()).build();
    let code = code.or(Err(DbError::Bug("the address does not fit into a picture".to_owned())))?;
    Ok(TotpSecret { secret, qr_svg: SvgBuilder::default().to_str(&code), uri })
}

/// Begins to set up a second factor, in the place of one that was begun and not confirmed. Needs a recent proof of
/// who one is.
#[utoipa::path(put, path = "/api/v1/me/totp", tag = "people",
    responses((status = 200, body = TotpSecret), SecondError, Common))]
pub(crate) async fn totp_begin(ctx: rest::State, Member(actor): Member) -> Result<Response, Refused> {
    actor.must_be_proven(ctx.now())?;
    let key = secret_key(&ctx)?;
    let url = ctx.settings().public_url.clone();
    let host = url.split("://").nth(1).unwrap_or("").split(':').next().unwrap_or("").to_owned();
    let issuer = if host.is_empty() { "Tuan".to_owned() } else { format!("Tuan {host}") };
    let made = ctx.db().write(Lane::Interactive, move |tx| begin(tx, &key, actor.person, &issuer)).await?;
    Ok((NO_STORE, Json(made)).into_response())
}

/// Codes for who has lost the authenticator; shown once.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmBody {
    /// Six digits.
    #[schema(value_type = String, min_length = 6, max_length = 40)]
    code: SecondText,
}

/// Confirms the secret that was begun; `None` when the code is wrong, which is counted.
fn confirm(
    tx: &mut Tx,
    key: &SecretKey,
    (person, session): (PersonId, SessionId),
    code: &str,
) -> Result<Option<Vec<String>>, SecondError> {
    let row = store::find_totp(tx, person)?.ok_or(SecondError::None)?;
    if row.confirmed_at.is_some() {
        return Err(SecondError::Exists);
    }
    let owner = person.to_string();
    if let Counted::TooMany(wait) = count(tx, SECONDS_PER_PERSON, &owner)? {
        return Err(wait.into());
    }
    let secret = key.open(&owner, &row.secret)?;
    let Some(step) = totp::step_of(&secret, code, tx.now()) else { return Ok(None) };
    if !store::confirm_totp(tx, person, &row.secret, step)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    store::give_back(tx, SECONDS_PER_PERSON, &owner)?;
    // Whoever is signed in elsewhere has not given it.
    store::end_other_sessions(tx, person, Some(session))?;
    store::step_up(tx, person, session)?;
    Ok(Some(new_recovery(tx, person)?))
}

/// Confirms a second factor with its first code: from now on it is asked for at each sign-in. Ends the other sessions
/// and answers ten recovery codes, which are not shown again.
#[utoipa::path(post, path = "/api/v1/me/totp/confirm", tag = "people", request_body = ConfirmBody,
    responses((status = 200, body = RecoveryCodes), SecondError, Common))]
pub(crate) async fn totp_confirm(
    ctx: rest::State,
    Member(actor): Member,
    Json(body): Json<ConfirmBody>,
) -> Result<Response, Refused> {
    let key = secret_key(&ctx)?;
    let who = (actor.person, actor.session);
    let run = move |tx: &mut Tx| confirm(tx, &key, who, body.code.as_str());
    let recovery_codes = ctx.db().write(Lane::Interactive, run).await?.ok_or(SecondError::Wrong)?;
    Ok((NO_STORE, Json(RecoveryCodes { recovery_codes })).into_response())
}

/// Takes one's second factor away. Needs a recent proof of who one is, with that factor. Idempotent.
#[utoipa::path(delete, path = "/api/v1/me/totp", tag = "people", responses((status = 204), SecondError, Common))]
pub(crate) async fn totp_remove(ctx: rest::State, Member(actor): Member) -> Result<StatusCode, Refused> {
    actor.must_be_proven(ctx.now())?;
    let remove = move |tx: &mut Tx| store::delete_totp(tx, actor.person);
    ctx.db().write::<_, DbError, _>(Lane::Interactive, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes ten new recovery codes; the old ones are worthless. Needs a recent proof of who one is. The answer is not
/// remembered under a key: an answer that got lost is asked for again, and codes are nowhere in clear.
#[utoipa::path(post, path = "/api/v1/me/totp/recovery-codes", tag = "people",
    responses((status = 200, body = RecoveryCodes), SecondError, Common))]
pub(crate) async fn recovery_code_renew(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<Response, Refused> {
    actor.must_be_proven(ctx.now())?;
    let renew = move |tx: &mut Tx| {
        let row = store::find_totp(tx, actor.person)?.filter(|row| row.confirmed_at.is_some());
        row.ok_or(SecondError::None)?;
        Ok::<_, SecondError>(new_recovery(tx, actor.person)?)
    };
    let recovery_codes = ctx.db().write(Lane::Interactive, renew).await?;
    Ok((NO_STORE, Json(RecoveryCodes { recovery_codes })).into_response())
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetBody {
    /// How the person was recognised; kept in the log of acts.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<1, 200>,
}

fn reset(tx: &mut Tx, actor: &Actor, person: PersonId, reason: &str) -> Result<(), SecondError> {
    let row = store::find_person(tx, person)?;
    row.filter(|row| row.is(State::Member) || row.is(State::Banned)).ok_or(SecondError::NoPerson)?;
    if store::delete_totp(tx, person)? {
        store::end_other_sessions(tx, person, None)?;
        api::log_act(tx, actor, None, "person.totp_reset", &person.to_string(), reason)?;
    }
    Ok(())
}

/// Takes the second factor of somebody away who has lost it with all recovery codes; ends that person's sessions. For
/// operators, who proved who they are within ten minutes. Idempotent.
#[utoipa::path(post, path = "/api/v1/people/{person}/totp/reset", tag = "people", request_body = ResetBody,
    params(("person" = PersonId, Path)), responses((status = 204), SecondError, Common))]
pub(crate) async fn person_totp_reset(
    ctx: rest::State,
    Member(actor): Member,
    Path(person): Path<PersonId>,
    Json(body): Json<ResetBody>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    actor.must_be_proven(ctx.now())?;
    let run = move |tx: &mut Tx| reset(tx, &actor, person, body.reason.as_str());
    ctx.db().write(Lane::Interactive, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a shop asks of its staff.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantSecurity {
    /// Whether staff, the owner too, need a second factor before they may do anything there.
    needs_second_factor: bool,
}

/// What a shop asks of its staff.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/security", tag = "people",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MerchantSecurity), Common))]
pub(crate) async fn merchant_security_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MerchantSecurity>, Refused> {
    actor.may(merchant, Right::Staff)?;
    let read = move |rx: &mut Rx| store::needs_second_factor(rx, merchant);
    let found = ctx.db().read::<_, DbError, _>(read).await?;
    Ok(Json(MerchantSecurity { needs_second_factor: found.ok_or(Denied::Unknown)? }))
}

fn set_security(tx: &mut Tx, actor: &Actor, merchant: MerchantId, needs: bool) -> Result<(), SecondError> {
    store::needs_second_factor(tx, merchant)?.ok_or(Denied::Unknown)?;
    let own = store::find_totp(tx, actor.person)?.is_some_and(|row| row.confirmed_at.is_some());
    if needs && !own && !actor.is_operator {
        return Err(SecondError::OwnFirst);
    }
    if store::set_needs_second_factor(tx, merchant, needs)? {
        let word = if needs { "on" } else { "off" };
        api::log_act(tx, actor, Some(merchant), "merchant.second_factor", &merchant.to_string(), word)?;
    }
    Ok(())
}

/// Sets whether a shop asks its staff for a second factor; takes effect with their next request. Needs a recent proof
/// of who one is.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/security", tag = "people", request_body = MerchantSecurity,
    params(("merchant" = MerchantId, Path)),
    responses((status = 200, body = MerchantSecurity), SecondError, Common))]
pub(crate) async fn merchant_security_update(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<MerchantSecurity>,
) -> Result<Json<MerchantSecurity>, Refused> {
    actor.may(merchant, Right::Staff)?;
    actor.must_be_proven(ctx.now())?;
    let needs = body.needs_second_factor;
    ctx.db().write(Lane::Interactive, move |tx| set_security(tx, &actor, merchant, needs)).await?;
    Ok(Json(body))
}
