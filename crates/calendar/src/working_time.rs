//! Working time: which instants count, and the one sum that due instants need (standard/processes.md 0.1 and 0.2).

use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

use crate::{BusinessDuration, CalendarError, Edge, Holidays, Week, Zone};

/// No due instant lies further ahead: a calendar on which it would (all days are holidays) is a mistake, not a wait.
pub const HORIZON_YEARS: i16 = 10;

/// Days of the horizon, leap days included.
const HORIZON_DAYS: usize = 3_653;

/// When work is done: weekly windows in a zone, less holidays.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkingTime {
    zone: Zone,
    week: Week,
    holidays: Holidays,
    /// 24 × 7 without holidays: elapsed time is working time.
    always: bool,
}

impl WorkingTime {
    pub fn new(zone: Zone, week: Week, holidays: Holidays) -> Self {
        let always = week.is_always() && holidays.is_empty();
        Self { zone, week, holidays, always }
    }

    /// Every hour of every day.
    pub fn always(zone: Zone) -> Self {
        Self::new(zone, Week::always(), Holidays::default())
    }

    /// Reads the JSON forms of the settings `organization.zone`, `organization.week` and `organization.holidays`.
    pub fn from_json(zone: &str, week: &Value, holidays: &Value) -> Result<Self, CalendarError> {
        let week = Week::from_json(week, "week")?;
        Ok(Self::new(Zone::named(zone)?, week, Holidays::from_json(holidays, "holidays")?))
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Has this date working hours?
    pub fn is_working_day(&self, date: Date) -> bool {
        !self.week.windows(date.weekday()).is_empty() && !self.holidays.contains(date)
    }

    /// The instant at which so many microseconds of working time have passed since `at`. Outside the hours the clock
    /// starts at the next opening; a target reached exactly at closing time is the closing instant. No time to add is
    /// `at` itself.
    pub fn add(&self, at: i64, time: i64) -> Result<i64, CalendarError> {
        match time {
            ..0 => return Err(CalendarError::Negative(time)),
            0 => return Ok(at),
            _ => (),
        }
        let horizon = self.horizon(at);
        if self.always {
            return at.checked_add(time).filter(|end| *end <= horizon).ok_or(CalendarError::Horizon);
        }
        let (mut from, mut left) = (at, time);
        for date in self.days_from(at) {
            if self.holidays.contains(date) {
                continue;
            }
            for window in self.week.windows(date.weekday()) {
                let (opens, closes) = window.on(date, &self.zone);
                // Where clocks are put back inside two neighbouring windows they overlap: no hour counts twice.
                let opens = opens.max(from);
                let open = closes.saturating_sub(opens);
                if open <= 0 {
                    continue;
                }
                if left <= open {
                    return Some(opens + left).filter(|end| *end <= horizon).ok_or(CalendarError::Horizon);
                }
                left -= open;
                from = closes;
            }
        }
        Err(CalendarError::Horizon)
    }

    /// The instant at which a business duration ends that begins at `at`: months and weeks of the calendar first, then
    /// working days, then working time. So many working days later is the same wall clock on the n-th working day after;
    /// what begins on a day without work begins with the next working day.
    pub fn after(&self, at: i64, duration: &BusinessDuration) -> Result<i64, CalendarError> {
        let at = duration.after_months_and_weeks(at, &self.zone);
        self.add(self.add_days(at, duration.working_days())?, duration.working_time())
    }

    fn add_days(&self, at: i64, days: i64) -> Result<i64, CalendarError> {
        if days == 0 {
            return Ok(at);
        }
        let local = self.zone.local_time(at);
        let mut working = self.days_from(at).filter(|date| self.is_working_day(*date));
        let first = working.find(|date| *date >= local.date()).ok_or(CalendarError::Horizon)?;
        let time = if first == local.date() { local.time() } else { Time::midnight() };
        let skipped = usize::try_from(days - 1).map_err(|_| CalendarError::Negative(days))?;
        let date = working.nth(skipped).ok_or(CalendarError::Horizon)?;
        Ok(self.zone.instant(DateTime::from_parts(date, time), Edge::Opens))
    }

    /// The local days from the one before that of `at`, up to the horizon. The day before is there for zones that put
    /// the clocks back over midnight: then today begins before yesterday has ended.
    fn days_from(&self, at: i64) -> impl Iterator<Item = Date> {
        let today = self.zone.local_day(at);
        today.yesterday().unwrap_or(today).series(jiff::ToSpan::days(1)).take(HORIZON_DAYS + 3)
    }

    fn horizon(&self, at: i64) -> i64 {
        let end = self.zone.local_time(at).saturating_add(jiff::Span::new().years(HORIZON_YEARS));
        self.zone.instant(end, Edge::Closes)
    }
}
