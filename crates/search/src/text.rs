//! Texts, cut in the same way for the index and for a query: folded, then cut into runs, then into words.

/// What the characters of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Chinese and its neighbours.
    Cjk,
    /// Letters and digits of any other script.
    Latin,
}

/// Characters that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The place of the first character.
    pub(crate) start: usize,
    /// Whether it follows the run before without anything between them.
    pub(crate) is_joined: bool,
}

pub(crate) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3005 | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// One plain character for one of the text, so that places stay: full-width forms become the plain ones, letters lose
/// their case and the commonest accents.
pub(crate) fn folded(c: char) -> char {
    let c = match u32::from(c) {
        code @ 0xff01..=0xff5e => code.checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        0x3000 | 0x00a0 => ' ',
        _ => c,
    };
    let c = c.to_lowercase().next().unwrap_or(c);
    match c {
        'à'..='å' | 'ā' | 'ǎ' => 'a',
        'è'..='ë' | 'ē' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ǐ' => 'i',
        'ò'..='ö' | 'ō' | 'ǒ' => 'o',
        'ù'..='ü' | 'ū' | 'ǔ' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        '’' => '\'',
        _ => c,
    }
}

pub(crate) fn fold(text: &str) -> Vec<char> {
    text.chars().map(folded).collect()
}

/// The text folded, with single spaces and without those at its ends; what queries are counted by.
pub(crate) fn plain(text: &str) -> String {
    let folded: String = fold(text).into_iter().map(|c| if c.is_control() { ' ' } else { c }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(c: char) -> Option<Kind> {
    if is_cjk(c) {
        Some(Kind::Cjk)
    } else if c.is_alphanumeric() {
        Some(Kind::Latin)
    } else {
        None
    }
}

/// The runs of a folded text. A point between digits and an apostrophe between letters belong to their run.
pub(crate) fn runs(text: &[char]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = None;
    for (at, &c) in text.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| text.get(at)).copied();
        let after = text.get(at.saturating_add(1)).copied();
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        let is_inside = (c == '.' && is_digit(before) && is_digit(after))
            || (c == '\'' && is_letter(before) && is_letter(after));
        let Some(kind) = (if is_inside { Some(Kind::Latin) } else { kind(c) }) else { continue };
        let is_joined = end == Some(at);
        end = Some(at.saturating_add(1));
        match runs.last_mut() {
            Some(run) if is_joined && run.kind == kind => {
                if c != '\'' {
                    run.text.push(c);
                }
            }
            _ => runs.push(Run { kind, text: c.to_string(), start: at, is_joined }),
        }
    }
    runs
}

/// Parts of letters and parts of digits: `iphone15` is `iphone` and `15`.
pub(crate) fn parts(latin: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = latin;
    while let Some(first) = rest.chars().next() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest.find(|c| is_number(c) != is_number(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts
}

/// A word without the ending of its plural, when it has one: `apples` is `apple`.
pub(crate) fn singular(word: &str) -> Option<String> {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return Some(format!("{stem}y"));
    }
    for ending in ["ches", "shes", "sses", "xes", "zes", "oes"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").map(str::to_owned);
        }
    }
    let is_plain = !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is");
    word.strip_suffix('s').filter(|_| is_plain).map(str::to_owned)
}

/// Units that a number is followed by: how they are written, what they come down to, and how many thousandths of it.
const UNITS: &[(&[&str], &str, u64)] = &[
    (&["kg", "千克", "公斤"], "g", 1_000_000),
    (&["g", "克"], "g", 1_000),
    (&["斤", "市斤"], "g", 500_000),
    (&["两"], "g", 50_000),
    (&["l", "升"], "ml", 1_000_000),
    (&["ml", "毫升"], "ml", 1_000),
    (&["cm", "厘米", "公分"], "mm", 10_000),
    (&["mm", "毫米"], "mm", 1_000),
    (&["m", "米"], "mm", 1_000_000),
    (&["寸", "英寸", "inch"], "inch", 1_000),
    (&["w", "瓦"], "w", 1_000),
    (&["gb"], "gb", 1_000),
    (&["码"], "码", 1_000),
    (&["只", "个", "枚", "粒", "pcs"], "个", 1_000),
    (&["包", "袋"], "包", 1_000),
    (&["片"], "片", 1_000),
    (&["卷"], "卷", 1_000),
    (&["瓶"], "瓶", 1_000),
    (&["盒"], "盒", 1_000),
    (&["支"], "支", 1_000),
    (&["条"], "条", 1_000),
    (&["件"], "件", 1_000),
    (&["罐", "听"], "罐", 1_000),
    (&["抽"], "抽", 1_000),
    (&["岁"], "岁", 1_000),
];

