//! The article of a product: staff write it, and every revision is kept.

use axum::http::StatusCode;
use axum::response::Response;
use base::{MerchantId, ProductId, ProposalId, Text};
use catalog::api::ProductState;
use db::{DbError, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;

use crate::article_views::{self, ArticleView};
use crate::diff::LINES_MAX;
use crate::model::{Side, Standing};
use crate::post::{self, PostError};
use crate::store::article::{self as store, RevisionRow, Written};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(article_write))
        .routes(routes!(article_restore))
        .routes(routes!(revision_hide))
}

/// Why an article was not changed. Nothing was.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum ArticleError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("somebody else has changed the article; look at it as it is now")]
    #[problem(409, "knowledge.stale")]
    Stale,
    #[error("the article has these words and sources already")]
    #[problem(409, "knowledge.unchanged")]
    Unchanged,
    #[error("somebody has decided about this proposal")]
    #[problem(409, "knowledge.decided")]
    Decided,
    #[error("an article has at most 500 lines, and at most 10 sources that begin with https:// or http://")]
    #[problem(422, "knowledge.bad_article")]
    Bad,
    #[error("this has words that are not said in public here; say it in others")]
    #[problem(422, "knowledge.words")]
    Words,
    #[error("an operator took this revision out of sight")]
    #[problem(409, "knowledge.revision_hidden")]
    Hidden,
    #[error("it is so already, or is the revision in force: bring another one back first")]
    #[problem(409, "knowledge.revision_state")]
    State,
    #[error("many proposals for this product wait already")]
    #[problem(409, "knowledge.proposals_full")]
    Full,
    #[error("that was a lot in one hour; go on later")]
    #[problem(429, "knowledge.too_many")]
    TooMany,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

impl From<PostError> for ArticleError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Denied(denied) => Self::Denied(denied),
            PostError::TooMany => Self::TooMany,
            PostError::Db(error) => Self::Db(error),
            other => Self::Db(DbError::Bug(format!("article: {other}"))),
        }
    }
}

/// What an article shall say.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArticleBody {
    /// The revision it was written on; 0 for the first.
    #[schema(minimum = 0)]
    pub(crate) base: i64,
    /// Plain lines. `#` and `##` begin headings, `-` items, `**` marks what is strong; nothing else means anything.
    pub(crate) words: Text<1, 20_000>,
    /// Addresses that begin with https:// or http://.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(crate) sources: Vec<Text<1, 500>>,
    /// What was changed, for those who read the history.
    pub(crate) comment: Text<1, 200>,
}

/// Bring an old revision back.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RestoreBody {
    #[schema(minimum = 0)]
    base: i64,
    comment: Text<1, 200>,
}

/// Whether an address leads into the web and nowhere else.
fn is_web(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '"' | '\\');
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()) && rest.chars().all(is_plain))
}

/// What somebody writes, checked.
pub(crate) fn written(
    tx: &mut Tx,
    actor: &Actor,
    side: Side,
    body: &ArticleBody,
) -> Result<Written, ArticleError> {
    let sources: Vec<String> = body.sources.iter().map(|source| source.as_str().to_owned()).collect();
    let fits = body.words.as_str().lines().count() <= LINES_MAX && sources.len() <= 10;
    if !fits || !sources.iter().all(|source| is_web(source)) {
        return Err(ArticleError::Bad);
    }
    let written = Written {
        author: actor.person,
        side,
        words: body.words.as_str().to_owned(),
        sources,
        remark: body.comment.as_str().to_owned(),
        created_at: tx.now(),
    };
    may_be_said(tx, &written)?;
    Ok(written)
}

/// Refuses what has a word of the list: nobody looks at articles before they are public.
fn may_be_said(rx: &mut Rx, written: &Written) -> Result<(), ArticleError> {
    let text = format!("{} {} {}", written.words, written.sources.join(" "), written.remark);
    match post::standing_of(rx, &text)? {
        Standing::Held => Err(ArticleError::Words),
        Standing::Shown | Standing::Reported | Standing::Hidden => Ok(()),
    }
}

/// What comes after `base`, and where it comes from.
pub(crate) struct Next {
    pub(crate) base: i64,
    pub(crate) written: Written,
    pub(crate) restored: Option<i64>,
    pub(crate) proposal: Option<ProposalId>,
}

/// Makes a text the next revision. Of two that were written on one revision, one becomes the next.
pub(crate) fn publish(
    tx: &mut Tx,
    (product, merchant): (ProductId, MerchantId),
    next: Next,
) -> Result<(), ArticleError> {
    may_be_said(tx, &next.written)?;
    let (revision, _) = store::find_article(tx, product)?;
    if revision != next.base {
        return Err(ArticleError::Stale);
    }
    let now = store::find_revision(tx, product, revision)?.map(|row| row.written);
    if now.is_some_and(|now| now.words == next.written.words && now.sources == next.written.sources) {
        return Err(ArticleError::Unchanged);
    }
    store::begin_article(tx, product, merchant)?;
    if !store::take_revision(tx, product, next.base)? {
        return Err(ArticleError::Stale);
    }
    let Next { base, written, restored, proposal } = next;
    let row = RevisionRow { number: base.saturating_add(1), written, restored, proposal, hidden_for: None };
    Ok(store::insert_revision(tx, product, &row)?)
}

