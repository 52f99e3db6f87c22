//! From rows of a file to products; nothing here touches the store.

use std::collections::{BTreeMap, BTreeSet};

use base::PictureId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::categories;
use crate::model::{Attribute, NewProduct, NewSku, ProductOption, ProductState, SKUS_MAX};
use crate::table::{Column, Row, Table};

const HANDLE_MAX: usize = 120;

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RowProblem {
    /// As a spreadsheet counts: the names of the columns are row 1.
    pub(crate) row: usize,
    /// As the file calls it; empty when it is about the row as a whole.
    pub(crate) column: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// A product as a file has it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) handle: String,
    pub(crate) product: NewProduct,
    /// What the file says of it; `None` when it says nothing.
    pub(crate) state: Option<ProductState>,
    /// Which parts the file has columns for.
    pub(crate) has: Parts,
    /// Distinct addresses of pictures, in their order.
    pub(crate) images: Vec<String>,
    /// The rows of its variants.
    pub(crate) rows: Vec<usize>,
    /// Changes when anything of it does.
    pub(crate) digest: [u8; 32],
}

/// Parts of a product that a file may be silent of.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Parts {
    pub(crate) description: bool,
    pub(crate) category: bool,
    pub(crate) compare_price: bool,
}

impl Draft {
    /// Pictures that lie here already: those an export of ours names.
    pub(crate) fn own_pictures(&self) -> Vec<PictureId> {
        let id = |url: &String| {
            let (_, file) = url.rsplit_once("/media/")?;
            file.split_once(".jpg")?.0.parse().ok()
        };
        self.images.iter().filter_map(id).collect()
    }

    fn first_row(&self) -> usize {
        self.rows.first().copied().unwrap_or(0)
    }

    /// The same problem by row and column instead of by JSON pointer.
    pub(crate) fn locate(&self, table: &Table, field: &base::FieldProblem) -> RowProblem {
        let mut parts = field.pointer.split('/').skip(1);
        let (first, second, third) = (parts.next().unwrap_or(""), parts.next(), parts.next());
        let place = second.and_then(|n| n.parse::<usize>().ok());
        let (row, column) = match (first, third.unwrap_or("")) {
            ("skus", part) => {
                let row = place.and_then(|n| self.rows.get(n).copied());
                let column = match part {
                    "code" => Some(Column::Code),
                    "price_minor" => Some(Column::Price),
                    "compare_price_minor" => Some(Column::Compare),
                    "stock" => Some(Column::Stock),
                    "option_values" => Some(Column::OptionValue(0)),
                    _ => None,
                };
                (row, column)
            }
            ("title", _) => (None, Some(Column::Title)),
            ("description", _) => (None, Some(Column::Html)),
            ("options", _) => (None, Some(Column::OptionName(0))),
            _ => (None, None),
        };
        RowProblem {
            row: row.unwrap_or_else(|| self.first_row()),
            column: column.map_or(String::new(), |column| table.name(column).to_owned()),
            code: field.code.clone(),
            detail: field.detail.clone(),
        }
    }

    /// A problem of the product as a whole, with one of its codes.
    pub(crate) fn problem(&self, table: &Table, code: &str, detail: String) -> RowProblem {
        let column = table.name(Column::Code).to_owned();
        RowProblem { row: self.first_row(), column, code: code.to_owned(), detail }
    }
}

/// What a file holds.
pub(crate) struct Parsed {
    /// Products without a problem, in the order of the file.
    pub(crate) drafts: Vec<Draft>,
    /// How many products have a problem.
    pub(crate) refused: u32,
    pub(crate) problems: Vec<RowProblem>,
}

