//! An operator looks at what was reported or held back.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Page, PageRequest, PostId, Text};
use db::{Rx, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::Standing;
use crate::post::PostError;
use crate::store;
use crate::views::{self, PostView, Viewer};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(moderation_list)).routes(routes!(post_decide))
}

/// What an operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModerationVerdict {
    /// It is, or comes back, in public; earlier reports no longer count.
    Keep,
    /// It is out of public at once; its author sees the reason.
    Hide,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ModerationBody {
    verdict: ModerationVerdict,
    reason: Text<1, 300>,
}

/// Why somebody reported a post.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ReportView {
    /// `spam abuse untrue privacy other`.
    reason: String,
    words: String,
}

/// A post that waits for an operator.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct WaitingPost {
    post: PostView,
    /// How many reports count.
    reports: i64,
    /// Some of them, without names.
    reasons: Vec<ReportView>,
}

/// Decides about a post: one that waits, or one that an operator came across.
fn decide(tx: &mut Tx, actor: &Actor, id: PostId, body: &ModerationBody) -> Result<PostView, PostError> {
    actor.must_be_operator()?;
    let was = store::find_post(tx, id)?.ok_or(Denied::Unknown)?;
    let (standing, act) = match body.verdict {
        ModerationVerdict::Keep => (Standing::Shown, "knowledge.keep"),
        ModerationVerdict::Hide => (Standing::Hidden, "knowledge.hide"),
    };
    if was.standing == standing {
        return Err(PostError::State);
    }
    let mut row = was.clone();
    row.standing = standing;
    row.reports = 0;
    row.note = (standing == Standing::Hidden).then(|| body.reason.as_str().to_owned());
    store::update_post(tx, &was, &row)?;
    let detail = body.reason.as_str();
    people::api::log_act(tx, actor, Some(row.merchant), act, &id.to_string(), detail)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

fn waiting(
    rx: &mut Rx,
    actor: &Actor,
    request: &PageRequest,
    after: PostId,
) -> Result<Page<WaitingPost>, PostError> {
    actor.must_be_operator()?;
    let rows = Page::by_id(store::list_waiting(rx, after, request.more())?, request, |row| row.id);
    let counted: Vec<(PostId, i64)> = rows.items.iter().map(|row| (row.id, row.reports)).collect();
    let posts = views::many(rx, rows.items, &Viewer::of(actor))?;
    let mut items = Vec::with_capacity(posts.len());
    for (post, (id, reports)) in posts.into_iter().zip(counted) {
        let reasons = if reports > 0 { store::reports(rx, id)? } else { Vec::new() };
        let view = |row: store::ReportRow| ReportView { reason: row.reason, words: row.words };
        items.push(WaitingPost { post, reports, reasons: reasons.into_iter().map(view).collect() });
    }
    Ok(Page { items, next_cursor: rows.next_cursor })
}

/// What waits for an operator, longest first. Operators.
#[utoipa::path(get, path = "/api/v1/moderation", tag = "knowledge", params(PageRequest),
    responses((status = 200, body = Page<WaitingPost>), Common))]
async fn moderation_list(
    ctx: rest::State,
    actor: Actor,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<WaitingPost>>, Refused> {
    let after = request.after()?;
    Ok(Json(ctx.db().read(move |rx| waiting(rx, &actor, &request, after)).await?))
}

/// Keep a post in public, or hide it. Operators.
#[utoipa::path(post, path = "/api/v1/posts/{post}/decide", tag = "knowledge", params(("post" = PostId, Path)),
    request_body = ModerationBody, responses((status = 200, body = PostView), PostError, Common))]
async fn post_decide(
    ctx: rest::State,
    actor: Actor,
    Path(id): Path<PostId>,
    command: Command<ModerationBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| decide(tx, &own, id, &body)).await
}
