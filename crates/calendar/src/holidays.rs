//! Days without working time: single dates, and days that come every year.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use crate::{CalendarError, parse_date};

/// Ten years of the holidays of several countries fit; a limit for lists from outside.
const HOLIDAYS_MAX: usize = 2_000;
const EXPECTED: &str = "a list of dates \"YYYY-MM-DD\" or yearly days \"--MM-DD\"";

/// The days on which nobody works although the week has hours for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    dates: BTreeSet<Date>,
    /// Month and day. 29 February counts in leap years.
    yearly: BTreeSet<(i8, i8)>,
}

impl Holidays {
    /// Reads `["2026-12-25", "--12-25"]`; null is none. `place` names the value in messages.
    pub fn from_json(value: &Value, place: &str) -> Result<Self, CalendarError> {
        let form = |found: String| CalendarError::Form { place: place.to_owned(), found, expected: EXPECTED };
        let days = match value {
            Value::Null => return Ok(Self::default()),
            Value::Array(days) => days,
            other => return Err(form(other.to_string())),
        };
        if days.len() > HOLIDAYS_MAX {
            return Err(form(format!("{} days, more than {HOLIDAYS_MAX}", days.len())));
        }
        let mut holidays = Self::default();
        for day in days {
            let bad = || form(day.to_string());
            let text = day.as_str().ok_or_else(bad)?;
            match text.strip_prefix("--") {
                // Read in a leap year, so that 29 February is a day.
                Some(day) => {
                    let date = parse_date(&format!("2000-{day}")).map_err(|_| bad())?;
                    holidays.yearly.insert((date.month(), date.day()));
                }
                None => {
                    holidays.dates.insert(parse_date(text).map_err(|_| bad())?);
                }
            }
        }
        Ok(holidays)
    }

    pub fn contains(&self, date: Date) -> bool {
        self.dates.contains(&date) || self.yearly.contains(&(date.month(), date.day()))
    }

    pub fn is_empty(&self) -> bool {
        self.dates.is_empty() && self.yearly.is_empty()
    }
}
