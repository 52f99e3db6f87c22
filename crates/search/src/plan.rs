//! What a query means: its words, and what each may be found by.

use jieba_rs::Jieba;
use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, Occur,
    PhrasePrefixQuery, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::document::Fields;
use crate::spelling::{self, Spelling};
use crate::synonyms::Synonyms;
use crate::text::{self, Kind, Run};
use crate::words;

/// Most characters of a query; what is longer is cut.
pub(crate) const QUERY_MAX: usize = 100;
/// Most words of a query that are looked for.
const UNITS_MAX: usize = 12;
/// Words of a title that begin with a word that may not be typed to its end.
const PREFIXES_MAX: u32 = 30;
/// Units that may have a synonym together.
const SPAN_MAX: usize = 6;
/// Words with spaces between them that may.
const PHRASE_MAX: usize = 3;

/// What matters most when words are weighed: said in the title, then in short elsewhere, then in the description.
const IN_TITLE: f32 = 6.0;
const AS_PAIRS: f32 = 3.0;
const SAID_SHORT: f32 = 2.0;
const SAID_AT_LENGTH: f32 = 0.5;
const BEGINS: f32 = 2.0;
const SPELT: f32 = 3.0;
const SOUNDS: f32 = 1.6;
const LETTERS: f32 = 1.5;
const LETTERS_INSIDE: f32 = 0.5;
const MISTYPED: f32 = 0.8;
const SAME_MEANING: f32 = 0.5;

/// How a query is read: the next way is tried when one finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All words, as typed.
    AsTyped,
    /// All words; what sounds or looks nearly alike will do.
    Mistyped,
    /// Some of the words.
    Partly,
}

/// One thing a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A Chinese word.
    Cjk(String),
    /// A word of letters and digits.
    Latin(String),
    /// A number with its unit: the word that stands for it, and the words as they are typed.
    Measure(String, Vec<Unit>),
}

impl Unit {
    /// What was typed.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Cjk(word) | Self::Latin(word) => word.clone(),
            Self::Measure(_, words) => words.iter().map(Self::text).collect(),
        }
    }
}

/// A stretch of a query without a space: its units, and what it was cut from.
#[derive(Clone, Debug)]
struct Group {
    runs: Vec<Run>,
    units: Vec<Unit>,
}

/// A query that is understood.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    groups: Vec<Group>,
    /// Whether the last word may not be typed to its end.
    is_open: bool,
}

