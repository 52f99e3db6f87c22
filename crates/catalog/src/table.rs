//! From the bytes of a file to rows with known columns.

use std::collections::BTreeMap;

use encoding_rs::{GBK, UTF_16LE};

/// Most rows of a file.
pub(crate) const ROWS_MAX: usize = 50_000;

/// Why a whole file was refused; nothing of it was looked at further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub(crate) enum FileError {
    #[error(
        "the file is neither UTF-8 nor GBK, or its text was damaged before: save it as CSV UTF-8 once more"
    )]
    #[problem(422, "import.encoding")]
    Encoding,
    #[error("the file has no column {missing}; the first row must hold the names of the columns")]
    #[problem(422, "import.columns")]
    Columns { missing: &'static str },
    #[error("a file may have 50000 rows; split it")]
    #[problem(422, "import.too_many_rows")]
    TooManyRows,
    #[error("row {row} cannot be read as CSV")]
    #[problem(422, "import.csv")]
    Csv { row: usize },
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Handle,
    Title,
    /// Description as HTML.
    Html,
    /// Description as plain text.
    Text,
    Category,
    Vendor,
    Kind,
    Tags,
    Published,
    Status,
    OptionName(u8),
    OptionValue(u8),
    Code,
    Price,
    Compare,
    Stock,
    Image,
}

/// The names columns go by: Shopify's older and newer ones, and Chinese ones.
const NAMES: &[(&str, Column)] = &[
    ("handle", Column::Handle),
    ("url handle", Column::Handle),
    ("商品编码", Column::Handle),
    ("商品编码(handle)", Column::Handle),
    ("title", Column::Title),
    ("标题", Column::Title),
    ("商品标题", Column::Title),
    ("商品名称", Column::Title),
    ("body (html)", Column::Html),
    ("body html", Column::Html),
    ("description", Column::Html),
    ("描述", Column::Text),
    ("商品描述", Column::Text),
    ("product category", Column::Category),
    ("分类", Column::Category),
    ("商品分类", Column::Category),
    ("vendor", Column::Vendor),
    ("品牌", Column::Vendor),
    ("type", Column::Kind),
    ("tags", Column::Tags),
    ("标签", Column::Tags),
    ("published", Column::Published),
    ("published on online store", Column::Published),
    ("status", Column::Status),
    ("状态", Column::Status),
    ("option1 name", Column::OptionName(0)),
    ("option2 name", Column::OptionName(1)),
    ("option3 name", Column::OptionName(2)),
    ("option1 value", Column::OptionValue(0)),
    ("option2 value", Column::OptionValue(1)),
    ("option3 value", Column::OptionValue(2)),
    ("规格1名", Column::OptionName(0)),
    ("规格2名", Column::OptionName(1)),
    ("规格3名", Column::OptionName(2)),
    ("规格1值", Column::OptionValue(0)),
    ("规格2值", Column::OptionValue(1)),
    ("规格3值", Column::OptionValue(2)),
    ("variant sku", Column::Code),
    ("sku", Column::Code),
    ("货号", Column::Code),
    ("variant price", Column::Price),
    ("price", Column::Price),
    ("价格", Column::Price),
    ("variant compare at price", Column::Compare),
    ("compare-at price", Column::Compare),
    ("划线价", Column::Compare),
    ("variant inventory qty", Column::Stock),
    ("inventory quantity", Column::Stock),
    ("库存", Column::Stock),
    ("image src", Column::Image),
    ("product image url", Column::Image),
    ("图片", Column::Image),
];

/// One row: its number as a spreadsheet counts, and its cells.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: usize,
    cells: BTreeMap<Column, String>,
}

impl Row {
    /// A cell's text without the spaces around it; empty when there is none.
    pub(crate) fn cell(&self, column: Column) -> &str {
        self.cells.get(&column).map_or("", String::as_str)
    }
}

/// A file's rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    names: BTreeMap<Column, String>,
}

impl Table {
    /// Whether the file has the column.
    pub(crate) fn has(&self, column: Column) -> bool {
        self.names.contains_key(&column)
    }

    /// What the file calls a column.
    pub(crate) fn name(&self, column: Column) -> &str {
        self.names.get(&column).map_or("", String::as_str)
    }
}