/// The shop of a product that this person may see: it is on sale, or the person works there.
pub(crate) fn shop_of(
    rx: &mut Rx,
    actor: Option<&Actor>,
    product: ProductId,
) -> Result<MerchantId, ArticleError> {
    let info = catalog::api::product(rx, product)?.ok_or(Denied::Unknown)?;
    let is_own = actor.is_some_and(|actor| actor.works_for(info.merchant));
    if info.state == ProductState::Published || is_own {
        Ok(info.merchant)
    } else {
        Err(Denied::Unknown.into())
    }
}

fn write(
    tx: &mut Tx,
    actor: &Actor,
    product: ProductId,
    body: &ArticleBody,
) -> Result<ArticleView, ArticleError> {
    let merchant = shop_of(tx, Some(actor), product)?;
    actor.may(merchant, Right::Products)?;
    let written = written(tx, actor, Side::Shop, body)?;
    let next = Next { base: body.base, written, restored: None, proposal: None };
    publish(tx, (product, merchant), next)?;
    let (target, detail) = (product.to_string(), body.comment.as_str());
    people::api::log_act(tx, actor, Some(merchant), "knowledge.article", &target, detail)?;
    article_views::article(tx, Some(actor), product)
}

fn restore(
    tx: &mut Tx,
    actor: &Actor,
    (product, number): (ProductId, i64),
    body: &RestoreBody,
) -> Result<ArticleView, ArticleError> {
    let merchant = shop_of(tx, Some(actor), product)?;
    actor.may(merchant, Right::Products)?;
    let old = store::find_revision(tx, product, number)?.ok_or(Denied::Unknown)?;
    if old.hidden_for.is_some() {
        return Err(ArticleError::Hidden);
    }
    let remark = body.comment.as_str().to_owned();
    let written =
        Written { author: actor.person, side: Side::Shop, remark, created_at: tx.now(), ..old.written };
    let next = Next { base: body.base, written, restored: Some(number), proposal: None };
    publish(tx, (product, merchant), next)?;
    let detail = format!("{number}: {}", body.comment.as_str());
    let target = product.to_string();
    people::api::log_act(tx, actor, Some(merchant), "knowledge.article_restore", &target, &detail)?;
    article_views::article(tx, Some(actor), product)
}

/// Write the article of a product. Staff of the shop with the right to products.
#[utoipa::path(post, path = "/api/v1/products/{product}/article", tag = "knowledge",
    params(("product" = ProductId, Path)), request_body = ArticleBody,
    responses((status = 201, body = ArticleView), ArticleError, Common))]
async fn article_write(
    ctx: rest::State,
    actor: Actor,
    Path(product): Path<ProductId>,
    command: Command<ArticleBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| write(tx, &own, product, &body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, run).await
}

/// Bring an old revision back as a new one. Staff of the shop with the right to products.
#[utoipa::path(post, path = "/api/v1/products/{product}/article/revisions/{number}/restore", tag = "knowledge",
    params(("product" = ProductId, Path), ("number" = i64, Path)), request_body = RestoreBody,
    responses((status = 201, body = ArticleView), ArticleError, Common))]
async fn article_restore(
    ctx: rest::State,
    actor: Actor,
    Path(what): Path<(ProductId, i64)>,
    command: Command<RestoreBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| restore(tx, &own, what, &body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, run).await
}

#[cfg(test)]
mod tests {
    use super::is_web;

    #[test]
    fn sources_lead_into_the_web_only() {
        for good in ["https://example.org", "http://a.cn/b?c=d#e", "https://例子.中国/页"] {
            assert!(is_web(good), "{good}");
        }
        let bad = [
            "javascript:alert(1)",
            "https://",
            "https:// a",
            "ftp://a",
            "HTTPS://a",
            "https://a\"b",
            "//a",
            "https:///a",
        ];
        for bad in bad {
            assert!(!is_web(bad), "{bad}");
        }
    }
}

/// Take an old revision out of sight, or put it back.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RevisionHideBody {
    /// Why it is out of sight; nothing puts it back.
    reason: Option<Text<1, 200>>,
}

fn hide(
    tx: &mut Tx,
    actor: &Actor,
    (product, number): (ProductId, i64),
    body: &RevisionHideBody,
) -> Result<ArticleView, ArticleError> {
    actor.must_be_operator()?;
    let merchant = shop_of(tx, Some(actor), product)?;
    store::find_revision(tx, product, number)?.ok_or(Denied::Unknown)?;
    let reason = body.reason.as_ref().map(Text::as_str);
    if !store::hide_revision(tx, (product, number), reason)? {
        return Err(ArticleError::State);
    }
    let act = if reason.is_some() { "knowledge.revision_hide" } else { "knowledge.revision_show" };
    let detail = format!("{number}: {}", reason.unwrap_or("-"));
    people::api::log_act(tx, actor, Some(merchant), act, &product.to_string(), &detail)?;
    article_views::article(tx, Some(actor), product)
}

/// Take an old revision out of sight, or put it back: its text and comment are told to operators only then. Operators.
#[utoipa::path(post, path = "/api/v1/products/{product}/article/revisions/{number}/hide", tag = "knowledge",
    params(("product" = ProductId, Path), ("number" = i64, Path)), request_body = RevisionHideBody,
    responses((status = 200, body = ArticleView), ArticleError, Common))]
async fn revision_hide(
    ctx: rest::State,
    actor: Actor,
    Path(what): Path<(ProductId, i64)>,
    command: Command<RevisionHideBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| hide(tx, &own, what, &body)).await
}
