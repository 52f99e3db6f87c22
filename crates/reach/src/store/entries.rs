//! Entries, their codes and what came of them.

use base::{EntryId, Id, MerchantId, PersonId, ProductId, SessionId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

/// One code that lets people in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRow {
    pub(crate) id: EntryId,
    pub(crate) code: String,
    pub(crate) sharer: Option<PersonId>,
    pub(crate) merchant: MerchantId,
    pub(crate) kind: String,
    pub(crate) target_kind: String,
    pub(crate) target: String,
    pub(crate) product: Option<ProductId>,
    pub(crate) by_staff: bool,
    pub(crate) session: SessionId,
    pub(crate) created_at: Timestamp,
}

const ENTRY: &str =
    "e.id, e.code, e.sharer, e.merchant, e.kind, e.target_kind, e.target, e.product, e.by_staff,
    e.session, e.created_at";

fn entry(row: &Row<'_>) -> Result<EntryRow, DbError> {
    Ok(EntryRow {
        id: row.get(0)?,
        code: row.get(1)?,
        sharer: row.get(2)?,
        merchant: row.get(3)?,
        kind: row.get(4)?,
        target_kind: row.get(5)?,
        target: row.get(6)?,
        product: row.get(7)?,
        by_staff: row.get(8)?,
        session: row.get(9)?,
        created_at: row.get(10)?,
    })
}

/// Whose an entry is: the sharer's, or the merchant's own.
fn owner(row: &EntryRow) -> Vec<u8> {
    row.sharer.map_or_else(|| row.merchant.bytes(), Id::bytes).to_vec()
}

/// The entry the owner has for this kind and target.
pub(crate) fn find_claimed(rx: &mut Rx, wanted: &EntryRow) -> Result<Option<EntryRow>, DbError> {
    rx.opt(
        &format!(
            "SELECT {ENTRY} FROM reach_claim c JOIN reach_entry e ON e.id = c.entry
             WHERE c.owner = :owner AND c.kind = :kind AND c.target = :target"
        ),
        params!["owner" => owner(wanted), "kind" => &wanted.kind, "target" => &wanted.target],
        entry,
    )
}

/// Claims a code for an entry; `false` when it is taken.
pub(crate) fn claim_code(tx: &mut Tx, code: &str, entry: EntryId) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO reach_code (code, entry) VALUES (:code, :entry) ON CONFLICT (code) DO NOTHING",
        params!["code" => code, "entry" => entry],
    )?;
    Ok(inserted == 1)
}

/// Writes an entry; `false` when its owner got one for this kind and target in the meantime.
pub(crate) fn insert_entry(tx: &mut Tx, row: &EntryRow) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO reach_claim (owner, kind, target, entry) VALUES (:owner, :kind, :target, :entry)
         ON CONFLICT (owner, kind, target) DO NOTHING",
        params!["owner" => owner(row), "kind" => &row.kind, "target" => &row.target, "entry" => row.id],
    )?;
    if claimed == 0 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO reach_entry
             (id, code, sharer, merchant, kind, target_kind, target, product, by_staff, session, created_at)
         VALUES (:id, :code, :sharer, :merchant, :kind, :target_kind, :target, :product, :by_staff, :session, :at)",
        params![
            "id" => row.id, "code" => &row.code, "sharer" => row.sharer, "merchant" => row.merchant,
            "kind" => &row.kind, "target_kind" => &row.target_kind, "target" => &row.target,
            "product" => row.product, "by_staff" => row.by_staff, "session" => row.session, "at" => row.created_at,
        ],
    )?;
    Ok(true)
}

/// Notes that the sharer works for the merchant, or no longer does.
pub(crate) fn set_by_staff(tx: &mut Tx, entry: EntryId, by_staff: bool) -> Result<(), DbError> {
    tx.later(
        "UPDATE reach_entry SET by_staff = :by_staff WHERE id = :entry",
        params!["entry" => entry, "by_staff" => by_staff],
    )
}

pub(crate) fn find_by_code(rx: &mut Rx, code: &str) -> Result<Option<EntryRow>, DbError> {
    rx.opt(
        &format!(
            "SELECT {ENTRY} FROM reach_code c JOIN reach_entry e ON e.id = c.entry WHERE c.code = :code"
        ),
        params!["code" => code],
        entry,
    )
}

