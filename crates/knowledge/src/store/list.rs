//! All SQL of lists that friends fill together.

use base::{ListId, ListWordId, PersonId, SkuId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

/// A list as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListRow {
    pub(crate) id: ListId,
    pub(crate) owner: PersonId,
    pub(crate) title: String,
    pub(crate) code: String,
    pub(crate) is_open: bool,
    pub(crate) members: i64,
    pub(crate) items: i64,
    pub(crate) created_at: Timestamp,
}

/// What somebody put on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) sku: SkuId,
    pub(crate) added_by: PersonId,
    pub(crate) note: String,
    pub(crate) votes: i64,
    pub(crate) added_at: Timestamp,
}

/// What somebody said about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WordRow {
    pub(crate) id: ListWordId,
    pub(crate) person: PersonId,
    pub(crate) words: String,
    pub(crate) at: Timestamp,
}

/// What a list has so many of at most, as its table says too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Member,
    Item,
    Word,
}

const LIST: &str = "SELECT id, owner, title, code, is_open, members, items, created_at FROM knowledge_list";

fn list(row: &Row<'_>) -> Result<ListRow, DbError> {
    Ok(ListRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        title: row.get(2)?,
        code: row.get(3)?,
        is_open: row.get::<i64>(4)? == 1,
        members: row.get(5)?,
        items: row.get(6)?,
        created_at: row.get(7)?,
    })
}

pub(crate) fn find_list(rx: &mut Rx, id: ListId) -> Result<Option<ListRow>, DbError> {
    rx.opt(&format!("{LIST} WHERE id = :id"), params!["id" => id], list)
}

pub(crate) fn find_by_code(rx: &mut Rx, code: &str) -> Result<Option<ListId>, DbError> {
    rx.opt(
        "SELECT list FROM knowledge_list_code WHERE code = :code",
        params!["code" => code.to_owned()],
        |row| row.get(0),
    )
}

/// Writes a new list with its owner as the first member.
pub(crate) fn insert_list(tx: &mut Tx, row: &ListRow) -> Result<(), DbError> {
    tx.later_new(
        "INSERT INTO knowledge_list (id, owner, title, code, is_open, members, items, said, created_at)
         VALUES (:id, :owner, :title, :code, 1, 1, 0, 0, :created)",
        params![
            "id" => row.id, "owner" => row.owner, "title" => row.title.clone(), "code" => row.code.clone(),
            "created" => row.created_at,
        ],
    )?;
    tx.later_new(
        "INSERT INTO knowledge_list_code (code, list) VALUES (:code, :list)",
        params!["code" => row.code.clone(), "list" => row.id],
    )?;
    tx.later_new(
        "INSERT INTO knowledge_list_member (list, person, state, joined_at) VALUES (:list, :person, 'in', :now)",
        params!["list" => row.id, "person" => row.owner, "now" => row.created_at],
    )
}

/// Takes one of the places of an open list; `false` when there is none left, or the list is closed.
pub(crate) fn take_place(tx: &mut Tx, list: ListId, place: Place) -> Result<bool, DbError> {
    let sql = match place {
        Place::Member => {
            "UPDATE knowledge_list SET members = members + 1 WHERE id = :id AND is_open = 1 AND members < 30"
        }
        Place::Item => {
            "UPDATE knowledge_list SET items = items + 1 WHERE id = :id AND is_open = 1 AND items < 50"
        }
        Place::Word => {
            "UPDATE knowledge_list SET said = said + 1 WHERE id = :id AND is_open = 1 AND said < 500"
        }
    };
    Ok(tx.execute(sql, params!["id" => list])? == 1)
}

/// Closes a list; `false` when it is closed.
pub(crate) fn close_list(tx: &mut Tx, list: ListId) -> Result<bool, DbError> {
    let closed = tx.execute(
        "UPDATE knowledge_list SET is_open = 0 WHERE id = :id AND is_open = 1",
        params!["id" => list],
    )?;
    Ok(closed == 1)
}

/// How a person stands to a list: `in`, `left`, `out`; `None` for strangers.
pub(crate) fn find_member(rx: &mut Rx, list: ListId, person: PersonId) -> Result<Option<String>, DbError> {
    rx.opt(
        "SELECT state FROM knowledge_list_member WHERE list = :list AND person = :person",
        params!["list" => list, "person" => person],
        |row| row.get(0),
    )
}

