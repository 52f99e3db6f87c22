//! The index on disk: a folder that this node keeps for itself, together with the place it has come to in the feed of
//! changes. It can always be made anew from the store.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use base::ProductId;
use catalog::api::Listed;
use jieba_rs::Jieba;
use serde::{Deserialize, Serialize};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher};

use crate::document::{self, FORM, Fields};

/// Nodes of one machine that may share a data folder.
const SLOTS: usize = 16;
/// What the writer may hold before it writes a part of the index; the least that there may be.
const WRITER_BYTES: usize = 15_000_000;

/// Why the index could not be used. It never says anything about the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    #[error("the folder of the index: {0}")]
    Folder(#[from] std::io::Error),
    #[error("the index: {0}")]
    Index(#[from] tantivy::TantivyError),
    #[error("the folders of {SLOTS} other processes are in {0}")]
    NoSlot(PathBuf),
}

/// How far an index has come. It is committed with the documents, so that a crash cannot part them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    form: u32,
    /// What the store said of itself; another store needs another index.
    store: i64,
    /// The last number dealt with of each shard of the feed.
    pub(crate) shards: BTreeMap<i64, i64>,
}

/// A folder of this process alone.
struct Slot {
    folder: PathBuf,
    /// Held as long as the process uses the folder.
    _lock: File,
}

impl Slot {
    fn take(base: &Path) -> Result<Self, IndexError> {
        for number in 0..SLOTS {
            let folder = base.join(number.to_string());
            fs::create_dir_all(&folder)?;
            let lock = File::create(folder.join("lock"))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { folder, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        Err(IndexError::NoSlot(base.to_path_buf()))
    }
}

/// The index of this node.
pub(crate) struct Store {
    slot: Slot,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    writer: Option<IndexWriter>,
    place: Place,
}

/// One product's change.
pub(crate) enum Change {
    /// It is on sale like this.
    Put(Box<Listed>),
    /// It is not on sale.
    Remove(ProductId),
}

impl Store {
    /// Opens the index in a folder under `base`, for a store that says this of itself. One that is missing, damaged or
    /// of another form or store becomes an empty one.
    pub(crate) fn open(base: &Path, store: i64) -> Result<Self, IndexError> {
        let slot = Slot::take(base)?;
        let folder = slot.folder.join("index");
        let (index, reader, place) = match sound(&folder, store) {
            Ok(found) => found,
            Err(reason) => {
                tracing::info!(reason, "the index for search is made anew");
                let index = empty(&folder)?;
                let reader = reader(&index)?;
                (index, reader, Place { form: FORM, store, ..Place::default() })
            }
        };
        let fields = Fields::of(&index.schema())?;
        Ok(Self { slot, index, reader, fields, writer: None, place })
    }

    /// Throws everything away.
    pub(crate) fn clear(&mut self, store: i64) -> Result<(), IndexError> {
        self.writer = None;
        self.index = empty(&self.slot.folder.join("index"))?;
        self.reader = reader(&self.index)?;
        self.place = Place { form: FORM, store, ..Place::default() };
        Ok(())
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub(crate) fn fields(&self) -> Fields {
        self.fields
    }

    /// Makes the changes and goes on to `shards`: both or neither, also when the process ends in the middle. What is
    /// found afterwards has them.
    pub(crate) fn apply(
        &mut self,
        jieba: &Jieba,
        changes: Vec<Change>,
        shards: BTreeMap<i64, i64>,
    ) -> Result<(), IndexError> {
        let place = Place { shards, ..self.place.clone() };
        let (schema, fields) = (self.index.schema(), self.fields);
        let writer = self.writer()?;
        for change in changes {
            match change {
                Change::Put(product) => {
                    writer.delete_term(document::key(&fields, product.id));
                    writer.add_document(document::document(&fields, &schema, jieba, &product))?;
                }
                Change::Remove(product) => {
                    writer.delete_term(document::key(&fields, product));
                }
            }
        }
        let mut prepared = writer.prepare_commit()?;
        let told = serde_json::to_string(&place)
            .map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))?;
        prepared.set_payload(&told);
        prepared.commit()?;
        self.place = place;
        self.reader.reload()?;
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, IndexError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let options = IndexWriterOptions::builder()
                    .num_worker_threads(1)
                    .memory_budget_per_thread(WRITER_BYTES)
                    .num_merge_threads(1)
                    .build();
                let writer: IndexWriter = self.index.writer_with_options(options)?;
                let mut policy = LogMergePolicy::default();
                policy.set_min_num_segments(4);
                policy.set_del_docs_ratio_before_merge(0.3);
                writer.set_merge_policy(Box::new(policy));
                writer
            }
        };
        Ok(self.writer.insert(writer))
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.writer.is_some()
    }

    /// Lets go of the writer's threads and memory; the next change takes them again.
    pub(crate) fn rest(&mut self) -> Result<(), IndexError> {
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
            self.reader.reload()?;
        }
        Ok(())
    }
}

/// The index in a folder with its place, or why it cannot be used.
fn sound(folder: &Path, store: i64) -> Result<(Index, IndexReader, Place), String> {
    let index = Index::open_in_dir(folder).map_err(|error| error.to_string())?;
    let damaged = index.validate_checksum().map_err(|error| error.to_string())?;
    if !damaged.is_empty() {
        return Err(format!("{} of its files are damaged", damaged.len()));
    }
    let meta = index.load_metas().map_err(|error| error.to_string())?;
    let told = meta.payload.ok_or("it does not say how far it has come")?;
    let place: Place = serde_json::from_str(&told).map_err(|error| error.to_string())?;
    if place.form != FORM || index.schema() != document::schema() {
        return Err("it has another form".to_owned());
    }
    if place.store != store {
        return Err("it belongs to another store".to_owned());
    }
    let reader = reader(&index).map_err(|error| error.to_string())?;
    Ok((index, reader, place))
}

fn reader(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()
}

fn empty(folder: &Path) -> Result<Index, IndexError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    fs::create_dir_all(folder)?;
    Ok(Index::create_in_dir(folder, document::schema())?)
}
