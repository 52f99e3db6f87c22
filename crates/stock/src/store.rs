//! All SQL of the stock.

use base::{HoldId, LocationId, MerchantId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

/// How much there is of one SKU at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The SKU.
    pub sku: SkuId,
    /// The place.
    pub location: LocationId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Lying there, without what is sold.
    pub on_hand: i64,
    /// Of that, set aside for payments under way.
    pub held: i64,
    /// Sold so far.
    pub sold: i64,
}

impl Level {
    /// What may still be promised.
    pub fn available(&self) -> i64 {
        self.on_hand.saturating_sub(self.held)
    }
}

fn level(row: &Row<'_>) -> Result<Level, DbError> {
    Ok(Level {
        sku: row.get(0)?,
        location: row.get(1)?,
        merchant: row.get(2)?,
        on_hand: row.get(3)?,
        held: row.get(4)?,
        sold: row.get(5)?,
    })
}

pub(crate) fn levels(rx: &mut Rx, skus: &[SkuId]) -> Result<Vec<Level>, DbError> {
    let keys: Vec<Value> = skus.iter().map(|sku| Value::from(*sku)).collect();
    rx.list_in(
        "SELECT sku, location, merchant, on_hand, held, sold FROM stock_level WHERE sku IN (:in)
         ORDER BY sku, location LIMIT 5000",
        &keys,
        level,
    )
}

pub(crate) fn list_levels(
    rx: &mut Rx,
    merchant: MerchantId,
    low: i64,
    after: SkuId,
    limit: i64,
) -> Result<Vec<Level>, DbError> {
    rx.list(
        "SELECT sku, location, merchant, on_hand, held, sold FROM stock_level
         WHERE merchant = :merchant AND sku > :after AND on_hand - held <= :low
         ORDER BY merchant, sku, location LIMIT :limit",
        params!["merchant" => merchant, "after" => after, "low" => low, "limit" => limit],
        level,
    )
}

pub(crate) fn count_low(rx: &mut Rx, merchant: MerchantId, low: i64) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(*) FROM stock_level WHERE merchant = :merchant AND on_hand - held <= :low",
        params!["merchant" => merchant, "low" => low],
        |row| row.get(0),
    )
}

/// Makes the row of a SKU at a place.
pub(crate) fn insert_level(
    tx: &mut Tx,
    sku: SkuId,
    location: LocationId,
    merchant: MerchantId,
) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO stock_level (sku, location, merchant, on_hand, held, sold, adjusted)
         VALUES (:sku, :location, :merchant, 0, 0, 0, 0) ON CONFLICT (sku, location) DO NOTHING",
        params!["sku" => sku, "location" => location, "merchant" => merchant],
    )
}

/// Makes the rows of new SKUs with what lies there, and the movements that say so.
pub(crate) fn insert_stocked(
    tx: &mut Tx,
    merchant: MerchantId,
    location: LocationId,
    first: &[(SkuId, i64)],
) -> Result<(), DbError> {
    let now = tx.now();
    let (mut levels, mut movements) = (Vec::new(), Vec::new());
    for (sku, units) in first {
        let id: HoldId = tx.new_id();
        let (none, units) = (0_i64, *units);
        levels.push(vec![
            (*sku).into(),
            location.into(),
            merchant.into(),
            units.into(),
            none.into(),
            none.into(),
            units.into(),
        ]);
        if units > 0 {
            movements.push(vec![
                id.into(),
                (*sku).into(),
                location.into(),
                units.into(),
                "stocking".into(),
                now.into(),
            ]);
        }
    }
    tx.insert_later(
        "INSERT INTO stock_level (sku, location, merchant, on_hand, held, sold, adjusted)",
        &levels,
        "",
    )?;
    tx.insert_later("INSERT INTO stock_movement (id, sku, location, delta, reason, at)", &movements, "")
}

/// Changes what lies there; `false` when less would lie there than is held.
pub(crate) fn adjust(tx: &mut Tx, sku: SkuId, location: LocationId, delta: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE stock_level SET on_hand = on_hand + :delta, adjusted = adjusted + :delta
         WHERE sku = :sku AND location = :location AND on_hand + :delta >= held",
        params!["sku" => sku, "location" => location, "delta" => delta],
    )?;
    Ok(changed == 1)
}

/// A change that is not a sale.
pub(crate) struct Movement<'a> {
    pub(crate) sku: SkuId,
    pub(crate) location: LocationId,
    pub(crate) delta: i64,
    pub(crate) reason: &'a str,
    pub(crate) note: Option<&'a str>,
    pub(crate) actor: Option<PersonId>,
}

pub(crate) fn insert_movement(tx: &mut Tx, movement: &Movement<'_>) -> Result<(), DbError> {
    let (id, now): (HoldId, Timestamp) = (tx.new_id(), tx.now());
    tx.later(
        "INSERT INTO stock_movement (id, sku, location, delta, reason, note, actor, at)
         VALUES (:id, :sku, :location, :delta, :reason, :note, :actor, :now)",
        params![
            "id" => id, "sku" => movement.sku, "location" => movement.location, "delta" => movement.delta,
            "reason" => movement.reason, "note" => movement.note, "actor" => movement.actor, "now" => now,
        ],
    )
}

