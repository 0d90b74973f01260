//! Civil time for the rest of the house: zones, local days, periods, durations, and clock arithmetic over working hours.
//! Pure: it reads no clock and no file, and zone rules come from the binary, so that the same input gives the same
//! answer on every machine. Must never store or guess a fixed offset: a date is converted with the rules of that date.
//!
//! Instants are `i64` microseconds UTC since 1970-01-01, as everywhere in the house. Dates are civil and belong to a zone.

mod duration;
mod error;
mod holidays;
mod period;
mod week;
mod working_time;
mod zone;

#[cfg(test)]
mod tests;

pub use duration::{BusinessDuration, Span};
pub use error::CalendarError;
pub use holidays::Holidays;
pub use jiff::civil::{Date, DateTime, Weekday};
pub use period::{Period, parse_date};
pub use week::Week;
pub use working_time::{HORIZON_YEARS, WorkingTime};
pub use zone::{Edge, Zone, parse_civil};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;
