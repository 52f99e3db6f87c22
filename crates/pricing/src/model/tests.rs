#![expect(
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    reason = "tests compute with small numbers"
)]

use base::{ActivityId, Id};
use proptest::prelude::*;

use rest::ToProblem as _;

use super::*;

pub(super) fn sku(n: u8) -> SkuId {
    SkuId::from_bytes([n; 16])
}

fn activity(n: u8) -> ActivityId {
    ActivityId::from_bytes([n; 16])
}

pub(super) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

pub(super) fn line(n: u8, qty: i64, unit: i64) -> QuoteLineInput {
    QuoteLineInput {
        sku: sku(n),
        product: ProductId::from_bytes([n; 16]),
        category: CategoryId::from_bytes([n % 4; 16]),
        qty,
        base_unit: cny(unit),
        activity: None,
        qty_limit: None,
    }
}

pub(super) fn with_activity(mut line: QuoteLineInput, n: u8, unit: i64) -> QuoteLineInput {
    line.activity = Some(ActivityPrice { activity: PricedBy::Team(activity(n)), unit: cny(unit) });
    line
}

pub(super) fn context(tiers: &[(i64, i64)], freight: (i64, Option<i64>)) -> QuoteContext {
    QuoteContext {
        merchant: MerchantId::from_bytes([9; 16]),
        currency: Currency::CNY,
        full_reductions: tiers
            .iter()
            .map(|(threshold_minor, off_minor)| FullReduction {
                threshold_minor: *threshold_minor,
                off_minor: *off_minor,
            })
            .collect(),
        freight: Freight { base_minor: freight.0, free_from_minor: freight.1 },
        coupon: None,
        points: None,
        promotions: Vec::new(),
        person: PersonFacts::default(),
        at: Timestamp::from_micros(0),
    }
}

pub(super) fn free() -> QuoteContext {
    context(&[], (0, None))
}

pub(super) fn codes(explanations: &[Explanation]) -> Vec<(&str, i64)> {
    explanations.iter().map(|e| (e.code.as_str(), e.amount.minor())).collect()
}

fn next(quote: &Quote, context: &QuoteContext) -> Vec<(String, i64, i64)> {
    let offers = next_offers(quote, context).unwrap();
    offers.into_iter().map(|offer| (offer.code, offer.missing.minor(), offer.saves.minor())).collect()
}

#[test]
fn the_next_offer_is_the_nearest_that_is_better() {
    let context = context(&[(5_000, 500), (9_900, 1_200), (20_000, 1_200)], (500, Some(4_900)));
    let after = |goods: i64| next(&quote(&[line(1, 1, goods)], &context).unwrap(), &context);
    let full = |missing, off| ("full_reduction".to_owned(), missing, off);
    let freight = |missing| ("freight_free".to_owned(), missing, 500);
    assert_eq!(after(4_000), [full(1_000, 500), freight(900)]);
    assert_eq!(after(4_900), [full(100, 500)]);
    // The reduction brings the goods below the threshold of free delivery again.
    assert_eq!(after(5_000), [full(4_900, 1_200), freight(400)]);
    // A higher threshold for the same is no offer.
    assert_eq!(after(9_900), []);
    assert_eq!(next(&quote(&[line(1, 1, 100)], &free()).unwrap(), &free()), []);
}

proptest! {
    #[test]
    fn what_the_next_reduction_promises_comes_true(
        goods in 1_i64..30_000,
        tiers in proptest::collection::vec((1_i64..40_000, 1_i64..5_000), 0..5),
    ) {
        let tiers: Vec<_> = tiers.into_iter().map(|(threshold, off)| (threshold.max(off), off)).collect();
        let context = context(&tiers, (0, None));
        let now = quote(&[line(1, 1, goods)], &context).unwrap();
        for offer in next_offers(&now, &context).unwrap() {
            prop_assert!(offer.missing.minor() > 0);
            let then = quote(&[line(1, 1, goods + offer.missing.minor())], &context).unwrap();
            prop_assert_eq!(then.discount.minor(), offer.saves.minor());
            prop_assert!(then.discount.minor() > now.discount.minor());
        }
    }
}

#[test]
fn the_lanes_add_up_in_their_order() {
    let lines = [with_activity(line(1, 2, 10_000), 7, 8_000), line(2, 1, 4_001)];
    let quote = quote(&lines, &context(&[(20_000, 2_000), (10_000, 500)], (800, Some(18_002)))).unwrap();
    assert_eq!((quote.goods, quote.discount), (cny(20_001), cny(2_000)));
    assert_eq!((quote.shipping, quote.total), (cny(800), cny(18_801)));
    let wanted = [("base", 24_001), ("activity", -4_000), ("full_reduction", -2_000), ("freight", 800)];
    assert_eq!(codes(&quote.explanations), wanted);
    let [first, second] = quote.lines.as_slice() else { panic!("two lines") };
    assert_eq!(
        (first.unit, first.base_unit, first.discount, first.total),
        (cny(8_000), cny(10_000), cny(1_600), cny(14_400))
    );
    assert_eq!(codes(&first.adjustments), [("activity", -4_000), ("full_reduction", -1_600)]);
    assert_eq!(codes(&second.adjustments), [("full_reduction", -400)]);
    assert_eq!(first.adjustments[0].source, activity(7).to_string());
    assert_eq!(first.adjustments[1].params["threshold_minor"], "20000");
}

