//! Amounts as providers write them. Never through a float.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]

use base::Currency;

/// Minor units of an amount such as `12.3` or `12.30`, of a currency with that many digits after the point; `None`
/// when it is none, is below zero or has more digits.
pub(crate) fn minor_of(text: &str, currency: Currency) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = usize::from(currency.exponent());
    let is_digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    // Alipay and WeChat write two digits whatever the currency; more may only be zeros.
    let part = if part.len() > digits {
        let (kept, zeros) = part.split_at_checked(digits)?;
        if zeros.bytes().any(|c| c != b'0') {
            return None;
        }
        kept
    } else {
        part
    };
    format!("{whole}{part:0<digits$}").parse().ok()
}

/// `12.30` of 1230 minor units.
pub(crate) fn text_of(minor: i64, currency: Currency) -> String {
    let digits = usize::from(currency.exponent());
    let width = digits.saturating_add(1);
    let text = format!("{minor:0>width$}");
    let (whole, part) = text.split_at_checked(text.len().saturating_sub(digits)).unwrap_or((&text, ""));
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_there_and_back() {
        let yen: Currency = "JPY".parse().unwrap();
        for (text, minor) in [("0.01", 1), ("12.3", 1_230), ("12", 1_200), ("1000000.00", 100_000_000)] {
            assert_eq!(minor_of(text, Currency::CNY), Some(minor));
            assert_eq!(minor_of(&text_of(minor, Currency::CNY), Currency::CNY), Some(minor));
        }
        assert_eq!(
            (text_of(5, Currency::CNY), text_of(1_230, Currency::CNY)),
            ("0.05".into(), "12.30".into())
        );
        assert_eq!((minor_of("500.00", yen), text_of(500, yen)), (Some(500), "500".into()));
        for text in ["", ".5", "-1", "1e3", "0.001", "1.2.3", "9223372036854775808", " 1"] {
            assert_eq!(minor_of(text, Currency::CNY), None, "{text}");
        }
    }
}
