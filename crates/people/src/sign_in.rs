//! Signing in: as a guest, with a code, with a password.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::{PersonId, SessionId, Timestamp};
use db::{DbError, Lane, Tx};
use rest::{Actor, Common, Ctx, Json, MaybeActor, Refused};
use serde::{Deserialize, Serialize};

use crate::Hooks;
use crate::api::{GuestMerged, MemberJoined, SecretKey, Started, start_session};
use crate::limits::{
    CODES_PER_ADDRESS, CODES_PER_PHONE, ClientAddress, Counted, PASSWORDS_PER_ADDRESS, PASSWORDS_PER_PHONE,
    TooMany, count,
};
use crate::model::{self, Phone, State, Way};
use crate::password::{self, Password};
use crate::second::{self, Checked, SecondText};
use crate::sessions::{Deliver, NO_STORE, hand_out, user_agent};
use crate::sms::{self, Sms};
use crate::store::{self, NewCode};

/// How long a code is good for.
const CODE_LIFE_S: i64 = 300;
/// How long after one code the next may be sent.
const CODE_GAP_S: i64 = 60;
/// How often a code may be tried.
const CODE_TRIES: i64 = 5;

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum SignInError {
    #[error(transparent)]
    #[problem(transparent)]
    TooMany(#[from] TooMany),
    /// The code is wrong, was used, tried too often or is too old, or none was sent.
    #[error("the code is wrong or no longer good; ask for a new one")]
    #[problem(422, "sign_in.code_wrong")]
    CodeWrong,
    /// Also the answer when nobody has this number, or has no password.
    #[error("the phone number or the password is wrong; you can sign in with a code instead")]
    #[problem(422, "sign_in.password_wrong")]
    PasswordWrong,
    #[error("this account asks for a second factor: send it as `second` with the same sign-in")]
    #[problem(422, "sign_in.second_needed")]
    SecondNeeded,
    #[error("the second factor is wrong or was used before; give the next code, or a recovery code")]
    #[problem(422, "sign_in.second_wrong")]
    SecondWrong,
    #[error("this account was closed by the operator")]
    #[problem(403, "sign_in.banned")]
    Banned,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Who was at this browser before signing in.
#[derive(Clone, Copy)]
enum Before {
    Nobody,
    Guest(PersonId),
    /// Signed in as somebody; that session ends when its cookie is replaced.
    Member(PersonId, SessionId),
}

impl Before {
    fn of(actor: Option<&Actor>, deliver: Deliver) -> Self {
        match actor {
            Some(actor) if actor.is_guest => Self::Guest(actor.person),
            Some(actor) if deliver == Deliver::Cookie => Self::Member(actor.person, actor.session),
            _ => Self::Nobody,
        }
    }
}

/// What becomes of somebody at the door. All but the first are refusals that are written down, since tries are counted.
enum Entry {
    Admitted(PersonId, Started),
    CodeWrong,
    SecondNeeded,
    SecondWrong,
}

impl Entry {
    fn admitted(self) -> Result<(PersonId, Started), SignInError> {
        match self {
            Self::Admitted(person, started) => Ok((person, started)),
            Self::CodeWrong => Err(SignInError::CodeWrong),
            Self::SecondNeeded => Err(SignInError::SecondNeeded),
            Self::SecondWrong => Err(SignInError::SecondWrong),
        }
    }
}

/// Lets the holder of a proven number in who gives the second factor, if the account asks for one: finds or makes the member, takes over the guest, begins a session.
fn admit(tx: &mut Tx, phone: &Phone, before: Before, begin: &Begin) -> Result<Entry, SignInError> {
    let known = store::find_by_phone(tx, phone)?;
    let member = match known {
        Some(member) => member,
        None => join(tx, phone, before)?,
    };
    let row = store::find_person(tx, member)?;
    if !row.is_some_and(|row| row.is(State::Member)) {
        return Err(SignInError::Banned);
    }
    let second = begin.second.as_ref().map(SecondText::as_str);
    match second::check(tx, begin.key.as_deref(), member, second)?? {
        Checked::None | Checked::Right => {}
        Checked::Missing => return Ok(Entry::SecondNeeded),
        Checked::Wrong => return Ok(Entry::SecondWrong),
    }
    match before {
        Before::Nobody => {}
        Before::Member(person, session) => store::end_session(tx, person, session)?,
        Before::Guest(guest) => end_guest(tx, guest, member, known.is_none(), begin)?,
    }
    Ok(Entry::Admitted(member, start_session(tx, member, begin.way, &begin.user_agent)?))
}

/// Ends a guest who is a member from now on. Does nothing to one who has become somebody meanwhile, in another tab:
/// the sessions are not a guest's any more.
fn end_guest(
    tx: &mut Tx,
    guest: PersonId,
    member: PersonId,
    has_just_joined: bool,
    begin: &Begin,
) -> Result<(), DbError> {
    let is_merged = guest != member && store::merge_guest(tx, guest, member)?;
    if is_merged || (guest == member && has_just_joined) {
        // A new token with the new rights: whoever knew the guest's does not know the member's.
        store::end_other_sessions(tx, guest, None)?;
    }
    if is_merged {
        for hook in &begin.hooks.0 {
            hook(tx, guest, member)?;
        }
        tx.publish(&GuestMerged { guest, member })?;
    }
    Ok(())
}

/// How a session begins.
struct Begin {
    way: Way,
    user_agent: String,
    hooks: Hooks,
    key: Option<Arc<SecretKey>>,
    second: Option<SecondText>,
}

impl Begin {
    fn new(ctx: &Ctx, way: Way, headers: &HeaderMap, second: Option<SecondText>) -> Self {
        let hooks = ctx.extension::<Hooks>().map(|hooks| (*hooks).clone()).unwrap_or_default();
        let key = ctx.extension::<SecretKey>();
        Self { way, user_agent: user_agent(headers), hooks, key, second }
    }
}

/// Makes a member of a number nobody has: the guest, or somebody new.
fn join(tx: &mut Tx, phone: &Phone, before: Before) -> Result<PersonId, SignInError> {
    let name = phone.default_name();
    let upgraded = match before {
        Before::Guest(guest) if store::upgrade_guest(tx, guest, &name, phone)? => Some(guest),
        _ => None,
    };
    let person = match upgraded {
        Some(guest) => guest,
        None => {
            let person = tx.new_id();
            store::insert_person(tx, person, State::Member, &name, Some(phone))?;
            person
        }
    };
    if !store::claim_phone(tx, phone, person)? {
        // Another sign-in with the same number was faster; a new run finds its member.
        return Err(tx.give_up(DbError::Conflict).into());
    }
    tx.publish(&MemberJoined { person, was_guest: upgraded.is_some() })?;
    Ok(person)
}

// ---- guests

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuestBody {
    #[serde(default)]
    deliver: Deliver,
}

/// Begins a session for somebody who has not signed in. Whoever has a session keeps it and gets another.
#[utoipa::path(post, path = "/api/v1/sessions/guest", tag = "people", request_body = GuestBody,
    responses((status = 201, body = crate::sessions::Session), Common))]
