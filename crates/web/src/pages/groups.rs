//! A queue under headings: what breaks first stands first. Any type whose open records have a due instant has them.

use std::collections::BTreeSet;

use engine::Record;
use engine::read::names;
use model::Slot;

use super::columns;
use super::frame::version;
use super::list::Asked;
use super::refused::Answer;
use crate::api::json::instant;
use crate::view::list::{Group, MenuItem, Row};
use crate::view::parts::Mark;

const HOUR: i64 = 3_600 * 1_000_000;

/// A heading: what its count is keyed by, its words, its mark.
pub const HEADINGS: [(&str, &str, Mark); 5] = [
    ("missed", "Target missed", Mark::Bad),
    ("hour", "Due within the hour", Mark::Warn),
    ("today", "Later today", Mark::None),
    ("later", "Another day", Mark::None),
    ("none", "No target runs", Mark::None),
];

/// Whether the list comes in the order in which things are due.
pub fn are_sorted(asked: &Asked) -> bool {
    let due = asked.record_type.slot("due_at").filter(|_| asked.record_type.lifecycle.is_some());
    due.is_some() && asked.sort.first().is_some_and(|(slot, descends)| Some(*slot) == due && !descends)
}

pub fn choices(asked: &Asked) -> Vec<MenuItem> {
    if !are_sorted(asked) {
        return Vec::new();
    }
    let address = &asked.visit.address;
    let off = address.get("group") == Some("none");
    let item = |label: &str, group, current| MenuItem {
        label: label.to_owned(),
        href: address.with("group", group).to_string(),
        current,
    };
    vec![item("Time left", None, !off), item("Nothing", Some("none"), off)]
}

/// The condition of each heading.
pub fn condition(asked: &Asked, key: &str) -> String {
    let (now, hour, midnight) = bounds(asked);
    let at = |at: i64| format!("'{}'", instant(at));
    match key {
        "missed" => format!("due_at < {}", at(now)),
        "hour" => format!("due_at >= {} && due_at < {}", at(now), at(hour)),
        "today" => format!("due_at >= {} && due_at < {}", at(hour), at(midnight)),
        "later" => format!("due_at >= {}", at(midnight)),
        _ => "due_at == null".to_owned(),
    }
}

fn bounds(asked: &Asked) -> (i64, i64, i64) {
    let wall = &asked.visit.wall;
    let hour = wall.now + HOUR;
    (wall.now, hour, wall.midnight().max(hour))
}

/// The rows of a page, under headings or without.
pub fn of(asked: &Asked, slots: &[Slot], records: Vec<Record>) -> Answer<Vec<Group>> {
    let engine = &asked.visit.app.engine;
    let mut ids = BTreeSet::new();
    for record in &records {
        names::linked_ids(record, &mut ids);
    }
    let names = names::of_ids(&mut *engine.reader()?, engine.model(), &asked.visit.principal, &ids)?;
    let row = |record: &Record| Row {
        number: record.number().to_owned(),
        version: version(record),
        cells: columns::cells(asked, slots, record, &names),
    };
    if !asked.by_time_left() {
        return Ok(vec![Group { rows: records.iter().map(row).collect(), ..Group::default() }]);
    }
    let (now, hour, midnight) = bounds(asked);
    let key = |record: &Record| match record.by_key("due_at").as_int() {
        Some(due) if due < now => "missed",
        Some(due) if due < hour => "hour",
        Some(due) if due < midnight => "today",
        Some(_) => "later",
        None => "none",
    };
    let groups = HEADINGS.iter().map(|(heading, label, mark)| Group {
        key: (*heading).to_owned(),
        label: (*label).to_owned(),
        mark: Some(*mark),
        rows: records.iter().filter(|record| key(record) == *heading).map(row).collect(),
    });
    Ok(groups.filter(|group| !group.rows.is_empty()).collect())
}