/// Puts the rows of a file together into products.
pub(crate) fn parse(table: &Table) -> Parsed {
    let mut parsed = Parsed { drafts: Vec::new(), refused: 0, problems: Vec::new() };
    for (handle, rows) in grouped(table, &mut parsed.problems) {
        let mut reading = Reading { table, problems: Vec::new() };
        let draft = reading.product(handle, &rows);
        let mut problems = reading.problems;
        if problems.is_empty()
            && let Err(invalid) = draft.product.check()
        {
            problems.extend(invalid.0.iter().map(|field| draft.locate(table, field)));
        }
        if problems.is_empty() {
            parsed.drafts.push(draft);
        } else {
            parsed.refused = parsed.refused.saturating_add(1);
            parsed.problems.append(&mut problems);
        }
    }
    parsed
}

/// Rows by handle, in the order in which the handles appear.
fn grouped<'t>(table: &'t Table, problems: &mut Vec<RowProblem>) -> Vec<(String, Vec<&'t Row>)> {
    let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in &table.rows {
        let (given, title) = (row.cell(Column::Handle), row.cell(Column::Title));
        let handle = match (given.is_empty(), title.is_empty()) {
            (false, _) => given.to_owned(),
            (true, false) => slug(title),
            // A row that names nothing goes on with the product above it.
            (true, true) => groups.last().map(|(handle, _)| handle.clone()).unwrap_or_default(),
        };
        if handle.is_empty() || handle.chars().count() > HANDLE_MAX {
            let column = table.name(Column::Handle).to_owned();
            let detail = format!("a product needs a handle or a title, of at most {HANDLE_MAX} characters");
            problems.push(RowProblem { row: row.number, column, code: "handle.missing".to_owned(), detail });
            continue;
        }
        let place = *places.entry(handle.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((handle, vec![row])),
        }
    }
    groups
}

fn slug(title: &str) -> String {
    let dashed: String = title
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .flat_map(char::to_lowercase)
        .collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

struct Reading<'t> {
    table: &'t Table,
    problems: Vec<RowProblem>,
}

