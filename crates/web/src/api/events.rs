//! Server-sent events: what changed, in the ledger's order, filtered by what the caller may see, at most twice a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::read::changes;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::caller::Caller;
use super::problem::Answer;
use crate::app::App;

/// Changes within this time are told at once.
const COALESCE: Duration = Duration::from_millis(500);
/// Events that may wait for a slow reader before he is cut off; he comes back with `Last-Event-ID`.
const WAITING_MAX: usize = 256;

/// What a stream tells.
pub(crate) struct Wish {
    /// The leaf to begin with; none: what comes from now on.
    pub from: Option<i64>,
    /// One record type only.
    pub watch: Option<String>,
    /// The events' name.
    pub name: &'static str,
}

pub async fn stream(State(app): State<App>, Caller(principal): Caller, headers: HeaderMap) -> Answer {
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<i64>().ok());
    Ok(follow(&app, principal, Wish { from: last.map(|last| last + 1), watch: None, name: "changed" }))
}

/// Tells changes for as long as somebody listens.
pub(crate) fn follow(app: &App, principal: Arc<engine::Principal>, wish: Wish) -> Response {
    let mut leaves = app.live.watch();
    let mut from = wish.from.unwrap_or(*leaves.borrow());
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(WAITING_MAX);
    let (app, closing) = (app.clone(), app.live.closing());
    tokio::spawn(async move {
        let mut closing = std::pin::pin!(closing);
        loop {
            if *leaves.borrow_and_update() > from {
                let Ok((found, next)) = look(&app, &principal, from) else { return };
                for change in
                    found.iter().filter(|change| wish.watch.as_ref().is_none_or(|watch| *watch == change.record_type))
                {
                    let data =
                        json!({ "type": change.record_type, "number": change.number, "version": change.version });
                    let event = Event::default().id(change.leaf.to_string()).event(wish.name).data(data.to_string());
                    if sender.send(Ok(event)).await.is_err() {
                        return;
                    }
                }
                from = next;
            }
            tokio::select! {
                () = tokio::time::sleep(COALESCE) => {},
                () = &mut closing => return,
            }
            tokio::select! {
                () = &mut closing => return,
                changed = leaves.changed() => if changed.is_err() { return },
                () = sender.closed() => return,
            }
        }
    });
    Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default()).into_response()
}

fn look(app: &App, principal: &engine::Principal, from: i64) -> Result<(Vec<changes::Changed>, i64), store::Fault> {
    // Rights are asked anew each time, so that a role that ended shows nothing more.
    let Some(person) = principal.person else { return Ok((Vec::new(), from)) };
    let mut reader = app.engine.reader()?;
    match engine::identity::of_person(&app.engine, &mut *reader, person, principal.allowance)? {
        Some(now) => changes::since(&mut *reader, app.engine.model(), &now, from),
        None => Ok((Vec::new(), from)),
    }
}
