//! What people ask for: counted, so that others can be shown it, and merchants what is missed.

use std::collections::HashMap;

use base::{PersonId, Timestamp};
use db::{Db, DbError, Lane, Tx};
use parking_lot::Mutex;
use work::{Failure, Progress, Upkeep};

use crate::store::{self, AskedRow};
use crate::text;

/// Longest query that is counted.
const LENGTH_MAX: usize = 30;
/// Queries kept in memory until they are written; what comes on top of that is not counted.
const WAITING_MAX: usize = 2_000;
/// Queries written at once, two statements each.
const AT_ONCE: usize = 20;
/// Days that count.
pub(crate) const DAYS: i64 = 7;
const KEPT_DAYS: i64 = 90;
const BATCH: i64 = 400;

/// The day of a time, in the shops' own days (UTC+8).
pub(crate) fn day(at: Timestamp) -> i64 {
    at.micros().saturating_add(8 * 3_600_000_000).div_euclid(86_400_000_000)
}

/// Queries on their way into the store. Some may be lost when a node ends; no more hangs on them.
#[derive(Default)]
pub(crate) struct Asked(Mutex<HashMap<(i64, PersonId, String), i64>>);

/// The query as it is counted; `None` when it may be something about a person, or nobody's word.
fn counted(query: &str) -> Option<String> {
    let query = text::plain(query);
    let digits = query.chars().filter(char::is_ascii_digit).count();
    let is_fit = (1..=LENGTH_MAX).contains(&query.chars().count()) && digits < 7 && !query.contains('@');
    (is_fit && query.chars().any(char::is_alphanumeric)).then_some(query)
}

impl Asked {
    /// Notes that somebody asked, and how much there was.
    pub(crate) fn note(&self, at: Timestamp, person: PersonId, query: &str, found: usize) {
        let Some(query) = counted(query) else { return };
        let mut waiting = self.0.lock();
        if waiting.len() < WAITING_MAX {
            waiting.insert((day(at), person, query), i64::try_from(found).unwrap_or(i64::MAX));
        }
    }

    /// Writes what waits.
    pub(crate) async fn write(&self, db: &Db) -> Result<(), DbError> {
        let waiting = std::mem::take(&mut *self.0.lock());
        let mut rows: Vec<AskedRow> = waiting
            .into_iter()
            .map(|((day, person, query), found)| AskedRow { day, person, query, found })
            .collect();
        // Rows are touched in the order of their keys.
        rows.sort_by(|one, two| (one.person, one.day, &one.query).cmp(&(two.person, two.day, &two.query)));
        for some in rows.chunks(AT_ONCE) {
            let some = some.to_vec();
            let write = move |tx: &mut Tx| some.iter().try_for_each(|asked| store::note_asked(tx, asked));
            db.write::<(), DbError, _>(Lane::Background, write).await?;
        }
        Ok(())
    }
}

fn forget(tx: &mut Tx, _: &str) -> Result<Progress, Failure> {
    let today = day(tx.now());
    let gone = store::purge_askers(tx, today.saturating_sub(1), BATCH)?;
    let gone = gone.max(store::purge_rare(tx, today.saturating_sub(1), BATCH)?);
    let gone = gone.max(store::purge_queries(tx, today.saturating_sub(KEPT_DAYS), BATCH)?);
    Ok(Progress::by_count(gone, BATCH.unsigned_abs()))
}

/// Forgets who asked, and what one person alone asked for, after two days; and what was asked, after three months.
pub(crate) const FORGET: Upkeep = Upkeep { kind: "search.forget", every_s: 3_600, run: forget };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_counted_that_may_be_about_a_person() {
        assert_eq!(counted("  红富士\u{3000}５KG "), Some("红富士 5kg".to_owned()));
        for query in ["13800000000", "a@example.com", "!?", "", &"长".repeat(31)] {
            assert_eq!(counted(query), None, "{query}");
        }
    }
}
