//! ISO 8601 durations, of the calendar and of working time.

use crate::{BusinessDuration, DAY, HOUR, MINUTE, SECOND, Span};

use super::{shown, utc, zone};

fn span(text: &str) -> Span {
    text.parse().unwrap()
}

#[test]
fn durations_read_back_as_they_are_written() {
    for text in ["P1M", "P12M", "P30D", "P1W", "PT15M", "PT0S", "P1DT4H", "PT1H30M", "PT0.5S", "P2M3W4DT5H6M7.000001S"]
    {
        assert_eq!(span(text).to_string(), text);
        assert_eq!(text.parse::<BusinessDuration>().unwrap().to_string(), text);
    }
    assert_eq!(span("P1Y").to_string(), "P12M");
    assert_eq!(span("PT90M").to_string(), "PT1H30M");
    assert_eq!(span("PT0H").to_string(), "PT0S");
}

#[test]
fn what_is_no_duration_is_refused_with_its_reason() {
    for (text, why) in [
        ("5D", "no P in front"),
        ("P", "nothing after the P"),
        ("PT", "nothing after the T"),
        ("P5", "a number without a unit"),
        ("PD", "a number that is not whole"),
        ("P1.5D", "a number that is not whole"),
        ("-P5D", "no P in front"),
        ("P-5D", "a unit that does not stand here"),
        ("P5H", "a unit that does not stand here"),
        ("PT1M1H", "a unit that does not stand here"),
        ("P1D1D", "a unit that does not stand here"),
        ("P5d", "a unit that does not stand here"),
        ("P5D ", "a unit that does not stand here"),
        ("PT1.2.3S", "a number with two points"),
        ("PT1.1234567S", "a fraction of seconds that has not one to six digits"),
        ("P1000000D", "a number above 100000"),
        ("P99999999999999999999D", "a number that is not whole"),
        ("P5Ä", "a unit that does not stand here"),
    ] {
        let error = text.parse::<Span>().unwrap_err().to_string();
        assert_eq!(error, format!("bad duration {text:?}: {why}, expected ISO 8601 such as P1M, P30D or PT15M"));
    }
    let error = "soon".parse::<BusinessDuration>().unwrap_err().to_string();
    assert!(error.ends_with("expected ISO 8601 such as P5D (working days) or PT4H (working time)"), "{error}");
}

#[test]
fn ranges_compare_by_nominal_length() {
    assert_eq!(span("P12M").nominal(), 365 * DAY);
    assert_eq!(span("P12M").nominal(), span("P1Y").nominal());
    assert!(span("P30D").nominal() < span("P1M").nominal());
    assert!(span("P31D").nominal() > span("P1M").nominal());
    assert_eq!(span("PT1H1M1S").nominal(), HOUR + MINUTE + SECOND);
    assert_eq!(span("PT90M").exact(), Some(90 * MINUTE));
    assert_eq!(span("P1D").exact(), None);
}

#[test]
fn calendar_durations_move_the_wall_clock() {
    let berlin = zone("Europe/Berlin");
    // A day over the clock change has 23 hours, and the month of February ends early.
    assert_eq!(shown(span("P1D").after(utc("2024-03-30 11:00"), &berlin)), "2024-03-31T10:00:00");
    assert_eq!(shown(span("PT24H").after(utc("2024-03-30 11:00"), &berlin)), "2024-03-31T11:00:00");
    assert_eq!(shown(span("P1M").after(utc("2024-01-31 11:00"), &berlin)), "2024-02-29T11:00:00");
    assert_eq!(shown(span("P1Y").before(utc("2024-02-29 11:00"), &berlin)), "2023-02-28T11:00:00");
    assert_eq!(shown(span("P1W").before(utc("2024-04-03 10:00"), &berlin)), "2024-03-27T11:00:00");
    // An instant in the repeated hour stays itself when only time passes.
    assert_eq!(shown(span("PT10M").after(utc("2024-10-27 01:15"), &berlin)), "2024-10-27T01:25:00");
}
