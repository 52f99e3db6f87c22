//! What others would write in an article; staff accept or decline it.

use axum::http::StatusCode;
use axum::response::Response;
use base::{ProductId, ProposalId, Text};
use db::Tx;
use rest::{Actor, Command, Common, Ctx, Denied, Member, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;

use crate::article::{self, ArticleBody, ArticleError, Next};
use crate::article_views::{self, ProposalView};
use crate::post;
use crate::store::Limit;
use crate::store::article::{self as store, ProposalRow, ProposalState};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(article_propose))
        .routes(routes!(proposal_accept))
        .routes(routes!(proposal_decline))
}

const PROPOSALS: Limit = Limit { scope: "proposal", max: 10 };
/// So that nobody buries a shop under them.
const WAITING_MAX: i64 = 20;

/// Nothing more is needed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposalAcceptBody {}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposalDeclineBody {
    /// Its author reads it.
    reason: Text<1, 200>,
}

fn propose(
    tx: &mut Tx,
    actor: &Actor,
    product: ProductId,
    body: &ArticleBody,
) -> Result<ProposalView, ArticleError> {
    let merchant = article::shop_of(tx, Some(actor), product)?;
    let (revision, _) = store::find_article(tx, product)?;
    if revision != body.base {
        return Err(ArticleError::Stale);
    }
    let side = post::side_of(tx, actor, (product, merchant))?;
    let written = article::written(tx, actor, side, body)?;
    post::take(tx, actor, PROPOSALS)?;
    let row = ProposalRow {
        id: tx.new_id(),
        product,
        merchant,
        base: body.base,
        written,
        state: ProposalState::Waiting,
        note: None,
    };
    store::begin_article(tx, product, merchant)?;
    if !store::insert_proposal(tx, &row, WAITING_MAX)? {
        return Err(ArticleError::Full);
    }
    article_views::proposal(tx, actor, row)
}

/// A proposal to a shop whose articles this person may change.
fn found(tx: &mut Tx, actor: &Actor, id: ProposalId) -> Result<ProposalRow, ArticleError> {
    let row = store::find_proposal(tx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Products)?;
    if row.state == ProposalState::Waiting { Ok(row) } else { Err(ArticleError::Decided) }
}

/// Makes a proposal the next revision. One that was written on an older revision is refused: it would take back what
/// came since.
fn accept(tx: &mut Tx, actor: &Actor, id: ProposalId) -> Result<ProposalView, ArticleError> {
    let row = found(tx, actor, id)?;
    let (written, proposal) = (row.written.clone(), Some(id));
    let next = Next { base: row.base, written, restored: None, proposal };
    article::publish(tx, (row.product, row.merchant), next)?;
    decide(tx, actor, row, ProposalState::Accepted, None)
}

fn decide(
    tx: &mut Tx,
    actor: &Actor,
    row: ProposalRow,
    state: ProposalState,
    note: Option<&str>,
) -> Result<ProposalView, ArticleError> {
    if !store::end_proposal(tx, (row.id, row.product), state, note)? {
        return Err(ArticleError::Decided);
    }
    let act = match state {
        ProposalState::Accepted => "knowledge.article_accept",
        ProposalState::Declined | ProposalState::Waiting => "knowledge.article_decline",
    };
    let (target, merchant) = (row.product.to_string(), Some(row.merchant));
    people::api::log_act(tx, actor, merchant, act, &target, note.unwrap_or(&row.written.remark))?;
    let row = ProposalRow { state, note: note.map(str::to_owned), ..row };
    article_views::proposal(tx, actor, row)
}

/// Propose what the article of a product shall say.
#[utoipa::path(post, path = "/api/v1/products/{product}/article/proposals", tag = "knowledge",
    params(("product" = ProductId, Path)), request_body = ArticleBody,
    responses((status = 201, body = ProposalView), ArticleError, Common))]
async fn article_propose(
    ctx: rest::State,
    Member(actor): Member,
    Path(product): Path<ProductId>,
    command: Command<ArticleBody>,
) -> Result<Response, Refused> {
    let (own, body) = (actor.clone(), command.body);
    let run = move |tx: &mut Tx| propose(tx, &own, product, &body);
    ctx.once(&actor, &command.once, StatusCode::CREATED, run).await
}

/// Make a proposal the next revision. Staff of the shop with the right to products.
#[utoipa::path(post, path = "/api/v1/article-proposals/{proposal}/accept", tag = "knowledge",
    params(("proposal" = ProposalId, Path)), request_body = ProposalAcceptBody,
    responses((status = 200, body = ProposalView), ArticleError, Common))]
async fn proposal_accept(
    ctx: rest::State,
    actor: Actor,
    Path(id): Path<ProposalId>,
    command: Command<ProposalAcceptBody>,
) -> Result<Response, Refused> {
    let own = actor.clone();
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| accept(tx, &own, id)).await
}

/// Decline a proposal. Staff of the shop with the right to products.
#[utoipa::path(post, path = "/api/v1/article-proposals/{proposal}/decline", tag = "knowledge",
    params(("proposal" = ProposalId, Path)), request_body = ProposalDeclineBody,
    responses((status = 200, body = ProposalView), ArticleError, Common))]
async fn proposal_decline(
    ctx: rest::State,
    actor: Actor,
    Path(id): Path<ProposalId>,
    command: Command<ProposalDeclineBody>,
) -> Result<Response, Refused> {
    let (own, reason) = (actor.clone(), command.body.reason);
    let run = move |tx: &mut Tx| {
        let row = found(tx, &own, id)?;
        decide(tx, &own, row, ProposalState::Declined, Some(reason.as_str()))
    };
    ctx.once(&actor, &command.once, StatusCode::OK, run).await
}
