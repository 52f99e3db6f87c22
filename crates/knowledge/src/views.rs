//! Posts, as the public, their authors, shops and operators see them.

use std::collections::BTreeMap;

use base::{Cursor, MerchantId, Page, PageRequest, PersonId, PostId, ProductId, Timestamp};
use db::{DbError, Rx};
use rest::{
    Actor, Common, Ctx, Denied, Json, MaybeActor, Member, OpenApiRouter, Path, Query, Refused, Right, routes,
};
use serde::{Deserialize, Serialize};

use crate::model::{Kind, Side, Standing, follow_up_until};
use crate::post::{self, PostError};
use crate::store::{self, PostRow, Wanted};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(review_summary_get))
        .routes(routes!(review_list))
        .routes(routes!(question_list))
        .routes(routes!(answer_list))
        .routes(routes!(post_get))
        .routes(routes!(post_list))
        .routes(routes!(merchant_post_list))
}

/// Words that came later.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct SaidView {
    words: String,
    at: Timestamp,
}

/// A review, a question or an answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PostView {
    id: PostId,
    kind: Kind,
    product: ProductId,
    product_title: String,
    merchant: MerchantId,
    /// Of an answer: to which question.
    question: Option<PostId>,
    words: String,
    /// As strangers see the name; the shop's own for its staff; `null` for one who stays unnamed.
    author: Option<String>,
    side: Side,
    is_mine: bool,
    /// Of a review: 1 to 5.
    stars: Option<i64>,
    tags: Vec<String>,
    /// Of a review: what distinguished the variant.
    bought: Vec<String>,
    /// Of a review: whether the line has gone back in full.
    is_refunded: bool,
    follow_up: Option<SaidView>,
    /// Of a review: what the shop says.
    reply: Option<SaidView>,
    /// Of a question: how many answers are in public.
    answers: i64,
    /// Of a question: the answer its author took.
    accepted: Option<PostId>,
    /// Its words.
    accepted_words: Option<String>,
    helpful: i64,
    has_voted: bool,
    standing: Standing,
    /// For its author and operators: why it was hidden.
    note: Option<String>,
    created_at: Timestamp,
    /// What the person who asks may do: `vote report follow_up reply answer accept decide`.
    may: Vec<&'static str>,
}

/// Who looks.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    actor: Option<Actor>,
}

impl Viewer {
    pub(crate) fn of(actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()) }
    }

    /// A member; guests look like anybody.
    fn member(&self) -> Option<&Actor> {
        self.actor.as_ref().filter(|actor| !actor.is_guest)
    }

    fn is(&self, person: PersonId) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.person == person)
    }

    fn is_operator(&self) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.is_operator)
    }
}

/// What posts are shown with.
struct Around {
    names: BTreeMap<PersonId, String>,
    shops: BTreeMap<MerchantId, String>,
    titles: BTreeMap<ProductId, String>,
    voted: Vec<PostId>,
    /// Questions of the answers among the posts, and answers taken by the questions.
    linked: Vec<PostRow>,
    now: Timestamp,
}

fn around(rx: &mut Rx, rows: &[PostRow], viewer: &Viewer) -> Result<Around, DbError> {
    let people: Vec<PersonId> = rows.iter().filter(|row| !row.is_anonymous).map(|row| row.author).collect();
    let shops: Vec<MerchantId> = rows.iter().map(|row| row.merchant).collect();
    let products: Vec<ProductId> = rows.iter().map(|row| row.product).collect();
    let linked: Vec<PostId> = rows.iter().filter_map(|row| row.question.or(row.accepted)).collect();
    let first = rows.iter().map(|row| row.id).min();
    let last = rows.iter().map(|row| row.id).max();
    let voted = match (viewer.member(), first.zip(last)) {
        (Some(actor), Some(range)) => store::votes_of(rx, actor.person, range)?,
        (None, _) | (_, None) => Vec::new(),
    };
    let titles = catalog::api::product_titles(rx, &products)?;
    Ok(Around {
        names: people::api::person_names(rx, &people)?,
        shops: people::api::merchant_names(rx, &shops)?,
        titles: titles.into_iter().map(|(id, (title, _))| (id, title)).collect(),
        voted,
        linked: store::find_posts(rx, &linked)?,
        now: rx.now(),
    })
}

/// What a person may do with a post as it stands.
fn verbs(row: &PostRow, viewer: &Viewer, around: &Around) -> Vec<&'static str> {
    let Some(actor) = viewer.member() else { return Vec::new() };
    let (is_mine, is_public) = (actor.person == row.author, row.standing.is_public());
    let mut verbs = Vec::new();
    if !is_mine && is_public {
        if !around.voted.contains(&row.id) {
            verbs.push("vote");
        }
        verbs.push("report");
    }
    match row.kind {
        Kind::Review => {
            if is_mine && row.follow_up.is_none() && around.now < follow_up_until(row.created_at) {
                verbs.push("follow_up");
            }
            if is_public && row.reply.is_none() && actor.may(row.merchant, Right::Orders).is_ok() {
                verbs.push("reply");
            }
        }
        Kind::Question if is_public => verbs.push("answer"),
        Kind::Question => {}
        Kind::Answer => {
            let question = around.linked.iter().find(|linked| Some(linked.id) == row.question);
            let is_open = question.is_some_and(|q| q.author == actor.person && q.accepted != Some(row.id));
            if is_open && is_public {
                verbs.push("accept");
            }
        }
    }
    if actor.is_operator {
        verbs.push("decide");
    }
    verbs
}

