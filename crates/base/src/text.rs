//! Text with a length, checked where it enters.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Fewer or more characters than allowed.
    #[error("must have {min} to {max} characters, has {got}")]
    Length {
        /// Least characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// Characters given, after trimming.
        got: usize,
    },
    /// A control character other than a line break or tab.
    #[error("must not contain control characters")]
    Control,
}

/// Text of `MIN` to `MAX` characters, trimmed, without control characters (line breaks and tabs may stay).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Checks and trims.
    ///
    /// # Errors
    /// [`TextError`], when too short, too long or with control characters.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let got = text.chars().count();
        if got < MIN || got > MAX {
            return Err(TextError::Length { min: MIN, max: MAX, got });
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(TextError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MIN: usize, const MAX: usize> std::ops::Deref for Text<MIN, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

impl<const MIN: usize, const MAX: usize> utoipa::PartialSchema for Text<MIN, MAX> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(MIN))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MIN: usize, const MAX: usize> utoipa::ToSchema for Text<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MIN}To{MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert_eq!(Text::<1, 2>::new(" 拼团 ").unwrap().as_str(), "拼团");
        assert_eq!(Text::<1, 2>::new("拼团购"), Err(TextError::Length { min: 1, max: 2, got: 3 }));
        assert_eq!(Text::<1, 2>::new("   "), Err(TextError::Length { min: 1, max: 2, got: 0 }));
        assert_eq!(Text::<1, 9>::new("a\0b"), Err(TextError::Control));
    }
}
