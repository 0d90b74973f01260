//! Pages for people. Each works without script: forms post, links lead, the address is the state. A page is a view
//! struct that is filled here; what was refused becomes a page in one place ([`refused`]).

mod address;
mod aside;
mod assign;
mod assurance;
mod change;
mod columns;
mod comment;
mod conflict;
mod counts;
mod create;
mod events;
mod evidence;
mod facets;
mod fields;
mod files;
mod find;
mod forms;
mod frame;
mod groups;
mod head;
mod history;
mod ledger;
mod links;
mod list;
mod lists;
mod moves;
mod my_work;
mod once;
mod palette;
mod posted;
mod proof;
mod record;
mod refused;
mod related;
mod search;
pub(crate) mod secure;
mod settings;
mod show;
mod sign_in;
mod sign_out;
mod story;
mod suggest;
mod terms;
mod tries;
mod visit;
mod wall;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use engine::identity::hashed;

use crate::api::problem::Problem;
use crate::app::App;
use refused::{Answer, Refused};

/// What pages remember between requests: nothing that a restart may not forget.
#[derive(Default)]
pub struct Pages {
    tries: tries::Tries,
    choosing: Mutex<HashMap<[u8; 32], i64>>,
}

impl Pages {
    /// A session that came by a link of one use may choose a password until then.
    fn choosing(&self, secret: &str, until: i64) {
        let mut choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = until.saturating_sub(24 * 3_600 * 1_000_000);
        choosing.retain(|_, end| *end > earlier);
        choosing.insert(hashed(secret), until);
    }

    fn may_choose(&self, secret: &str, now: i64) -> bool {
        let choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        choosing.get(&hashed(secret)).is_some_and(|until| *until > now)
    }
}

/// All pages, with the layer that turns refusals into pages.
pub fn router(app: App) -> Router<App> {
    account()
        .merge(records())
        .merge(assurance::router())
        .route("/", get(my_work::home))
        .route("/my-work", get(my_work::show))
        .route("/search", get(search::show))
        .route("/palette", get(palette::show))
        .route("/suggest/{types}", get(suggest::show))
        .route("/events", get(events::stream))
        .route("/admin", get(async || Redirect::to("/settings")))
        .route("/admin/settings", get(async || Redirect::to("/settings")))
        .route("/settings", get(settings::show))
        .route("/settings/{key}", get(settings::one).post(settings::decide))
        .route("/ledger", get(ledger::show))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/key", get(ledger::key))
        .route("/assets/{name}", get(files::asset))
        .route("/favicon.ico", get(files::favicon))
        .fallback(nowhere)
        .layer(middleware::from_fn_with_state(app, refused::dressed))
}

fn account() -> Router<App> {
    Router::new()
        .route("/signin", get(sign_in::show).post(sign_in::send))
        .route("/signin/password", get(once::choose).post(once::chosen))
        .route("/signin/once/{token}", get(once::show).post(once::send))
        .route("/signout", post(sign_out::send))
        .route("/theme", post(sign_out::theme))
}

/// The same for every record type: the path says which.
fn records() -> Router<App> {
    Router::new()
        .route("/{path}", get(list::show))
        .route("/{path}/counts", get(counts::fragment))
        .route("/{path}/facets", get(facets::fragment))
        .route("/{path}/assign", post(assign::send))
        .route("/{path}/new", get(create::show).post(create::send))
        .route("/{path}/{number}", get(record::show).post(change::send))
        .route("/{path}/{number}/comments", post(comment::send))
        .route("/{path}/{number}/links", post(links::send))
        .route("/{path}/{number}/{verb}", get(moves::show).post(moves::send))
}

/// Nothing is here: in words for people, as a problem for programs.
async fn nowhere(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        return Problem::not_found().into_response();
    }
    Refused::not_found().into_response()
}

/// A page as an answer.
fn html(status: StatusCode, page: &impl Template) -> Answer {
    let broken = |e: askama::Error| Refused::from(store::Fault::database(format!("a template: {e}")));
    Ok((status, Html(page.render().map_err(broken)?)).into_response())
}

/// Work that waits for the disk or a password hash, on a thread that may.
async fn blocking<T: Send + 'static>(app: &App, work: impl FnOnce(&App) -> Answer<T> + Send + 'static) -> Answer<T> {
    let shared = app.clone();
    let joined = tokio::task::spawn_blocking(move || work(&shared)).await;
    joined.map_err(|e| Refused::from(store::Fault::database(format!("a thread ended: {e}"))))?
}
