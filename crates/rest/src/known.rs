//! Sessions this node has just looked up.
//!
//! Each request of a session would read the same rows again. What was read holds until a commit of this node writes one
//! of the tables it came from, and for a second at the most: a session ended on another node is over here by then.

use std::collections::HashMap;

use base::Timestamp;
use db::{Db, Mark};
use parking_lot::Mutex;

use crate::Actor;

/// Sessions remembered at once; when there are more, all are looked up again.
const SESSIONS_MAX: usize = 20_000;
/// The clock a demo can move counts too.
const AGE_MAX_US: i64 = 1_000_000;

struct Seen {
    actor: Actor,
    mark: Mark,
    at: Timestamp,
}

/// Who is behind which token, by the token's hash.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<[u8; 32], Seen>>);

impl Known {
    pub(crate) fn find(&self, db: &Db, token_hash: &[u8; 32], now: Timestamp) -> Option<Actor> {
        let all = self.0.lock();
        let seen = all.get(token_hash)?;
        let is_recent = (0..AGE_MAX_US).contains(&now.micros().saturating_sub(seen.at.micros()));
        (is_recent && db.holds(&seen.mark)).then(|| seen.actor.clone())
    }

    pub(crate) fn keep(&self, token_hash: [u8; 32], actor: Actor, mark: Mark, at: Timestamp) {
        let mut all = self.0.lock();
        if all.len() >= SESSIONS_MAX {
            all.clear();
        }
        all.insert(token_hash, Seen { actor, mark, at });
    }
}
