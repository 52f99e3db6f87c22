//! Who asks: the person behind a request, and what that person may do.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use base::{MerchantId, PersonId, Problem, SessionId, Timestamp};
use db::{DbError, Rx, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Ctx, Refused, ToProblem};

/// What staff of a merchant may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Products, prices and freight.
    Products,
    /// Stock levels.
    Stock,
    /// Orders and shipments.
    Orders,
    /// Refunds.
    Refunds,
    /// Team-buying activities.
    Deals,
    /// Entries and commission rules.
    Reach,
    /// Balances and statements.
    Money,
    /// Staff and the log of their acts.
    Staff,
}

impl Right {
    /// All rights, in the order of their bits.
    pub const ALL: [Self; 8] = [
        Self::Products,
        Self::Stock,
        Self::Orders,
        Self::Refunds,
        Self::Deals,
        Self::Reach,
        Self::Money,
        Self::Staff,
    ];

    fn bit(self) -> i64 {
        let place = Self::ALL.iter().position(|right| *right == self).unwrap_or(0);
        u32::try_from(place).ok().and_then(|place| 1_i64.checked_shl(place)).unwrap_or(0)
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(i64);

impl Rights {
    /// Every right: the owner's.
    pub const ALL: Self = Self(0xff);

    /// The set as it is stored.
    pub fn bits(self) -> i64 {
        self.0
    }

    /// The set with these stored bits; unknown bits are dropped.
    pub fn from_bits(bits: i64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether `right` is in the set.
    pub fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// The rights in the set.
    pub fn list(self) -> Vec<Right> {
        Right::ALL.into_iter().filter(|right| self.has(*right)).collect()
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
    }
}

/// One merchant a person works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The merchant.
    pub merchant: MerchantId,
    /// Whether the person owns it.
    pub is_owner: bool,
    /// What the person may do there.
    pub rights: Rights,
    /// Whether the merchant asks its staff for a second factor and the person has none: nothing may be done there.
    pub lacks_second_factor: bool,
}

/// How long a proof of who one is counts, for acts that need a recent one.
pub const STEP_UP_S: i64 = 600;

/// The person behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; a guest is one too.
    pub person: PersonId,
    /// The session.
    pub session: SessionId,
    /// Whether the person has not signed in yet.
    pub is_guest: bool,
    /// Whether the person runs the platform.
    pub is_operator: bool,
    /// Merchants the person works for.
    pub memberships: Vec<Membership>,
    /// When the person last proved in this session who it is: by signing in, or again later. None for guests.
    pub stepped_up_at: Option<Timestamp>,
}

impl Actor {
    /// Whether the person works for `merchant` at all; operators do everywhere.
    pub fn works_for(&self, merchant: MerchantId) -> bool {
        let works = |m: &Membership| m.merchant == merchant && !m.lacks_second_factor;
        self.is_operator || self.memberships.iter().any(works)
    }

    /// Checks that the person proved not long ago who it is, as acts that cannot be taken back ask for. Called by the
    /// handler before anything is remembered under an `Idempotency-Key`, so that the same request may come again.
    ///
    /// # Errors
    /// [`StepUpNeeded`].
    pub fn must_be_proven(&self, now: Timestamp) -> Result<(), StepUpNeeded> {
        let is_recent = self.stepped_up_at.is_some_and(|at| at.plus_seconds(STEP_UP_S) > now);
        if is_recent { Ok(()) } else { Err(StepUpNeeded) }
    }

    /// Checks that the person may do `right` at `merchant`. Operators may.
    ///
    /// # Errors
    /// [`Denied::Unknown`] for strangers, who may not know; [`Denied::Forbidden`] for staff without the right;
    /// [`Denied::SecondFactor`] for staff who must set one up first.
    pub fn may(&self, merchant: MerchantId, right: Right) -> Result<(), Denied> {
        let membership = self.memberships.iter().find(|m| m.merchant == merchant);
        match membership {
            _ if self.is_operator => Ok(()),
            Some(membership) if membership.lacks_second_factor => Err(Denied::SecondFactor),
            Some(membership) if membership.rights.has(right) => Ok(()),
            Some(_) => Err(Denied::Forbidden),
            None => Err(Denied::Unknown),
        }
    }

    /// Checks that the person runs the platform.
    ///
    /// # Errors
    /// [`Denied::Forbidden`].
    pub fn must_be_operator(&self) -> Result<(), Denied> {
        if self.is_operator { Ok(()) } else { Err(Denied::Forbidden) }
    }
}

/// Why somebody may not do something. Not there and not allowed to know are the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no such thing, as far as this person may know.
    #[error("there is no such thing, or you may not know of it")]
    Unknown,
    /// The person may know of it, but lacks the right.
    #[error("your role does not include this; ask the owner of the shop")]
    Forbidden,
    /// The shop asks its staff for a second factor, and the person has none.
    #[error("this shop asks its staff for a second factor; set one up under security and come back")]
    SecondFactor,
}

/// The last proof of who the person is lies too far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prove again who you are, with POST /api/v1/me/step-up, and repeat this within ten minutes")]
pub struct StepUpNeeded;