fn view(row: PostRow, viewer: &Viewer, around: &Around) -> PostView {
    let may = verbs(&row, viewer, around);
    let is_mine = viewer.is(row.author);
    let name = || around.names.get(&row.author).map(|name| people::api::public_name(name));
    let author = match row.side {
        _ if row.is_anonymous => None,
        Side::Shop => around.shops.get(&row.merchant).cloned(),
        Side::Buyer | Side::Other => name(),
    };
    let said = |(words, at): (String, Timestamp)| SaidView { words, at };
    let accepted = row.accepted.and_then(|id| around.linked.iter().find(|linked| linked.id == id));
    let accepted = accepted.filter(|answer| answer.standing.is_public());
    PostView {
        id: row.id,
        kind: row.kind,
        product: row.product,
        product_title: around.titles.get(&row.product).cloned().unwrap_or_default(),
        merchant: row.merchant,
        question: row.question,
        words: row.words,
        author,
        side: row.side,
        is_mine,
        stars: (row.kind == Kind::Review).then_some(row.stars),
        tags: row.tags,
        bought: row.bought,
        is_refunded: row.is_refunded,
        follow_up: row.follow_up.map(said),
        reply: row.reply.map(said),
        answers: row.answers,
        accepted: accepted.map(|answer| answer.id),
        accepted_words: accepted.map(|answer| answer.words.clone()),
        helpful: row.helpful,
        has_voted: around.voted.contains(&row.id),
        standing: if viewer.is_operator() { row.standing } else { row.standing.told() },
        note: row.note.filter(|_| is_mine || viewer.is_operator()),
        created_at: row.created_at,
        may,
    }
}

/// Posts as one person sees them, in the same order.
pub(crate) fn many(rx: &mut Rx, rows: Vec<PostRow>, viewer: &Viewer) -> Result<Vec<PostView>, DbError> {
    let around = around(rx, &rows, viewer)?;
    Ok(rows.into_iter().map(|row| view(row, viewer, &around)).collect())
}

/// A post as one person sees it.
pub(crate) fn one(rx: &mut Rx, row: PostRow, viewer: &Viewer) -> Result<PostView, DbError> {
    let around = around(rx, std::slice::from_ref(&row), viewer)?;
    Ok(view(row, viewer, &around))
}

fn page(rx: &mut Rx, rows: Page<PostRow>, viewer: &Viewer) -> Result<Page<PostView>, DbError> {
    Ok(Page { items: many(rx, rows.items, viewer)?, next_cursor: rows.next_cursor })
}

/// What is in public of a product, counted.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ReviewSummary {
    reviews: i64,
    /// The average in hundredths of a star, rounded down; `null` without reviews.
    average_hundredths: Option<i64>,
    /// How many have 1, 2, 3, 4, 5 stars.
    stars: [i64; 5],
    /// How many were added to.
    with_follow_up: i64,
    questions: i64,
}

/// How a product is thought of.
#[utoipa::path(get, path = "/api/v1/products/{product}/review-summary", tag = "knowledge",
    params(("product" = ProductId, Path)), responses((status = 200, body = ReviewSummary), Common))]
