//! What a post is and where it stands. Pure.

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PostKind)]
pub(crate) enum Kind {
    /// By somebody who received it.
    Review,
    /// By any member.
    Question,
    /// To a question.
    Answer,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Question => "question",
            Self::Answer => "answer",
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PostSide)]
pub(crate) enum Side {
    /// Staff of the shop.
    Shop,
    /// Somebody who received it.
    Buyer,
    /// Somebody else.
    Other,
}

/// Where a post stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PostStanding)]
pub(crate) enum Standing {
    /// In public.
    Shown,
    /// In public still, and waiting for an operator: a few people alone silence nobody.
    Reported,
    /// Not in public before an operator has looked: it has a word of the list.
    Held,
    /// Taken out of public by an operator.
    Hidden,
}

impl Standing {
    pub(crate) fn is_public(self) -> bool {
        match self {
            Self::Shown | Self::Reported => true,
            Self::Held | Self::Hidden => false,
        }
    }

    pub(crate) fn waits(self) -> bool {
        match self {
            Self::Reported | Self::Held => true,
            Self::Shown | Self::Hidden => false,
        }
    }

    /// As others than operators are told: who reported what is nobody's business.
    pub(crate) fn told(self) -> Self {
        if self == Self::Reported { Self::Shown } else { self }
    }
}

/// Reports after which an operator looks at a post.
pub(crate) const REPORTS_MAX: i64 = 3;

const FOLLOW_UP_S: i64 = 180 * 86_400;

/// Until when a review may be added to.
pub(crate) fn follow_up_until(written: Timestamp) -> Timestamp {
    written.plus_seconds(FOLLOW_UP_S)
}

/// A text as words are looked for in it: full-width forms plain, small letters, without anything between them.
pub(crate) fn folded(text: &str) -> String {
    let plain = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => code.checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        _ => c,
    };
    text.chars().map(plain).flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a text has one of these words, which are folded.
pub(crate) fn has_word(text: &str, words: &[String]) -> bool {
    let text = folded(text);
    words.iter().any(|word| text.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_they_are_spaced_and_written() {
        let words = [folded("加微信"), folded("Vx")];
        for text in ["加微信", "加 微-信", "请加。微·信！", "ＶＸ：1", "v_x", "V X"] {
            assert!(has_word(text, &words), "{text}");
        }
        for text in ["微信支付很方便", "v1", ""] {
            assert!(!has_word(text, &words), "{text}");
        }
    }

    #[test]
    fn reported_posts_stay_in_public_and_nobody_is_told() {
        assert!(Standing::Reported.is_public() && Standing::Reported.waits());
        assert!(!Standing::Held.is_public() && Standing::Held.waits());
        assert_eq!(Standing::Reported.told(), Standing::Shown);
        assert_eq!(Standing::Hidden.told(), Standing::Hidden);
    }
}