/// A number with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// The same for `5kg`, `5公斤` and `10斤`; no word of a text looks like it.
    pub(crate) token: String,
    /// The first character and the one after the last.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Thousandths of a number such as `2.5`.
fn thousandths(digits: &str) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.len() > 3 || whole.len() > 9 {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(part)
}

/// The numbers with units in a folded text.
pub(crate) fn measures(text: &[char]) -> Vec<Measure> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let is_inside =
            at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(char::is_ascii_alphanumeric);
        let number: String = rest.iter().take_while(|c| c.is_ascii_digit() || **c == '.').collect();
        if is_inside || !number.starts_with(|c: char| c.is_ascii_digit()) {
            at = at.saturating_add(1);
            continue;
        }
        let after = at.saturating_add(number.len());
        let spaces =
            text.get(after..).map_or(0, |rest| rest.iter().take_while(|c| **c == ' ').take(1).count());
        let from = after.saturating_add(spaces);
        let unit = text.get(from..).and_then(unit_at);
        if let (Some((unit, scale, length)), Some(number)) = (unit, thousandths(&number))
            && let Some(amount) = number.checked_mul(scale)
        {
            let end = from.saturating_add(length);
            found.push(Measure { token: format!("#{}{unit}", amount / 1_000), start: at, end });
        }
        at = after;
    }
    found
}

/// The longest unit that a text begins with: what it comes down to, its size, and its length.
fn unit_at(text: &[char]) -> Option<(&'static str, u64, usize)> {
    let begins = |name: &str| {
        let length = name.chars().count();
        let fits = name.chars().zip(text).filter(|(a, b)| a == *b).count() == length;
        let next = text.get(length).copied();
        let is_cut = name.is_ascii() && next.is_some_and(|c| c.is_ascii_alphanumeric());
        (fits && !is_cut).then_some(length)
    };
    let names =
        UNITS.iter().flat_map(|(names, unit, scale)| names.iter().map(move |name| (*name, *unit, *scale)));
    let fitting = names.filter_map(|(name, unit, scale)| Some((unit, scale, begins(name)?)));
    fitting.max_by_key(|(_, _, length)| *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, bool)> {
        runs(&fold(text)).into_iter().map(|run| (run.text, run.is_joined)).collect()
    }

    fn tokens(text: &str) -> Vec<String> {
        measures(&fold(text)).into_iter().map(|measure| measure.token).collect()
    }

    #[test]
    fn runs_are_folded_and_keep_points_in_numbers() {
        let found = cut("ＡＢ-12 红富士5KG, don't 2.5L");
        let wanted = [
            ("ab", false),
            ("12", false),
            ("红富士", false),
            ("5kg", true),
            ("dont", false),
            ("2.5l", false),
        ];
        assert_eq!(found, wanted.map(|(text, joined)| (text.to_owned(), joined)));
        assert_eq!(plain("  红\u{3000}富士\u{7}\n苹果 "), "红 富士 苹果");
        assert_eq!(parts("hwy14.5x"), ["hwy", "14.5", "x"]);
    }

    #[test]
    fn the_same_weight_is_the_same_word_however_it_is_written() {
        assert_eq!(tokens("5kg 5公斤 10斤 5000 克"), ["#5000000g"; 4]);
        assert_eq!(tokens("2.5L 2500毫升"), ["#2500000ml"; 2]);
        assert_eq!(tokens("0.5斤"), ["#250000g"]);
        assert_eq!(tokens("hwy14g a5kg 5kgs 99999999999kg ."), Vec::<String>::new());
    }

    #[test]
    fn plurals_lose_their_ending() {
        for (word, one) in [("apples", "apple"), ("berries", "berry"), ("boxes", "box"), ("dishes", "dish")] {
            assert_eq!(singular(word).as_deref(), Some(one));
        }
        for word in ["glass", "bus", "tea", "红s", "gas"] {
            assert_eq!(singular(word), None, "{word}");
        }
    }
}
