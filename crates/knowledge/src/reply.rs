//! What comes after a review: its author adds to it, the shop replies.

use axum::http::StatusCode;
use axum::response::Response;
use base::{PostId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;

use crate::model::{Kind, Standing, follow_up_until};
use crate::post::{self, PostError};
use crate::store;
use crate::views::{self, PostView, Viewer};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(review_follow_up)).routes(routes!(review_reply))
}

/// Words about a review.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewWordsBody {
    words: Text<1, 1000>,
}

/// Adds to one's own review, once. What was in public is held back when the new words have one of the list.
fn follow_up(tx: &mut Tx, actor: &Actor, id: PostId, words: &str) -> Result<PostView, PostError> {
    let was = store::find_post(tx, id)?.filter(|row| row.author == actor.person && row.kind == Kind::Review);
    let was = was.ok_or(Denied::Unknown)?;
    let now = tx.now();
    if was.follow_up.is_some() || now >= follow_up_until(was.created_at) {
        return Err(PostError::FollowUp);
    }
    let mut row = was.clone();
    row.follow_up = Some((words.to_owned(), now));
    if was.standing.is_public() && post::standing_of(tx, words)? == Standing::Held {
        row.standing = Standing::Held;
    }
    store::update_post(tx, &was, &row)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

/// Replies for the shop, once. A shop cannot take a review out of public with words of its own: such are refused.
fn reply(tx: &mut Tx, actor: &Actor, id: PostId, words: &str) -> Result<PostView, PostError> {
    let was = store::find_post(tx, id)?.filter(|row| row.kind == Kind::Review).ok_or(Denied::Unknown)?;
    actor.may(was.merchant, Right::Orders)?;
    if !was.standing.is_public() {
        return Err(PostError::State);
    }
    if was.reply.is_some() {
        return Err(PostError::Replied);
    }
    if post::standing_of(tx, words)? == Standing::Held {
        return Err(PostError::Words);
    }
    let mut row = was.clone();
    row.reply = Some((words.to_owned(), tx.now()));
    store::update_post(tx, &was, &row)?;
    people::api::log_act(tx, actor, Some(row.merchant), "knowledge.reply", &id.to_string(), words)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

/// Add to one's own review, once, within 180 days.
#[utoipa::path(post, path = "/api/v1/posts/{post}/follow-up", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = ReviewWordsBody, responses((status = 200, body = PostView), PostError, Common))]
async fn review_follow_up(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<PostId>,
    command: Command<ReviewWordsBody>,
) -> Result<Response, Refused> {
    let (own, words) = (actor.clone(), command.body.words);
    let write = move |tx: &mut Tx| follow_up(tx, &own, id, words.as_str());
    ctx.once(&actor, &command.once, StatusCode::OK, write).await
}

/// Reply to a review, once. Staff of the shop with the right to orders.
#[utoipa::path(post, path = "/api/v1/posts/{post}/reply", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = ReviewWordsBody, responses((status = 200, body = PostView), PostError, Common))]
async fn review_reply(
    ctx: rest::State,
    actor: Actor,
    Path(id): Path<PostId>,
    command: Command<ReviewWordsBody>,
) -> Result<Response, Refused> {
    let (own, words) = (actor.clone(), command.body.words);
    let write = move |tx: &mut Tx| reply(tx, &own, id, words.as_str());
    ctx.once(&actor, &command.once, StatusCode::OK, write).await
}