impl Plan {
    /// Understands a query.
    pub(crate) fn of(jieba: &Jieba, query: &str) -> Self {
        let mut folded: Vec<char> = text::fold(query).into_iter().take(QUERY_MAX).collect();
        let is_open = folded.last().is_some_and(|c| c.is_alphanumeric());
        let mut measured = Vec::new();
        for measure in text::measures(&folded) {
            let Some(typed) = folded.get_mut(measure.start..measure.end) else { continue };
            let words: Vec<Unit> = text::runs(typed).iter().flat_map(|run| units(jieba, run)).collect();
            typed.fill(' ');
            measured.push((measure.start, Unit::Measure(measure.token, words)));
        }
        let mut groups: Vec<Group> = Vec::new();
        for run in text::runs(&folded) {
            let units = units(jieba, &run);
            match groups.last_mut() {
                Some(group) if run.is_joined => {
                    group.units.extend(units);
                    group.runs.push(run);
                }
                _ => groups.push(Group { runs: vec![run], units }),
            }
        }
        for (start, unit) in measured {
            let before = |group: &Group| group.runs.first().is_some_and(|run| run.start < start);
            let place = groups.iter().take_while(|group| before(group)).count();
            groups.insert(place, Group { runs: Vec::new(), units: vec![unit] });
        }
        let mut left = UNITS_MAX;
        for group in &mut groups {
            group.units.truncate(left);
            left = left.saturating_sub(group.units.len());
        }
        groups.retain(|group| !group.units.is_empty());
        Self { groups, is_open }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// All units, in their order.
    pub(crate) fn units(&self) -> impl Iterator<Item = &Unit> {
        self.groups.iter().flat_map(|group| &group.units)
    }

    /// The words of each stretch of the query that has no space in it.
    pub(crate) fn rows(&self) -> Vec<Vec<String>> {
        self.groups.iter().map(|group| group.units.iter().map(Unit::text).collect()).collect()
    }

    /// The query over the index.
    pub(crate) fn query(&self, index: &Wording<'_>, way: Way) -> Box<dyn Query> {
        if way == Way::Partly {
            return self.partly(index);
        }
        let mut all: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut rest = self.groups.as_slice();
        while let Some((group, after)) = rest.split_first() {
            // `rice cooker` may mean something that neither word does.
            let (query, after) = index
                .phrase(rest, way, self.is_open)
                .unwrap_or_else(|| (index.group(group, way, self.is_open && after.is_empty()), after));
            all.push((Occur::Must, query));
            rest = after;
        }
        // Words that stand together in the query and the title count more.
        let runs = self.groups.iter().flat_map(|group| &group.runs).filter(|run| run.kind == Kind::Cjk);
        for run in runs.filter(|run| run.text.chars().count() > 2) {
            all.push((Occur::Should, index.together(&run.text)));
        }
        Box::new(BooleanQuery::new(all))
    }

    fn partly(&self, index: &Wording<'_>) -> Box<dyn Query> {
        let mut some: Vec<Box<dyn Query>> = Vec::new();
        let is_one = self.units().count() == 1;
        for unit in self.units() {
            match unit {
                Unit::Cjk(word) if is_one && word.chars().count() > 2 => {
                    some.extend(
                        pairs(word).into_iter().map(|pair| index.term(index.fields.pair, &pair, AS_PAIRS)),
                    );
                }
                unit => some.push(index.unit(unit, Way::Mistyped, false)),
            }
        }
        let least = some.len().div_ceil(2).max(1);
        Box::new(BooleanQuery::union_with_minimum_required_clauses(some, least))
    }
}

fn units(jieba: &Jieba, run: &Run) -> Vec<Unit> {
    match run.kind {
        Kind::Latin => vec![Unit::Latin(run.text.clone())],
        Kind::Cjk => {
            words::cut(jieba, &run.text).into_iter().map(|word| Unit::Cjk(word.to_owned())).collect()
        }
    }
}

/// Pairs of characters of a word; the character itself when there is only one.
fn pairs(word: &str) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    if characters.len() < 2 {
        return vec![word.to_owned()];
    }
    characters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// How words are looked for in one index.
pub(crate) struct Wording<'a> {
    pub(crate) fields: Fields,
    pub(crate) synonyms: &'a Synonyms,
    pub(crate) jieba: &'a Jieba,
    /// Whether descriptions count; they do not where order is by something else than how well it fits.
    pub(crate) with_body: bool,
    /// How many products have a word in the title.
    pub(crate) known: &'a dyn Fn(&str) -> bool,
    /// Words of titles that begin so.
    pub(crate) begun: &'a dyn Fn(&str, u32) -> Vec<String>,
}

type Some = Vec<Box<dyn Query>>;

fn any(mut some: Some) -> Box<dyn Query> {
    match some.len() {
        0 => Box::new(EmptyQuery),
        1 => some.pop().unwrap_or_else(|| Box::new(EmptyQuery)),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(some, 0.1)),
    }
}

fn all(mut some: Some) -> Box<dyn Query> {
    match some.len() {
        0 => Box::new(EmptyQuery),
        1 => some.pop().unwrap_or_else(|| Box::new(EmptyQuery)),
        _ => Box::new(BooleanQuery::intersection(some)),
    }
}

fn boosted(query: Box<dyn Query>, boost: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}

