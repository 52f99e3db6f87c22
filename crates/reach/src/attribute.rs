//! From the touches of a buyer to the commissions of an order.

use std::collections::BTreeMap;

use base::{CommissionId, MerchantId, PersonId, Timestamp};
use db::{DbError, Rx, Tx};

use crate::api::Placement;
use crate::model::{self, Considered, Rule, Terms, WINDOW_HOURS_MAX};
use crate::store::{self, Attribution, CommissionRow};

/// Who earns at one level.
struct Earner {
    level: i64,
    person: PersonId,
    rate_bp: i64,
    /// Why the commission is looked at before it is paid.
    held_for: Option<&'static str>,
}

/// See [`crate::api::attribute`].
pub(crate) fn attribute(tx: &mut Tx, placement: &Placement<'_>) -> Result<(), DbError> {
    let Placement { order, buyer, merchant, lines } = *placement;
    let now: Timestamp = tx.now();
    let since = now.plus_seconds(WINDOW_HOURS_MAX.saturating_mul(-3_600));
    let mut touches = store::touches(tx, buyer, merchant, since)?;
    if touches.is_empty() {
        return Ok(());
    }
    mark_staff(tx, merchant, &mut touches)?;
    mark_banned(tx, &mut touches)?;
    let rule = store::find_rule(tx, merchant)?.unwrap_or_default();
    let terms = Terms { buyer, model: rule.model, window_hours: rule.window_hours, placed_at: now };
    model::judge(&mut touches, &terms);
    let sharer = model::winner(&touches).and_then(|touch| touch.sharer);
    let entry = model::credited(&touches).map(|touch| touch.entry);
    let mut commissions = Vec::new();
    if let (Some(touch), Some(entry), Some(sharer)) = (model::winner(&touches), entry, sharer) {
        for earner in earners(tx, &rule, placement, sharer, touch.is_same_session)? {
            for line in lines {
                let (base, currency) = (line.net.minor(), line.net.currency());
                let amount = model::commission(base, earner.rate_bp);
                if amount < 1 {
                    continue;
                }
                let id: CommissionId = tx.new_id();
                commissions.push(CommissionRow {
                    order,
                    line: line.line,
                    level: earner.level,
                    id,
                    merchant,
                    entry,
                    product: line.product,
                    beneficiary: earner.person,
                    currency,
                    base,
                    rate_bp: earner.rate_bp,
                    rule_version: rule.version,
                    amount,
                    clawed: 0,
                    paid: 0,
                    state: if earner.held_for.is_some() { "held" } else { "frozen" }.to_owned(),
                    held_for: earner.held_for.map(str::to_owned),
                    release_at: None,
                    created_at: now,
                });
            }
        }
    }
    let attribution = Attribution {
        order,
        merchant,
        buyer,
        entry,
        sharer,
        model: rule.model,
        window_hours: rule.window_hours,
        rule_version: rule.version,
        return_window_days: rule.return_window_days,
        net: lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.net.minor())),
        touches,
        placed_at: now,
    };
    store::insert_attribution(tx, &attribution)?;
    store::insert_commissions(tx, &commissions)
}

/// The sharer, and who brought the sharer in. Never the buyer, never staff of the merchant, never who is banned.
fn earners(
    rx: &mut Rx,
    rule: &Rule,
    placement: &Placement<'_>,
    sharer: PersonId,
    is_same_session: bool,
) -> Result<Vec<Earner>, DbError> {
    let held_for = is_same_session.then_some("same_session");
    let mut earners = vec![Earner { level: 1, person: sharer, rate_bp: rule.level1_bp, held_for }];
    if rule.level2_bp > 0
        && let Some(parent) = store::find_node(rx, sharer)?.and_then(|node| node.parent)
        && parent != placement.buyer
        && !is_staff(rx, placement.merchant, parent)?
        && people::api::banned(rx, &[parent])?.is_empty()
    {
        earners.push(Earner { level: 2, person: parent, rate_bp: rule.level2_bp, held_for });
    }
    Ok(earners)
}

/// Whether a person works for the merchant now, or shared for it while doing so.
fn is_staff(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<bool, DbError> {
    Ok(people::api::is_staff(rx, merchant, person)? || store::shared_as_staff(rx, merchant, person)?)
}

/// Marks the touches of sharers who became staff after they had shared; their entries do not say so.
fn mark_staff(rx: &mut Rx, merchant: MerchantId, touches: &mut [Considered]) -> Result<(), DbError> {
    let mut known = BTreeMap::new();
    for touch in touches.iter_mut().filter(|touch| !touch.is_staff) {
        let Some(sharer) = touch.sharer else { continue };
        touch.is_staff = match known.get(&sharer) {
            Some(is_staff) => *is_staff,
            None => people::api::is_staff(rx, merchant, sharer)?,
        };
        known.insert(sharer, touch.is_staff);
    }
    Ok(())
}

/// Marks the touches of sharers whose accounts are closed now.
fn mark_banned(rx: &mut Rx, touches: &mut [Considered]) -> Result<(), DbError> {
    let mut sharers: Vec<PersonId> = touches.iter().filter_map(|touch| touch.sharer).collect();
    sharers.sort_unstable();
    sharers.dedup();
    if sharers.is_empty() {
        return Ok(());
    }
    let banned = people::api::banned(rx, &sharers)?;
    for touch in touches.iter_mut() {
        touch.is_banned = touch.sharer.is_some_and(|sharer| banned.contains(&sharer));
    }
    Ok(())
}
