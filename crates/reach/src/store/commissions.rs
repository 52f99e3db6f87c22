//! Rules, attributions, commissions and debts.

use base::{CommissionId, Currency, EntryId, MerchantId, OrderId, PersonId, ProductId, RefundId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use crate::model::{Considered, Model, Rule};
use crate::store::AUDIT_PAGE;

/// Rows of one order at most: its lines, twice.
const LINES_MAX: i64 = 500;

fn model(word: &str) -> Result<Model, DbError> {
    Model::of(word).ok_or_else(|| DbError::Bug(format!("{word} is not a model")))
}

pub(crate) fn find_rule(rx: &mut Rx, merchant: MerchantId) -> Result<Option<Rule>, DbError> {
    rx.opt(
        "SELECT level1_bp, level2_bp, window_hours, model, return_window_days, version FROM reach_rule
         WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| {
            Ok(Rule {
                level1_bp: row.get(0)?,
                level2_bp: row.get(1)?,
                window_hours: row.get(2)?,
                model: model(&row.get::<String>(3)?)?,
                return_window_days: row.get(4)?,
                version: row.get(5)?,
            })
        },
    )
}

/// Puts a rule in the place of the one before; the version counts the changes.
pub(crate) fn put_rule(tx: &mut Tx, merchant: MerchantId, rule: &Rule) -> Result<(), DbError> {
    let now: Timestamp = tx.now();
    tx.later(
        "INSERT INTO reach_rule AS r
             (merchant, level1_bp, level2_bp, window_hours, model, return_window_days, version, updated_at)
         VALUES (:merchant, :level1, :level2, :window, :model, :days, 1, :now)
         ON CONFLICT (merchant) DO UPDATE SET level1_bp = excluded.level1_bp, level2_bp = excluded.level2_bp,
             window_hours = excluded.window_hours, model = excluded.model,
             return_window_days = excluded.return_window_days, version = r.version + 1,
             updated_at = excluded.updated_at",
        params![
            "merchant" => merchant, "level1" => rule.level1_bp, "level2" => rule.level2_bp,
            "window" => rule.window_hours, "model" => rule.model.word(), "days" => rule.return_window_days,
            "now" => now,
        ],
    )
}

/// Why an order earns whom what.
#[derive(Clone, Debug)]
pub(crate) struct Attribution {
    pub(crate) order: OrderId,
    pub(crate) merchant: MerchantId,
    pub(crate) buyer: PersonId,
    pub(crate) entry: Option<EntryId>,
    pub(crate) sharer: Option<PersonId>,
    pub(crate) model: Model,
    pub(crate) window_hours: i64,
    pub(crate) rule_version: i64,
    pub(crate) return_window_days: i64,
    pub(crate) net: i64,
    pub(crate) touches: Vec<Considered>,
    pub(crate) placed_at: Timestamp,
}

const ATTRIBUTION: &str = "order_id, merchant, buyer, entry, sharer, model, window_hours, rule_version,
    return_window_days, net, touches, placed_at";

fn attribution(row: &Row<'_>) -> Result<Attribution, DbError> {
    let touches: String = row.get(10)?;
    Ok(Attribution {
        order: row.get(0)?,
        merchant: row.get(1)?,
        buyer: row.get(2)?,
        entry: row.get(3)?,
        sharer: row.get(4)?,
        model: model(&row.get::<String>(5)?)?,
        window_hours: row.get(6)?,
        rule_version: row.get(7)?,
        return_window_days: row.get(8)?,
        net: row.get(9)?,
        touches: serde_json::from_str(&touches).map_err(|error| DbError::Bug(error.to_string()))?,
        placed_at: row.get(11)?,
    })
}

pub(crate) fn insert_attribution(tx: &mut Tx, row: &Attribution) -> Result<(), DbError> {
    let touches = serde_json::to_string(&row.touches).map_err(|error| DbError::Bug(error.to_string()))?;
    tx.later(
        "INSERT INTO reach_attribution (order_id, merchant, buyer, entry, sharer, model, window_hours, rule_version,
             return_window_days, net, touches, placed_at, paid_at, settled_at)
         VALUES (:order, :merchant, :buyer, :entry, :sharer, :model, :window, :version, :days, :net, :touches,
             :placed_at, NULL, NULL)",
        params![
            "order" => row.order, "merchant" => row.merchant, "buyer" => row.buyer, "entry" => row.entry,
            "sharer" => row.sharer, "model" => row.model.word(), "window" => row.window_hours,
            "version" => row.rule_version, "days" => row.return_window_days, "net" => row.net,
            "touches" => touches, "placed_at" => row.placed_at,
        ],
    )
}

