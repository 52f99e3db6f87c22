//! All SQL of what people say of goods.

pub(crate) mod article;
pub(crate) mod forget;
pub(crate) mod list;

use base::{MerchantId, OrderId, PersonId, PostId, ProductId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Kind, REPORTS_MAX, Side, Standing};

/// A post as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostRow {
    pub(crate) id: PostId,
    pub(crate) kind: Kind,
    pub(crate) product: ProductId,
    pub(crate) merchant: MerchantId,
    pub(crate) author: PersonId,
    pub(crate) side: Side,
    pub(crate) is_anonymous: bool,
    pub(crate) words: String,
    pub(crate) question: Option<PostId>,
    pub(crate) accepted: Option<PostId>,
    pub(crate) stars: i64,
    pub(crate) tags: Vec<String>,
    pub(crate) bought: Vec<String>,
    pub(crate) order: Option<OrderId>,
    pub(crate) line: Option<i64>,
    pub(crate) is_refunded: bool,
    pub(crate) follow_up: Option<(String, Timestamp)>,
    pub(crate) reply: Option<(String, Timestamp)>,
    pub(crate) standing: Standing,
    pub(crate) note: Option<String>,
    pub(crate) reports: i64,
    pub(crate) helpful: i64,
    pub(crate) answers: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) version: i64,
}

/// The word of an enum as it goes over the wire and into the store.
pub(crate) fn word<T: Serialize>(value: T) -> Result<String, DbError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(DbError::Bug("not a word".to_owned())),
    }
}

fn from_word<T: DeserializeOwned>(word: String) -> Result<T, DbError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| DbError::Bug(error.to_string()))
}

fn json<T: Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Bug(error.to_string()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Bug(error.to_string()))
}

const POST: &str =
    "SELECT id, kind, product, merchant, author, side, anonymous, words, question, accepted, stars,
    tags, bought, order_id, line, refunded, follow_up, follow_up_at, reply, reply_at, standing, note, reports,
    helpful, answers, created_at, version FROM knowledge_post";

fn post(row: &Row<'_>) -> Result<PostRow, DbError> {
    let said = |words: Option<String>, at: Option<Timestamp>| words.zip(at);
    Ok(PostRow {
        id: row.get(0)?,
        kind: from_word(row.get(1)?)?,
        product: row.get(2)?,
        merchant: row.get(3)?,
        author: row.get(4)?,
        side: from_word(row.get(5)?)?,
        is_anonymous: row.get::<i64>(6)? == 1,
        words: row.get(7)?,
        question: row.get(8)?,
        accepted: row.get(9)?,
        stars: row.get(10)?,
        tags: from_json(&row.get::<String>(11)?)?,
        bought: from_json(&row.get::<String>(12)?)?,
        order: row.get(13)?,
        line: row.get(14)?,
        is_refunded: row.get::<i64>(15)? == 1,
        follow_up: said(row.get(16)?, row.get(17)?),
        reply: said(row.get(18)?, row.get(19)?),
        standing: from_word(row.get(20)?)?,
        note: row.get(21)?,
        reports: row.get(22)?,
        helpful: row.get(23)?,
        answers: row.get(24)?,
        created_at: row.get(25)?,
        version: row.get(26)?,
    })
}

pub(crate) fn find_post(rx: &mut Rx, id: PostId) -> Result<Option<PostRow>, DbError> {
    rx.opt(&format!("{POST} WHERE id = :id"), params!["id" => id], post)
}

/// Posts by their ids, in no order.
pub(crate) fn find_posts(rx: &mut Rx, ids: &[PostId]) -> Result<Vec<PostRow>, DbError> {
    let keys: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    rx.list_in(&format!("{POST} WHERE id IN (:in) LIMIT 500"), &keys, post)
}

/// Which posts of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) product: ProductId,
    pub(crate) kind: Kind,
    /// Least and most stars.
    pub(crate) stars: (i64, i64),
    /// 1 for those that were added to.
    pub(crate) followed: i64,
    pub(crate) limit: i64,
}

/// What is in public of a product, newest first.
pub(crate) fn list_newest(rx: &mut Rx, wanted: &Wanted, before: PostId) -> Result<Vec<PostRow>, DbError> {
    let Wanted { product, kind, stars, followed, limit } = *wanted;
    rx.list(
        &format!(
            "{POST} WHERE product = :product AND kind = :kind AND public = 1 AND id < :before
             AND stars >= :least AND stars <= :most AND followed >= :followed
             ORDER BY product DESC, kind DESC, public DESC, id DESC LIMIT :limit"
        ),
        params![
            "product" => product, "kind" => kind.word(), "before" => before, "least" => stars.0,
            "most" => stars.1, "followed" => followed, "limit" => limit,
        ],
        post,
    )
}

