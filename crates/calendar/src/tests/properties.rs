//! What holds for every calendar, instant and duration.

use crate::{Edge, HOUR, MINUTE, WorkingTime};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{calendar, zone};

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kolkata",
    "Pacific/Apia",
];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn time(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Windows between neighbouring cuts of a day, every other one.
fn windows() -> impl Strategy<Value = Value> {
    prop::collection::btree_set(0..=1440u16, 0..=6).prop_map(|cuts| {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        cuts.chunks_exact(2).map(|pair| json!([time(pair[0]), time(pair[1])])).collect()
    })
}

fn calendars() -> impl Strategy<Value = WorkingTime> {
    let days =
        prop::collection::vec(windows(), 7).prop_filter("some hours", |days| days.iter().any(|d| d != &json!([])));
    let holidays = prop::collection::vec((1..=12u8, 1..=28u8).prop_map(|(m, d)| format!("--{m:02}-{d:02}")), 0..5);
    (prop::sample::select(&ZONES[..]), days, holidays).prop_map(|(zone, days, holidays)| {
        let week: serde_json::Map<String, Value> = DAYS.iter().map(|d| (*d).to_owned()).zip(days).collect();
        calendar(zone, &Value::Object(week), &json!(holidays))
    })
}

/// 2010 to 2030, to the microsecond.
fn instants() -> impl Strategy<Value = i64> {
    1_262_304_000_000_000..1_893_456_000_000_000i64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_in_two_parts_is_adding_at_once(hours in calendars(), at in instants(), one in 1..20 * HOUR, two in 1..20 * HOUR) {
        if let Ok(end) = hours.add(at, one + two) {
            prop_assert_eq!(hours.add(hours.add(at, one).unwrap(), two).unwrap(), end);
        }
    }

    #[test]
    fn more_time_ends_later_and_a_later_start_never_earlier(hours in calendars(), at in instants(), later in 0..100 * HOUR, time in 1..20 * HOUR) {
        if let Ok(end) = hours.add(at, time) {
            prop_assert!(end >= at + time);
            if let Ok(longer) = hours.add(at, time + 1) {
                prop_assert!(longer > end);
            }
            if let Ok(shifted) = hours.add(at + later, time) {
                prop_assert!(shifted >= end);
            }
        }
    }

    #[test]
    fn the_end_lies_in_a_window_or_closes_it(hours in calendars(), at in instants(), time in 1..20 * HOUR) {
        if let Ok(end) = hours.add(at, time) {
            // The microsecond before the end is working time: adding one from there lands on the end.
            prop_assert_eq!(hours.add(end - 1, 1).unwrap(), end);
        }
    }

    #[test]
    fn business_days_end_on_working_days(hours in calendars(), at in instants(), days in 1..30i64) {
        if let Ok(end) = hours.after(at, &format!("P{days}D").parse().unwrap()) {
            prop_assert!(end > at);
            // Samoa's calendar has a 30 December 2011 that no clock showed: what ends on it ends as the next day begins.
            let (end_day, apia) = (hours.zone().local_day(end), hours.zone().name() == "Pacific/Apia");
            prop_assert!(hours.is_working_day(end_day) || apia && end_day.to_string() == "2011-12-31");
        }
    }

    #[test]
    fn a_local_time_means_an_instant_that_shows_it(name in prop::sample::select(&ZONES[..]), at in instants()) {
        let zone = zone(name);
        let local = zone.local_time(at);
        let (opens, closes) = (zone.instant(local, Edge::Opens), zone.instant(local, Edge::Closes));
        prop_assert!(opens <= at && at <= closes);
        prop_assert_eq!(zone.local_time(opens), local);
        prop_assert_eq!(zone.local_time(closes), local);
        prop_assert!(closes - opens <= HOUR);
    }

    #[test]
    fn each_instant_lies_in_its_local_day(name in prop::sample::select(&ZONES[..]), at in instants()) {
        let zone = zone(name);
        let day = zone.local_day(at);
        prop_assert!(zone.start_of_day(day) <= at && at < zone.start_of_day(day.tomorrow().unwrap()));
    }

    #[test]
    fn durations_survive_being_written(months in 0..100i64, days in 0..1000i64, minutes in 0..10_000i64) {
        let text = format!("P{months}M{days}DT{minutes}M");
        let span: crate::Span = text.parse().unwrap();
        prop_assert_eq!(span.to_string().parse::<crate::Span>().unwrap(), span);
        prop_assert_eq!(span.exact(), (months == 0 && days == 0).then_some(minutes * MINUTE));
    }

    #[test]
    fn no_text_breaks_a_reader(text in "\\PC{0,20}", iso in "[PT0-9YMWDHS.]{0,12}") {
        let _ = (text.parse::<crate::Span>(), crate::parse_civil(&text), crate::parse_date(&text));
        let _ = iso.parse::<crate::BusinessDuration>();
    }
}
