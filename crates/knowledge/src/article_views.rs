//! Articles, their history, and proposals, as people see them.

use std::collections::BTreeMap;

use base::{Cursor, MerchantId, Page, PageRequest, PersonId, ProductId, ProposalId, Timestamp};
use db::{DbError, Rx};
use rest::{
    Actor, Common, Ctx, Denied, Json, MaybeActor, Member, OpenApiRouter, Path, Query, Refused, Right, routes,
};
use serde::{Deserialize, Serialize};

use crate::article::{self, ArticleError};
use crate::diff::{self, ChangedLine};
use crate::model::Side;
use crate::store::article::{self as store, ProposalRow, ProposalState, RevisionRow, Written};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(article_get))
        .routes(routes!(revision_list))
        .routes(routes!(revision_get))
        .routes(routes!(proposal_list))
        .routes(routes!(proposal_get))
        .routes(routes!(merchant_proposal_list))
}

/// A revision in the history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct RevisionBrief {
    number: i64,
    /// As strangers see the name; the shop's own for its staff.
    author: String,
    side: Side,
    comment: String,
    /// Which revision it brought back.
    restored: Option<i64>,
    /// Whether it was proposed by somebody outside the shop.
    was_proposed: bool,
    /// Why an operator took it out of sight; its text and comment are then told to operators only.
    hidden_for: Option<String>,
    created_at: Timestamp,
}

/// A revision with its text.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct RevisionView {
    about: RevisionBrief,
    words: String,
    sources: Vec<String>,
}

/// What is known of a product.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ArticleView {
    product: ProductId,
    product_title: String,
    merchant: MerchantId,
    /// Give it back as `base` when writing; 0 before anything was written.
    revision: i64,
    current: Option<RevisionView>,
    /// For staff with the right to products: how many proposals wait.
    waiting: Option<i64>,
    /// What the person who asks may do: `write` or `propose`.
    may: Vec<&'static str>,
}

/// A revision, and what it changed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct RevisionChanges {
    revision: RevisionView,
    /// The revision that is in force.
    current: i64,
    /// With which revision it is compared; 0 for nothing at all.
    compared: i64,
    changes: Vec<ChangedLine>,
    /// Whether the person who asks may bring it back.
    may_restore: bool,
}

/// A proposal in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ProposalBrief {
    id: ProposalId,
    product: ProductId,
    product_title: String,
    author: String,
    side: Side,
    comment: String,
    state: ProposalState,
    /// Why it was declined.
    note: Option<String>,
    created_at: Timestamp,
}

/// A proposal, and what it would change.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProposalView {
    about: ProposalBrief,
    words: String,
    sources: Vec<String>,
    base: i64,
    /// Whether the article has been changed since; it can then only be declined.
    is_stale: bool,
    changes: Vec<ChangedLine>,
}

/// Names that texts are shown with.
struct Names {
    people: BTreeMap<PersonId, String>,
    shops: BTreeMap<MerchantId, String>,
    titles: BTreeMap<ProductId, String>,
}

impl Names {
    fn of(rx: &mut Rx, rows: &[(ProductId, MerchantId, PersonId)]) -> Result<Self, DbError> {
        let people: Vec<PersonId> = rows.iter().map(|row| row.2).collect();
        let shops: Vec<MerchantId> = rows.iter().map(|row| row.1).collect();
        let products: Vec<ProductId> = rows.iter().map(|row| row.0).collect();
        let titles = catalog::api::product_titles(rx, &products)?;
        Ok(Self {
            people: people::api::person_names(rx, &people)?,
            shops: people::api::merchant_names(rx, &shops)?,
            titles: titles.into_iter().map(|(id, (title, _))| (id, title)).collect(),
        })
    }

    /// Under what name somebody wrote.
    fn author(&self, merchant: MerchantId, written: &Written) -> String {
        let name = match written.side {
            Side::Shop => self.shops.get(&merchant).cloned(),
            Side::Buyer | Side::Other => {
                self.people.get(&written.author).map(|name| people::api::public_name(name))
            }
        };
        name.unwrap_or_default()
    }

    fn title(&self, product: ProductId) -> String {
        self.titles.get(&product).cloned().unwrap_or_default()
    }
}

/// A revision without what only operators may still read.
fn seen(actor: Option<&Actor>, mut row: RevisionRow) -> RevisionRow {
    if row.hidden_for.is_some() && !actor.is_some_and(|actor| actor.is_operator) {
        row.written.words.clear();
        row.written.sources.clear();
        row.written.remark.clear();
    }
    row
}

