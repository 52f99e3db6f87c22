//! Words of a text, for finding products: latin words, single CJK characters and pairs of them.

use std::collections::BTreeSet;

/// Most words kept of one product.
const WORDS_MAX: usize = 300;
/// Most characters of one word.
const WORD_MAX: usize = 40;
/// Most words of a query that are looked for.
const QUERY_WORDS_MAX: usize = 8;

fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff)
}

/// Full-width forms become the plain ones, letters lower case.
fn folded(text: &str) -> String {
    let plain = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => code.checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    text.chars().map(plain).flat_map(char::to_lowercase).collect()
}

/// Runs of characters that belong together: all CJK, or all letters and digits.
fn runs(text: &str) -> Vec<(bool, Vec<char>)> {
    let mut runs: Vec<(bool, Vec<char>)> = Vec::new();
    let mut is_open = false;
    for c in folded(text).chars() {
        let is_word = is_cjk(c) || c.is_alphanumeric();
        match runs.last_mut() {
            Some((cjk, run)) if is_open && is_word && *cjk == is_cjk(c) => run.push(c),
            _ if is_word => runs.push((is_cjk(c), vec![c])),
            _ => {}
        }
        is_open = is_word;
    }
    runs
}

/// The words a product with these texts is found by.
pub(crate) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (cjk, run) in texts.into_iter().flat_map(runs) {
        let of_run: Vec<String> = if cjk {
            let pairs = run.windows(2).map(|pair| pair.iter().collect());
            run.iter().map(ToString::to_string).chain(pairs).collect()
        } else {
            vec![run.into_iter().take(WORD_MAX).collect()]
        };
        for word in of_run {
            // What comes first stays: the title.
            if words.len() >= WORDS_MAX {
                return words;
            }
            words.insert(word);
        }
    }
    words
}

/// A word of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) word: String,
    /// Whether words that begin like this are meant too: the last one may not be typed to its end.
    pub(crate) is_prefix: bool,
}

/// What a query looks for; all of it must be there.
pub(crate) fn query(text: &str) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let runs = runs(text);
    let last = runs.len().saturating_sub(1);
    for (place, (cjk, run)) in runs.into_iter().enumerate() {
        if cjk && run.len() > 1 {
            let pairs = run.windows(2).map(|pair| pair.iter().collect());
            wanted.extend(pairs.map(|word| Wanted { word, is_prefix: false }));
        } else {
            let word = run.into_iter().take(WORD_MAX).collect();
            wanted.push(Wanted { word, is_prefix: !cjk && place == last });
        }
    }
    wanted.truncate(QUERY_WORDS_MAX);
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cjk_is_cut_into_pairs_and_latin_into_words() {
        let found = words(["红富士苹果 5KG", "ＡＢ-12"]);
        let wanted = ["12", "5kg", "ab", "士", "士苹", "富", "富士", "果", "红", "红富", "苹", "苹果"];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn a_long_text_drives_no_word_of_the_title_out() {
        let long: String = ('\u{4e00}'..).take(400).collect();
        let found = words(["龟苓膏 zz", long.as_str()]);
        assert_eq!(found.len(), WORDS_MAX);
        assert!(["zz", "龟", "龟苓", "苓膏"].iter().all(|word| found.contains(*word)));
    }

    #[test]
    fn a_query_wants_pairs_and_the_beginning_of_its_last_word() {
        let found: Vec<_> = query("苹果 5k").into_iter().map(|w| (w.word, w.is_prefix)).collect();
        assert_eq!(found, [("苹果".to_owned(), false), ("5k".to_owned(), true)]);
        assert_eq!(query("梨").len(), 1);
        assert!(query("!?").is_empty());
    }
}
