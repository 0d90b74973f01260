//! Public logs of other tools, as CSV and as XES: their totals are those that were counted elsewhere.

use std::collections::BTreeMap;

use exchange::{Case, Format, ImportOptions, Log};
use serde_json::Value as Json;

use crate::world::{World, mapping, read_with, shared};

fn facts(folder: &str) -> Json {
    let path = shared(&format!("logs/{folder}/facts.json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(facts: &Json, key: &str) -> u64 {
    facts[key].as_u64().unwrap()
}

/// Rows by the state that the mapping makes of the source's word.
fn expected(facts: &Json, state_of: &dyn Fn(&str) -> String) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (activity, rows) in facts["activity_counts"].as_object().unwrap() {
        *counts.entry(state_of(activity)).or_default() += rows.as_u64().unwrap();
    }
    counts
}

/// What `[values.state]` of a mapping says.
fn state_map(map: &str) -> BTreeMap<String, String> {
    let document: toml_edit::DocumentMut = map.parse().unwrap();
    let values = document["values"]["state"].as_table().unwrap().iter();
    values.map(|(from, to)| (from.to_owned(), to.as_str().unwrap().to_owned())).collect()
}

fn is_whole(log: &Log, facts: &Json) {
    let report = log.survey();
    assert_eq!((report.rows, report.cases, report.refused_rows), (number(facts, "events"), number(facts, "cases"), 0));
    let spread = &facts["events_per_case"];
    assert_eq!(report.totals.events_per_case.min, spread["min"].as_f64().unwrap());
    assert_eq!(report.totals.events_per_case.max, spread["max"].as_f64().unwrap());
    assert_eq!(report.totals.events_per_case.mean, spread["mean"].as_f64().unwrap());
    assert_eq!(report.incomplete_cases, number(facts, "cases_not_in_time_order_in_file"));
}

fn same_instant(told: &str, counted: &str) {
    let read = |text: &str| text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}Z").parse()).unwrap();
    assert_eq!(read(told), read(counted));
}

#[test]
fn the_help_desk_log_is_read_as_it_was_counted() {
    let Some(path) = shared("logs/helpdesk-italian-software-company/helpdesk.csv.gz") else { return };
    let (facts, map) = (facts("helpdesk-italian-software-company"), mapping("helpdesk.toml"));
    let log = read_with(&[path], Format::Csv, &map).unwrap();
    is_whole(&log, &facts);
    let report = log.survey();
    same_instant(report.first.as_deref().unwrap(), facts["first"].as_str().unwrap());
    same_instant(report.last.as_deref().unwrap(), facts["last"].as_str().unwrap());
    let hours = &report.totals.case_duration_hours;
    let near = |told: f64, key: &str| (told - facts["case_duration_hours"][key].as_f64().unwrap()).abs() < 0.001;
    assert!(near(hours.median, "median") && near(hours.max, "max"), "{hours:?}");
    let states = state_map(&map);
    assert_eq!(states.len() as u64, number(&facts, "distinct_activities"));
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for (activity, rows) in &report.totals.activity_counts {
        *counted.entry(activity.split('/').next().unwrap().to_owned()).or_default() += rows;
    }
    assert_eq!(counted, expected(&facts, &|activity| states[activity].clone()));
    // The header's second `Variant` is a column that nothing takes.
    assert_eq!(report.not_taken.iter().filter(|column| *column == "Variant").count(), 1);
}

#[test]
fn closed_problems_are_read_alike_as_table_and_as_event_log() {
    let folder = "bpic2013-volvo-closed-problems";
    let csv = shared(&format!("logs/{folder}/BPI2013_closed_problems.csv.gz"));
    let xes = shared(&format!("logs/{folder}/BPI_Challenge_2013_closed_problems.xes.gz"));
    let (Some(csv), Some(xes)) = (csv, xes) else { return };
    let facts = facts(folder);
    let (csv_map, xes_map) = (mapping("volvo_problems.toml"), mapping("volvo_problems_xes.toml"));
    let table = read_with(&[csv], Format::Csv, &csv_map).unwrap();
    let log = read_with(&[xes], Format::Xes, &xes_map).unwrap();
    let states = state_map(&csv_map);
    let state_of = |activity: &str| states.get(activity).cloned().unwrap_or_else(|| "unmatched".to_owned());
    for read in [&table, &log] {
        is_whole(read, &facts);
        assert_eq!(read.survey().totals.activity_counts, expected(&facts, &state_of));
    }
    same_instant(table.survey().first.as_deref().unwrap(), facts["first"].as_str().unwrap());
    same_instant(table.survey().last.as_deref().unwrap(), facts["last"].as_str().unwrap());
    // Case for case the states are the same, whatever the other tool did to the times.
    let states = |read: &Log| -> BTreeMap<String, Vec<String>> {
        read.cases()
            .map(|case| match case {
                Case::Taken(case) => {
                    let states = case.rows.iter().map(|row| row.state.as_deref().unwrap_or_default().to_owned());
                    (case.external_number.to_string(), states.collect())
                }
                Case::Refused { external_number, why, .. } => panic!("{external_number}: {why:?}"),
            })
            .collect()
    };
    assert_eq!(states(&table), states(&log));
}

