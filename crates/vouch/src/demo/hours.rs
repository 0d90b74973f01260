//! When Larkfield works: its week, its holidays, and sums of desk time. The same numbers are decided as settings, so
//! that what people do and what the clocks promise agree.

use std::collections::BTreeSet;

use calendar::{Date, Edge, HOUR, Holidays, MINUTE, SECOND, Week, Weekday, WorkingTime, Zone};
use jiff::ToSpan as _;
use serde_json::{Value as Json, json};

pub const ZONE: &str = "Europe/London";
const OPENS: i8 = 8;
const CLOSES: i8 = 18;

pub struct Hours {
    zone: Zone,
    holidays: BTreeSet<Date>,
    time: WorkingTime,
}

impl Hours {
    /// The desk's hours for the local years that an interval touches, and one beyond for what is due later.
    pub fn between(from: i64, to: i64) -> anyhow::Result<Self> {
        let zone = Zone::named(ZONE)?;
        let (first, last) = (zone.local_day(from).year(), zone.local_day(to).year() + 1);
        let holidays: BTreeSet<Date> = (first..=last).flat_map(bank_holidays).collect();
        Self::with(zone, &week(), holidays)
    }

    /// Round the clock, also on the holidays that an interval touches: when the desk keeps watch.
    pub fn on_watch(&self, from: i64, to: i64) -> anyhow::Result<Self> {
        let watched = self.zone.local_day(from)..=self.zone.local_day(to).saturating_add(1.day());
        let holidays = self.holidays.iter().copied().filter(|day| !watched.contains(day)).collect();
        Self::with(self.zone.clone(), &round_the_clock(), holidays)
    }

    fn with(zone: Zone, week: &Json, holidays: BTreeSet<Date>) -> anyhow::Result<Self> {
        let dates: Vec<String> = holidays.iter().map(ToString::to_string).collect();
        let parsed = Holidays::from_json(&json!(dates), "organization.holidays")?;
        let time = WorkingTime::new(zone.clone(), Week::from_json(week, "organization.week")?, parsed);
        Ok(Self { zone, holidays, time })
    }

    pub fn holidays(&self) -> Json {
        json!(self.holidays.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// So many minutes of desk time later.
    pub fn later(&self, at: i64, minutes: i64) -> i64 {
        self.time.add(at, minutes.max(0) * MINUTE).unwrap_or(at)
    }

    pub fn is_open(&self, at: i64) -> bool {
        self.time.add(at, SECOND).is_ok_and(|end| end == at + SECOND)
    }

    pub fn works_on(&self, day: Date) -> bool {
        self.time.is_working_day(day)
    }

    pub fn at(&self, day: Date, hour: i8, minute: i8) -> i64 {
        self.zone.instant(day.at(hour, minute, 0, 0), Edge::Opens)
    }

    pub fn opening(&self, day: Date) -> i64 {
        self.at(day, OPENS, 0)
    }

    pub fn day(&self, at: i64) -> Date {
        self.zone.local_day(at)
    }

    /// The last working day before this one.
    pub fn working_day_before(&self, day: Date) -> Date {
        let mut before = day.saturating_sub(1.day());
        while !self.works_on(before) && before > Date::MIN {
            before = before.saturating_sub(1.day());
        }
        before
    }

    /// When something must begin that takes so much desk time and is to end at `end`: the earliest such instant.
    pub fn beginning_of(&self, end: i64, minutes: i64) -> i64 {
        // No target of ours is longer than a month of the calendar.
        let (mut early, mut late) = (end - 31 * 24 * HOUR, end);
        while late - early > 1 {
            let middle = early + (late - early) / 2;
            if self.later(middle, minutes) >= end { late = middle } else { early = middle }
        }
        late
    }

    /// The latest open instant not after `at`.
    pub fn last_open(&self, at: i64) -> i64 {
        let mut open = at;
        while !self.is_open(open) && at - open < 31 * 24 * HOUR {
            open -= 10 * MINUTE;
        }
        open
    }
}

/// The value of `organization.week`.
pub fn week() -> Json {
    let hours = json!([[format!("{OPENS:02}:00"), format!("{CLOSES:02}:00")]]);
    json!({ "mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours })
}

/// Every hour of every day, as a value of `organization.week`.
pub fn round_the_clock() -> Json {
    let whole = json!([["00:00", "24:00"]]);
    json!({ "mon": whole, "tue": whole, "wed": whole, "thu": whole, "fri": whole, "sat": whole, "sun": whole })
}

/// The days on which banks in England close.
fn bank_holidays(year: i16) -> Vec<Date> {
    let easter = easter_sunday(year);
    let fixed = [(1, 1), (12, 25), (12, 26)].into_iter().filter_map(|(month, day)| Date::new(year, month, day).ok());
    let around_easter = [easter.saturating_sub(2.days()), easter.saturating_add(1.day())];
    let first_monday = |month| Date::new(year, month, 1).ok()?.nth_weekday_of_month(1, Weekday::Monday).ok();
    let last_monday = |month| Date::new(year, month, 1).ok()?.nth_weekday_of_month(-1, Weekday::Monday).ok();
    fixed.chain(around_easter).chain([first_monday(5), last_monday(5), last_monday(8)].into_iter().flatten()).collect()
}

/// Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher.
fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let n = h + l - 7 * ((a + 11 * h + 22 * l) / 451) + 114;
    let number = |of: i32| i8::try_from(of).unwrap_or(1);
    Date::new(year, number(n / 31), number(n % 31 + 1)).unwrap_or(Date::MIN)
}