pub(crate) async fn session_guest_create(
    ctx: rest::State,
    headers: HeaderMap,
    Json(body): Json<GuestBody>,
) -> Result<Response, Refused> {
    let agent = user_agent(&headers);
    let begin = move |tx: &mut Tx| {
        let person = tx.new_id();
        store::insert_person(tx, person, State::Guest, "游客", None)?;
        Ok((person, start_session(tx, person, Way::Guest, &agent)?))
    };
    let (person, started) = ctx.db().write::<_, DbError, _>(Lane::Interactive, begin).await?;
    Ok(hand_out(&ctx, started, person, true, body.deliver))
}

// ---- codes

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    phone: Phone,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CodeSent {
    /// Until when the code is good.
    expires_at: Timestamp,
}

/// Where the holder of a number sees a code.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// On the page of a demo.
    pub(crate) on_page: bool,
    pub(crate) by_sms: bool,
}

/// Makes a new code for a number; the one before is worthless from now on. The same for every number, registered
/// or not.
pub(crate) fn send_code(
    tx: &mut Tx,
    phone: &Phone,
    address: &ClientAddress,
    shown: Shown,
) -> Result<Timestamp, SignInError> {
    let now = tx.now();
    if !address.0.is_empty()
        && let Counted::TooMany(wait) = count(tx, CODES_PER_ADDRESS, &address.0)?
    {
        return Err(wait.into());
    }
    if let Counted::TooMany(wait) = count(tx, CODES_PER_PHONE, phone.as_str())? {
        return Err(wait.into());
    }
    let (salt, code) = (tx.random_bytes(), format!("{:06}", tx.random_below(1_000_000)));
    let expires_at = now.plus_seconds(CODE_LIFE_S);
    let code_hash = model::code_hash(&salt, phone, &code);
    let sent = store::put_code(
        tx,
        &NewCode {
            phone,
            salt,
            code_hash,
            tries: CODE_TRIES,
            demo_code: shown.on_page.then_some(code.as_str()),
            to_send: shown.by_sms.then_some(code.as_str()),
            expires_at,
            not_after: now.plus_seconds(-CODE_GAP_S),
        },
    )?;
    match sent {
        None => {
            if shown.by_sms {
                sms::queue(tx, phone, &code_hash)?;
            }
            Ok(expires_at)
        }
        Some(sent) => Err(TooMany::until(sent.plus_seconds(CODE_GAP_S), now).into()),
    }
}

/// Sends a sign-in code to a phone.
#[utoipa::path(post, path = "/api/v1/sign-in/codes", tag = "people", request_body = CodeBody,
    responses((status = 202, body = CodeSent), Common))]