pub(crate) fn find_attribution(rx: &mut Rx, order: OrderId) -> Result<Option<Attribution>, DbError> {
    rx.opt(
        &format!("SELECT {ATTRIBUTION} FROM reach_attribution WHERE order_id = :order"),
        params!["order" => order],
        attribution,
    )
}

/// Attributions after `after`, for the audit.
pub(crate) fn page_of_attributions(rx: &mut Rx, after: OrderId) -> Result<Vec<Attribution>, DbError> {
    rx.list(
        &format!(
            "SELECT {ATTRIBUTION} FROM reach_attribution WHERE order_id > :after ORDER BY order_id LIMIT :limit"
        ),
        params!["after" => after, "limit" => AUDIT_PAGE],
        attribution,
    )
}

/// Notes that an order is paid; `false` when it was noted before, or there is nothing to note.
pub(crate) fn set_paid(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    let now: Timestamp = tx.now();
    let set = tx.execute(
        "UPDATE reach_attribution SET paid_at = :now WHERE order_id = :order AND paid_at IS NULL",
        params!["order" => order, "now" => now],
    )?;
    Ok(set == 1)
}

/// Notes that an order is settled: what is held of it can only be paid by the merchant from now on.
pub(crate) fn set_settled(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    let now: Timestamp = tx.now();
    tx.later(
        "UPDATE reach_attribution SET settled_at = :now WHERE order_id = :order AND settled_at IS NULL",
        params!["order" => order, "now" => now],
    )
}

/// Makes sure that an order is not settled until this transaction ends; `false` when it is.
pub(crate) fn guard_unsettled(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    let guarded = tx.execute(
        "UPDATE reach_attribution SET settled_at = NULL WHERE order_id = :order AND settled_at IS NULL",
        params!["order" => order],
    )?;
    Ok(guarded == 1)
}

/// A line of commission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommissionRow {
    pub(crate) order: OrderId,
    pub(crate) line: i64,
    pub(crate) level: i64,
    pub(crate) id: CommissionId,
    pub(crate) merchant: MerchantId,
    pub(crate) entry: EntryId,
    pub(crate) product: ProductId,
    pub(crate) beneficiary: PersonId,
    pub(crate) currency: Currency,
    pub(crate) base: i64,
    pub(crate) rate_bp: i64,
    pub(crate) rule_version: i64,
    pub(crate) amount: i64,
    pub(crate) clawed: i64,
    pub(crate) paid: i64,
    pub(crate) state: String,
    pub(crate) held_for: Option<String>,
    pub(crate) release_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

const COMMISSION: &str =
    "order_id, line, level, id, merchant, entry, product, beneficiary, currency, base, rate_bp,
    rule_version, amount, clawed, paid, state, held_for, release_at, created_at";

fn commission(row: &Row<'_>) -> Result<CommissionRow, DbError> {
    Ok(CommissionRow {
        order: row.get(0)?,
        line: row.get(1)?,
        level: row.get(2)?,
        id: row.get(3)?,
        merchant: row.get(4)?,
        entry: row.get(5)?,
        product: row.get(6)?,
        beneficiary: row.get(7)?,
        currency: row.get(8)?,
        base: row.get(9)?,
        rate_bp: row.get(10)?,
        rule_version: row.get(11)?,
        amount: row.get(12)?,
        clawed: row.get(13)?,
        paid: row.get(14)?,
        state: row.get(15)?,
        held_for: row.get(16)?,
        release_at: row.get(17)?,
        created_at: row.get(18)?,
    })
}

pub(crate) fn insert_commissions(tx: &mut Tx, rows: &[CommissionRow]) -> Result<(), DbError> {
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            vec![
                row.order.into(),
                row.line.into(),
                row.level.into(),
                row.id.into(),
                row.merchant.into(),
                row.entry.into(),
                row.product.into(),
                row.beneficiary.into(),
                row.currency.into(),
                row.base.into(),
                row.rate_bp.into(),
                row.rule_version.into(),
                row.amount.into(),
                0_i64.into(),
                0_i64.into(),
                row.state.as_str().into(),
                row.held_for.as_ref().into(),
                row.release_at.into(),
                row.created_at.into(),
            ]
        })
        .collect();
    // 19 columns: a batch stays below the parameters a statement may have.
    for batch in values.chunks(400) {
        tx.insert(&format!("INSERT INTO reach_commission ({COMMISSION})"), batch, "")?;
    }
    Ok(())
}

pub(crate) fn commissions_of(rx: &mut Rx, order: OrderId) -> Result<Vec<CommissionRow>, DbError> {
    rx.list(
        &format!(
            "SELECT {COMMISSION} FROM reach_commission WHERE order_id = :order ORDER BY order_id, line, level
             LIMIT :limit"
        ),
        params!["order" => order, "limit" => LINES_MAX],
        commission,
    )
}

