//! What can be wrong with a zone, a date, a duration or a calendar. Messages say what, where, and what was expected.

use crate::working_time::HORIZON_YEARS;

/// Why a calendar value was refused or an instant could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("unknown time zone {0:?}: expected an IANA name such as \"Europe/Berlin\" or \"UTC\"")]
    Zone(String),
    #[error("bad date {0:?}: expected YYYY-MM-DD")]
    Date(String),
    #[error("bad local time {0:?}: expected YYYY-MM-DD HH:MM[:SS]")]
    LocalTime(String),
    #[error(
        "bad period {from}..{to}: expected an end after the begin (the end is the first day that no longer counts)"
    )]
    Period { from: String, to: String },
    #[error("bad duration {text:?}: {why}, expected ISO 8601 such as {example}")]
    Duration { text: String, why: &'static str, example: &'static str },
    #[error("{place}: {found}, expected {expected}")]
    Form { place: String, found: String, expected: &'static str },
    #[error("working time runs forwards only: {0} microseconds cannot be added")]
    Negative(i64),
    #[error(
        "the end lies more than {HORIZON_YEARS} years ahead on this calendar: expected more working time or a shorter duration"
    )]
    Horizon,
}
