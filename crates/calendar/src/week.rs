//! The working hours of a week, from the form in which settings and the API write them.

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde_json::Value;

use crate::{CalendarError, Edge, MINUTE, Zone};

/// Day names as they stand in files, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_OF_DAY: u16 = 24 * 60;
/// No real week has more; a limit so that a calendar from outside costs no more than one of ours.
const WINDOWS_MAX: usize = 48;
const EXPECTED: &str =
    "days mon to sun, each with windows such as [[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]], or null for 24 × 7";
const EXPECTED_TIME: &str = "local times HH:MM from 00:00 to 24:00";

/// Windows of local working time for each weekday, ordered and apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// From Monday; each window in minutes of the local day, half-open.
    days: [Vec<Window>; 7],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    opens: u16,
    closes: u16,
}

impl Week {
    /// Every hour of every day.
    pub fn always() -> Self {
        let whole = Window { opens: 0, closes: MINUTES_OF_DAY };
        Self { days: std::array::from_fn(|_| vec![whole]) }
    }

    pub fn is_always(&self) -> bool {
        *self == Self::always()
    }

    /// Reads `{"mon": [["08:00","18:00"]], …}`; null is 24 × 7. A day that is left out has no hours, a week without any
    /// window is refused: no clock would ever run out on it. `place` names the value in messages.
    pub fn from_json(value: &Value, place: &str) -> Result<Self, CalendarError> {
        let days = match value {
            Value::Null => return Ok(Self::always()),
            Value::Object(days) => days,
            other => return Err(form(place, other.to_string(), EXPECTED)),
        };
        let mut week = Self { days: Default::default() };
        for (name, windows) in days {
            let place = format!("{place}.{name}");
            let known = DAYS.iter().position(|day| day == name).and_then(|index| week.days.get_mut(index));
            *known.ok_or_else(|| form(&place, "unknown day".to_owned(), EXPECTED))? = read_day(windows, &place)?;
        }
        if week.days.iter().all(Vec::is_empty) {
            return Err(form(place, "no working time at all".to_owned(), EXPECTED));
        }
        Ok(week)
    }

    pub(crate) fn windows(&self, weekday: Weekday) -> &[Window] {
        let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default();
        self.days.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Window {
    /// The instants at which it opens and closes on a date; both equal where the clocks' change swallows it.
    pub(crate) fn on(self, date: Date, zone: &Zone) -> (i64, i64) {
        (at(date, self.opens, Edge::Opens, zone), at(date, self.closes, Edge::Closes, zone))
    }
}

fn at(date: Date, minute: u16, edge: Edge, zone: &Zone) -> i64 {
    if minute == MINUTES_OF_DAY {
        // The end of a day is the beginning of the next, also where that midnight occurs twice.
        return date.tomorrow().map_or(i64::MAX, |next| zone.start_of_day(next));
    }
    let time = i8::try_from(minute / 60).and_then(|hour| Ok(Time::constant(hour, i8::try_from(minute % 60)?, 0, 0)));
    zone.instant(DateTime::from_parts(date, time.unwrap_or(Time::MIN)), edge)
}

fn read_day(windows: &Value, place: &str) -> Result<Vec<Window>, CalendarError> {
    let windows = windows.as_array().ok_or_else(|| form(place, windows.to_string(), EXPECTED))?;
    if windows.len() > WINDOWS_MAX {
        return Err(form(place, format!("{} windows", windows.len()), "at most 48 windows a day"));
    }
    let mut day = windows.iter().map(|window| read_window(window, place)).collect::<Result<Vec<_>, _>>()?;
    day.sort_by_key(|window| window.opens);
    for pair in day.windows(2) {
        if let [one, next] = pair
            && next.opens < one.closes
        {
            let found = format!("{} and {} overlap", one.text(), next.text());
            return Err(form(place, found, "windows that lie apart"));
        }
    }
    Ok(day)
}

fn read_window(window: &Value, place: &str) -> Result<Window, CalendarError> {
    let ends = window.as_array().and_then(|ends| match ends.as_slice() {
        [Value::String(opens), Value::String(closes)] => Some((opens, closes)),
        _ => None,
    });
    let (opens, closes) = ends.ok_or_else(|| form(place, window.to_string(), EXPECTED))?;
    let read = |text: &str| minute_of_day(text).ok_or_else(|| form(place, format!("{text:?}"), EXPECTED_TIME));
    let window = Window { opens: read(opens)?, closes: read(closes)? };
    if window.opens >= window.closes {
        let expected =
            "an end after the begin (a window over midnight is two: up to 24:00, and from 00:00 the next day)";
        return Err(form(place, window.text(), expected));
    }
    Ok(window)
}

impl Window {
    fn text(self) -> String {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}-{}", time(self.opens), time(self.closes))
    }
}

fn minute_of_day(text: &str) -> Option<u16> {
    let [h1, h2, b':', m1, m2] = *text.as_bytes() else { return None };
    let digits = [h1, h2, m1, m2].map(|b| b.wrapping_sub(b'0'));
    let [h1, h2, m1, m2] = digits.map(u16::from);
    let minute = (h1 * 10 + h2) * 60 + m1 * 10 + m2;
    let plain = digits.iter().all(|digit| *digit < 10) && m1 < 6;
    (plain && minute <= MINUTES_OF_DAY).then_some(minute)
}

fn form(place: &str, found: String, expected: &'static str) -> CalendarError {
    CalendarError::Form { place: place.to_owned(), found, expected }
}

const _: () = assert!(MINUTES_OF_DAY as i64 * MINUTE == crate::DAY);