fn brief(names: &Names, merchant: MerchantId, row: &RevisionRow) -> RevisionBrief {
    RevisionBrief {
        number: row.number,
        author: names.author(merchant, &row.written),
        side: row.written.side,
        comment: row.written.remark.clone(),
        restored: row.restored,
        was_proposed: row.proposal.is_some(),
        hidden_for: row.hidden_for.clone(),
        created_at: row.written.created_at,
    }
}

fn revision(
    rx: &mut Rx,
    (product, merchant): (ProductId, MerchantId),
    row: RevisionRow,
) -> Result<RevisionView, DbError> {
    let names = Names::of(rx, &[(product, merchant, row.written.author)])?;
    let about = brief(&names, merchant, &row);
    Ok(RevisionView { about, words: row.written.words, sources: row.written.sources })
}

fn title(rx: &mut Rx, product: ProductId) -> Result<String, DbError> {
    let mut titles = catalog::api::product_titles(rx, &[product])?;
    Ok(titles.remove(&product).map(|(title, _)| title).unwrap_or_default())
}

/// The article of a product, as one person sees it.
pub(crate) fn article(
    rx: &mut Rx,
    actor: Option<&Actor>,
    product: ProductId,
) -> Result<ArticleView, ArticleError> {
    let merchant = article::shop_of(rx, actor, product)?;
    let (number, waiting) = store::find_article(rx, product)?;
    let current = match store::find_revision(rx, product, number)? {
        Some(row) => Some(revision(rx, (product, merchant), row)?),
        None => None,
    };
    let is_staff = actor.is_some_and(|actor| actor.may(merchant, Right::Products).is_ok());
    let may = match actor {
        _ if is_staff => vec!["write"],
        Some(actor) if !actor.is_guest => vec!["propose"],
        Some(_) | None => Vec::new(),
    };
    Ok(ArticleView {
        product,
        product_title: title(rx, product)?,
        merchant,
        revision: number,
        current,
        waiting: is_staff.then_some(waiting),
        may,
    })
}

/// The article of a product that is on sale, or of one's own shop.
#[utoipa::path(get, path = "/api/v1/products/{product}/article", tag = "knowledge",
    params(("product" = ProductId, Path)), responses((status = 200, body = ArticleView), Common))]
async fn article_get(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(product): Path<ProductId>,
) -> Result<Json<ArticleView>, Refused> {
    Ok(Json(ctx.db().read(move |rx| article(rx, actor.as_ref(), product)).await?))
}

/// The revisions of an article, newest first.
#[utoipa::path(get, path = "/api/v1/products/{product}/article/revisions", tag = "knowledge",
    params(("product" = ProductId, Path), PageRequest),
    responses((status = 200, body = Page<RevisionBrief>), Common))]
async fn revision_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(product): Path<ProductId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<RevisionBrief>>, Refused> {
    let before = request.place(|cursor| cursor.part::<i64>(0))?.unwrap_or(i64::MAX);
    let read = move |rx: &mut Rx| {
        let merchant = article::shop_of(rx, actor.as_ref(), product)?;
        let rows = store::list_revisions(rx, product, before, request.more())?;
        let rows = rows.into_iter().map(|row| seen(actor.as_ref(), row)).collect();
        let page = Page::from_rows(rows, request.limit(), |row| Cursor::new([row.number.to_string()]));
        let of: Vec<_> = page.items.iter().map(|row| (product, merchant, row.written.author)).collect();
        let names = Names::of(rx, &of)?;
        Ok::<_, ArticleError>(page.map(|row| brief(&names, merchant, &row)))
    };
    Ok(Json(ctx.db().read(read).await?))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ComparedWith {
    /// The revision before it when left out.
    #[param(minimum = 0)]
    compared: Option<i64>,
}

fn revision_changes(
    rx: &mut Rx,
    actor: Option<&Actor>,
    (product, number): (ProductId, i64),
    compared: Option<i64>,
) -> Result<RevisionChanges, ArticleError> {
    let merchant = article::shop_of(rx, actor, product)?;
    let row = seen(actor, store::find_revision(rx, product, number)?.ok_or(Denied::Unknown)?);
    let compared = compared.unwrap_or(number.saturating_sub(1));
    let old = match compared {
        0 => None,
        other => Some(seen(actor, store::find_revision(rx, product, other)?.ok_or(Denied::Unknown)?)),
    };
    let is_hidden = |row: &RevisionRow| row.hidden_for.is_some();
    let is_told = actor.is_some_and(|actor| actor.is_operator)
        || !(is_hidden(&row) || old.as_ref().is_some_and(is_hidden));
    // What differs from a text that is out of sight would tell the text.
    let changes = match is_told {
        true => diff::changes(old.as_ref().map_or("", |old| &old.written.words), &row.written.words),
        false => Vec::new(),
    };
    let (current, _) = store::find_article(rx, product)?;
    let may_write = actor.is_some_and(|actor| actor.may(merchant, Right::Products).is_ok());
    Ok(RevisionChanges {
        changes,
        may_restore: may_write && current != number && !is_hidden(&row),
        revision: revision(rx, (product, merchant), row)?,
        current,
        compared,
    })
}

/// A revision, and what differs from the one before it or from any other.
#[utoipa::path(get, path = "/api/v1/products/{product}/article/revisions/{number}", tag = "knowledge",
    params(("product" = ProductId, Path), ("number" = i64, Path), ComparedWith),
    responses((status = 200, body = RevisionChanges), Common))]
