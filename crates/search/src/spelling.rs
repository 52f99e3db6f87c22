//! How Chinese is spelt in latin letters, and which spellings a row of letters can be.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use pinyin::{ToPinyin, ToPinyinMulti};

/// Longest row of letters that is taken for a spelling.
const LETTERS_MAX: usize = 40;
/// Readings of one character that are looked at.
const READINGS_MAX: usize = 4;

/// The commonest reading of a character, without tone.
pub(crate) fn syllable(c: char) -> Option<&'static str> {
    c.to_pinyin().map(pinyin::Pinyin::plain).map(without_umlaut)
}

fn without_umlaut(syllable: &'static str) -> &'static str {
    match syllable {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other => other,
    }
}

/// All readings of a character, the commonest first, each once.
pub(crate) fn readings(c: char) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    let all = c.to_pinyin_multi().into_iter().flatten().map(pinyin::Pinyin::plain).map(without_umlaut);
    for reading in syllable(c).into_iter().chain(all) {
        if !found.contains(&reading) && found.len() < READINGS_MAX {
            found.push(reading);
        }
    }
    found
}

/// The spelling of a word, its syllables joined; `None` when a character has none.
pub(crate) fn spelt(word: &str) -> Option<String> {
    word.chars().map(syllable).collect()
}

/// The first letters of a word's syllables.
pub(crate) fn initials(word: &str) -> Option<String> {
    word.chars().map(|c| syllable(c).and_then(|syllable| syllable.chars().next())).collect()
}

/// Every syllable there is, from the characters in common use.
static SYLLABLES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut all: HashSet<&'static str> = ('\u{4e00}'..='\u{9fa5}').filter_map(syllable).collect();
    // Sounds that are no word of what is sold, and would make spellings of any letters.
    for sound in ["m", "n", "ng", "hm", "hng", "e", "o"] {
        all.remove(sound);
    }
    all.extend(["e", "lv", "nv"]);
    all
});

/// Beginnings of syllables.
static BEGINNINGS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    SYLLABLES.iter().flat_map(|syllable| (1..=syllable.len()).filter_map(|end| syllable.get(..end))).collect()
});

/// A row of letters as syllables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) syllables: Vec<String>,
    /// Whether the last one is only the beginning of one.
    pub(crate) is_open: bool,
}

/// The likeliest ways to read letters as syllables, fewest syllables first, at most four: `xian` is `xian` or `xi an`.
/// With `may_be_open` the last syllable may not be typed to its end.
pub(crate) fn spellings(letters: &str, may_be_open: bool) -> Vec<Spelling> {
    if letters.len() < 2 || letters.len() > LETTERS_MAX || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return Vec::new();
    }
    // For each place the best ways to get there.
    let mut ways: HashMap<usize, Vec<Vec<&str>>> = HashMap::from([(0, vec![Vec::new()])]);
    for from in 0..letters.len() {
        let Some(here) = ways.get(&from).cloned() else { continue };
        for length in 1..=6_usize {
            let to = from.saturating_add(length);
            let Some(part) = letters.get(from..to).filter(|part| SYLLABLES.contains(part)) else { continue };
            let there = ways.entry(to).or_default();
            there.extend(here.iter().map(|way| way.iter().copied().chain([part]).collect::<Vec<_>>()));
            there.sort_by_key(Vec::len);
            there.truncate(3);
        }
    }
    let whole = ways.get(&letters.len()).cloned().unwrap_or_default();
    let mut found: Vec<Spelling> = whole.into_iter().map(|way| spelling(way, false)).collect();
    // `yusha` may become `yu shan`.
    if let Some(Spelling { syllables, .. }) = found.first().filter(|_| may_be_open).cloned() {
        found.push(Spelling { syllables, is_open: true });
    }
    if may_be_open && found.is_empty() {
        let open = (1..letters.len()).rev().find_map(|from| {
            let tail = letters.get(from..).filter(|tail| BEGINNINGS.contains(tail))?;
            let way = ways.get(&from)?.first()?;
            Some(spelling(way.iter().copied().chain([tail]).collect(), true))
        });
        found.extend(open);
    }
    found
}

fn spelling(way: Vec<&str>, is_open: bool) -> Spelling {
    Spelling { syllables: way.into_iter().map(str::to_owned).collect(), is_open }
}

/// The first letters of every stretch of two to six characters of a text, so that any part of it is found by them.
pub(crate) fn stretches(run: &str) -> BTreeSet<String> {
    let letters: Vec<char> =
        run.chars().map(|c| syllable(c).and_then(|s| s.chars().next()).unwrap_or(' ')).collect();
    let of_length = |length: usize| {
        let rows = letters.windows(length).filter(|row| !row.contains(&' '));
        rows.map(|row| row.iter().collect::<String>()).collect::<Vec<_>>()
    };
    (2..=6).flat_map(of_length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letters: &str, may_be_open: bool) -> Vec<String> {
        spellings(letters, may_be_open).into_iter().map(|spelling| spelling.syllables.join(" ")).collect()
    }

    #[test]
    fn letters_are_read_as_syllables() {
        assert_eq!(read("pingguo", false), ["ping guo"]);
        assert_eq!(read("hongfushi", false), ["hong fu shi"]);
        assert_eq!(read("xian", false)[..2], ["xian", "xi an"]);
        assert!(read("pinggu", false).contains(&"ping gu".to_owned()));
        assert_eq!(read("hongfuship", true), ["hong fu shi p"]);
        assert_eq!(read("yusha", true), ["yu sha", "yu sha"]);
        assert!(read("hongfuship", false).is_empty());
        assert!(read("phone", false).is_empty() && read("x", true).is_empty());
        assert!(read(&"a".repeat(41), true).is_empty());
    }

    #[test]
    fn words_are_spelt_and_have_first_letters() {
        assert_eq!(spelt("苹果").as_deref(), Some("pingguo"));
        assert_eq!(spelt("绿茶").as_deref(), Some("lvcha"));
        assert_eq!(initials("红富士").as_deref(), Some("hfs"));
        assert_eq!(spelt("T恤"), None);
        assert!(readings('重').contains(&"chong") && readings('重').contains(&"zhong"));
        let found = stretches("红苹果");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["hp", "hpg", "pg"]);
    }
}
