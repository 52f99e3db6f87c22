//! Going through what matches: the best of it, how much there is, and how it divides.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use crate::document::column;

/// The order of what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    /// What fits best first.
    Fit,
    /// Newest first.
    New,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
}

/// Facts of one part of the index that are counted.
const FACTS_MAX: usize = 300;

/// One product found: the higher its rank the better, ties by the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) rank: u64,
    pub(crate) published: u64,
    pub(crate) id: (u64, u64),
}

/// How what was found divides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) categories: HashMap<u64, u32>,
    pub(crate) merchants: HashMap<(u64, u64), u32>,
    pub(crate) facts: HashMap<String, u32>,
    pub(crate) together: u32,
    pub(crate) prices: Vec<u64>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The best, best first.
    pub(crate) hits: Vec<Hit>,
    /// How many there are.
    pub(crate) total: usize,
    /// How they divide, when that was asked for.
    pub(crate) counts: Option<Counts>,
}

/// Gathers the best `most` by `order` of what is in the range of prices.
pub(crate) struct Gather {
    pub(crate) order: Order,
    pub(crate) most: usize,
    pub(crate) with_counts: bool,
    pub(crate) prices: (u64, u64),
}

/// The part of a [`Gather`] that goes through one part of the index.
pub(crate) struct Part {
    order: Order,
    most: usize,
    range: (u64, u64),
    id: (Column<u64>, Column<u64>),
    price: Column<u64>,
    published: Column<u64>,
    best: BinaryHeap<Reverse<Hit>>,
    total: usize,
    counting: Option<Counting>,
}

struct Counting {
    category: Column<u64>,
    merchant: (Column<u64>, Column<u64>),
    together: Column<u64>,
    fact: Option<StrColumn>,
    by_fact: HashMap<u64, u32>,
    counts: Counts,
}

fn value(column: &Column<u64>, document: DocId) -> u64 {
    column.first(document).unwrap_or(0)
}

impl Counting {
    fn of(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(Self {
            category: fast.u64(column::CATEGORY)?,
            merchant: (fast.u64(column::MERCHANT_HIGH)?, fast.u64(column::MERCHANT_LOW)?),
            together: fast.u64(column::TOGETHER)?,
            fact: fast.str(column::FACT)?,
            by_fact: HashMap::new(),
            counts: Counts::default(),
        })
    }

    fn add(&mut self, document: DocId, price: u64) {
        fn more<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
            let count = counts.entry(key).or_default();
            *count = count.saturating_add(1);
        }
        more(&mut self.counts.categories, value(&self.category, document));
        let (high, low) = &self.merchant;
        more(&mut self.counts.merchants, (value(high, document), value(low, document)));
        if value(&self.together, document) > 0 {
            self.counts.together = self.counts.together.saturating_add(1);
        }
        self.counts.prices.push(price);
        for ordinal in self.fact.iter().flat_map(|fact| fact.ords().values_for_doc(document)) {
            more(&mut self.by_fact, ordinal);
        }
    }

    fn harvest(mut self) -> Counts {
        let mut facts: Vec<(u64, u32)> = self.by_fact.into_iter().collect();
        facts.sort_by_key(|(ordinal, count)| (Reverse(*count), *ordinal));
        for (ordinal, count) in facts.into_iter().take(FACTS_MAX) {
            let mut text = String::new();
            // A fact that cannot be read is left out of the counts; the search itself is not the worse for it.
            if self.fact.as_ref().is_some_and(|fact| matches!(fact.ord_to_str(ordinal, &mut text), Ok(true)))
            {
                self.counts.facts.insert(text, count);
            }
        }
        self.counts
    }
}

impl Collector for Gather {
    type Fruit = Found;
    type Child = Part;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Part> {
        let fast = reader.fast_fields();
        Ok(Part {
            order: self.order,
            most: self.most,
            range: self.prices,
            id: (fast.u64(column::ID_HIGH)?, fast.u64(column::ID_LOW)?),
            price: fast.u64(column::PRICE)?,
            published: fast.u64(column::PUBLISHED)?,
            best: BinaryHeap::new(),
            total: 0,
            counting: if self.with_counts { Some(Counting::of(reader)?) } else { None },
        })
    }

    fn requires_scoring(&self) -> bool {
        self.order == Order::Fit
    }

    fn merge_fruits(&self, parts: Vec<Found>) -> tantivy::Result<Found> {
        let mut all = Found { counts: self.with_counts.then(Counts::default), ..Found::default() };
        for part in parts {
            all.hits.extend(part.hits);
            all.total = all.total.saturating_add(part.total);
            if let (Some(counts), Some(more)) = (&mut all.counts, part.counts) {
                join(&mut counts.categories, more.categories);
                join(&mut counts.merchants, more.merchants);
                join(&mut counts.facts, more.facts);
                counts.together = counts.together.saturating_add(more.together);
                counts.prices.extend(more.prices);
            }
        }
        all.hits.sort_by_key(|hit| Reverse(*hit));
        all.hits.truncate(self.most);
        Ok(all)
    }
}

fn join<K: std::hash::Hash + Eq>(into: &mut HashMap<K, u32>, more: HashMap<K, u32>) {
    for (key, count) in more {
        let sum = into.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }
}

impl SegmentCollector for Part {
    type Fruit = Found;

    fn collect(&mut self, document: DocId, score: Score) {
        let needs_price = self.counting.is_some()
            || self.range != (0, u64::MAX)
            || matches!(self.order, Order::Price | Order::PriceDown);
        let price = if needs_price { value(&self.price, document) } else { 0 };
        if price < self.range.0 || price > self.range.1 {
            return;
        }
        self.total = self.total.saturating_add(1);
        if let Some(counting) = &mut self.counting {
            counting.add(document, price);
        }
        let rank = match self.order {
            // Scores are not negative, so their bits are in their order. The last bits make no difference to anybody.
            Order::Fit => u64::from(score.max(0.0).to_bits() >> 8),
            Order::New => 0,
            Order::Price => u64::MAX.saturating_sub(price),
            Order::PriceDown => price,
        };
        let is_full = self.best.len() >= self.most;
        if is_full && self.best.peek().is_some_and(|Reverse(worst)| rank < worst.rank) {
            return;
        }
        let published = value(&self.published, document);
        let id = (value(&self.id.0, document), value(&self.id.1, document));
        let hit = Hit { rank, published, id };
        if is_full {
            if self.best.peek().is_none_or(|Reverse(worst)| hit <= *worst) {
                return;
            }
            self.best.pop();
        }
        self.best.push(Reverse(hit));
    }

    fn harvest(self) -> Found {
        let hits = self.best.into_iter().map(|Reverse(hit)| hit).collect();
        Found { hits, total: self.total, counts: self.counting.map(Counting::harvest) }
    }
}

/// What one search found, shared by all who ask the same.
pub(crate) type Ranked = Arc<Found>;
