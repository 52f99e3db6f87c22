//! What goes with who said it.

use base::{PersonId, PostId};
use db::{DbError, Rx, Tx, params};

use super::{POST, PostRow, post};

/// Some posts of somebody who has left that still have words or are in public.
pub(crate) fn posts_to_forget(rx: &mut Rx, author: PersonId) -> Result<Vec<PostRow>, DbError> {
    rx.list(
        &format!(
            "{POST} WHERE author = :author AND (words <> '' OR follow_up IS NOT NULL OR reply IS NOT NULL OR public = 1)
             ORDER BY author, id LIMIT 10"
        ),
        params!["author" => author],
        post,
    )
}

/// Takes the words off a post that is out of the public.
pub(crate) fn forget_words(tx: &mut Tx, id: PostId) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE knowledge_post SET words = '', tags = '[]', follow_up = NULL, follow_up_at = NULL, followed = 0,
             reply = NULL, reply_at = NULL, version = version + 1
         WHERE id = :id AND public = 0",
        params!["id" => id],
    )
}

/// Takes the words off the reports of somebody who has left; answers how many.
pub(crate) fn forget_reports(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE knowledge_report SET words = '' WHERE person = :person AND words <> ''",
        params!["person" => person],
    )
}
