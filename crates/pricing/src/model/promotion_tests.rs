#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small numbers")]

use base::{Id, PromotionId};
use proptest::prelude::*;

use super::tests::{any_context, any_line, cny, codes, context, free, line, sku, total_of, with_activity};
use super::*;

pub(super) fn promotion(n: u8, action: Action) -> Promotion {
    let (scope, needs) = (Scope::default(), Needs::default());
    let id = PromotionId::from_bytes([n; 16]);
    Promotion { id, title: format!("活动{n}"), scope, needs, action, left_minor: None }
}

fn with(promotions: Vec<Promotion>) -> QuoteContext {
    QuoteContext { promotions, ..free() }
}

fn off(lines: &[QuoteLineInput], promotions: Vec<Promotion>) -> i64 {
    quote(lines, &with(promotions)).unwrap().discount.minor()
}

fn member(off_bp: i64) -> MemberPrice {
    MemberPrice {
        tier: "gold".to_owned(),
        off_bp,
        is_freight_free: false,
        is_price_of_card: false,
        is_freight_of_card: false,
    }
}

#[test]
fn each_action_gives_what_it_says() {
    let two = [line(1, 5, 1_000), line(2, 1, 300)];
    let every = Action::EveryOff { every_minor: 1_000, off_minor: 150, times_max: 4 };
    let bundle = Action::Bundle { skus: vec![sku(1), sku(2)], price_minor: 1_000 };
    let cases = [
        (Action::AmountOff { off_minor: 700 }, 700),
        (Action::AmountOff { off_minor: 9_999 }, 5_300),
        (every, 600),
        (Action::PercentOff { off_bp: 1_500, cap_minor: None }, 795),
        (Action::PercentOff { off_bp: 1_500, cap_minor: Some(500) }, 500),
        (Action::UnitPrice { unit_minor: 900 }, 500),
        // The second of two for half: of five, two.
        (Action::NthOff { nth: 2, off_bp: 5_000 }, 1_000),
        // Two and one: of five, one is free.
        (Action::BuyGet { buy: 2, get: 1 }, 1_000),
        (bundle, 300),
    ];
    for (n, (action, wanted)) in (1..).zip(cases) {
        assert_eq!(off(&two, vec![promotion(n, action.clone())]), wanted, "{action:?}");
    }
}

#[test]
fn a_bundle_needs_all_of_it_and_counts_as_often_as_it_is_there() {
    let bundle = promotion(1, Action::Bundle { skus: vec![sku(1), sku(2)], price_minor: 500 });
    assert_eq!(off(&[line(1, 3, 400)], vec![bundle.clone()]), 0);
    assert_eq!(off(&[line(1, 3, 400), line(2, 2, 300), line(3, 9, 50)], vec![bundle]), 400);
}

#[test]
fn in_a_lane_the_best_wins_and_lanes_add_up() {
    let lines = [line(1, 4, 1_000)];
    let half = promotion(1, Action::NthOff { nth: 2, off_bp: 5_000 });
    let flat = promotion(2, Action::UnitPrice { unit_minor: 800 });
    let some = promotion(3, Action::AmountOff { off_minor: 100 });
    let more = promotion(4, Action::AmountOff { off_minor: 200 });
    let all = vec![flat, some, more, half];
    let quote =
        quote(&lines, &QuoteContext { promotions: all, ..context(&[(2_000, 150)], (0, None)) }).unwrap();
    // 10.00 by the half price of each second one, 2.00 by the better amount; the tier's 1.50 is less.
    assert_eq!(quote.discount, cny(1_200));
    assert_eq!(codes(&quote.explanations), [("base", 4_000), ("nth_off", -1_000), ("amount_off", -200)]);
    let uses: Vec<i64> = quote.promotions.iter().map(|used| used.off.minor()).collect();
    assert_eq!(uses, [1_000, 200]);
}

#[test]
fn a_promotion_is_about_its_goods() {
    let of_first = Scope { products: vec![ProductId::from_bytes([1; 16])], ..Scope::default() };
    let half =
        Promotion { scope: of_first, ..promotion(1, Action::PercentOff { off_bp: 5_000, cap_minor: None }) };
    let quote = quote(&[line(1, 1, 1_000), line(2, 1, 5_000)], &with(vec![half])).unwrap();
    assert_eq!((quote.lines[0].discount, quote.lines[1].discount), (cny(500), cny(0)));
}

