//! Settings: what can be decided, what is in force, who decided what and why.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use conformity::decide::{Decision, decide};
use conformity::settings::Setting;
use engine::read::{list, names};
use engine::{Channel, Principal, Settings, Time};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::json::{instant, linked};
use super::problem::{Answer, Problem};
use super::records::collection;
use crate::app::App;

pub async fn list(State(app): State<App>, Caller(principal): Caller) -> Answer {
    readable(&app, &principal)?;
    let decided = app.engine.settings(&mut *app.engine.reader()?)?;
    let now = app.engine.clock().now();
    let items: Vec<Json> = app.registry.settings().iter().map(|setting| shown(setting, &decided, now)).collect();
    Ok(axum::Json(json!({ "items": items, "next_cursor": null })).into_response())
}

fn readable(app: &App, principal: &Principal) -> Result<(), Problem> {
    collection(app, principal, "settings").map(drop)
}

fn shown(setting: &Setting, decided: &Settings, now: i64) -> Json {
    let decision = decided.decision(&setting.key, now);
    json!({
        "key": setting.key, "label": setting.label, "allowed": setting.allowed, "decided_by": setting.decided_by,
        "used_by": setting.used_by, "practice_for": setting.practice_for, "suggestion": setting.suggestion,
        "of_the_standard": setting.of_the_standard, "default": setting.default,
        "value": decision.map_or(&Json::Null, |d| &d.value), "from": decision.map(|d| instant(d.from)),
        "record": decision.map(|d| &d.number),
    })
}

pub async fn read(State(app): State<App>, Caller(principal): Caller, Path(key): Path<String>) -> Answer {
    readable(&app, &principal)?;
    let setting = app.registry.get(&key).ok_or_else(Problem::not_found)?;
    let decided = app.engine.settings(&mut *app.engine.reader()?)?;
    let mut item = shown(setting, &decided, app.engine.clock().now());
    if let Json::Object(object) = &mut item {
        object.insert("history".to_owned(), Json::Array(history(&app, &principal, &key)?));
    }
    Ok(axum::Json(item).into_response())
}

/// All decisions about a key, newest first.
fn history(app: &App, principal: &Principal, key: &str) -> Result<Vec<Json>, Problem> {
    let query = list::Query {
        record_type: collection(app, principal, "settings")?,
        filter: Some(format!("key == {}", Json::from(key))),
        sort: Vec::new(),
        limit: list::LIMIT_MAX,
        cursor: None,
        time: Time::Live,
    };
    let records = list::page(&app.engine, principal, &query, &app.cursors)?.items;
    let mut ids = BTreeSet::new();
    for record in &records {
        names::linked_ids(record, &mut ids);
    }
    let names = names::of_ids(&mut *app.engine.reader()?, app.engine.model(), principal, &ids)?;
    let json_of = |text: &str| serde_json::from_str::<Json>(text).unwrap_or(Json::Null);
    Ok(records
        .iter()
        .map(|record| {
            let from = record.by_key("from").as_int().or(record.get(engine::slot::RAISED_AT).as_int());
            json!({
                "record": record.number(), "value": record.by_key("value").as_text().map(json_of), "from": from.map(instant),
                "reason": record.by_key("reason").as_text(),
                "decided_by": record.by_key("decided_by").as_int().map(|id| linked(id, &names)),
                "recorded_at": record.get(engine::slot::RECORDED_AT).as_int().map(instant),
            })
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    value: Json,
    from: Option<String>,
    #[serde(default)]
    reason: String,
}

pub async fn put(State(app): State<App>, Caller(principal): Caller, Path(key): Path<String>, body: Bytes) -> Answer {
    readable(&app, &principal)?;
    app.registry.get(&key).ok_or_else(Problem::not_found)?;
    let decided: Decided = serde_json::from_slice(&body).map_err(|e| {
        Problem::unprocessable("", "wrong_shape", format!("expected {{\"value\", \"from\", \"reason\"}}: {e}"))
    })?;
    let from = match decided.from.as_deref() {
        Some(text) => Some(instant_or_day(&app, text)?),
        None => None,
    };
    let decision = Decision { key: key.clone(), value: decided.value, from, reason: decided.reason };
    let (shared, caller) = (app.clone(), principal.clone());
    let joined =
        tokio::task::spawn_blocking(move || decide(&shared.engine, &shared.registry, &caller, Channel::Api, &decision));
    joined.await.map_err(|e| Problem::from(store::Fault::database(format!("a decision's thread ended: {e}"))))??;
    read(State(app), Caller(principal), Path(key)).await
}

/// An instant, or the local midnight with which a day begins.
fn instant_or_day(app: &App, text: &str) -> Result<i64, Problem> {
    if let Some(at) = engine::input::instant(text) {
        return Ok(at);
    }
    let expected =
        || Problem::unprocessable("from", "wrong_type", "from: expected an instant or a date such as 2026-01-01");
    let date = calendar::parse_date(text).map_err(|_| expected())?;
    let zone = app.engine.settings(&mut *app.engine.reader()?)?.zone_at(app.engine.clock().now())?;
    Ok(zone.start_of_day(date))
}
