//! Words that mean the same: a table in the program, and one that operators write.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::spelling;
use crate::text;

/// Words in one group, at most.
pub(crate) const GROUP_MAX: usize = 12;

/// For each word the others of its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Synonyms(HashMap<String, Vec<String>>);

static BUILT_IN: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let lines = include_str!("../data/synonyms.txt").lines();
    lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(group).collect()
});

/// The words of a group, as they are written one after the other with commas between them.
fn group(line: &str) -> Vec<String> {
    line.split([',', '，']).map(text::plain).filter(|word| !word.is_empty()).collect()
}

impl Synonyms {
    /// The table in the program and these groups.
    pub(crate) fn with(own: &[Vec<String>]) -> Self {
        let mut table: HashMap<String, Vec<String>> = HashMap::new();
        let own = own.iter().map(|words| words.iter().map(|word| text::plain(word)).collect());
        let mut spelt: Vec<(String, String)> = Vec::new();
        for words in BUILT_IN.iter().cloned().chain(own.collect::<Vec<Vec<String>>>()) {
            for word in &words {
                let key =
                    Some(word).filter(|word| word.chars().count() > 1).and_then(|word| spelling::spelt(word));
                spelt.extend(key.map(|key| (key, word.clone())));
                let others = table.entry(word.clone()).or_default();
                for other in words.iter().filter(|other| *other != word) {
                    if !others.contains(other) && others.len() < GROUP_MAX {
                        others.push(other.clone());
                    }
                }
            }
        }
        // Who types a word in letters means its synonyms too, wherever they are said.
        for (key, word) in spelt {
            let mut same = table.get(&word).cloned().unwrap_or_default();
            same.insert(0, word);
            table.entry(key).or_insert(same);
        }
        Self(table)
    }

    /// Words that mean the same as this one; `None` when none is known.
    pub(crate) fn of(&self, word: &str) -> Option<&[String]> {
        self.0.get(word).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_and_joined() {
        let table = Synonyms::with(&[vec!["Foo".to_owned(), "西红柿".to_owned()]]);
        let same = table.of("西红柿").unwrap();
        assert!(same.contains(&"番茄".to_owned()) && same.contains(&"foo".to_owned()), "{same:?}");
        assert_eq!(table.of("foo"), Some(&["西红柿".to_owned()][..]));
        assert!(table.of("xihongshi").unwrap().contains(&"番茄".to_owned()));
        assert_eq!(table.of("没有"), None);
        assert!(BUILT_IN.iter().all(|group| group.len() > 1 && group.len() <= GROUP_MAX));
    }
}
