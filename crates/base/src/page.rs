//! Lists: pages by keyset, never by offset.

use serde::{Deserialize, Serialize};

/// Most rows of one page.
const LIMIT_MAX: u32 = 100;
/// Rows of a page when nothing is said.
const LIMIT_DEFAULT: u32 = 20;

/// What a client asks of a list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// `next_cursor` of the page before; leave out for the first.
    #[param(max_length = 400)]
    pub cursor: Option<String>,
    /// Rows wanted, 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}

impl PageRequest {
    /// The number of rows to answer with.
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX))
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Builds a page from up to `limit + 1` rows: the extra one tells whether there is more, `cursor_of` the last
    /// row kept says where to go on.
    pub fn from_rows(mut rows: Vec<T>, limit: i64, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if has_more { rows.last().map(|row| cursor_of(row).encode()) } else { None };
        Self { items: rows, next_cursor }
    }

    /// The same page with every row turned into another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(form).collect(), next_cursor: self.next_cursor }
    }
}

/// The place in a list after which the next page starts: the sort key of the last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<String>);

impl Cursor {
    /// A cursor of these key parts.
    pub fn new<I: IntoIterator<Item = String>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }

    /// The `index`-th part, parsed; `None` when it is missing or of another form.
    pub fn part<T: std::str::FromStr>(&self, index: usize) -> Option<T> {
        self.0.get(index).and_then(|part| part.parse().ok())
    }

    /// The wire form: parts joined by `~`, a literal `~` or `%` escaped.
    pub fn encode(&self) -> String {
        let escape = |part: &String| part.replace('%', "%25").replace('~', "%7E");
        self.0.iter().map(escape).collect::<Vec<_>>().join("~")
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub fn decode(text: &str) -> Self {
        Self(text.split('~').map(|part| part.replace("%7E", "~").replace("%25", "%")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        let cursor = Cursor::new(["a~b%".to_owned(), "7".to_owned()]);
        assert_eq!(Cursor::decode(&cursor.encode()), cursor);
        assert_eq!(cursor.part::<i64>(1), Some(7));
        assert_eq!(cursor.part::<i64>(0), None);
    }

    #[test]
    fn the_extra_row_tells_of_more() {
        let of = |n: &i64| Cursor::new([n.to_string()]);
        assert_eq!(Page::from_rows(vec![1, 2, 3], 2, of).next_cursor.as_deref(), Some("2"));
        assert_eq!(Page::from_rows(vec![1, 2], 2, of).next_cursor, None);
    }
}
