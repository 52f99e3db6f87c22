//! What differs between two texts, line by line. Pure.

use serde::Serialize;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineChange {
    Same,
    Gone,
    New,
}

/// A line of either text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedLine {
    change: LineChange,
    words: String,
}

/// The most lines a text has, so that comparing two stays small: the table below has their product.
pub(crate) const LINES_MAX: usize = 500;

/// The lines of both texts with the fewest changes: what is gone before what is new in its place.
pub(crate) fn changes(old: &str, new: &str) -> Vec<ChangedLine> {
    let old: Vec<&str> = old.lines().take(LINES_MAX).collect();
    let new: Vec<&str> = new.lines().take(LINES_MAX).collect();
    let common = common(&old, &new);
    let at = |i: usize, j: usize| common.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let line = |change: LineChange, words: &str| ChangedLine { change, words: words.to_owned() };
    let (mut i, mut j, mut lines) = (0_usize, 0_usize, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(gone), Some(come)) if gone == come => {
                lines.push(line(LineChange::Same, gone));
                (i, j) = (i.saturating_add(1), j.saturating_add(1));
            }
            (Some(gone), come)
                if come.is_none() || at(i.saturating_add(1), j) >= at(i, j.saturating_add(1)) =>
            {
                lines.push(line(LineChange::Gone, gone));
                i = i.saturating_add(1);
            }
            (_, Some(come)) => {
                lines.push(line(LineChange::New, come));
                j = j.saturating_add(1);
            }
            (_, None) => return lines,
        }
    }
}

/// How many lines the rests of both texts have in common, from each place on.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut rows = vec![vec![0_u16; new.len().saturating_add(1)]];
    for gone in old.iter().rev() {
        let below = rows.last().cloned().unwrap_or_default();
        let mut row = vec![0_u16; below.len()];
        for (j, come) in new.iter().enumerate().rev() {
            let beside = |row: &[u16], j: usize| row.get(j).copied().unwrap_or(0);
            let next = j.saturating_add(1);
            let length = if gone == come {
                beside(&below, next).saturating_add(1)
            } else {
                beside(&below, j).max(beside(&row, next))
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = length;
            }
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(old: &str, new: &str) -> String {
        let mark = |line: ChangedLine| match line.change {
            LineChange::Same => format!(" {}", line.words),
            LineChange::Gone => format!("-{}", line.words),
            LineChange::New => format!("+{}", line.words),
        };
        changes(old, new).into_iter().map(mark).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_are_the_same_gone_or_new() {
        assert_eq!(marks("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
        assert_eq!(marks("", "a\nb"), "+a|+b");
        assert_eq!(marks("a\nb", ""), "-a|-b");
        assert_eq!(marks("a\nb\nc\nd", "b\nd\ne"), "-a| b|-c| d|+e");
        assert_eq!(marks("", ""), "");
    }

    #[test]
    fn both_texts_are_in_what_is_told() {
        let (old, new) = ("一\n二\n二\n三\n\n四", "二\n一\n三\n三\n\n五");
        let text = |unwanted: LineChange| {
            let lines = changes(old, new).into_iter().filter(|line| line.change != unwanted);
            lines.map(|line| line.words).collect::<Vec<_>>().join("\n")
        };
        assert_eq!((text(LineChange::New), text(LineChange::Gone)), (old.to_owned(), new.to_owned()));
    }

    #[test]
    fn the_longest_texts_are_compared() {
        let long = |from: usize| (from..from + 10_000).map(|n| format!("{n}\n")).collect::<String>();
        assert_eq!(changes(&long(0), &long(1)).len(), LINES_MAX + 1);
    }
}
