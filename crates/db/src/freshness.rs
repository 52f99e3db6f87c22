//! Whether what was read still holds: a count per table of the commits that wrote it.
//!
//! Tables share 256 places, by a hash of their names; two that share one only make an answer old too early. Which
//! tables a statement reads or writes is taken from its text, so that nobody can forget to say it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PLACES: usize = 256;
/// Other nodes write too, and do not tell: what was read is looked at again after this time.
const AGE_MAX: Duration = Duration::from_secs(1);

/// A set of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tables([u64; 4]);

impl Tables {
    fn add(&mut self, table: &str) {
        // FNV-1a.
        let hash = table.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let place = hash % 256;
        if let Some(word) = usize::try_from(place / 64).ok().and_then(|at| self.0.get_mut(at)) {
            *word |= 1_u64.wrapping_shl(u32::try_from(place % 64).unwrap_or(0));
        }
    }

    /// Adds all of `other`.
    pub(crate) fn join(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    fn places(self) -> impl Iterator<Item = usize> {
        (0..PLACES).filter(move |place| {
            self.0
                .get(place / 64)
                .is_some_and(|word| word.wrapping_shr(u32::try_from(place % 64).unwrap_or(0)) & 1 == 1)
        })
    }

    /// The tables a statement names. Every word with an underscore counts, since every table's name has one.
    pub(crate) fn read_by(sql: &str) -> Self {
        let mut tables = Self::default();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        sql.split(|c: char| !is_word(c)).filter(|word| word.contains('_')).for_each(|word| tables.add(word));
        tables
    }

    /// The table a statement changes; none when it only reads.
    pub(crate) fn written_by(sql: &str) -> Self {
        let mut tables = Self::default();
        let mut words = sql.split_ascii_whitespace();
        let table = match words.next() {
            Some("INSERT" | "DELETE") => words.nth(1),
            Some("UPDATE") => words.next(),
            _ => None,
        };
        let end =
            |table: &str| table.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(table.len());
        if let Some(table) = table.and_then(|table| table.get(..end(table))) {
            tables.add(table);
        }
        tables
    }
}

/// Says whether what was read at some point is still what a read would find, as far as this node knows.
#[derive(Clone, Debug)]
pub struct Mark {
    seen: Vec<(usize, u64)>,
    at: Instant,
}

/// The counts of one node.
pub(crate) struct Freshness {
    all: AtomicU64,
    places: Vec<AtomicU64>,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { all: AtomicU64::new(0), places: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Freshness {
    /// Notes a commit; called before anybody is told of it.
    pub(crate) fn note(&self, written: Tables) {
        if written == Tables::default() {
            return;
        }
        // First the count of all: whoever read before the commit and counts its places after it sees that.
        self.all.fetch_add(1, Ordering::SeqCst);
        for place in written.places() {
            if let Some(count) = self.places.get(place) {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.all.load(Ordering::SeqCst)
    }

    /// A mark for what was read of `tables`; `None` when something was written since `start`.
    pub(crate) fn mark(&self, start: u64, at: Instant, tables: Tables) -> Option<Mark> {
        let count = |place: usize| self.places.get(place).map_or(0, |count| count.load(Ordering::SeqCst));
        let seen = tables.places().map(|place| (place, count(place))).collect();
        (self.all() == start).then_some(Mark { seen, at })
    }

    pub(crate) fn holds(&self, mark: &Mark) -> bool {
        mark.at.elapsed() < AGE_MAX
            && mark.seen.iter().all(|(place, seen)| {
                self.places.get(*place).is_some_and(|count| count.load(Ordering::SeqCst) == *seen)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_to_a_table_ends_what_was_read_of_it_and_nothing_else() {
        let counts = Freshness::default();
        let read = |sql: &str| counts.mark(counts.all(), Instant::now(), Tables::read_by(sql)).unwrap();
        let stock = read("SELECT n FROM stock_level WHERE sku IN (SELECT id FROM catalog_sku)");
        let people = read("SELECT name FROM people_person p");
        counts.note(Tables::written_by("UPDATE\n  catalog_sku SET price = $1"));
        assert!(!counts.holds(&stock));
        assert!(counts.holds(&people));
        for sql in ["INSERT INTO people_person(id) VALUES ($1)", "DELETE FROM people_person WHERE id = $1"] {
            let people = read("SELECT name FROM people_person");
            counts.note(Tables::written_by(sql));
            assert!(!counts.holds(&people), "{sql}");
        }
        let stock = read("SELECT n FROM stock_level");
        counts.note(Tables::written_by("SELECT n FROM stock_level"));
        assert!(counts.holds(&stock));
    }

    #[test]
    fn nothing_is_marked_that_was_read_while_something_was_written() {
        let counts = Freshness::default();
        let start = counts.all();
        counts.note(Tables::written_by("UPDATE stock_level SET n = 1"));
        assert!(counts.mark(start, Instant::now(), Tables::read_by("SELECT n FROM stock_level")).is_none());
    }
}
