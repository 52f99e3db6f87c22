//! All SQL of carts.

use base::{PersonId, SkuId};
use db::{DbError, Rx, Tx, Value, params};

pub(crate) fn lines(rx: &mut Rx, person: PersonId) -> Result<Vec<(SkuId, i64)>, DbError> {
    rx.list(
        "SELECT sku, qty FROM orders_cart WHERE person = :person ORDER BY person, sku LIMIT 200",
        params!["person" => person],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Most different SKUs of one cart.
pub(crate) const SKUS_MAX: usize = 100;

/// The lines of a cart that is about to grow. Whoever adds to a cart writes its one row in `orders_cart_turn` before
/// reading the lines, so that additions come one after the other and none of them passes [`SKUS_MAX`] unseen.
pub(crate) fn lines_to_add_to(tx: &mut Tx, person: PersonId) -> Result<Vec<(SkuId, i64)>, DbError> {
    take_turn(tx, person)?;
    lines(tx, person)
}

fn take_turn(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO orders_cart_turn AS t (person, turns) VALUES (:person, 1)
         ON CONFLICT (person) DO UPDATE SET turns = t.turns + excluded.turns",
        params!["person" => person],
    )
}

/// Sets how many of a SKU are in the cart.
pub(crate) fn set(tx: &mut Tx, person: PersonId, sku: SkuId, qty: i64) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO orders_cart (person, sku, qty, added_at) VALUES (:person, :sku, :qty, :now)
         ON CONFLICT (person, sku) DO UPDATE SET qty = excluded.qty",
        params!["person" => person, "sku" => sku, "qty" => qty, "now" => now],
    )
}

pub(crate) fn remove(tx: &mut Tx, person: PersonId, sku: SkuId) -> Result<(), DbError> {
    tx.later(REMOVE, params!["person" => person, "sku" => sku])
}

const REMOVE: &str = "DELETE FROM orders_cart WHERE person = :person AND sku = :sku";

/// Takes lines that were read a moment ago out of the cart, for an order. When another order was faster with one of
/// them, the transaction runs again.
pub(crate) fn take(tx: &mut Tx, person: PersonId, skus: &[SkuId]) -> Result<(), DbError> {
    if let [sku] = skus {
        return tx.later_one(REMOVE, params!["person" => person, "sku" => *sku]);
    }
    let keys: Vec<Value> = skus.iter().map(|sku| (*sku).into()).collect();
    let sql = "DELETE FROM orders_cart WHERE person = :lead AND sku IN (:in)";
    let taken = tx.execute_in(sql, &person.into(), &keys)?;
    if usize::try_from(taken) == Ok(skus.len()) { Ok(()) } else { Err(tx.give_up(DbError::Conflict)) }
}

/// Makes the cart exactly these lines; each SKU once, at most [`SKUS_MAX`].
pub(crate) fn replace(tx: &mut Tx, person: PersonId, lines: &[(SkuId, i64)]) -> Result<(), DbError> {
    let now = tx.now();
    take_turn(tx, person)?;
    tx.later("DELETE FROM orders_cart WHERE person = :person", params!["person" => person])?;
    let rows: Vec<Vec<Value>> = lines
        .iter()
        .map(|(sku, qty)| vec![Value::from(person), (*sku).into(), (*qty).into(), now.into()])
        .collect();
    tx.insert_later("INSERT INTO orders_cart (person, sku, qty, added_at)", &rows, "")
}

/// Moves a guest's lines to a member; where both have a SKU, the larger number stays. What the member's cart has no
/// room for is left out.
pub(crate) fn merge(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError> {
    let own = lines_to_add_to(tx, member)?;
    let now = tx.now();
    let mut rows = Vec::new();
    for (sku, qty) in lines(tx, guest)? {
        match own.iter().find(|(known, _)| *known == sku) {
            Some((_, known)) if *known >= qty => {}
            Some(_) => set(tx, member, sku, qty)?,
            None => rows.push(vec![Value::from(member), sku.into(), qty.into(), now.into()]),
        }
    }
    rows.truncate(SKUS_MAX.saturating_sub(own.len()));
    tx.insert_later("INSERT INTO orders_cart (person, sku, qty, added_at)", &rows, "")?;
    remove_all(tx, guest)
}

/// Removes a guest's cart.
pub(crate) fn remove_all(tx: &mut Tx, guest: PersonId) -> Result<(), DbError> {
    tx.later("DELETE FROM orders_cart_turn WHERE person = :person", params!["person" => guest])?;
    tx.later("DELETE FROM orders_cart WHERE person = :person", params!["person" => guest])
}
