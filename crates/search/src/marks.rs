//! What of a title a query is about: for highlighting.

use std::collections::BTreeSet;

use crate::plan::{Plan, Unit};
use crate::spelling;
use crate::synonyms::Synonyms;
use crate::text;

/// Where the words of a query stand in a title, as places of characters: for highlighting.
pub(crate) fn marks(plan: &Plan, synonyms: &Synonyms, title: &str) -> Vec<(usize, usize)> {
    let folded = text::fold(title);
    let mut is_marked = vec![false; folded.len()];
    let mut mark = |word: &str| {
        let word: Vec<char> = word.chars().collect();
        if word.is_empty() {
            return;
        }
        for (at, found) in folded.windows(word.len()).enumerate() {
            if found == word.as_slice() {
                is_marked.iter_mut().skip(at).take(word.len()).for_each(|marked| *marked = true);
            }
        }
    };
    let mut spoken = BTreeSet::new();
    for unit in plan.units() {
        let typed = unit.text();
        for same in synonyms.of(&typed).unwrap_or(&[]) {
            mark(same);
        }
        mark(&typed);
        spoken.insert(typed);
    }
    for measure in text::measures(&folded) {
        let is_asked =
            plan.units().any(|unit| matches!(unit, Unit::Measure(token, _) if *token == measure.token));
        if is_asked {
            let length = measure.end.saturating_sub(measure.start);
            is_marked.iter_mut().skip(measure.start).take(length).for_each(|marked| *marked = true);
        }
    }
    // What was typed in letters stands in the title in characters.
    for word in spoken.iter().filter(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase())) {
        mark_spoken(word, &folded, &mut is_marked);
    }
    stretches(&is_marked)
}

/// Marks characters whose sounds, or first letters, are what was typed.
fn mark_spoken(letters: &str, title: &[char], is_marked: &mut [bool]) {
    for spelling in spelling::spellings(letters, true) {
        let fits = |(c, syllable): (&char, &String)| {
            let is_last = spelling.is_open && spelling.syllables.last() == Some(syllable);
            let readings = spelling::readings(*c);
            readings
                .iter()
                .any(|reading| reading == syllable || (is_last && reading.starts_with(syllable.as_str())))
        };
        for (at, found) in title.windows(spelling.syllables.len()).enumerate() {
            if found.iter().zip(&spelling.syllables).all(fits) {
                is_marked.iter_mut().skip(at).take(found.len()).for_each(|marked| *marked = true);
            }
        }
    }
    if is_marked.contains(&true) {
        return;
    }
    for (at, found) in title.windows(letters.len()).enumerate() {
        let begins =
            |(c, letter): (&char, char)| spelling::syllable(*c).is_some_and(|s| s.starts_with(letter));
        if found.iter().zip(letters.chars()).all(begins) {
            is_marked.iter_mut().skip(at).take(found.len()).for_each(|marked| *marked = true);
        }
    }
}

fn stretches(is_marked: &[bool]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in is_marked.iter().enumerate().filter(|(_, marked)| **marked) {
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at.saturating_add(1),
            _ => found.push((at, at.saturating_add(1))),
        }
    }
    found
}