/// What is in public of a product, what most found helpful first.
pub(crate) fn list_helpful(
    rx: &mut Rx,
    wanted: &Wanted,
    (helpful, before): (i64, PostId),
) -> Result<Vec<PostRow>, DbError> {
    let Wanted { product, kind, stars, followed, limit } = *wanted;
    rx.list(
        &format!(
            "{POST} WHERE product = :product AND kind = :kind AND public = 1
             AND (helpful < :helpful OR (helpful = :helpful AND id < :before))
             AND stars >= :least AND stars <= :most AND followed >= :followed
             ORDER BY product DESC, kind DESC, public DESC, helpful DESC, id DESC LIMIT :limit"
        ),
        params![
            "product" => product, "kind" => kind.word(), "helpful" => helpful, "before" => before,
            "least" => stars.0, "most" => stars.1, "followed" => followed, "limit" => limit,
        ],
        post,
    )
}

/// The answers to a question in public, oldest first.
pub(crate) fn list_answers(
    rx: &mut Rx,
    question: PostId,
    after: PostId,
    limit: i64,
) -> Result<Vec<PostRow>, DbError> {
    rx.list(
        &format!(
            "{POST} WHERE question = :question AND public = 1 AND id > :after
             ORDER BY question, public, id LIMIT :limit"
        ),
        params!["question" => question, "after" => after, "limit" => limit],
        post,
    )
}

/// What is in public of a shop's goods, newest first.
pub(crate) fn list_of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    kind: Kind,
    before: PostId,
    limit: i64,
) -> Result<Vec<PostRow>, DbError> {
    rx.list(
        &format!(
            "{POST} WHERE merchant = :merchant AND kind = :kind AND public = 1 AND id < :before
             ORDER BY merchant DESC, kind DESC, public DESC, id DESC LIMIT :limit"
        ),
        params!["merchant" => merchant, "kind" => kind.word(), "before" => before, "limit" => limit],
        post,
    )
}

/// What one person said, newest first.
pub(crate) fn list_of_author(
    rx: &mut Rx,
    author: PersonId,
    before: PostId,
    limit: i64,
) -> Result<Vec<PostRow>, DbError> {
    rx.list(
        &format!("{POST} WHERE author = :author AND id < :before ORDER BY author DESC, id DESC LIMIT :limit"),
        params!["author" => author, "before" => before, "limit" => limit],
        post,
    )
}

/// What waits for an operator, oldest first.
pub(crate) fn list_waiting(rx: &mut Rx, after: PostId, limit: i64) -> Result<Vec<PostRow>, DbError> {
    rx.list(
        &format!("{POST} WHERE waits = 1 AND id > :after ORDER BY waits, id LIMIT :limit"),
        params!["after" => after, "limit" => limit],
        post,
    )
}

/// The reviews of an order's lines.
pub(crate) fn reviews_of_order(rx: &mut Rx, order: OrderId) -> Result<Vec<PostRow>, DbError> {
    let ids: Vec<PostId> = rx.list(
        "SELECT post FROM knowledge_reviewed WHERE order_id = :order ORDER BY order_id, line LIMIT 500",
        params!["order" => order],
        |row| row.get(0),
    )?;
    find_posts(rx, &ids)
}

/// Claims the one review of a line; `false` when there is one.
pub(crate) fn claim_review(tx: &mut Tx, order: OrderId, line: i64, post: PostId) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO knowledge_reviewed (order_id, line, post) VALUES (:order, :line, :post)
         ON CONFLICT (order_id, line) DO NOTHING",
        params!["order" => order, "line" => line, "post" => post],
    )?;
    Ok(claimed == 1)
}

/// Writes a new post, and counts it.
pub(crate) fn insert_post(tx: &mut Tx, row: &PostRow) -> Result<(), DbError> {
    tx.later_new(
        "INSERT INTO knowledge_post (id, kind, product, merchant, author, side, anonymous, words, question, stars,
             tags, bought, order_id, line, refunded, followed, standing, public, waits, reports, helpful, answers,
             created_at, version)
         VALUES (:id, :kind, :product, :merchant, :author, :side, :anonymous, :words, :question, :stars, :tags,
             :bought, :order, :line, :refunded, 0, :standing, :public, :waits, 0, 0, 0, :created, 1)",
        params![
            "id" => row.id, "kind" => row.kind.word(), "product" => row.product, "merchant" => row.merchant,
            "author" => row.author, "side" => word(row.side)?, "anonymous" => i64::from(row.is_anonymous),
            "words" => row.words.clone(), "question" => row.question, "stars" => row.stars,
            "tags" => json(&row.tags)?, "bought" => json(&row.bought)?, "order" => row.order, "line" => row.line,
            "refunded" => i64::from(row.is_refunded), "standing" => word(row.standing)?,
            "public" => i64::from(row.standing.is_public()), "waits" => i64::from(row.standing.waits()),
            "created" => row.created_at,
        ],
    )?;
    count(tx, row, [0; 8], tally(row))
}

