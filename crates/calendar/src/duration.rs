//! Durations as people decide them, in a part of ISO 8601: `P1M`, `P12M`, `PT30M`, `P1DT4H`.
//!
//! Whole numbers only (seconds may have a fraction of up to six digits), no sign, each unit at most once and in order.

use std::fmt;
use std::str::FromStr;

use jiff::Span as CivilSpan;

use crate::{CalendarError, DAY, Edge, HOUR, MINUTE, SECOND, Zone};

/// The largest number that one unit may have: far beyond any rule of an organisation, small enough that sums never wrap.
const NUMBER_MAX: i64 = 100_000;

/// A calendar duration: months, weeks and days of the wall clock, then elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    months: i64,
    weeks: i64,
    days: i64,
    /// Microseconds.
    time: i64,
}

impl Span {
    /// For comparing with a range only, in microseconds: a day is 24 h, a month a twelfth of 365 days.
    pub fn nominal(&self) -> i64 {
        self.months * (365 * DAY / 12) + (self.weeks * 7 + self.days) * DAY + self.time
    }

    /// The elapsed microseconds, where there are no months, weeks or days whose length depends on the date.
    pub fn exact(&self) -> Option<i64> {
        (self.months == 0 && self.weeks == 0 && self.days == 0).then_some(self.time)
    }

    /// So much later than `at`: the wall clock moves by months, weeks and days, then time elapses.
    /// 31 January and one month is the last day of February.
    pub fn after(&self, at: i64, zone: &Zone) -> i64 {
        add_civil(at, self.months, self.weeks * 7 + self.days, zone).saturating_add(self.time)
    }

    /// So much earlier than `at`, by the same rule.
    pub fn before(&self, at: i64, zone: &Zone) -> i64 {
        add_civil(at, -self.months, -(self.weeks * 7 + self.days), zone).saturating_sub(self.time)
    }
}

/// A duration in working time: its days count working days, its hours and minutes working time. Months and weeks, which
/// have no number of working days of their own, are the calendar's and come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BusinessDuration(Span);

impl BusinessDuration {
    /// Microseconds of working time.
    pub fn of_time(time: i64) -> Self {
        Self(Span { months: 0, weeks: 0, days: 0, time: time.max(0) })
    }

    /// For comparing with a range only, in microseconds; as [`Span::nominal`].
    pub fn nominal(&self) -> i64 {
        self.0.nominal()
    }

    /// The microseconds of working time, where the duration is hours and minutes only.
    pub fn exact(&self) -> Option<i64> {
        self.0.exact()
    }

    pub(crate) fn working_days(&self) -> i64 {
        self.0.days
    }

    pub(crate) fn working_time(&self) -> i64 {
        self.0.time
    }

    pub(crate) fn after_months_and_weeks(&self, at: i64, zone: &Zone) -> i64 {
        add_civil(at, self.0.months, self.0.weeks * 7, zone)
    }
}

fn add_civil(at: i64, months: i64, days: i64, zone: &Zone) -> i64 {
    if months == 0 && days == 0 {
        // Through the wall clock and back, an instant in a repeated hour would become the earlier one.
        return at;
    }
    let local = zone.local_time(at);
    zone.instant(local.saturating_add(CivilSpan::new().months(months).days(days)), Edge::Opens)
}

impl FromStr for Span {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        parse(text).map_err(|why| CalendarError::Duration { text: text.to_owned(), why, example: "P1M, P30D or PT15M" })
    }
}

impl FromStr for BusinessDuration {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let example = "P5D (working days) or PT4H (working time)";
        parse(text).map(Self).map_err(|why| CalendarError::Duration { text: text.to_owned(), why, example })
    }
}

fn parse(text: &str) -> Result<Span, &'static str> {
    let rest = text.strip_prefix('P').ok_or("no P in front")?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err("nothing after the T"),
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err("nothing after the P");
    }
    let mut span = Span { months: 0, weeks: 0, days: 0, time: 0 };
    for (number, unit) in parts(date, "YMWD")? {
        let count = whole(number)?;
        match unit {
            'Y' => span.months += 12 * count,
            'M' => span.months += count,
            'W' => span.weeks = count,
            _ => span.days = count,
        }
    }
    for (number, unit) in parts(time, "HMS")? {
        span.time += match unit {
            'H' => whole(number)? * HOUR,
            'M' => whole(number)? * MINUTE,
            _ => seconds(number)?,
        };
    }
    Ok(span)
}

/// Numbers with their units, which must come in the given order.
fn parts<'t>(mut text: &'t str, units: &str) -> Result<Vec<(&'t str, char)>, &'static str> {
    let mut found = Vec::new();
    let mut left = units;
    while !text.is_empty() {
        let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).ok_or("a number without a unit")?;
        let (number, after) = text.split_at(end);
        let unit = after.chars().next().ok_or("a number without a unit")?;
        let place = left.find(unit).ok_or("a unit that does not stand here")?;
        left = left.get(place + unit.len_utf8()..).unwrap_or_default();
        text = after.get(unit.len_utf8()..).unwrap_or_default();
        found.push((number, unit));
    }
    Ok(found)
}

fn whole(number: &str) -> Result<i64, &'static str> {
    let count: i64 = number.parse().map_err(|_| "a number that is not whole")?;
    if count > NUMBER_MAX { Err("a number above 100000") } else { Ok(count) }
}

fn seconds(number: &str) -> Result<i64, &'static str> {
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > 6 {
        return Err("a fraction of seconds that has not one to six digits");
    }
    let micros: i64 = format!("{fraction:0<6}").parse().map_err(|_| "a number with two points")?;
    Ok(whole(seconds)? * SECOND + micros)
}

impl fmt::Display for Span {
    /// The shortest text that reads back as the same duration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == (Self { months: 0, weeks: 0, days: 0, time: 0 }) {
            return f.write_str("PT0S");
        }
        f.write_str("P")?;
        for (count, unit) in [(self.months, 'M'), (self.weeks, 'W'), (self.days, 'D')] {
            if count != 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        if self.time == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        for (count, unit) in [(self.time / HOUR, 'H'), (self.time % HOUR / MINUTE, 'M')] {
            if count != 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        match (self.time % MINUTE / SECOND, self.time % SECOND) {
            (0, 0) => Ok(()),
            (whole, 0) => write!(f, "{whole}S"),
            (whole, micros) => write!(f, "{whole}.{}S", format!("{micros:06}").trim_end_matches('0')),
        }
    }
}

impl fmt::Display for BusinessDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
