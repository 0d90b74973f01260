//! The house of processes: areas are the standard's, a room is a record type, and each room has the same furniture.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::DocumentMut;

use super::{files, none, read, toml};

/// The areas and the clause of each.
const AREAS: [(&str, &str); 14] = [
    ("context", "4"),
    ("leadership", "5"),
    ("planning", "6"),
    ("support", "7"),
    ("operation/portfolio", "8.2"),
    ("operation/relationship", "8.3"),
    ("operation/supply_and_demand", "8.4"),
    ("operation/design_and_transition", "8.5"),
    ("operation/resolution", "8.6"),
    ("operation/assurance", "8.7"),
    ("evaluation", "9"),
    ("improvement", "10"),
    ("certification", "10"),
    // What every process needs; no clause of its own.
    (SHARED, "8"),
];
const SHARED: &str = "shared";
/// Fields that several record types copy, one file a set: no room, for nothing is recorded in it.
const MIXINS: &str = "shared/mixins";
/// Record types of the catalogue that have no room yet. Lower it with each room; it never rises.
const WITHOUT_ROOM_MAX: usize = 72;
/// What a room may hold besides its own `<room>.toml` and files named by a verb.
const FURNITURE: [&str; 5] = ["checks.toml", "examples.toml", "mod.rs", "tests.rs", "handle.rs"];
/// Rooms that are no record type of the catalogue, with the reason.
const OWN_ROOMS: [(&str, &str); 1] =
    // The catalogue counts it as part of the incident; its life-cycle is another one.
    [("operation/resolution/major_incident", "incident")];
/// Furniture of one room only, with the reason.
const OWN_FURNITURE: [(&str, &str); 1] = [
    // Keys of the product that the standard's file must not know.
    ("shared/setting", "own_settings.toml"),
];

/// Rooms with the names of their files: `operation/resolution/incident` → `incident.toml`, …
fn rooms() -> BTreeMap<String, Vec<String>> {
    let mut rooms = BTreeMap::<String, Vec<String>>::new();
    for file in files() {
        let Some((folder, name)) = file.path.strip_prefix("processes/").and_then(|path| path.rsplit_once('/')) else {
            continue;
        };
        // Files of an area itself are its table of contents; mails' texts are a room's; `src` belongs to the crate.
        let texts = folder.ends_with("/texts");
        if folder != MIXINS && !texts && area_of(folder).is_some_and(|area| area != folder) {
            rooms.entry(folder.to_owned()).or_default().push(name.to_owned());
        }
    }
    rooms
}

fn area_of(folder: &str) -> Option<&'static str> {
    AREAS.iter().map(|(area, _)| *area).find(|area| folder == *area || folder.starts_with(&format!("{area}/")))
}

fn name_of(room: &str) -> &str {
    room.rsplit('/').next().unwrap_or(room)
}

fn catalogue() -> DocumentMut {
    toml("standard/requirements.toml")
}

fn record_types() -> BTreeSet<String> {
    catalogue()["record_types"].as_table().unwrap().iter().map(|(name, _)| name.to_owned()).collect()
}

/// Names and plurals of all record types that have a room.
pub fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for room in rooms().keys() {
        let model = toml(&format!("processes/{room}/{}.toml", name_of(room)));
        for key in ["name", "plural"] {
            if let Some(name) = model["record"].get(key).and_then(|name| name.as_str()) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn each_area_has_a_clause_of_the_catalogue() {
    let catalogue = catalogue();
    let clauses: Vec<_> = catalogue["clause"]
        .as_array_of_tables()
        .unwrap()
        .iter()
        .filter_map(|clause| clause["number"].as_str())
        .collect();
    let unknown = AREAS.iter().filter(|(_, clause)| !clauses.contains(clause));
    none(&unknown.map(|(area, clause)| format!("{area}: {clause}")).collect::<Vec<_>>(), "no such clause");
}

#[test]
fn folders_are_the_standards_areas() {
    let mut found = BTreeSet::new();
    for file in files() {
        let Some((folder, _)) = file.path.strip_prefix("processes/").and_then(|path| path.rsplit_once('/')) else {
            continue;
        };
        let known = folder == "operation" || folder == "src" || folder.starts_with("src/") || area_of(folder).is_some();
        if !known {
            found.insert(folder.to_owned());
        }
    }
    none(&found.into_iter().collect::<Vec<_>>(), "no area of the standard");
}

#[test]
fn a_room_is_a_record_type_of_the_catalogue_or_shared_with_a_reason() {
    let types = record_types();
    let mut found = Vec::new();
    for room in rooms().keys() {
        let name = name_of(room);
        if types.contains(name) {
            continue;
        }
        let model = read(&format!("processes/{room}/{name}.toml"));
        // A class of the catalogue's type is one of its records.
        let extends = model.lines().find_map(|line| line.strip_prefix("extends = \"")?.strip_suffix('"'));
        let of_own = OWN_ROOMS.iter().any(|(own, of)| own == room && types.contains(*of));
        if extends.is_some_and(|parent| types.contains(parent)) || of_own {
            continue;
        }
        if area_of(room) != Some(SHARED) {
            found.push(format!("{room}: no key of [record_types], expected it there or in processes/{SHARED}/"));
        } else if !model.starts_with("# ") {
            found.push(format!("{room}/{name}.toml: expected a first comment that says why there is such a room"));
        }
    }
    none(&found, "rooms");
}

#[test]
fn fewer_and_fewer_record_types_have_no_room() {
    let rooms: BTreeSet<_> = rooms().keys().map(|room| name_of(room).to_owned()).collect();
    let without: Vec<_> = record_types().into_iter().filter(|name| !rooms.contains(name)).collect();
    assert!(without.len() <= WITHOUT_ROOM_MAX, "{} of at most {WITHOUT_ROOM_MAX}: {without:?}", without.len());
}

#[test]
fn a_room_has_the_same_furniture_as_every_other() {
    let mut found = Vec::new();
    for (room, names) in rooms() {
        let model = format!("{}.toml", name_of(&room));
        if !names.contains(&model) {
            found.push(format!("{room}: no {model}"));
        }
        for name in names.iter().filter(|name| **name != model && !FURNITURE.contains(&name.as_str())) {
            let own = OWN_FURNITURE.contains(&(room.as_str(), name.as_str()));
            // A behaviour is named by its verb in the third person: sets_priority.rs, finds_conflicts.rs.
            let verb = name
                .strip_suffix(".rs")
                .and_then(|stem| stem.split('_').next())
                .is_some_and(|verb| verb.ends_with('s'));
            if !own && !verb {
                found.push(format!("{room}/{name}"));
            }
        }
    }
    none(
        &found,
        "expected <room>.toml, checks.toml, examples.toml, mod.rs, tests.rs, handle.rs, or a verb such as sets_priority.rs",
    );
}
