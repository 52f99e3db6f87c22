//! All SQL of articles.

use base::{MerchantId, PersonId, ProductId, ProposalId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};
use serde::{Deserialize, Serialize};

use super::{from_json, from_word, json, word};
use crate::model::Side;

/// What is or would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) author: PersonId,
    pub(crate) side: Side,
    pub(crate) words: String,
    pub(crate) sources: Vec<String>,
    pub(crate) remark: String,
    pub(crate) created_at: Timestamp,
}

/// A revision as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevisionRow {
    pub(crate) number: i64,
    pub(crate) written: Written,
    pub(crate) restored: Option<i64>,
    pub(crate) proposal: Option<ProposalId>,
    /// Why an operator took it out of sight.
    pub(crate) hidden_for: Option<String>,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProposalState {
    /// Staff have not decided.
    Waiting,
    /// It became a revision.
    Accepted,
    Declined,
}

/// A proposal as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProposalRow {
    pub(crate) id: ProposalId,
    pub(crate) product: ProductId,
    pub(crate) merchant: MerchantId,
    pub(crate) base: i64,
    pub(crate) written: Written,
    pub(crate) state: ProposalState,
    pub(crate) note: Option<String>,
}

/// The revision of a product's article and how many proposals wait; zeros before anything was written.
pub(crate) fn find_article(rx: &mut Rx, product: ProductId) -> Result<(i64, i64), DbError> {
    let found = rx.opt(
        "SELECT revision, waiting FROM knowledge_article WHERE product = :product",
        params!["product" => product],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or((0, 0)))
}

/// Makes the row of an article, if there is none.
pub(crate) fn begin_article(tx: &mut Tx, product: ProductId, merchant: MerchantId) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO knowledge_article (product, merchant, revision, waiting, updated_at)
         VALUES (:product, :merchant, 0, 0, :now) ON CONFLICT (product) DO NOTHING",
        params!["product" => product, "merchant" => merchant, "now" => now],
    )
}

/// Takes the place after `base`; `false` when somebody else has it.
pub(crate) fn take_revision(tx: &mut Tx, product: ProductId, base: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let taken = tx.execute(
        "UPDATE knowledge_article SET revision = revision + 1, updated_at = :now
         WHERE product = :product AND revision = :base",
        params!["product" => product, "base" => base, "now" => now],
    )?;
    Ok(taken == 1)
}

pub(crate) fn insert_revision(tx: &mut Tx, product: ProductId, row: &RevisionRow) -> Result<(), DbError> {
    let written = &row.written;
    tx.later_new(
        "INSERT INTO knowledge_revision (product, number, author, side, words, sources, remark, restored, proposal,
             created_at)
         VALUES (:product, :number, :author, :side, :words, :sources, :remark, :restored, :proposal, :created)",
        params![
            "product" => product, "number" => row.number, "author" => written.author,
            "side" => word(written.side)?, "words" => written.words.clone(), "sources" => json(&written.sources)?,
            "remark" => written.remark.clone(), "restored" => row.restored, "proposal" => row.proposal,
            "created" => written.created_at,
        ],
    )
}

fn written(row: &Row<'_>, first: usize) -> Result<Written, DbError> {
    let at = |n: usize| first.saturating_add(n);
    Ok(Written {
        author: row.get(at(0))?,
        side: from_word(row.get(at(1))?)?,
        words: row.get(at(2))?,
        sources: from_json(&row.get::<String>(at(3))?)?,
        remark: row.get(at(4))?,
        created_at: row.get(at(5))?,
    })
}

fn revision(row: &Row<'_>) -> Result<RevisionRow, DbError> {
    Ok(RevisionRow {
        number: row.get(0)?,
        restored: row.get(1)?,
        proposal: row.get(2)?,
        hidden_for: row.get(3)?,
        written: written(row, 4)?,
    })
}

pub(crate) fn find_revision(
    rx: &mut Rx,
    product: ProductId,
    number: i64,
) -> Result<Option<RevisionRow>, DbError> {
    rx.opt(
        "SELECT number, restored, proposal, hidden_for, author, side, words, sources, remark, created_at
         FROM knowledge_revision WHERE product = :product AND number = :number",
        params!["product" => product, "number" => number],
        revision,
    )
}

/// Takes an old revision out of sight, or with no reason back into it; `false` when it is there or not already, or is
/// the one in force.
pub(crate) fn hide_revision(
    tx: &mut Tx,
    (product, number): (ProductId, i64),
    reason: Option<&str>,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE knowledge_revision SET hidden_for = :reason
         WHERE product = :product AND number = :number
             AND CASE WHEN hidden_for IS NULL THEN 0 ELSE 1 END <> :hidden
             AND number < (SELECT a.revision FROM knowledge_article a WHERE a.product = :product)",
        params![
            "product" => product, "number" => number, "hidden" => i64::from(reason.is_some()),
            "reason" => reason.map(str::to_owned),
        ],
    )?;
    Ok(changed == 1)
}

/// Revisions without their texts, newest first.
pub(crate) fn list_revisions(
    rx: &mut Rx,
    product: ProductId,
    before: i64,
    limit: i64,
) -> Result<Vec<RevisionRow>, DbError> {
    rx.list(
        "SELECT number, restored, proposal, hidden_for, author, side, '', '[]', remark, created_at
         FROM knowledge_revision WHERE product = :product AND number < :before
         ORDER BY product DESC, number DESC LIMIT :limit",
        params!["product" => product, "before" => before, "limit" => limit],
        revision,
    )
}