pub(crate) fn find_commission(rx: &mut Rx, id: CommissionId) -> Result<Option<CommissionRow>, DbError> {
    rx.opt(
        &format!(
            "SELECT {COMMISSION} FROM reach_commission WHERE id = :id ORDER BY order_id, line, level LIMIT 2"
        ),
        params!["id" => id],
        commission,
    )
}

/// A beneficiary's commissions before `before`, newest first.
pub(crate) fn list_earned(
    rx: &mut Rx,
    beneficiary: PersonId,
    before: CommissionId,
    limit: i64,
) -> Result<Vec<CommissionRow>, DbError> {
    rx.list(
        &format!(
            "SELECT {COMMISSION} FROM reach_commission WHERE beneficiary = :beneficiary AND id < :before
             ORDER BY id DESC, order_id, line, level LIMIT :limit"
        ),
        params!["beneficiary" => beneficiary, "before" => before, "limit" => limit],
        commission,
    )
}

/// A merchant's commissions before `before`, newest first.
pub(crate) fn list_owed(
    rx: &mut Rx,
    merchant: MerchantId,
    before: CommissionId,
    limit: i64,
) -> Result<Vec<CommissionRow>, DbError> {
    rx.list(
        &format!(
            "SELECT {COMMISSION} FROM reach_commission WHERE merchant = :merchant AND id < :before
             ORDER BY id DESC, order_id, line, level LIMIT :limit"
        ),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        commission,
    )
}

/// What a sharer has earned by an entry: not yet paid, and paid without what was taken back.
pub(crate) fn earned_by(rx: &mut Rx, entry: EntryId) -> Result<(i64, i64), DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(CASE WHEN state IN ('frozen', 'held') THEN amount - clawed ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN state = 'released' THEN amount - clawed ELSE 0 END), 0) AS BIGINT)
         FROM reach_commission WHERE entry = :entry AND level = 1",
        params!["entry" => entry],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// A merchant's commissions that wait: what they are worth now.
pub(crate) fn waiting_of(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(amount - clawed), 0) AS BIGINT) FROM reach_commission
         WHERE merchant = :merchant AND state IN ('frozen', 'held')",
        params!["merchant" => merchant],
        |row| row.get(0),
    )
}

/// Orders of a beneficiary placed within a time.
pub(crate) fn orders_between(
    rx: &mut Rx,
    beneficiary: PersonId,
    from: CommissionId,
    to: CommissionId,
) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(DISTINCT order_id) FROM reach_commission
         WHERE beneficiary = :beneficiary AND id >= :from AND id < :to",
        params!["beneficiary" => beneficiary, "from" => from, "to" => to],
        |row| row.get(0),
    )
}

/// Ends what was not paid; what the buyer had paid for counts as taken back.
pub(crate) fn cancel(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    tx.later(
        "UPDATE reach_commission SET state = 'cancelled',
             clawed = CASE WHEN EXISTS (SELECT 1 FROM reach_attribution a
                 WHERE a.order_id = reach_commission.order_id AND a.paid_at IS NOT NULL) THEN amount ELSE clawed END
         WHERE order_id = :order AND state IN ('frozen', 'held')",
        params!["order" => order],
    )
}

/// Sets when an order's commissions may be paid, once.
pub(crate) fn set_release_at(tx: &mut Tx, order: OrderId, at: Timestamp) -> Result<(), DbError> {
    tx.later(
        "UPDATE reach_commission SET release_at = :at WHERE order_id = :order AND release_at IS NULL",
        params!["order" => order, "at" => at],
    )
}

/// Holds what is frozen of one level of an order for a person to look at.
pub(crate) fn hold_level(tx: &mut Tx, order: OrderId, level: i64, reason: &str) -> Result<(), DbError> {
    tx.later(
        "UPDATE reach_commission SET state = 'held', held_for = :reason
         WHERE order_id = :order AND level = :level AND state = 'frozen'",
        params!["order" => order, "level" => level, "reason" => reason],
    )
}

/// Marks what is frozen of an order as paid out of escrow; answers how many lines that were.
pub(crate) fn release_frozen(tx: &mut Tx, order: OrderId) -> Result<u64, DbError> {
    let now: Timestamp = tx.now();
    tx.execute(
        "UPDATE reach_commission SET state = 'released', paid = amount - clawed, paid_from = 'escrow',
             release_at = COALESCE(release_at, CAST(:now AS BIGINT))
         WHERE order_id = :order AND state = 'frozen'",
        params!["order" => order, "now" => now],
    )
}

