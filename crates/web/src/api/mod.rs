//! REST, `/api/v1`: JSON, one collection a record type, the same rights as the pages.

pub(crate) mod caller;
pub(crate) mod conformity;
pub(crate) mod events;
pub(crate) mod export;
mod history;
pub(crate) mod json;
mod ledger;
pub(crate) mod problem;
pub(crate) mod records;
pub(crate) mod search;
mod settings;
pub(crate) mod time;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/events", get(events::stream))
        .route("/api/v1/ledger/checkpoint", get(ledger::checkpoint))
        .route("/api/v1/ledger/key", get(ledger::key))
        .route("/api/v1/ledger/entries", get(ledger::entries))
        .route("/api/v1/ledger/proof", get(ledger::proof))
        .route("/api/v1/requirements", get(conformity::requirements))
        .route("/api/v1/requirements/{id}", get(conformity::requirement))
        .route("/api/v1/requirements/{id}/{verb}", axum::routing::post(conformity::state))
        .route("/api/v1/checks", get(conformity::checks))
        .route("/api/v1/checks/{id}", get(conformity::check))
        .route("/api/v1/checks/{id}/exceptions", get(conformity::exceptions))
        .route("/api/v1/settings", get(settings::list))
        .route("/api/v1/settings/{key}", get(settings::read).put(settings::put))
        .route("/api/v1/search", get(search::search))
        .route("/api/v1/{collection}", get(records::list).post(records::create))
        .route("/api/v1/{collection}/{number}", get(records::read).patch(records::change))
        .route("/api/v1/{collection}/{number}/{verb}", get(history::beside).post(records::act))
        .route("/healthz", get(async || "ok\n"))
}
