//! Who received a line of an order says how it is.

use axum::http::StatusCode;
use axum::response::Response;
use base::{OrderId, Text};
use db::{Rx, Tx};
use orders::api::{LineFacts, OrderFacts};
use rest::{Actor, Command, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Kind, Side};
use crate::post::{self, PostError};
use crate::store;
use crate::views::{self, PostView, Viewer};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(review_write)).routes(routes!(order_review_list))
}

const TAGS_MAX: usize = 8;

/// How goods are, in the eyes of who received them.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewBody {
    /// The line of the order.
    line: i64,
    #[schema(minimum = 1, maximum = 5)]
    stars: i64,
    words: Text<1, 1000>,
    #[serde(default)]
    #[schema(max_items = 8)]
    tags: Vec<Text<1, 20>>,
    /// Without a name; else with the name as strangers see it.
    is_anonymous: bool,
}

struct WriteReview {
    actor: Actor,
    order: OrderId,
    body: ReviewBody,
}

/// Whether lines of this order are reviewed: they have arrived, and replace nothing.
fn may_be_reviewed(order: &OrderFacts) -> bool {
    order.received_at.is_some() && order.replaces.is_none()
}

/// Writes the review of one line, which has at most one.
fn write_review(tx: &mut Tx, command: &WriteReview) -> Result<PostView, PostError> {
    let WriteReview { actor, order, body } = command;
    let order = orders::api::order(tx, *order)?.filter(|order| order.buyer == actor.person);
    let order = order.ok_or(Denied::Unknown)?;
    let line = order.lines.iter().find(|line| line.line == body.line).ok_or(Denied::Unknown)?;
    if people::api::is_staff(tx, order.merchant, actor.person)? {
        return Err(PostError::OwnShop);
    }
    if !may_be_reviewed(&order) {
        return Err(PostError::NotReceived);
    }
    let tags: std::collections::BTreeSet<&str> = body.tags.iter().map(Text::as_str).collect();
    if !(1..=5).contains(&body.stars) || tags.len() > TAGS_MAX || tags.len() != body.tags.len() {
        return Err(PostError::Stars);
    }
    let said = format!("{} {}", body.words.as_str(), tags.iter().copied().collect::<Vec<_>>().join(" "));
    let mut row =
        post::new_post(tx, Kind::Review, actor, (line.product, order.merchant), body.words.as_str())?;
    row.standing = post::standing_of(tx, &said)?;
    row.side = Side::Buyer;
    row.is_anonymous = body.is_anonymous;
    row.stars = body.stars;
    row.tags = body.tags.iter().map(|tag| tag.as_str().to_owned()).collect();
    row.bought.clone_from(&line.options);
    row.order = Some(order.id);
    row.line = Some(line.line);
    row.is_refunded = is_refunded(line);
    if !store::claim_review(tx, order.id, line.line, row.id)? {
        return Err(PostError::Reviewed);
    }
    store::insert_post(tx, &row)?;
    Ok(views::one(tx, row, &Viewer::of(actor))?)
}

/// Whether all that was paid for a line went back.
pub(crate) fn is_refunded(line: &LineFacts) -> bool {
    line.total > 0 && line.refunded >= line.total
}

/// Review a line of an order that has arrived.
#[utoipa::path(post, path = "/api/v1/orders/{order}/reviews", tag = "knowledge",
    params(("order" = OrderId, Path)), request_body = ReviewBody,
    responses((status = 201, body = PostView), PostError, Common))]
async fn review_write(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
    command: Command<ReviewBody>,
) -> Result<Response, Refused> {
    let write = WriteReview { actor: actor.clone(), order, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::CREATED, move |tx| write_review(tx, &write)).await
}

/// A line of an order, and what its buyer said of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct LineReview {
    line: i64,
    product: base::ProductId,
    title: String,
    option_values: Vec<String>,
    /// The small picture; `null` when there is none.
    picture: Option<String>,
    /// Whether it may be reviewed now.
    may_review: bool,
    /// `null` when there is none.
    review: Option<PostView>,
}

/// The lines of an order and their reviews.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct LineReviews {
    items: Vec<LineReview>,
}

fn line_reviews(rx: &mut Rx, actor: &Actor, id: OrderId) -> Result<LineReviews, PostError> {
    let order = orders::api::order(rx, id)?.filter(|order| order.buyer == actor.person);
    let order = order.ok_or(Denied::Unknown)?;
    let is_open = may_be_reviewed(&order) && !people::api::is_staff(rx, order.merchant, actor.person)?;
    let rows = store::reviews_of_order(rx, id)?;
    let lines: Vec<Option<i64>> = rows.iter().map(|row| row.line).collect();
    let mut views: Vec<(Option<i64>, PostView)> =
        lines.into_iter().zip(views::many(rx, rows, &Viewer::of(actor))?).collect();
    let mut take = |line: i64| {
        let place = views.iter().position(|(of, _)| *of == Some(line))?;
        Some(views.swap_remove(place).1)
    };
    let item = |line: LineFacts| {
        let review = take(line.line);
        LineReview {
            line: line.line,
            product: line.product,
            title: line.title,
            option_values: line.options,
            picture: line.picture.map(|picture| catalog::api::picture_url(picture, 360)),
            may_review: is_open && review.is_none(),
            review,
        }
    };
    Ok(LineReviews { items: order.lines.into_iter().map(item).collect() })
}

/// The lines of one's order with their reviews.
#[utoipa::path(get, path = "/api/v1/orders/{order}/reviews", tag = "knowledge",
    params(("order" = OrderId, Path)), responses((status = 200, body = LineReviews), Common))]
async fn order_review_list(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
) -> Result<Json<LineReviews>, Refused> {
    Ok(Json(ctx.db().read(move |rx| line_reviews(rx, &actor, order)).await?))
}
