//! The wall clock of the organisation: instants in words, and words as instants, in its zone.

use calendar::{Edge, Zone, parse_civil};
use engine::{Engine, Time};
use jiff::civil::DateTime;
use store::Session;

use super::address::Address;
use crate::api::json::instant;
use crate::api::problem::Problem;
use crate::api::time::{self, TimeQuery};
use crate::view::{parts, words};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MICROS: i64 = 1_000_000;

/// Now, and where.
#[derive(Clone, Debug)]
pub struct Wall {
    pub now: i64,
    pub zone: Zone,
}

impl Wall {
    pub fn of(engine: &Engine, session: &mut dyn Session) -> Result<Self, Problem> {
        let now = engine.clock().now();
        Ok(Self { now, zone: engine.settings(session)?.zone_at(now)? })
    }

    fn local(&self, at: i64) -> DateTime {
        self.zone.local_time(at)
    }

    /// `10:42` today, `24 Nov` this year, `24 Nov 2025` before.
    pub fn short(&self, at: i64) -> String {
        let (then, now) = (self.local(at), self.local(self.now));
        match () {
            () if then.date() == now.date() => clock(then),
            () if then.year() == now.year() => format!("{} {}", then.day(), short_month(then)),
            () => format!("{} {} {}", then.day(), short_month(then), then.year()),
        }
    }

    /// `10:42`.
    pub fn clock(&self, at: i64) -> String {
        clock(self.local(at))
    }

    /// `24 November 2026`.
    pub fn day(&self, at: i64) -> String {
        day(self.local(at))
    }

    /// `24 November 2026, 10:42`.
    pub fn long(&self, at: i64) -> String {
        let then = self.local(at);
        format!("{}, {}", day(then), clock(then))
    }

    /// `24 Nov 2026, 10:42`, for narrow places.
    pub fn narrow(&self, at: i64) -> String {
        let then = self.local(at);
        format!("{} {} {}, {}", then.day(), short_month(then), then.year(), clock(then))
    }

    /// `24 November 2026, 10:42:07`.
    pub fn full(&self, at: i64) -> String {
        let then = self.local(at);
        format!("{}, {}:{:02}", day(then), clock(then), then.second())
    }

    /// `Today, 24 November 2026`.
    pub fn named_day(&self, at: i64) -> String {
        let (then, now) = (self.local(at).date(), self.local(self.now).date());
        let named = if then == now {
            "Today, "
        } else if now.yesterday().is_ok_and(|yesterday| yesterday == then) {
            "Yesterday, "
        } else {
            ""
        };
        format!("{named}{}", self.day(at))
    }

    /// `Tuesday`.
    pub fn weekday(&self, at: i64) -> &'static str {
        use jiff::civil::Weekday;
        match self.local(at).weekday() {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
    }

    pub fn hour(&self) -> i8 {
        self.local(self.now).hour()
    }

    pub fn time(&self, at: i64) -> parts::Time {
        parts::Time::new(self.short(at), instant(at), self.full(at))
    }

    pub fn clock_time(&self, at: i64) -> parts::Time {
        parts::Time::new(self.clock(at), instant(at), self.full(at))
    }

    pub fn narrow_time(&self, at: i64) -> parts::Time {
        parts::Time::new(self.narrow(at), instant(at), self.full(at))
    }

    pub fn long_time(&self, at: i64) -> parts::Time {
        parts::Time::new(self.long(at), instant(at), self.full(at))
    }

    /// `2026-11-24T10:42`: what an input of the type `datetime-local` holds.
    pub fn typed(&self, at: i64) -> String {
        let then = self.local(at);
        format!("{}T{}", then.date(), clock(then))
    }

    /// The instant that somebody typed: RFC 3339, or local as an input gives it.
    pub fn read(&self, text: &str) -> Option<i64> {
        engine::input::instant(text).or_else(|| Some(self.zone.instant(parse_civil(text).ok()?, Edge::Opens)))
    }

    /// The last instant of today.
    pub fn midnight(&self) -> i64 {
        let today = self.local(self.now).date();
        today.tomorrow().map_or(self.now, |next| self.zone.start_of_day(next))
    }

    /// Which past an address asks about; a local time is read in this zone.
    pub fn asked(&self, engine: &Engine, address: &Address) -> Result<Time, Problem> {
        let at = address.get("at").map(|text| self.read(text).map_or_else(|| text.to_owned(), instant));
        let known = address.get("known").map(|text| self.read(text).map_or_else(|| text.to_owned(), instant));
        time::parse(engine, &TimeQuery { at, known })
    }
}

/// A civil day in words: `24 November 2026`.
pub fn date(days: i64) -> String {
    let text = crate::api::json::date(days);
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else { return text };
    let month = month.parse::<usize>().ok().and_then(|m| MONTHS.get(m.checked_sub(1)?)).copied().unwrap_or_default();
    format!("{} {month} {year}", day.trim_start_matches('0'))
}

/// `24 Nov 2026`: where there is little room.
pub fn short_date(days: i64) -> String {
    let long = date(days);
    let mut parts = long.splitn(3, ' ');
    match (parts.next(), parts.next().and_then(|month| month.get(..3)), parts.next()) {
        (Some(day), Some(month), Some(year)) => format!("{day} {month} {year}"),
        _ => long,
    }
}

/// A duration in words, from microseconds.
pub fn duration(micros: i64) -> String {
    let text = words::duration((micros / MICROS).abs());
    if micros < 0 { format!("−{text}") } else { text }
}

fn clock(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn day(at: DateTime) -> String {
    format!("{} {} {}", at.day(), month(at), at.year())
}

fn month(at: DateTime) -> &'static str {
    usize::try_from(at.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

fn short_month(at: DateTime) -> &'static str {
    let name = month(at);
    name.get(..3).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{Wall, Zone, date};

    fn at(text: &str) -> i64 {
        engine::input::instant(text).unwrap()
    }

    #[test]
    fn times_are_short_where_they_are_near() {
        let wall = Wall { now: at("2026-11-24T10:42:07Z"), zone: Zone::named("Europe/Berlin").unwrap() };
        assert_eq!(wall.short(at("2026-11-24T08:05:00Z")), "09:05");
        assert_eq!(wall.short(at("2026-03-03T08:05:00Z")), "3 Mar");
        assert_eq!(wall.short(at("2025-03-03T08:05:00Z")), "3 Mar 2025");
        assert_eq!(wall.full(wall.now), "24 November 2026, 11:42:07");
        assert_eq!(wall.named_day(at("2026-11-23T08:05:00Z")), "Yesterday, 23 November 2026");
        assert_eq!(wall.read("2026-11-24T11:42"), Some(at("2026-11-24T10:42:00Z")));
        assert_eq!(wall.read(&wall.typed(wall.now)), Some(at("2026-11-24T10:42:00Z")));
        assert_eq!(wall.read("tomorrow"), None);
        assert_eq!(date(20_000), "4 October 2024");
    }
}
