//! What this module keeps about people: what they said.

use base::PersonId;
use db::{DbError, Tx};
use rest::{Fate, Held, Personal, Place};

use crate::model::Standing;
use crate::store;

/// What this module keeps about people. Posts leave the public and lose their words. An article belongs to all who
/// read it: what somebody wrote into it stays, without a name; proposals that nobody accepted go.
pub(crate) const PERSONAL: Personal = Personal { held: HELD, binds: None, erase: Some(erase) };

const HELD: &[Held] = &[
    Held {
        name: "knowledge.post",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__pst, kind, product AS product__prd, side, anonymous, words, question AS question__pst,
                   stars, tags AS tags__json, bought AS bought__json, order_id AS order__ord, line, follow_up, follow_up_at,
                   reply, reply_at, standing, note, created_at
               FROM knowledge_post WHERE author = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "knowledge.vote",
        fate: Fate::Kept,
        place: &[Place::Bytes],
        rows: "SELECT post, post AS post__pst, at FROM knowledge_vote
               WHERE person = :person AND post > :after ORDER BY post LIMIT :limit",
    },
    Held {
        name: "knowledge.report",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT post, post AS post__pst, reason, words, at FROM knowledge_report
               WHERE person = :person AND post > :after ORDER BY post LIMIT :limit",
    },
    Held {
        name: "knowledge.revision",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Int],
        rows: "SELECT product, number, product AS product__prd, number, side, words, sources AS sources__json, remark,
                   created_at
               FROM knowledge_revision WHERE author = :person AND (product, number) > (:after, :then)
               ORDER BY product, number LIMIT :limit",
    },
    Held {
        name: "knowledge.proposal",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT id, id AS id__prp, product AS product__prd, words, sources AS sources__json, remark, state, note,
                   created_at
               FROM knowledge_proposal WHERE author = :person AND id > :after ORDER BY id LIMIT :limit",
    },
    Held {
        name: "knowledge.list",
        fate: Fate::Removed,
        place: &[Place::Bytes],
        rows: "SELECT l.id, l.id AS id__lst, l.title AS title, CASE WHEN l.owner = :person THEN 1 ELSE 0 END AS is_owner,
                   m.state AS state, m.joined_at AS joined_at
               FROM knowledge_list_member m JOIN knowledge_list l ON l.id = m.list
               WHERE m.person = :person AND l.id > :after ORDER BY l.id LIMIT :limit",
    },
    Held {
        name: "knowledge.list_item",
        fate: Fate::Removed,
        place: &[Place::Bytes, Place::Bytes],
        rows: "SELECT list, sku, list AS list__lst, sku AS sku__sku, note, added_at FROM knowledge_list_item
               WHERE added_by = :person AND (list, sku) > (:after, :then) ORDER BY list, sku LIMIT :limit",
    },
    Held {
        name: "knowledge.list_vote",
        fate: Fate::Kept,
        place: &[Place::Bytes, Place::Bytes],
        rows: "SELECT list, sku, list AS list__lst, sku AS sku__sku FROM knowledge_list_vote
               WHERE person = :person AND (list, sku) > (:after, :then) ORDER BY list, sku LIMIT :limit",
    },
    Held {
        name: "knowledge.list_word",
        fate: Fate::Removed,
        place: &[Place::Bytes, Place::Bytes],
        rows: "SELECT list, id, list AS list__lst, words, at FROM knowledge_list_word
               WHERE person = :person AND (list, id) > (:after, :then) ORDER BY list, id LIMIT :limit",
    },
];

fn erase(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let posts = store::forget::posts_to_forget(tx, person)?;
    let mut gone = 0_u64;
    for was in posts {
        // Out of the public by the way that keeps the sums of its product right; then the words go.
        let hidden = store::PostRow { standing: Standing::Hidden, note: None, ..was.clone() };
        store::update_post(tx, &was, &hidden)?;
        store::forget::forget_words(tx, was.id)?;
        gone = gone.saturating_add(1);
    }
    let lists = store::list::forget_person(tx, person)?;
    let articles = store::article::forget_author(tx, person)?;
    let reports = store::forget::forget_reports(tx, person)?;
    Ok(gone.saturating_add(lists).saturating_add(articles).saturating_add(reports))
}
