//! Money: integer minor units with a currency. No float goes in or comes out.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why an amount cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("amounts of {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    /// The result does not fit 64 bits.
    #[error("amount out of range")]
    Overflow,
    /// No such currency code.
    #[error("unknown currency")]
    UnknownCurrency,
    /// Weights that are all zero, or none at all, while there is something to split.
    #[error("nothing to split by")]
    NoWeights,
}

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The currencies that can be used, with the digits after the point (ISO 4217).
const CURRENCIES: &[(&str, u8)] = &[
    ("AED", 2),
    ("ARS", 2),
    ("AUD", 2),
    ("BDT", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EGP", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KES", 2),
    ("KRW", 0),
    ("KWD", 3),
    ("KZT", 2),
    ("LKR", 2),
    ("LYD", 3),
    ("MAD", 2),
    ("MNT", 2),
    ("MOP", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NGN", 2),
    ("NOK", 2),
    ("NPR", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PEN", 2),
    ("PHP", 2),
    ("PKR", 2),
    ("PLN", 2),
    ("QAR", 2),
    ("RON", 2),
    ("RUB", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TND", 3),
    ("TRY", 2),
    ("TWD", 2),
    ("UAH", 2),
    ("USD", 2),
    ("UYU", 2),
    ("VND", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("ZAR", 2),
];

impl Currency {
    /// Renminbi.
    pub const CNY: Self = Self(*b"CNY");
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");

    /// The three letters.
    pub fn code(&self) -> &str {
        // INVARIANT: only built from the ASCII codes of the table.
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Digits after the point of the major unit: 2 for CNY, 0 for JPY.
    pub fn exponent(self) -> u8 {
        CURRENCIES.iter().find(|(code, _)| *code == self.code()).map_or(2, |(_, exponent)| *exponent)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let known = CURRENCIES.iter().find(|(code, _)| *code == text).ok_or(MoneyError::UnknownCurrency)?;
        known.0.as_bytes().try_into().map(Self).or(Err(MoneyError::UnknownCurrency))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .examples([serde_json::Value::from("CNY")])
            .into()
    }
}

impl utoipa::ToSchema for Currency {}

/// How a fraction of a minor unit becomes a whole one. There is no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero: in favour of whoever pays.
    Down,
    /// Away from zero.
    Up,
    /// To the nearest, halves away from zero.
    HalfUp,
}

/// A ratio of two integers, such as a rate in basis points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: i64,
    /// INVARIANT: above 0, kept by the constructors.
    denominator: i64,
}

impl Ratio {
    /// `basis_points` ten-thousandths: 500 is 5 %.
    pub const fn basis_points(basis_points: i64) -> Self {
        Self { numerator: basis_points, denominator: 10_000 }
    }

    /// `numerator / denominator`; `None` unless the denominator is positive.
    pub const fn new(numerator: i64, denominator: i64) -> Option<Self> {
        if denominator > 0 { Some(Self { numerator, denominator }) } else { None }
    }
}

/// An amount in the currency's minor unit (cent, yen, fils). May be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    #[serde(rename = "amount_minor")]
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], or [`MoneyError::Overflow`] outside `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], or [`MoneyError::Overflow`] outside `i64`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// `quantity` times this amount.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] outside `i64`.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// `self × rate`, computed in 128 bits and rounded as told.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] outside `i64`.
    pub fn scale(self, rate: Ratio, rounding: Rounding) -> Result<Self, MoneyError> {
        let exact =
            i128::from(self.minor).checked_mul(i128::from(rate.numerator)).ok_or(MoneyError::Overflow)?;
        let denominator = i128::from(rate.denominator);
        let whole = exact.checked_div(denominator).ok_or(MoneyError::Overflow)?;
        let rest = exact.checked_rem(denominator).ok_or(MoneyError::Overflow)?.unsigned_abs();
        let away = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest > 0,
            Rounding::HalfUp => rest.saturating_mul(2) >= denominator.unsigned_abs(),
        };
        let step = if away { exact.signum() } else { 0 };
        let minor =
            whole.checked_add(step).and_then(|sum| i64::try_from(sum).ok()).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

/// Splits `amount` by `weights` into parts whose sum is exactly `amount` (largest remainder, Hamilton's method;
/// of equal remainders the earlier part gets the unit). Negative amounts split as the mirror of positive ones.
///
/// # Errors
/// [`MoneyError::NoWeights`] when the amount is not 0 and no weight is above 0; [`MoneyError::Overflow`] when the
/// weights sum past 64 bits.
pub fn allocate(amount: i64, weights: &[u64]) -> Result<Vec<i64>, MoneyError> {
    let total =
        weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight)).ok_or(MoneyError::Overflow)?;
    if amount == 0 {
        return Ok(vec![0; weights.len()]);
    }
    if total == 0 {
        return Err(MoneyError::NoWeights);
    }
    let magnitude = u128::from(amount.unsigned_abs());
    let mut parts = Vec::with_capacity(weights.len());
    let mut given = 0_u128;
    for (index, weight) in weights.iter().enumerate() {
        let exact = magnitude.checked_mul(u128::from(*weight)).ok_or(MoneyError::Overflow)?;
        let whole = exact.checked_div(u128::from(total)).ok_or(MoneyError::Overflow)?;
        let rest = exact.checked_rem(u128::from(total)).ok_or(MoneyError::Overflow)?;
        given = given.checked_add(whole).ok_or(MoneyError::Overflow)?;
        parts.push((index, whole, rest));
    }
    let left = usize::try_from(magnitude.saturating_sub(given)).or(Err(MoneyError::Overflow))?;
    parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for part in parts.iter_mut().take(left) {
        part.1 = part.1.checked_add(1).ok_or(MoneyError::Overflow)?;
    }
    parts.sort_by_key(|part| part.0);
    let signed = |part: u128| -> Result<i64, MoneyError> {
        let part = i128::try_from(part).or(Err(MoneyError::Overflow))?;
        let part = if amount < 0 { part.checked_neg() } else { Some(part) };
        part.and_then(|part| i64::try_from(part).ok()).ok_or(MoneyError::Overflow)
    };
    parts.into_iter().map(|(_, part, _)| signed(part)).collect()
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    reason = "tests compute with small numbers"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounding_is_as_told() {
        let amount = Money::new(-333, Currency::CNY);
        let half = Ratio::basis_points(5_000);
        assert_eq!(amount.scale(half, Rounding::Down).unwrap().minor(), -166);
        assert_eq!(amount.scale(half, Rounding::Up).unwrap().minor(), -167);
        assert_eq!(amount.scale(half, Rounding::HalfUp).unwrap().minor(), -167);
    }

    #[test]
    fn currencies_do_not_mix_and_sums_do_not_wrap() {
        let (fen, pence) = (Money::new(1, Currency::CNY), Money::new(1, Currency::GBP));
        assert_eq!(fen.checked_add(pence), Err(MoneyError::CurrencyMismatch(Currency::CNY, Currency::GBP)));
        assert_eq!(Money::new(i64::MAX, Currency::CNY).checked_add(fen), Err(MoneyError::Overflow));
        assert_eq!(
            Money::new(i64::MIN, Currency::CNY).scale(Ratio::basis_points(20_000), Rounding::Down),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn the_wire_takes_only_whole_numbers() {
        for wrong in [
            r#"{"amount_minor":1.005,"currency":"CNY"}"#,
            r#"{"amount_minor":1e400,"currency":"CNY"}"#,
            r#"{"amount_minor":"1","currency":"CNY"}"#,
            r#"{"amount_minor":1,"currency":"cny"}"#,
            r#"{"amount_minor":9223372036854775808,"currency":"CNY"}"#,
            r#"{"amount_minor":1,"currency":"CNY","x":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn leftover_units_go_to_the_largest_remainders() {
        assert_eq!(allocate(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        assert_eq!(allocate(5, &[0, 7, 3]), Ok(vec![0, 4, 1]));
        assert_eq!(allocate(0, &[]), Ok(vec![]));
        assert_eq!(allocate(1, &[0, 0]), Err(MoneyError::NoWeights));
    }

    proptest! {
        #[test]
        fn parts_sum_exactly_and_never_change_sign(amount: i64, weights in prop::collection::vec(0_u64..1_000_000, 1..40)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = allocate(amount, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part.signum() * amount.signum() >= 0);
                let exact = i128::from(amount) * i128::from(*weight) / i128::from(weights.iter().sum::<u64>());
                prop_assert!((i128::from(*part) - exact).abs() <= 1);
            }
        }
    }
}
