//! Random sequences of earning, spending, expiring and going back, beside a model in which every point is a thing of its
//! own: lots, ledger and what is owed end where the model does.

use base::{Clock, Currency, Id, OrderId, RefundId, Timestamp};
use db::{DbError, Lane, Tx};
use pricing::api::PointsUse;
use serde_json::json;
use testkit::{App, app_test};

use crate::points::program;
use crate::world::*;

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % u64::try_from(sides).unwrap()).unwrap()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    There,
    Spent(OrderId),
    Expired,
    Taken,
}

/// One point.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The order that gave it; `None` once it has come back in a lot of its own.
    of: Option<OrderId>,
    lot: i64,
    end: Timestamp,
    at: At,
}

/// An order that earned, and what of its goods has gone back.
struct Earned {
    order: OrderId,
    paid: i64,
    back: i64,
    forgiven: i64,
}

#[derive(Default)]
struct Model {
    points: Vec<Point>,
    lots: i64,
    owed: i64,
    earned: Vec<Earned>,
    spent: Vec<(OrderId, i64, i64)>,
}

const PER_UNIT: i64 = 3;
const PAID: i64 = 1_000;

fn worth(kept: i64) -> i64 {
    kept / 100 * PER_UNIT
}

impl Model {
    fn expire(&mut self, now: Timestamp) {
        for point in &mut self.points {
            if point.at == At::There && point.end <= now {
                point.at = At::Expired;
            }
        }
    }

    /// Places of points that are there, what ends first in front.
    fn there(&self) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.points.len()).filter(|place| self.points[*place].at == At::There).collect();
        places.sort_by_key(|place| (self.points[*place].end, self.points[*place].lot));
        places
    }

    fn add(&mut self, of: Option<OrderId>, count: i64, end: Timestamp) {
        self.lots += 1;
        let point = Point { of, lot: self.lots, end, at: At::There };
        self.points.extend((0..count).map(|_| point));
    }

    fn earn(&mut self, order: OrderId, goods: i64, end: Timestamp) {
        let points = worth(goods);
        let fills = points.min(self.owed);
        self.owed -= fills;
        self.add(Some(order), points - fills, end);
        self.earned.push(Earned { order, paid: goods, back: 0, forgiven: 0 });
    }

    fn spend(&mut self, order: OrderId, count: i64) {
        for place in self.there().into_iter().take(usize::try_from(count).unwrap()) {
            self.points[place].at = At::Spent(order);
        }
        self.spent.push((order, count, 0));
    }

    /// `back` of [`PAID`] so far.
    fn come_back(&mut self, which: usize, back: i64, now: Timestamp, end: Timestamp) {
        let (order, count, before) = self.spent[which];
        let due = (count * back / PAID - before).max(0);
        self.spent[which].2 += due;
        let mut places: Vec<usize> =
            (0..self.points.len()).filter(|place| self.points[*place].at == At::Spent(order)).collect();
        places.sort_by_key(|place| (self.points[*place].end, self.points[*place].lot));
        let mut late = 0;
        for place in places.into_iter().rev().take(usize::try_from(due).unwrap()) {
            if self.points[place].end > now {
                self.points[place].at = At::There;
            } else {
                // It lives on as another.
                self.points[place].at = At::Taken;
                late += 1;
            }
        }
        if late > 0 {
            self.add(None, late, end);
        }
    }

    fn take_back(&mut self, which: usize, goods: i64) {
        let one = &mut self.earned[which];
        let before = worth(one.paid - one.back);
        one.back = (one.back + goods).min(one.paid);
        let mut need = before - worth(one.paid - one.back);
        let order = one.order;
        let own: Vec<usize> = self
            .there()
            .into_iter()
            .filter(|place| self.points[*place].of == Some(order))
            .take(usize::try_from(need).unwrap())
            .collect();
        need -= i64::try_from(own.len()).unwrap();
        own.into_iter().for_each(|place| self.points[place].at = At::Taken);
        let expired =
            self.points.iter().filter(|point| point.of == Some(order) && point.at == At::Expired).count();
        let forgiven = (i64::try_from(expired).unwrap() - self.earned[which].forgiven).clamp(0, need);
        self.earned[which].forgiven += forgiven;
        need -= forgiven;
        let others: Vec<usize> = self.there().into_iter().take(usize::try_from(need).unwrap()).collect();
        need -= i64::try_from(others.len()).unwrap();
        others.into_iter().for_each(|place| self.points[place].at = At::Taken);
        self.owed += need;
    }
}

fn order_id(number: i64) -> OrderId {
    OrderId::from_bytes(u128::try_from(number + 1).unwrap().to_be_bytes())
}

