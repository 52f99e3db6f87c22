//! What must hold of posts, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit {
            id: "INV-54",
            title: "what is counted of a product is what is in public of it",
            run: summaries,
        },
        Audit { id: "INV-54", title: "a post is as helpful as people found it", run: votes },
        Audit { id: "INV-54", title: "a question counts its answers in public", run: answers },
        Audit { id: "INV-54", title: "an article has every revision up to its own", run: articles },
        Audit { id: "INV-54", title: "what is counted of a list is what is in it", run: lists },
        Audit { id: "INV-54", title: "an item of a list has the votes it counts", run: list_votes },
    ]
}

fn summaries(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT s.product FROM audit_product_summaries s
         LEFT JOIN (SELECT product, SUM(CASE WHEN kind = 'review' THEN 1 ELSE 0 END) AS reviews,
                           SUM(stars) AS stars, SUM(followed) AS followed,
                           SUM(CASE WHEN kind = 'question' THEN 1 ELSE 0 END) AS questions
                    FROM audit_posts WHERE public = 1 GROUP BY product) p ON p.product = s.product
         WHERE s.reviews <> COALESCE(p.reviews, 0) OR s.stars <> COALESCE(p.stars, 0)
            OR s.followed <> COALESCE(p.followed, 0) OR s.questions <> COALESCE(p.questions, 0)
         ORDER BY s.product LIMIT 20",
        &[],
    )
}

fn votes(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT p.id FROM audit_posts p
         LEFT JOIN (SELECT post_id, COUNT(*) AS votes FROM audit_post_votes GROUP BY post_id) v
             ON v.post_id = p.id
         WHERE p.helpful <> COALESCE(v.votes, 0) ORDER BY p.id LIMIT 20",
        &[],
    )
}

fn answers(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT p.id FROM audit_posts p
         LEFT JOIN (SELECT question, COUNT(*) AS answers FROM audit_posts WHERE public = 1 GROUP BY question) a
             ON a.question = p.id
         WHERE p.answers <> COALESCE(a.answers, 0) ORDER BY p.id LIMIT 20",
        &[],
    )
}

fn articles(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT a.product FROM audit_articles a
         LEFT JOIN (SELECT product, COUNT(*) AS revisions, MAX(number) AS last FROM audit_revisions GROUP BY product) r
             ON r.product = a.product
         LEFT JOIN (SELECT product, COUNT(*) AS waiting FROM audit_proposals WHERE state = 'waiting' GROUP BY product) p
             ON p.product = a.product
         WHERE a.revision <> COALESCE(r.revisions, 0) OR a.revision <> COALESCE(r.last, 0)
            OR a.waiting <> COALESCE(p.waiting, 0)
         ORDER BY a.product LIMIT 20",
        &[],
    )
}

fn lists(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT l.id FROM audit_lists l
         LEFT JOIN (SELECT list_id, COUNT(*) AS n FROM audit_list_members WHERE state = 'in' GROUP BY list_id) m
             ON m.list_id = l.id
         LEFT JOIN (SELECT list_id, COUNT(*) AS n FROM audit_list_items GROUP BY list_id) i ON i.list_id = l.id
         LEFT JOIN (SELECT list_id, COUNT(*) AS n FROM audit_list_words GROUP BY list_id) w ON w.list_id = l.id
         WHERE l.members <> COALESCE(m.n, 0) OR l.items <> COALESCE(i.n, 0) OR l.said <> COALESCE(w.n, 0)
         ORDER BY l.id LIMIT 20",
        &[],
    )
}

fn list_votes(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT i.list_id || ' ' || i.sku FROM audit_list_items i
         LEFT JOIN (SELECT list_id, sku, COUNT(*) AS n FROM audit_list_votes GROUP BY list_id, sku) v
             ON v.list_id = i.list_id AND v.sku = i.sku
         WHERE i.votes <> COALESCE(v.n, 0) ORDER BY i.list_id, i.sku LIMIT 20",
        &[],
    )
}
