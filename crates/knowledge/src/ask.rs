//! A member asks about a product; the shop, buyers and others answer.

use axum::http::StatusCode;
use axum::response::Response;
use base::{PostId, ProductId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::Deserialize;

use crate::model::Kind;
use crate::post::{self, PostError};
use crate::store::{self, Limit};
use crate::views::{self, PostView, Viewer};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(question_ask))
        .routes(routes!(answer_write))
        .routes(routes!(answer_accept))
}

const QUESTIONS: Limit = Limit { scope: "question", max: 10 };
const ANSWERS: Limit = Limit { scope: "answer", max: 30 };

/// A question or an answer.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SayBody {
    words: Text<1, 500>,
}

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptBody {}

fn ask(tx: &mut Tx, actor: &Actor, product: ProductId, words: &str) -> Result<PostView, PostError> {
    let merchant = post::shop_of(tx, product)?;
    post::take(tx, actor, QUESTIONS)?;
    let mut row = post::new_post(tx, Kind::Question, actor, (product, merchant), words)?;
    row.side = post::side_of(tx, actor, (product, merchant))?;
    store::insert_post(tx, &row)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

fn answer(tx: &mut Tx, actor: &Actor, id: PostId, words: &str) -> Result<PostView, PostError> {
    let question = post::visible(tx, actor, id)?;
    if question.kind != Kind::Question || !question.standing.is_public() {
        return Err(PostError::State);
    }
    post::take(tx, actor, ANSWERS)?;
    let about = (question.product, question.merchant);
    let mut row = post::new_post(tx, Kind::Answer, actor, about, words)?;
    row.side = post::side_of(tx, actor, about)?;
    row.question = Some(question.id);
    store::insert_post(tx, &row)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

/// Takes an answer to one's own question as the one that helped, in place of any other.
fn accept(tx: &mut Tx, actor: &Actor, id: PostId) -> Result<PostView, PostError> {
    let row = post::visible(tx, actor, id)?;
    let question = row.question.ok_or(PostError::State)?;
    let was = store::find_post(tx, question)?.filter(|was| was.author == actor.person);
    let was = was.ok_or(Denied::Unknown)?;
    if !row.standing.is_public() {
        return Err(PostError::State);
    }
    let mut now = was.clone();
    now.accepted = Some(id);
    store::update_post(tx, &was, &now)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

/// Ask about a product that is on sale.
#[utoipa::path(post, path = "/api/v1/products/{product}/questions", tag = "knowledge",
    params(("product" = ProductId, Path)), request_body = SayBody,
    responses((status = 201, body = PostView), PostError, Common))]
async fn question_ask(
    ctx: rest::State,
    Member(actor): Member,
    Path(product): Path<ProductId>,
    command: Command<SayBody>,
) -> Result<Response, Refused> {
    let (own, words) = (actor.clone(), command.body.words);
    let write = move |tx: &mut Tx| ask(tx, &own, product, words.as_str());
    ctx.once(&actor, &command.once, StatusCode::CREATED, write).await
}

/// Answer a question.
#[utoipa::path(post, path = "/api/v1/posts/{post}/answers", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = SayBody, responses((status = 201, body = PostView), PostError, Common))]
async fn answer_write(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<PostId>,
    command: Command<SayBody>,
) -> Result<Response, Refused> {
    let (own, words) = (actor.clone(), command.body.words);
    let write = move |tx: &mut Tx| answer(tx, &own, id, words.as_str());
    ctx.once_keyed(&actor, &command.once, StatusCode::CREATED, post::hot(id), write).await
}

/// Take an answer to one's own question as the one that helped.
#[utoipa::path(post, path = "/api/v1/posts/{post}/accept", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = AcceptBody, responses((status = 200, body = PostView), PostError, Common))]
async fn answer_accept(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<PostId>,
    command: Command<AcceptBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| accept(tx, &own, id)).await
}