impl Wording<'_> {
    fn term(&self, field: Field, word: &str, boost: f32) -> Box<dyn Query> {
        let term = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
        boosted(Box::new(term), boost)
    }

    fn group(&self, group: &Group, way: Way, is_open: bool) -> Box<dyn Query> {
        let mut ways: Some = vec![self.row(&group.units, way, is_open)];
        if way == Way::Mistyped && group.runs.iter().any(|run| run.kind == Kind::Cjk) {
            for units in regrouped(&group.units) {
                ways.push(self.row(&units, way, is_open));
            }
        }
        // `ping果`, and in what may be mistyped every run that can be spoken.
        let is_mixed = group.runs.len() > 1 && group.runs.iter().any(|run| run.kind == Kind::Cjk);
        if (is_mixed || way == Way::Mistyped) && !group.runs.is_empty() {
            ways.extend(
                mixed(&group.runs, is_open).into_iter().filter_map(|spelling| self.sounds(&spelling)),
            );
        }
        any(ways)
    }

    /// Several groups at the beginning of these that have a synonym together, and the groups after them.
    fn phrase<'g>(
        &self,
        groups: &'g [Group],
        way: Way,
        is_open: bool,
    ) -> Option<(Box<dyn Query>, &'g [Group])> {
        let spans = (2..=PHRASE_MAX.min(groups.len())).rev();
        spans.filter_map(|length| groups.split_at_checked(length)).find_map(|(span, after)| {
            let units: Vec<Unit> = span.iter().flat_map(|group| group.units.iter().cloned()).collect();
            let same = self.synonyms.of(&spoken(&units))?;
            let last = span.len().saturating_sub(1);
            let groups = span.iter().enumerate();
            let own =
                groups.map(|(n, group)| self.group(group, way, is_open && after.is_empty() && n == last));
            let mut ways = vec![all(own.collect())];
            ways.extend(same.iter().map(|word| boosted(self.words(word), SAME_MEANING)));
            Some((any(ways), after))
        })
    }

    /// All units of a row, those with synonyms together.
    fn row(&self, units: &[Unit], way: Way, is_open: bool) -> Box<dyn Query> {
        let mut found: Some = Vec::new();
        let mut rest = units;
        while !rest.is_empty() {
            let spans = (1..=SPAN_MAX.min(rest.len())).rev();
            let span = spans
                .filter_map(|length| rest.split_at_checked(length))
                .find_map(|(span, after)| Some((span, after, self.synonyms.of(&spoken(span))?)));
            let (span, after, same) = span.unwrap_or_else(|| {
                let (span, after) = rest.split_at_checked(1).unwrap_or((rest, &[]));
                (span, after, &[])
            });
            let is_last = is_open && after.is_empty();
            let own = all(span.iter().map(|unit| self.unit(unit, way, is_last)).collect());
            let mut ways = vec![own];
            ways.extend(same.iter().map(|word| boosted(self.words(word), SAME_MEANING)));
            found.push(any(ways));
            rest = after;
        }
        all(found)
    }

    /// The words of a synonym, as typed and without synonyms of their own.
    fn words(&self, text: &str) -> Box<dyn Query> {
        let folded = text::fold(text);
        let units: Vec<Unit> = text::runs(&folded).iter().flat_map(|run| units(self.jieba, run)).collect();
        all(units.iter().map(|unit| self.plainly(unit)).collect())
    }

    /// A unit where it is said, as it is said.
    fn plainly(&self, unit: &Unit) -> Box<dyn Query> {
        let Fields { word, pair, more, body, .. } = self.fields;
        match unit {
            Unit::Measure(token, words) => {
                let mut ways = vec![self.term(word, token, IN_TITLE), self.term(more, token, SAID_SHORT)];
                ways.push(all(words.iter().map(|unit| self.plainly(unit)).collect()));
                any(ways)
            }
            Unit::Cjk(text) => {
                let mut ways = vec![self.term(word, text, IN_TITLE), self.term(more, text, SAID_SHORT)];
                let (in_title, short) = pairs(text)
                    .iter()
                    .map(|two| (self.term(pair, two, AS_PAIRS), self.term(more, two, SAID_SHORT)))
                    .unzip::<_, _, Some, Some>();
                ways.extend([all(in_title), boosted(all(short), 0.6)]);
                if self.with_body {
                    ways.push(self.term(body, text, SAID_AT_LENGTH));
                }
                any(ways)
            }
            Unit::Latin(text) => {
                let singular = text::singular(text);
                let mut ways = Vec::new();
                for form in std::iter::once(text).chain(&singular) {
                    ways.extend([self.term(word, form, IN_TITLE), self.term(more, form, SAID_SHORT)]);
                    if self.with_body {
                        ways.push(self.term(body, form, SAID_AT_LENGTH));
                    }
                }
                let parts = text::parts(text);
                if parts.len() > 1 {
                    ways.push(all(parts.iter().map(|part| self.term(word, part, AS_PAIRS)).collect()));
                }
                any(ways)
            }
        }
    }

    fn unit(&self, unit: &Unit, way: Way, is_open: bool) -> Box<dyn Query> {
        let mut ways = vec![self.plainly(unit)];
        match unit {
            Unit::Latin(text) => self.letters(text, way, is_open, &mut ways),
            Unit::Cjk(text) if way == Way::Mistyped && text.chars().count() > 1 => {
                let syllables: Option<Vec<String>> =
                    text.chars().map(|c| spelling::syllable(c).map(str::to_owned)).collect();
                let spelling = syllables.map(|syllables| Spelling { syllables, is_open: false });
                ways.extend(spelling.and_then(|spelling| self.sounds(&spelling)));
            }
            Unit::Cjk(_) | Unit::Measure(..) => {}
        }
        any(ways)
    }

    /// What letters can stand for besides themselves: a beginning, a spelling, first letters, something mistyped.
    fn letters(&self, text: &str, way: Way, is_open: bool, ways: &mut Some) {
        let Fields { word, spelt, initials, stretch, .. } = self.fields;
        if is_open && text.len() > 1 {
            let begun = (self.begun)(text, PREFIXES_MAX);
            ways.extend(begun.iter().map(|begun| self.term(word, begun, BEGINS)));
        }
        let is_word = (self.known)(text);
        ways.push(self.term(spelt, text, SPELT));
        for spelling in spelling::spellings(text, is_open) {
            ways.extend(self.sounds(&spelling));
        }
        if (2..=6).contains(&text.len()) && !is_word && text.bytes().all(|b| b.is_ascii_lowercase()) {
            ways.push(self.term(initials, text, LETTERS));
            ways.push(self.term(stretch, text, LETTERS_INSIDE));
        }
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if way == Way::Mistyped && letters > 3 {
            let far = (letters > 6).then_some((word, 2, MISTYPED / 3.0));
            let near = [(word, 1, MISTYPED), (spelt, 1, MISTYPED / 2.0)];
            for (field, distance, boost) in near.into_iter().chain(far) {
                let fuzzy = FuzzyTermQuery::new(Term::from_field_text(field, text), distance, true);
                ways.push(boosted(Box::new(fuzzy), boost));
            }
        }
    }

    /// Titles with these syllables one after the other.
    fn sounds(&self, spelling: &Spelling) -> Option<Box<dyn Query>> {
        let term = |syllable: &String| Term::from_field_text(self.fields.syllable, syllable);
        let terms: Vec<Term> = spelling.syllables.iter().map(term).collect();
        let boost = SOUNDS;
        match (terms.as_slice(), spelling.is_open) {
            ([], _) => None,
            ([_], true) => None,
            ([one], false) => {
                let one = TermQuery::new(one.clone(), IndexRecordOption::WithFreqs);
                Some(boosted(Box::new(one), boost * 0.5))
            }
            (_, true) => {
                let mut open = PhrasePrefixQuery::new(terms);
                open.set_max_expansions(40);
                Some(Box::new(ConstScoreQuery::new(Box::new(open), boost)))
            }
            (_, false) => Some(boosted(Box::new(PhraseQuery::new(terms)), boost)),
        }
    }

    /// More for titles that have the pairs across the words of a run.
    fn together(&self, run: &str) -> Box<dyn Query> {
        let pairs = pairs(run).into_iter().map(|pair| self.term(self.fields.pair, &pair, 0.3)).collect();
        Box::new(BooleanQuery::union(pairs))
    }
}