impl Reading<'_> {
    fn note(&mut self, row: &Row, column: Column, code: &str, detail: &str) {
        let column = self.table.name(column).to_owned();
        let (code, detail) = (code.to_owned(), detail.to_owned());
        self.problems.push(RowProblem { row: row.number, column, code, detail });
    }

    fn product(&mut self, handle: String, rows: &[&Row]) -> Draft {
        let first = |column: Column| {
            rows.iter().map(|row| row.cell(column)).find(|cell| !cell.is_empty()).unwrap_or("")
        };
        let mut variants: Vec<&Row> =
            rows.iter().copied().filter(|row| !row.cell(Column::Price).is_empty()).collect();
        if let Some(row) = variants.get(SKUS_MAX) {
            let detail = format!("a product may have {SKUS_MAX} variants, {} given", variants.len());
            self.note(row, Column::Code, "list.too_long", &detail);
            variants.truncate(SKUS_MAX);
        }
        if variants.is_empty()
            && let Some(row) = rows.first()
        {
            self.note(row, Column::Price, "price.missing", "a product needs at least one row with a price");
        }
        let options = options(rows, &variants);
        let skus = variants
            .iter()
            .enumerate()
            .map(|(n, row)| self.sku(row, &handle, n.saturating_add(1), &options))
            .collect();
        let html = first(Column::Html);
        let description = if html.is_empty() { first(Column::Text).to_owned() } else { text_of_html(html) };
        let category = categories::find(first(Column::Category))
            .or_else(|| categories::find(first(Column::Kind)))
            .map_or_else(categories::other, categories::Category::id);
        let facts = [("Vendor", Column::Vendor), ("Type", Column::Kind), ("Tags", Column::Tags)];
        let attributes = facts
            .into_iter()
            .map(|(name, column)| Attribute {
                name: name.to_owned(),
                value: first(column).chars().take(400).collect(),
            })
            .filter(|attribute| !attribute.value.is_empty())
            .collect();
        let mut seen = BTreeSet::new();
        let images = rows.iter().map(|row| row.cell(Column::Image));
        let images = images.filter(|image| !image.is_empty() && seen.insert(*image));
        let images = images.map(str::to_owned).collect();
        let product = NewProduct {
            title: first(Column::Title).to_owned(),
            description,
            category,
            options: options.into_iter().map(|(_, option)| option).collect(),
            attributes,
            no_reason_return: true,
            is_virtual: false,
            pictures: Vec::new(),
            skus,
        };
        let product = product.trimmed();
        let state = state(first(Column::Status), first(Column::Published));
        let any = |columns: &[Column]| columns.iter().any(|column| self.table.has(*column));
        let has = Parts {
            description: any(&[Column::Html, Column::Text]),
            category: any(&[Column::Category, Column::Kind]),
            compare_price: any(&[Column::Compare]),
        };
        let content = serde_json::to_vec(&(&product, state, &images, has)).unwrap_or_default();
        let numbers = if variants.is_empty() { rows } else { &variants };
        let rows = numbers.iter().map(|row| row.number).collect();
        Draft { handle, product, state, has, images, rows, digest: Sha256::digest(&content).into() }
    }

    fn sku(&mut self, row: &Row, handle: &str, place: usize, options: &[(u8, ProductOption)]) -> NewSku {
        let price_minor = self.price(row, Column::Price).unwrap_or(0);
        // Shopify writes 0 for "no price before", and a lower one by mistake.
        let compare = match row.cell(Column::Compare) {
            "" => None,
            _ => self.price(row, Column::Compare).filter(|compare| *compare > price_minor),
        };
        let stock = row.cell(Column::Stock);
        let whole = stock.strip_suffix(".0").unwrap_or(stock);
        let stock = match (stock.is_empty(), whole.parse::<i64>()) {
            (true, _) => None,
            // Shopify lets stock run below zero; there is nothing to stock then.
            (false, Ok(stock)) => Some(stock.max(0)),
            (false, Err(_)) => {
                self.note(row, Column::Stock, "stock.malformed", "stock is a whole number");
                None
            }
        };
        let code = match row.cell(Column::Code) {
            "" => generated_code(handle, place),
            code => code.to_owned(),
        };
        let value = |n: u8| row.cell(Column::OptionValue(n)).to_owned();
        let option_values = options.iter().map(|(n, _)| value(*n)).collect();
        NewSku { code, option_values, price_minor, compare_price_minor: compare, stock }
    }

    fn price(&mut self, row: &Row, column: Column) -> Option<i64> {
        let price = minor(row.cell(column));
        if price.is_none() {
            let detail = "a price is written 12.50, with at most two digits after the point";
            self.note(row, column, "price.malformed", detail);
        }
        price
    }
}

/// A code for a variant without one, the same each time.
fn generated_code(handle: &str, place: usize) -> String {
    let head: String = handle.chars().take(54).collect();
    format!("{head}-{place}")
}

