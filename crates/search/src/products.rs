//! Searching for products.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base::{CategoryId, Cursor, MerchantId, Money, PageRequest, ProductId};
use catalog::api::ProductCard;
use db::{DbError, Rx};
use rest::{Common, Ctx, Json, MaybeActor, OpenApiRouter, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::document::{self, BETWEEN};
use crate::gather::{Counts, Found, Hit, Order};
use crate::marks;
use crate::plan::{Plan, QUERY_MAX};
use crate::search::{DEEP, FIRST, NotNow, Outcome, Search, Wanted};

/// Facts that narrow one search down, at most.
const FACTS_MAX: usize = 10;
/// What is counted of each kind.
const MERCHANTS_SHOWN: usize = 20;
const FACTS_SHOWN: usize = 12;
const VALUES_SHOWN: usize = 20;
const BANDS: usize = 4;

/// The order of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub(crate) enum SortBy {
    /// What fits best first; newest first when nothing is asked for in words.
    #[default]
    #[serde(rename = "fit")]
    Fit,
    /// Newest first.
    #[serde(rename = "new")]
    New,
    /// Cheapest first.
    #[serde(rename = "price")]
    Price,
    /// Dearest first.
    #[serde(rename = "-price")]
    PriceDown,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchFilter {
    /// What is looked for, as people type it: words, pinyin, first letters. What is beyond 100 characters is left out.
    #[param(max_length = 400)]
    #[serde(default)]
    q: String,
    category: Option<CategoryId>,
    merchant: Option<MerchantId>,
    /// The lowest price wanted, in minor units.
    #[param(minimum = 0)]
    price_from: Option<u64>,
    /// The highest price wanted, in minor units.
    #[param(minimum = 0)]
    price_to: Option<u64>,
    /// Facts it must have, such as `产地:山东`; several with `|` between them.
    #[param(max_length = 1000)]
    facts: Option<String>,
    /// Only what is bought together now.
    #[serde(default)]
    together: bool,
    #[param(inline)]
    #[serde(default)]
    sort: SortBy,
    /// Whether the answer says how what was found divides.
    #[serde(default)]
    counts: bool,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A stretch of a title, in characters (code points): from the first to before the last.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Mark {
    from: usize,
    to: usize,
}

/// A product found.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FoundProduct {
    product: ProductCard,
    /// Where the words of the query stand in the title.
    marks: Vec<Mark>,
}

/// How many of what was found have a category.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryCount {
    category: CategoryId,
    count: u32,
}

/// How many of what was found a merchant sells.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MerchantCount {
    merchant: MerchantId,
    name: String,
    count: u32,
}

/// How many of what was found have a fact.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ValueCount {
    value: String,
    count: u32,
}

/// The values of one fact.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FactCount {
    name: String,
    values: Vec<ValueCount>,
}

/// A band of prices, both ends included.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BandCount {
    from: Money,
    to: Money,
    count: usize,
}

/// How what was found divides.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CountsView {
    categories: Vec<CategoryCount>,
    merchants: Vec<MerchantCount>,
    facts: Vec<FactCount>,
    prices: Vec<BandCount>,
    /// How many are bought together now.
    together: u32,
}

/// What was found.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SearchResult {
    /// May be fewer than asked for although there are more: what went off sale in this second is left out.
    items: Vec<FoundProduct>,
    next_cursor: Option<String>,
    /// How many there are; a product that changed within the last two seconds may be counted as it was.
    total: usize,
    /// Whether nothing has all the words as they are, so that this is what comes near.
    is_loose: bool,
    /// What may have been meant instead.
    meant: Option<String>,
    /// When it was asked for.
    counts: Option<CountsView>,
}

/// Why a search was not carried out.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum SearchError {
    /// The facts are not names and values.
    #[error("facts are given as name:value, at most {FACTS_MAX} of them")]
    #[problem(400, "search.facts")]
    Facts,
    /// There is no turn, or no index yet.
    #[error("too many are searching just now, or the index is being made; try again in a moment")]
    #[problem(503, "search.busy", retry_after = 1)]
    Busy,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Searching is tried again in a moment, whatever was wrong.
impl From<NotNow> for SearchError {
    fn from(error: NotNow) -> Self {
        if !matches!(error, NotNow::Full | NotNow::Making) {
            tracing::error!(%error, "a search failed");
        }
        Self::Busy
    }
}

