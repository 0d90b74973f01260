//! Periods: local days of the organisation, half-open (interface.md, *Period*).

use jiff::civil::Date;
use jiff::{Span as CivilSpan, ToSpan};

use crate::{CalendarError, Zone};

/// Days from `from` up to, not including, `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// A period has at least one day.
    pub fn new(from: Date, to: Date) -> Result<Self, CalendarError> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(CalendarError::Period { from: from.to_string(), to: to.to_string() })
        }
    }

    /// From the two dates that people and programs write.
    pub fn parse(from: &str, to: &str) -> Result<Self, CalendarError> {
        Self::new(parse_date(from)?, parse_date(to)?)
    }

    /// Where none is stated: the twelve months that end with the local day of `at`, that day included.
    pub fn year_up_to(at: i64, zone: &Zone) -> Self {
        let to = shifted(zone.local_day(at), 1.day());
        Self { from: shifted(to, -12.months()), to }
    }

    /// The whole local days from that of `first` to that of `last`, both included.
    pub fn spanning(first: i64, last: i64, zone: &Zone) -> Self {
        let from = zone.local_day(first);
        Self { from, to: shifted(zone.local_day(last).max(from), 1.day()) }
    }

    pub fn from(&self) -> Date {
        self.from
    }

    /// The first day that no longer counts.
    pub fn to(&self) -> Date {
        self.to
    }

    /// The instants of the period, half-open.
    pub fn instants(&self, zone: &Zone) -> (i64, i64) {
        (zone.start_of_day(self.from), zone.start_of_day(self.to))
    }

    /// The instants of the period as far as they lie before `at`; empty (both ends equal) where it begins later.
    pub fn instants_until(&self, at: i64, zone: &Zone) -> (i64, i64) {
        let (from, to) = self.instants(zone);
        (from, to.min(at).max(from))
    }
}

/// Reads `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Result<Date, CalendarError> {
    let text = text.trim();
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    match text.parse() {
        Ok(date) if shaped => Ok(date),
        _ => Err(CalendarError::Date(text.to_owned())),
    }
}

/// A day so much later, or the last one that can be written.
fn shifted(date: Date, by: CivilSpan) -> Date {
    date.saturating_add(by)
}
