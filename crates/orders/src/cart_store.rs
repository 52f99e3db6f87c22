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

/// Sets how many of a SKU are in the cart.
pub(crate) fn set(tx: &mut Tx, person: PersonId, sku: SkuId, qty: i64) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO orders_cart (person, sku, qty, added_at) VALUES (:person, :sku, :qty, :now)
         ON CONFLICT (person, sku) DO UPDATE SET qty = excluded.qty",
        params!["person" => person, "sku" => sku, "qty" => qty, "now" => now],
    )
}

pub(crate) fn remove(tx: &mut Tx, person: PersonId, skus: &[SkuId]) -> Result<(), DbError> {
    if let [sku] = skus {
        return tx.later(
            "DELETE FROM orders_cart WHERE person = :person AND sku = :sku",
            params!["person" => person, "sku" => *sku],
        );
    }
    let keys: Vec<Value> = skus.iter().map(|sku| (*sku).into()).collect();
    tx.execute_in("DELETE FROM orders_cart WHERE person = :lead AND sku IN (:in)", &person.into(), &keys)?;
    Ok(())
}

/// Makes the cart exactly these lines; each SKU once.
pub(crate) fn replace(tx: &mut Tx, person: PersonId, lines: &[(SkuId, i64)]) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute("DELETE FROM orders_cart WHERE person = :person", params!["person" => person])?;
    let rows: Vec<Vec<Value>> = lines
        .iter()
        .map(|(sku, qty)| vec![Value::from(person), (*sku).into(), (*qty).into(), now.into()])
        .collect();
    // A twin of this request may have come in between: the later one holds.
    tx.insert_later(
        "INSERT INTO orders_cart (person, sku, qty, added_at)",
        &rows,
        "ON CONFLICT (person, sku) DO UPDATE SET qty = excluded.qty",
    )
}

/// Moves a guest's lines to a member; where both have a SKU, the larger number stays.
pub(crate) fn merge(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError> {
    let own = lines(tx, member)?;
    let now = tx.now();
    let mut rows = Vec::new();
    for (sku, qty) in lines(tx, guest)? {
        match own.iter().find(|(known, _)| *known == sku) {
            Some((_, known)) if *known >= qty => {}
            Some(_) => set(tx, member, sku, qty)?,
            None => rows.push(vec![Value::from(member), sku.into(), qty.into(), now.into()]),
        }
    }
    tx.insert(
        "INSERT INTO orders_cart (person, sku, qty, added_at)",
        &rows,
        "ON CONFLICT (person, sku) DO NOTHING",
    )?;
    tx.later("DELETE FROM orders_cart WHERE person = :person", params!["person" => guest])
}
