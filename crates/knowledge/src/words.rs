//! The words that hold back what is said with them.

use base::Text;
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::folded;
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(held_words_get, held_words_put))
}

/// What holds a post back until an operator has set a list: leading buyers away, and praise that is paid for.
const FIRST: [&str; 8] =
    ["加微信", "加v信", "威信号", "私下交易", "刷单", "好评返现", "代开发票", "兼职日结"];

/// Words that hold a post back, whatever stands between their letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct HeldWords {
    /// As they are looked for: small letters and digits only.
    pub(crate) words: Vec<String>,
    /// Give it back when setting; 0 when nothing has been set.
    version: i64,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct HeldWordsBody {
    #[schema(max_items = 500)]
    words: Vec<Text<1, 40>>,
    #[schema(minimum = 0)]
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum WordsError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("a list has at most 500 words, each of at least two letters or digits")]
    #[problem(422, "knowledge.bad_words")]
    Words,
    #[error("the list was changed in the meantime; look at it again")]
    #[problem(409, "knowledge.words_changed")]
    Changed,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The list in force.
pub(crate) fn held(rx: &mut Rx) -> Result<HeldWords, DbError> {
    let first = || (FIRST.map(folded).to_vec(), 0);
    let (words, version) = store::words(rx)?.unwrap_or_else(first);
    Ok(HeldWords { words, version })
}

fn set(tx: &mut Tx, actor: &Actor, body: &HeldWordsBody) -> Result<HeldWords, WordsError> {
    actor.must_be_operator()?;
    let words: std::collections::BTreeSet<String> =
        body.words.iter().map(|word| folded(word.as_str())).collect();
    if body.words.len() > 500 || words.iter().any(|word| word.chars().count() < 2) {
        return Err(WordsError::Words);
    }
    let words: Vec<String> = words.into_iter().collect();
    if !store::put_words(tx, &words, body.version)? {
        return Err(WordsError::Changed);
    }
    people::api::log_act(tx, actor, None, "knowledge.words", "", &words.join(" "))?;
    Ok(HeldWords { words, version: body.version.saturating_add(1) })
}

/// The words that hold posts back. Operators.
#[utoipa::path(get, path = "/api/v1/held-words", tag = "knowledge",
    responses((status = 200, body = HeldWords), Common))]
async fn held_words_get(ctx: rest::State, actor: Actor) -> Result<Json<HeldWords>, Refused> {
    actor.must_be_operator()?;
    Ok(Json(ctx.db().read(held).await?))
}

/// Set the words that hold posts back. Operators.
#[utoipa::path(put, path = "/api/v1/held-words", tag = "knowledge", request_body = HeldWordsBody,
    responses((status = 200, body = HeldWords), WordsError, Common))]
async fn held_words_put(
    ctx: rest::State,
    actor: Actor,
    Json(body): Json<HeldWordsBody>,
) -> Result<Json<HeldWords>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