/// Whether a person shared for a merchant as its staff.
pub(crate) fn shared_as_staff(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    let found: Option<i64> = rx.opt(
        "SELECT CAST(1 AS BIGINT) FROM reach_entry WHERE sharer = :person AND merchant = :merchant AND by_staff = 1
         ORDER BY id LIMIT 1",
        params!["person" => person, "merchant" => merchant],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// An entry and what came of it.
pub(crate) struct SharedRow {
    pub(crate) entry: EntryRow,
    pub(crate) visits: i64,
    pub(crate) orders: i64,
}

const COUNTS: &str =
    "CAST(COALESCE((SELECT SUM(c.visits) FROM reach_counter c WHERE c.entry = e.id), 0) AS BIGINT),
    CAST(COALESCE((SELECT SUM(c.orders) FROM reach_counter c WHERE c.entry = e.id), 0) AS BIGINT)";

fn shared(row: &Row<'_>) -> Result<SharedRow, DbError> {
    Ok(SharedRow { entry: entry(row)?, visits: row.get(11)?, orders: row.get(12)? })
}

/// What came of one entry: visits and orders.
pub(crate) fn counts(rx: &mut Rx, id: EntryId) -> Result<SharedRow, DbError> {
    rx.one(
        &format!("SELECT {ENTRY}, {COUNTS} FROM reach_entry e WHERE e.id = :id"),
        params!["id" => id],
        shared,
    )
}

/// Entries of a sharer before `before`, newest first.
pub(crate) fn list_shares(
    rx: &mut Rx,
    sharer: PersonId,
    before: EntryId,
    limit: i64,
) -> Result<Vec<SharedRow>, DbError> {
    rx.list(
        &format!(
            "SELECT {ENTRY}, {COUNTS} FROM reach_entry e
             WHERE e.sharer = :sharer AND e.id < :before ORDER BY e.id DESC LIMIT :limit"
        ),
        params!["sharer" => sharer, "before" => before, "limit" => limit],
        shared,
    )
}

/// Entries that lead to a merchant before `before`, newest first.
pub(crate) fn list_entries(
    rx: &mut Rx,
    merchant: MerchantId,
    before: EntryId,
    limit: i64,
) -> Result<Vec<SharedRow>, DbError> {
    rx.list(
        &format!(
            "SELECT {ENTRY}, {COUNTS} FROM reach_entry e
             WHERE e.merchant = :merchant AND e.id < :before ORDER BY e.id DESC LIMIT :limit"
        ),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        shared,
    )
}

/// What is added to the counters of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visits: i64,
    pub(crate) visitors: i64,
    pub(crate) sign_ups: i64,
    pub(crate) orders: i64,
    pub(crate) paid: i64,
}

/// Which counters.
pub(crate) struct Counted<'a> {
    pub(crate) entry: EntryId,
    pub(crate) merchant: MerchantId,
    pub(crate) kind: &'a str,
}

/// Rows a counter is spread over at most.
const BUCKETS_MAX: u32 = 64;

/// Adds to the counters of an entry and to its merchant's funnel of the day.
pub(crate) fn count(tx: &mut Tx, counted: &Counted<'_>, add: Counts) -> Result<(), DbError> {
    let bucket = tx.random_below(tx.spread().min(BUCKETS_MAX).into());
    let bucket = i64::try_from(bucket).unwrap_or(0);
    let day = tx.now().day();
    tx.execute(
        "INSERT INTO reach_counter AS c (entry, bucket, visits, visitors, sign_ups, orders, paid)
         VALUES (:entry, :bucket, :visits, :visitors, :sign_ups, :orders, :paid)
         ON CONFLICT (entry, bucket) DO UPDATE SET visits = c.visits + excluded.visits,
             visitors = c.visitors + excluded.visitors, sign_ups = c.sign_ups + excluded.sign_ups,
             orders = c.orders + excluded.orders, paid = c.paid + excluded.paid",
        params![
            "entry" => counted.entry, "bucket" => bucket, "visits" => add.visits, "visitors" => add.visitors,
            "sign_ups" => add.sign_ups, "orders" => add.orders, "paid" => add.paid,
        ],
    )?;
    tx.later(
        "INSERT INTO reach_funnel AS f (merchant, day, kind, bucket, visits, visitors, sign_ups, orders, paid)
         VALUES (:merchant, :day, :kind, :bucket, :visits, :visitors, :sign_ups, :orders, :paid)
         ON CONFLICT (merchant, day, kind, bucket) DO UPDATE SET visits = f.visits + excluded.visits,
             visitors = f.visitors + excluded.visitors, sign_ups = f.sign_ups + excluded.sign_ups,
             orders = f.orders + excluded.orders, paid = f.paid + excluded.paid",
        params![
            "merchant" => counted.merchant, "day" => day, "kind" => counted.kind, "bucket" => bucket,
            "visits" => add.visits, "visitors" => add.visitors, "sign_ups" => add.sign_ups,
            "orders" => add.orders, "paid" => add.paid,
        ],
    )
}

/// A merchant's funnel by kind of entry, days `from` to `to`.
pub(crate) fn funnel(
    rx: &mut Rx,
    merchant: MerchantId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(String, Counts)>, DbError> {
    rx.list(
        "SELECT kind, CAST(SUM(visits) AS BIGINT), CAST(SUM(visitors) AS BIGINT), CAST(SUM(sign_ups) AS BIGINT),
                CAST(SUM(orders) AS BIGINT), CAST(SUM(paid) AS BIGINT)
         FROM reach_funnel WHERE merchant = :merchant AND day >= :from AND day <= :to
         GROUP BY kind ORDER BY kind LIMIT 100",
        params!["merchant" => merchant, "from" => from, "to" => to],
        |row| {
            let counts = Counts {
                visits: row.get(1)?,
                visitors: row.get(2)?,
                sign_ups: row.get(3)?,
                orders: row.get(4)?,
                paid: row.get(5)?,
            };
            Ok((row.get(0)?, counts))
        },
    )
}
