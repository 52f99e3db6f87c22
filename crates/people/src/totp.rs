//! Codes of authenticators: RFC 6238 with SHA-1, six digits and thirty seconds, which is what all of them know.

use base::Timestamp;
use ring::hmac;
use subtle::ConstantTimeEq;

const STEP_MICROS: i64 = 30_000_000;
/// Bytes of a secret: as long as what the hash puts out.
pub(crate) const SECRET_LEN: usize = 20;
const ALPHABET: [char; 32] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U',
    'V', 'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7',
];

/// The code of one step.
fn code_of(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(digest.as_ref().last().copied().unwrap_or(0) & 0xf);
    let part = digest.as_ref().iter().skip(offset).take(4);
    let number = part.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The step whose code this is: that of now, the one before or the one after, for clocks that differ. All three are
/// compared, in the same time whatever differs.
pub(crate) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let step = now.micros().div_euclid(STEP_MICROS);
    let around = [step.saturating_sub(1), step, step.saturating_add(1)];
    around.into_iter().fold(None, |found, step| {
        let is_it = bool::from(code_of(secret, step).as_bytes().ct_eq(code.as_bytes()));
        if is_it { Some(step) } else { found }
    })
}

/// RFC 4648, without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let filled = chunk.iter().copied().chain(std::iter::repeat(0)).take(5);
        let bits = filled.fold(0_u64, |bits, byte| (bits << 8) | u64::from(byte));
        let letters = chunk.len().saturating_mul(8).div_ceil(5);
        for place in (0..8_u32).take(letters) {
            let index = usize::try_from((bits >> (35 - 5 * place)) & 31).unwrap_or(0);
            text.extend(ALPHABET.get(index));
        }
    }
    text
}

/// What an authenticator scans. `issuer` and `account` are what it shows.
pub(crate) fn uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (escape(issuer), escape(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

fn escape(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, for SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in vectors {
            let now = Timestamp::from_micros(seconds * 1_000_000);
            assert_eq!(step_of(secret, code, now), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let secret = b"12345678901234567890";
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for (seconds, is_taken) in [(0, true), (29, true), (30, true), (60, true), (89, true), (90, false)] {
            assert_eq!(step_of(secret, "287082", at(seconds)).is_some(), is_taken, "{seconds}");
        }
        for wrong in ["287083", "", "28708", "2870820", "２８７０８２"] {
            assert_eq!(step_of(secret, wrong, at(59)), None, "{wrong}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_standard() {
        let words = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let texts = ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"];
        assert_eq!(words.map(|word| base32(word.as_bytes())), texts);
    }

    #[test]
    fn the_address_names_shop_and_account() {
        let uri = uri("Tuan shop.example", "138****8000", "MZXW6YTB");
        assert_eq!(
            uri,
            "otpauth://totp/Tuan%20shop.example:138%2A%2A%2A%2A8000?secret=MZXW6YTB&issuer=Tuan%20shop.example\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