pub(crate) async fn sign_in_code_create(
    ctx: rest::State,
    address: ClientAddress,
    Json(body): Json<CodeBody>,
) -> Result<Response, Refused> {
    let shown = Shown { on_page: ctx.settings().is_demo, by_sms: ctx.extension::<Sms>().is_some() };
    let phone = body.phone.masked();
    let send = move |tx: &mut Tx| send_code(tx, &body.phone, &address, shown);
    let expires_at = ctx.db().write(Lane::Interactive, send).await?;
    tracing::info!(phone, "a sign-in code was made");
    Ok((StatusCode::ACCEPTED, NO_STORE, Json(CodeSent { expires_at })).into_response())
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    phone: Phone,
    /// Six digits.
    #[schema(value_type = String, max_length = 12)]
    code: base::Text<1, 12>,
    /// The code of an authenticator, or a recovery code, for who has set up a second factor.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 40)]
    second: Option<SecondText>,
    #[serde(default)]
    deliver: Deliver,
}

/// Signs in with a code. It is spent when the person is let in, not when the second factor is still to come.
fn sign_in_with_code(
    tx: &mut Tx,
    phone: &Phone,
    code: &str,
    before: Before,
    begin: &Begin,
) -> Result<Entry, SignInError> {
    if !store::try_code(tx, phone)?.is_some_and(|secret| secret.is_of(phone, code)) {
        return Ok(Entry::CodeWrong);
    }
    let entry = admit(tx, phone, before, begin)?;
    if matches!(entry, Entry::Admitted(..)) {
        store::spend_code(tx, phone)?;
    }
    Ok(entry)
}

/// Signs in with the code that was sent. A guest who asks becomes the member.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "people", request_body = SignInBody,
    responses((status = 201, body = crate::sessions::Session), SignInError, Common))]
pub(crate) async fn session_create(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    headers: HeaderMap,
    Json(body): Json<SignInBody>,
) -> Result<Response, Refused> {
    let before = Before::of(actor.as_ref(), body.deliver);
    let SignInBody { phone, code, second, deliver } = body;
    let begin = Begin::new(&ctx, Way::Code, &headers, second);
    let run = move |tx: &mut Tx| sign_in_with_code(tx, &phone, &code, before, &begin);
    let (person, started) = ctx.db().write(Lane::Interactive, run).await?.admitted()?;
    Ok(hand_out(&ctx, started, person, false, deliver))
}

// ---- passwords

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordSignInBody {
    phone: Phone,
    password: Password,
    /// The code of an authenticator, or a recovery code, for who has set up a second factor.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 40)]
    second: Option<SecondText>,
    #[serde(default)]
    deliver: Deliver,
}

/// Somebody tries a password.
#[derive(Clone)]
pub(crate) struct PasswordTry {
    pub(crate) phone: Phone,
    pub(crate) address: ClientAddress,
}

impl PasswordTry {
    /// Counts the try and finds what the password is checked against.
    pub(crate) fn begin(&self, tx: &mut Tx) -> Result<Option<String>, SignInError> {
        if !self.address.0.is_empty()
            && let Counted::TooMany(wait) = count(tx, PASSWORDS_PER_ADDRESS, &self.address.0)?
        {
            return Err(wait.into());
        }
        if let Counted::TooMany(wait) = count(tx, PASSWORDS_PER_PHONE, self.phone.as_str())? {
            return Err(wait.into());
        }
        let Some(person) = store::find_by_phone(tx, &self.phone)? else { return Ok(None) };
        Ok(store::find_person(tx, person)?.and_then(|row| row.password))
    }

    /// The password was right: only wrong ones count.
    pub(crate) fn was_right(&self, tx: &mut Tx) -> Result<(), DbError> {
        store::give_back(tx, PASSWORDS_PER_ADDRESS, &self.address.0)?;
        store::give_back(tx, PASSWORDS_PER_PHONE, self.phone.as_str())
    }
}

/// Signs in with a password. Ten wrong tries lock the number's password for a quarter of an hour.
#[utoipa::path(post, path = "/api/v1/sessions/password", tag = "people", request_body = PasswordSignInBody,
    responses((status = 201, body = crate::sessions::Session), SignInError, Common))]
pub(crate) async fn session_password_create(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    address: ClientAddress,
    headers: HeaderMap,
    Json(body): Json<PasswordSignInBody>,
) -> Result<Response, Refused> {
    let before = Before::of(actor.as_ref(), body.deliver);
    let PasswordSignInBody { phone, password, second, deliver } = body;
    let begin = Begin::new(&ctx, Way::Password, &headers, second);
    let this = PasswordTry { phone, address };
    let counted = this.clone();
    let stored = ctx.db().write(Lane::Interactive, move |tx| counted.begin(tx)).await?;
    // Hashing takes as long whether or not there is something to compare with.
    if !password::verify(password, stored.clone()).await? {
        return Err(SignInError::PasswordWrong.into());
    }
    let run = move |tx: &mut Tx| {
        let person = store::find_by_phone(tx, &this.phone)?;
        let row = match person {
            Some(person) => store::find_person(tx, person)?,
            None => None,
        };
        if row.is_none_or(|row| row.password != stored) {
            return Err(SignInError::PasswordWrong);
        }
        this.was_right(tx)?;
        admit(tx, &this.phone, before, &begin)
    };
    let (person, started) = ctx.db().write(Lane::Interactive, run).await?.admitted()?;
    Ok(hand_out(&ctx, started, person, false, deliver))
}