/// The text of a file: UTF-8 with or without a mark, UTF-16 with one, else GBK. Text that lost characters before is
/// refused: it would be stored as question marks.
fn decode(bytes: &[u8]) -> Result<String, FileError> {
    let text = if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        std::str::from_utf8(rest).or(Err(FileError::Encoding))?.to_owned()
    } else if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        UTF_16LE.decode_without_bom_handling(rest).0.into_owned()
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        text.to_owned()
    } else {
        let decoded = GBK.decode_without_bom_handling_and_without_replacement(bytes);
        decoded.ok_or(FileError::Encoding)?.into_owned()
    };
    let is_damaged = text.chars().any(|c| c == '\u{fffd}' || c == '\0');
    if is_damaged { Err(FileError::Encoding) } else { Ok(text) }
}

/// The character between cells: the one of `,`, `;` and tab that the first line has most of.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().next().unwrap_or("");
    let count = |byte: u8| line.bytes().filter(|other| *other == byte).count();
    // The last of equals wins.
    [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

/// A spreadsheet takes a cell that begins like this for a formula, some also in full width; our own export puts a `'`
/// before it, and one more before those that begin with `'` already.
fn looks_like_formula(text: &str) -> bool {
    let begins = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r'];
    text.trim_start_matches('\'').starts_with(begins)
}

/// A cell that no spreadsheet takes for a formula.
pub(crate) fn guarded(text: &str) -> String {
    if looks_like_formula(text) { format!("'{text}") } else { text.to_owned() }
}

fn plain(cell: &str) -> String {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

/// Reads a file into rows.
pub(crate) fn read(bytes: &[u8]) -> Result<Table, FileError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut columns: Vec<Option<Column>> = Vec::new();
    let mut names = BTreeMap::new();
    let mut rows = Vec::new();
    for (place, record) in reader.records().enumerate() {
        let number = place.saturating_add(1);
        let record = record.or(Err(FileError::Csv { row: number }))?;
        if place == 0 {
            columns = record.iter().map(|name| header(name, &mut names)).collect();
            continue;
        }
        let mut cells = BTreeMap::new();
        for (column, cell) in columns.iter().zip(&record) {
            let cell = plain(cell);
            if let (Some(column), false) = (column, cell.is_empty()) {
                cells.insert(*column, cell);
            }
        }
        if cells.is_empty() {
            continue;
        }
        if rows.len() >= ROWS_MAX {
            return Err(FileError::TooManyRows);
        }
        rows.push(Row { number, cells });
    }
    for (column, missing) in [(Column::Title, "Title (标题)"), (Column::Price, "Price (价格)")] {
        if !names.contains_key(&column) {
            return Err(FileError::Columns { missing });
        }
    }
    Ok(Table { rows, names })
}

/// What a column holds by its name; the first of two with the same meaning counts.
fn header(name: &str, names: &mut BTreeMap<Column, String>) -> Option<Column> {
    let folded = name.trim().to_lowercase().replace('（', "(").replace('）', ")");
    let (_, column) = NAMES.iter().find(|(known, _)| *known == folded)?;
    if names.contains_key(column) {
        return None;
    }
    names.insert(*column, name.trim().to_owned());
    Some(*column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINESE: &str = "标题,价格,库存\n苹果,12.50,3\n";

    #[test]
    fn encodings_are_told_apart() {
        let gbk = GBK.encode(CHINESE).0.into_owned();
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend(CHINESE.as_bytes());
        let mut wide = b"\xff\xfe".to_vec();
        wide.extend(CHINESE.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes));
        for bytes in [CHINESE.as_bytes().to_vec(), gbk, marked, wide] {
            let table = read(&bytes).unwrap();
            assert_eq!(table.rows[0].cell(Column::Title), "苹果");
            assert_eq!(table.rows[0].number, 2);
            assert_eq!(table.name(Column::Price), "价格");
        }
    }

    #[test]
    fn damaged_text_is_refused() {
        let damaged = CHINESE.replace("苹", "\u{fffd}");
        assert_eq!(read(damaged.as_bytes()).unwrap_err(), FileError::Encoding);
        assert_eq!(read(b"Title,Price\n\xff\xff\xff,1\n").unwrap_err(), FileError::Encoding);
        assert_eq!(read(b"a,b\n").unwrap_err(), FileError::Columns { missing: "Title (标题)" });
    }

    #[test]
    fn every_text_comes_back_from_its_cell() {
        for text in ["=1+1", "'=1+1", "''-1", "'2", "it's", "＝1+1", "＠x", "'", ""] {
            let cell = guarded(text);
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell}");
            assert_eq!(plain(&cell), text);
        }
    }

    #[test]
    fn a_guarded_cell_is_what_it_was() {
        let table = read(b"Title;Price\n'=1+1;'2\n").unwrap();
        assert_eq!((table.rows[0].cell(Column::Title), table.rows[0].cell(Column::Price)), ("=1+1", "'2"));
    }
}
