//! Keeping the index of this node at what the store says: it follows the catalogue's feed of changes.
//!
//! The place in the feed is committed with the documents. After a crash the index is what it was at its last commit,
//! and goes on from there; what it had only in memory it reads again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use base::ProductId;
use db::{Db, DbError, Lane, Mark, Rx, Tx};
use tokio::sync::watch;

use crate::asked::{self, DAYS};
use crate::index::{Change, IndexError, Store};
use crate::search::{Search, View};
use crate::store;
use crate::suggest::Suggestions;
use crate::synonyms::Synonyms;

/// Changes read at once, and dealt with in one commit of the index.
const READ_MAX: i64 = 256;
const COMMIT_MAX: usize = 4_096;
/// How often it is looked whether something was written; costs nothing when nothing was, for a second.
const LOOK: Duration = Duration::from_millis(50);
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// After so long without a change the writer goes.
const QUIET: Duration = Duration::from_secs(20);
/// How often queries are written down, and the list of what many ask for is read.
const WRITE_ASKED: Duration = Duration::from_secs(3);
const READ_HOT: Duration = Duration::from_secs(20);
/// A query is shown to others when so many people asked it within the days that count.
const HOT_LEAST: i64 = 2;
const HOT_MAX: i64 = 500;
/// What the store is called by those who keep something beside it.
pub const STORE: &str = "search_store";

/// Why the index could not be kept up to date. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The index failed.
    #[error("{0}")]
    Index(String),
}

impl From<IndexError> for FollowError {
    fn from(error: IndexError) -> Self {
        Self::Index(error.to_string())
    }
}

/// Keeps the index of one [`Search`] at what the store says.
pub struct Follower {
    search: Search,
    db: Db,
    store: Option<Store>,
    /// Holds while nothing was written that matters here.
    mark: Option<Mark>,
    state: u64,
    changed_at: Instant,
    suggested: (u64, Instant),
    wrote_asked: Instant,
    read_hot: Option<Instant>,
}

/// What one look at the store found.
struct Looked {
    ends: Vec<(i64, i64)>,
    synonyms: Vec<Vec<String>>,
}

fn look(rx: &mut Rx) -> Result<Looked, DbError> {
    let ends = catalog::api::feed_ends(rx)?;
    let synonyms = store::all_synonyms(rx)?.into_iter().map(|row| row.words).collect();
    Ok(Looked { ends, synonyms })
}

/// Changes read, and how far that is.
#[derive(Default)]
struct Batch {
    changes: BTreeMap<ProductId, Change>,
    shards: BTreeMap<i64, i64>,
}

impl Follower {
    /// A follower of `db` for `search`.
    pub fn new(search: Search, db: Db) -> Self {
        let now = Instant::now();
        Self {
            search,
            db,
            store: None,
            mark: None,
            state: 0,
            changed_at: now,
            suggested: (0, now),
            wrote_asked: now,
            read_hot: None,
        }
    }

