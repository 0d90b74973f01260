//! The rooms as a whole: no file forgotten, one writer a field, and what people have no other way to fill is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use engine::{Mode, Surroundings as _};
use model::Value;
use model::condition::{Condition, Scope};
use serde_json::json;
use toml_edit::{Document, Item, Table, TableLike};

use crate::desk::{ANA, BEN, Desk, at, model};

fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let relative = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            found.insert(relative.to_str().unwrap().replace('\\', "/"));
        }
    }
}

#[test]
fn every_file_of_the_rooms_is_in_the_binary() {
    let mut found = BTreeSet::new();
    walk(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let all = [crate::model_files(), crate::check_files(), crate::example_files()].concat();
    let mut known: BTreeSet<String> = all.iter().map(|(path, _)| (*path).to_owned()).collect();
    known.extend(["Cargo.toml", "shared/setting/own_settings.toml"].map(str::to_owned));
    assert_eq!(found, known);
    for (path, _) in crate::model_files() {
        assert!(model::load::is_model_file(path), "{path}");
    }
}

#[test]
fn each_field_has_one_writer_and_the_model_knows_it() {
    let model = model();
    let mut writers = BTreeMap::new();
    for behaviour in crate::behaviours() {
        if behaviour.record_type() == engine::EVERY_TYPE {
            assert!(behaviour.writes().is_empty(), "{}: a field of every type", behaviour.name());
            continue;
        }
        let record_type = model.get(behaviour.record_type()).unwrap();
        for key in behaviour.writes() {
            assert!(record_type.field(key).is_some(), "{}: {key}", behaviour.name());
            let other = writers.insert((behaviour.record_type(), *key), behaviour.name());
            assert_eq!(other, None, "{key} has two writers");
        }
    }
    let incident = model.get("incident").unwrap();
    for field in incident.fields.iter().filter(|field| field.derived && !field.system) {
        assert!(writers.contains_key(&("incident", field.key.as_str())), "nobody writes {}", field.key);
    }
}

#[test]
fn a_role_holds_from_when_it_is_given_unless_somebody_says_otherwise() {
    let mut desk = Desk::of("role_assignment", &[]);
    desk.works("10:00", "", &[]);
    assert_eq!(desk.shows("from"), "10:00");
    let mut desk = Desk::of("role_assignment", &[]);
    desk.works("10:00", "", &[("from", Value::Instant(at("08:00")))]);
    assert_eq!(desk.shows("from"), "08:00");
}

#[test]
fn what_is_addressed_is_sent_and_what_arrived_was_sent_by_then() {
    let mut desk = Desk::of("communication", &[]);
    desk.works("10:00", "", &[]);
    assert_eq!(desk.shows("sent_at"), "");
    desk.works("10:30", "", &[("person", Value::Link(BEN))]);
    assert_eq!(desk.has(&["sent_at", "delivered_at"]), "sent_at 10:30");
    desk.works("10:35", "", &[("delivered_at", Value::Instant(at("10:31")))]);
    assert_eq!(desk.has(&["sent_at", "delivered_at"]), "sent_at 10:30, delivered_at 10:31");
    let mut late = Desk::of("communication", &[]);
    late.works("10:35", "", &[("person", Value::Link(ANA)), ("delivered_at", Value::Instant(at("09:10")))]);
    assert_eq!(late.shows("sent_at"), "09:10");
    let mut replayed = Desk::of("communication", &[]);
    replayed.acts("10:35", "", &[("person", Value::Link(ANA))], Mode::Replay, None);
    assert_eq!(replayed.shows("sent_at"), "");
}

#[test]
fn a_decision_holds_from_its_instant_on() {
    let mut desk = Desk::incidents(&[("incident.closure_wait", json!("P5D"))]);
    desk.decide("incident.closure_wait", "10:00", json!("P3D"));
    let mut in_force = |time| desk.world.setting("incident.closure_wait", at(time)).unwrap();
    assert_eq!((in_force("09:59"), in_force("10:00")), (Some(json!("P5D")), Some(json!("P3D"))));
}

fn tables(text: &str, key: &str) -> Vec<Table> {
    let document = Document::parse(text).unwrap();
    document[key].as_array_of_tables().unwrap().iter().cloned().collect()
}

fn text(table: &Table, key: &str) -> String {
    table.get(key).and_then(Item::as_str).unwrap_or_else(|| panic!("{key}")).to_owned()
}

#[test]
fn every_check_is_understood_by_the_model_of_the_rooms() {
    let model = model();
    let mut ids = BTreeSet::new();
    for (path, toml) in crate::check_files() {
        for check in tables(toml, "check") {
            let (id, over) = (text(&check, "id"), text(&check, "over"));
            let scope = match over.split_once('.') {
                Some((record_type, "record")) => Scope::record(&model, record_type),
                Some((record_type, "step")) => Scope::step(&model, record_type),
                _ => Scope::values(&model),
            };
            let scope = scope.with_period().for_check();
            for key in ["when", "pass"] {
                Condition::parse(&text(&check, key), &scope).unwrap_or_else(|why| panic!("{path}: {id}: {why:?}"));
            }
            assert!(ids.insert(id));
        }
    }
    assert_eq!(ids.len(), 12);
}

#[test]
fn every_check_has_examples_of_each_verdict_with_fields_that_there_are() {
    let model = model();
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, toml) in crate::example_files() {
        let document = Document::parse(toml).unwrap();
        let cast: Vec<&dyn TableLike> = document["cast"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r.as_inline_table().unwrap() as &dyn TableLike)
            .collect();
        for example in document["example"].as_array_of_tables().unwrap() {
            let said = |key: &str| example.get(key).and_then(Item::as_str).unwrap().to_owned();
            shown.entry(said("check")).or_default().insert(said("verdict"));
            let records = records(&example["record"]);
            let name = |record: &&dyn TableLike| record.get("id").and_then(Item::as_str).map(str::to_owned);
            let names: BTreeSet<String> = cast.iter().chain(&records).filter_map(name).collect();
            for record in cast.iter().chain(&records) {
                check_record(&model, *record, &names).unwrap_or_else(|why| panic!("{path}: {}: {why}", said("says")));
            }
        }
    }
    let all = ["fail", "not-determinable", "pass"].map(str::to_owned);
    let mut checks = BTreeSet::new();
    for (_, toml) in crate::check_files() {
        checks.extend(tables(toml, "check").iter().map(|check| text(check, "id")));
    }
    assert_eq!(shown.keys().cloned().collect::<BTreeSet<_>>(), checks);
    for (check, verdicts) in shown {
        assert!(verdicts.iter().eq(all.iter()), "{check} shows only {verdicts:?}");
    }
}