/// Facts as the address gives them.
fn facts(given: Option<&str>) -> Result<Vec<(String, String)>, SearchError> {
    let given = given.unwrap_or("").split('|').filter(|fact| !fact.is_empty());
    let facts: Option<Vec<(String, String)>> = given
        .map(|fact| fact.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    facts.filter(|facts| facts.len() <= FACTS_MAX).ok_or(SearchError::Facts)
}

impl SearchFilter {
    fn wanted(&self, is_first: bool) -> Result<Wanted, SearchError> {
        let query: String = self.q.trim().chars().take(QUERY_MAX).collect();
        let order = match self.sort {
            SortBy::Fit if query.is_empty() => Order::New,
            SortBy::Fit => Order::Fit,
            SortBy::New => Order::New,
            SortBy::Price => Order::Price,
            SortBy::PriceDown => Order::PriceDown,
        };
        Ok(Wanted {
            query,
            category: self.category,
            merchant: self.merchant,
            prices: (self.price_from.unwrap_or(0), self.price_to.unwrap_or(u64::MAX)),
            facts: facts(self.facts.as_deref())?,
            is_together: self.together,
            order,
            most: if is_first { FIRST } else { DEEP },
            with_counts: self.counts,
        })
    }
}

/// The part of what was found that a page shows, and whether there is more.
fn page(found: &Found, after: Option<Hit>, limit: usize) -> (Vec<Hit>, bool) {
    // A product that stands elsewhere by now is looked for by its place, not by its name: nobody starts anew.
    let start = after.map_or(0, |after| found.hits.partition_point(|hit| *hit >= after));
    let rest = found.hits.get(start..).unwrap_or(&[]);
    (rest.iter().take(limit).copied().collect(), rest.len() > limit)
}

fn cursor(hit: &Hit) -> Cursor {
    let (high, low) = hit.id;
    Cursor::new([hit.rank, hit.published, high, low].map(|part| part.to_string()))
}

fn place(cursor: &Cursor) -> Option<Hit> {
    let (high, low) = (cursor.part(2)?, cursor.part(3)?);
    Some(Hit { rank: cursor.part(0)?, published: cursor.part(1)?, id: (high, low) })
}

/// Products on sale that fit best to what somebody types.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchFilter),
    responses((status = 200, body = SearchResult), SearchError, Common))]
pub(crate) async fn search_products(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Query(filter): Query<SearchFilter>,
) -> Result<Response, Refused> {
    let request = PageRequest { cursor: filter.cursor.clone(), limit: filter.limit };
    let limit = usize::try_from(request.limit()).unwrap_or(0);
    let after = request.place(|cursor| place(&cursor))?;
    let wanted = filter.wanted(after.is_none())?;
    let search = ctx.extension::<Search>().ok_or_else(|| NotNow::Ended("there is none".to_owned()));
    let search = search.map_err(SearchError::from)?;
    let outcome = search.find(wanted.clone()).await.map_err(SearchError::from)?;
    if let (Some(actor), true) = (&actor, after.is_none() && is_plain(&wanted)) {
        let found = if outcome.is_loose { 0 } else { outcome.found.total };
        search.0.asked.note(ctx.now(), actor.person, &wanted.query, found);
    }
    let read = move |rx: &mut Rx| answer(rx, &search, &wanted, &outcome, (after, limit));
    let result: SearchResult = ctx.db().read::<_, SearchError, _>(read).await?;
    Ok(Json(result).into_response())
}

/// Whether words alone decide what is found.
fn is_plain(wanted: &Wanted) -> bool {
    let Wanted { category, merchant, facts, is_together, prices, .. } = wanted;
    category.is_none() && merchant.is_none() && facts.is_empty() && !is_together && *prices == (0, u64::MAX)
}

/// What is shown of an outcome: only what the store says is on sale now.
fn answer(
    rx: &mut Rx,
    search: &Search,
    wanted: &Wanted,
    outcome: &Outcome,
    (after, limit): (Option<Hit>, usize),
) -> Result<SearchResult, SearchError> {
    let (hits, has_more) = page(&outcome.found, after, limit);
    // Whoever turns pages beyond what was looked up at first is served by a deeper look.
    let has_more = has_more || (outcome.found.hits.len() < outcome.found.total && wanted.most < DEEP);
    let ids: Vec<ProductId> = hits.iter().map(|hit| document::whole(hit.id)).collect();
    let cards = catalog::api::cards(rx, &ids)?;
    let counts = match &outcome.found.counts {
        Some(counts) => Some(counts_view(rx, counts)?),
        None => None,
    };
    let marking = (!wanted.query.is_empty()).then(|| {
        let jieba = search.0.words.dictionary();
        (Plan::of(&jieba, &wanted.query), Arc::clone(&search.0.synonyms.read()))
    });
    let marks = |title: &str| {
        let found = marking.as_ref().map(|(plan, synonyms)| marks::marks(plan, synonyms, title));
        found.unwrap_or_default().into_iter().map(|(from, to)| Mark { from, to }).collect()
    };
    let next_cursor = if has_more { hits.last().map(|hit| cursor(hit).encode()) } else { None };
    let items = cards.into_iter().map(|product| FoundProduct { marks: marks(product.title()), product });
    Ok(SearchResult {
        items: items.collect(),
        next_cursor,
        total: outcome.found.total,
        is_loose: outcome.is_loose,
        meant: outcome.meant.clone(),
        counts,
    })
}

fn yuan(minor: u64) -> Money {
    Money::new(i64::try_from(minor).unwrap_or(i64::MAX), base::Currency::CNY)
}

