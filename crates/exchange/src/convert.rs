//! From the text of a cell to a value. Each distinct text of a column is converted once.

use std::sync::Arc;

use calendar::{Edge, Zone};
use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::ExchangeError;
use crate::mapping::{FieldKind, FieldRule, Mapping, Rest};

/// The value of a field, still without the ids of the records that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceValue {
    Null,
    Text(Arc<str>),
    Int(i64),
    Bool(bool),
    /// Microseconds UTC.
    Instant(i64),
    ListValue {
        list: Arc<str>,
        label: Arc<str>,
    },
    Person(PersonKey),
    /// The record of this type that has this name.
    Named {
        record_type: Arc<str>,
        name: Arc<str>,
    },
    /// Keys of records in other tools, all that the row names.
    References(Arc<[Reference]>),
}

/// A person as the source knows one: numbers and names of different columns are never the same person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonKey {
    pub column: Arc<str>,
    /// Exactly as written, blanks and all.
    pub name: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub kind: Arc<str>,
    pub key: Arc<str>,
}

impl std::fmt::Display for SourceValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Instant(at) => f.write_str(&rfc3339(*at)),
            Self::ListValue { label, .. } => write!(f, "`{label}`"),
            Self::Person(person) => write!(f, "`{}`", person.name),
            Self::Named { name, .. } => write!(f, "`{name}`"),
            Self::References(references) => {
                let all: Vec<String> = references.iter().map(|r| format!("{} `{}`", r.kind, r.key)).collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}

/// An instant in UTC, for messages and reports.
pub(crate) fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub code: &'static str,
    pub message: String,
}

impl Trouble {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The times of a file: how they are written and where the clock hung.
#[derive(Clone, Debug)]
pub struct Clock {
    formats: Vec<String>,
    zone: Zone,
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

/// Times outside of these years are slips of writing (`29/2/16` read as the year 16).
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

impl Clock {
    pub(crate) fn new(mapping: &Mapping, chosen: Option<&str>) -> Result<Self, ExchangeError> {
        let formats = mapping.time_formats.clone();
        let zone = match chosen.or(mapping.zone.as_deref()) {
            Some(name) => Zone::named(name).map_err(|_| ExchangeError::UnknownZone { zone: name.to_owned() })?,
            None if formats.iter().all(|format| has_offset(format)) => Zone::utc(),
            None => return Err(ExchangeError::ZoneNotChosen),
        };
        Ok(Self { formats, zone })
    }

    pub(crate) fn zone(&self) -> &str {
        self.zone.name()
    }

    /// Whether a format can be used at all.
    pub(crate) fn try_format(format: &str) -> Result<(), String> {
        // 29 February 2016, 13:05:07 UTC: a day and an hour that a format for both must be able to write and read.
        let sample = jiff::Timestamp::from_second(1_456_751_107).map_err(|error| error.to_string())?;
        let sample = sample.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let written = strtime::format(format, &sample).map_err(|error| error.to_string())?;
        let read = BrokenDownTime::parse(format, &written).map_err(|error| error.to_string())?;
        read.to_datetime().map(|_| ()).map_err(|error| error.to_string())
    }

    pub(crate) fn read(&self, text: &str) -> Result<Read, Trouble> {
        let parts = self.formats.iter().find_map(|format| BrokenDownTime::parse(format, text).ok());
        let expected =
            || Trouble::new("time", format!("`{text}` is no time, expected `{}`", self.formats.join("` or `")));
        let parts = parts.ok_or_else(expected)?;
        let local = parts
            .to_datetime()
            .map_err(|error| Trouble::new("time", format!("`{text}` is no time that there is: {error}")))?;
        if !YEARS.contains(&local.year()) {
            let why =
                format!("`{text}` lies in the year {}, expected {} to {}", local.year(), YEARS.start(), YEARS.end());
            return Err(Trouble::new("time", why));
        }
        if let Some(offset) = parts.offset() {
            let at = offset.to_timestamp(local).map_err(|_| expected())?.as_microsecond();
            return Ok(Read { at, moved: false, twice: false });
        }
        let at = self.zone.instant(local, Edge::Opens);
        let moved = self.zone.local_time(at) != local;
        Ok(Read { at, moved, twice: !moved && self.zone.instant(local, Edge::Closes) != at })
    }
}

fn has_offset(format: &str) -> bool {
    ["%z", "%:z", "%::z", "%:::z"].iter().any(|offset| format.contains(offset))
}

/// The value of a field for one text of its column. The caller has dealt with missing ones.
pub(crate) fn field_value(rule: &FieldRule, clock: &Clock, text: &Arc<str>) -> Result<SourceValue, Trouble> {
    let text = match (rule.values.get(&**text), rule.others) {
        (Some(mapped), _) => mapped,
        (None, Rest::Null) => return Ok(SourceValue::Null),
        (None, Rest::Kept) => text,
        (None, Rest::Refused) => {
            let why = format!("`{text}` is none of the values that the mapping names for `{}`", rule.key);
            return Err(Trouble::new("unknown_value", why));
        }
    };
    Ok(match &rule.kind {
        FieldKind::Text | FieldKind::Choice | FieldKind::References { .. } => SourceValue::Text(Arc::clone(text)),
        FieldKind::Integer => SourceValue::Int(integer(text)?),
        FieldKind::IntegerLead => SourceValue::Int(leading_integer(text)?),
        FieldKind::Boolean => SourceValue::Bool(boolean(text)?),
        FieldKind::Instant => SourceValue::Instant(clock.read(text)?.at),
        FieldKind::ListValue { list } => SourceValue::ListValue { list: Arc::clone(list), label: Arc::clone(text) },
        FieldKind::Person => {
            SourceValue::Person(PersonKey { column: Arc::from(rule.column.as_str()), name: Arc::clone(text) })
        }
        FieldKind::Link { to } => SourceValue::Named { record_type: Arc::clone(to), name: Arc::clone(text) },
    })
}

pub(crate) fn integer(text: &str) -> Result<i64, Trouble> {
    text.parse().map_err(|_| Trouble::new("integer", format!("`{text}` is no whole number")))
}

/// The digits at the beginning; what follows them must not be part of a word or number.
fn leading_integer(text: &str) -> Result<i64, Trouble> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    match digits.parse() {
        Ok(number) if !goes_on(rest) => Ok(number),
        _ => Err(Trouble::new("integer", format!("`{text}` does not begin with a whole number"))),
    }
}

/// `2nd` and `1.5` are not the numbers 2 and 1; `1. High` and `2 - Medium` are.
fn goes_on(rest: &str) -> bool {
    let fraction = rest.strip_prefix(['.', ',']).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    fraction || rest.starts_with(char::is_alphanumeric)
}

fn boolean(text: &str) -> Result<bool, Trouble> {
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Ok(false)
    } else {
        Err(Trouble::new("boolean", format!("`{text}` is neither true nor false")))
    }
}
