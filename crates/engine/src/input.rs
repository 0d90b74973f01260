//! Reading one field's JSON into its value, by the field's kind. Says what was expected, never panics.

use jiff::civil;
use model::{Field, Kind, Model, Value};
use store::{Param, Session};
use unicode_normalization::UnicodeNormalization as _;

use crate::refusal::{Error, Problem};

/// The first and last instants that a field may hold, in microseconds: the ledger's integers are exact within ±(2^53−1)
/// (RFC 7493), which is from 1684 to 2255.
const INSTANT_MIN: i64 = -9_007_199_254_740_991;
const INSTANT_MAX: i64 = 9_007_199_254_740_991;

/// What reading a value may need to look up.
pub struct Reading<'a> {
    pub session: &'a mut dyn Session,
    pub model: &'a Model,
    /// The reader's scopes, so that a link to a record that he may not see answers like one that does not exist.
    pub principal: &'a crate::principal::Principal,
}

/// One field's value, or why not.
pub fn read(cx: &mut Reading<'_>, field: &Field, json: &serde_json::Value) -> Result<Result<Value, Problem>, Error> {
    if json.is_null() || json.as_str().is_some_and(|s| s.is_empty()) {
        return Ok(Ok(Value::Null));
    }
    if let Kind::Link { to } = &field.kind {
        return link(cx, field, to, json);
    }
    if let Kind::ListValue { list } = &field.kind {
        return list_value(cx, field, list, json);
    }
    Ok(plain(field, json))
}

fn wrong(field: &Field, expected: &str) -> Problem {
    Problem::new(&field.key, "wrong_type", format!("{}: expected {expected}", field.label))
}

fn plain(field: &Field, json: &serde_json::Value) -> Result<Value, Problem> {
    match &field.kind {
        Kind::Text { max } => text(field, json, *max, false),
        Kind::LongText { max } => text(field, json, *max, true),
        Kind::Integer { min, max } => {
            let number = integer(json).ok_or_else(|| wrong(field, "a whole number"))?;
            if number < *min || number > *max {
                let message = format!("{}: {number} is outside {min} to {max}", field.label);
                return Err(Problem::new(&field.key, "not_in_range", message));
            }
            Ok(Value::Int(number))
        }
        Kind::Decimal { scale } | Kind::Money { scale } => decimal(json, *scale)
            .map(Value::Int)
            .ok_or_else(|| wrong(field, &format!("a decimal number with at most {scale} places"))),
        Kind::Boolean => match json {
            serde_json::Value::Bool(truth) => Ok(Value::Bool(*truth)),
            serde_json::Value::String(s) if s == "true" || s == "on" => Ok(Value::Bool(true)),
            serde_json::Value::String(s) if s == "false" => Ok(Value::Bool(false)),
            _ => Err(wrong(field, "true or false")),
        },
        Kind::Date => json
            .as_str()
            .and_then(|s| s.parse::<civil::Date>().ok())
            .filter(|d| (1..=9998).contains(&d.year()))
            .map(|d| Value::Date(days(d)))
            .ok_or_else(|| wrong(field, "a date such as 2026-03-31")),
        Kind::Instant => json
            .as_str()
            .and_then(instant)
            .map(Value::Instant)
            .ok_or_else(|| wrong(field, "an instant such as 2026-03-31T10:00:00Z, from 1685 to 2254")),
        Kind::Duration => json
            .as_str()
            .and_then(duration)
            .map(Value::Duration)
            .ok_or_else(|| wrong(field, "a duration such as PT4H or P2D")),
        Kind::Choice(choices) => {
            let keys = || choices.iter().map(|c| c.key.as_str()).collect::<Vec<_>>().join(", ");
            let key = json.as_str().ok_or_else(|| wrong(field, &format!("one of {}", keys())))?;
            match choices.iter().find(|choice| choice.key == key) {
                Some(choice) => Ok(Value::text(&choice.key)),
                None => {
                    let message = format!("{}: expected one of {}", field.label, keys());
                    Err(Problem::new(&field.key, "not_a_choice", message))
                }
            }
        }
        Kind::Link { .. } | Kind::ListValue { .. } | Kind::Rows { .. } | Kind::Attachment => {
            Err(wrong(field, "another way to set it"))
        }
    }
}

/// Days since 1970-01-01.
pub fn days(date: civil::Date) -> i64 {
    i64::from(date.since(civil::date(1970, 1, 1)).map_or(0, |span| span.get_days()))
}

/// A day as a civil date; the last one that can be written where it lies beyond.
pub fn date(day: i64) -> civil::Date {
    let days = jiff::Span::new().try_days(day).unwrap_or_default();
    civil::date(1970, 1, 1).saturating_add(days)
}