/// Lets a stranger, or somebody who left, in; `false` when somebody did meanwhile.
pub(crate) fn let_in(tx: &mut Tx, list: ListId, person: PersonId, has_left: bool) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params!["list" => list, "person" => person, "now" => now];
    let sql = if has_left {
        "UPDATE knowledge_list_member SET state = 'in', joined_at = :now
         WHERE list = :list AND person = :person AND state = 'left'"
    } else {
        "INSERT INTO knowledge_list_member (list, person, state, joined_at) VALUES (:list, :person, 'in', :now)
         ON CONFLICT (list, person) DO NOTHING"
    };
    Ok(tx.execute(sql, params)? == 1)
}

/// Ends a membership, and gives the place back; `false` when there was none.
pub(crate) fn let_out(tx: &mut Tx, list: ListId, person: PersonId, state: &str) -> Result<bool, DbError> {
    let ended = tx.execute(
        "UPDATE knowledge_list_member SET state = :state
         WHERE list = :list AND person = :person AND state = 'in'",
        params!["list" => list, "person" => person, "state" => state.to_owned()],
    )?;
    if ended == 1 {
        tx.later_one(
            "UPDATE knowledge_list SET members = members - 1 WHERE id = :id",
            params!["id" => list],
        )?;
    }
    Ok(ended == 1)
}

/// Who is in, by when they joined.
pub(crate) fn list_members(rx: &mut Rx, list: ListId) -> Result<Vec<PersonId>, DbError> {
    rx.list(
        "SELECT person FROM knowledge_list_member WHERE list = :list AND state = 'in'
         ORDER BY joined_at, person LIMIT 30",
        params!["list" => list],
        |row| row.get(0),
    )
}

/// The lists a person is in, newest first.
pub(crate) fn lists_of(
    rx: &mut Rx,
    person: PersonId,
    before: ListId,
    limit: i64,
) -> Result<Vec<ListRow>, DbError> {
    rx.list(
        "SELECT l.id, l.owner, l.title, l.code, l.is_open, l.members, l.items, l.created_at
         FROM knowledge_list_member m JOIN knowledge_list l ON l.id = m.list
         WHERE m.person = :person AND m.state = 'in' AND m.list < :before
         ORDER BY m.list DESC LIMIT :limit",
        params!["person" => person, "before" => before, "limit" => limit],
        list,
    )
}

/// Puts a variant on a list; `false` when it is there.
pub(crate) fn insert_item(tx: &mut Tx, list: ListId, row: &ItemRow) -> Result<bool, DbError> {
    let put = tx.execute(
        "INSERT INTO knowledge_list_item (list, sku, added_by, note, votes, added_at)
         VALUES (:list, :sku, :person, :note, 0, :now) ON CONFLICT (list, sku) DO NOTHING",
        params![
            "list" => list, "sku" => row.sku, "person" => row.added_by, "note" => row.note.clone(),
            "now" => row.added_at,
        ],
    )?;
    Ok(put == 1)
}

fn item(row: &Row<'_>) -> Result<ItemRow, DbError> {
    Ok(ItemRow {
        sku: row.get(0)?,
        added_by: row.get(1)?,
        note: row.get(2)?,
        votes: row.get(3)?,
        added_at: row.get(4)?,
    })
}

pub(crate) fn find_item(rx: &mut Rx, list: ListId, sku: SkuId) -> Result<Option<ItemRow>, DbError> {
    rx.opt(
        "SELECT sku, added_by, note, votes, added_at FROM knowledge_list_item WHERE list = :list AND sku = :sku",
        params!["list" => list, "sku" => sku],
        item,
    )
}

/// What is on a list, what most want first.
pub(crate) fn list_items(rx: &mut Rx, list: ListId) -> Result<Vec<ItemRow>, DbError> {
    rx.list(
        "SELECT sku, added_by, note, votes, added_at FROM knowledge_list_item WHERE list = :list
         ORDER BY votes DESC, added_at, sku LIMIT 50",
        params!["list" => list],
        item,
    )
}

/// Takes a variant off a list, with its votes; `false` when it was not there.
pub(crate) fn delete_item(tx: &mut Tx, list: ListId, sku: SkuId) -> Result<bool, DbError> {
    let taken = tx.execute(
        "DELETE FROM knowledge_list_item WHERE list = :list AND sku = :sku",
        params!["list" => list, "sku" => sku],
    )?;
    if taken == 1 {
        tx.later(
            "DELETE FROM knowledge_list_vote WHERE list = :list AND sku = :sku",
            params!["list" => list, "sku" => sku],
        )?;
        tx.later_one("UPDATE knowledge_list SET items = items - 1 WHERE id = :id", params!["id" => list])?;
    }
    Ok(taken == 1)
}

