//! What lies behind a record: its history, comments, links, clocks and proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use engine::read::{entries, list, names};
use engine::{Principal, Record, Time};
use model::{RecordType, RelationSource, Value};
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::json::{self, Wanted, instant, linked};
use super::problem::{Answer, Problem};
use super::records::{ReadQuery, collection, render, visible};
use super::time::{self, TimeQuery};
use crate::app::App;

/// `GET …/INC-42/VERB`.
pub async fn beside(
    State(app): State<App>,
    Caller(principal): Caller,
    Path((path, number, verb)): Path<(String, String, String)>,
    Query(query): Query<ReadQuery>,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    let time = time::parse(&app.engine, &TimeQuery { at: query.at, known: query.known })?;
    let record = visible(&app, &principal, &record_type, &number, time)?;
    match verb.as_str() {
        "history" => history(&app, &principal, &record, time),
        "comments" => comments(&app, &principal, &record, time),
        "links" => links(&app, &principal, &record, time),
        "proof" if principal.public_only(&record_type) => Err(Problem::not_found()),
        "proof" => {
            let mut reader = app.engine.reader()?;
            let proof = engine::ledger_view::record_proof(&mut *reader, &principal, &record)?;
            Ok(axum::Json(proof).into_response())
        }
        relation => inverse(&app, &principal, &record_type, &record, relation, time),
    }
}

fn history(app: &App, principal: &Principal, record: &Record, time: Time) -> Answer {
    let mut reader = app.engine.reader()?;
    let found = entries::of(&mut *reader, principal, record, time)?;
    let mut ids = BTreeSet::new();
    for entry in &found {
        ids.extend(entry.actor.into_iter().chain(entry.on_behalf));
        for change in &entry.changes {
            for value in [&change.from, &change.to] {
                if let Value::Link(id) = value {
                    ids.insert(*id);
                }
            }
        }
    }
    let names = names::of_ids(&mut *reader, app.engine.model(), principal, &ids)?;
    let person = |id: Option<i64>| id.map_or(Json::Null, |id| linked(id, &names));
    let items: Vec<Json> = found
        .iter()
        .map(|entry| {
            let changes: Vec<Json> = entry.changes.iter().map(|change| changed(record, change, &names)).collect();
            let mut item = json!({
                "leaf": entry.leaf, "version": entry.version, "kind": entry.kind,
                "happened_at": instant(entry.happened_at), "recorded_at": instant(entry.recorded_at),
                "claimed_at": entry.claimed_at.map(instant), "actor": person(entry.actor),
                "on_behalf": person(entry.on_behalf), "channel": entry.channel, "deviates": entry.deviates,
                "changes": changes,
            });
            if let Json::Object(object) = &mut item {
                if let Some(comment) = &entry.comment {
                    object.insert("comment".to_owned(), json!({ "text": comment.text, "public": comment.public }));
                }
                if let Some(reason) = &entry.reason {
                    object.insert("reason".to_owned(), json!(reason));
                }
            }
            item
        })
        .collect();
    Ok(axum::Json(json!({ "items": items, "next_cursor": null })).into_response())
}

fn changed(record: &Record, change: &entries::Change, names: &names::Names) -> Json {
    match record.record_type.field(&change.key) {
        Some(field) => json!({
            "field": change.key, "from": json::value(&change.from, field, names), "to": json::value(&change.to, field, names),
        }),
        None => json!({ "field": change.key, "from": null, "to": change.detail }),
    }
}

fn comments(app: &App, principal: &Principal, record: &Record, time: Time) -> Answer {
    let mut reader = app.engine.reader()?;
    let found = entries::of(&mut *reader, principal, record, time)?;
    let ids: BTreeSet<i64> = found.iter().filter_map(|entry| entry.on_behalf.or(entry.actor)).collect();
    let names = names::of_ids(&mut *reader, app.engine.model(), principal, &ids)?;
    let items: Vec<Json> = found
        .iter()
        .filter_map(|entry| {
            let comment = entry.comment.as_ref()?;
            Some(json!({
                "text": comment.text, "public": comment.public, "at": instant(entry.happened_at),
                "by": entry.on_behalf.or(entry.actor).map_or(Json::Null, |id| linked(id, &names)), "version": entry.version,
            }))
        })
        .collect();
    Ok(axum::Json(json!({ "items": items, "next_cursor": null })).into_response())
}

fn links(app: &App, principal: &Principal, record: &Record, time: Time) -> Answer {
    let mut reader = app.engine.reader()?;
    let mut found = Vec::new();
    for relation in &record.record_type.relations {
        if let RelationSource::Links { kind, forward, .. } = &relation.source {
            for id in engine::linked_ids(&mut *reader, record.id, kind, *forward, time)? {
                found.push((relation, id));
            }
        }
    }
    let ids: BTreeSet<i64> = found.iter().map(|(_, id)| *id).collect();
    let names = names::of_ids(&mut *reader, app.engine.model(), principal, &ids)?;
    let items: Vec<Json> = found
        .iter()
        .filter(|(_, id)| names.contains_key(id))
        .map(|(relation, id)| json!({ "kind": relation.name, "label": relation.label, "to": linked(*id, &names) }))
        .collect();
    Ok(axum::Json(json!({ "items": items })).into_response())
}

/// The records of another type that point here: `/incidents/INC-42/clocks`.
fn inverse(
    app: &App,
    principal: &Principal,
    record_type: &RecordType,
    record: &Record,
    relation: &str,
    time: Time,
) -> Answer {
    let found = record_type.relation(relation).ok_or_else(Problem::not_found)?;
    let RelationSource::Inverse { record_type: other, field } = &found.source else { return Err(Problem::not_found()) };
    let other: Arc<RecordType> = app.engine.model().shared(other).ok_or_else(Problem::not_found)?.clone();
    if !principal.may_read(&other) {
        return Err(Problem::not_found());
    }
    let query = list::Query {
        filter: Some(format!("{field} == \"{}\"", record.number())),
        sort: Vec::new(),
        limit: list::LIMIT_MAX,
        cursor: None,
        time,
        record_type: other,
    };
    let page = list::page(&app.engine, principal, &query, &app.cursors)?;
    let items = render(app, principal, page.items, time, &Wanted::default())?;
    Ok(axum::Json(json!({ "items": items, "next_cursor": page.next_cursor })).into_response())
}