/// Writes a post back as it was changed since it was read, and counts what it was and is in public.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update_post(tx: &mut Tx, was: &PostRow, row: &PostRow) -> Result<(), DbError> {
    let (follow_up, follow_up_at) = row.follow_up.clone().unzip();
    let (reply, reply_at) = row.reply.clone().unzip();
    tx.later_one(
        "UPDATE knowledge_post SET accepted = :accepted, refunded = :refunded, followed = :followed,
             follow_up = :follow_up, follow_up_at = :follow_up_at, reply = :reply, reply_at = :reply_at,
             standing = :standing, public = :public, waits = :waits, note = :note, reports = :reports,
             version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => was.version, "accepted" => row.accepted,
            "refunded" => i64::from(row.is_refunded), "followed" => i64::from(row.follow_up.is_some()),
            "follow_up" => follow_up, "follow_up_at" => follow_up_at, "reply" => reply, "reply_at" => reply_at,
            "standing" => word(row.standing)?, "public" => i64::from(row.standing.is_public()),
            "waits" => i64::from(row.standing.waits()), "note" => row.note.clone(), "reports" => row.reports,
        ],
    )?;
    count(tx, row, tally(was), tally(row))
}

/// What a post adds to the summary of its product: each number of stars, those added to, questions, answers.
fn tally(row: &PostRow) -> [i64; 8] {
    if !row.standing.is_public() {
        return [0; 8];
    }
    let stars = |n: i64| i64::from(row.kind == Kind::Review && row.stars == n);
    let followed = i64::from(row.follow_up.is_some());
    let is = |kind: Kind| i64::from(row.kind == kind);
    [stars(1), stars(2), stars(3), stars(4), stars(5), followed, is(Kind::Question), is(Kind::Answer)]
}

/// Changes the counts by what a post is now, less what it was.
fn count(tx: &mut Tx, row: &PostRow, was: [i64; 8], is: [i64; 8]) -> Result<(), DbError> {
    if was == is {
        return Ok(());
    }
    let [ones, twos, threes, fours, fives, followed, questions, answers] =
        std::array::from_fn(|n| match (is.get(n), was.get(n)) {
            (Some(is), Some(was)) => is.saturating_sub(*was),
            _ => 0,
        });
    if let Some(question) = row.question {
        return tx.later_one(
            "UPDATE knowledge_post SET answers = answers + :answers WHERE id = :question",
            params!["question" => question, "answers" => answers],
        );
    }
    tx.later(
        "INSERT INTO knowledge_summary (product, stars, ones, twos, threes, fours, fives, followed, questions)
         VALUES (:product, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (product) DO NOTHING",
        params!["product" => row.product],
    )?;
    let weights = [(ones, 1_i64), (twos, 2), (threes, 3), (fours, 4), (fives, 5)];
    let stars = weights.iter().fold(0_i64, |sum, (n, stars)| sum.saturating_add(n.saturating_mul(*stars)));
    tx.later_one(
        "UPDATE knowledge_summary SET stars = stars + :stars, ones = ones + :ones, twos = twos + :twos,
             threes = threes + :threes, fours = fours + :fours, fives = fives + :fives,
             followed = followed + :followed, questions = questions + :questions WHERE product = :product",
        params![
            "product" => row.product, "stars" => stars, "ones" => ones, "twos" => twos, "threes" => threes,
            "fours" => fours, "fives" => fives, "followed" => followed, "questions" => questions,
        ],
    )
}

/// What is in public of a product, as counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SummaryRow {
    pub(crate) stars: i64,
    /// How many reviews have 1, 2, 3, 4, 5 stars.
    pub(crate) counts: [i64; 5],
    pub(crate) followed: i64,
    pub(crate) questions: i64,
}

pub(crate) fn summary(rx: &mut Rx, product: ProductId) -> Result<SummaryRow, DbError> {
    let row = rx.opt(
        "SELECT stars, ones, twos, threes, fours, fives, followed, questions FROM knowledge_summary
         WHERE product = :product",
        params!["product" => product],
        |row| {
            let counts = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            Ok(SummaryRow { stars: row.get(0)?, counts, followed: row.get(6)?, questions: row.get(7)? })
        },
    )?;
    Ok(row.unwrap_or_default())
}

