//! A hundred units and thousands of orders that want one, over two hundred connections.

use std::time::Instant;

use serde_json::Value;
use testkit::market::Member;

use crate::{World, all_at_once, crowd, finish, is_made, size};

const UNITS: i64 = 100;
const ORDERS: usize = 20_000;
const PEOPLE: usize = 200;
const PRICE: i64 = 1_000;

/// Every order is paid for, at the same time as all others; a hundred are let through.
pub(crate) async fn sale(world: &mut World) {
    let started = Instant::now();
    let orders_each = size("RACE_ORDERS", ORDERS).div_ceil(PEOPLE);
    let fund = PRICE * i64::try_from(orders_each).unwrap();
    // An order may be placed while there are units; then all but a hundred go.
    let item = world.market.item("flash", PRICE, 1_000_000).await.unwrap();
    let people = crowd(world, 3_000, PEOPLE, fund).await;
    let sku = item.sku.clone();
    let waiting = all_at_once(people, |mut member: Member| {
        let sku = sku.clone();
        async move {
            let mut orders = Vec::new();
            for _ in 0..orders_each {
                orders.push(member.order(&sku, PRICE, &Value::Null).await.unwrap());
            }
            (member, orders)
        }
    })
    .await;
    world.market.owner.adjust(&item, UNITS - 1_000_000).await.unwrap();
    println!("{} orders placed: {:.1?}", PEOPLE * orders_each, started.elapsed());
    let sale = Instant::now();
    let ended = all_at_once(waiting, |(mut member, orders)| async move {
        let mut paid = 0;
        for order in orders {
            let reply = member.pay(&order).await.unwrap();
            paid += i64::from(is_made(&reply, &["stock.short"]));
        }
        (member, paid)
    })
    .await;
    println!("all paid or refused: {:.1?}", sale.elapsed());
    assert_eq!(ended.iter().map(|(_, paid)| paid).sum::<i64>(), UNITS);
    for (mut member, paid) in ended {
        assert_eq!(member.wallet().await.unwrap(), fund - PRICE * paid, "{}", member.name);
    }
    assert_eq!(world.market.available(&item).await.unwrap(), 0);
    finish(world, &format!("{} orders, {UNITS} units", PEOPLE * orders_each), started);
}