fn records(item: &Item) -> Vec<&dyn TableLike> {
    match item.as_array_of_tables() {
        Some(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        None => item.as_array().unwrap().iter().map(|r| r.as_inline_table().unwrap() as &dyn TableLike).collect(),
    }
}

/// Keys are fields or relations, links lead to names, states exist.
fn check_record(model: &model::Model, record: &dyn TableLike, names: &BTreeSet<String>) -> Result<(), String> {
    let name = record.get("type").and_then(Item::as_str).ok_or("no type")?;
    let record_type = model.get(name).ok_or_else(|| format!("no type {name}"))?;
    let known = |state: &str| record_type.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.state(state).is_some());
    for (key, item) in record.iter() {
        match key {
            "type" | "id" | "imported" | "gaps" => {}
            "state" if item.as_str().is_some_and(known) => {}
            "entries" => {
                for entry in item.as_array().ok_or("entries are no list")? {
                    let entry = entry.as_inline_table().ok_or("an entry is no table")?;
                    let into = entry.get("into").and_then(|into| into.as_str());
                    if into.is_some_and(|state| !known(state)) || !entry.contains_key("at") {
                        return Err(format!("{key}: {entry}"));
                    }
                }
            }
            key => {
                let field = record_type.field(key).filter(|_| key != "state");
                let linked = |text: &str| !field.is_some_and(|f| f.kind.is_link()) || names.contains(text);
                if field.is_none() && record_type.relation(key).is_none() || !item.as_str().is_none_or(linked) {
                    return Err(format!("{name}.{key} = {item}"));
                }
            }
        }
    }
    Ok(())
}
