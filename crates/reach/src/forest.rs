//! Binding people to those who brought them, so that the graph stays a forest.
//!
//! A person is bound once, by the first touch of somebody's entry, before the first paid order, and never again.
//! A cycle would need somebody below the child: a child that has brought nobody cannot close one, and that it has
//! brought nobody is guarded by its row. A child that has brought others is bound only after a walk up to the root
//! of the tree it joins; that root's row is written too, so that two such bindings at once never both stand.

use base::PersonId;
use db::{DbError, Tx};

use crate::store;

/// Steps of the walk up at most. In a deeper tree a person is not bound.
const STEPS_MAX: usize = 64;

/// Binds `child` to `parent` if nothing speaks against it.
///
/// # Errors
/// Whatever the store says; a lost race is a conflict, and the transaction runs again.
pub(crate) fn bind(tx: &mut Tx, child: PersonId, parent: PersonId) -> Result<(), DbError> {
    if child == parent {
        return Ok(());
    }
    let node = store::find_node(tx, child)?;
    if node.is_some_and(|node| node.parent.is_some() || node.is_fixed) {
        return Ok(());
    }
    let has_children = node.is_some_and(|node| node.is_parent);
    let root = if has_children { root_above(tx, parent, child)? } else { None };
    if has_children && root.is_none() {
        return Ok(());
    }
    let (first, second) = if child < parent { (child, parent) } else { (parent, child) };
    store::ensure_node(tx, first)?;
    store::ensure_node(tx, second)?;
    store::mark_parent(tx, parent)?;
    let is_bound = match root {
        None => store::bind_leaf(tx, child, parent)?,
        Some(root) => store::guard_root(tx, root)? && store::bind_root(tx, child, parent)?,
    };
    if is_bound { Ok(()) } else { Err(tx.give_up(DbError::Conflict)) }
}

/// The root of the tree `start` is in; `None` when `child` is met on the way, or the way is too long.
fn root_above(tx: &mut Tx, start: PersonId, child: PersonId) -> Result<Option<PersonId>, DbError> {
    let mut place = start;
    for _ in 0..STEPS_MAX {
        if place == child {
            return Ok(None);
        }
        match store::find_node(tx, place)?.and_then(|node| node.parent) {
            None => return Ok(Some(place)),
            Some(parent) => place = parent,
        }
    }
    Ok(None)
}
