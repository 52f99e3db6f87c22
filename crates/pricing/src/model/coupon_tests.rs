#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small numbers")]

use base::{CouponId, Id};
use proptest::prelude::*;

use super::promotion_tests::{any_rules, promotion};
use super::tests::{any_line, codes, context, line, sku, total_of};
use super::*;

fn coupon(gift: CouponGift, threshold_minor: i64, is_stacking: bool) -> Coupon {
    let (id, title) = (CouponId::from_bytes([7; 16]), "券".to_owned());
    Coupon { id, title, scope: Scope::default(), threshold_minor, gift, is_stacking }
}

const CASH: CouponGift = CouponGift::Cash { off_minor: 300 };

fn with(context: QuoteContext, coupon: Coupon) -> QuoteContext {
    QuoteContext { coupon: Some(coupon), ..context }
}

#[test]
fn each_kind_gives_what_it_says() {
    let two = [line(1, 1, 1_001), line(2, 2, 500)];
    let percent = |off_bp, cap_minor| CouponGift::Percent { off_bp, cap_minor };
    let cases = [
        (coupon(CASH, 0, true), 300),
        (coupon(CASH, 2_001, true), 300),
        (coupon(CASH, 2_002, true), 0),
        (coupon(percent(1_500, 10_000), 0, true), 300),
        (coupon(percent(1_500, 200), 0, true), 200),
        // The last fen is never given: an order that costs nothing is never paid.
        (coupon(CouponGift::Cash { off_minor: 9_999 }, 0, true), 2_000),
        (coupon(CouponGift::Freight { cap_minor: 400 }, 0, true), 400),
        (coupon(CouponGift::Freight { cap_minor: 900 }, 2_001, true), 600),
        (coupon(CouponGift::Freight { cap_minor: 900 }, 2_002, true), 0),
        (
            Coupon {
                scope: Scope { skus: vec![sku(2)], ..Scope::default() },
                ..coupon(percent(5_000, 9_999), 0, true)
            },
            500,
        ),
        (Coupon { scope: Scope { skus: vec![sku(3)], ..Scope::default() }, ..coupon(CASH, 0, true) }, 0),
    ];
    for (coupon, wanted) in cases {
        let quote = quote(&two, &with(context(&[], (600, None)), coupon.clone())).unwrap();
        assert_eq!(2_601 - quote.total.minor(), wanted, "{coupon:?}");
        assert_eq!(quote.coupon.map_or(0, |used| used.off.minor()), wanted);
    }
}

#[test]
fn what_does_not_stack_stands_instead_of_promotions_and_only_where_that_is_cheaper() {
    let lines = [line(1, 2, 1_000)];
    let rules = || context(&[(2_000, 250)], (0, None));
    let alone = |off_minor| coupon(CouponGift::Cash { off_minor }, 0, false);
    let better = quote(&lines, &with(rules(), alone(300))).unwrap();
    assert_eq!(codes(&better.explanations), [("base", 2_000), ("coupon", -300)]);
    let worse = quote(&lines, &with(rules(), alone(250))).unwrap();
    assert_eq!(codes(&worse.explanations), [("base", 2_000), ("full_reduction", -250)]);
    assert_eq!(worse.coupon, None);
    let both = quote(&lines, &with(rules(), coupon(CASH, 0, true))).unwrap();
    assert_eq!(codes(&both.explanations), [("base", 2_000), ("full_reduction", -250), ("coupon", -300)]);
}

#[test]
fn a_coupon_that_loses_free_delivery_is_not_used() {
    let rules = context(&[], (800, Some(2_000)));
    let quote = quote(&[line(1, 2, 1_000)], &with(rules, coupon(CASH, 0, true))).unwrap();
    assert_eq!((quote.total.minor(), quote.coupon), (2_000, None));
}

#[test]
fn the_threshold_looks_at_what_promotions_leave() {
    let less = promotion(1, Action::AmountOff { off_minor: 1 });
    let rules = QuoteContext { promotions: vec![less], ..context(&[], (0, None)) };
    let quote = quote(&[line(1, 2, 1_000)], &with(rules, coupon(CASH, 2_000, true))).unwrap();
    assert_eq!((quote.total.minor(), quote.coupon), (1_999, None));
}

fn any_coupon() -> impl Strategy<Value = Coupon> {
    let gift = prop_oneof![
        (1_i64..60_000).prop_map(|off_minor| CouponGift::Cash { off_minor }),
        (1_i64..9_901, 1_i64..60_000)
            .prop_map(|(off_bp, cap_minor)| CouponGift::Percent { off_bp, cap_minor }),
        (1_i64..3_000).prop_map(|cap_minor| CouponGift::Freight { cap_minor }),
    ];
    let scope = prop::collection::btree_set(0_u8..4, 0..3);
    (gift, scope, 0_i64..60_000, any::<bool>()).prop_map(|(gift, categories, threshold, is_stacking)| {
        let categories = categories.into_iter().map(|c| CategoryId::from_bytes([c; 16])).collect();
        let scope = Scope { categories, ..Scope::default() };
        Coupon { scope, ..coupon(gift, threshold, is_stacking) }
    })
}

proptest! {
    #[test]
    fn every_fen_of_a_coupon_has_a_source_and_it_never_costs_more(
        lines in prop::collection::vec(any_line(), 1..40), rules in any_rules(), coupon in any_coupon(),
    ) {
        let without = quote(&lines, &rules).unwrap();
        let quote = quote(&lines, &with(rules, coupon.clone())).unwrap();
        prop_assert!(quote.total.minor() <= without.total.minor());
        prop_assert_eq!(quote.coupon.is_some(), quote.total.minor() < without.total.minor());
        prop_assert_eq!(total_of(&quote.explanations), quote.total.minor());
        let of_lines: i64 = quote.lines.iter().map(|line| line.total.minor()).sum();
        prop_assert_eq!(of_lines + quote.shipping.minor(), quote.total.minor());
        prop_assert!(quote.shipping.minor() >= 0);
        prop_assert!(quote.explanations.is_sorted_by_key(|told| told.lane));
        for line in &quote.lines {
            prop_assert!(line.total.minor() >= 0);
        }
        let told = |all: &[Explanation]| -> i64 {
            all.iter().filter(|told| told.source == coupon.id.to_string()).map(|told| -told.amount.minor()).sum()
        };
        let used = quote.coupon.map_or(0, |used| used.off.minor());
        prop_assert_eq!(told(&quote.explanations), used);
        let by_line: i64 = quote.lines.iter().map(|line| told(&line.adjustments)).sum();
        let is_goods = !matches!(coupon.gift, CouponGift::Freight { .. });
        prop_assert_eq!(by_line, if is_goods { used } else { 0 });
        if used > 0 && is_goods {
            prop_assert!(of_lines >= 1);
        }
    }
}
