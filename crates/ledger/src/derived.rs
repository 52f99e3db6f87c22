//! Ids that follow from what they stand for, so that nothing need be looked up and nothing is made twice.

use base::{Id, TransferId};
use sha2::{Digest, Sha256};

use crate::model::TransferKind;

/// The first 16 bytes of a SHA-256, marked as a UUID version 8 (RFC 9562: vendor-defined).
pub(crate) fn derived(text: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut id = [0_u8; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    if let Some(version) = id.get_mut(6) {
        *version = (*version & 0x0f) | 0x80;
    }
    if let Some(variant) = id.get_mut(8) {
        *variant = (*variant & 0x3f) | 0x80;
    }
    id
}

/// A transfer's id from what brings it about: the same cause never moves value twice, even when every other memory
/// of it has been pruned.
///
/// It begins with the time of the id that the cause begins with, if it does: transfers of one time lie side by side
/// in the store, where a digest alone would put each on a page of its own.
pub fn natural_id(kind: TransferKind, cause: &str) -> TransferId {
    let mut id = derived(&format!("transfer|{}|{cause}", kind.word()));
    for (to, from) in id.iter_mut().zip(time_of(cause).into_iter().flatten().skip(2)) {
        *to = from;
    }
    TransferId::from_bytes(id)
}

/// The milliseconds that an id at the beginning of a text starts with (RFC 9562, version 7).
fn time_of(cause: &str) -> Option<[u8; 8]> {
    let (_, id) = cause.split_once('_')?;
    u64::from_str_radix(id.get(..12)?, 16).ok().map(u64::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_named_by_kind_and_cause_and_lies_at_the_time_of_its_cause() {
        assert_ne!(natural_id(TransferKind::Capture, "a"), natural_id(TransferKind::Refund, "a"));
        let order = "ord_0192f1c00000700080000000000000aa";
        let id = natural_id(TransferKind::Capture, &format!("{order} again"));
        assert!(id.to_string().starts_with("tra_0192f1c00000"), "{id}");
        assert_ne!(id, natural_id(TransferKind::Capture, order));
    }
}
