#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test must panic")]

use base::Id;
use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

fn touch(n: u8, at: i64, sharer: Option<u8>) -> Considered {
    Considered {
        touch: TouchId::from_bytes([n; 16]),
        at: Timestamp::from_micros(0).plus_seconds(at),
        entry: EntryId::from_bytes([n; 16]),
        code: String::new(),
        scene: "link".to_owned(),
        sharer: sharer.map(person),
        is_staff: false,
        is_banned: false,
        is_same_session: false,
        reason: Reason::Counted,
    }
}

fn terms(model: Model, window_hours: i64, at: i64) -> Terms {
    Terms { buyer: person(9), model, window_hours, placed_at: Timestamp::from_micros(0).plus_seconds(at) }
}

fn reasons(mut touches: Vec<Considered>, terms: &Terms) -> Vec<Reason> {
    judge(&mut touches, terms);
    touches.into_iter().map(|touch| touch.reason).collect()
}

#[test]
fn the_model_chooses_among_touches_in_the_window() {
    use Reason::*;
    let touches = || vec![touch(1, 0, Some(1)), touch(2, DAY, Some(2)), touch(3, 2 * DAY, Some(3))];
    for (model, hours, expected) in [
        (Model::LastTouch, 24, [OutsideWindow, OutsideWindow, Counted]),
        (Model::LastTouch, 48, [OutsideWindow, LaterTouch, Counted]),
        (Model::LastTouch, 72, [LaterTouch, LaterTouch, Counted]),
        (Model::FirstTouch, 24, [OutsideWindow, OutsideWindow, Counted]),
        (Model::FirstTouch, 48, [OutsideWindow, Counted, EarlierTouch]),
        (Model::FirstTouch, 72, [Counted, EarlierTouch, EarlierTouch]),
        (Model::LastTouch, 23, [OutsideWindow; 3]),
    ] {
        assert_eq!(reasons(touches(), &terms(model, hours, 3 * DAY)), expected, "{model:?} {hours} h");
    }
}

#[test]
fn who_must_not_earn_does_not() {
    use Reason::*;
    let mut staff = touch(3, 30, Some(3));
    staff.is_staff = true;
    let touches = vec![touch(1, 10, Some(1)), touch(2, 20, Some(9)), staff, touch(4, 40, None)];
    let expected = [Counted, OwnEntry, Staff, MerchantEntry];
    assert_eq!(reasons(touches.clone(), &terms(Model::LastTouch, 1, 50)), expected);
    let mut rest = touches;
    rest.remove(0);
    judge(&mut rest, &terms(Model::LastTouch, 1, 50));
    assert_eq!(winner(&rest), None);
    // Nobody earns, but the merchant's own entry brought the order.
    assert_eq!(credited(&rest).map(|touch| touch.touch), Some(TouchId::from_bytes([4; 16])));
}

#[test]
fn a_rule_has_bounds() {
    let fine = Rule { level1_bp: 4_000, level2_bp: 1_000, ..Rule::default() };
    assert_eq!(fine.problem(), None);
    for bad in [
        Rule { level2_bp: 1_001, ..fine },
        Rule { level1_bp: -1, ..fine },
        Rule { level1_bp: i64::MAX, ..fine },
        Rule { window_hours: 0, ..fine },
        Rule { window_hours: 2_161, ..fine },
        Rule { return_window_days: 6, ..fine },
        Rule { return_window_days: 91, ..fine },
    ] {
        assert!(bad.problem().is_some(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn the_order_of_touches_changes_nothing(
        times in prop::collection::vec((0_i64..200_000, 0_u8..4), 0..12), is_last in any::<bool>(), hours in 1_i64..60,
    ) {
        let model = if is_last { Model::LastTouch } else { Model::FirstTouch };
        let terms = terms(model, hours, 200_000);
        let touches: Vec<_> = times.iter().zip(1_u8..)
            .map(|((at, sharer), n)| touch(n, *at, (*sharer > 0).then_some(*sharer))).collect();
        let (mut forward, mut backward) = (touches.clone(), touches);
        backward.reverse();
        judge(&mut forward, &terms);
        judge(&mut backward, &terms);
        backward.reverse();
        prop_assert_eq!(&forward, &backward);
        prop_assert!(forward.iter().filter(|touch| touch.reason == Reason::Counted).count() <= 1);
    }

    #[test]
    fn what_is_taken_back_follows_what_is_given_back(
        net in 1_i64..10_000_000, rate in 0_i64..=5_000, parts in prop::collection::vec(1_i64..1_000_000, 0..12),
    ) {
        let amount = commission(net, rate);
        prop_assert!(i128::from(amount) * 10_000 <= i128::from(net) * i128::from(rate));
        let (mut refunded, mut clawed) = (0, 0);
        for part in parts.into_iter().chain([net]) {
            let part = part.min(net - refunded);
            let step = clawed_at(amount, net, refunded + part) - clawed_at(amount, net, refunded);
            prop_assert!(step >= 0);
            (refunded, clawed) = (refunded + part, clawed + step);
            // Never more is kept than the rate of what the buyer kept.
            prop_assert!(i128::from(amount - clawed) * 10_000 <= i128::from(net - refunded) * i128::from(rate));
        }
        prop_assert_eq!(clawed, amount);
    }
}
