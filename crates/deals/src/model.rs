//! The rules of a team. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use base::SkuId;
use serde::{Deserialize, Serialize};

/// From how many people on which price holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tier {
    pub(crate) people: i64,
    pub(crate) price: i64,
}

/// The prices of one SKU in a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SkuRule {
    pub(crate) sku: SkuId,
    /// What everyone pays when joining: the highest price that can come out.
    pub(crate) team_price: i64,
    /// What the leader pays instead.
    pub(crate) leader_price: Option<i64>,
    /// Lower prices for larger teams; the difference is refunded when the team closes.
    pub(crate) tiers: Vec<Tier>,
}

/// What a team was opened under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) size: i64,
    pub(crate) new_buyers_only: bool,
    pub(crate) skus: Vec<SkuRule>,
}

/// What is wrong with the prices of an activity, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleFault {
    Size,
    NoSku,
    Price,
    LeaderPrice,
    Tiers,
    TiersDiffer,
}

const SIZE_MAX: i64 = 100;
const TIERS_MAX: usize = 5;

impl Rule {
    /// The prices of a SKU.
    pub(crate) fn sku(&self, sku: SkuId) -> Option<&SkuRule> {
        self.skus.iter().find(|rule| rule.sku == sku)
    }

    /// How many must have paid for the team to succeed: all seats, or the first tier of a ladder.
    pub(crate) fn needed(&self) -> i64 {
        let first = self.skus.first().and_then(|rule| rule.tiers.first());
        first.map_or(self.size, |tier| tier.people)
    }

    /// Checks prices against what the SKUs cost alone.
    pub(crate) fn check(&self, alone: impl Fn(SkuId) -> Option<i64>) -> Result<(), RuleFault> {
        if !(2..=SIZE_MAX).contains(&self.size) {
            return Err(RuleFault::Size);
        }
        let Some(first) = self.skus.first() else { return Err(RuleFault::NoSku) };
        for rule in &self.skus {
            let Some(alone) = alone(rule.sku) else { return Err(RuleFault::NoSku) };
            if rule.team_price < 1 || rule.team_price > alone {
                return Err(RuleFault::Price);
            }
            if rule.leader_price.is_some_and(|price| price < 1 || price > rule.team_price) {
                return Err(RuleFault::LeaderPrice);
            }
            self.check_tiers(rule)?;
            // One team, one ladder: who fills a step is a matter of people, not of which variant they took.
            if !rule.tiers.iter().map(|tier| tier.people).eq(first.tiers.iter().map(|tier| tier.people)) {
                return Err(RuleFault::TiersDiffer);
            }
        }
        Ok(())
    }

    fn check_tiers(&self, rule: &SkuRule) -> Result<(), RuleFault> {
        if rule.tiers.len() > TIERS_MAX {
            return Err(RuleFault::Tiers);
        }
        let mut before = Tier { people: 1, price: rule.team_price };
        for tier in &rule.tiers {
            let is_step = tier.people > before.people && tier.people <= self.size;
            if !is_step || tier.price < 1 || tier.price > before.price {
                return Err(RuleFault::Tiers);
            }
            before = *tier;
        }
        Ok(())
    }
}

impl SkuRule {
    /// What one unit costs when joining.
    pub(crate) fn joining_price(&self, is_leader: bool) -> i64 {
        if is_leader { self.leader_price.unwrap_or(self.team_price) } else { self.team_price }
    }

    /// What one unit costs in the end, when `paid` people have paid.
    pub(crate) fn final_price(&self, is_leader: bool, paid: i64) -> i64 {
        let reached = self.tiers.iter().rev().find(|tier| tier.people <= paid);
        let price = reached.map_or(self.team_price, |tier| tier.price);
        if is_leader { self.leader_price.map_or(price, |leader| leader.min(price)) } else { price }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Id;

    fn rule(size: i64, tiers: &[(i64, i64)]) -> Rule {
        let tiers = tiers.iter().map(|(people, price)| Tier { people: *people, price: *price }).collect();
        let sku =
            SkuRule { sku: SkuId::from_bytes([1; 16]), team_price: 900, leader_price: Some(800), tiers };
        Rule { size, new_buyers_only: false, skus: vec![sku] }
    }

    #[test]
    fn faults_are_found() {
        let alone = |_| Some(1_000);
        assert_eq!(rule(1, &[]).check(alone), Err(RuleFault::Size));
        assert_eq!(rule(101, &[]).check(alone), Err(RuleFault::Size));
        assert_eq!(rule(2, &[]).check(|_| None), Err(RuleFault::NoSku));
        assert_eq!(rule(2, &[]).check(|_| Some(899)), Err(RuleFault::Price));
        assert_eq!(rule(5, &[(2, 850), (2, 800)]).check(alone), Err(RuleFault::Tiers));
        assert_eq!(rule(5, &[(2, 850), (6, 800)]).check(alone), Err(RuleFault::Tiers));
        assert_eq!(rule(5, &[(2, 950)]).check(alone), Err(RuleFault::Tiers));
        assert_eq!(rule(5, &[(2, 900), (5, 700)]).check(alone), Ok(()));
    }

    #[test]
    fn the_ladder_pays_back_what_the_last_step_saves() {
        let rule = rule(5, &[(2, 900), (4, 750), (5, 700)]);
        assert_eq!(rule.needed(), 2);
        let sku = &rule.skus[0];
        assert_eq!([1, 2, 3, 4, 5].map(|paid| sku.final_price(false, paid)), [900, 900, 900, 750, 700]);
        assert_eq!(sku.final_price(true, 3), 800);
        assert_eq!(sku.final_price(true, 5), 700);
        assert_eq!(sku.joining_price(true), 800);
    }
}
