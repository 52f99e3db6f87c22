//! The operators' table of words that mean the same.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Page, PageRequest, SynonymId, Text, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Json, Member, OpenApiRouter, Path, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::store::{self, GROUPS_MAX, SynonymRow};
use crate::synonyms::GROUP_MAX;
use crate::text;

/// A group of words that mean the same.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SynonymView {
    id: SynonymId,
    words: Vec<String>,
    updated_at: Timestamp,
}

impl From<SynonymRow> for SynonymView {
    fn from(row: SynonymRow) -> Self {
        let SynonymRow { id, words, updated_at } = row;
        Self { id, words, updated_at }
    }
}

/// A group as an operator writes it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SynonymBody {
    /// At least two; case and width do not count.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 12)]
    words: Vec<Text<1, 20>>,
}

/// Why a group was not written; nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum SynonymError {
    /// It was removed.
    #[error("there is no such group of words")]
    #[problem(404, "synonym.not_found")]
    NotFound,
    /// A group has several words, each of which says something.
    #[error("a group has 2 to {GROUP_MAX} different words of letters, digits or characters")]
    #[problem(422, "synonym.words")]
    Words,
    /// There are as many groups as there may be.
    #[error("there are {GROUPS_MAX} groups of words already")]
    #[problem(409, "synonym.too_many")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

impl SynonymBody {
    /// The words, each once, as they are compared.
    fn words(&self) -> Result<Vec<String>, SynonymError> {
        let mut words: Vec<String> = Vec::new();
        for word in self.words.iter().map(|word| text::plain(word)) {
            if !word.chars().any(char::is_alphanumeric) {
                return Err(SynonymError::Words);
            }
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if (2..=GROUP_MAX).contains(&words.len()) { Ok(words) } else { Err(SynonymError::Words) }
    }
}

fn view(rx: &mut Rx, id: SynonymId) -> Result<SynonymView, SynonymError> {
    Ok(store::find_synonym(rx, id)?.ok_or(SynonymError::NotFound)?.into())
}

fn log(tx: &mut Tx, actor: &Actor, action: &str, id: SynonymId, words: &[String]) -> Result<(), DbError> {
    people::api::log_act(tx, actor, None, action, &id.to_string(), &words.join(", "))
}

fn create(tx: &mut Tx, actor: &Actor, body: &SynonymBody) -> Result<SynonymView, SynonymError> {
    let (id, words) = (tx.new_id(), body.words()?);
    if !store::insert_synonym(tx, id, &words)? {
        return Err(SynonymError::TooMany);
    }
    log(tx, actor, "synonym.create", id, &words)?;
    view(tx, id)
}

fn update(
    tx: &mut Tx,
    actor: &Actor,
    id: SynonymId,
    body: &SynonymBody,
) -> Result<SynonymView, SynonymError> {
    let words = body.words()?;
    if !store::update_synonym(tx, id, &words)? {
        return Err(SynonymError::NotFound);
    }
    log(tx, actor, "synonym.update", id, &words)?;
    view(tx, id)
}

fn remove(tx: &mut Tx, actor: &Actor, id: SynonymId) -> Result<(), SynonymError> {
    let row = store::find_synonym(tx, id)?.ok_or(SynonymError::NotFound)?;
    if !store::delete_synonym(tx, id)? {
        return Err(SynonymError::NotFound);
    }
    Ok(log(tx, actor, "synonym.delete", id, &row.words)?)
}

/// Groups of words that mean the same, newest first; for operators. What the program brings along is not among them.
#[utoipa::path(get, path = "/api/v1/search/synonyms", tag = "search", params(PageRequest),
    responses((status = 200, body = Page<SynonymView>), Common))]
pub(crate) async fn synonym_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<SynonymView>>, Refused> {
    actor.must_be_operator()?;
    let before = page.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_synonyms(rx, before, page.more())?;
        Ok(Page::by_id(rows, &page, |row| row.id).map(SynonymView::from))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Makes a group of words that mean the same; for operators. Every node knows it within two seconds.
#[utoipa::path(post, path = "/api/v1/search/synonyms", tag = "search", request_body = SynonymBody,
    responses((status = 201, body = SynonymView), SynonymError, Common))]
pub(crate) async fn synonym_create(
    ctx: rest::State,
    Member(actor): Member,
    command: Command<SynonymBody>,
) -> Result<Response, Refused> {
    actor.must_be_operator()?;
    let (Command { once, body }, by) = (command, actor.clone());
    let run = move |tx: &mut Tx| create(tx, &by, &body);
    ctx.once(&actor, &once, StatusCode::CREATED, run).await
}

/// Writes a group of words anew; for operators.
#[utoipa::path(put, path = "/api/v1/search/synonyms/{synonym}", tag = "search", request_body = SynonymBody,
    params(("synonym" = SynonymId, Path)), responses((status = 200, body = SynonymView), SynonymError, Common))]
pub(crate) async fn synonym_update(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<SynonymId>,
    Json(body): Json<SynonymBody>,
) -> Result<Json<SynonymView>, Refused> {
    actor.must_be_operator()?;
    let run = move |tx: &mut Tx| update(tx, &actor, id, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, run).await?))
}

/// Removes a group of words; for operators.
#[utoipa::path(delete, path = "/api/v1/search/synonyms/{synonym}", tag = "search",
    params(("synonym" = SynonymId, Path)), responses((status = 204), SynonymError, Common))]
pub(crate) async fn synonym_delete(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<SynonymId>,
) -> Result<StatusCode, Refused> {
    actor.must_be_operator()?;
    ctx.db().write(Lane::Interactive, move |tx| remove(tx, &actor, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .routes(routes!(synonym_list, synonym_create))
        .routes(routes!(synonym_update, synonym_delete))
}
