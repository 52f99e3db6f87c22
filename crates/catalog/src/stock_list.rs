//! What lies in a merchant's stock, with titles: stock knows only numbers, the catalogue knows names.

use base::{LocationId, MerchantId, Page, PageRequest, ProductId, SkuId};
use db::{DbError, Rx};
use rest::{Actor, Common, Json, Path, Query, Refused, Right};
use serde::{Deserialize, Serialize};
use stock::api::Level;

use crate::store;

/// What lies somewhere of one variant.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StockRow {
    sku: SkuId,
    code: String,
    product: ProductId,
    title: String,
    option_values: Vec<String>,
    location: LocationId,
    /// Lying there, without what is sold.
    on_hand: i64,
    /// Of that, set aside for payments under way.
    reserved: i64,
    /// Sold so far.
    sold: i64,
    /// What may still be promised.
    available: i64,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StockFilter {
    /// Only variants of which at most so many are available.
    low: Option<i64>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn list(rx: &mut Rx, levels: Page<Level>) -> Result<Page<StockRow>, DbError> {
    let ids: Vec<SkuId> = levels.items.iter().map(|level| level.sku).collect();
    let mut known: std::collections::BTreeMap<SkuId, store::SkuWithProduct> =
        store::find_skus(rx, &ids)?.into_iter().map(|row| (row.sku.id, row)).collect();
    let mut items = Vec::with_capacity(levels.items.len());
    for level in levels.items {
        let Some(row) = known.remove(&level.sku) else { continue };
        items.push(StockRow {
            sku: level.sku,
            code: row.sku.code,
            product: row.sku.product,
            title: row.title,
            option_values: row.sku.option_values,
            location: level.location,
            on_hand: level.on_hand,
            reserved: level.held,
            sold: level.sold,
            available: level.available(),
        });
    }
    Ok(Page { items, next_cursor: levels.next_cursor })
}

/// What lies in a merchant's stock.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/stock", tag = "catalog",
    params(("merchant" = MerchantId, Path), StockFilter), responses((status = 200, body = Page<StockRow>), Common))]
pub(crate) async fn merchant_stock_list(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<StockFilter>,
) -> Result<Json<Page<StockRow>>, Refused> {
    actor.may(merchant, Right::Stock)?;
    let page = PageRequest { cursor: filter.cursor, limit: filter.limit };
    let (low, after) = (filter.low.unwrap_or(i64::MAX), page.after()?);
    let read = move |rx: &mut Rx| {
        let levels = stock::api::list_levels(rx, merchant, low, Some(after), page.more())?;
        list(rx, Page::by_id(levels, &page, |level| level.sku))
    };
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
