//! Adding working time: openings, closings, holidays, clock changes, working days.

use crate::{BusinessDuration, HOUR, MINUTE, WorkingTime};
use serde_json::{Value, json};

use super::{calendar, daily, shown, utc, weekdays, zone};

fn office(zone: &str) -> WorkingTime {
    calendar(zone, &weekdays(json!([["08:00", "12:00"], ["13:00", "18:00"]])), &json!(["--12-25"]))
}

fn add(hours: &WorkingTime, at: &str, time: i64) -> String {
    shown(hours.add(utc(at), time).unwrap())
}

fn after(hours: &WorkingTime, at: &str, duration: &str) -> String {
    shown(hours.after(utc(at), &duration.parse().unwrap()).unwrap())
}

#[test]
fn the_clock_starts_at_the_next_opening() {
    let utc_office = office("UTC");
    // Monday to Friday in January 2026: the 5th is a Monday.
    assert_eq!(add(&utc_office, "2026-01-05 06:00", HOUR), "2026-01-05T09:00:00");
    assert_eq!(add(&utc_office, "2026-01-05 12:30", HOUR), "2026-01-05T14:00:00");
    assert_eq!(add(&utc_office, "2026-01-09 18:00", HOUR), "2026-01-12T09:00:00");
    assert_eq!(add(&utc_office, "2026-01-10 12:00", HOUR), "2026-01-12T09:00:00");
}

#[test]
fn a_target_reached_at_closing_time_is_the_closing_instant() {
    let utc_office = office("UTC");
    assert_eq!(add(&utc_office, "2026-01-09 13:00", 5 * HOUR), "2026-01-09T18:00:00");
    assert_eq!(add(&utc_office, "2026-01-09 13:00", 5 * HOUR + 1), "2026-01-12T08:00:00.000001");
    assert_eq!(add(&utc_office, "2026-01-09 08:00", 4 * HOUR), "2026-01-09T12:00:00");
}

#[test]
fn holidays_have_no_hours() {
    assert_eq!(add(&office("UTC"), "2025-12-24 17:00", 2 * HOUR), "2025-12-26T09:00:00");
}

#[test]
fn adding_nothing_changes_nothing_and_going_back_is_refused() {
    let utc_office = office("UTC");
    assert_eq!(add(&utc_office, "2026-01-10 12:00", 0), "2026-01-10T12:00:00");
    assert_eq!(
        utc_office.add(0, -5).unwrap_err().to_string(),
        "working time runs forwards only: -5 microseconds cannot be added"
    );
}

#[test]
fn round_the_clock_working_time_is_elapsed_time() {
    let always = WorkingTime::always(zone("Europe/Berlin"));
    assert_eq!(add(&always, "2024-03-30 12:00", 24 * HOUR), "2024-03-31T12:00:00");
    // The same hours written out give the same answers, over both clock changes.
    let written = calendar("Europe/Berlin", &daily(json!([["00:00", "24:00"]])), &json!(["1970-01-01"]));
    for at in ["2024-03-30 12:00", "2024-03-31 00:59", "2024-10-26 22:00", "2024-10-27 00:30", "2024-10-27 01:30"] {
        for time in [1, MINUTE, HOUR, 24 * HOUR, 49 * HOUR] {
            assert_eq!(add(&written, at, time), add(&always, at, time), "{at} {time}");
        }
    }
}

#[test]
fn a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
    let nights = calendar("Europe/Berlin", &daily(json!([["00:00", "06:00"]])), &Value::Null);
    assert_eq!(add(&nights, "2024-03-30 23:00", 5 * HOUR), "2024-03-31T04:00:00");
    assert_eq!(add(&nights, "2024-03-30 23:00", 5 * HOUR + 1), "2024-03-31T22:00:00.000001");
    assert_eq!(add(&nights, "2024-10-26 22:00", 7 * HOUR), "2024-10-27T05:00:00");
    assert_eq!(add(&nights, "2024-10-26 22:00", 7 * HOUR + 1), "2024-10-27T23:00:00.000001");
}

#[test]
fn lord_howe_moves_its_clocks_by_half_an_hour() {
    let nights = calendar("Australia/Lord_Howe", &daily(json!([["01:00", "03:00"]])), &Value::Null);
    // Put forward at 02:00 on 6 October 2024: the two hours are ninety minutes. 01:00 local is 14:30 UTC.
    assert_eq!(add(&nights, "2024-10-05 14:00", 90 * MINUTE), "2024-10-05T16:00:00");
    assert_eq!(add(&nights, "2024-10-05 14:00", 91 * MINUTE), "2024-10-06T14:01:00");
    // Put back at 02:00 on 7 April 2024: they are two and a half. 01:00 local is 14:00 UTC.
    assert_eq!(add(&nights, "2024-04-06 13:00", 150 * MINUTE), "2024-04-06T16:30:00");
    assert_eq!(add(&nights, "2024-04-06 13:00", 151 * MINUTE), "2024-04-07T14:31:00");
}