async fn review_summary_get(
    ctx: rest::State,
    Path(product): Path<ProductId>,
) -> Result<Json<ReviewSummary>, Refused> {
    let row = ctx.db().read::<_, DbError, _>(move |rx| store::summary(rx, product)).await?;
    let reviews = row.counts.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
    Ok(Json(ReviewSummary {
        reviews,
        average_hundredths: row.stars.saturating_mul(100).checked_div(reviews),
        stars: row.counts,
        with_follow_up: row.followed,
        questions: row.questions,
    }))
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum PostOrder {
    #[default]
    Newest,
    Helpful,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ReviewFilter {
    /// Only with this many stars.
    #[param(minimum = 1, maximum = 5)]
    stars: Option<i64>,
    /// Only those that were added to.
    with_follow_up: Option<bool>,
    /// Newest first when left out.
    #[param(inline)]
    sort: Option<PostOrder>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn listed(
    rx: &mut Rx,
    wanted: &Wanted,
    (newest, helpful): (PostId, Option<(i64, PostId)>),
    request: &PageRequest,
) -> Result<Page<PostRow>, DbError> {
    match helpful {
        Some(place) => {
            let rows = store::list_helpful(rx, wanted, place)?;
            let cursor = |row: &PostRow| Cursor::new([row.helpful.to_string(), row.id.to_string()]);
            Ok(Page::from_rows(rows, request.limit(), cursor))
        }
        None => Ok(Page::by_id(store::list_newest(rx, wanted, newest)?, request, |row| row.id)),
    }
}

/// The reviews of a product.
#[utoipa::path(get, path = "/api/v1/products/{product}/reviews", tag = "knowledge",
    params(("product" = ProductId, Path), ReviewFilter), responses((status = 200, body = Page<PostView>), Common))]
async fn review_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(product): Path<ProductId>,
    Query(filter): Query<ReviewFilter>,
) -> Result<Json<Page<PostView>>, Refused> {
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let last: PostId = base::Id::from_bytes([0xff; 16]);
    let place = match filter.sort.unwrap_or_default() {
        PostOrder::Newest => (request.before()?, None),
        PostOrder::Helpful => {
            let found = request.place(|cursor| cursor.part(0).zip(cursor.part(1)))?;
            (last, Some(found.unwrap_or((i64::MAX, last))))
        }
    };
    let stars = filter.stars.map_or((0, 5), |stars| (stars, stars));
    let followed = i64::from(filter.with_follow_up.unwrap_or(false));
    let wanted = Wanted { product, kind: Kind::Review, stars, followed, limit: request.more() };
    let read = move |rx: &mut Rx| {
        let rows = listed(rx, &wanted, place, &request)?;
        page(rx, rows, &Viewer { actor: actor.clone() })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// The questions about a product, newest first.
#[utoipa::path(get, path = "/api/v1/products/{product}/questions", tag = "knowledge",
    params(("product" = ProductId, Path), PageRequest), responses((status = 200, body = Page<PostView>), Common))]
async fn question_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(product): Path<ProductId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<PostView>>, Refused> {
    let place = (request.before()?, None);
    let wanted = Wanted { product, kind: Kind::Question, stars: (0, 5), followed: 0, limit: request.more() };
    let read = move |rx: &mut Rx| {
        let rows = listed(rx, &wanted, place, &request)?;
        page(rx, rows, &Viewer { actor: actor.clone() })
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// The answers to a question, oldest first.
#[utoipa::path(get, path = "/api/v1/posts/{post}/answers", tag = "knowledge",
    params(("post" = PostId, Path), PageRequest), responses((status = 200, body = Page<PostView>), Common))]
async fn answer_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<PostId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<PostView>>, Refused> {
    let after = request.after()?;
    let viewer = Viewer { actor };
    let read = move |rx: &mut Rx| {
        // What was said below a hidden question is hidden with it.
        seen(rx, &viewer, id)?;
        let rows = store::list_answers(rx, id, after, request.more())?;
        Ok::<_, PostError>(page(rx, Page::by_id(rows, &request, |row| row.id), &viewer)?)
    };
    Ok(Json(ctx.db().read(read).await?))
}

/// A post that this person may see.
fn seen(rx: &mut Rx, viewer: &Viewer, id: PostId) -> Result<PostRow, PostError> {
    let row = store::find_post(rx, id)?.ok_or(Denied::Unknown)?;
    let sees = viewer.is(row.author) || viewer.is_operator() || post::is_open(rx, &row)?;
    if sees { Ok(row) } else { Err(Denied::Unknown.into()) }
}

/// A post: in public, one's own, or any for operators.
#[utoipa::path(get, path = "/api/v1/posts/{post}", tag = "knowledge", params(("post" = PostId, Path)),
    responses((status = 200, body = PostView), Common))]
async fn post_get(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<PostId>,
) -> Result<Json<PostView>, Refused> {
    let viewer = Viewer { actor };
    let read = move |rx: &mut Rx| {
        let row = seen(rx, &viewer, id)?;
        Ok::<_, PostError>(one(rx, row, &viewer)?)
    };
    Ok(Json(ctx.db().read(read).await?))
}

/// What one said oneself, newest first, hidden or not.
#[utoipa::path(get, path = "/api/v1/posts", tag = "knowledge", params(PageRequest),
    responses((status = 200, body = Page<PostView>), Common))]
async fn post_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<PostView>>, Refused> {
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_of_author(rx, actor.person, before, request.more())?;
        page(rx, Page::by_id(rows, &request, |row| row.id), &Viewer::of(&actor))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct MerchantPostFilter {
    /// Reviews when left out.
    kind: Option<Kind>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What people say of a shop's goods, newest first. Staff with the right to orders.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/posts", tag = "knowledge",
    params(("merchant" = MerchantId, Path), MerchantPostFilter),
    responses((status = 200, body = Page<PostView>), Common))]
async fn merchant_post_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<MerchantPostFilter>,
) -> Result<Json<Page<PostView>>, Refused> {
    actor.may(merchant, Right::Orders)?;
    let kind = filter.kind.unwrap_or(Kind::Review);
    let request = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_of_merchant(rx, merchant, kind, before, request.more())?;
        page(rx, Page::by_id(rows, &request, |row| row.id), &Viewer::of(&actor))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
