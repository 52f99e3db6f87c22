//! What people make of a post: helpful, or something an operator should look at.

use axum::http::StatusCode;
use axum::response::Response;
use base::{PostId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::post::{self, PostError};
use crate::store::{self, Limit, PostRow, ReportRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(post_helpful)).routes(routes!(post_report))
}

const VOTES: Limit = Limit { scope: "vote", max: 200 };
const REPORTS: Limit = Limit { scope: "report", max: 30 };

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct HelpfulBody {}

/// How many found it helpful.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Helpful {
    helpful: i64,
}

/// What is wrong with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportReason {
    Spam,
    Abuse,
    Untrue,
    Privacy,
    Other,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportBody {
    reason: ReportReason,
    words: Option<Text<1, 300>>,
}

/// A report has been noted, or had been.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Reported {
    is_reported: bool,
}

/// Somebody else's post in public.
fn others(tx: &mut Tx, actor: &Actor, id: PostId) -> Result<PostRow, PostError> {
    let row = store::find_post(tx, id)?.ok_or(Denied::Unknown)?;
    if row.author == actor.person {
        return Err(PostError::Own);
    }
    if post::is_open(tx, &row)? { Ok(row) } else { Err(Denied::Unknown.into()) }
}

/// Counts a person once, however often it is asked.
fn vote(tx: &mut Tx, actor: &Actor, id: PostId) -> Result<Helpful, PostError> {
    let row = others(tx, actor, id)?;
    let is_new = store::vote(tx, id, actor.person)?;
    if is_new {
        post::take(tx, actor, VOTES)?;
    }
    Ok(Helpful { helpful: row.helpful.saturating_add(i64::from(is_new)) })
}

/// Notes a person's report once, however often it is sent.
fn report(tx: &mut Tx, actor: &Actor, id: PostId, body: &ReportBody) -> Result<Reported, PostError> {
    others(tx, actor, id)?;
    let words = body.words.as_ref().map_or("", |words| words.as_str()).to_owned();
    let row = ReportRow { reason: store::word(body.reason)?, words };
    if store::report(tx, id, actor.person, &row)? {
        post::take(tx, actor, REPORTS)?;
    }
    Ok(Reported { is_reported: true })
}

/// Find a post helpful.
#[utoipa::path(post, path = "/api/v1/posts/{post}/helpful", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = HelpfulBody, responses((status = 200, body = Helpful), PostError, Common))]
async fn post_helpful(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<PostId>,
    command: Command<HelpfulBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    let write = move |tx: &mut Tx| vote(tx, &own, id);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(id), write).await
}

/// Report a post to the platform.
#[utoipa::path(post, path = "/api/v1/posts/{post}/reports", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = ReportBody, responses((status = 200, body = Reported), PostError, Common))]
async fn post_report(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<PostId>,
    command: Command<ReportBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let write = move |tx: &mut Tx| report(tx, &own, id, &body);
    ctx.once_keyed(&actor, &command.once, StatusCode::OK, post::hot(id), write).await
}
