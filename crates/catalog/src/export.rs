//! Exporting products: Shopify's columns, which the import reads again.

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use base::{MerchantId, ProductId, SkuId};
use db::{DbError, Rx};
use rest::{Actor, Common, Path, Refused, Right};

use crate::api::picture_url;
use crate::categories::CATEGORIES;
use crate::drafts::text_of_html;
use crate::model::ProductState;
use crate::store::{self, ProductRow, SkuRow};
use crate::table::guarded;

const PAGE: i64 = 100;

const HEAD: [&str; 21] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Product Category",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Variant SKU",
    "Variant Inventory Qty",
    "Variant Price",
    "Variant Compare At Price",
    "Image Src",
    "Image Position",
    "Status",
];

fn html_of_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.lines().collect::<Vec<_>>().join("<br>")
}

/// What a text is after it was exported and read again.
pub(crate) fn as_exported(text: &str) -> String {
    text_of_html(&html_of_text(text))
}

fn decimal(minor: i64) -> String {
    let (whole, part) = (minor.div_euclid(100), minor.rem_euclid(100));
    format!("{whole}.{part:02}")
}

/// The cells of a row, by column.
#[derive(Default)]
struct Cells(BTreeMap<&'static str, String>);

impl Cells {
    fn set(&mut self, column: &'static str, text: String) {
        self.0.insert(column, text);
    }

    fn row(&self) -> Vec<String> {
        HEAD.iter().map(|column| self.0.get(column).cloned().unwrap_or_default()).collect()
    }
}

const OPTION_COLUMNS: [(&str, &str); 3] =
    [("Option1 Name", "Option1 Value"), ("Option2 Name", "Option2 Value"), ("Option3 Name", "Option3 Value")];

/// The rows of one product: one per variant, and more where there are more pictures than variants.
fn rows(
    product: &ProductRow,
    skus: &[SkuRow],
    available: &BTreeMap<SkuId, i64>,
    public_url: &str,
) -> Vec<Vec<String>> {
    let handle = guarded(&product.handle.clone().unwrap_or_else(|| product.id.to_string()));
    let count = skus.len().max(product.pictures.len()).max(1);
    let mut rows = Vec::with_capacity(count);
    for n in 0..count {
        let mut cells = Cells::default();
        cells.set("Handle", handle.clone());
        if n == 0 {
            first_row(product, &mut cells);
        }
        if let Some(sku) = skus.get(n) {
            for ((name, value), (option, chosen)) in
                OPTION_COLUMNS.iter().zip(product.options.iter().zip(&sku.option_values))
            {
                if n == 0 {
                    cells.set(name, guarded(&option.name));
                }
                cells.set(value, guarded(chosen));
            }
            if product.options.is_empty() && n == 0 {
                cells.set("Option1 Name", "Title".to_owned());
                cells.set("Option1 Value", "Default Title".to_owned());
            }
            cells.set("Variant SKU", guarded(&sku.code));
            let left = available.get(&sku.id).copied().unwrap_or(0).max(0);
            cells.set("Variant Inventory Qty", left.to_string());
            cells.set("Variant Price", decimal(sku.price));
            cells.set("Variant Compare At Price", sku.compare_price.map(decimal).unwrap_or_default());
        }
        if let Some(picture) = product.pictures.get(n) {
            cells.set("Image Src", format!("{public_url}{}", picture_url(picture.id, 0)));
            cells.set("Image Position", n.saturating_add(1).to_string());
        }
        rows.push(cells.row());
    }
    rows
}

fn first_row(product: &ProductRow, cells: &mut Cells) {
    let attribute = |name: &str| {
        let found = product.attributes.iter().find(|attribute| attribute.name == name);
        guarded(found.map_or("", |attribute| &attribute.value))
    };
    cells.set("Title", guarded(&product.title));
    cells.set("Body (HTML)", guarded(&html_of_text(&product.description)));
    let category = CATEGORIES.iter().find(|category| category.id() == product.category);
    cells.set("Product Category", category.map_or(String::new(), |category| category.name_en.to_owned()));
    cells.set("Vendor", attribute("Vendor"));
    cells.set("Type", attribute("Type"));
    cells.set("Tags", attribute("Tags"));
    cells.set("Published", (product.state == ProductState::Published).to_string());
    let status = match product.state {
        ProductState::Draft => "draft",
        ProductState::Published => "active",
        ProductState::Archived => "archived",
    };
    cells.set("Status", status.to_owned());
}

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(format!("writing CSV failed: {error}"))
}

fn export(rx: &mut Rx, merchant: MerchantId, public_url: &str) -> Result<Vec<u8>, DbError> {
    // The mark tells spreadsheets that this is UTF-8.
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(HEAD).map_err(bug)?;
    let mut before = store::after_all();
    loop {
        let products = store::list_own(rx, merchant, (None, &[]), before, PAGE)?;
        let Some(last) = products.last() else { break };
        before = last.id;
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let skus = store::list_skus(rx, &ids)?;
        let offered: Vec<SkuId> = skus.iter().filter(|sku| sku.is_offered).map(|sku| sku.id).collect();
        let available = stock::api::available(rx, &offered)?;
        let mut of_product: BTreeMap<ProductId, Vec<SkuRow>> = BTreeMap::new();
        for sku in skus.into_iter().filter(|sku| sku.is_offered) {
            of_product.entry(sku.product).or_default().push(sku);
        }
        for product in &products {
            let skus = of_product.remove(&product.id).unwrap_or_default();
            for row in rows(product, &skus, &available, public_url) {
                writer.write_record(row).map_err(bug)?;
            }
        }
    }
    writer.into_inner().map_err(bug)
}

/// Exports a merchant's products as CSV with Shopify's columns.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/products/export", tag = "catalog",
    params(("merchant" = MerchantId, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), Common))]
pub(crate) async fn product_export(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Products)?;
    let public_url = ctx.settings().public_url.clone();
    let read = move |rx: &mut Rx| export(rx, merchant, &public_url);
    let file = ctx.db().read_long::<_, DbError, _>(read).await?;
    let name = [(header::CONTENT_DISPOSITION, "attachment; filename=\"products.csv\"")];
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], name, file).into_response())
}