/// Microseconds UTC of an RFC 3339 text, within the years that the ledger can hold.
pub fn instant(text: &str) -> Option<i64> {
    let micros = text.parse::<jiff::Timestamp>().ok()?.as_microsecond();
    (INSTANT_MIN..=INSTANT_MAX).contains(&micros).then_some(micros)
}

/// Microseconds of an ISO 8601 duration of fixed length (days count 24 hours).
pub fn duration(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let total = span.total((jiff::Unit::Microsecond, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    // Fields hold at most 2^53, where every integer is exact.
    (total.abs() < 9_007_199_254_740_992.0).then_some(total as i64)
}

fn integer(json: &serde_json::Value) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str().and_then(|s| s.trim().parse().ok()))
}

fn decimal(json: &serde_json::Value, scale: u8) -> Option<i64> {
    let text = match json {
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let (whole, places) = text.split_once('.').unwrap_or((&text, ""));
    if places.len() > usize::from(scale) || !places.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{whole}{places:0<width$}", width = usize::from(scale)).parse().ok()
}

/// NFC, and each line's end one line feed, whether it came as CR LF, as LF or as a lone CR.
pub(crate) fn normal(raw: &str) -> String {
    raw.replace("\r\n", "\n").nfc().map(|c| if c == '\r' { '\n' } else { c }).collect()
}

/// NFC, without U+0000 (which the databases treat differently), within its length.
fn text(field: &Field, json: &serde_json::Value, max: u32, lines: bool) -> Result<Value, Problem> {
    let raw = json.as_str().ok_or_else(|| wrong(field, "text"))?;
    let text = normal(raw);
    let text = if lines { text.trim_end() } else { text.trim() };
    if text.contains('\0') {
        return Err(Problem::new(
            &field.key,
            "bad_character",
            format!("{}: the character U+0000 is not allowed", field.label),
        ));
    }
    if !lines && text.contains('\n') {
        return Err(Problem::new(&field.key, "bad_character", format!("{}: expected one line", field.label)));
    }
    let length = text.chars().count();
    if length > max as usize {
        let message = format!("{}: {length} characters, at most {max} are allowed", field.label);
        return Err(Problem::new(&field.key, "too_long", message));
    }
    Ok(if text.is_empty() { Value::Null } else { Value::text(text) })
}

/// The number of a link: the text itself, or an object `{"number": …}` as records are read.
fn number_of(json: &serde_json::Value) -> Option<&str> {
    json.as_str().or_else(|| json.get("number").and_then(|n| n.as_str()))
}

fn link(
    cx: &mut Reading<'_>,
    field: &Field,
    to: &[String],
    json: &serde_json::Value,
) -> Result<Result<Value, Problem>, Error> {
    let Some(number) = number_of(json) else { return Ok(Err(wrong(field, "the number of a record"))) };
    let found = crate::record::find(cx.session, number)?;
    let Some((id, name)) = found.filter(|(_, name)| cx.model.may_stand(name, to)) else {
        return Ok(Err(no_such(field, number)));
    };
    let Some(record_type) = cx.model.get(&name) else { return Ok(Err(no_such(field, number))) };
    if !cx.principal.may_read(record_type) && !cx.principal.is_system() {
        return Ok(Err(no_such(field, number)));
    }
    if let Some(scopes) = cx.principal.scopes_for(record_type) {
        let mut scope = None;
        cx.session.query("SELECT scope FROM record WHERE id = ?", &[Param::Int(id)], &mut |row| {
            scope = row.int(0)?;
            Ok(())
        })?;
        if !scope.is_some_and(|scope| scopes.contains(&scope)) {
            return Ok(Err(no_such(field, number)));
        }
    }
    Ok(Ok(Value::Link(id)))
}

fn no_such(field: &Field, given: &str) -> Problem {
    let given: String = given.chars().take(80).collect();
    Problem::new(&field.key, "no_such_record", format!("{}: there is no {given} that could stand here", field.label))
}

/// A value of a list: by its number, or by its key within the list.
fn list_value(
    cx: &mut Reading<'_>,
    field: &Field,
    list: &str,
    json: &serde_json::Value,
) -> Result<Result<Value, Problem>, Error> {
    let Some(given) = number_of(json).or_else(|| json.get("key").and_then(|k| k.as_str())) else {
        return Ok(Err(wrong(field, "the key or number of a value of its list")));
    };
    let number = crate::record::padded_number(given).unwrap_or_default();
    let sql = "SELECT id FROM list_value WHERE list = ? AND (key = ? OR number = ?)";
    let mut found = None;
    cx.session.query(sql, &[Param::Text(list), Param::Text(given), Param::Text(&number)], &mut |row| {
        found = row.int(0)?;
        Ok(())
    })?;
    Ok(found.map(Value::Link).ok_or_else(|| {
        let given: String = given.chars().take(80).collect();
        Problem::new(&field.key, "not_a_choice", format!("{}: the list {list} has no value {given}", field.label))
    }))
}
