//! The ledger, for outsiders who verify it themselves: checkpoint, key, leaves, proofs.

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::ledger_view;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::export::text;
use super::problem::{Answer, Problem};
use crate::app::App;

/// Leaves in one answer.
const ENTRIES_MAX: i64 = 256;

/// The ledger speaks of all records alike, so it is closed to those who see a part only.
fn open_to(app: &App, principal: &engine::Principal) -> Result<(), Problem> {
    let whole = app.engine.model().types().iter().filter(|t| principal.may_read(t));
    let mut seen = false;
    for record_type in whole {
        seen = true;
        if principal.public_only(record_type) || principal.scopes_for(record_type).is_some() {
            return Err(Problem::not_found());
        }
    }
    if seen { Ok(()) } else { Err(Problem::not_found()) }
}

pub async fn checkpoint(State(app): State<App>, Caller(principal): Caller) -> Answer {
    open_to(&app, &principal)?;
    let note = ledger_view::checkpoint(&mut *app.engine.reader()?)?.ok_or_else(Problem::not_found)?;
    Ok(text("text/plain; charset=utf-8", note))
}

pub async fn key(State(app): State<App>, Caller(principal): Caller) -> Answer {
    open_to(&app, &principal)?;
    let key = app.engine.verifier_key().ok_or_else(Problem::not_found)?;
    Ok(text("text/plain; charset=utf-8", format!("{key}\n")))
}

#[derive(Deserialize)]
pub struct EntriesQuery {
    from: Option<i64>,
    limit: Option<i64>,
}

pub async fn entries(State(app): State<App>, Caller(principal): Caller, Query(query): Query<EntriesQuery>) -> Answer {
    open_to(&app, &principal)?;
    let from = query.from.unwrap_or(0);
    let limit = query.limit.unwrap_or(ENTRIES_MAX);
    if from < 0 || !(1..=ENTRIES_MAX).contains(&limit) {
        return Err(Problem::unprocessable(
            "limit",
            "not_in_range",
            format!("expected from ≥ 0 and limit 1 to {ENTRIES_MAX}"),
        ));
    }
    let found = ledger_view::entries(&mut *app.engine.reader()?, from, limit)?;
    let next = (found.len() as i64 == limit).then_some(from + limit);
    let entries: Vec<Json> =
        found.iter().map(|(index, leaf)| json!({ "index": index, "leaf": STANDARD.encode(leaf) })).collect();
    Ok(axum::Json(json!({ "entries": entries, "next": next })).into_response())
}

#[derive(Deserialize)]
pub struct ProofQuery {
    index: Option<u64>,
    from: Option<u64>,
    size: u64,
}

pub async fn proof(State(app): State<App>, Caller(principal): Caller, Query(query): Query<ProofQuery>) -> Answer {
    open_to(&app, &principal)?;
    let mut reader = app.engine.reader()?;
    match (query.index, query.from) {
        (Some(index), None) => {
            let (leaf, hashes) = ledger_view::inclusion(&mut *reader, index, query.size)?;
            let hashes: Vec<String> = hashes.iter().map(|hash| hash.to_base64()).collect();
            Ok(axum::Json(json!({ "leaf_hash": leaf.to_base64(), "hashes": hashes })).into_response())
        }
        (None, Some(from)) => {
            let hashes = ledger_view::consistency(&mut *reader, from, query.size)?;
            let hashes: Vec<String> = hashes.iter().map(|hash| hash.to_base64()).collect();
            Ok(axum::Json(json!({ "hashes": hashes })).into_response())
        }
        _ => Err(Problem::unprocessable("", "wrong_shape", "expected ?index=I&size=N or ?from=M&size=N")),
    }
}
