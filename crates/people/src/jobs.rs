//! Upkeep of people: what is long past its time goes.

use db::Tx;
use work::{Failure, JobHandler, Progress, Upkeep};

use crate::api::GuestGone;
use crate::store;

/// Codes, counts and sessions removed at once, of each.
const BATCH: i64 = 150;
/// Guests removed at once; each is told to the other modules.
const GUESTS: i64 = 20;
/// A guest is kept so long at least, and as long as there is a session of it: without one nobody can be it again.
const GUEST_KEPT_S: i64 = 45 * 86_400;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![
        Upkeep { kind: "people.purge", every_s: 3_600, run: |tx, _| purge(tx) }.into(),
        Upkeep { kind: "people.purge_guests", every_s: 3_600, run: |tx, _| purge_guests(tx) }.into(),
    ]
}

fn purge(tx: &mut Tx) -> Result<Progress, Failure> {
    let codes = store::purge_codes(tx, BATCH)?;
    let sessions = store::purge_sessions(tx, BATCH)?;
    Ok(Progress::by_count(codes.max(sessions), BATCH.unsigned_abs()))
}

/// Guests can neither order nor share. What they did otherwise matters only if they sign in, for which they need a
/// session; one who has signed in is no guest any more, and stays.
fn purge_guests(tx: &mut Tx) -> Result<Progress, Failure> {
    let old = tx.now().plus_seconds(-GUEST_KEPT_S);
    let guests = store::lost_guests(tx, old, GUESTS)?;
    let count = u64::try_from(guests.len()).unwrap_or(u64::MAX);
    for guest in guests {
        if store::delete_guest(tx, guest)? {
            tx.publish(&GuestGone { guest })?;
        }
    }
    Ok(Progress::by_count(count, GUESTS.unsigned_abs()))
}
