//! Two plain forms of shop data: a list of items, and baskets of them. See `docs/import.md`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use serde::Deserialize;

/// The first columns of a list of items.
const ITEMS_HEAD: &str = "item,description,median_price_pence";
const MINUTES_A_DAY: i64 = 1_440;

/// What a file says, taken out of gzip where it is.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    GzDecoder::new(bytes.as_slice())
        .read_to_end(&mut plain)
        .with_context(|| format!("unpack {}", path.display()))?;
    Ok(plain)
}

/// Whether it is a list of items, not a file of a shop system.
pub(crate) fn is_items(csv: &[u8]) -> bool {
    csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv).starts_with(ITEMS_HEAD.as_bytes())
}

#[derive(Deserialize)]
struct Item {
    item: String,
    description: String,
    median_price_pence: i64,
}

/// The code that a variant of this item has.
pub(crate) fn code(item: &str) -> String {
    format!("R{item}")
}

/// Turns a list of items into the columns that the import knows. Amounts stay what they are, in minor units of the
/// shop's currency. All items come in on sale: those that sold
/// seldom (`in_catalogue` 0) are in baskets too.
///
/// # Errors
/// When a row does not fit.
pub(crate) fn to_products(csv: &[u8], stock: i64) -> Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["Handle", "Title", "Variant SKU", "Variant Price", "Variant Inventory Qty", "Status"])?;
    let mut rows = csv::Reader::from_reader(csv);
    for row in rows.deserialize() {
        let Item { item, description, median_price_pence: minor } = row?;
        let minor = minor.max(1);
        let price = format!("{}.{:02}", minor.div_euclid(100), minor.rem_euclid(100));
        let title = if description.trim().is_empty() { format!("Item {item}") } else { description };
        let (handle, code, stock) = (format!("r{item}"), code(&item), stock.to_string());
        out.write_record([handle.as_str(), &title, &code, &price, &stock, "active"])?;
    }
    out.into_inner().map_err(|error| anyhow::anyhow!("write the table: {error}"))
}

/// A basket: who bought what, how many of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basket {
    pub(crate) user: u64,
    pub(crate) lines: Vec<(String, i64)>,
}

#[derive(Deserialize)]
struct Bought {
    user: u64,
    item: String,
    basket: String,
    ts: i64,
    qty: i64,
}

/// Reads `user,item,basket,ts,qty,cents`, `ts` in minutes: the baskets of each day, in order, and the days between
/// as empty ones. The price of that time is not used: the shop's own holds.
///
/// # Errors
/// When a row does not fit, or there is none.
pub(crate) fn baskets(csv: &[u8]) -> Result<Vec<Vec<Basket>>> {
    let mut found: BTreeMap<(i64, String), Basket> = BTreeMap::new();
    let mut rows = csv::Reader::from_reader(csv);
    for row in rows.deserialize() {
        let Bought { user, item, basket, ts, qty } = row.context("a line of a basket")?;
        let empty = || Basket { user, lines: Vec::new() };
        let basket = found.entry((ts, basket)).or_insert_with(empty);
        match basket.lines.iter_mut().find(|(known, _)| *known == item) {
            Some((_, sum)) => *sum = sum.saturating_add(qty),
            None => basket.lines.push((item, qty)),
        }
    }
    let day = |ts: &i64| ts.div_euclid(MINUTES_A_DAY);
    let Some(first) = found.keys().next().map(|(ts, _)| day(ts)) else { bail!("there is no basket") };
    let mut days: Vec<Vec<Basket>> = Vec::new();
    for ((ts, _), basket) in found {
        let place = usize::try_from(day(&ts).saturating_sub(first))?;
        if days.len() <= place {
            days.resize_with(place.saturating_add(1), Vec::new);
        }
        if let Some(of_day) = days.get_mut(place) {
            of_day.push(basket);
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_become_products() {
        let items = "item,description,median_price_pence,in_catalogue\n1,\"BAG, RED\",65,1\n2,,1205,0\n";
        assert!(is_items(items.as_bytes()));
        let products = String::from_utf8(to_products(items.as_bytes(), 9).unwrap()).unwrap();
        assert!(products.contains("r1,\"BAG, RED\",R1,0.65,9,active"), "{products}");
        assert!(products.contains("r2,Item 2,R2,12.05,9,active"), "{products}");
    }

    #[test]
    fn baskets_are_sorted_into_days() {
        let lines = "user,item,basket,ts,qty,cents\n7,1,a,1441,2,10\n7,2,a,1441,1,5\n7,1,a,1441,1,5\n8,1,b,4321,1,5\n";
        let days = baskets(lines.as_bytes()).unwrap();
        assert_eq!(days.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1]);
        assert_eq!(days[0][0].lines, [("1".to_owned(), 3), ("2".to_owned(), 1)]);
    }
}
