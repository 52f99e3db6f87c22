//! Devices: who a token belongs to, the list of them, ending them.

use base::{Cursor, Id, Page, PageRequest, SessionId, Timestamp};
use db::{DbError, Rx};
use rest::{Actor, Authenticate};

use crate::model::State;
use crate::store;

/// Finds the person behind a session: two point reads, on every request's path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sessions;

impl Authenticate for Sessions {
    fn actor(&self, rx: &mut Rx, token_hash: [u8; 32]) -> Result<Option<Actor>, DbError> {
        let Some(found) = store::find_live(rx, token_hash)? else { return Ok(None) };
        let is_guest = found.state == State::Guest.word();
        if !is_guest && found.state != State::Member.word() {
            return Ok(None);
        }
        let memberships = if is_guest { Vec::new() } else { store::memberships(rx, found.person)? };
        Ok(Some(Actor {
            person: found.person,
            session: found.session,
            is_guest,
            is_operator: found.is_operator,
            memberships,
        }))
    }
}
