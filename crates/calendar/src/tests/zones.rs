//! Zones, local days and the two kinds of clock change.

use crate::{Date, Edge, Period, Zone, parse_civil};

use super::{shown, utc, zone};

fn instant(zone_name: &str, local: &str, edge: Edge) -> String {
    shown(zone(zone_name).instant(parse_civil(local).unwrap(), edge))
}

fn date(text: &str) -> Date {
    crate::parse_date(text).unwrap()
}

#[test]
fn a_time_that_does_not_exist_is_the_first_instant_after_the_gap() {
    for (zone, local, expected) in [
        ("Europe/Berlin", "2024-03-31 02:00", "2024-03-31T01:00:00"),
        ("Europe/Berlin", "2024-03-31 02:59:59", "2024-03-31T01:00:00"),
        ("Europe/Berlin", "2024-03-31 03:00", "2024-03-31T01:00:00"),
        ("America/New_York", "2024-03-10 02:30", "2024-03-10T07:00:00"),
        // Half an hour only, from +10:30 to +11:00.
        ("Australia/Lord_Howe", "2024-10-06 02:10", "2024-10-05T15:30:00"),
        ("Australia/Lord_Howe", "2024-10-06 02:30", "2024-10-05T15:30:00"),
        // A whole day that Samoa left out.
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00:00"),
    ] {
        for edge in [Edge::Opens, Edge::Closes] {
            assert_eq!(instant(zone, local, edge), expected, "{zone} {local} {edge:?}");
        }
    }
}

#[test]
fn a_time_that_occurs_twice_opens_at_the_earlier_and_closes_at_the_later() {
    for (zone, local, opens, closes) in [
        ("Europe/Berlin", "2024-10-27 02:30", "2024-10-27T00:30:00", "2024-10-27T01:30:00"),
        ("Europe/Berlin", "2024-10-27 03:00", "2024-10-27T02:00:00", "2024-10-27T02:00:00"),
        ("Australia/Lord_Howe", "2024-04-07 01:45", "2024-04-06T14:45:00", "2024-04-06T15:15:00"),
        ("America/Havana", "2024-11-03 00:15", "2024-11-03T04:15:00", "2024-11-03T05:15:00"),
    ] {
        assert_eq!(instant(zone, local, Edge::Opens), opens, "{zone} {local}");
        assert_eq!(instant(zone, local, Edge::Closes), closes, "{zone} {local}");
    }
}

#[test]
fn a_date_is_converted_with_the_rules_of_that_date() {
    // Moscow was at +4 from 2011 to 2014; Berlin's summer time ends in October.
    assert_eq!(instant("Europe/Moscow", "2013-01-15 12:00", Edge::Opens), "2013-01-15T08:00:00");
    assert_eq!(instant("Europe/Moscow", "2015-01-15 12:00", Edge::Opens), "2015-01-15T09:00:00");
    assert_eq!(instant("Europe/Berlin", "2024-07-01 12:00", Edge::Opens), "2024-07-01T10:00:00");
}

#[test]
fn local_days_begin_where_their_first_instant_is() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(berlin.local_day(utc("2024-12-31 23:00")), date("2025-01-01"));
    assert_eq!(berlin.local_day(utc("2024-12-31 22:59:59")), date("2024-12-31"));
    assert_eq!(shown(berlin.start_of_day(date("2024-07-01"))), "2024-06-30T22:00:00");
    // Midnight does not exist in Beirut's spring, and occurs twice in Havana's autumn.
    assert_eq!(shown(zone("Asia/Beirut").start_of_day(date("2024-03-31"))), "2024-03-30T22:00:00");
    assert_eq!(shown(zone("America/Havana").start_of_day(date("2024-11-03"))), "2024-11-03T04:00:00");
    let apia = zone("Pacific/Apia");
    assert_eq!(apia.start_of_day(date("2011-12-30")), apia.start_of_day(date("2011-12-31")));
}

#[test]
fn the_open_end_of_time_has_a_day_too() {
    assert_eq!(Zone::utc().local_day(i64::MAX), date("9999-12-30"));
    assert_eq!(Zone::utc().local_day(i64::MIN).year(), -9999);
}

#[test]
fn zones_are_named_and_never_offsets() {
    assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
    assert_eq!(zone("UTC"), Zone::utc());
    for name in ["", "+02:00", "Berlin", "Europe/Nowhere", "../etc/passwd", "CET-1CEST"] {
        let error = Zone::named(name).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("unknown time zone {name:?}: expected an IANA name such as \"Europe/Berlin\" or \"UTC\"")
        );
    }
}

#[test]
fn local_times_are_read_without_an_offset() {
    for text in [
        "2024-02-30 10:00",
        "2024-02-01",
        "2024-02-01 10",
        "2024-02-01T10:00Z",
        "2024-02-01 10:00+01:00",
        "1/2/2024 10:00",
    ] {
        assert!(parse_civil(text).is_err(), "{text}");
    }
    assert_eq!(parse_civil("2024-02-01T10:00:07.25").unwrap().to_string(), "2024-02-01T10:00:07.25");
}

#[test]
fn a_period_left_out_is_the_year_that_ends_with_the_local_day() {
    let berlin = zone("Europe/Berlin");
    let period = Period::year_up_to(utc("2026-03-31 22:30"), &berlin);
    assert_eq!((period.from(), period.to()), (date("2025-04-02"), date("2026-04-02")));
    let (from, to) = period.instants(&berlin);
    assert_eq!((shown(from), shown(to)), ("2025-04-01T22:00:00".to_owned(), "2026-04-01T22:00:00".to_owned()));
    let leap = Period::year_up_to(utc("2024-02-28 12:00"), &Zone::utc());
    assert_eq!((leap.from(), leap.to()), (date("2023-02-28"), date("2024-02-29")));
}

#[test]
fn a_period_is_half_open_and_ends_at_the_cut() {
    let utc_zone = Zone::utc();
    let period = Period::parse("2024-01-01", "2024-02-01").unwrap();
    assert_eq!(period.instants(&utc_zone), (utc("2024-01-01 00:00"), utc("2024-02-01 00:00")));
    assert_eq!(period.instants_until(utc("2024-01-10 00:00"), &utc_zone).1, utc("2024-01-10 00:00"));
    assert_eq!(period.instants_until(utc("2024-03-10 00:00"), &utc_zone).1, utc("2024-02-01 00:00"));
    let before = period.instants_until(utc("2023-01-01 00:00"), &utc_zone);
    assert_eq!(before.0, before.1);
    let whole = Period::spanning(utc("2024-01-01 23:00"), utc("2024-01-03 00:00"), &utc_zone);
    assert_eq!((whole.from(), whole.to()), (date("2024-01-01"), date("2024-01-04")));
}

#[test]
fn a_period_that_has_no_day_is_refused() {
    let error = Period::parse("2024-02-01", "2024-02-01").unwrap_err().to_string();
    assert!(error.starts_with("bad period 2024-02-01..2024-02-01: expected an end after the begin"), "{error}");
    assert_eq!(
        Period::parse("2024-2-1", "2024-03-01").unwrap_err().to_string(),
        "bad date \"2024-2-1\": expected YYYY-MM-DD"
    );
}
