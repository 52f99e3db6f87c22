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
