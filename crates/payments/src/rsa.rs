//! RSA signatures (PKCS #1 v1.5 with SHA-256) with keys from PEM files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{self, RsaKeyPair, UnparsedPublicKey};

/// A private key.
pub(crate) struct SigningKey(RsaKeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// The key of a PEM file, PKCS #8 or PKCS #1, or of its Base64 alone.
    pub(crate) fn of_pem(text: &str) -> Option<Self> {
        let der = der_of(text)?;
        RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok().map(Self)
    }

    /// The signature in Base64; `None` when it cannot be made, which a sound key does not do.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
        Some(STANDARD.encode(signature))
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// The key of a PEM file with a public key or a certificate, or of a public key's Base64 alone.
    pub(crate) fn of_pem(text: &str) -> Option<Self> {
        let der = der_of(text)?;
        let info = if text.contains("CERTIFICATE") { info_of_certificate(&der)? } else { der.as_slice() };
        key_of_info(info).map(|key| Self(key.to_vec()))
    }

    /// Whether `signature`, in Base64, fits the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &self.0);
        key.verify(message, &signature).is_ok()
    }
}

/// The serial number of a certificate, in capital hex without leading zeros, as WeChat Pay writes it.
pub(crate) fn serial_of_pem(text: &str) -> Option<String> {
    let der = der_of(text)?;
    let (serial, _) = take(body_of_certificate(&der)?, INTEGER)?;
    let hex: String = serial.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(hex.trim_start_matches('0').to_owned())
}

/// What stands between the first pair of lines with dashes; the whole text when there are none.
fn der_of(text: &str) -> Option<Vec<u8>> {
    let mut inside = String::new();
    let mut is_inside = !text.contains("-----BEGIN");
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN") {
            is_inside = true;
        } else if line.starts_with("-----END") {
            break;
        } else if is_inside {
            inside.push_str(line);
        }
    }
    STANDARD.decode(inside).ok()
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `[0]`, where a certificate says its version.
const VERSION: u8 = 0xa0;

/// The contents of the value at the start of `der`, which has this tag, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match usize::from(*length) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(long.saturating_sub(0x80))?;
            let length = digits
                .iter()
                .fold(0_usize, |sum, digit| sum.saturating_mul(256).saturating_add((*digit).into()));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The inside of the signed part of a certificate, from the serial number on (RFC 5280, 4.1).
fn body_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (body, _) = take(certificate, SEQUENCE)?;
    Some(take(body, VERSION).map_or(body, |(_, rest)| rest))
}

fn info_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (_, mut rest) = take(body_of_certificate(der)?, INTEGER)?;
    // Algorithm, issuer, validity and subject come before the key.
    for _ in 0..4 {
        rest = take(rest, SEQUENCE)?.1;
    }
    Some(rest)
}

/// The RSA key in a SubjectPublicKeyInfo.
fn key_of_info(der: &[u8]) -> Option<&[u8]> {
    let (info, _) = take(der, SEQUENCE)?;
    let (_, rest) = take(info, SEQUENCE)?;
    let (bits, _) = take(rest, BIT_STRING)?;
    // The first byte counts unused bits: none in a key.
    bits.strip_prefix(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_never_past_the_end() {
        assert_eq!(take(&[0x30, 2, 7, 8, 9], SEQUENCE), Some((&[7, 8][..], &[9][..])));
        assert_eq!(take(&[0x30, 0x81, 2, 7, 8], SEQUENCE), Some((&[7, 8][..], &[][..])));
        for broken in [&[][..], &[0x30], &[0x30, 3, 1], &[0x30, 0x82, 1], &[0x02, 0], &[0x30, 0x80, 0]] {
            assert_eq!(take(broken, SEQUENCE), None);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----", "no base64!"] {
            assert_eq!(VerifyingKey::of_pem(text), None);
            assert!(SigningKey::of_pem(text).is_none());
        }
    }
}
