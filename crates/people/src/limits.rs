//! How often sign-in may be tried. Answers never tell whether a number is registered.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::{Problem, Timestamp};
use db::{DbError, Tx};
use rest::{Ctx, ToProblem};

use crate::store::{self, Limit};

/// Codes sent to one number.
pub(crate) const CODES_PER_PHONE: Limit = Limit { scope: "code_phone", max: 10, window_s: 86_400 };
/// Codes asked for from one address.
pub(crate) const CODES_PER_ADDRESS: Limit = Limit { scope: "code_address", max: 30, window_s: 3_600 };
/// Wrong passwords for one number.
pub(crate) const PASSWORDS_PER_PHONE: Limit = Limit { scope: "password_phone", max: 10, window_s: 900 };
/// Wrong passwords from one address: somebody tries the same few passwords on many numbers.
pub(crate) const PASSWORDS_PER_ADDRESS: Limit = Limit { scope: "password_address", max: 50, window_s: 900 };

/// Wrong second factors of one person, who has given the first.
pub(crate) const SECONDS_PER_PERSON: Limit = Limit { scope: "second_person", max: 5, window_s: 900 };

/// Archives of one person.
pub(crate) const ARCHIVES_PER_PERSON: Limit = Limit { scope: "archive_person", max: 10, window_s: 86_400 };

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries; wait {retry_after_s} seconds")]
pub(crate) struct TooMany {
    retry_after_s: u32,
}

impl TooMany {
    pub(crate) fn until(then: Timestamp, now: Timestamp) -> Self {
        // Rounded up: whoever waits as long as told is let through.
        let micros = then.micros_since(now).max(1).saturating_add(999_999);
        let seconds = micros.checked_div(1_000_000).unwrap_or(1);
        Self { retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX) }
    }
}

impl ToProblem for TooMany {
    fn problem(&self) -> Problem {
        Problem::new(429, "sign_in.too_many", self.to_string()).with_retry_after(self.retry_after_s)
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![(429, "sign_in.too_many")]
    }
}

/// What counting a use can end with.
pub(crate) enum Counted {
    Fine,
    TooMany(TooMany),
}

pub(crate) fn count(tx: &mut Tx, limit: Limit, key: &str) -> Result<Counted, DbError> {
    let now = tx.now();
    let until = store::take(tx, limit, key)?;
    Ok(until.map_or(Counted::Fine, |then| Counted::TooMany(TooMany::until(then, now))))
}

/// Where a request comes from; empty when unknown. The server puts it into the extensions of a request that
/// writes: the peer, or the last `X-Forwarded-For` where the settings trust it; of IPv6 the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl FromRequestParts<Ctx> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Ctx) -> Result<Self, std::convert::Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
