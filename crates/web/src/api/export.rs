//! Lists as CSV: streamed whole, without a window, formula characters neutralised.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::read::list::{self, LIMIT_MAX, Query};
use engine::{Principal, Time};
use exchange::cells::put_line;
use model::Kind;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::json::Wanted;
use super::problem::Answer;
use super::records::render;
use crate::app::App;

/// Pages made ahead of a slow reader.
const AHEAD: usize = 4;

pub fn csv(app: App, principal: Arc<Principal>, mut query: Query) -> Answer {
    query.limit = LIMIT_MAX;
    // The first page is made before the answer begins, so that a bad filter is still a clean error.
    let first = list::page(&app.engine, &principal, &query, &app.cursors)?;
    let keys: Vec<String> = query
        .record_type
        .fields
        .iter()
        .filter(|field| !matches!(field.kind, Kind::Rows { .. }) && !["origin", "gaps"].contains(&field.key.as_str()))
        .map(|field| field.key.clone())
        .collect();
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(AHEAD);
    let name = format!("attachment; filename=\"{}.csv\"", query.record_type.path);
    tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        put_line(&mut text, keys.iter().map(String::as_str));
        let mut page = Some(first);
        while let Some(current) = page.take() {
            let next = current.next_cursor.clone();
            match rows(&app, &principal, current.items, query.time, &keys) {
                Ok(rows) => text.push_str(&rows),
                Err(why) => return drop(sender.blocking_send(Err(std::io::Error::other(why)))),
            }
            if sender.blocking_send(Ok(Bytes::from(std::mem::take(&mut text)))).is_err() {
                return;
            }
            if let Some(cursor) = next {
                query.cursor = Some(cursor);
                match list::page(&app.engine, &principal, &query, &app.cursors) {
                    Ok(found) => page = Some(found),
                    Err(error) => return drop(sender.blocking_send(Err(std::io::Error::other(error.to_string())))),
                }
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], body)
        .into_response())
}

fn rows(
    app: &App,
    principal: &Principal,
    records: Vec<engine::Record>,
    time: Time,
    keys: &[String],
) -> Result<String, String> {
    let rendered = render(app, principal, records, time, &Wanted::default()).map_err(|p| format!("{p:?}"))?;
    let mut text = String::new();
    for record in rendered {
        let cells: Vec<String> = keys.iter().map(|key| cell(record.get(key).unwrap_or(&Json::Null))).collect();
        put_line(&mut text, cells.iter().map(String::as_str));
    }
    Ok(text)
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Object(object) => object.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

/// For callers that answer with text already made.
pub fn text(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
