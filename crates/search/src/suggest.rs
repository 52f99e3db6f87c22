//! Words that titles have: what is suggested while somebody types, and what somebody may have meant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED};

use crate::document::Fields;
use crate::spelling;
use crate::text;

/// Words of titles that are kept, those of the most products.
const WORDS_MAX: usize = 20_000;
/// Entries that are looked at for one beginning.
const LOOKED_AT: usize = 4_000;

/// How a word is reached by what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Itself,
    Spelling,
    Letters,
}

/// What can be suggested, on one node.
#[derive(Default)]
pub(crate) struct Suggestions {
    words: Vec<(String, u32)>,
    /// What is typed, how it leads to the word, and the word's place; sorted.
    keys: Vec<(Box<str>, By, u32)>,
}

impl Suggestions {
    /// From the titles of what is on sale.
    pub(crate) fn of(searcher: &Searcher, fields: &Fields) -> tantivy::Result<Self> {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for reader in searcher.segment_readers() {
            let index = reader.inverted_index(fields.word)?;
            let mut terms = index.terms().stream()?;
            while terms.advance() {
                let Ok(word) = std::str::from_utf8(terms.key()) else { continue };
                if !is_word(word) {
                    continue;
                }
                let info = terms.value().clone();
                // Products that were taken off sale count no more.
                let count = match reader.alive_bitset() {
                    None => info.doc_freq,
                    Some(alive) => {
                        let mut documents =
                            index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
                        let mut count = 0_u32;
                        while documents.doc() != TERMINATED {
                            count = count.saturating_add(u32::from(alive.is_alive(documents.doc())));
                            documents.advance();
                        }
                        count
                    }
                };
                if count > 0 {
                    let sum = counts.entry(word.to_owned()).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
        }
        let mut words: Vec<(String, u32)> = counts.into_iter().collect();
        words.sort_by(|one, two| (Reverse(one.1), &one.0).cmp(&(Reverse(two.1), &two.0)));
        words.truncate(WORDS_MAX);
        Ok(Self::from_words(words))
    }

    pub(crate) fn from_words(words: Vec<(String, u32)>) -> Self {
        let mut keys = Vec::with_capacity(words.len().saturating_mul(2));
        for (place, (word, _)) in (0_u32..).zip(&words) {
            keys.push((Box::from(word.as_str()), By::Itself, place));
            if word.chars().all(text::is_cjk) {
                keys.extend(spelling::spelt(word).map(|key| (key.into_boxed_str(), By::Spelling, place)));
                keys.extend(spelling::initials(word).map(|key| (key.into_boxed_str(), By::Letters, place)));
            }
        }
        keys.sort_unstable();
        Self { words, keys }
    }

    fn from(&self, key: &str) -> impl Iterator<Item = &(Box<str>, By, u32)> {
        let start = self.keys.partition_point(|entry| *entry.0 < *key);
        self.keys.get(start..).unwrap_or(&[]).iter()
    }

    fn word(&self, place: u32) -> Option<&(String, u32)> {
        usize::try_from(place).ok().and_then(|place| self.words.get(place))
    }

    /// The commonest words that what is typed may be the beginning of; of latin words only those as they stand when
    /// `as_typed`.
    pub(crate) fn begun(&self, typed: &str, most: usize) -> Vec<&str> {
        let mut best: BTreeMap<(By, Reverse<u32>, u32), &str> = BTreeMap::new();
        let mut seen = HashSet::new();
        for (_, by, place) in self.from(typed).take(LOOKED_AT).take_while(|(key, ..)| key.starts_with(typed))
        {
            let Some((word, count)) = self.word(*place) else { continue };
            // First letters say a word only when all of them are there.
            let is_whole = *by != By::Letters || word.chars().count() == typed.chars().count();
            if word != typed && is_whole && seen.insert(*place) {
                best.insert((*by, Reverse(*count), *place), word);
            }
        }
        best.into_values().take(most).collect()
    }

    /// The commonest word that sounds like this one, or looks nearly like it.
    pub(crate) fn meant(&self, typed: &str) -> Option<&str> {
        let sound = if typed.is_ascii() { Some(typed.to_owned()) } else { spelling::spelt(typed) }?;
        let alike = self.from(&sound).take_while(|(key, ..)| **key == *sound);
        let alike =
            alike.filter(|(_, by, _)| *by == By::Spelling).filter_map(|(_, _, place)| self.word(*place));
        let same_sound = alike.filter(|(word, _)| word != typed).max_by_key(|(_, count)| *count);
        if let Some((word, _)) = same_sound {
            return Some(word);
        }
        if !typed.is_ascii() || typed.len() < 4 {
            return None;
        }
        let most = if typed.len() > 6 { 2 } else { 1 };
        let near =
            self.keys.iter().filter(|(key, by, _)| *by != By::Letters && key.is_ascii() && key.len() > 2);
        let near = near.filter_map(|(key, _, place)| {
            let distance = distance(typed.as_bytes(), key.as_bytes(), most)?;
            let (word, count) = self.word(*place)?;
            Some((Reverse(distance), *count, word.as_str()))
        });
        near.max().map(|(_, _, word)| word)
    }
}

/// Whether it is worth suggesting: two Chinese characters or three letters, and no measure or number.
fn is_word(word: &str) -> bool {
    let length = word.chars().count();
    let is_cjk = word.chars().all(text::is_cjk);
    let is_latin = word.chars().next().is_some_and(char::is_alphabetic);
    length < 20 && if is_cjk { length > 1 } else { is_latin && length > 2 }
}

/// How many letters must be changed, left out, put in or swapped with the next to make one word the other; `None` when
/// it is more than `most`.
fn distance(one: &[u8], two: &[u8], most: usize) -> Option<usize> {
    if one.len().abs_diff(two.len()) > most {
        return None;
    }
    let width = two.len().saturating_add(1);
    let mut rows: [Vec<usize>; 3] = [Vec::new(), (0..width).collect(), Vec::new()];
    for (n, a) in one.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row.clear();
        row.push(n.saturating_add(1));
        for (m, b) in two.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let swapped = n > 0 && m > 0 && one.get(n - 1) == Some(b) && two.get(m - 1) == Some(a);
            let least = at(last, m).saturating_add(usize::from(a != b));
            let least = least.min(at(last, m.saturating_add(1)).saturating_add(1));
            let least = least.min(at(row, m).saturating_add(1));
            let swap = if swapped { at(before, m.saturating_sub(1)).saturating_add(1) } else { least };
            row.push(least.min(swap));
        }
        if row.iter().all(|cell| *cell > most) {
            return None;
        }
        rows.rotate_left(1);
    }
    let [_, last, _] = &rows;
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Suggestions {
        let words = [("苹果", 5), ("苹果醋", 1), ("平锅", 2), ("apple", 3), ("phone", 2), ("红富士", 4)];
        Suggestions::from_words(words.map(|(word, count)| (word.to_owned(), count)).to_vec())
    }

    #[test]
    fn words_are_suggested_by_themselves_their_spelling_and_first_letters() {
        assert_eq!(some().begun("苹", 5), ["苹果", "苹果醋"]);
        assert_eq!(some().begun("ping", 5), ["苹果", "平锅", "苹果醋"]);
        assert_eq!(some().begun("hfs", 5), ["红富士"]);
        assert_eq!(some().begun("ap", 5), ["apple"]);
        assert!(some().begun("hf", 5).is_empty() && some().begun("zz", 5).is_empty());
    }

    #[test]
    fn what_was_meant_sounds_alike_or_is_near() {
        assert_eq!(some().meant("苹菓"), Some("苹果"));
        assert_eq!(some().meant("aplpe"), Some("apple"));
        assert_eq!(some().meant("pinguo"), Some("苹果"));
        assert_eq!(some().meant("phome"), Some("phone"));
        assert_eq!(some().meant("zzzzzz"), None);
        assert_eq!(distance(b"abcd", b"badc", 2), Some(2));
        assert_eq!(distance(b"abcd", b"dcba", 2), None);
    }
}