impl ToProblem for StepUpNeeded {
    fn problem(&self) -> Problem {
        Problem::new(403, "auth.step_up_required", self.to_string())
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![(403, "auth.step_up_required")]
    }
}

impl ToProblem for Denied {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::new(404, "not_found", self.to_string()),
            Self::Forbidden => Problem::new(403, "auth.forbidden", self.to_string()),
            Self::SecondFactor => Problem::new(403, "auth.second_factor_required", self.to_string()),
        }
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![(403, "auth.forbidden"), (403, "auth.second_factor_required"), (404, "not_found")]
    }
}

fn sign_in_required() -> Refused {
    Refused(Problem::new(401, "auth.required", "sign in first"))
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose it is.
    pub actor: Actor,
    /// Whether it is time to write down that it is used.
    pub is_use_due: bool,
}

/// Finds out whose session a token belongs to. The module `people` does.
pub trait Authenticate: Send + Sync + 'static {
    /// The person behind the session whose token has this SHA-256; `None` when there is none or it has ended.
    ///
    /// # Errors
    /// Whatever the store says.
    fn actor(&self, rx: &mut Rx, token_hash: [u8; 32]) -> Result<Option<Found>, DbError>;

    /// Writes down that the session of [`Found::is_use_due`] is used. Runs after the request was let in, and not at
    /// all when the store has more to do than it can.
    ///
    /// # Errors
    /// Whatever the store says.
    fn note_use(&self, tx: &mut Tx, actor: &Actor) -> Result<(), DbError>;
}

/// The name of the session cookie. Browsers take the `__Host-` prefix only over TLS, which a demo does without.
pub fn cookie_name(is_demo: bool) -> &'static str {
    if is_demo { "tuan_session" } else { "__Host-tuan_session" }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    authorization.strip_prefix("Bearer ").map(str::trim)
}

/// Whether the session token of a request is a bearer token, which no browser sends by itself.
pub fn has_bearer(headers: &HeaderMap) -> bool {
    bearer(headers).is_some()
}

/// The session token of a request: the bearer token, else the cookie.
pub fn bearer_or_cookie(headers: &HeaderMap, is_demo: bool) -> Option<&str> {
    if let Some(token) = bearer(headers) {
        return Some(token);
    }
    let name = cookie_name(is_demo);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

async fn find_actor(parts: &Parts, ctx: &Ctx) -> Result<Option<Actor>, Refused> {
    let Some(token) = bearer_or_cookie(&parts.headers, ctx.settings().is_demo) else { return Ok(None) };
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let now = ctx.now();
    if let Some(actor) = ctx.known().find(ctx.db(), &hash, now) {
        return Ok(Some(actor));
    }
    let start = ctx.db().commits_seen();
    let authenticate = std::sync::Arc::clone(ctx.authenticate());
    let look = move |rx: &mut Rx| {
        rx.watch_tables();
        Ok((authenticate.actor(rx, hash)?, rx.tables_watched()))
    };
    let (found, tables) = ctx.db().read::<_, DbError, _>(look).await?;
    let Some(Found { actor, is_use_due }) = found else { return Ok(None) };
    if !is_use_due && let Some(mark) = ctx.db().mark(start, tables) {
        ctx.known().keep(hash, actor.clone(), mark, now);
    }
    if is_use_due {
        let (authenticate, used) = (std::sync::Arc::clone(ctx.authenticate()), actor.clone());
        ctx.db().write_later(move |tx| authenticate.note_use(tx, &used));
    }
    Ok(Some(actor))
}

impl FromRequestParts<Ctx> for Actor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        find_actor(parts, ctx).await?.ok_or_else(sign_in_required)
    }
}

/// The person behind a request, if any.
pub struct MaybeActor(pub Option<Actor>);

impl FromRequestParts<Ctx> for MaybeActor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        Ok(Self(find_actor(parts, ctx).await?))
    }
}

/// A person who has signed in; guests get 401.
pub struct Member(pub Actor);

impl FromRequestParts<Ctx> for Member {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        let actor = find_actor(parts, ctx).await?.filter(|actor| !actor.is_guest);
        actor.map(Self).ok_or_else(sign_in_required)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_round_trip() {
        let rights: Rights = [Right::Orders, Right::Money].into_iter().collect();
        assert_eq!(Rights::from_bits(rights.bits()).list(), [Right::Orders, Right::Money]);
        assert_eq!(Rights::ALL.list().len(), Right::ALL.len());
        assert!(!rights.has(Right::Staff));
    }

    #[test]
    fn the_bearer_token_wins_over_the_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; tuan_session=c1".parse().unwrap());
        assert_eq!(bearer_or_cookie(&headers, true), Some("c1"));
        assert_eq!(bearer_or_cookie(&headers, false), None);
        headers.insert(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
        assert_eq!((bearer_or_cookie(&headers, true), has_bearer(&headers)), (Some("c1"), false));
        headers.insert(header::AUTHORIZATION, "Bearer t1".parse().unwrap());
        assert!(has_bearer(&headers));
        assert_eq!(bearer_or_cookie(&headers, true), Some("t1"));
    }
}