const PROPOSAL: &str =
    "SELECT id, product, merchant, base, state, note, author, side, words, sources, remark, created_at
    FROM knowledge_proposal";

fn proposal(row: &Row<'_>) -> Result<ProposalRow, DbError> {
    Ok(ProposalRow {
        id: row.get(0)?,
        product: row.get(1)?,
        merchant: row.get(2)?,
        base: row.get(3)?,
        state: from_word(row.get(4)?)?,
        note: row.get(5)?,
        written: written(row, 6)?,
    })
}

pub(crate) fn find_proposal(rx: &mut Rx, id: ProposalId) -> Result<Option<ProposalRow>, DbError> {
    rx.opt(&format!("{PROPOSAL} WHERE id = :id"), params!["id" => id], proposal)
}

/// What waits for a shop's staff, oldest first.
pub(crate) fn list_proposals(
    rx: &mut Rx,
    merchant: MerchantId,
    after: ProposalId,
    limit: i64,
) -> Result<Vec<ProposalRow>, DbError> {
    rx.list(
        &format!(
            "{PROPOSAL} WHERE merchant = :merchant AND state = 'waiting' AND id > :after
             ORDER BY merchant, state, id LIMIT :limit"
        ),
        params!["merchant" => merchant, "after" => after, "limit" => limit],
        proposal,
    )
}

/// What one person proposed, newest first.
pub(crate) fn list_own_proposals(
    rx: &mut Rx,
    author: PersonId,
    before: ProposalId,
    limit: i64,
) -> Result<Vec<ProposalRow>, DbError> {
    rx.list(
        &format!(
            "{PROPOSAL} WHERE author = :author AND id < :before ORDER BY author DESC, id DESC LIMIT :limit"
        ),
        params!["author" => author, "before" => before, "limit" => limit],
        proposal,
    )
}

/// Writes a proposal; `false` when too many wait for this product.
pub(crate) fn insert_proposal(tx: &mut Tx, row: &ProposalRow, waiting_max: i64) -> Result<bool, DbError> {
    let taken = tx.execute(
        "UPDATE knowledge_article SET waiting = waiting + 1 WHERE product = :product AND waiting < :max",
        params!["product" => row.product, "max" => waiting_max],
    )?;
    if taken != 1 {
        return Ok(false);
    }
    let written = &row.written;
    tx.later_new(
        "INSERT INTO knowledge_proposal (id, product, merchant, base, author, side, words, sources, remark, state,
             created_at)
         VALUES (:id, :product, :merchant, :base, :author, :side, :words, :sources, :remark, 'waiting', :created)",
        params![
            "id" => row.id, "product" => row.product, "merchant" => row.merchant, "base" => row.base,
            "author" => written.author, "side" => word(written.side)?, "words" => written.words.clone(),
            "sources" => json(&written.sources)?, "remark" => written.remark.clone(),
            "created" => written.created_at,
        ],
    )?;
    Ok(true)
}

/// Notes what became of a proposal that waits; `false` when somebody else has decided.
pub(crate) fn end_proposal(
    tx: &mut Tx,
    (id, product): (ProposalId, ProductId),
    state: ProposalState,
    note: Option<&str>,
) -> Result<bool, DbError> {
    let decided = tx.execute(
        "UPDATE knowledge_proposal SET state = :state, note = :note WHERE id = :id AND state = 'waiting'",
        params!["id" => id, "state" => word(state)?, "note" => note.map(str::to_owned)],
    )?;
    if decided == 1 {
        tx.later_one(
            "UPDATE knowledge_article SET waiting = waiting - 1 WHERE product = :product",
            params!["product" => product],
        )?;
    }
    Ok(decided == 1)
}

/// Ends the proposals of somebody who has left and takes their words away, a few at a time, and the remarks off what
/// the person wrote into articles; answers how many rows that were.
pub(crate) fn forget_author(tx: &mut Tx, author: PersonId) -> Result<u64, DbError> {
    let waiting: Vec<(ProposalId, ProductId)> = tx.list(
        "SELECT id, product FROM knowledge_proposal WHERE author = :author AND state = 'waiting'
         ORDER BY id LIMIT 20",
        params!["author" => author],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut gone = 0_u64;
    for (id, product) in waiting {
        gone =
            gone.saturating_add(u64::from(end_proposal(tx, (id, product), ProposalState::Declined, None)?));
    }
    let proposals = tx.execute(
        "UPDATE knowledge_proposal SET words = '', sources = '[]', remark = '', note = NULL WHERE id IN (
             SELECT id FROM knowledge_proposal WHERE author = :author AND state <> 'waiting'
                 AND (words <> '' OR remark <> '' OR note IS NOT NULL) ORDER BY id LIMIT 100)",
        params!["author" => author],
    )?;
    let remarks = tx.execute(
        "UPDATE knowledge_revision SET remark = '' WHERE (product, number) IN (
             SELECT product, number FROM knowledge_revision WHERE author = :author AND remark <> ''
             ORDER BY product, number LIMIT 100)",
        params!["author" => author],
    )?;
    Ok(gone.saturating_add(proposals).saturating_add(remarks))
}