/// What units are called together in the table of synonyms.
fn spoken(units: &[Unit]) -> String {
    let mut spoken = String::new();
    for unit in units {
        let is_latin = |unit: &Unit| matches!(unit, Unit::Latin(_));
        if is_latin(unit) && !spoken.is_empty() {
            spoken.push(' ');
        }
        spoken.push_str(&unit.text());
    }
    spoken
}

/// A row in which single characters, which a slip of the pen leaves behind, are joined to their neighbours: to each
/// other, and to the word before.
fn regrouped(units: &[Unit]) -> Vec<Vec<Unit>> {
    let is_single = |unit: &Unit| matches!(unit, Unit::Cjk(word) if word.chars().count() == 1);
    let join = |joins: &dyn Fn(&Unit, &Unit) -> bool| {
        let mut row: Vec<Unit> = Vec::new();
        let mut before: Option<&Unit> = None;
        for unit in units {
            match (row.last_mut(), unit, before) {
                (Some(Unit::Cjk(last)), Unit::Cjk(word), Some(before)) if joins(before, unit) => {
                    last.push_str(word)
                }
                _ => row.push(unit.clone()),
            }
            before = Some(unit);
        }
        row
    };
    let each_other = join(&|before, unit| is_single(before) && is_single(unit));
    let neighbours = join(&|before, unit| is_single(before) || is_single(unit));
    let mut rows = vec![each_other, neighbours];
    rows.retain(|row| row.as_slice() != units);
    rows.dedup();
    rows
}

/// A row of runs as syllables, when every one of them can be spoken.
fn mixed(runs: &[Run], is_open: bool) -> Option<Spelling> {
    let mut whole = Spelling { syllables: Vec::new(), is_open: false };
    let last = runs.len().saturating_sub(1);
    for (n, run) in runs.iter().enumerate() {
        match run.kind {
            Kind::Cjk => {
                for c in run.text.chars() {
                    whole.syllables.push(spelling::syllable(c)?.to_owned());
                }
            }
            Kind::Latin => {
                let spelling = spelling::spellings(&run.text, is_open && n == last).into_iter().next()?;
                whole.is_open = spelling.is_open;
                whole.syllables.extend(spelling.syllables);
            }
        }
    }
    (2..=12).contains(&whole.syllables.len()).then_some(whole)
}