/// Counts or takes back a person's vote, which there is once; a second time changes nothing.
pub(crate) fn set_vote(
    tx: &mut Tx,
    (list, sku): (ListId, SkuId),
    person: PersonId,
    is_wanted: bool,
) -> Result<(), DbError> {
    let (note, by) = if is_wanted {
        (
            "INSERT INTO knowledge_list_vote (list, sku, person) VALUES (:list, :sku, :person)
             ON CONFLICT (list, sku, person) DO NOTHING",
            1_i64,
        )
    } else {
        ("DELETE FROM knowledge_list_vote WHERE list = :list AND sku = :sku AND person = :person", -1)
    };
    let noted = tx.execute(note, params!["list" => list, "sku" => sku, "person" => person])?;
    if noted == 1 {
        tx.later_one(
            "UPDATE knowledge_list_item SET votes = votes + :by WHERE list = :list AND sku = :sku",
            params!["list" => list, "sku" => sku, "by" => by],
        )?;
    }
    Ok(())
}

/// Which items a person wants.
pub(crate) fn votes_of(rx: &mut Rx, list: ListId, person: PersonId) -> Result<Vec<SkuId>, DbError> {
    rx.list(
        "SELECT sku FROM knowledge_list_vote WHERE list = :list AND person = :person
         ORDER BY list, sku, person LIMIT 50",
        params!["list" => list, "person" => person],
        |row| row.get(0),
    )
}

pub(crate) fn insert_word(tx: &mut Tx, list: ListId, row: &WordRow) -> Result<(), DbError> {
    tx.later_new(
        "INSERT INTO knowledge_list_word (list, id, person, words, at)
         VALUES (:list, :id, :person, :words, :at)",
        params![
            "list" => list, "id" => row.id, "person" => row.person, "words" => row.words.clone(),
            "at" => row.at,
        ],
    )
}

/// What was said last, newest first.
pub(crate) fn list_words(rx: &mut Rx, list: ListId) -> Result<Vec<WordRow>, DbError> {
    rx.list(
        "SELECT id, person, words, at FROM knowledge_list_word WHERE list = :list
         ORDER BY list DESC, id DESC LIMIT 50",
        params!["list" => list],
        |row| Ok(WordRow { id: row.get(0)?, person: row.get(1)?, words: row.get(2)?, at: row.get(3)? }),
    )
}

/// Takes what somebody who has left said, noted and named off a few lists, and the person out of them; answers how
/// many rows that were.
pub(crate) fn forget_person(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let lists: Vec<ListId> = tx.list(
        "SELECT l.id FROM knowledge_list l WHERE EXISTS (SELECT w.id FROM knowledge_list_word w
             WHERE w.list = l.id AND w.person = :person) ORDER BY l.id LIMIT 20",
        params!["person" => person],
        |row| row.get(0),
    )?;
    let mut gone = 0_u64;
    for list in lists {
        let said = tx.execute(
            "DELETE FROM knowledge_list_word WHERE list = :list AND person = :person",
            params!["list" => list, "person" => person],
        )?;
        let count = i64::try_from(said).unwrap_or(i64::MAX);
        tx.later_one(
            "UPDATE knowledge_list SET said = said - :count WHERE id = :list",
            params!["list" => list, "count" => count],
        )?;
        gone = gone.saturating_add(said);
    }
    let notes = tx.execute(
        "UPDATE knowledge_list_item SET note = '' WHERE added_by = :person AND note <> ''",
        params!["person" => person],
    )?;
    let own = tx.execute(
        "UPDATE knowledge_list SET title = '—', is_open = 0 WHERE owner = :person AND (title <> '—' OR is_open = 1)",
        params!["person" => person],
    )?;
    let joined: Vec<ListId> = tx.list(
        "SELECT m.list FROM knowledge_list_member m JOIN knowledge_list l ON l.id = m.list
         WHERE m.person = :person AND m.state = 'in' AND l.owner <> :person ORDER BY m.list LIMIT 20",
        params!["person" => person],
        |row| row.get(0),
    )?;
    for list in joined {
        gone = gone.saturating_add(u64::from(let_out(tx, list, person, "left")?));
    }
    Ok(gone.saturating_add(notes).saturating_add(own))
}