#[test]
fn windows_inside_a_clock_change_lose_and_double_nothing() {
    // A window that lies in the gap has no time at all that night.
    let gap = calendar("Europe/Berlin", &daily(json!([["02:15", "02:45"]])), &Value::Null);
    assert_eq!(add(&gap, "2024-03-31 00:00", 10 * MINUTE), "2024-04-01T00:25:00");
    // Two windows that meet in the repeated hour: 01:00 to 04:00 is four hours, each counted once.
    let meeting = calendar("Europe/Berlin", &daily(json!([["01:00", "02:30"], ["02:30", "04:00"]])), &Value::Null);
    assert_eq!(add(&meeting, "2024-10-26 22:00", 4 * HOUR), "2024-10-27T03:00:00");
    assert_eq!(add(&meeting, "2024-10-26 22:00", 4 * HOUR + 1), "2024-10-28T00:00:00.000001");
    // Havana's midnight occurs twice; the evening before ends at the first one.
    let evening = calendar("America/Havana", &json!({"sat": [["20:00", "24:00"]]}), &Value::Null);
    assert_eq!(add(&evening, "2024-11-02 12:00", 4 * HOUR), "2024-11-03T04:00:00");
    assert_eq!(add(&evening, "2024-11-02 12:00", 4 * HOUR + 1), "2024-11-10T01:00:00.000001");
}

#[test]
fn business_days_keep_the_wall_clock() {
    let berlin = office("Europe/Berlin");
    // Thursday to Thursday over Easter's clock change: ten o'clock stays ten o'clock.
    assert_eq!(after(&berlin, "2024-03-28 09:00", "P5D"), "2024-04-04T08:00:00");
    // Before opening and after closing keep their wall clock too.
    assert_eq!(after(&berlin, "2024-01-05 05:00", "P1D"), "2024-01-08T05:00:00");
    assert_eq!(after(&berlin, "2024-01-05 20:00", "P1D"), "2024-01-08T20:00:00");
}

#[test]
fn what_begins_on_a_free_day_begins_with_the_next_working_day() {
    let utc_office = office("UTC");
    // Saturday: Monday is the one working day, which ends at Tuesday's midnight.
    assert_eq!(after(&utc_office, "2026-01-10 15:00", "P1D"), "2026-01-13T00:00:00");
    assert_eq!(after(&utc_office, "2025-12-25 15:00", "P1D"), "2025-12-29T00:00:00");
}

#[test]
fn months_and_weeks_come_before_days_and_days_before_hours() {
    let utc_office = office("UTC");
    assert_eq!(after(&utc_office, "2026-01-05 10:00", "P1DT2H"), "2026-01-06T12:00:00");
    assert_eq!(after(&utc_office, "2026-01-05 10:00", "P1W"), "2026-01-12T10:00:00");
    assert_eq!(after(&utc_office, "2026-01-05 10:00", "P1M1DT1H"), "2026-02-06T11:00:00");
    let zero: BusinessDuration = "PT0H".parse().unwrap();
    assert_eq!(utc_office.after(utc("2026-01-10 10:00"), &zero).unwrap(), utc("2026-01-10 10:00"));
}

#[test]
fn every_day_works_round_the_clock() {
    let always = WorkingTime::always(zone("Europe/Berlin"));
    assert_eq!(after(&always, "2024-03-29 11:00", "P5D"), "2024-04-03T10:00:00");
}

#[test]
fn what_lies_beyond_the_horizon_is_an_error_and_not_a_long_walk() {
    let one_hour = calendar("UTC", &json!({"mon": [["08:00", "09:00"]]}), &Value::Null);
    assert!(one_hour.add(0, 500 * HOUR).is_ok());
    for error in [
        one_hour.add(0, 600 * HOUR).unwrap_err(),
        one_hour.after(0, &"P600D".parse().unwrap()).unwrap_err(),
        WorkingTime::always(zone("UTC")).add(0, 90_000 * HOUR).unwrap_err(),
        WorkingTime::always(zone("UTC")).add(i64::MAX, 1).unwrap_err(),
    ] {
        assert!(error.to_string().starts_with("the end lies more than 10 years ahead"), "{error}");
    }
}
