//! `GET /events?watch=TYPE&since=LEAF`: what changed, for open pages, by the session's cookie.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::visit::Visit;
use crate::api::events::{Wish, follow};
use crate::app::App;

pub async fn stream(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    match Visit::of(&app, &uri, &headers) {
        Ok(Some(visit)) => {
            let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
            let since = visit.address.get("since").and_then(|text| text.parse::<i64>().ok());
            let from = last.map(|last| last + 1).or(since).filter(|from| *from >= 0);
            let watch = visit.address.get("watch").map(str::to_owned);
            follow(&app, visit.principal, Wish { from, watch, name: "changed" })
        }
        // A stream that asks for a page to sign in at would only be confused by one.
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(refused) => refused.status().into_response(),
    }
}
