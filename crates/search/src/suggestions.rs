//! What is suggested: while somebody types, and before.

use std::sync::Arc;

use rest::{Common, Ctx, Json, OpenApiRouter, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::plan::QUERY_MAX;
use crate::search::{self, Search};
use crate::text;

/// Suggestions, at most, and of these queries of others.
const SHOWN: usize = 10;
const OF_OTHERS: usize = 5;
const HOT_SHOWN: usize = 10;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuggestionFilter {
    /// What was typed so far.
    #[param(max_length = 400)]
    #[serde(default)]
    q: String,
}

/// Queries.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Queries {
    items: Vec<String>,
}

/// What somebody who has typed this may want: what others ask for, then words of titles; by themselves, by pinyin or by
/// first letters.
#[utoipa::path(get, path = "/api/v1/search/suggestions", tag = "search", params(SuggestionFilter),
    responses((status = 200, body = Queries), Common))]
pub(crate) async fn search_suggestions(
    ctx: rest::State,
    Query(filter): Query<SuggestionFilter>,
) -> Result<Json<Queries>, Refused> {
    let search = ctx.extension::<Search>();
    Ok(Json(search.map(|search| suggested(&search, &filter.q)).unwrap_or_default()))
}

fn suggested(search: &Search, typed: &str) -> Queries {
    let typed: String = text::plain(&typed.chars().take(QUERY_MAX).collect::<String>());
    if !search::has_words(&typed) {
        return Queries::default();
    }
    let (hot, words) = (Arc::clone(&search.0.hot.read()), Arc::clone(&search.0.suggestions.read()));
    let of_others = hot.iter().filter(|query| query.starts_with(&typed) && **query != typed);
    let mut items: Vec<String> = of_others.take(OF_OTHERS).cloned().collect();
    // Of several words the last one is being typed.
    let (before, last) = typed.rsplit_once(' ').map_or(("", typed.as_str()), |(before, last)| (before, last));
    for word in words.begun(last, SHOWN) {
        let whole = if before.is_empty() { word.to_owned() } else { format!("{before} {word}") };
        if items.len() < SHOWN && !items.contains(&whole) {
            items.push(whole);
        }
    }
    Queries { items }
}

/// What many people search for these days; nobody counts twice on a day.
#[utoipa::path(get, path = "/api/v1/search/hot", tag = "search", responses((status = 200, body = Queries), Common))]
pub(crate) async fn search_hot(ctx: rest::State) -> Result<Json<Queries>, Refused> {
    let hot = ctx.extension::<Search>().map(|search| Arc::clone(&search.0.hot.read())).unwrap_or_default();
    Ok(Json(Queries { items: hot.iter().take(HOT_SHOWN).cloned().collect() }))
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new()).routes(routes!(search_suggestions)).routes(routes!(search_hot))
}