    /// Follows until told to stop.
    pub async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            let pause = match self.step().await {
                Ok(true) => continue,
                Ok(false) => LOOK,
                Err(FollowError::Db(DbError::Closed)) => return,
                Err(error) => {
                    tracing::error!(%error, "search does not follow the catalogue");
                    // What is open may be damaged; it is looked at again from the beginning.
                    self.store = None;
                    self.mark = None;
                    AFTER_ERROR
                }
            };
            if tokio::time::timeout(pause, stopping.changed()).await.is_ok() {
                break;
            }
        }
        if let Err(error) = self.search.0.asked.write(&self.db).await {
            tracing::warn!(%error, "what was searched for in the end is not counted");
        }
    }

    /// Goes on until the index is at what the store says now.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub async fn catch_up(&mut self) -> Result<(), FollowError> {
        self.mark = None;
        while self.step().await? {}
        self.suggest().await?;
        self.search.0.asked.write(&self.db).await?;
        self.hot().await
    }

    /// One look; `true` when there may be more to do at once.
    async fn step(&mut self) -> Result<bool, FollowError> {
        if self.store.is_none() {
            self.open().await?;
        }
        if self.mark.as_ref().is_none_or(|mark| !self.db.holds(mark)) && self.follow().await? {
            return Ok(true);
        }
        self.keep_house().await?;
        Ok(false)
    }

    async fn open(&mut self) -> Result<(), FollowError> {
        let id = store_id(&self.db).await?;
        let folder = self.search.0.folder.clone();
        let store = in_background(move || Ok(Store::open(&folder, id)?)).await?;
        self.store = Some(store);
        self.show();
        Ok(())
    }

    /// Makes what the index has now what is found.
    fn show(&mut self) {
        let Some(store) = &self.store else { return };
        self.state = self.search.0.states.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let view = View { searcher: store.searcher(), fields: store.fields(), state: self.state };
        *self.search.0.view.write() = Some(Arc::new(view));
    }

    async fn follow(&mut self) -> Result<bool, FollowError> {
        let start = self.db.commits_seen();
        let read = |rx: &mut Rx| {
            rx.watch_tables();
            Ok((look(rx)?, rx.tables_watched()))
        };
        let (looked, tables) = self.db.read_in::<_, DbError, _>(Lane::Background, read).await?;
        self.take_synonyms(&looked.synonyms);
        let place = self.store.as_ref().map(|store| store.place().shards.clone()).unwrap_or_default();
        let at = |shard: &i64| place.get(shard).copied().unwrap_or(0);
        if looked.ends.iter().any(|(shard, last)| at(shard) > *last) {
            // The store is an older one than the index has seen.
            self.clear().await?;
            return Ok(true);
        }
        let behind: Vec<i64> =
            looked.ends.iter().filter(|(shard, last)| at(shard) < *last).map(|(shard, _)| *shard).collect();
        if behind.is_empty() {
            self.search.0.is_ready.store(true, Ordering::Release);
            self.mark = self.db.mark(start, tables);
            return Ok(false);
        }
        let batch = self.read(place, behind, looked.ends).await?;
        self.apply(batch).await?;
        Ok(true)
    }

    /// Reads changes of shards that are behind, as many as one commit takes.
    async fn read(
        &self,
        place: BTreeMap<i64, i64>,
        behind: Vec<i64>,
        ends: Vec<(i64, i64)>,
    ) -> Result<Batch, FollowError> {
        let ends: BTreeMap<i64, i64> = ends.into_iter().collect();
        let mut batch = Batch { shards: place, ..Batch::default() };
        for shard in behind {
            loop {
                let after = batch.shards.get(&shard).copied().unwrap_or(0);
                let read = move |rx: &mut Rx| {
                    let changed = catalog::api::changes_after(rx, shard, after, READ_MAX)?;
                    let ids: Vec<ProductId> = changed.iter().map(|(_, product)| *product).collect();
                    Ok((changed, catalog::api::listed(rx, &ids)?))
                };
                let (changed, listed) = self.db.read_long::<_, DbError, _>(read).await?;
                let is_last = i64::try_from(changed.len()).unwrap_or(0) < READ_MAX;
                batch.changes.extend(changed.iter().map(|(_, product)| (*product, Change::Remove(*product))));
                for product in listed.into_iter().filter(|product| product.is_on_sale) {
                    batch.changes.insert(product.id, Change::Put(Box::new(product)));
                }
                // Numbers that are not there belong to products that were changed again: they come later.
                let seen = changed.last().map_or(after, |(number, _)| *number);
                let reached = if is_last { seen.max(ends.get(&shard).copied().unwrap_or(0)) } else { seen };
                batch.shards.insert(shard, reached);
                if batch.changes.len() >= COMMIT_MAX {
                    return Ok(batch);
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(batch)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), FollowError> {
        let Some(mut store) = self.store.take() else { return Ok(()) };
        let search = self.search.clone();
        let store = in_background(move || {
            let jieba = search.0.words.dictionary();
            store.apply(&jieba, batch.changes.into_values().collect(), batch.shards)?;
            Ok(store)
        });
        self.store = Some(store.await?);
        self.changed_at = Instant::now();
        self.show();
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), FollowError> {
        let id = store_id(&self.db).await?;
        let Some(mut store) = self.store.take() else { return Ok(()) };
        self.search.0.is_ready.store(false, Ordering::Release);
        tracing::warn!("the index for search is ahead of the store and is made anew");
        let cleared = in_background(move || {
            store.clear(id)?;
            Ok(store)
        });
        self.store = Some(cleared.await?);
        self.show();
        Ok(())
    }

    fn take_synonyms(&mut self, own: &[Vec<String>]) {
        let table = Synonyms::with(own);
        if **self.search.0.synonyms.read() != table {
            *self.search.0.synonyms.write() = Arc::new(table);
            self.show();
        }
    }

    /// What has time: suggestions, counts, giving memory back.
    async fn keep_house(&mut self) -> Result<(), FollowError> {
        self.search.0.words.rest();
        if self.suggested.0 != self.state && self.suggested.1.elapsed() > LOOK {
            self.suggest().await?;
        }
        if self.wrote_asked.elapsed() > WRITE_ASKED {
            self.wrote_asked = Instant::now();
            self.search.0.asked.write(&self.db).await?;
        }
        if self.read_hot.is_none_or(|at| at.elapsed() > READ_HOT) {
            self.hot().await?;
        }
        if self.changed_at.elapsed() > QUIET
            && let Some(mut store) = self.store.take_if(|store| store.is_writing())
        {
            let rested = in_background(move || {
                store.rest()?;
                Ok(store)
            });
            self.store = Some(rested.await?);
            self.show();
        }
        Ok(())
    }

    async fn suggest(&mut self) -> Result<(), FollowError> {
        let (search, begun) = (self.search.clone(), Instant::now());
        in_background(move || {
            let view = search.0.view.read().clone();
            if let Some(view) = view {
                let made = Suggestions::of(&view.searcher, &view.fields).map_err(IndexError::from)?;
                *search.0.suggestions.write() = Arc::new(made);
            }
            Ok(())
        })
        .await?;
        // The more there is to go through, the more rarely.
        let next = begun.elapsed().saturating_mul(10);
        self.suggested = (self.state, Instant::now().checked_add(next).unwrap_or(begun));
        Ok(())
    }

    async fn hot(&mut self) -> Result<(), FollowError> {
        self.read_hot = Some(Instant::now());
        let read = |rx: &mut Rx| {
            let since = asked::day(rx.now()).saturating_sub(DAYS);
            store::list_hot(rx, since, HOT_LEAST, HOT_MAX)
        };
        let rows = self.db.read_in::<_, DbError, _>(Lane::Background, read).await?;
        *self.search.0.hot.write() = Arc::new(rows.into_iter().map(|row| row.query).collect());
        Ok(())
    }
}

/// Work that would hold up requests, on a thread of its own.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FollowError> + Send + 'static,
) -> Result<T, FollowError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| FollowError::Index(error.to_string()))?
}

/// What the store is called; it gets a name when it has none.
async fn store_id(db: &Db) -> Result<i64, DbError> {
    let read = |rx: &mut Rx| db::fact(rx, STORE);
    if let Some(id) = db.read_in::<_, DbError, _>(Lane::Background, read).await? {
        return Ok(id);
    }
    db.write::<_, DbError, _>(Lane::Background, name_store).await?;
    // Another node may have been faster.
    db.read_in::<_, DbError, _>(Lane::Background, read).await.map(Option::unwrap_or_default)
}

/// Gives the store a name. One that was put back to an earlier state has none, so that every node makes its index anew.
fn name_store(tx: &mut Tx) -> Result<(), DbError> {
    let name = i64::try_from(tx.random_below(i64::MAX.unsigned_abs())).unwrap_or(1);
    db::set_fact(tx, STORE, name)
}
