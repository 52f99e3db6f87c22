//! What modules keep about people: read out for the person, and taken away when the person leaves.

use base::PersonId;
use db::{DbError, Rx, Tx, Value, params};
use serde_json::{Map, Value as Json};

/// Rows read at a time.
const PAGE: i64 = 500;

/// What a module keeps about people.
#[derive(Clone, Copy, Default)]
pub struct Personal {
    /// Each a part of the archive that a person can take along.
    pub held: &'static [Held],
    /// What must come to an end before the person may leave, as codes; nothing is in the way when it is empty.
    pub binds: Option<Binds>,
    /// Takes away what tells who the person is or what the person said, a bounded number of rows at a time; answers
    /// how many, and is asked again until that is none. Rows that the law or somebody else's money needs stay, with
    /// the person's id and no words.
    pub erase: Option<Erase>,
}

/// See [`Personal::binds`].
pub type Binds = fn(&mut Rx, PersonId) -> Result<Vec<&'static str>, DbError>;

/// See [`Personal::erase`].
pub type Erase = fn(&mut Tx, PersonId) -> Result<u64, DbError>;

/// One kind of rows about a person.
#[derive(Clone, Copy)]
pub struct Held {
    /// `orders.order`: the module and the thing.
    pub name: &'static str,
    /// What becomes of them when the person leaves.
    pub fate: Fate,
    /// The types of the columns that make up a row's place, one or two.
    pub place: &'static [Place],
    /// Reads the rows of `:person`, or of `:person_text`, the same id in words, whose place is above `:after`, or above
    /// `(:after, :then)`, in the order of their places, `:limit` at most.
    ///
    /// The first columns are the place, unique for the person, and are not told. The others are told under their names:
    /// `id__ord` is an id and told as `id`, `address__json` is JSON and told as `address`, `at` and `…_at` are times.
    pub rows: &'static str,
}

/// What becomes of rows when the person leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// They are removed.
    Removed,
    /// They stay because trade or the law needs them, without name, words, number or address.
    Kept,
    /// They end by themselves within days.
    Expires,
}

/// Of what type a column of a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Ids and other bytes.
    Bytes,
    /// Numbers.
    Int,
    /// Words.
    Text,
}

impl Place {
    /// What comes before everything.
    fn first(self) -> Value {
        match self {
            Self::Bytes => Value::Bytes(Vec::new()),
            Self::Int => Value::Int(i64::MIN),
            Self::Text => Value::Text(String::new()),
        }
    }
}

/// Some of the rows, and where the next begin.
pub struct HeldRows {
    /// The rows, as told.
    pub rows: Vec<Map<String, Json>>,
    /// Where to go on; `None` at the end.
    pub after: Option<Vec<Value>>,
}

impl Held {
    /// The rows of `person` behind `after`; from the beginning without it.
    ///
    /// # Errors
    /// Whatever the store says; [`DbError::Bug`] for a statement that does not follow the rules.
    pub fn read(
        &self,
        rx: &mut Rx,
        person: PersonId,
        after: Option<Vec<Value>>,
    ) -> Result<HeldRows, DbError> {
        let after = after.unwrap_or_else(|| self.place.iter().map(|place| place.first()).collect());
        let is_text = self.rows.contains(":person_text");
        let who =
            if is_text { ("person_text", person.to_string().into()) } else { ("person", person.into()) };
        let mut params = vec![who, ("limit", PAGE.into())];
        params.extend(["after", "then"].into_iter().zip(after));
        let width = self.place.len();
        let mut last = None;
        let rows: Vec<Map<String, Json>> = rx.list(self.rows, &params, |row| {
            let mut columns = row.columns()?;
            let rest = columns.split_off(width.min(columns.len()));
            last = Some(columns.into_iter().map(|(_, place)| place).collect());
            rest.into_iter().map(|(name, value)| told(&name, value)).collect()
        })?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        Ok(HeldRows { rows, after: last.filter(|_| is_full) })
    }
}

/// What this crate keeps about people: answers of the last days, so that a request may come again.
#[must_use]
pub fn personal() -> Personal {
    Personal { held: ANSWERS, binds: None, erase: Some(forget_answers) }
}

const ANSWERS: &[Held] = &[Held {
    name: "rest.answer",
    fate: Fate::Expires,
    place: &[Place::Bytes],
    rows: "SELECT id, scope, key, status, body, created_at FROM rest_idempotency
           WHERE scope LIKE 'main|' || :person_text || '|%' AND id > :after ORDER BY id LIMIT :limit",
}];

/// Somebody who has left cannot ask again.
fn forget_answers(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM rest_idempotency WHERE id IN (SELECT id FROM rest_idempotency
             WHERE scope LIKE 'main|' || :person_text || '|%' ORDER BY id LIMIT 500)",
        params!["person_text" => person.to_string()],
    )
}

fn told(name: &str, value: Value) -> Result<(String, Json), DbError> {
    let (name, kind) = name.split_once("__").unwrap_or((name, ""));
    let is_time = name == "at" || name.ends_with("_at");
    let json = match value {
        Value::Null => Json::Null,
        Value::Int(micros) if is_time => base::Timestamp::from_micros(micros).to_string().into(),
        Value::Int(int) => int.into(),
        Value::Text(text) if kind == "json" => {
            serde_json::from_str(&text).map_err(|error| DbError::Bug(format!("{name}: {error}")))?
        }
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{kind}_{digits}").into()
        }
    };
    Ok((name.to_owned(), json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_the_kind_in_their_names() {
        assert_eq!(
            told("id__ord", Value::Bytes(vec![1, 0xab])).unwrap(),
            ("id".to_owned(), "ord_01ab".into())
        );
        assert_eq!(told("paid_at", Value::Int(0)).unwrap().1, "1970-01-01T00:00:00Z");
        assert_eq!(told("paid_at", Value::Null).unwrap().1, Json::Null);
        assert_eq!(told("total", Value::Int(7)).unwrap().1, 7);
        assert_eq!(
            told("address__json", Value::Text(r#"{"name":"客"}"#.to_owned())).unwrap().1["name"],
            "客"
        );
        assert!(told("address__json", Value::Text("客".to_owned())).is_err());
    }
}
