//! Values as text that other tools read: RFC 3339 instants, ISO 8601 dates and durations, decimals with a full stop.

use engine::read::names::Names;
use jiff::Timestamp;
use model::{Kind, Value};

/// What stands in a cell for a value: links and list values by the number of their record. Null is no text.
pub fn of(value: &Value, kind: &Kind, names: &Names) -> String {
    match (value, kind) {
        (Value::Null, _) => String::new(),
        (Value::Bool(truth), _) => truth.to_string(),
        (Value::Int(number), Kind::Decimal { scale } | Kind::Money { scale }) => decimal(*number, *scale),
        (Value::Int(number), _) => number.to_string(),
        (Value::Text(text), _) => text.to_string(),
        (Value::Instant(at), _) => instant(*at),
        (Value::Date(days), _) => date(*days),
        (Value::Duration(micros), _) => duration(*micros),
        (Value::Link(id), _) => names.get(id).map_or_else(String::new, |named| named.number.clone()),
    }
}

/// RFC 3339 in UTC, with as many digits of a second as there are.
pub fn instant(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}

pub fn date(days: i64) -> String {
    engine::input::date(days).to_string()
}

/// ISO 8601 in hours, minutes and seconds: `PT4H30M`.
pub fn duration(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let total = micros.unsigned_abs();
    let (seconds, rest) = (total / 1_000_000, total % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{sign}PT");
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    if rest > 0 {
        text.push_str(format!("{seconds}.{rest:06}").trim_end_matches('0'));
        text.push('S');
    } else if seconds > 0 || (hours == 0 && minutes == 0) {
        text.push_str(&format!("{seconds}S"));
    }
    text
}

/// A number scaled by `10^scale`: 1250 with two places is `12.50`.
pub fn decimal(scaled: i64, scale: u8) -> String {
    let (sign, digits) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs().to_string());
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let width = usize::from(scale) + 1;
    let padded = format!("{digits:0>width$}");
    let (whole, places) = padded.split_at(padded.len() - usize::from(scale));
    format!("{sign}{whole}.{places}")
}

#[cfg(test)]
mod tests {
    use super::{date, decimal, duration, instant};

    #[test]
    fn durations_are_written_in_hours_minutes_and_seconds() {
        assert_eq!(duration(0), "PT0S");
        assert_eq!(duration(16_200_000_000), "PT4H30M");
        assert_eq!(duration(90_000_000), "PT1M30S");
        assert_eq!(duration(-1_500_000), "-PT1.5S");
    }

    #[test]
    fn instants_and_dates_are_utc() {
        assert_eq!(instant(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(20_000), "2024-10-04");
    }

    #[test]
    fn decimals_keep_their_places() {
        assert_eq!(decimal(1250, 2), "12.50");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(7, 0), "7");
    }
}