/// What was paid of an order out of escrow: level, beneficiary and sum.
pub(crate) fn paid_from_escrow(rx: &mut Rx, order: OrderId) -> Result<Vec<(i64, PersonId, i64)>, DbError> {
    rx.list(
        "SELECT level, beneficiary, CAST(SUM(paid) AS BIGINT) FROM reach_commission
         WHERE order_id = :order AND paid_from = 'escrow' GROUP BY level, beneficiary ORDER BY level, beneficiary
         LIMIT 10",
        params!["order" => order],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Ends the holding of a line: `frozen` again, `cancelled`, or `released` out of the merchant's payable account.
pub(crate) fn end_held(tx: &mut Tx, row: &CommissionRow, state: &str) -> Result<bool, DbError> {
    let now: Timestamp = tx.now();
    let is_paid = state == "released";
    let ended = tx.execute(
        "UPDATE reach_commission SET state = :state, held_for = NULL,
             paid = CASE WHEN CAST(:is_paid AS BIGINT) = 1 THEN amount - clawed ELSE paid END,
             paid_from = CASE WHEN CAST(:is_paid AS BIGINT) = 1 THEN 'payable' ELSE paid_from END,
             release_at = CASE WHEN CAST(:is_paid AS BIGINT) = 1
                 THEN COALESCE(release_at, CAST(:now AS BIGINT)) ELSE release_at END
         WHERE order_id = :order AND line = :line AND level = :level AND state = 'held' AND clawed = :clawed",
        params![
            "order" => row.order, "line" => row.line, "level" => row.level, "clawed" => row.clawed,
            "state" => state, "is_paid" => is_paid, "now" => now,
        ],
    )?;
    Ok(ended == 1)
}

/// Notes that a refund is dealt with; `false` when it was before.
pub(crate) fn claim_refund(tx: &mut Tx, refund: RefundId, order: OrderId) -> Result<bool, DbError> {
    let now: Timestamp = tx.now();
    let claimed = tx.execute(
        "INSERT INTO reach_claw (refund, order_id, at) VALUES (:refund, :order, :now)
         ON CONFLICT (refund) DO NOTHING",
        params!["refund" => refund, "order" => order, "now" => now],
    )?;
    Ok(claimed == 1)
}

/// Takes `part` of a line back; `false` when its state has changed or so much is not left.
pub(crate) fn claw(tx: &mut Tx, row: &CommissionRow, part: i64) -> Result<bool, DbError> {
    let clawed = tx.execute(
        "UPDATE reach_commission SET clawed = clawed + :part,
             state = CASE WHEN clawed + :part = amount THEN 'clawed_back' ELSE state END
         WHERE order_id = :order AND line = :line AND level = :level AND state = :state AND clawed + :part <= amount",
        params![
            "order" => row.order, "line" => row.line, "level" => row.level, "state" => &row.state, "part" => part,
        ],
    )?;
    Ok(clawed == 1)
}

pub(crate) fn owed(rx: &mut Rx, person: PersonId, currency: Currency) -> Result<i64, DbError> {
    let owed: Option<i64> = rx.opt(
        "SELECT owed FROM reach_debt WHERE person = :person AND currency = :currency",
        params!["person" => person, "currency" => currency],
        |row| row.get(0),
    )?;
    Ok(owed.unwrap_or(0))
}

pub(crate) fn owe(tx: &mut Tx, person: PersonId, currency: Currency, amount: i64) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO reach_debt AS d (person, currency, owed) VALUES (:person, :currency, :amount)
         ON CONFLICT (person, currency) DO UPDATE SET owed = d.owed + excluded.owed",
        params!["person" => person, "currency" => currency, "amount" => amount],
    )
}

/// Pays a debt off in part; `false` when it is smaller by now.
pub(crate) fn pay_off(
    tx: &mut Tx,
    person: PersonId,
    currency: Currency,
    amount: i64,
) -> Result<bool, DbError> {
    let paid = tx.execute(
        "UPDATE reach_debt SET owed = owed - :amount
         WHERE person = :person AND currency = :currency AND owed >= :amount",
        params!["person" => person, "currency" => currency, "amount" => amount],
    )?;
    Ok(paid == 1)
}

/// Whether somebody has a commission that is neither paid nor ended.
pub(crate) fn has_open_commissions(rx: &mut Rx, person: PersonId) -> Result<bool, DbError> {
    let found: Option<CommissionId> = rx.opt(
        "SELECT id FROM reach_commission WHERE beneficiary = :person AND state IN ('frozen', 'held')
             AND amount > clawed ORDER BY order_id, line, level LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Whether somebody owes commission that was taken back.
pub(crate) fn has_debt(rx: &mut Rx, person: PersonId) -> Result<bool, DbError> {
    let found: Option<i64> = rx.opt(
        "SELECT owed FROM reach_debt WHERE person = :person AND owed > 0 ORDER BY currency LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}
