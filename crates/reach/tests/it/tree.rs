//! Who brought whom stays a forest.

use std::collections::HashMap;

use db::{DbError, Lane};
use testkit::{app_test, join_all};

use crate::{World, merchant, order, parts};

async fn parents(world: &World) -> HashMap<String, String> {
    let rows: Vec<(String, String)> = world
        .read(|rx| {
            rx.list("SELECT child, parent FROM audit_referrals ORDER BY child LIMIT 1000", &[], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .await;
    rows.into_iter().collect()
}

app_test!(the_first_touch_binds_and_nothing_after, parts, |app| {
    let world = World::new(app).await;
    let (a, b, c, paid) =
        (world.member(1).await, world.member(2).await, world.member(3).await, world.member(4).await);
    world.bring(&a, &b).await;
    world.bring(&c, &b).await;
    let buyer = paid.id;
    world.write(move |tx| reach::api::paid(tx, order(1), buyer, merchant())).await;
    world.bring(&a, &paid).await;
    // b was brought by a: a can no longer be brought by b.
    world.bring(&b, &a).await;
    assert_eq!(parents(&world).await, HashMap::from([(b.id.to_string(), a.id.to_string())]));
    // Nor by somebody below b.
    world.bring(&b, &c).await;
    world.bring(&c, &a).await;
    let tree = parents(&world).await;
    assert_eq!(tree.get(&c.id.to_string()), Some(&b.id.to_string()));
    assert_eq!(tree.get(&a.id.to_string()), None);
    world.app.audit().await;
});

app_test!(no_race_closes_a_ring, parts, |app| {
    let world = World::new(app).await;
    for round in 0..6_u32 {
        // Everybody touches the entry of the next at once: rings of 2, 3 and 4, with and without followers.
        let size = 2 + round % 3;
        let mut ring = Vec::new();
        for n in 0..size {
            ring.push(world.member(100 * (round + 1) + n).await);
        }
        if round >= 3 {
            for (n, who) in ring.iter().enumerate() {
                let follower = world.member(10_000 + 100 * round + u32::try_from(n).unwrap()).await;
                world.bring(who, &follower).await;
            }
        }
        let mut codes = Vec::new();
        for who in &ring {
            codes.push(world.share(who).await);
        }
        let mut touches = Vec::new();
        for (n, who) in ring.iter().enumerate() {
            let code = &codes[(n + 1) % ring.len()];
            touches.push(world.touch(who, code));
        }
        let recorded = join_all(touches).await;
        assert!(recorded.into_iter().all(|recorded| recorded));
        let tree = parents(&world).await;
        let bound = ring.iter().filter(|who| tree.contains_key(&who.id.to_string())).count();
        assert_eq!(bound, ring.len() - 1, "all but one are bound");
    }
    world.app.audit().await;
});

app_test!(a_third_level_is_refused_by_the_database, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 500, 48, "last_touch").await;
    let (sharer, buyer) = (world.member(1).await, world.member(2).await);
    world.bring(&sharer, &buyer).await;
    world.place(1, &buyer, &[10_000]).await;
    let third = world
        .app
        .store
        .db
        .write::<_, DbError, _>(Lane::Interactive, |tx| {
            tx.execute("UPDATE reach_commission SET level = 3 WHERE line = 1", &[])
        })
        .await;
    assert!(matches!(third, Err(DbError::Constraint(_))), "{third:?}");
});
