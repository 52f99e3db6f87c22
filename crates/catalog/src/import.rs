//! Importing products from a file: first told what would happen, then done, as often as one likes.
//!
//! A product is found again by its handle; one that is the same as last time is left alone, so a run that was cut
//! off is simply run again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use base::{MerchantId, ProductId};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::{self, ProductError};
use crate::drafts::{self, Draft, Parsed, RowProblem};
use crate::export::as_exported;
use crate::media::read_body;
use crate::model::{NewProduct, ProductState};
use crate::store;
use crate::table::{self, Table};

/// Products looked up at a time.
const CHUNK: usize = 50;
/// Products, and variants of them, written in one transaction; one product is never split.
const WRITTEN_AT_ONCE: usize = 5;
const VARIANTS_AT_ONCE: usize = 80;
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
const PROBLEMS_MAX: usize = 1_000;

/// What an import did, or would do.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportReport {
    dry_run: bool,
    /// Products made.
    created: u32,
    /// Products written anew.
    updated: u32,
    /// Products left alone: the same as last time, or with a problem.
    skipped: u32,
    /// At most 1000.
    problems: Vec<RowProblem>,
}

/// What is to be done with a product of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Create,
    Update(ProductId),
    Skip,
}

/// Looks up what is to be done with each product. Codes of other products are a problem.
fn plan(rx: &mut Rx, merchant: MerchantId, chunk: &[Draft]) -> Result<Vec<Result<Plan, String>>, DbError> {
    let handles: Vec<&str> = chunk.iter().map(|draft| draft.handle.as_str()).collect();
    let known = store::find_handles(rx, merchant, &handles)?;
    // A product that never had a handle is exported under its id.
    let ids: Vec<ProductId> = handles.iter().filter_map(|handle| handle.parse().ok()).collect();
    let by_id = store::find_products(rx, &ids)?;
    let skus = chunk.iter().flat_map(|draft| &draft.product.skus);
    let codes: Vec<&str> = skus.map(|sku| sku.code.as_str()).collect();
    let holders = store::code_holders(rx, merchant, &codes)?;
    let mut plans = Vec::with_capacity(chunk.len());
    for draft in chunk {
        let by_id = draft.handle.parse().ok().and_then(|id: ProductId| by_id.get(&id));
        let plan = match (known.get(&draft.handle), by_id.filter(|row| row.merchant == merchant)) {
            (Some((_, digest)), _) if *digest == draft.digest => Plan::Skip,
            (Some((product, _)), _) => Plan::Update(*product),
            (None, Some(row)) => Plan::Update(row.id),
            (None, None) => Plan::Create,
        };
        let own = if let Plan::Update(product) = plan { Some(product) } else { None };
        let taken = draft.product.skus.iter().find(|sku| {
            let holder = holders.get(&sku.code).filter(|holder| holder.is_offered);
            plan != Plan::Skip && holder.is_some_and(|holder| holder.product != own)
        });
        plans.push(taken.map_or(Ok(plan), |sku| Err(sku.code.clone())));
    }
    Ok(plans)
}

/// Products whose codes another product of the same file has before them.
fn repeated_codes(drafts: &[Draft]) -> BTreeMap<usize, String> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut repeated = BTreeMap::new();
    for (n, draft) in drafts.iter().enumerate() {
        let mine: Vec<&str> = draft.product.skus.iter().map(|sku| sku.code.as_str()).collect();
        match mine.iter().find(|code| seen.contains(**code)) {
            Some(code) => {
                repeated.insert(n, (*code).to_owned());
            }
            None => seen.extend(mine),
        }
    }
    repeated
}

/// Writes one product of a file.
fn apply(tx: &mut Tx, merchant: MerchantId, draft: &Draft, plan: Plan) -> Result<(), ProductError> {
    let (mut product, mut is_published) = (draft.product.clone(), false);
    let wanted = draft.own_pictures();
    let found = store::find_pictures(tx, &wanted)?;
    let own = wanted.into_iter().filter(|id| found.get(id).is_some_and(|row| row.merchant == merchant));
    product.pictures = own.take(10).collect();
    let id = match plan {
        Plan::Skip => return Ok(()),
        Plan::Create => api::create_with_handle(tx, merchant, &product, Some(&draft.handle))?,
        Plan::Update(id) => {
            let row = store::find_product(tx, id)?.ok_or(ProductError::NotFound)?;
            let (version, state) = (row.version, row.state);
            keep_unsaid(tx, &mut product, draft, row)?;
            api::update_product(tx, id, version, &product)?;
            is_published = state == ProductState::Published;
            id
        }
    };
    if !store::claim_handle(tx, merchant, &draft.handle, (id, draft.digest))? {
        if plan == Plan::Create {
            // Another run made it a moment ago; a new try finds it.
            return Err(tx.give_up(DbError::Conflict).into());
        }
        store::set_digest(tx, merchant, &draft.handle, draft.digest)?;
    }
    match draft.state {
        Some(ProductState::Published) => store::move_state(tx, id, ProductState::Published)?,
        Some(ProductState::Archived) if plan != Plan::Create => {
            store::move_state(tx, id, ProductState::Archived)?
        }
        // Nothing that was on sale becomes a draft again.
        Some(ProductState::Draft) if is_published => store::move_state(tx, id, ProductState::Archived)?,
        _ => false,
    };
    Ok(())
}

