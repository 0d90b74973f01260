//! `at` and `known`: which past is asked about.

use engine::{Engine, Time, input};
use serde::Deserialize;

use super::problem::Problem;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct TimeQuery {
    pub at: Option<String>,
    pub known: Option<String>,
}

/// Live without `at`; else the pair, which obeys valid ≤ known ≤ now.
pub fn parse(engine: &Engine, query: &TimeQuery) -> Result<Time, Problem> {
    let now = engine.clock().now();
    let known_text = query.known.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let Some(at) = query.at.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return match known_text {
            None | Some("now" | "then") => Ok(Time::Live),
            Some(_) => Err(Problem::unprocessable(
                "known",
                "without_at",
                "known needs at: as it was then, as known at that time",
            )),
        };
    };
    let valid = instant(engine, "at", at)?;
    if valid > now {
        return Err(Problem::unprocessable("at", "in_the_future", "at lies in the future: nothing is known of it yet"));
    }
    let known = match known_text {
        None | Some("now") => now,
        Some("then") => valid,
        Some(text) => instant(engine, "known", text)?,
    };
    if known < valid {
        return Err(Problem::unprocessable("known", "before_at", "known lies before at: nobody could have known then"));
    }
    if known > now {
        return Err(Problem::unprocessable("known", "in_the_future", "known lies in the future"));
    }
    Ok(Time::At { valid, known })
}

/// RFC 3339, or a date, which means the end of that day where the organisation is.
fn instant(engine: &Engine, field: &str, text: &str) -> Result<i64, Problem> {
    if let Some(at) = input::instant(text) {
        return Ok(at);
    }
    let expected = || {
        Problem::unprocessable(
            field,
            "wrong_type",
            format!("{field}: expected an instant such as 2026-03-31T10:00:00Z, or a date"),
        )
    };
    let date = calendar::parse_date(text).map_err(|_| expected())?;
    let mut reader = engine.reader()?;
    let now = engine.clock().now();
    let zone = engine.settings(&mut *reader)?.zone_at(now)?;
    let next = date.tomorrow().map_err(|_| expected())?;
    let end = zone.start_of_day(next) - 1;
    // Today ends now; a day to come has not begun, and is refused as such.
    Ok(if zone.start_of_day(date) <= now { end.min(now) } else { end })
}
