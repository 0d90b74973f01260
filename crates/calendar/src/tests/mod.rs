//! What a calendar promises: local days, clock changes, working time, and other tools' answers to the same sums.

mod durations;
mod forms;
mod properties;
mod vectors;
mod working_time;
mod zones;

use crate::{Edge, WorkingTime, Zone, parse_civil};
use serde_json::{Value, json};

/// The instant of a UTC wall clock `2024-03-31 01:00`.
fn utc(text: &str) -> i64 {
    Zone::utc().instant(parse_civil(text).unwrap(), Edge::Opens)
}

/// An instant as the UTC wall clock shows it.
fn shown(instant: i64) -> String {
    Zone::utc().local_time(instant).to_string()
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

/// The same windows from Monday to Friday.
fn weekdays(windows: Value) -> Value {
    json!({ "mon": windows, "tue": windows, "wed": windows, "thu": windows, "fri": windows })
}

/// The same windows on all seven days.
fn daily(windows: Value) -> Value {
    let mut week = weekdays(windows.clone());
    week["sat"] = windows.clone();
    week["sun"] = windows;
    week
}

fn calendar(zone: &str, week: &Value, holidays: &Value) -> WorkingTime {
    WorkingTime::from_json(zone, week, holidays).unwrap()
}
