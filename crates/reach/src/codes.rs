//! Codes of entries: ten random characters and six that only the server can make.
//!
//! A made-up code is refused without a look into the store, and codes cannot be guessed from one another.

use base::Id;
use db::Tx;
use hmac::{Hmac, KeyInit, Mac};
use rest::Ctx;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Crockford's: no I, L, O, U, so that people can read a code out.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_CHARS: usize = 10;
const SIGNED_CHARS: usize = 6;

/// What codes are signed with. Put into the context's extensions at start; the same on every node, for as long as
/// printed codes shall work.
#[derive(Clone)]
pub struct EntrySecret([u8; 32]);

impl EntrySecret {
    /// A secret of these bytes, which came from a random generator.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The context's secret; a known one for demos when there is none.
    pub fn of(ctx: &Ctx) -> Self {
        ctx.extension::<Self>()
            .map_or_else(|| Self(*b"a secret for demos, known to all"), |found| (*found).clone())
    }

    fn signature(&self, random: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mac| mac.chain_update(b"entry\0").chain_update(random));
        let bytes: [u8; 32] = mac.map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default();
        text(&bytes, SIGNED_CHARS)
    }

    /// A fresh code.
    pub(crate) fn code(&self, tx: &mut Tx) -> String {
        let random = text(&tx.random_bytes(), RANDOM_CHARS);
        let signature = self.signature(&random);
        random + &signature
    }

    /// The code as it is stored, if it is one of ours: upper case, with what people misread put right.
    pub(crate) fn check(&self, given: &str) -> Option<String> {
        if given.len() != RANDOM_CHARS.saturating_add(SIGNED_CHARS) {
            return None;
        }
        let code: String = given
            .chars()
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let (random, signature) = code.split_at_checked(RANDOM_CHARS)?;
        let is_ours: bool = self.signature(random).as_bytes().ct_eq(signature.as_bytes()).into();
        is_ours.then_some(code)
    }
}

/// The first bits of `bytes`, five to a character.
fn text(bytes: &[u8; 32], chars: usize) -> String {
    let [a, b, c, d, e, f, g, h, ..] = *bytes;
    let bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let places = (1_u32..).take(chars).map(|place| 64_u32.saturating_sub(place.saturating_mul(5)));
    places
        .filter_map(|shift| {
            let digit = usize::try_from((bits >> shift) & 31).unwrap_or(0);
            ALPHABET.get(digit).map(|byte| char::from(*byte))
        })
        .collect()
}

/// The first moment's smallest id at a time, for lists of ids that carry their time.
pub(crate) fn id_at<T: Id>(at: base::Timestamp) -> T {
    T::from_bytes((u128::from(at.millis()) << 80).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_codes_pass() {
        let secret = EntrySecret::new([7; 32]);
        let random = text(&[0x5a; 32], RANDOM_CHARS);
        let code = format!("{random}{}", secret.signature(&random));
        assert_eq!(code.len(), 16);
        assert_eq!(secret.check(&code), Some(code.clone()));
        assert_eq!(secret.check(&code.to_lowercase()), Some(code.clone()));
        assert_eq!(EntrySecret::new([8; 32]).check(&code), None);
        for place in 0..16 {
            let mut forged = code.clone().into_bytes();
            forged[place] = if forged[place] == b'2' { b'3' } else { b'2' };
            assert_eq!(secret.check(&String::from_utf8(forged).unwrap()), None, "{place}");
        }
        for other in ["", "A", "ééééééééé", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "中文中文中A"] {
            assert_eq!(secret.check(other), None);
        }
    }
}