async fn revision_get(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(what): Path<(ProductId, i64)>,
    Query(with): Query<ComparedWith>,
) -> Result<Json<RevisionChanges>, Refused> {
    let read = move |rx: &mut Rx| revision_changes(rx, actor.as_ref(), what, with.compared);
    Ok(Json(ctx.db().read(read).await?))
}

fn proposal_brief(names: &Names, row: &ProposalRow) -> ProposalBrief {
    ProposalBrief {
        id: row.id,
        product: row.product,
        product_title: names.title(row.product),
        author: names.author(row.merchant, &row.written),
        side: row.written.side,
        comment: row.written.remark.clone(),
        state: row.state,
        note: row.note.clone(),
        created_at: row.written.created_at,
    }
}

/// A proposal as its author and staff see it; the text of an accepted one is in the history.
pub(crate) fn proposal(rx: &mut Rx, actor: &Actor, row: ProposalRow) -> Result<ProposalView, ArticleError> {
    if actor.person != row.written.author {
        actor.may(row.merchant, Right::Products)?;
    }
    let old = store::find_revision(rx, row.product, row.base)?;
    let old = old.map(|old| seen(Some(actor), old).written.words);
    let (revision, _) = store::find_article(rx, row.product)?;
    let names = Names::of(rx, &[(row.product, row.merchant, row.written.author)])?;
    Ok(ProposalView {
        about: proposal_brief(&names, &row),
        is_stale: row.state == ProposalState::Waiting && revision != row.base,
        changes: diff::changes(&old.unwrap_or_default(), &row.written.words),
        base: row.base,
        words: row.written.words,
        sources: row.written.sources,
    })
}

/// A proposal: one's own, or one to a shop whose products one may change.
#[utoipa::path(get, path = "/api/v1/article-proposals/{proposal}", tag = "knowledge",
    params(("proposal" = ProposalId, Path)), responses((status = 200, body = ProposalView), Common))]
async fn proposal_get(
    ctx: rest::State,
    Member(actor): Member,
    Path(id): Path<ProposalId>,
) -> Result<Json<ProposalView>, Refused> {
    let read = move |rx: &mut Rx| {
        let row = store::find_proposal(rx, id)?.ok_or(Denied::Unknown)?;
        proposal(rx, &actor, row)
    };
    Ok(Json(ctx.db().read(read).await?))
}

fn page(
    rx: &mut Rx,
    rows: Vec<ProposalRow>,
    request: &PageRequest,
) -> Result<Page<ProposalBrief>, ArticleError> {
    let page = Page::by_id(rows, request, |row| row.id);
    let of: Vec<_> = page.items.iter().map(|row| (row.product, row.merchant, row.written.author)).collect();
    let names = Names::of(rx, &of)?;
    Ok(page.map(|row| proposal_brief(&names, &row)))
}

/// What one proposed oneself, newest first.
#[utoipa::path(get, path = "/api/v1/article-proposals", tag = "knowledge", params(PageRequest),
    responses((status = 200, body = Page<ProposalBrief>), Common))]
async fn proposal_list(
    ctx: rest::State,
    Member(actor): Member,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ProposalBrief>>, Refused> {
    let before = request.before()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_own_proposals(rx, actor.person, before, request.more())?;
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read(read).await?))
}

/// What waits for a shop's staff, longest first. Staff with the right to products.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/article-proposals", tag = "knowledge",
    params(("merchant" = MerchantId, Path), PageRequest),
    responses((status = 200, body = Page<ProposalBrief>), Common))]
async fn merchant_proposal_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ProposalBrief>>, Refused> {
    actor.may(merchant, Right::Products)?;
    let after = request.after()?;
    let read = move |rx: &mut Rx| {
        let rows = store::list_proposals(rx, merchant, after, request.more())?;
        page(rx, rows, &request)
    };
    Ok(Json(ctx.db().read(read).await?))
}