/// What the file does not speak of stays.
fn keep_unsaid(
    tx: &mut Tx,
    product: &mut NewProduct,
    draft: &Draft,
    row: store::ProductRow,
) -> Result<(), ProductError> {
    if product.pictures.is_empty() {
        product.pictures = row.pictures.iter().map(|picture| picture.id).collect();
    }
    // HTML knows no empty lines: a text that was only exported in between is not another.
    if !draft.has.description || product.description == as_exported(&row.description) {
        product.description = row.description;
    }
    if !draft.has.category {
        product.category = row.category;
    }
    if !draft.has.compare_price {
        let known = store::list_skus(tx, &[row.id])?;
        for sku in &mut product.skus {
            let before = known.iter().find(|before| before.code == sku.code);
            let compare = before.and_then(|before| before.compare_price);
            sku.compare_price_minor = compare.filter(|compare| *compare > sku.price_minor);
        }
    }
    product.no_reason_return = row.no_reason_return;
    product.is_virtual = row.is_virtual;
    for attribute in row.attributes {
        if !product.attributes.iter().any(|new| new.name == attribute.name) {
            product.attributes.push(attribute);
        }
    }
    Ok(())
}

/// One file on its way in.
struct Run {
    ctx: Ctx,
    merchant: MerchantId,
    table: Arc<Table>,
    report: ImportReport,
    actor: Actor,
    /// Stands in the log from the first product on, whether or not anyone waits for the last one.
    is_logged: bool,
}

impl Run {
    fn refuse(&mut self, problem: RowProblem) {
        self.report.skipped = self.report.skipped.saturating_add(1);
        self.report.problems.push(problem);
    }

    fn count(&mut self, plan: Plan) {
        let counter = match plan {
            Plan::Create => &mut self.report.created,
            Plan::Update(_) => &mut self.report.updated,
            Plan::Skip => &mut self.report.skipped,
        };
        *counter = counter.saturating_add(1);
    }

    async fn chunk(&mut self, chunk: Vec<Draft>) -> Result<(), Refused> {
        let chunk = Arc::new(chunk);
        let (merchant, looked) = (self.merchant, Arc::clone(&chunk));
        let read = move |rx: &mut Rx| plan(rx, merchant, &looked);
        let plans = self.ctx.db().read_long::<_, DbError, _>(read).await?;
        let mut todo = Vec::new();
        for (n, plan) in plans.into_iter().enumerate() {
            let Some(draft) = chunk.get(n) else { continue };
            match plan {
                Ok(Plan::Skip) => self.count(Plan::Skip),
                Ok(plan) => todo.push((n, plan)),
                Err(code) => self.refuse(taken(draft, &self.table, &code)),
            }
        }
        if self.report.dry_run {
            todo.iter().for_each(|(_, plan)| self.count(*plan));
            return Ok(());
        }
        let variants = |(n, _): &(usize, Plan)| chunk.get(*n).map_or(0, |draft| draft.product.skus.len());
        for todo in batches(&todo, variants) {
            if self.write(&chunk, todo).await?.is_none() {
                todo.iter().for_each(|(_, plan)| self.count(*plan));
            } else {
                self.one_by_one(&chunk, todo).await?;
            }
        }
        Ok(())
    }

    /// Writes each product for itself, so that one that does not go keeps none from going.
    async fn one_by_one(&mut self, chunk: &Arc<Vec<Draft>>, todo: &[(usize, Plan)]) -> Result<(), DbError> {
        for one in todo {
            let refused = self.write(chunk, &[*one]).await?;
            match (refused, chunk.get(one.0)) {
                (Some(error), Some(draft)) => {
                    let problem = draft.problem(&self.table, "product.refused", error.to_string());
                    self.refuse(problem);
                }
                _ => self.count(one.1),
            }
        }
        Ok(())
    }

