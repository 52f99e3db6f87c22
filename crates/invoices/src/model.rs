//! Titles, tax and what a refund takes off an invoice. No store, no clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Highest rate of tax, in hundredths of a percent.
pub(crate) const RATE_BP_MAX: i64 = 3_000;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoiceState {
    /// The shop is to issue it.
    Asked,
    /// It was issued.
    Issued,
    /// The shop could not.
    Refused,
    /// The buyer took it back, or all the money went back before it was issued.
    Withdrawn,
}

impl InvoiceState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Asked, Self::Issued, Self::Refused, Self::Withdrawn].into_iter().find(|one| one.word() == word)
    }
}

/// Whether a red letter is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LetterState {
    /// The shop is to issue it.
    Asked,
    /// It was issued.
    Issued,
    /// Nothing to take back: the refund came before the invoice.
    Included,
}

impl LetterState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Issued => "issued",
            Self::Included => "included",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Asked, Self::Issued, Self::Included].into_iter().find(|one| one.word() == word)
    }
}

/// In whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TitleKind {
    /// A person's.
    Person,
    /// A company's, with its code.
    Company,
}

impl TitleKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Person, Self::Company].into_iter().find(|one| one.word() == word)
    }
}

/// The characters of a unified social credit code, in the order of their values (GB 32100-2015, 5.2).
const CODE: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const MODULUS: usize = 31;

/// Whether this is a unified social credit code: 18 characters of which the last one checks the others (GB 32100-2015,
/// 5.3.4: weights are powers of 3, modulo 31).
pub(crate) fn is_tax_code(code: &str) -> bool {
    let values: Option<Vec<usize>> = code.chars().map(|c| CODE.find(c)).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else { return false };
    let (mut sum, mut weight) = (0_usize, 1_usize);
    for value in values.iter().take(17) {
        sum = sum.saturating_add(value.saturating_mul(weight));
        weight = weight.saturating_mul(3).checked_rem(MODULUS).unwrap_or(0);
    }
    let rest = sum.checked_rem(MODULUS).unwrap_or(0);
    let check = MODULUS.saturating_sub(rest).checked_rem(MODULUS).unwrap_or(0);
    values.last() == Some(&check)
}

/// Whether this can be a number of the tax office: 8 to 20 digits.
pub(crate) fn is_number(number: &str) -> bool {
    (8..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is in a price at a rate: `amount · rate / (1 + rate)`, rounded to the nearest unit, half up.
pub(crate) fn tax_in(amount: i64, rate_bp: i64) -> i64 {
    let (amount, rate) = (i128::from(amount.max(0)), i128::from(rate_bp.max(0)));
    let whole = rate.saturating_add(10_000);
    let doubled = amount.saturating_mul(rate).saturating_mul(2).saturating_add(whole);
    i64::try_from(doubled.checked_div(whole.saturating_mul(2)).unwrap_or(0)).unwrap_or(0)
}

/// A line of an invoice before its tax is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) line: i64,
    pub(crate) title: String,
    pub(crate) qty: i64,
    pub(crate) amount: i64,
    pub(crate) rate_bp: i64,
}

/// The tax of each part, so that parts of one rate sum up to the tax of their sum (largest remainder).
pub(crate) fn taxes(parts: &[Part]) -> Vec<i64> {
    let mut groups: BTreeMap<i64, Vec<(usize, i64)>> = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        groups.entry(part.rate_bp).or_default().push((place, part.amount));
    }
    let mut taxes = vec![0; parts.len()];
    for (rate_bp, of) in groups {
        let sum = of.iter().map(|(_, amount)| *amount).fold(0, i64::saturating_add);
        let weights: Vec<u64> = of.iter().map(|(_, amount)| u64::try_from(*amount).unwrap_or(0)).collect();
        let shares = base::allocate(tax_in(sum, rate_bp), &weights).unwrap_or_default();
        for ((place, _), share) in of.iter().zip(shares) {
            if let Some(tax) = taxes.get_mut(*place) {
                *tax = share;
            }
        }
    }
    taxes
}

/// The tax that goes back with `red` of a line's `amount` in all: in parts it ends where it does at once.
pub(crate) fn red_tax(tax: i64, amount: i64, red: i64) -> i64 {
    let share = i128::from(tax).saturating_mul(i128::from(red.clamp(0, amount)));
    share.checked_div(i128::from(amount)).and_then(|share| i64::try_from(share).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_of_companies_are_checked() {
        // Published codes of well-known bodies: Tsinghua University, and State Grid.
        assert!(is_tax_code("12100000400000624D"));
        assert!(is_tax_code("9111000071093123XX"));
        for wrong in
            ["12100000400000624E", "12100000400000642D", "9111000071093123X", "", "91110000710931I3XX"]
        {
            assert!(!is_tax_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn tax_is_in_the_price() {
        // 113.00 at 13 % holds 13.00; half a unit goes up.
        assert_eq!(tax_in(11_300, 1_300), 1_300);
        assert_eq!((tax_in(100, 0), tax_in(0, 1_300), tax_in(3, 2_000)), (0, 0, 1));
    }

    proptest! {
        #[test]
        fn parts_hold_the_tax_of_their_sum(
            parts in prop::collection::vec((1_i64..1_000_000, prop::sample::select(vec![0_i64, 100, 600, 900, 1_300])), 1..20),
        ) {
            let parts: Vec<Part> = parts
                .into_iter()
                .zip(1..)
                .map(|((amount, rate_bp), line)| Part { line, title: String::new(), qty: 1, amount, rate_bp })
                .collect();
            let taxes = taxes(&parts);
            for rate in [0_i64, 100, 600, 900, 1_300] {
                let of = |one: &(&Part, &i64)| one.0.rate_bp == rate;
                let (amount, tax) = parts.iter().zip(&taxes).filter(of)
                    .fold((0, 0), |(a, t), (part, tax)| (a + part.amount, t + tax));
                prop_assert_eq!(tax, tax_in(amount, rate));
            }
            prop_assert!(parts.iter().zip(&taxes).all(|(part, tax)| (0..=part.amount).contains(tax)));
        }

        #[test]
        fn what_goes_back_in_parts_ends_where_it_does_at_once(
            amount in 1_i64..1_000_000, rate in 0_i64..3_000, cuts in prop::collection::vec(0_i64..100_000, 0..20),
        ) {
            let tax = tax_in(amount, rate);
            let (mut red, mut back) = (0, 0);
            for cut in cuts {
                let next = (red + cut).min(amount);
                let now = red_tax(tax, amount, next) - back;
                prop_assert!(now >= 0);
                (red, back) = (next, back + now);
            }
            prop_assert_eq!(red_tax(tax, amount, amount), tax);
            prop_assert_eq!(back, red_tax(tax, amount, red));
        }
    }
}