async fn write<T: Send + 'static>(
    app: &App,
    run: impl Fn(&mut Tx) -> Result<T, DbError> + Send + Sync + 'static,
) -> T {
    app.store.db.write::<T, DbError, _>(Lane::Interactive, run).await.unwrap()
}

/// The first of a month, in the shop's time, after the days; worked out here by itself, month for month.
fn end_of(now: Timestamp, days: i64) -> Timestamp {
    let zone = 8 * 3_600;
    let over = now.plus_seconds(days * 86_400 + zone).to_string();
    let (year, month): (i64, i64) = (over[..4].parse().unwrap(), over[5..7].parse().unwrap());
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first: Timestamp = format!("{year:04}-{month:02}-01T00:00:00Z").parse().unwrap();
    first.plus_seconds(-zone)
}

app_test!(every_point_is_where_a_model_of_single_points_says, parts, |app| {
    let owner = owner(&app).await;
    program(&app, &owner, json!({ "per_unit": PER_UNIT, "days": 40 })).await;
    for seed in 0..6 {
        let mut dice = Dice(seed + 77);
        let buyer = someone(&app, 100 + u32::try_from(seed).unwrap()).await;
        let (shop, person) = (merchant(), buyer.person);
        let mut model = Model::default();
        for step in 0..40 {
            let number = i64::try_from(seed).unwrap() * 1_000 + step;
            let order = order_id(number);
            // Lots made one after the other lie in this order too where they end together.
            app.store.clock.advance(10_000);
            let now = app.store.clock.now();
            match dice.below(10) {
                0..=2 => {
                    let goods = dice.below(6_000);
                    let currency = Currency::CNY;
                    let settled =
                        points::api::Settled { order, merchant: shop, buyer: person, currency, goods };
                    // Twice: the second does nothing.
                    write(&app, move |tx| points::api::earn(tx, &settled)).await;
                    write(&app, move |tx| points::api::earn(tx, &settled)).await;
                    model.earn(order, goods, end_of(now, 40));
                }
                3..=5 => {
                    let count = i64::try_from(model.there().len()).unwrap();
                    if count > 0 {
                        let wanted = 1 + dice.below(count);
                        let used = PointsUse { points: wanted, off: base::Money::new(wanted, Currency::CNY) };
                        write(&app, move |tx| {
                            points::api::spend(tx, order, (shop, person), &used)
                                .map_err(|error| DbError::Bug(error.to_string()))
                        })
                        .await;
                        model.spend(order, wanted);
                    }
                }
                6 | 7 if !model.spent.is_empty() => {
                    let which =
                        usize::try_from(dice.below(i64::try_from(model.spent.len()).unwrap())).unwrap();
                    let back = dice.below(PAID + 1);
                    let of = model.spent[which].0;
                    write(&app, move |tx| points::api::returned(tx, of, back, PAID)).await;
                    write(&app, move |tx| points::api::returned(tx, of, back, PAID)).await;
                    model.come_back(which, back, now, end_of(now, 15));
                }
                8 if !model.earned.is_empty() => {
                    let which =
                        usize::try_from(dice.below(i64::try_from(model.earned.len()).unwrap())).unwrap();
                    let (of, goods) = (model.earned[which].order, dice.below(3_000));
                    let id = RefundId::from_bytes(order.bytes());
                    write(&app, move |tx| points::api::take_back(tx, of, id, goods)).await;
                    write(&app, move |tx| points::api::take_back(tx, of, id, goods)).await;
                    model.take_back(which, goods);
                }
                _ => {
                    // Past the hour too, so that the job has ended what is over.
                    app.pass(dice.below(20) * 86_400).await;
                    app.pass(1_200).await;
                    model.expire(app.store.clock.now());
                }
            }
            let buyer = someone(&app, 100 + u32::try_from(seed).unwrap()).await;
            let path = format!("/api/v1/merchants/{shop}/points/me");
            let view = app.get(&path, &buyer.token).await.expect(200);
            let there = i64::try_from(model.there().len()).unwrap();
            assert_eq!(
                (&view["balance"], &view["owed"]),
                (&json!(there), &json!(model.owed)),
                "{seed} {step}"
            );
            assert_eq!(view["worth"]["amount_minor"], there);
            // By when they end, too.
            let mut ends = std::collections::BTreeMap::<Timestamp, i64>::new();
            for place in model.there() {
                *ends.entry(model.points[place].end).or_default() += 1;
            }
            let shown: Vec<(Timestamp, i64)> = view["ends"]
                .as_array()
                .unwrap()
                .iter()
                .map(|end| {
                    (end["expires_at"].as_str().unwrap().parse().unwrap(), end["points"].as_i64().unwrap())
                })
                .collect();
            assert_eq!(shown, ends.into_iter().collect::<Vec<_>>(), "{seed} {step}");
        }
        app.audit().await;
    }
});
