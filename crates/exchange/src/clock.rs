//! How a file writes its instants and dates, and in which zone its clock hung.

use calendar::{Edge, Zone};
use jiff::civil;
use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::ExchangeError;
use crate::convert::Trouble;
use crate::mapping::Mapping;

/// One way in which instants are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// In the language of `strptime`.
    Pattern(String),
    /// RFC 3339 and its kin in ISO 8601 and XML Schema: with `T` or a blank, an offset or none.
    Rfc3339,
    /// Seconds since 1970-01-01T00:00:00Z, or thousandths of them.
    Unix,
    UnixMilliseconds,
}

/// One way in which dates are written, in the language of `strptime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateFormat(String);

/// The times of a file: how they are written and where the clock hung.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    formats: Vec<TimeFormat>,
    dates: Vec<DateFormat>,
    /// None: every instant must say its own offset.
    zone: Option<Zone>,
}

/// An instant that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// Microseconds UTC.
    pub at: i64,
    /// The local time did not exist (clocks put forward): the first instant after the gap was taken.
    pub moved: bool,
    /// The local time occurred twice (clocks put back): the earlier instant was taken.
    pub twice: bool,
}

impl Read {
    pub fn exactly(at: i64) -> Self {
        Self { at, moved: false, twice: false }
    }
}

/// Times outside of these years are slips of writing (`29/2/16` read as the year 16).
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

impl TimeFormat {
    /// A format by its name, or a pattern that can write and read a day and an hour.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "rfc3339" => Ok(Self::Rfc3339),
            "unix" => Ok(Self::Unix),
            "unix-milliseconds" => Ok(Self::UnixMilliseconds),
            pattern => {
                let read = read_back(pattern)?;
                read.to_datetime().map_err(|error| error.to_string())?;
                Ok(Self::Pattern(pattern.to_owned()))
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Pattern(pattern) => pattern,
            Self::Rfc3339 => "rfc3339",
            Self::Unix => "unix",
            Self::UnixMilliseconds => "unix-milliseconds",
        }
    }

    /// The civil time that a text says with its offset in seconds, where it says one. None: it is not of this format.
    fn read(&self, text: &str) -> Option<Result<(civil::DateTime, Option<jiff::tz::Offset>), String>> {
        let utc = |at: Result<jiff::Timestamp, jiff::Error>| {
            let at = at.map_err(|error| error.to_string());
            at.map(|at| (jiff::tz::Offset::UTC.to_datetime(at), Some(jiff::tz::Offset::UTC)))
        };
        match self {
            Self::Pattern(pattern) => {
                let parts = BrokenDownTime::parse(pattern, text).ok()?;
                Some(parts.to_datetime().map(|local| (local, parts.offset())).map_err(|error| error.to_string()))
            }
            Self::Rfc3339 => {
                let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).ok()?;
                let local = pieces.date().to_datetime(pieces.time()?);
                Some(Ok((local, pieces.to_numeric_offset())))
            }
            Self::Unix => Some(utc(jiff::Timestamp::from_second(text.parse().ok()?))),
            Self::UnixMilliseconds => Some(utc(jiff::Timestamp::from_millisecond(text.parse().ok()?))),
        }
    }

    fn has_offset(&self) -> bool {
        match self {
            Self::Pattern(pattern) => ["%z", "%:z", "%::z", "%:::z"].iter().any(|offset| pattern.contains(offset)),
            Self::Rfc3339 | Self::Unix | Self::UnixMilliseconds => true,
        }
    }
}

impl DateFormat {
    pub fn parse(pattern: &str) -> Result<Self, String> {
        read_back(pattern)?.to_date().map_err(|error| error.to_string())?;
        Ok(Self(pattern.to_owned()))
    }
}

/// 29 February 2016, 13:05:07 UTC as a pattern writes it, read again.
fn read_back(pattern: &str) -> Result<BrokenDownTime, String> {
    let sample = jiff::Timestamp::from_second(1_456_751_107).map_err(|error| error.to_string())?;
    let sample = sample.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let written = strtime::format(pattern, &sample).map_err(|error| error.to_string())?;
    BrokenDownTime::parse(pattern, &written).map_err(|error| error.to_string())
}

impl Clock {
    pub fn new(mapping: &Mapping, chosen: Option<&str>) -> Result<Self, ExchangeError> {
        let formats = mapping.times.times.clone();
        let zone = match chosen.or(mapping.times.zone.as_deref()) {
            Some(name) => Some(Zone::named(name).map_err(|_| ExchangeError::UnknownZone { zone: name.to_owned() })?),
            None if formats.iter().all(TimeFormat::has_offset) => None,
            None => return Err(ExchangeError::ZoneNotChosen),
        };
        Ok(Self { formats, dates: mapping.times.dates.clone(), zone })
    }

    /// The name of the zone; UTC where every instant says its own offset.
    pub fn zone(&self) -> &str {
        self.zone.as_ref().map_or("UTC", Zone::name)
    }

    pub fn read(&self, text: &str) -> Result<Read, Trouble> {
        let names = || self.formats.iter().map(TimeFormat::name).collect::<Vec<_>>().join("` or `");
        let expected = || Trouble::new("time", format!("`{text}` is no time, expected `{}`", names()));
        let read = self.formats.iter().find_map(|format| format.read(text)).ok_or_else(expected)?;
        let (local, offset) =
            read.map_err(|error| Trouble::new("time", format!("`{text}` is no time that there is: {error}")))?;
        within_years(text, local.date())?;
        if let Some(offset) = offset {
            let at = offset.to_timestamp(local).map_err(|_| expected())?.as_microsecond();
            return Ok(Read::exactly(at));
        }
        let Some(zone) = &self.zone else {
            let why = format!("`{text}` says no offset, and no zone was chosen: expected `--zone` or `zone`");
            return Err(Trouble::new("time", why));
        };
        let at = zone.instant(local, Edge::Opens);
        let moved = zone.local_time(at) != local;
        Ok(Read { at, moved, twice: !moved && zone.instant(local, Edge::Closes) != at })
    }

    /// Days since 1970-01-01.
    pub fn read_date(&self, text: &str) -> Result<i64, Trouble> {
        let parts = self.dates.iter().find_map(|DateFormat(pattern)| BrokenDownTime::parse(pattern, text).ok());
        let names = || self.dates.iter().map(|format| format.0.as_str()).collect::<Vec<_>>().join("` or `");
        let parts =
            parts.ok_or_else(|| Trouble::new("date", format!("`{text}` is no date, expected `{}`", names())))?;
        let date = parts
            .to_date()
            .map_err(|error| Trouble::new("date", format!("`{text}` is no date that there is: {error}")))?;
        within_years(text, date)?;
        Ok(engine::input::days(date))
    }
}

fn within_years(text: &str, date: civil::Date) -> Result<(), Trouble> {
    if YEARS.contains(&date.year()) {
        return Ok(());
    }
    let (first, last) = (YEARS.start(), YEARS.end());
    Err(Trouble::new("time", format!("`{text}` lies in the year {}, expected {first} to {last}", date.year())))
}
