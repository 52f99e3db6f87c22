//! Lists: pages by keyset, never by offset.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Id;

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

    /// The number of rows to look for: one more than to answer with, which tells whether there are more.
    pub fn more(&self) -> i64 {
        self.limit().saturating_add(1)
    }

    /// Where a list that begins with the newest goes on: the page has ids below this one.
    ///
    /// # Errors
    /// [`BadCursor`].
    pub fn before<T: Id + FromStr>(&self) -> Result<T, BadCursor> {
        Ok(self.place(|cursor| cursor.part(0))?.unwrap_or_else(|| T::from_bytes([0xff; 16])))
    }

    /// Where a list that begins with the oldest goes on: the page has ids above this one.
    ///
    /// # Errors
    /// [`BadCursor`].
    pub fn after<T: Id + FromStr>(&self) -> Result<T, BadCursor> {
        Ok(self.place(|cursor| cursor.part(0))?.unwrap_or_else(|| T::from_bytes([0; 16])))
    }

    /// What `read` finds in the cursor; `None` without one.
    ///
    /// # Errors
    /// [`BadCursor`] when `read` finds nothing.
    pub fn place<T>(&self, read: impl FnOnce(Cursor) -> Option<T>) -> Result<Option<T>, BadCursor> {
        self.cursor.as_deref().map(|text| read(Cursor::decode(text)).ok_or(BadCursor)).transpose()
    }
}

/// The cursor is not one that a page of this list gave. Answering the first page would let a client walk in circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cursor is not the next_cursor of a page of this list; leave it out for the first page")]
pub struct BadCursor;

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

    /// Builds a page of a list whose key is an id, from up to [`PageRequest::more`] rows.
    pub fn by_id<I: Display>(rows: Vec<T>, request: &PageRequest, id_of: impl Fn(&T) -> I) -> Self {
        Self::from_rows(rows, request.limit(), |row| Cursor::new([id_of(row).to_string()]))
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
    fn a_cursor_of_another_list_is_refused() {
        use crate::{OrderId, TeamId};
        let request = |cursor: &str| PageRequest { cursor: Some(cursor.to_owned()), limit: None };
        let id = OrderId::from_bytes([7; 16]);
        let page = Page::by_id(vec![id, id], &PageRequest { cursor: None, limit: Some(1) }, |id| *id);
        let next = request(&page.next_cursor.unwrap());
        assert_eq!((next.before(), next.after()), (Ok(id), Ok(id)));
        assert_eq!(next.before::<TeamId>(), Err(BadCursor));
        for bad in ["", "x", "ord_", "~"] {
            assert_eq!(request(bad).before::<OrderId>(), Err(BadCursor), "{bad}");
        }
        assert_eq!(PageRequest::default().before(), Ok(OrderId::from_bytes([0xff; 16])));
        assert_eq!(PageRequest::default().after(), Ok(OrderId::from_bytes([0; 16])));
    }

    #[test]
    fn the_extra_row_tells_of_more() {
        let of = |n: &i64| Cursor::new([n.to_string()]);
        assert_eq!(Page::from_rows(vec![1, 2, 3], 2, of).next_cursor.as_deref(), Some("2"));
        assert_eq!(Page::from_rows(vec![1, 2], 2, of).next_cursor, None);
    }
}
