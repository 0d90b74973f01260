//! `GET /search?q=…&type=…&limit=…&cursor=…`: records by the words in them.

use axum::extract::{Query, State};
use axum::response::IntoResponse as _;
use engine::search::{self, Hit, Marked};
use engine::slot;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::json::instant;
use super::problem::{Answer, Problem};
use crate::app::App;

/// Hits on a page when the caller does not say.
const LIMIT_DEFAULT: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub struct SearchQuery {
    pub q: Option<String>,
    /// Names of record types, parted by commas.
    #[serde(rename = "type")]
    pub types: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
    pub at: Option<String>,
}

pub async fn search(State(app): State<App>, Caller(principal): Caller, Query(query): Query<SearchQuery>) -> Answer {
    is_live(query.at.as_deref())?;
    let types = query.types.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let asked = search::Query {
        text: query.q.unwrap_or_default(),
        types: types.map(str::to_owned).collect(),
        limit: limit(query.limit.as_deref())?,
        cursor: query.cursor,
    };
    let found = search::search(&app.engine, &principal, &asked, &app.cursors)?;
    let corrected: Vec<Json> =
        found.corrected.iter().map(|(typed, found)| json!({ "typed": typed, "found": found })).collect();
    let answer = json!({
        "items": found.hits.iter().map(item).collect::<Vec<_>>(),
        "next_cursor": found.next_cursor,
        "ranked_back_to": found.ranked_back_to.map(instant),
        "corrected": corrected,
        "indexed_percent": found.built.unwrap_or(100),
    });
    Ok(axum::Json(answer).into_response())
}

/// Search has no past.
pub(crate) fn is_live(at: Option<&str>) -> Result<(), Problem> {
    match at.map(str::trim).filter(|at| !at.is_empty()) {
        None => Ok(()),
        Some(_) => Err(Problem::unprocessable(
            "at",
            "no_past",
            "at: search looks at records as they are now; list them by a filter to see them as they were",
        )),
    }
}

fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(LIMIT_DEFAULT) };
    let number = text.parse::<usize>().ok().filter(|n| (1..=search::LIMIT_MAX).contains(n));
    number.ok_or_else(|| {
        Problem::unprocessable("limit", "not_in_range", format!("limit: expected 1 to {}", search::LIMIT_MAX))
    })
}

fn item(hit: &Hit) -> Json {
    let record = &hit.record;
    let snippet = hit.snippet.as_ref();
    json!({
        "type": record.record_type.name,
        "number": record.number(),
        "title": plain(&hit.title),
        "snippet": snippet.map(|snippet| json!({ "field": snippet.label, "parts": parts(&snippet.parts) })),
        "updated_at": record.get(slot::UPDATED_AT).as_int().map(instant),
    })
}

fn plain(parts: &[Marked]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

/// Text in stretches, those that were asked for marked: nothing that anybody could take for markup.
fn parts(parts: &[Marked]) -> Vec<Json> {
    parts.iter().map(|part| json!({ "text": part.text, "match": part.is_match })).collect()
}
