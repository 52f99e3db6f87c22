//! Random histories: whatever is asked of the ledger, in whatever order, its invariants hold and its balances are
//! those of a plain model.

use std::collections::HashMap;

use super::*;
use base::SeededRng;
use db::Engine;

async fn history(engine: Engine, seed: u64, steps: u32) {
    let store = testkit::open(engine, TABLES);
    let mut draw = base::Moment::new(base::Timestamp::from_micros(0), &SeededRng::new(seed));
    let mut model: HashMap<u64, i64> = HashMap::new();
    for step in 0..steps {
        let (from, to) = (draw.below(4), draw.below(4));
        let amount = i64::try_from(draw.below(400)).unwrap();
        // Every fourth cause repeats an earlier one.
        let cause = format!("step {}", if draw.below(4) == 0 { step / 2 } else { step });
        let account = |n: u64| if n == 0 { bank() } else { wallet(u8::try_from(n).unwrap()) };
        let transfer = Transfer::simple(TransferKind::TopUp, &cause, account(from), account(to), amount);
        let before = model.get(&from).copied().unwrap_or(0);
        match post(&store.db, transfer).await {
            Ok(Posted::Now) => {
                *model.entry(from).or_default() -= amount;
                *model.entry(to).or_default() += amount;
                assert!(from == 0 || before >= amount, "seed {seed} step {step}: overspent");
            }
            Ok(Posted::Before) | Err(TransferError::ExistsDifferent) => {}
            Err(TransferError::Insufficient) => {
                assert!(from != 0 && before < amount, "seed {seed} step {step}")
            }
            Err(TransferError::Malformed(_)) => assert!(amount == 0 || from == to, "seed {seed} step {step}"),
            Err(TransferError::Db(error)) => panic!("{error}"),
        }
    }
    for n in 1..4 {
        let expected = model.get(&n).copied().unwrap_or(0);
        assert_eq!(
            free(&store.db, wallet(u8::try_from(n).unwrap())).await,
            expected,
            "seed {seed} wallet {n}"
        );
    }
    audit(&store.db).await;
}

#[test]
fn sqlite() {
    testkit::block_on(async {
        for seed in 0..20 {
            history(Engine::Sqlite, seed, 60).await;
        }
    });
}

#[test]
fn postgres() {
    testkit::block_on(async {
        for seed in 0..4 {
            history(Engine::Postgres, seed, 60).await;
        }
    });
}
