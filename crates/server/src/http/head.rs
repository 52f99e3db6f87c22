//! What stands in a page's head for those who only look at it: title, text, picture and price of what a link shows.

use std::sync::Arc;

use super::Site;

/// What a preview shows.
pub(super) struct Preview {
    title: String,
    description: String,
}

pub(super) async fn product(_: &Arc<Site>, _: &str) -> Option<String> {
    None
}

pub(super) async fn team(_: &Arc<Site>, _: &str) -> Option<String> {
    None
}

pub(super) async fn merchant(_: &Arc<Site>, _: &str) -> Option<String> {
    None
}

pub(super) async fn entry(_: &Arc<Site>, _: &str) -> Option<String> {
    None
}

/// The page with `tags` in place of its title.
pub(super) fn insert(html: &str, tags: &str) -> String {
    match (html.split_once("<title>"), html.split_once("</title>")) {
        (Some((before, _)), Some((_, after))) => format!("{before}{tags}{after}"),
        _ => html.to_owned(),
    }
}
