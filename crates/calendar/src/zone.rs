//! Zones by their IANA name, and the two ways between an instant and a local time.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::CalendarError;

/// Which of the two instants is meant where a local time occurs twice (clocks put back).
/// Where it does not occur at all (clocks put forward), both mean the first instant after the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The earlier one: a beginning, an opening, a time read from another tool's export.
    Opens,
    /// The later one: an end, a closing.
    Closes,
}

/// A time zone, named: the rules of every date, never an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// The zone with this IANA name, from the rules inside the binary.
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        let unknown = || CalendarError::Zone(name.to_owned());
        // Not the machine's own zone files: two machines would answer differently for the same ledger.
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| unknown())?;
        let name = rules.iana_name().ok_or_else(unknown)?.to_owned();
        Ok(Self { name, rules })
    }

    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The wall clock at an instant. Instants beyond the years −9999 to 9999 read as the nearest end.
    pub fn local_time(&self, instant: i64) -> DateTime {
        self.rules.to_datetime(timestamp(instant))
    }

    /// The civil day in which an instant lies.
    pub fn local_day(&self, instant: i64) -> Date {
        self.local_time(instant).date()
    }

    /// The first instant of a civil day: not always midnight, and for a day that the zone left out the next one's.
    pub fn start_of_day(&self, date: Date) -> i64 {
        self.instant(date.to_datetime(Time::midnight()), Edge::Opens)
    }

    /// The instant that a wall clock means; see [`Edge`] for times that occur twice or never.
    pub fn instant(&self, local: DateTime, edge: Edge) -> i64 {
        match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => at_offset(local, offset),
            AmbiguousOffset::Fold { before, after } => match edge {
                Edge::Opens => at_offset(local, before),
                Edge::Closes => at_offset(local, after),
            },
            AmbiguousOffset::Gap { after, .. } => self.end_of_gap(at_offset(local, after), after),
        }
    }

    /// The transition that makes the gap: `before_it` is the missing time read with the later offset.
    fn end_of_gap(&self, before_it: i64, after: jiff::tz::Offset) -> i64 {
        self.rules
            .following(timestamp(before_it))
            .find(|transition| transition.offset() == after)
            .map_or(before_it, |transition| transition.timestamp().as_microsecond())
    }
}

/// Reads `YYYY-MM-DD HH:MM[:SS[.ffffff]]`, with a space or a `T` between, as a wall clock; a zone makes an instant of it.
/// A text with an offset or a `Z` is refused: it is no local time.
pub fn parse_civil(text: &str) -> Result<DateTime, CalendarError> {
    let bad = || CalendarError::LocalTime(text.to_owned());
    let (date, time) = text.trim().split_once([' ', 'T']).ok_or_else(bad)?;
    if !time.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.') || time.len() < 5 {
        return Err(bad());
    }
    let time: Time = time.parse().map_err(|_| bad())?;
    Ok(crate::parse_date(date).map_err(|_| bad())?.to_datetime(time))
}

fn timestamp(instant: i64) -> Timestamp {
    let nearest = if instant < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(instant).unwrap_or(nearest)
}

fn at_offset(local: DateTime, offset: jiff::tz::Offset) -> i64 {
    let nearest = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    offset.to_timestamp(local).unwrap_or(nearest).as_microsecond()
}
