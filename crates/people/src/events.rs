//! What this module tells others.

use base::PersonId;
use serde::{Deserialize, Serialize};

/// A person became a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJoined {
    /// The member.
    pub person: PersonId,
    /// Whether the same person was a guest before.
    pub was_guest: bool,
}

impl db::Event for MemberJoined {
    const KIND: &'static str = "people.member_joined";

    fn aggregate(&self) -> String {
        self.person.to_string()
    }
}

/// A guest has no session any more, so that nobody can be this guest again: the row is gone. What other modules keep
/// of a guest, other than numbers, has no use any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestGone {
    /// The guest that is no more.
    pub guest: PersonId,
}

impl db::Event for GuestGone {
    const KIND: &'static str = "people.guest_gone";

    fn aggregate(&self) -> String {
        self.guest.to_string()
    }
}

/// A member has left and cannot come back; what tells who it was goes within minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberErased {
    /// Who it was.
    pub person: PersonId,
}

impl db::Event for MemberErased {
    const KIND: &'static str = "people.member_erased";

    fn aggregate(&self) -> String {
        self.person.to_string()
    }
}

/// A guest turned out to be a member; what belonged to the guest is the member's now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestMerged {
    /// The guest that is no more.
    pub guest: PersonId,
    /// The member.
    pub member: PersonId,
}

impl db::Event for GuestMerged {
    const KIND: &'static str = "people.guest_merged";

    fn aggregate(&self) -> String {
        self.member.to_string()
    }
}
