#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small numbers")]

use base::{CouponId, Id};
use proptest::prelude::*;

use super::promotion_tests::any_rules;
use super::tests::{any_line, codes, context, line};
use super::*;

fn offer(wanted: i64, balance: i64, worth_minor: i64, share_bp: i64) -> PointsOffer {
    PointsOffer { wanted, balance, worth_minor, share_bp }
}

fn with(context: QuoteContext, offer: PointsOffer) -> QuoteContext {
    QuoteContext { points: Some(offer), ..context }
}

#[test]
fn points_pay_up_to_a_share_in_whole_points() {
    // 20.01 of goods; wanted, there, worth of one, share of the goods → points spent.
    let cases = [
        ((0, 500, 1, 5_000), 0),
        ((300, 500, 1, 5_000), 300),
        ((9_999, 500, 1, 5_000), 500),
        ((9_999, 9_999, 1, 5_000), 1_000),
        ((9_999, 9_999, 7, 5_000), 142),
        ((9_999, 9_999, 1_001, 5_000), 0),
        ((9_999, 9_999, 1, 10_000), 2_000),
        ((-5, 500, 1, 5_000), 0),
    ];
    for ((wanted, balance, worth, share), points) in cases {
        let lines = [line(1, 1, 1_001), line(2, 2, 500)];
        let quote =
            quote(&lines, &with(context(&[], (0, None)), offer(wanted, balance, worth, share))).unwrap();
        assert_eq!(quote.points.map_or(0, |used| used.points), points);
        assert_eq!(2_001 - quote.total.minor(), points * worth);
    }
}

#[test]
fn points_come_after_the_coupon_and_leave_delivery_as_it_was() {
    let coupon = Coupon {
        id: CouponId::from_bytes([7; 16]),
        title: "券".to_owned(),
        scope: Scope::default(),
        threshold_minor: 2_000,
        gift: CouponGift::Cash { off_minor: 300 },
        is_stacking: true,
    };
    let rules = QuoteContext { coupon: Some(coupon), ..context(&[], (600, Some(1_700))) };
    let lines = [line(1, 2, 1_000)];
    let quoted = quote(&lines, &with(rules, offer(800, 800, 1, 5_000))).unwrap();
    let told =
        [("base", 2_000), ("coupon", -300), ("points", -800), ("freight", 600), ("freight_free", -600)];
    assert_eq!(codes(&quoted.explanations), told);
    assert_eq!((quoted.total.minor(), quoted.discount.minor()), (900, 1_100));
}

proptest! {
    #[test]
    fn points_lower_the_total_by_exactly_what_they_are_worth(
        lines in prop::collection::vec(any_line(), 1..12), rules in any_rules(), wanted in 0_i64..100_000,
        balance in 0_i64..100_000, worth in 1_i64..500, share in 0_i64..=9_000,
    ) {
        let Ok(without) = quote(&lines, &rules) else { return Ok(()) };
        let offer = offer(wanted, balance, worth, share);
        let with = quote(&lines, &with(rules, offer)).unwrap();
        let (points, off) = with.points.map_or((0, 0), |used| (used.points, used.off.minor()));
        prop_assert_eq!(off, points * worth);
        prop_assert_eq!(without.total.minor() - with.total.minor(), off);
        prop_assert_eq!(with.shipping, without.shipping);
        prop_assert_eq!(&with.coupon, &without.coupon);
        let most = points_most(&without, &offer);
        prop_assert_eq!(points_most(&with, &offer), most);
        prop_assert_eq!(points, wanted.min(most));
        let goods = without.goods.minor() - without.discount.minor();
        prop_assert!(i128::from(off) * 10_000 <= i128::from(goods) * i128::from(share) && (off == 0 || off < goods));
        let told: i64 = with.explanations.iter().map(|told| told.amount.minor()).sum();
        prop_assert_eq!(told, with.total.minor());
        let of_lines: i64 = with.lines.iter().map(|line| line.discount.minor()).sum();
        prop_assert_eq!(of_lines, with.discount.minor());
        for line in &with.lines {
            prop_assert!(line.total.minor() >= 0);
            let told: i64 = line.adjustments.iter().map(|told| told.amount.minor()).sum();
            prop_assert_eq!(line.base_unit.minor() * line.qty + told, line.total.minor());
        }
    }
}
