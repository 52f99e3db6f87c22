//! Phones, tokens, times and words of this module; nothing here touches the store.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base::Timestamp;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

/// Most characters of a user agent that are kept.
pub(crate) const USER_AGENT_MAX: usize = 200;
/// A session ends when it is not used for so long.
const IDLE_S: i64 = 30 * 86_400;
/// A session ends after so long, however much it is used.
pub(crate) const ABSOLUTE_S: i64 = 90 * 86_400;
/// How often the use of a session is written down.
const SEEN_EVERY_S: i64 = 3_600;

/// A phone number in E.164 form: `+8613800138000`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// The text is not a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number: give 11 digits of mainland China, or + and 7 to 15 digits")]
pub struct PhoneError;

impl Phone {
    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden: `138****8000`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }

    /// The number as people write it: without the country code in mainland China.
    pub fn national(&self) -> &str {
        self.0.strip_prefix("+86").unwrap_or(&self.0)
    }

    /// The name of a person of whom nothing else is known: 用户 and the last four digits.
    pub(crate) fn default_name(&self) -> String {
        format!("用户{}", last_four(&self.0))
    }
}

fn last_four(phone: &str) -> &str {
    phone.len().checked_sub(4).and_then(|start| phone.get(start..)).unwrap_or("")
}

/// A stored number with its middle hidden.
pub(crate) fn mask(phone: &str) -> String {
    let national = phone.strip_prefix("+86").filter(|rest| rest.len() == 11).unwrap_or(phone);
    format!("{}****{}", national.get(..3).unwrap_or(""), last_four(phone))
}

/// The beginning of stored numbers that a text is the beginning of, given as people write numbers: `138 00` begins
/// `+8613800138000`. `None` when no number begins so.
pub(crate) fn phone_start(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let (start, digits) = match plain.strip_prefix('+') {
        Some(digits) => ("+", digits),
        None if plain.is_empty() => return Some(String::new()),
        None => ("+86", plain.as_str()),
    };
    let is_fine = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_fine.then(|| format!("{start}{digits}"))
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(rest) = plain.strip_prefix('+') {
            let is_fine = (7..=15).contains(&rest.len()) && digits(rest) && !rest.starts_with('0');
            let is_chinese_and_wrong = rest.strip_prefix("86").is_some_and(|national| national.len() != 11);
            return if is_fine && !is_chinese_and_wrong { Ok(Self(plain)) } else { Err(PhoneError) };
        }
        let second = plain.as_bytes().get(1).copied().unwrap_or(b'0');
        let is_chinese = plain.len() == 11 && digits(&plain) && plain.starts_with('1') && second >= b'3';
        if is_chinese { Ok(Self(format!("+86{plain}"))) } else { Err(PhoneError) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Phone {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(8))
            .max_length(Some(24))
            .into()
    }
}

impl utoipa::ToSchema for Phone {}

/// What a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Guest,
    Member,
    /// A guest that turned out to be a member.
    Merged,
    Banned,
    /// Has left: nothing tells who it was.
    Erased,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Merged => "merged",
            Self::Banned => "banned",
            Self::Erased => "erased",
        }
    }
}

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Guest,
    Code,
    Password,
    Given,
}

impl Way {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Code => "code",
            Self::Password => "password",
            Self::Given => "given",
        }
    }
}

/// What a person is to a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Has every right, and cannot be removed.
    Owner,
    /// Has the rights given.
    Staff,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Staff => "staff",
        }
    }

    pub(crate) fn is(word: &str) -> Self {
        if word == "owner" { Self::Owner } else { Self::Staff }
    }
}

/// Whether somebody works for a shop, or has only been asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Asked; has no right there until the person agrees.
    Invited,
    Active,
}

impl Place {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
        }
    }
}

/// A session token made of 256 random bits.
pub(crate) fn token(random: [u8; 32]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random)
}

/// What is stored of a token.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What is stored of a sign-in code.
pub(crate) fn code_hash(salt: &[u8; 32], phone: &Phone, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(phone.as_str().as_bytes());
    hash.update([0]);
    hash.update(code.as_bytes());
    hash.finalize().into()
}

/// When a session that began at `created` and is used `now` ends by itself.
pub(crate) fn session_expiry(created: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_seconds(IDLE_S).min(created.plus_seconds(ABSOLUTE_S))
}

/// Whether it is time to write down that a session is used.
pub(crate) fn is_seen_stale(seen: Timestamp, now: Timestamp) -> bool {
    seen.plus_seconds(SEEN_EVERY_S) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_have_one_form() {
        for text in ["13800138000", "138-0013-8000", "+86 138 0013 8000", "+8613800138000"] {
            assert_eq!(text.parse::<Phone>().unwrap().as_str(), "+8613800138000", "{text}");
        }
        assert_eq!("+1 (415) 555-2671".parse::<Phone>().unwrap().as_str(), "+14155552671");
        for text in
            ["", "12345678901", "1380013800", "138001380000", "+86138", "+0123456789", "+1a5552671", "１３８"]
        {
            assert_eq!(text.parse::<Phone>(), Err(PhoneError), "{text}");
        }
    }

    #[test]
    fn a_number_is_found_by_its_beginning() {
        for (text, wanted) in [("", ""), ("138 00", "+8613800"), ("+1 (4", "+14"), ("+", "+")] {
            assert_eq!(phone_start(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["a", "1+", "１３８", "1234567890123456", "%"] {
            assert_eq!(phone_start(text), None, "{text}");
        }
    }

    #[test]
    fn a_masked_phone_hides_its_middle() {
        assert_eq!("13800138000".parse::<Phone>().unwrap().masked(), "138****8000");
        assert_eq!("+14155552671".parse::<Phone>().unwrap().masked(), "+14****2671");
    }

    #[test]
    fn a_session_slides_to_its_absolute_end() {
        let at = |days: i64| Timestamp::from_micros(0).plus_seconds(days * 86_400);
        assert_eq!(session_expiry(at(0), at(0)), at(30));
        assert_eq!(session_expiry(at(0), at(50)), at(80));
        assert_eq!(session_expiry(at(0), at(70)), at(90));
    }
}
