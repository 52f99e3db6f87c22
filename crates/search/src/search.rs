//! One search: what the index of this node finds.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{CategoryId, MerchantId};
use parking_lot::{Mutex, RwLock};
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, Term};
use tokio::sync::Semaphore;

use crate::asked::Asked;
use crate::document::{self, Fields};
use crate::gather::{Found, Gather, Order, Ranked};
use crate::plan::{Plan, Way, Wording};
use crate::suggest::Suggestions;
use crate::synonyms::Synonyms;
use crate::text;
use crate::words::Words;

/// Searches that are worked on at once; more would only share the processors.
const AT_ONCE: usize = 2;
/// Searches that wait for their turn; whoever comes on top of that is told to come back.
const WAITING_MAX: usize = 256;
/// Answers kept.
const KEPT_MAX: usize = 2_000;
/// Most products that one search looks up at first, and when somebody turns pages.
pub(crate) const FIRST: usize = 100;
pub(crate) const DEEP: usize = 1_000;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) query: String,
    pub(crate) category: Option<CategoryId>,
    pub(crate) merchant: Option<MerchantId>,
    /// Minor units, both ends included.
    pub(crate) prices: (u64, u64),
    /// Name and value.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) is_together: bool,
    pub(crate) order: Order,
    pub(crate) most: usize,
    pub(crate) with_counts: bool,
}

/// What a search found, and how.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) found: Ranked,
    /// Whether only something like what was asked for was found.
    pub(crate) is_loose: bool,
    /// What may have been meant.
    pub(crate) meant: Option<String>,
}

/// Why a search could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotNow {
    #[error("as many searches as there can be are under way")]
    Full,
    #[error("the index is being made")]
    Making,
    #[error("the index: {0}")]
    Index(#[from] tantivy::TantivyError),
    #[error("the search did not end: {0}")]
    Ended(String),
}

/// What this node finds things by.
pub(crate) struct View {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    /// Another one for each state of the index and of the synonyms.
    pub(crate) state: u64,
}

#[derive(Default)]
struct Kept {
    state: u64,
    by_wanted: HashMap<Wanted, Outcome>,
}

/// Search on this node; among the extensions of the context.
#[derive(Clone)]
pub struct Search(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) words: Words,
    pub(crate) view: RwLock<Option<Arc<View>>>,
    pub(crate) synonyms: RwLock<Arc<Synonyms>>,
    pub(crate) suggestions: RwLock<Arc<Suggestions>>,
    /// What many ask for, the most asked first.
    pub(crate) hot: RwLock<Arc<Vec<String>>>,
    pub(crate) asked: Asked,
    /// Whether the index has been at what the store says; what it lacks afterwards is a moment's changes.
    pub(crate) is_ready: AtomicBool,
    /// Grows with each view.
    pub(crate) states: AtomicU64,
    kept: Mutex<Kept>,
    working: Semaphore,
    waiting: Semaphore,
}

