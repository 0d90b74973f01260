//! Other tools' answers to the same sums: 216 cases collected from the test tables of six ticket systems and libraries.
//! They lie beside the tree and not in it; where they are missing, the test says so and proves nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::{Edge, SECOND, WorkingTime, parse_civil};
use serde_json::Value;

use super::{shown, utc};

/// Read as 24:00 by the tool that it was taken from; here 23:59 is 23:59.
const QUIRKS: [&str; 1] = ["zammad-cal-24x"];

fn vectors() -> Option<Vec<Value>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path =
        std::env::var_os("VOUCH_SHARED_DATA").map_or_else(beside, PathBuf::from).join("vectors/working_time.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "not run: there are no vectors of working time (set VOUCH_SHARED_DATA to the folder that has vectors/)"
        );
        return None;
    };
    let mut file: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file["vectors"].take()).unwrap()
}

fn hours(vector: &Value) -> WorkingTime {
    let calendar = &vector["calendar"];
    super::calendar(calendar["tz"].as_str().unwrap(), &calendar["week"], &calendar["holidays"])
}

/// `2015-03-27T11:00:00Z` as an instant.
fn instant(value: &Value) -> i64 {
    utc(value.as_str().unwrap().trim_end_matches('Z'))
}

/// A local date or time in the calendar's zone.
fn local(value: &Value, hours: &WorkingTime) -> i64 {
    let text = value.as_str().unwrap();
    let text = if text.len() == 10 { format!("{text} 00:00") } else { text.to_owned() };
    hours.zone().instant(parse_civil(&text).unwrap(), Edge::Opens)
}

/// What we answer and what is expected, or None for a sum that is not ours.
fn answer(vector: &Value) -> Option<(i64, i64)> {
    let (input, expect) = (&vector["input"], &vector["expect"]);
    match vector["op"].as_str()? {
        "add_working_seconds" => {
            let seconds = input["add_seconds"].as_f64().filter(|seconds| *seconds >= 0.0)?;
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a few years")]
            let time = seconds as i64 * SECOND;
            Some((hours(vector).add(instant(&input["start"]), time).unwrap(), instant(&expect["end"])))
        }
        "sla_start_and_due" => {
            let time = input["business_seconds"].as_i64()? * SECOND;
            Some((hours(vector).add(instant(&input["created"]), time).unwrap(), instant(&expect["due"])))
        }
        "add_working_days" => {
            // Going back, and moving the end to closing time, are policies that no rule of ours has.
            let days = input["working_days"].as_i64().filter(|days| *days > 0)?;
            if input["snap_to_end_of_working_day"] == true {
                return None;
            }
            let (hours, duration) = (hours(vector), format!("P{days}D").parse().unwrap());
            let at = if input["start"].is_string() {
                instant(&input["start"])
            } else {
                local(&input["start_local"], &hours)
            };
            let end =
                if expect["end"].is_string() { instant(&expect["end"]) } else { local(&expect["end_local"], &hours) };
            Some((hours.after(at, &duration).unwrap(), end))
        }
        "resolve_nonexistent_local" => {
            let zone = super::zone(input["tz"].as_str()?);
            let read = |value: &Value| zone.instant(parse_civil(value.as_str().unwrap()).unwrap(), Edge::Opens);
            Some((read(&input["local"]), read(&expect["local"])))
        }
        _ => None,
    }
}

#[test]
fn other_tools_get_the_same_due_instants() {
    let Some(vectors) = vectors() else { return };
    let (mut ran, mut left_out) = (0, BTreeMap::<String, usize>::new());
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        match answer(vector).filter(|_| !QUIRKS.contains(&id)) {
            Some((found, expected)) => {
                assert_eq!(shown(found), shown(expected), "{id}: {}", vector["name"]);
                ran += 1;
            }
            None => *left_out.entry(vector["op"].as_str().unwrap().to_owned()).or_default() += 1,
        }
    }
    eprintln!("{ran} vectors agree; not asked, because nothing of ours answers them: {left_out:?}");
    assert!(ran >= 80, "only {ran} of {} vectors were asked", vectors.len());
}
