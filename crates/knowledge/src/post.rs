//! What all posts have in common: why one is not written, and what it is written with.

use base::{MerchantId, PostId, ProductId};
use catalog::api::ProductState;
use db::{DbError, Rx, Tx};
use rest::{Actor, Denied};

use crate::model::{Kind, Side, Standing, has_word};
use crate::store::{self, Limit, PostRow};
use crate::words;

/// Why something was not written. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PostError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "only what has been received can be reviewed; what came in exchange is reviewed with its first order"
    )]
    #[problem(409, "knowledge.not_received")]
    NotReceived,
    #[error("this line has been reviewed")]
    #[problem(409, "knowledge.reviewed")]
    Reviewed,
    #[error("who works for a shop does not review its goods")]
    #[problem(403, "knowledge.own_shop")]
    OwnShop,
    #[error("a review is added to once, within 180 days")]
    #[problem(409, "knowledge.follow_up")]
    FollowUp,
    #[error("the review has a reply")]
    #[problem(409, "knowledge.replied")]
    Replied,
    #[error("stars are 1 to 5; tags are at most 8, each once")]
    #[problem(422, "knowledge.stars")]
    Stars,
    #[error("this has words that are not said in public here; say it in others")]
    #[problem(422, "knowledge.words")]
    Words,
    #[error("one's own words are neither voted for nor reported")]
    #[problem(409, "knowledge.own")]
    Own,
    #[error("that was a lot in one hour; go on later")]
    #[problem(429, "knowledge.too_many")]
    TooMany,
    #[error("this is not possible with such a post, or as it stands now")]
    #[problem(409, "knowledge.state")]
    State,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Counts one more use of what a person may do a number of times an hour.
pub(crate) fn take(tx: &mut Tx, actor: &Actor, limit: Limit) -> Result<(), PostError> {
    if store::take(tx, actor.person, limit)? { Ok(()) } else { Err(PostError::TooMany) }
}

/// Whether anybody may read a post: it is in public, and what it answers too.
pub(crate) fn is_open(rx: &mut Rx, row: &PostRow) -> Result<bool, DbError> {
    let Some(question) = row.question else { return Ok(row.standing.is_public()) };
    let question = store::find_post(rx, question)?;
    Ok(row.standing.is_public() && question.is_some_and(|question| question.standing.is_public()))
}

/// A post in public, or one's own.
pub(crate) fn visible(rx: &mut Rx, actor: &Actor, id: PostId) -> Result<PostRow, PostError> {
    let row = store::find_post(rx, id)?.ok_or(Denied::Unknown)?;
    let is_visible = row.author == actor.person || is_open(rx, &row)?;
    if is_visible { Ok(row) } else { Err(Denied::Unknown.into()) }
}

/// Where a new text stands: held back when it has a word of the list.
pub(crate) fn standing_of(rx: &mut Rx, text: &str) -> Result<Standing, DbError> {
    let is_held = has_word(text, &words::held(rx)?.words);
    Ok(if is_held { Standing::Held } else { Standing::Shown })
}

/// The shop of a product that is on sale.
pub(crate) fn shop_of(rx: &mut Rx, product: ProductId) -> Result<MerchantId, PostError> {
    let info = catalog::api::product(rx, product)?;
    let info = info.filter(|info| info.state == ProductState::Published).ok_or(Denied::Unknown)?;
    Ok(info.merchant)
}

/// As what a person speaks about a product.
pub(crate) fn side_of(
    rx: &mut Rx,
    actor: &Actor,
    (product, merchant): (ProductId, MerchantId),
) -> Result<Side, DbError> {
    if people::api::is_staff(rx, merchant, actor.person)? {
        return Ok(Side::Shop);
    }
    let has_it = orders::api::has_received(rx, actor.person, product)?;
    Ok(if has_it { Side::Buyer } else { Side::Other })
}

/// A new post without what only some kinds have.
pub(crate) fn new_post(
    tx: &mut Tx,
    kind: Kind,
    actor: &Actor,
    (product, merchant): (ProductId, MerchantId),
    words: &str,
) -> Result<PostRow, DbError> {
    Ok(PostRow {
        id: tx.new_id(),
        kind,
        product,
        merchant,
        author: actor.person,
        side: Side::Other,
        is_anonymous: false,
        words: words.to_owned(),
        question: None,
        accepted: None,
        stars: 0,
        tags: Vec::new(),
        bought: Vec::new(),
        order: None,
        line: None,
        is_refunded: false,
        follow_up: None,
        reply: None,
        standing: standing_of(tx, words)?,
        note: None,
        reports: 0,
        helpful: 0,
        answers: 0,
        created_at: tx.now(),
        version: 1,
    })
}

/// Commands about one thing run one after the other on a node.
pub(crate) fn hot(id: impl base::Id) -> Option<u64> {
    let [.., a, b, c, d, e, f, g, h] = id.bytes();
    Some(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}