#[test]
fn thresholds_are_inclusive_and_look_at_the_right_sum() {
    // The tier looks at goods after the activity: 1 × 99.99 does not reach 100.
    let rules = context(&[(10_000, 1_000)], (0, None));
    let below = quote(&[with_activity(line(1, 1, 12_000), 1, 9_999)], &rules).unwrap();
    assert_eq!(below.discount, cny(0));
    assert_eq!(quote(&[line(1, 1, 10_000)], &rules).unwrap().discount, cny(1_000));
    // Freight looks at goods after the discount: 100 − 10 does not reach 90.01.
    let costs = |from| quote(&[line(1, 1, 10_000)], &context(&[(10_000, 1_000)], (600, Some(from)))).unwrap();
    assert_eq!(costs(9_001).shipping, cny(600));
    assert_eq!(costs(9_000).shipping, cny(0));
    assert_eq!(codes(&costs(9_000).explanations)[2..], [("freight", 600), ("freight_free", -600)]);
}

#[test]
fn the_best_tier_wins_alone() {
    // A higher threshold with less off does not win; tiers do not add up.
    let rules = context(&[(5_000, 900), (8_000, 700), (1_000, 100), (6_000, 900)], (0, None));
    let quote = quote(&[line(1, 1, 9_000)], &rules).unwrap();
    assert_eq!(quote.discount, cny(900));
    assert_eq!(quote.explanations[1].params["threshold_minor"], "5000");
}

#[test]
fn an_activity_never_makes_a_thing_dearer() {
    let quote = quote(&[with_activity(line(1, 3, 1_000), 1, 1_200)], &free()).unwrap();
    assert_eq!(quote.lines[0].unit, cny(1_000));
    assert!(quote.lines[0].adjustments.is_empty());
}

#[test]
fn the_same_sku_twice_counts_as_the_sum() {
    let twice = quote(&[line(2, 1, 500), line(1, 2, 100), line(2, 3, 500)], &free()).unwrap();
    let once = quote(&[line(2, 4, 500), line(1, 2, 100)], &free()).unwrap();
    assert_eq!(twice, once);
    let conflict = quote(&[line(1, 1, 100), line(1, 1, 101)], &free());
    assert_eq!(conflict, Err(QuoteError::LineConflict { sku: sku(1) }));
    let mut limited = line(1, 2, 100);
    limited.qty_limit = Some(3);
    let over = quote(&[limited.clone(), limited.clone()], &free());
    assert_eq!(over, Err(QuoteError::QuantityLimit { sku: sku(1), qty: 4, limit: 3 }));
    assert!(quote(&[limited], &free()).is_ok());
}

#[test]
fn gifts_cost_nothing_and_take_no_discount() {
    let quote = quote(&[line(1, 1, 0), line(2, 1, 1_000)], &context(&[(1_000, 1_000)], (0, None))).unwrap();
    assert_eq!((quote.lines[0].discount, quote.lines[1].discount), (cny(0), cny(1_000)));
    assert_eq!(quote.total, cny(0));
}

#[test]
fn refusals_have_codes() {
    let gbp = QuoteLineInput { base_unit: Money::new(1, Currency::GBP), ..line(1, 1, 1) };
    let gbp_activity = QuoteLineInput {
        activity: Some(ActivityPrice {
            activity: PricedBy::Team(activity(1)),
            unit: Money::new(0, Currency::GBP),
        }),
        ..line(1, 1, 1)
    };
    let many: Vec<_> = (0..=200).map(|_| line(1, 1, 1)).collect();
    let cases: [(&[QuoteLineInput], &str); 12] = [
        (&[], "pricing.empty"),
        (&many, "pricing.too_many_lines"),
        (&[line(1, 0, 1)], "pricing.bad_quantity"),
        (&[line(1, -1, 1), line(1, 2, 1)], "pricing.bad_quantity"),
        (&[line(1, 10_000, 1)], "pricing.bad_quantity"),
        (&[line(1, 9_999, 1), line(1, 1, 1)], "pricing.bad_quantity"),
        (&[line(1, 1, -1)], "pricing.negative_price"),
        (&[with_activity(line(1, 1, 1), 1, -1)], "pricing.negative_price"),
        (&[gbp], "pricing.mixed_currency"),
        (&[gbp_activity], "pricing.mixed_currency"),
        (&[line(1, 2, i64::MAX)], "pricing.overflow"),
        (&[line(1, 1, i64::MAX), line(2, 1, 1)], "pricing.overflow"),
    ];
    for (lines, code) in cases {
        let problem = quote(lines, &free()).unwrap_err().problem();
        assert_eq!((problem.status, problem.code.as_str()), (422, code));
    }
    let freight_overflows = quote(&[line(1, 1, i64::MAX)], &context(&[], (1, None)));
    assert_eq!(freight_overflows, Err(QuoteError::Overflow));
}