#[test]
fn what_is_asked_for_is_told_when_it_is_missing() {
    let lines = [line(1, 2, 1_000)];
    let ask = |needs: Needs| Promotion { needs, ..promotion(1, Action::AmountOff { off_minor: 100 }) };
    let monday_noon: Timestamp = "2026-11-23T04:00:00Z".parse().unwrap();
    let at_noon = QuoteContext { at: monday_noon, ..free() };
    let cases = [
        (Needs { worth_minor: 2_001, ..Needs::default() }, Some(Unmet::Worth)),
        (Needs { worth_minor: 2_000, units: 2, ..Needs::default() }, None),
        (Needs { units: 3, ..Needs::default() }, Some(Unmet::Units)),
        (Needs { new_buyers_only: true, ..Needs::default() }, Some(Unmet::NewBuyers)),
        (Needs { tiers: vec!["gold".to_owned()], ..Needs::default() }, Some(Unmet::Tier)),
        (Needs { weekdays: vec![1], ..Needs::default() }, None),
        (Needs { weekdays: vec![2, 7], ..Needs::default() }, Some(Unmet::Time)),
        (Needs { from_minute: Some(720), to_minute: Some(721), ..Needs::default() }, None),
        (Needs { to_minute: Some(720), ..Needs::default() }, Some(Unmet::Time)),
    ];
    for (needs, wanted) in cases {
        let promotion = ask(needs.clone());
        assert_eq!(unmet(&promotion, &lines, &at_noon), Ok(wanted), "{needs:?}");
        let given = quote(&lines, &QuoteContext { promotions: vec![promotion], ..at_noon.clone() }).unwrap();
        assert_eq!(given.discount.is_zero(), wanted.is_some());
    }
    let of_others = Scope { skus: vec![sku(9)], ..Scope::default() };
    let other = Promotion { scope: of_others, ..ask(Needs::default()) };
    assert_eq!(unmet(&other, &lines, &at_noon), Ok(Some(Unmet::Goods)));
}

#[test]
fn a_members_price_and_an_activitys_do_not_add_up() {
    let at = |activity: i64| {
        let person = PersonFacts { member: Some(member(1_000)), is_new_buyer: false };
        let line = with_activity(line(1, 2, 999), 7, activity);
        quote(&[line], &QuoteContext { person, ..free() }).unwrap()
    };
    // 9.99 less a tenth, rounded down: 9.00.
    assert_eq!(codes(&at(950).explanations), [("base", 1_998), ("member", -198)]);
    assert_eq!(codes(&at(899).explanations), [("base", 1_998), ("activity", -200)]);
}

#[test]
fn delivery_costs_less_by_one_rule() {
    let cheaper = promotion(1, Action::FreightOff { off_minor: 300 });
    let free_one = promotion(2, Action::FreightOff { off_minor: 9_000 });
    let ship = |promotions: Vec<Promotion>, goods: i64| {
        let context = QuoteContext { promotions, ..context(&[], (800, Some(5_000))) };
        quote(&[line(1, 1, goods)], &context).unwrap()
    };
    assert_eq!(ship(vec![cheaper.clone()], 100).shipping, cny(500));
    assert_eq!(ship(vec![cheaper.clone(), free_one], 100).shipping, cny(0));
    assert!(ship(vec![cheaper], 5_000).promotions.is_empty(), "delivery is free already");
}

#[test]
fn the_next_reduction_is_reckoned_after_promotions_of_lines() {
    let cheaper = promotion(1, Action::UnitPrice { unit_minor: 7_000 });
    let after = |tier: (i64, i64)| {
        let context = QuoteContext { promotions: vec![cheaper.clone()], ..context(&[tier], (0, None)) };
        let quote = quote(&[line(1, 1, 10_000)], &context).unwrap();
        let offers = next_offers(&quote, &context).unwrap();
        offers.into_iter().map(|offer| (offer.missing.minor(), offer.saves.minor())).collect::<Vec<_>>()
    };
    // 100.00 is 70.00 after the special price; the tier adds up with that.
    assert_eq!(after((12_000, 1_000)), [(5_000, 1_000)]);
    assert_eq!(after((12_000, 4_000)), [(5_000, 4_000)]);
    assert_eq!(after((7_000, 1_000)), []);
}