fn most_first<K: Ord>(counts: impl IntoIterator<Item = (K, u32)>) -> Vec<(K, u32)> {
    let mut counts: Vec<(K, u32)> = counts.into_iter().collect();
    counts.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
    counts
}

fn counts_view(rx: &mut Rx, counts: &Counts) -> Result<CountsView, DbError> {
    let categories = most_first(counts.categories.iter().map(|(place, count)| (*place, *count)));
    let categories = categories.into_iter().filter_map(|(place, count)| {
        Some(CategoryCount { category: document::category_at(place)?.id(), count })
    });
    let merchants = counts.merchants.iter().map(|(id, count)| (document::whole::<MerchantId>(*id), *count));
    let mut merchants = most_first(merchants);
    merchants.truncate(MERCHANTS_SHOWN);
    let ids: Vec<MerchantId> = merchants.iter().map(|(id, _)| *id).collect();
    let names = people::api::merchant_names(rx, &ids)?;
    let merchants = merchants.into_iter().map(|(merchant, count)| MerchantCount {
        merchant,
        name: names.get(&merchant).cloned().unwrap_or_default(),
        count,
    });
    Ok(CountsView {
        categories: categories.collect(),
        merchants: merchants.collect(),
        facts: fact_counts(counts),
        prices: bands(&counts.prices),
        together: counts.together,
    })
}

/// The facts that most have, each with its commonest values. One that has a single value narrows nothing down.
fn fact_counts(counts: &Counts) -> Vec<FactCount> {
    let mut by_name: BTreeMap<&str, Vec<(&str, u32)>> = BTreeMap::new();
    for (fact, count) in &counts.facts {
        if let Some((name, value)) = fact.split_once(BETWEEN) {
            by_name.entry(name).or_default().push((value, *count));
        }
    }
    let sum =
        |values: &[(&str, u32)]| values.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
    let facts = by_name.into_iter().filter(|(_, values)| values.len() > 1);
    let facts = most_first(facts.map(|(name, values)| ((name, most_first(values.clone())), sum(&values))));
    let view = |(name, values): (&str, Vec<(&str, u32)>)| FactCount {
        name: name.to_owned(),
        values: values
            .into_iter()
            .take(VALUES_SHOWN)
            .map(|(value, count)| ValueCount { value: value.to_owned(), count })
            .collect(),
    };
    facts.into_iter().take(FACTS_SHOWN).map(|(fact, _)| view(fact)).collect()
}

/// A round number of minor units not above this one: 1, 2 or 5 with noughts.
fn round_down(price: u64) -> u64 {
    let mut step = 1_u64;
    while step.saturating_mul(10) <= price {
        step = step.saturating_mul(10);
    }
    [5, 2, 1].into_iter().map(|n| step.saturating_mul(n)).find(|round| *round <= price).unwrap_or(price)
}

/// Bands of prices with about as many products each, cut at round numbers.
fn bands(prices: &[u64]) -> Vec<BandCount> {
    let mut prices = prices.to_vec();
    prices.sort_unstable();
    let (Some(lowest), Some(highest)) = (prices.first().copied(), prices.last().copied()) else {
        return Vec::new();
    };
    let mut cuts: Vec<u64> = (1..BANDS)
        .filter_map(|n| prices.get(prices.len().saturating_mul(n) / BANDS))
        .map(|price| round_down(*price))
        .filter(|cut| *cut > lowest)
        .collect();
    cuts.dedup();
    let starts = std::iter::once(lowest).chain(cuts.iter().copied());
    let ends = cuts.iter().map(|cut| cut.saturating_sub(1)).chain([highest]);
    let count = |from: u64, to: u64| {
        prices
            .partition_point(|price| *price <= to)
            .saturating_sub(prices.partition_point(|price| *price < from))
    };
    let bands = starts.zip(ends).map(|(from, to)| BandCount {
        from: yuan(from),
        to: yuan(to),
        count: count(from, to),
    });
    bands.filter(|band| band.count > 0).collect()
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new()).routes(routes!(search_products))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_fall_into_bands_with_round_ends() {
        let prices: Vec<u64> = (1..=100).map(|n| n * 90).collect();
        let found: Vec<_> =
            bands(&prices).into_iter().map(|b| (b.from.minor(), b.to.minor(), b.count)).collect();
        assert_eq!(found, [(90, 1_999, 22), (2_000, 4_999, 33), (5_000, 9_000, 45)]);
        assert_eq!(bands(&[5]).len(), 1);
        assert!(bands(&[]).is_empty());
    }

    #[test]
    fn facts_are_read_from_the_address() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            facts(Some("产地:山东|颜色:红:深")).unwrap(),
            [pair("产地", "山东"), pair("颜色", "红:深")]
        );
        assert!(facts(None).unwrap().is_empty());
        assert!(facts(Some("nothing")).is_err() && facts(Some(&"a:b|".repeat(11))).is_err());
    }
}