#[test]
fn an_imported_event_log_is_there_and_a_second_run_changes_nothing() {
    let Some(path) = shared("logs/bpic2013-volvo-closed-problems/BPI_Challenge_2013_closed_problems.xes.gz") else {
        return;
    };
    let world = World::new();
    let log = read_with(&[path], Format::Xes, &mapping("volvo_problems_xes.toml")).unwrap();
    let report = world.import(&log, &ImportOptions::default()).unwrap();
    assert_eq!((report.created, report.refused_rows), (1487, 0));
    assert_eq!(report.created + report.changed + report.touches, 6660);
    assert_eq!(world.int("SELECT count(*) FROM entry e JOIN incident i ON i.id = e.record"), 6660);
    let again = world.import(&log, &ImportOptions::default()).unwrap();
    assert_eq!((again.created, again.changed, again.touches, again.unchanged), (0, 0, 0, 6660));
}

/// Case and event attributes, nested ones, lists, and what stands beside.
const SMALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="status" value="never taken"/></global>
  <string key="source" value="of the log"/>
  <trace>
    <string key="concept:name" value="A &amp; B&#10;&lt;1&gt;"/>
    <event><date key="at" value="2020-01-01T10:00:00.000+02:00"/><string key="status" value="new"/>
      <string key="where" value="Oslo"><string key="floor" value="3"/></string></event>
    <event><date key="at" value="2020-01-01T12:00:00Z"/><string key="status" value="closed"/>
      <list key="tags"><values><string key="tag" value="x"/><string key="tag" value="y"/></values></list>
      <container key="more"><boolean key="urgent" value="true"/></container></event>
  </trace>
  <trace/>
  <event><date key="at" value="2020-01-01T12:00:00Z"/><string key="status" value="new"/></event>
</log>
"#;

const SMALL_MAP: &str = r#"
name = "small"
record = "incident"
number = "case:concept:name"
happened = "at"
[state]
column = "status"
[fields]
title = { column = "case:concept:name" }
description = { column = "tags/tag" }
workaround = { column = "where/floor", optional = true }
override_reason = { column = "where", optional = true }
major = { column = "more/urgent", kind = "boolean", optional = true }
end_reason = { column = "nowhere", optional = true }
"#;

#[test]
fn attributes_are_columns_by_their_keys() {
    let world = World::new();
    let path = world.folder.join("small.xes");
    std::fs::write(&path, SMALL).unwrap();
    let log = read_with(&[path], Format::Xes, SMALL_MAP).unwrap();
    let cases: Vec<Case> = log.cases().collect();
    let [Case::Taken(case)] = cases.as_slice() else { panic!("{cases:?}") };
    assert_eq!(&*case.external_number, "A & B\n<1>");
    assert_eq!(case.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [8, 10]);
    assert_eq!(log.survey().first.as_deref(), Some("2020-01-01T08:00:00Z"));
    let said = |row: usize, key: &str| {
        case.rows[row].fields.iter().find(|(known, _)| **known == *key).map(|(_, value)| value.to_string()).unwrap()
    };
    assert_eq!((said(0, "override_reason"), said(0, "workaround")), ("`Oslo`".to_owned(), "`3`".to_owned()));
    assert_eq!((said(1, "description"), said(1, "major")), ("`x;y`".to_owned(), "true".to_owned()));
    assert_eq!(said(1, "override_reason"), "nothing", "an attribute of one event says nothing of the next");
    assert_eq!(log.absent(), ["end_reason"]);
    // The event of no trace belongs to no case.
    let refused = log.refused_rows();
    assert_eq!((refused.len(), refused[0].row, refused[0].code.as_str()), (1, 15, "number"));
}