#[test]
fn a_promotion_that_cannot_pay_all_of_it_pays_nothing() {
    let rich = promotion(1, Action::AmountOff { off_minor: 500 });
    let poor = Promotion { left_minor: Some(599), ..promotion(2, Action::AmountOff { off_minor: 600 }) };
    assert_eq!(off(&[line(1, 1, 1_000)], vec![poor.clone(), rich]), 500);
    assert_eq!(off(&[line(1, 1, 1_000)], vec![Promotion { left_minor: Some(600), ..poor }]), 600);
}

#[test]
fn promotions_that_cannot_be_meant_are_refused() {
    let bad = [
        Action::AmountOff { off_minor: 0 },
        Action::EveryOff { every_minor: 100, off_minor: 101, times_max: 1 },
        Action::PercentOff { off_bp: 10_001, cap_minor: None },
        Action::PercentOff { off_bp: 100, cap_minor: Some(0) },
        Action::NthOff { nth: 1, off_bp: 5_000 },
        Action::BuyGet { buy: 1, get: 0 },
        Action::Bundle { skus: vec![sku(1), sku(1)], price_minor: 100 },
    ];
    for action in bad {
        assert_eq!(promotion(1, action.clone()).check(), Err(BadPromotion::Action), "{action:?}");
    }
    let over_midnight = Needs { from_minute: Some(1_320), to_minute: Some(120), ..Needs::default() };
    let late = Promotion { needs: over_midnight, ..promotion(1, Action::AmountOff { off_minor: 1 }) };
    assert_eq!(late.check(), Err(BadPromotion::Needs));
    let eighth = Needs { weekdays: vec![8], ..Needs::default() };
    let promotion = Promotion { needs: eighth, ..promotion(1, Action::AmountOff { off_minor: 1 }) };
    assert_eq!(promotion.check(), Err(BadPromotion::Needs));
}

fn any_action() -> impl Strategy<Value = Action> {
    let share = 1_i64..=10_000;
    prop_oneof![
        (1_i64..90_000).prop_map(|off_minor| Action::AmountOff { off_minor }),
        (1_i64..50_000, 1_i64..50_000, 1_i64..20).prop_map(|(a, b, times_max)| Action::EveryOff {
            every_minor: a.max(b),
            off_minor: a.min(b),
            times_max
        }),
        (share.clone(), prop::option::of(1_i64..50_000))
            .prop_map(|(off_bp, cap_minor)| Action::PercentOff { off_bp, cap_minor }),
        (1_i64..9_000).prop_map(|unit_minor| Action::UnitPrice { unit_minor }),
        (2_i64..6, share).prop_map(|(nth, off_bp)| Action::NthOff { nth, off_bp }),
        (1_i64..5, 1_i64..5).prop_map(|(buy, get)| Action::BuyGet { buy, get }),
        (0_u8..40, 0_u8..40, 1_i64..9_000).prop_filter_map("two variants", |(a, b, price_minor)| {
            (a != b).then(|| Action::Bundle { skus: vec![sku(a), sku(b)], price_minor })
        }),
        (1_i64..9_000).prop_map(|off_minor| Action::FreightOff { off_minor }),
    ]
}

fn any_promotion() -> impl Strategy<Value = Promotion> {
    let scope = prop::collection::btree_set(0_u8..4, 0..3);
    let needs = (0_i64..60_000, 0_i64..30);
    (1_u8..250, any_action(), scope, needs, prop::option::of(0_i64..60_000)).prop_map(
        |(n, action, categories, (worth_minor, units), left_minor)| {
            let categories = categories.into_iter().map(|c| CategoryId::from_bytes([c; 16])).collect();
            let scope = Scope { categories, ..Scope::default() };
            let needs = Needs { worth_minor, units, ..Needs::default() };
            Promotion { scope, needs, left_minor, ..promotion(n, action) }
        },
    )
}

