//! Who brings whom: entries, touches, attribution and commission in at most two levels.

pub mod api;