/// Notes that a person finds a post helpful, and counts it; `false` when that was noted before.
pub(crate) fn vote(tx: &mut Tx, post: PostId, person: PersonId) -> Result<bool, DbError> {
    let now = tx.now();
    let noted = tx.execute(
        "INSERT INTO knowledge_vote (post, person, at) VALUES (:post, :person, :now)
         ON CONFLICT (post, person) DO NOTHING",
        params!["post" => post, "person" => person, "now" => now],
    )?;
    if noted == 1 {
        tx.later_one(
            "UPDATE knowledge_post SET helpful = helpful + 1 WHERE id = :post",
            params!["post" => post],
        )?;
    }
    Ok(noted == 1)
}

/// Which posts between two ids, both included, a person found helpful. Of somebody who votes a great deal some may
/// be left out; a second vote is then answered like the first.
pub(crate) fn votes_of(
    rx: &mut Rx,
    person: PersonId,
    (first, last): (PostId, PostId),
) -> Result<Vec<PostId>, DbError> {
    rx.list(
        "SELECT post FROM knowledge_vote WHERE person = :person AND post >= :first AND post <= :last
         ORDER BY person, post LIMIT 1000",
        params!["person" => person, "first" => first, "last" => last],
        |row| row.get(0),
    )
}

/// What is wrong with a post, in somebody's eyes.
pub(crate) struct ReportRow {
    pub(crate) reason: String,
    pub(crate) words: String,
}

/// Notes a report, and counts it; `false` when the person has reported it before. With the third the post waits for an
/// operator.
pub(crate) fn report(
    tx: &mut Tx,
    post: PostId,
    person: PersonId,
    report: &ReportRow,
) -> Result<bool, DbError> {
    let now = tx.now();
    let noted = tx.execute(
        "INSERT INTO knowledge_report (post, person, reason, words, at) VALUES (:post, :person, :reason, :words, :now)
         ON CONFLICT (post, person) DO NOTHING",
        params![
            "post" => post, "person" => person, "reason" => report.reason.clone(),
            "words" => report.words.clone(), "now" => now,
        ],
    )?;
    if noted == 1 {
        tx.later_one(
            "UPDATE knowledge_post SET reports = reports + 1, version = version + 1,
                 waits = CASE WHEN standing = 'shown' AND reports >= :last THEN 1 ELSE waits END,
                 standing = CASE WHEN standing = 'shown' AND reports >= :last THEN 'reported' ELSE standing END
             WHERE id = :post",
            params!["post" => post, "last" => REPORTS_MAX.saturating_sub(1)],
        )?;
    }
    Ok(noted == 1)
}

pub(crate) fn reports(rx: &mut Rx, post: PostId) -> Result<Vec<ReportRow>, DbError> {
    rx.list(
        "SELECT reason, words FROM knowledge_report WHERE post = :post ORDER BY post, person LIMIT 20",
        params!["post" => post],
        |row| Ok(ReportRow { reason: row.get(0)?, words: row.get(1)? }),
    )
}

/// How often something may be done in an hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) scope: &'static str,
    pub(crate) max: i64,
}

/// Counts one use; `false` when the hour's uses are up.
pub(crate) fn take(tx: &mut Tx, person: PersonId, limit: Limit) -> Result<bool, DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO knowledge_limit (person, scope, started_at, used) VALUES (:person, :scope, :now, 0)
         ON CONFLICT (person, scope) DO NOTHING",
        params!["person" => person, "scope" => limit.scope, "now" => now],
    )?;
    let taken = tx.execute(
        "UPDATE knowledge_limit SET used = CASE WHEN started_at <= :old THEN 1 ELSE used + 1 END,
             started_at = CASE WHEN started_at <= :old THEN CAST(:now AS BIGINT) ELSE started_at END
         WHERE person = :person AND scope = :scope AND (started_at <= :old OR used < :max)",
        params![
            "person" => person, "scope" => limit.scope, "now" => now, "old" => now.plus_seconds(-3_600),
            "max" => limit.max,
        ],
    )?;
    Ok(taken == 1)
}

/// The words that hold posts back, with their version; `None` before they were set.
pub(crate) fn words(rx: &mut Rx) -> Result<Option<(Vec<String>, i64)>, DbError> {
    rx.opt("SELECT words, version FROM knowledge_words WHERE scope = 'all'", &[], |row| {
        Ok((from_json(&row.get::<String>(0)?)?, row.get(1)?))
    })
}

/// Sets the words; `false` when they are at another version.
pub(crate) fn put_words(tx: &mut Tx, words: &[String], version: i64) -> Result<bool, DbError> {
    let text = json(&words)?;
    let changed = if version == 0 {
        tx.execute(
            "INSERT INTO knowledge_words (scope, words, version) VALUES ('all', :words, 1)
             ON CONFLICT (scope) DO NOTHING",
            params!["words" => text],
        )?
    } else {
        tx.execute(
            "UPDATE knowledge_words SET words = :words, version = version + 1
             WHERE scope = 'all' AND version = :version",
            params!["words" => text, "version" => version],
        )?
    };
    Ok(changed == 1)
}