#[test]
fn rules_that_cannot_be_meant_are_refused() {
    let tiers: Vec<_> = (1..=21).map(|n| (n, 1)).collect();
    for bad in [
        context(&[(1_000, 0)], (0, None)),
        context(&[(1_000, -5)], (0, None)),
        context(&[(1_000, 1_001)], (0, None)),
        context(&tiers, (0, None)),
        context(&[], (-1, None)),
        context(&[], (0, Some(-1))),
    ] {
        assert_eq!(quote(&[line(1, 1, 1)], &bad).unwrap_err().problem().code, "pricing.bad_rule");
    }
}

#[test]
fn the_wire_form_is_the_contract() {
    let quote = quote(&[line(1, 1, 250)], &context(&[], (50, None))).unwrap();
    let json = serde_json::to_value(&quote).unwrap();
    assert_eq!(json["total"], serde_json::json!({ "amount_minor": 300, "currency": "CNY" }));
    assert_eq!(json["explanations"][1]["lane"], "freight");
    assert_eq!(serde_json::from_value::<Quote>(json).unwrap(), quote);
}

pub(super) fn any_line() -> impl Strategy<Value = QuoteLineInput> {
    // Prices follow from the SKU, so that lines of one SKU agree.
    (0_u8..40, 1_i64..50).prop_map(|(n, qty)| {
        let unit = i64::from(n) * i64::from(n) * 37 % 9_973;
        let line = line(n, qty, unit);
        if n % 3 == 0 { with_activity(line, n % 5, unit * 8 / 9 + i64::from(n % 7)) } else { line }
    })
}

pub(super) fn any_context() -> impl Strategy<Value = QuoteContext> {
    let tier = (1_i64..500_000, 1_i64..500_000).prop_map(|(a, b)| (a.max(b), a.min(b)));
    let freight = (0_i64..5_000, prop::option::of(0_i64..300_000));
    (prop::collection::vec(tier, 0..6), freight).prop_map(|(tiers, freight)| context(&tiers, freight))
}

pub(super) fn total_of(explanations: &[Explanation]) -> i64 {
    explanations.iter().map(|explanation| explanation.amount.minor()).sum()
}

proptest! {
    #[test]
    fn every_fen_has_a_source(lines in prop::collection::vec(any_line(), 1..60), context in any_context()) {
        let quote = quote(&lines, &context).unwrap();
        let of = |minor: fn(&QuoteLine) -> i64| quote.lines.iter().map(minor).sum::<i64>();
        prop_assert_eq!(quote.goods.minor(), of(|line| line.qty * line.unit.minor()));
        prop_assert_eq!(quote.discount.minor(), of(|line| line.discount.minor()));
        prop_assert_eq!(quote.total.minor(), quote.goods.minor() - quote.discount.minor() + quote.shipping.minor());
        prop_assert!((0..=quote.goods.minor()).contains(&quote.discount.minor()));
        prop_assert_eq!(total_of(&quote.explanations), quote.total.minor());
        prop_assert!(quote.explanations.is_sorted_by_key(|explanation| explanation.lane));
        prop_assert_eq!(of(|line| line.qty), lines.iter().map(|line| line.qty).sum::<i64>());
        for line in &quote.lines {
            let goods = line.qty * line.unit.minor();
            prop_assert_eq!(line.total.minor(), goods - line.discount.minor());
            prop_assert!((0..=goods).contains(&line.discount.minor()));
            prop_assert_eq!(-total_of(&line.adjustments), line.qty * line.base_unit.minor() - line.total.minor());
            prop_assert!(line.adjustments.iter().all(|adjustment| adjustment.amount.minor() < 0));
        }
        for lane in [Lane::Activity, Lane::Promotion] {
            let in_lane = |all: &[Explanation]| total_of(&all.iter().filter(|e| e.lane == lane).cloned().collect::<Vec<_>>());
            let by_line = quote.lines.iter().map(|line| in_lane(&line.adjustments)).sum::<i64>();
            prop_assert_eq!(by_line, in_lane(&quote.explanations));
        }
    }

    #[test]
    fn order_changes_no_amount(
        (lines, shuffled) in prop::collection::vec(any_line(), 1..60).prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        context in any_context(),
    ) {
        let first = quote(&lines, &context).unwrap();
        prop_assert_eq!(&first, &quote(&lines, &context).unwrap());
        let mut turned = context.clone();
        turned.full_reductions.reverse();
        let by_sku = |mut quote: Quote| { quote.lines.sort_by_key(|line| line.sku); quote };
        prop_assert_eq!(by_sku(first), by_sku(quote(&shuffled, &turned).unwrap()));
    }
}
