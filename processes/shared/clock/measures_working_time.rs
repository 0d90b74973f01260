//! Sums of working time in microseconds. The surroundings add durations as settings state them; measuring is searching
//! for the duration that leads from one instant to the other.

use calendar::{HOUR, MINUTE, SECOND};
use engine::{Error, Surroundings};

/// The instant after so much working time; the last one that the calendar knows is as good as never.
pub(super) fn after(cx: &mut dyn Surroundings, from: i64, time: i64) -> Result<i64, Error> {
    if time <= 0 {
        return Ok(from);
    }
    Ok(cx.add_working_time(from, &iso(time))?.unwrap_or(from.saturating_add(time)))
}

/// The working time between two instants, at least zero.
pub(super) fn between(cx: &mut dyn Surroundings, from: i64, to: i64) -> Result<i64, Error> {
    let elapsed = to.saturating_sub(from);
    // Working time never runs faster than time, and round the clock just as fast.
    if elapsed <= 0 || after(cx, from, elapsed)? == to {
        return Ok(elapsed.max(0));
    }
    let (mut fits, mut too_long) = (0, elapsed);
    while too_long - fits > 1 {
        let middle = fits + (too_long - fits) / 2;
        if after(cx, from, middle)? <= to {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    Ok(fits)
}

/// A share (0 to 1) of a time. Ten years are 2^49 microseconds, which a float holds exactly.
pub(super) fn share(time: i64, share: f64) -> i64 {
    (time as f64 * share).round() as i64
}

/// `PT4H0M0.000000S`: hours and smaller only, so that it counts working time and no working days.
fn iso(time: i64) -> String {
    let (hours, minutes) = (time / HOUR, time % HOUR / MINUTE);
    let (seconds, micros) = (time % MINUTE / SECOND, time % SECOND);
    format!("PT{hours}H{minutes}M{seconds}.{micros:06}S")
}
