//! Touches: who used which entry when.

use base::{EntryId, MerchantId, PersonId, SessionId, Timestamp, TouchId};
use db::{DbError, Rx, Tx, params};

use crate::model::{Considered, Reason};
use crate::store::EntryRow;

/// Touches of one buyer that are looked at for an order.
const CONSIDERED_MAX: i64 = 100;

/// The last touches of a person at a merchant, newest first: entry and time.
pub(crate) fn last_touches(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    limit: i64,
) -> Result<Vec<(EntryId, Timestamp)>, DbError> {
    rx.list(
        "SELECT entry, at FROM reach_touch WHERE person = :person AND merchant = :merchant
         ORDER BY person, merchant, id DESC LIMIT :limit",
        params!["person" => person, "merchant" => merchant, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Lets the touches of a person at a merchant come one after the other: to be called before the last ones are looked
/// at, so that two at once neither count as one each nor pass the limit together.
pub(crate) fn take_turn(tx: &mut Tx, person: PersonId, merchant: MerchantId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO reach_turn AS t (person, merchant, turns) VALUES (:person, :merchant, 1)
         ON CONFLICT (person, merchant) DO UPDATE SET turns = t.turns + excluded.turns",
        params!["person" => person, "merchant" => merchant],
    )
}

pub(crate) fn has_touched(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    entry: EntryId,
) -> Result<bool, DbError> {
    let found: Option<TouchId> = rx.opt(
        "SELECT id FROM reach_touch WHERE person = :person AND merchant = :merchant AND entry = :entry
         ORDER BY id LIMIT 1",
        params!["person" => person, "merchant" => merchant, "entry" => entry],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

pub(crate) fn insert_touch(
    tx: &mut Tx,
    person: PersonId,
    session: SessionId,
    entry: &EntryRow,
) -> Result<(), DbError> {
    let (id, now): (TouchId, Timestamp) = (tx.new_id(), tx.now());
    tx.later(
        "INSERT INTO reach_touch (person, merchant, id, entry, sharer, session, at)
         VALUES (:person, :merchant, :id, :entry, :sharer, :session, :now)",
        params![
            "person" => person, "merchant" => entry.merchant, "id" => id, "entry" => entry.id,
            "sharer" => entry.sharer, "session" => session, "now" => now,
        ],
    )
}

/// The touches of a person at a merchant since `since`, the newest of them, not yet judged.
pub(crate) fn touches(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    since: Timestamp,
) -> Result<Vec<Considered>, DbError> {
    rx.list(
        "SELECT t.id, t.at, t.entry, e.code, e.kind, t.sharer, e.by_staff,
                CASE WHEN t.session = e.session THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
         FROM reach_touch t JOIN reach_entry e ON e.id = t.entry
         WHERE t.person = :person AND t.merchant = :merchant AND t.at >= :since
         ORDER BY t.person, t.merchant, t.id DESC LIMIT :limit",
        params!["person" => person, "merchant" => merchant, "since" => since, "limit" => CONSIDERED_MAX],
        |row| {
            Ok(Considered {
                touch: row.get(0)?,
                at: row.get(1)?,
                entry: row.get(2)?,
                code: row.get(3)?,
                scene: row.get(4)?,
                sharer: row.get(5)?,
                is_staff: row.get(6)?,
                is_banned: false,
                is_same_session: row.get(7)?,
                reason: Reason::OutsideWindow,
            })
        },
    )
}

/// Time and sharer of a touch, for the audit.
pub(crate) fn find_touch(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    touch: TouchId,
) -> Result<Option<(Timestamp, Option<PersonId>)>, DbError> {
    rx.opt(
        "SELECT at, sharer FROM reach_touch WHERE person = :person AND merchant = :merchant AND id = :touch",
        params!["person" => person, "merchant" => merchant, "touch" => touch],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The entry through which a person came last between two times, whatever the merchant.
pub(crate) fn last_entry(
    rx: &mut Rx,
    person: PersonId,
    since: Timestamp,
    until: Timestamp,
) -> Result<Option<(EntryId, MerchantId, String)>, DbError> {
    rx.opt(
        "SELECT t.entry, t.merchant, e.kind FROM reach_touch t JOIN reach_entry e ON e.id = t.entry
         WHERE t.person = :person AND t.at >= :since AND t.at <= :until
         ORDER BY t.person, t.id DESC, t.merchant LIMIT 1",
        params!["person" => person, "since" => since, "until" => until],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Gives a guest's touches to the member. Copied, not updated: the person is where a row lies.
pub(crate) fn move_touches(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO reach_touch (person, merchant, id, entry, sharer, session, at)
         SELECT :member, merchant, id, entry, sharer, session, at FROM reach_touch
         WHERE person = :guest
         ON CONFLICT (person, merchant, id) DO NOTHING",
        params!["guest" => guest, "member" => member],
    )?;
    remove_touches(tx, guest)
}

/// Removes a guest's touches.
pub(crate) fn remove_touches(tx: &mut Tx, guest: PersonId) -> Result<(), DbError> {
    tx.later("DELETE FROM reach_touch WHERE person = :guest", params!["guest" => guest])?;
    tx.later("DELETE FROM reach_turn WHERE person = :guest", params!["guest" => guest])
}

/// Removes the touches of somebody who has left at merchants where nothing was bought: the others are the evidence of
/// what sharers were paid. Answers how many.
pub(crate) fn forget_touches(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.later("DELETE FROM reach_turn WHERE person = :person", params!["person" => person])?;
    tx.execute(
        "DELETE FROM reach_touch WHERE person = :person
         AND merchant NOT IN (SELECT a.merchant FROM reach_attribution a WHERE a.buyer = :person)",
        params!["person" => person],
    )
}