pub(super) fn any_rules() -> impl Strategy<Value = QuoteContext> {
    let promotions = prop::collection::vec(any_promotion(), 0..12).prop_map(|mut all| {
        all.sort_by_key(|promotion| promotion.id);
        all.dedup_by_key(|promotion| promotion.id);
        all
    });
    (any_context(), promotions, prop::option::of(0_i64..5_000)).prop_map(|(context, promotions, off)| {
        let person = PersonFacts { member: off.map(member), is_new_buyer: false };
        QuoteContext { promotions, person, ..context }
    })
}

proptest! {
    #[test]
    fn every_fen_of_every_lane_has_a_source(
        lines in prop::collection::vec(any_line(), 1..60), context in any_rules(),
    ) {
        let quote = quote(&lines, &context).unwrap();
        let of = |minor: fn(&QuoteLine) -> i64| quote.lines.iter().map(minor).sum::<i64>();
        prop_assert_eq!(quote.discount.minor(), of(|line| line.discount.minor()));
        prop_assert_eq!(
            quote.total.minor(), quote.goods.minor() - quote.discount.minor() + quote.shipping.minor()
        );
        prop_assert!(quote.shipping.minor() >= 0);
        prop_assert_eq!(total_of(&quote.explanations), quote.total.minor());
        prop_assert!(quote.explanations.is_sorted_by_key(|explanation| explanation.lane));
        for line in &quote.lines {
            prop_assert!((0..=line.qty * line.unit.minor()).contains(&line.discount.minor()));
            let saved = line.qty * line.base_unit.minor() - line.total.minor();
            prop_assert_eq!(-total_of(&line.adjustments), saved);
        }
        for lane in [Lane::Member, Lane::Activity, Lane::Item, Lane::Promotion] {
            let in_lane = |all: &[Explanation]| -> i64 {
                all.iter().filter(|told| told.lane == lane).map(|told| told.amount.minor()).sum()
            };
            let by_line: i64 = quote.lines.iter().map(|line| in_lane(&line.adjustments)).sum();
            prop_assert_eq!(by_line, in_lane(&quote.explanations));
        }
        for used in &quote.promotions {
            let told: i64 = quote
                .explanations
                .iter()
                .filter(|told| told.source == used.promotion.to_string())
                .map(|told| -told.amount.minor())
                .sum();
            prop_assert_eq!(told, used.off.minor());
            let of = context.promotions.iter().find(|promotion| promotion.id == used.promotion).unwrap();
            prop_assert!(of.left_minor.is_none_or(|left| used.off.minor() <= left));
        }
    }

    #[test]
    fn no_order_of_lines_or_rules_changes_an_amount(
        (lines, shuffled) in prop::collection::vec(any_line(), 1..40)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        (context, turned) in any_rules().prop_flat_map(|context| {
            let promotions = Just(context.promotions.clone()).prop_shuffle();
            let turn = move |promotions| {
                (context.clone(), QuoteContext { promotions, ..context.clone() })
            };
            promotions.prop_map(turn)
        }),
    ) {
        let by_sku = |mut quote: Quote| {
            quote.lines.sort_by_key(|line| line.sku);
            quote
        };
        prop_assert_eq!(by_sku(quote(&lines, &context).unwrap()), by_sku(quote(&shuffled, &turned).unwrap()));
    }

    // Of the lanes that look at one thing alone, no rule that was left out would have given more.
    #[test]
    fn the_best_of_a_lane_is_the_best(
        lines in prop::collection::vec(any_line(), 1..20), context in any_rules(),
    ) {
        let mut context = context;
        context.promotions.retain(|promotion| {
            promotion.action.lane() == PromotionLane::Order && promotion.left_minor.is_none()
        });
        let all = quote(&lines, &context).unwrap().discount;
        for promotion in &context.promotions {
            let only = QuoteContext { promotions: vec![promotion.clone()], ..context.clone() };
            prop_assert!(quote(&lines, &only).unwrap().discount.minor() <= all.minor());
        }
    }
}
