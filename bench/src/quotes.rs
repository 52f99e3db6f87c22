//! P15: the price of a large cart under many promotions.

use std::time::Instant;

use base::{
    ActivityId, CategoryId, Currency, Id, MerchantId, Money, ProductId, PromotionId, SkuId, Timestamp,
};
use pricing::api::{
    Action, ActivityPrice, Freight, FullReduction, Needs, PersonFacts, PricedBy, Promotion, QuoteContext,
    QuoteLineInput, Scope, quote,
};

use crate::figures::{Figure, Figures};

const LINES: u8 = 50;
const PROMOTIONS: u8 = 200;
const QUOTES: usize = 5_000;

fn lines() -> Vec<QuoteLineInput> {
    let line = |n: u8| QuoteLineInput {
        sku: SkuId::from_bytes([n; 16]),
        product: ProductId::from_bytes([n; 16]),
        category: CategoryId::from_bytes([n % 10; 16]),
        qty: i64::from(n % 7) + 1,
        base_unit: Money::new(1_000 + i64::from(n) * 37, Currency::CNY),
        activity: n.is_multiple_of(9).then(|| ActivityPrice {
            activity: PricedBy::Team(ActivityId::from_bytes([n; 16])),
            unit: Money::new(900 + i64::from(n) * 30, Currency::CNY),
        }),
        qty_limit: None,
    };
    (0..LINES).map(line).collect()
}

/// A mix of what shops run: a third about everything, the others about categories and lists of products.
fn promotion(n: u8) -> Promotion {
    let amount = i64::from(n) * 10 + 100;
    let action = match n % 8 {
        0 => Action::AmountOff { off_minor: amount },
        1 => Action::EveryOff { every_minor: 10_000, off_minor: amount, times_max: 10 },
        2 => Action::PercentOff { off_bp: amount, cap_minor: Some(5_000) },
        3 => Action::UnitPrice { unit_minor: 900 + amount },
        4 => Action::NthOff { nth: 2, off_bp: 5_000 },
        5 => Action::BuyGet { buy: 3, get: 1 },
        6 => Action::Bundle {
            skus: vec![SkuId::from_bytes([n % LINES; 16]), SkuId::from_bytes([(n + 1) % LINES; 16])],
            price_minor: 1_500,
        },
        _ => Action::FreightOff { off_minor: amount },
    };
    let mut scope = Scope::default();
    match n % 3 {
        0 => {}
        1 => scope.categories = (0..3).map(|c| CategoryId::from_bytes([(n + c) % 10; 16])).collect(),
        _ => scope.products = (0..40).map(|p| ProductId::from_bytes([n.wrapping_add(p * 5); 16])).collect(),
    }
    scope.sort();
    let needs = Needs { worth_minor: amount, units: 1, ..Needs::default() };
    let id = PromotionId::from_bytes([n; 16]);
    Promotion { id, title: format!("promotion {n}"), scope, needs, action, left_minor: None }
}

fn context() -> QuoteContext {
    QuoteContext {
        merchant: MerchantId::from_bytes([1; 16]),
        currency: Currency::CNY,
        full_reductions: (1..=20)
            .map(|n| FullReduction { threshold_minor: n * 10_000, off_minor: n * 700 })
            .collect(),
        freight: Freight { base_minor: 800, free_from_minor: Some(90_000_000) },
        promotions: (0..PROMOTIONS).map(promotion).collect(),
        coupon: None,
        points: None,
        person: PersonFacts::default(),
        at: Timestamp::from_micros(0),
    }
}

/// Quotes again and again on one core.
///
/// # Errors
/// When a quote is refused.
pub(crate) fn run(figures: &mut Figures) -> anyhow::Result<()> {
    let (lines, context) = (lines(), context());
    let mut times = Vec::with_capacity(QUOTES);
    let begun = Instant::now();
    for _ in 0..QUOTES {
        let start = Instant::now();
        let made = quote(&lines, &context)?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        anyhow::ensure!(!made.promotions.is_empty(), "the promotions count");
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(QUOTES * share / 100).copied();
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a small number")]
    let rate = QUOTES as f64 / seconds;
    figures.add(Figure {
        id: "P15",
        what: format!("quotes of {LINES} lines under {PROMOTIONS} promotions"),
        value: rate,
        unit: "/s",
        ratio: None,
        versus: None,
        p50_ms: at(50),
        p99_ms: at(99),
        errors: 0,
    });
    Ok(())
}
