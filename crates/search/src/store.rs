//! All SQL of search.

use base::{PersonId, SynonymId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

/// A group of words that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SynonymRow {
    pub(crate) id: SynonymId,
    pub(crate) words: Vec<String>,
    pub(crate) updated_at: Timestamp,
}

/// Words are kept in one column, with this between them; no word has it.
const BETWEEN: char = '\n';

/// Groups there may be.
pub(crate) const GROUPS_MAX: i64 = 2_000;

fn synonym(row: &Row<'_>) -> Result<SynonymRow, DbError> {
    let words: String = row.get(1)?;
    let words = words.split(BETWEEN).map(str::to_owned).collect();
    Ok(SynonymRow { id: row.get(0)?, words, updated_at: row.get(2)? })
}

fn joined(words: &[String]) -> String {
    words.join(&BETWEEN.to_string())
}

/// All groups.
pub(crate) fn all_synonyms(rx: &mut Rx) -> Result<Vec<SynonymRow>, DbError> {
    rx.list(
        "SELECT id, words, updated_at FROM search_synonym ORDER BY id LIMIT :limit",
        params!["limit" => GROUPS_MAX],
        synonym,
    )
}

/// Groups before a place, newest first.
pub(crate) fn list_synonyms(rx: &mut Rx, before: SynonymId, limit: i64) -> Result<Vec<SynonymRow>, DbError> {
    rx.list(
        "SELECT id, words, updated_at FROM search_synonym WHERE id < :before ORDER BY id DESC LIMIT :limit",
        params!["before" => before, "limit" => limit],
        synonym,
    )
}

pub(crate) fn find_synonym(rx: &mut Rx, id: SynonymId) -> Result<Option<SynonymRow>, DbError> {
    rx.opt("SELECT id, words, updated_at FROM search_synonym WHERE id = :id", params!["id" => id], synonym)
}

/// Makes a group; `false` when there are as many as there may be. Two at once may make one more.
pub(crate) fn insert_synonym(tx: &mut Tx, id: SynonymId, words: &[String]) -> Result<bool, DbError> {
    let now = tx.now();
    let made = tx.execute(
        "INSERT INTO search_synonym (id, words, created_at, updated_at)
         SELECT :id, :words, :now, :now WHERE (SELECT COUNT(*) FROM search_synonym) < :most",
        params!["id" => id, "words" => joined(words), "now" => now, "most" => GROUPS_MAX],
    )?;
    Ok(made == 1)
}

/// Writes a group anew; `false` when it is gone.
pub(crate) fn update_synonym(tx: &mut Tx, id: SynonymId, words: &[String]) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE search_synonym SET words = :words, updated_at = :now WHERE id = :id",
        params!["id" => id, "words" => joined(words), "now" => now],
    )?;
    Ok(changed == 1)
}

/// Removes a group; `false` when it is gone.
pub(crate) fn delete_synonym(tx: &mut Tx, id: SynonymId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM search_synonym WHERE id = :id", params!["id" => id])? == 1)
}

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskedRow {
    pub(crate) day: i64,
    pub(crate) person: PersonId,
    pub(crate) query: String,
    pub(crate) found: i64,
}

/// Different queries of one person that count on one day.
const ASKED_MAX: i64 = 40;

/// Counts a query: once for each person and day, and so many of one person a day.
pub(crate) fn note_asked(tx: &mut Tx, asked: &AskedRow) -> Result<(), DbError> {
    let AskedRow { day, person, query, found } = asked;
    let is_new = tx.execute(
        "INSERT INTO search_asker (person, day, query)
         SELECT :person, :day, :query
         WHERE (SELECT COUNT(*) FROM search_asker WHERE person = :person AND day = :day) < :most
         ON CONFLICT (person, day, query) DO NOTHING",
        params!["person" => *person, "day" => *day, "query" => query, "most" => ASKED_MAX],
    )? == 1;
    if !is_new {
        return Ok(());
    }
    let now = tx.now();
    tx.later(
        "INSERT INTO search_query (day, query, people, found, asked_at) VALUES (:day, :query, 1, :found, :now)
         ON CONFLICT (day, query) DO UPDATE SET people = search_query.people + excluded.people,
             found = excluded.found, asked_at = excluded.asked_at",
        params!["day" => *day, "query" => query, "found" => *found, "now" => now],
    )
}

/// A query and how many people asked it; somebody who did on two days counts twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CountedRow {
    pub(crate) query: String,
    pub(crate) people: i64,
    pub(crate) asked_at: Timestamp,
}

fn counted(row: &Row<'_>) -> Result<CountedRow, DbError> {
    Ok(CountedRow { query: row.get(0)?, people: row.get(1)?, asked_at: row.get(2)? })
}

/// What most people asked for since a day and found.
pub(crate) fn list_hot(rx: &mut Rx, since: i64, least: i64, limit: i64) -> Result<Vec<CountedRow>, DbError> {
    rx.list(
        "SELECT query, CAST(SUM(people) AS BIGINT) AS askers, MAX(asked_at) FROM search_query
         WHERE day >= :since AND found > 0 GROUP BY query HAVING CAST(SUM(people) AS BIGINT) >= :least
         ORDER BY askers DESC, query LIMIT :limit",
        params!["since" => since, "least" => least, "limit" => limit],
        counted,
    )
}

/// What most people asked for since a day and did not find.
pub(crate) fn list_missed(rx: &mut Rx, since: i64, limit: i64) -> Result<Vec<CountedRow>, DbError> {
    rx.list(
        "SELECT query, CAST(SUM(people) AS BIGINT) AS askers, MAX(asked_at) FROM search_query
         WHERE day >= :since AND found = 0 GROUP BY query ORDER BY askers DESC, query LIMIT :limit",
        params!["since" => since, "limit" => limit],
        counted,
    )
}

/// Forgets who asked before a day; answers how many rows are gone.
pub(crate) fn purge_askers(tx: &mut Tx, before: i64, batch: i64) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM search_asker WHERE (person, day, query) IN (SELECT person, day, query FROM search_asker
             WHERE day < :before ORDER BY day, person, query LIMIT :batch)",
        params!["before" => before, "batch" => batch],
    )
}

/// Forgets what one person alone asked for before a day: it may be about that person. Answers how many rows are gone.
pub(crate) fn purge_rare(tx: &mut Tx, before: i64, batch: i64) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM search_query WHERE (day, query) IN (SELECT day, query FROM search_query
             WHERE day < :before AND people <= 1 ORDER BY day, query LIMIT :batch)",
        params!["before" => before, "batch" => batch],
    )
}

/// Forgets what was asked before a day; answers how many rows are gone.
pub(crate) fn purge_queries(tx: &mut Tx, before: i64, batch: i64) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM search_query WHERE (day, query) IN (SELECT day, query FROM search_query
             WHERE day < :before ORDER BY day, query LIMIT :batch)",
        params!["before" => before, "batch" => batch],
    )
}

/// Forgets what somebody asked for who has left; words that nobody else asked for on a day go too. Answers how many
/// rows are gone.
pub(crate) fn forget_asker(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM search_query WHERE people <= 1
         AND (day, query) IN (SELECT day, query FROM search_asker WHERE person = :person)",
        params!["person" => person],
    )?;
    tx.execute(
        "UPDATE search_query SET people = people - 1
         WHERE (day, query) IN (SELECT day, query FROM search_asker WHERE person = :person)",
        params!["person" => person],
    )?;
    tx.execute("DELETE FROM search_asker WHERE person = :person", params!["person" => person])
}
