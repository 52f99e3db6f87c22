//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{CouponId, CouponTemplateId, MerchantId, OrderId, PersonId, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::{Coupon, CouponUse};

use crate::store::{self, CouponRow, TemplateRow};

/// Most coupons of a shop that are looked at for one price.
const LOOKED_AT_MAX: i64 = 20;

/// A coupon that may be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    /// What it gives.
    pub coupon: Coupon,
    /// Whose goods it is about.
    pub merchant: MerchantId,
    /// Until when it may be used.
    pub valid_to: Timestamp,
}

/// Why a coupon cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum CouponRefused {
    /// Also the answer for somebody else's.
    #[error("this coupon cannot be used now; look at your coupons and choose another")]
    #[problem(409, "coupon.unusable")]
    Unusable,
    /// Two of one shop.
    #[error("one coupon for the goods of each shop; leave the other out")]
    #[problem(422, "coupon.one_per_shop")]
    OnePerShop,
    /// Somebody, or time, was faster.
    #[error("the coupon was used or has grown in the meantime; ask for the price again")]
    #[problem(409, "coupon.changed")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What days since the claim add that is not written yet: how many days there are by now, and the amount.
pub(crate) fn by_days(coupon: &CouponRow, template: &TemplateRow, at: Timestamp) -> (i64, i64) {
    template.rule.by_days(coupon.grown, coupon.days, at.micros_since(coupon.claimed_at))
}

pub(crate) fn worth_now(coupon: &CouponRow, template: &TemplateRow, at: Timestamp) -> Coupon {
    let (_, added) = by_days(coupon, template, at);
    Coupon {
        id: coupon.id,
        title: template.title.clone(),
        scope: template.rule.scope.clone(),
        threshold_minor: template.rule.threshold_minor,
        gift: template.rule.gift(coupon.grown.saturating_add(added)),
        is_stacking: template.rule.is_stacking,
    }
}

pub(crate) fn with_templates(
    rx: &mut Rx,
    rows: Vec<CouponRow>,
) -> Result<Vec<(CouponRow, TemplateRow)>, DbError> {
    let mut ids: Vec<CouponTemplateId> = rows.iter().map(|row| row.template).collect();
    ids.sort_unstable();
    ids.dedup();
    let known: BTreeMap<CouponTemplateId, TemplateRow> =
        store::templates(rx, &ids)?.into_iter().map(|row| (row.id, row)).collect();
    let with = |row: CouponRow| known.get(&row.template).cloned().map(|template| (row, template));
    Ok(rows.into_iter().filter_map(with).collect())
}

/// A person's coupons of a merchant that may be used at this moment, as they are worth then; the 20 that end first.
///
/// # Errors
/// Whatever the store says.
pub fn usable(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    at: Timestamp,
) -> Result<Vec<Usable>, DbError> {
    let rows = store::usable(rx, person, merchant, at, LOOKED_AT_MAX)?;
    let usable = |(row, template): (CouponRow, TemplateRow)| Usable {
        coupon: worth_now(&row, &template, at),
        merchant: row.merchant,
        valid_to: row.valid_to,
    };
    Ok(with_templates(rx, rows)?.into_iter().map(usable).collect())
}

/// What a link by which friends help shows of its coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkBrief {
    /// What people call it.
    pub title: String,
    /// Whose goods it is about.
    pub merchant: MerchantId,
    /// Whose it is.
    pub owner: PersonId,
}

/// The coupon behind a link; `None` when no link has this code.
///
/// # Errors
/// Whatever the store says.
pub fn link_brief(rx: &mut Rx, code: &str) -> Result<Option<LinkBrief>, DbError> {
    let Some(row) = store::by_code(rx, code)? else { return Ok(None) };
    let template = store::template(rx, row.template)?;
    Ok(template.map(|of| LinkBrief { title: of.title, merchant: row.merchant, owner: row.person }))
}

/// The coupons a person has chosen, by merchant.
///
/// # Errors
/// [`CouponRefused::Unusable`] for one that is not the person's, used or past; [`CouponRefused::OnePerShop`].
pub fn chosen(
    rx: &mut Rx,
    person: PersonId,
    ids: &[CouponId],
    at: Timestamp,
) -> Result<BTreeMap<MerchantId, Coupon>, CouponRefused> {
    let mut found = BTreeMap::new();
    for id in ids {
        let row = store::coupon(rx, *id)?
            .filter(|row| row.person == person && row.state == "usable" && row.valid_to > at);
        let row = row.ok_or(CouponRefused::Unusable)?;
        let template = store::template(rx, row.template)?.ok_or(CouponRefused::Unusable)?;
        if found.insert(row.merchant, worth_now(&row, &template, at)).is_some() {
            return Err(CouponRefused::OnePerShop);
        }
    }
    Ok(found)
}

/// Takes the coupon an order rests on: one guarded row, so that it goes to one order.
///
/// # Errors
/// [`CouponRefused::Changed`]; the transaction must then end.
pub fn take(tx: &mut Tx, order: OrderId, person: PersonId, used: &CouponUse) -> Result<(), CouponRefused> {
    let row = store::coupon(tx, used.coupon)?.filter(|row| row.person == person);
    let row = row.ok_or(CouponRefused::Changed)?;
    let template = store::template(tx, row.template)?.ok_or(CouponRefused::Changed)?;
    let now = tx.now();
    let (days, added) = by_days(&row, &template, now);
    if !store::take(tx, &row, order, (days, added))? {
        return Err(CouponRefused::Changed);
    }
    if added > 0 {
        let cause = format!("days {}-{days}", row.days.saturating_add(1));
        store::insert_growth(tx, row.id, &cause, added)?;
    }
    Ok(store::insert_use(tx, &row, order, used.off.minor())?)
}

/// Gives back the coupon of an order that ended before it was sent; one whose time is over is then past. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn release(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    match store::taken(tx, order)? {
        None => Ok(()),
        Some(coupon) => store::release(tx, order, coupon),
    }
}