impl Search {
    /// Search with its index under `folder`, which [`Follower`](crate::api::Follower) fills.
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner {
            folder,
            words: Words::default(),
            view: RwLock::default(),
            synonyms: RwLock::new(Arc::new(Synonyms::with(&[]))),
            suggestions: RwLock::default(),
            hot: RwLock::default(),
            asked: Asked::default(),
            is_ready: AtomicBool::new(false),
            states: AtomicU64::new(0),
            kept: Mutex::default(),
            working: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
        }))
    }

    /// Finds what is wanted; away from the threads that serve requests.
    pub(crate) async fn find(&self, wanted: Wanted) -> Result<Outcome, NotNow> {
        // Half an index would say that there is nothing.
        if !self.0.is_ready.load(Ordering::Acquire) {
            return Err(NotNow::Making);
        }
        if let Some(known) = self.known(&wanted) {
            return Ok(known);
        }
        let Ok(_place) = self.0.waiting.try_acquire() else { return Err(NotNow::Full) };
        let _turn = self.0.working.acquire().await.map_err(|closed| NotNow::Ended(closed.to_string()))?;
        let own = self.clone();
        let run = tokio::task::spawn_blocking(move || own.find_now(wanted)).await;
        run.map_err(|error| NotNow::Ended(error.to_string()))?
    }

    fn known(&self, wanted: &Wanted) -> Option<Outcome> {
        let state = self.0.view.read().as_ref().map(|view| view.state)?;
        let kept = self.0.kept.lock();
        (kept.state == state).then(|| kept.by_wanted.get(wanted).cloned()).flatten()
    }

    fn keep(&self, state: u64, wanted: Wanted, outcome: &Outcome) {
        let mut kept = self.0.kept.lock();
        if kept.state != state || kept.by_wanted.len() >= KEPT_MAX {
            *kept = Kept { state, by_wanted: HashMap::new() };
        }
        kept.by_wanted.insert(wanted, outcome.clone());
    }

    /// Finds what is wanted, on this thread.
    pub(crate) fn find_now(&self, wanted: Wanted) -> Result<Outcome, NotNow> {
        let Some(view) = self.0.view.read().clone() else {
            return Ok(Outcome { found: Ranked::default(), is_loose: false, meant: None });
        };
        let outcome = self.look(&view, &wanted)?;
        self.keep(view.state, wanted, &outcome);
        Ok(outcome)
    }

    fn look(&self, view: &View, wanted: &Wanted) -> Result<Outcome, NotNow> {
        let filters = filters(&view.fields, wanted);
        let gather = Gather {
            order: wanted.order,
            most: wanted.most,
            with_counts: wanted.with_counts,
            prices: wanted.prices,
        };
        let run = |query: Box<dyn Query>| -> Result<Found, NotNow> {
            let mut all = vec![(Occur::Must, query)];
            all.extend(filters().map(|filter| (Occur::Must, filter)));
            Ok(view.searcher.search(&BooleanQuery::new(all), &gather)?)
        };
        if wanted.query.is_empty() {
            let found = Arc::new(run(Box::new(AllQuery))?);
            return Ok(Outcome { found, is_loose: false, meant: None });
        }
        let jieba = self.0.words.dictionary();
        let plan = Plan::of(&jieba, &wanted.query);
        if plan.is_empty() {
            return Ok(Outcome { found: Ranked::default(), is_loose: false, meant: None });
        }
        let synonyms = Arc::clone(&self.0.synonyms.read());
        let known = |word: &str| has_word(view, word);
        let begun = |typed: &str, most: u32| begun(view, typed, most);
        let wording = Wording {
            fields: view.fields,
            synonyms: &synonyms,
            jieba: &jieba,
            with_body: wanted.order == Order::Fit,
            known: &known,
            begun: &begun,
        };
        let ways = [Way::AsTyped, Way::Mistyped, Way::Partly].into_iter().try_fold((), |(), way| {
            match run(plan.query(&wording, way)) {
                Ok(found) if found.total == 0 && way != Way::Partly => ControlFlow::Continue(()),
                found => ControlFlow::Break((way, found)),
            }
        });
        let ControlFlow::Break((way, found)) = ways else {
            return Ok(Outcome { found: Ranked::default(), is_loose: false, meant: None });
        };
        let found = Arc::new(found?);
        let is_loose = way != Way::AsTyped;
        let meant = if is_loose { self.meant(&plan, view) } else { None };
        Ok(Outcome { is_loose: is_loose && found.total > 0, meant, found })
    }

    /// The query with each word that no title has put right, when that can be done.
    fn meant(&self, plan: &Plan, view: &View) -> Option<String> {
        let suggestions = Arc::clone(&self.0.suggestions.read());
        let mut is_changed = false;
        let mut said = String::new();
        for row in plan.rows() {
            let whole: String = row.concat();
            if !said.is_empty() {
                said.push(' ');
            }
            if let Some(word) = suggestions.meant(&whole) {
                is_changed = true;
                said.push_str(word);
                continue;
            }
            for word in row {
                let right = if has_word(view, &word) { None } else { suggestions.meant(&word) };
                is_changed |= right.is_some();
                said.push_str(right.unwrap_or(&word));
            }
        }
        is_changed.then_some(said)
    }
}

fn has_word(view: &View, word: &str) -> bool {
    matches!(view.searcher.doc_freq(&Term::from_field_text(view.fields.word, word)), Ok(1..))
}

/// Words of titles that begin so.
fn begun(view: &View, typed: &str, most: u32) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let end = format!("{typed}\u{10ffff}");
    for reader in view.searcher.segment_readers() {
        let Ok(index) = reader.inverted_index(view.fields.word) else { continue };
        let range = index.terms().range().ge(typed.as_bytes()).lt(end.as_bytes());
        let Ok(mut terms) = range.into_stream() else { continue };
        let mut looked_at = 0;
        while looked_at < most && terms.advance() {
            looked_at = looked_at.saturating_add(1);
            if let Ok(word) = std::str::from_utf8(terms.key())
                && word != typed
                && !words.iter().any(|known| known == word)
            {
                words.push(word.to_owned());
            }
        }
    }
    words.truncate(usize::try_from(most).unwrap_or(0));
    words
}

/// What narrows a search down, without a say in the order.
fn filters(fields: &Fields, wanted: &Wanted) -> impl Fn() -> std::vec::IntoIter<Box<dyn Query>> {
    let mut terms: Vec<Term> = Vec::new();
    if let Some(category) = wanted.category {
        terms.push(Term::from_field_u64(fields.category, document::category_place(category)));
    }
    if let Some(merchant) = wanted.merchant {
        terms.push(document::merchant_key(fields, merchant));
    }
    if wanted.is_together {
        terms.push(Term::from_field_u64(fields.together, 1));
    }
    let facts = wanted.facts.iter().map(|(name, value)| document::fact(name, value));
    terms.extend(facts.map(|fact| Term::from_field_text(fields.fact, &fact)));
    move || {
        let filter = |term: &Term| -> Box<dyn Query> {
            let term = TermQuery::new(term.clone(), IndexRecordOption::Basic);
            Box::new(ConstScoreQuery::new(Box::new(term), 0.0))
        };
        terms.iter().map(filter).collect::<Vec<_>>().into_iter()
    }
}

/// Whether a text has anything that can be looked for.
pub(crate) fn has_words(query: &str) -> bool {
    !text::runs(&text::fold(query)).is_empty()
}