    /// Writes products in one transaction; answers why not, when one was refused.
    async fn write(
        &mut self,
        chunk: &Arc<Vec<Draft>>,
        todo: &[(usize, Plan)],
    ) -> Result<Option<ProductError>, DbError> {
        let (merchant, chunk, todo) = (self.merchant, Arc::clone(chunk), todo.to_vec());
        let (actor, is_logged, rows) = (self.actor.clone(), self.is_logged, self.table.rows.len());
        let write = move |tx: &mut Tx| {
            for (n, plan) in &todo {
                if let Some(draft) = chunk.get(*n) {
                    apply(tx, merchant, draft, *plan)?;
                }
            }
            if !is_logged {
                let detail = format!("a file of {rows} rows");
                let target = merchant.to_string();
                people::api::log_act(tx, &actor, Some(merchant), "product.import", &target, &detail)?;
            }
            Ok(())
        };
        match self.ctx.db().write(Lane::Background, write).await {
            Ok(()) => {
                self.is_logged = true;
                Ok(None)
            }
            Err(ProductError::Db(error)) => Err(error),
            Err(error) => Ok(Some(error)),
        }
    }
}

/// Splits products into batches for one transaction each.
fn batches<T>(todo: &[T], variants: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let (mut batches, mut rest) = (Vec::new(), todo);
    while !rest.is_empty() {
        let mut sum = 0_usize;
        let fit = rest.iter().take(WRITTEN_AT_ONCE).take_while(|one| {
            sum = sum.saturating_add(variants(one));
            sum <= VARIANTS_AT_ONCE
        });
        let (batch, after) = rest.split_at(fit.count().max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

fn taken(draft: &Draft, table: &Table, code: &str) -> RowProblem {
    draft.problem(
        table,
        "product.code_taken",
        format!("the code {code} belongs to another product of the shop"),
    )
}

async fn import(run: &mut Run, parsed: Parsed) -> Result<(), Refused> {
    run.report.skipped = parsed.refused;
    run.report.problems = parsed.problems;
    let repeated = repeated_codes(&parsed.drafts);
    let mut chunk = Vec::with_capacity(CHUNK);
    for (n, draft) in parsed.drafts.into_iter().enumerate() {
        match repeated.get(&n) {
            Some(code) => run.refuse(taken(&draft, &run.table, code)),
            None => chunk.push(draft),
        }
        if chunk.len() >= CHUNK {
            run.chunk(std::mem::take(&mut chunk)).await?;
        }
    }
    if chunk.is_empty() { Ok(()) } else { run.chunk(chunk).await }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportMode {
    /// Whether only to tell what would happen; that is so unless `false` is given.
    dry_run: Option<bool>,
}

/// Imports products from CSV: Shopify's columns or Chinese ones, UTF-8 or GBK, up to 50,000 rows and 32 MiB.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/products/import", tag = "catalog",
    params(("merchant" = MerchantId, Path), ImportMode),
    request_body(content = Vec<u8>, content_type = "text/csv"),
    responses((status = 200, body = ImportReport), table::FileError, Common))]
pub(crate) async fn product_import(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(mode): Query<ImportMode>,
    request: Request,
) -> Result<Json<ImportReport>, Refused> {
    actor.may(merchant, Right::Products)?;
    let body = read_body(request, &ctx).await?;
    let read = move || table::read(&body).map(|table| (drafts::parse(&table), table));
    let read = tokio::task::spawn_blocking(read).await;
    let (parsed, table) = read.map_err(|error| DbError::Bug(format!("reading a file failed: {error}")))??;
    let report = ImportReport { dry_run: mode.dry_run.unwrap_or(true), ..ImportReport::default() };
    let table = Arc::new(table);
    let mut run = Run { ctx: (*ctx).clone(), merchant, table, report, actor, is_logged: false };
    import(&mut run, parsed).await?;
    let mut report = run.report;
    report.problems.sort_by_key(|problem| problem.row);
    report.problems.truncate(PROBLEMS_MAX);
    Ok(Json(report))
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .routes(routes!(product_import))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_bound_products_and_variants() {
        let sizes = [1, 1, 1, 1, 1, 1, 100, 79, 1, 1];
        let lengths: Vec<usize> = batches(&sizes, |n| *n).iter().map(|batch| batch.len()).collect();
        assert_eq!(lengths, [5, 1, 1, 2, 1]);
    }
}
