//! The JSON forms of week and holidays, and what is said about a wrong one.

use crate::{Holidays, Week, WorkingTime, parse_date};
use serde_json::{Value, json};

use super::daily;

fn week_error(value: Value) -> String {
    Week::from_json(&value, "organization.week").unwrap_err().to_string()
}

#[test]
fn null_is_every_hour_of_every_day() {
    assert!(Week::from_json(&Value::Null, "week").unwrap().is_always());
    assert!(Week::from_json(&daily(json!([["00:00", "24:00"]])), "week").unwrap().is_always());
    assert!(!Week::from_json(&daily(json!([["00:00", "23:59"]])), "week").unwrap().is_always());
}

#[test]
fn windows_may_touch_and_stand_in_any_order() {
    let week = Week::from_json(&json!({"mon": [["13:00", "18:00"], ["08:00", "13:00"]]}), "week").unwrap();
    assert_eq!(
        week,
        Week::from_json(&json!({"mon": [["08:00", "13:00"], ["13:00", "18:00"]], "tue": []}), "week").unwrap()
    );
}

#[test]
fn a_wrong_week_is_named_with_its_place() {
    let forms = "expected days mon to sun, each with windows such as [[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]], or null for 24 × 7";
    for (week, expected) in [
        (json!("24x7"), format!("organization.week: \"24x7\", {forms}")),
        (json!({"monday": []}), format!("organization.week.monday: unknown day, {forms}")),
        (json!({"mon": ["08:00", "18:00"]}), format!("organization.week.mon: \"08:00\", {forms}")),
        (json!({"mon": [["08:00"]]}), format!("organization.week.mon: [\"08:00\"], {forms}")),
        (json!({"mon": "08:00"}), format!("organization.week.mon: \"08:00\", {forms}")),
        (json!({"mon": []}), format!("organization.week: no working time at all, {forms}")),
        (
            json!({"mon": [["08:00", "24:01"]]}),
            "organization.week.mon: \"24:01\", expected local times HH:MM from 00:00 to 24:00".to_owned(),
        ),
        (
            json!({"tue": [["8:00", "12:00"]]}),
            "organization.week.tue: \"8:00\", expected local times HH:MM from 00:00 to 24:00".to_owned(),
        ),
        (
            json!({"tue": [["08:00", "12:00"], ["11:59", "13:00"]]}),
            "organization.week.tue: 08:00-12:00 and 11:59-13:00 overlap, expected windows that lie apart".to_owned(),
        ),
        (
            json!({"tue": [["22:00", "06:00"]]}),
            "organization.week.tue: 22:00-06:00, expected an end after the begin (a window over midnight is two: up to \
             24:00, and from 00:00 the next day)"
                .to_owned(),
        ),
    ] {
        assert_eq!(week_error(week), expected);
    }
    assert!(week_error(json!({"mon": vec![["00:00", "00:01"]; 49]})).contains("at most 48 windows a day"));
}

#[test]
fn holidays_are_dates_or_come_every_year() {
    let holidays = Holidays::from_json(&json!(["2026-05-14", "--12-25", "--02-29"]), "holidays").unwrap();
    for (day, is) in [
        ("2026-05-14", true),
        ("2027-05-14", false),
        ("2026-12-25", true),
        ("1999-12-25", true),
        ("2024-02-29", true),
        ("2026-02-28", false),
    ] {
        assert_eq!(holidays.contains(parse_date(day).unwrap()), is, "{day}");
    }
    assert!(Holidays::from_json(&Value::Null, "holidays").unwrap().is_empty());
}

#[test]
fn a_wrong_holiday_is_named() {
    for (day, found) in [(json!("25.12."), "\"25.12.\""), (json!("--13-01"), "\"--13-01\""), (json!(1225), "1225")] {
        let error = Holidays::from_json(&json!([day]), "organization.holidays").unwrap_err().to_string();
        let expected = "expected a list of dates \"YYYY-MM-DD\" or yearly days \"--MM-DD\"";
        assert_eq!(error, format!("organization.holidays: {found}, {expected}"));
    }
    assert!(Holidays::from_json(&json!(vec!["2026-01-01"; 2_001]), "holidays").is_err());
    assert!(WorkingTime::from_json("Mars", &Value::Null, &Value::Null).is_err());
}