/// Sets units aside; `false` when there are not so many.
pub(crate) fn hold(tx: &mut Tx, sku: SkuId, location: LocationId, qty: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE stock_level SET held = held + :qty
         WHERE sku = :sku AND location = :location AND on_hand - held >= :qty",
        params!["sku" => sku, "location" => location, "qty" => qty],
    )?;
    Ok(changed == 1)
}

/// Sells units that were not set aside; `false` when there are not so many.
pub(crate) fn take(tx: &mut Tx, sku: SkuId, location: LocationId, qty: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE stock_level SET on_hand = on_hand - :qty, sold = sold + :qty
         WHERE sku = :sku AND location = :location AND on_hand - held >= :qty",
        params!["sku" => sku, "location" => location, "qty" => qty],
    )?;
    Ok(changed == 1)
}

/// Sells units that were set aside.
pub(crate) fn consume(tx: &mut Tx, sku: SkuId, location: LocationId, qty: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE stock_level SET on_hand = on_hand - :qty, held = held - :qty, sold = sold + :qty
         WHERE sku = :sku AND location = :location",
        params!["sku" => sku, "location" => location, "qty" => qty],
    )
}

/// Frees units that were set aside.
pub(crate) fn release(tx: &mut Tx, sku: SkuId, location: LocationId, qty: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE stock_level SET held = held - :qty WHERE sku = :sku AND location = :location",
        params!["sku" => sku, "location" => location, "qty" => qty],
    )
}

/// Puts sold units back.
pub(crate) fn put_back(tx: &mut Tx, sku: SkuId, location: LocationId, qty: i64) -> Result<(), DbError> {
    tx.later(
        "UPDATE stock_level SET on_hand = on_hand + :qty, sold = sold - :qty
         WHERE sku = :sku AND location = :location",
        params!["sku" => sku, "location" => location, "qty" => qty],
    )
}

/// Units set aside, or sold, for an order.
pub(crate) struct HoldRow {
    pub(crate) id: HoldId,
    pub(crate) sku: SkuId,
    pub(crate) location: LocationId,
    pub(crate) qty: i64,
    pub(crate) returned: i64,
}

pub(crate) fn insert_holds(
    tx: &mut Tx,
    order: OrderId,
    lines: &[(SkuId, LocationId, i64)],
    state: &str,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(lines.len());
    for (sku, location, qty) in lines {
        let id: HoldId = tx.new_id();
        rows.push(vec![
            id.into(),
            order.into(),
            (*sku).into(),
            (*location).into(),
            (*qty).into(),
            0_i64.into(),
            state.into(),
            expires_at.into(),
        ]);
    }
    let head = "INSERT INTO stock_hold (id, order_id, sku, location, qty, returned, state, expires_at)";
    tx.insert_later(head, &rows, "")
}

pub(crate) fn holds(rx: &mut Rx, order: OrderId, state: &str) -> Result<Vec<HoldRow>, DbError> {
    rx.list(
        "SELECT id, sku, location, qty, returned FROM stock_hold WHERE order_id = :order AND state = :state
         ORDER BY order_id, sku, id LIMIT 500",
        params!["order" => order, "state" => state],
        |row| {
            Ok(HoldRow {
                id: row.get(0)?,
                sku: row.get(1)?,
                location: row.get(2)?,
                qty: row.get(3)?,
                returned: row.get(4)?,
            })
        },
    )
}

/// Ends an active hold; `false` when it has ended before.
pub(crate) fn end_hold(tx: &mut Tx, id: HoldId, state: &str) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE stock_hold SET state = :state WHERE id = :id AND state = 'active'",
        params!["id" => id, "state" => state],
    )?;
    Ok(changed == 1)
}

/// Notes that units of a sold hold came back; `false` when that would be more than were sold.
pub(crate) fn note_returned(tx: &mut Tx, id: HoldId, qty: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE stock_hold SET returned = returned + :qty
         WHERE id = :id AND state = 'consumed' AND returned + :qty <= qty",
        params!["id" => id, "qty" => qty],
    )?;
    Ok(changed == 1)
}

/// Counts an order among those a person holds stock for; `false` when there are too many.
pub(crate) fn begin_holding(
    tx: &mut Tx,
    person: PersonId,
    order: OrderId,
    most: i64,
) -> Result<bool, DbError> {
    tx.execute(
        "INSERT INTO stock_holder (person, orders) VALUES (:person, 0) ON CONFLICT (person) DO NOTHING",
        params!["person" => person],
    )?;
    let counted = tx.execute(
        "UPDATE stock_holder SET orders = orders + 1 WHERE person = :person AND orders < :most",
        params!["person" => person, "most" => most],
    )?;
    if counted == 0 {
        return Ok(false);
    }
    let inserted = tx.execute(
        "INSERT INTO stock_holding (order_id, person) VALUES (:order, :person) ON CONFLICT (order_id) DO NOTHING",
        params!["order" => order, "person" => person],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn end_holding(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    let person: Option<PersonId> = tx.opt(
        "SELECT person FROM stock_holding WHERE order_id = :order",
        params!["order" => order],
        |row| row.get(0),
    )?;
    let Some(person) = person else { return Ok(()) };
    let removed =
        tx.execute("DELETE FROM stock_holding WHERE order_id = :order", params!["order" => order])?;
    if removed == 1 {
        tx.execute(
            "UPDATE stock_holder SET orders = orders - 1 WHERE person = :person AND orders > 0",
            params!["person" => person],
        )?;
    }
    Ok(())
}