/// The options, with their numbers in the file. One that is called Title and has nothing but Default Title is
/// Shopify's way of saying that there is none.
fn options(rows: &[&Row], variants: &[&Row]) -> Vec<(u8, ProductOption)> {
    let mut options = Vec::new();
    for n in 0..3 {
        let name = rows.iter().map(|row| row.cell(Column::OptionName(n))).find(|name| !name.is_empty());
        let mut values: Vec<String> = Vec::new();
        for value in variants.iter().map(|row| row.cell(Column::OptionValue(n))).filter(|v| !v.is_empty()) {
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
        let Some(name) = name else { continue };
        let is_none =
            name.eq_ignore_ascii_case("title") && values.iter().all(|value| value == "Default Title");
        if !is_none && !values.is_empty() {
            options.push((n, ProductOption { name: name.to_owned(), values }));
        }
    }
    options
}

fn state(status: &str, published: &str) -> Option<ProductState> {
    match status.to_lowercase().as_str() {
        "active" | "published" | "上架" | "已上架" | "在售" => Some(ProductState::Published),
        "draft" | "unlisted" | "草稿" => Some(ProductState::Draft),
        "archived" | "下架" | "已下架" | "归档" => Some(ProductState::Archived),
        _ => match published.to_lowercase().as_str() {
            "true" | "yes" | "1" | "是" => Some(ProductState::Published),
            "false" | "no" | "0" | "否" => Some(ProductState::Draft),
            _ => None,
        },
    }
}

/// Minor units of `12.50`, `¥1,200` or `12`; never through a float.
pub(crate) fn minor(text: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|c| !matches!(c, '¥' | '￥' | '元' | ',' | ' ')).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let cents = part.trim_end_matches('0');
    if whole.is_empty() || whole.len() > 12 || cents.len() > 2 || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// What one reads of HTML: text, with a line for each block.
pub(crate) fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, behind)) = after.split_once('>') else {
            // Nothing ends a tag any more: what is left is text.
            text.push('<');
            rest = after;
            break;
        };
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let is_block = ["br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4"]
            .contains(&name.to_lowercase().as_str());
        if is_block {
            text.push('\n');
        }
        // What is between these is not for reading.
        rest = match name.to_lowercase().as_str() {
            "script" => behind.split_once("</script>").map_or("", |(_, behind)| behind),
            "style" => behind.split_once("</style>").map_or("", |(_, behind)| behind),
            _ => behind,
        };
    }
    text.push_str(rest);
    for (entity, plain) in [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")] {
        text = text.replace(entity, plain);
    }
    let text = text.replace("&amp;", "&");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    #[test]
    fn prices_are_read_without_floats() {
        for (text, wanted) in [
            ("12.50", Some(1_250)),
            ("12", Some(1_200)),
            ("¥1,299.9", Some(129_990)),
            ("0.1", Some(10)),
            ("25.000", Some(2_500)),
            ("12.345", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("9999999999999", None),
        ] {
            assert_eq!(minor(text), wanted, "{text}");
        }
    }

    #[test]
    fn html_becomes_text() {
        let html = "<p>Soft &amp; warm</p><ul><li>A</li><li>B &lt; C</li></ul><script>x()</script>1 < 2";
        assert_eq!(text_of_html(html), "Soft & warm\nA\nB < C\n1 < 2");
    }

    // Each of these took the square of the length: minutes for a file of the size that may be sent.
    #[test]
    fn no_file_takes_longer_than_it_is_long() {
        let lone = "<".repeat(1_000_000);
        assert_eq!(text_of_html(&lone), lone);
        let mut file = "Handle,Title,Option1 Name,Option1 Value,SKU,Price,Image Src\n".to_owned();
        for n in 0..table::ROWS_MAX {
            file.push_str(&format!("one,T,Size,{n},S{n},1,https://a.example/{n}.jpg\n"));
        }
        let parsed = parse(&table::read(file.as_bytes()).unwrap());
        let found: Vec<_> = parsed.problems.iter().map(|p| (p.row, p.code.as_str())).collect();
        assert_eq!((parsed.refused, found), (1, vec![(102, "list.too_long")]));
    }

    #[test]
    fn rows_become_products_and_problems_have_a_place() {
        let file = "标题,规格1名,规格1值,货号,价格,库存,状态,商品编码(handle)\n\
            苹果,重量,5斤,A5,29.90,10,上架,apple\n,,10斤,A10,49.9,x,,apple\n梨,,,,免费,1,,pear\n";
        let table = table::read(file.as_bytes()).unwrap();
        let parsed = parse(&table);
        assert_eq!(parsed.drafts.len(), 0);
        assert_eq!(parsed.refused, 2);
        let found: Vec<_> =
            parsed.problems.iter().map(|p| (p.row, p.column.as_str(), p.code.as_str())).collect();
        assert_eq!(found, [(3, "库存", "stock.malformed"), (4, "价格", "price.malformed")]);
        let fixed = file.replace(",x,", ",5,").replace("免费", "3");
        let parsed = parse(&table::read(fixed.as_bytes()).unwrap());
        let apple = &parsed.drafts[0];
        assert_eq!(apple.product.options[0].values, ["5斤", "10斤"]);
        assert_eq!((apple.state, apple.product.skus[1].price_minor), (Some(ProductState::Published), 4_990));
        assert_eq!(parsed.drafts[1].product.skus[0].code, "pear-1");
    }
}
