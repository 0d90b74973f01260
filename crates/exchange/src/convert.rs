//! From the text of a cell to a value. Each distinct text of a column is converted once.

use std::sync::Arc;

use crate::clock::Clock;
use crate::mapping::{FieldKind, FieldRule, LinkRule, Mapping, Rest, Unit, Unknown};

/// The value of a field, still without the ids of the records that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceValue {
    Null,
    Text(Arc<str>),
    Int(i64),
    Bool(bool),
    /// Microseconds UTC.
    Instant(i64),
    /// Days since 1970-01-01.
    Date(i64),
    /// Microseconds.
    Duration(i64),
    /// Digits with at most one full stop; how many places there may be is the model's to say.
    Decimal(Arc<str>),
    ListValue {
        list: Arc<str>,
        label: Arc<str>,
        unknown: Unknown,
    },
    Person(PersonKey),
    /// The record that the rule finds by this name.
    Named {
        rule: Arc<LinkRule>,
        name: Arc<str>,
    },
    /// Lines of the record, each one text.
    Lines(Arc<[Arc<str>]>),
    /// Keys of records in other tools, all that the row names.
    References(Arc<[Reference]>),
}

/// A person as the source knows one: numbers and names of different columns are never the same person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonKey {
    pub of: PersonOf,
    /// Exactly as written, blanks and all.
    pub name: Arc<str>,
}

impl PersonKey {
    /// The one column that names this person; empty for whoever is known everywhere.
    pub fn column(&self) -> &str {
        match &self.of {
            PersonOf::Column(column) => column,
            PersonOf::Anywhere | PersonOf::Linked(_) => "",
        }
    }
}

/// Whose name it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonOf {
    /// Of somebody whom only this column names.
    Column(Arc<str>),
    /// The mapping says that one name is one person, in whatever column it stands.
    Anywhere,
    /// Of a record that the rule finds.
    Linked(Arc<LinkRule>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub kind: Arc<str>,
    pub key: Arc<str>,
}

impl std::fmt::Display for SourceValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Instant(at) => f.write_str(&rfc3339(*at)),
            Self::Date(days) => f.write_str(&engine::input::date(*days).to_string()),
            Self::Duration(micros) => f.write_str(&crate::text::duration(*micros)),
            Self::Decimal(digits) => f.write_str(digits),
            Self::Lines(lines) => write!(f, "`{}`", lines.join("`, `")),
            Self::ListValue { label, .. } => write!(f, "`{label}`"),
            Self::Person(person) => write!(f, "`{}`", person.name),
            Self::Named { name, .. } => write!(f, "`{name}`"),
            Self::References(references) => {
                let all: Vec<String> = references.iter().map(|r| format!("{} `{}`", r.kind, r.key)).collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}

/// An instant in UTC, for messages and reports.
pub(crate) fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub code: &'static str,
    pub message: String,
}

impl Trouble {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What reading a cell needs to know beside the field's own rule.
pub(crate) struct Reading<'a> {
    pub mapping: &'a Mapping,
    pub clock: &'a Clock,
}

/// The value of a field for one text of its column. The caller has dealt with missing ones.
pub(crate) fn field_value(cx: &Reading<'_>, rule: &FieldRule, text: &Arc<str>) -> Result<SourceValue, Trouble> {
    let text = match (rule.values.get(&**text), rule.others) {
        (Some(mapped), _) => mapped,
        (None, Rest::Null) => return Ok(SourceValue::Null),
        (None, Rest::Kept) => text,
        (None, Rest::Refused) => {
            let why = format!("`{text}` is none of the values that the mapping names for `{}`", rule.key);
            return Err(Trouble::new("unknown_value", why));
        }
    };
    Ok(match &rule.kind {
        FieldKind::Text | FieldKind::Choice | FieldKind::References { .. } => SourceValue::Text(Arc::clone(text)),
        FieldKind::Integer => SourceValue::Int(integer(text)?),
        FieldKind::IntegerLead => SourceValue::Int(leading_integer(text)?),
        FieldKind::Decimal => SourceValue::Decimal(decimal(text, cx.mapping.times.decimal)?),
        FieldKind::Boolean => SourceValue::Bool(boolean(text)?),
        FieldKind::Date => SourceValue::Date(cx.clock.read_date(text)?),
        FieldKind::Instant => SourceValue::Instant(cx.clock.read(text)?.at),
        FieldKind::Duration { unit } => SourceValue::Duration(duration(text, *unit, cx.mapping.times.decimal)?),
        FieldKind::ListValue { list, unknown } => {
            SourceValue::ListValue { list: Arc::clone(list), label: Arc::clone(text), unknown: *unknown }
        }
        FieldKind::Person => {
            SourceValue::Person(PersonKey { of: cx.mapping.person_of(&rule.column), name: Arc::clone(text) })
        }
        FieldKind::Link(rule) => SourceValue::Named { rule: Arc::clone(rule), name: Arc::clone(text) },
        FieldKind::Lines { separator } => {
            let lines = text.split(separator.as_str()).map(str::trim).filter(|line| !line.is_empty());
            SourceValue::Lines(lines.map(Arc::from).collect())
        }
    })
}

/// Digits with at most one mark, which becomes a full stop.
fn decimal(text: &str, mark: char) -> Result<Arc<str>, Trouble> {
    let wrong = || Trouble::new("decimal", format!("`{text}` is no number with the decimal mark `{mark}`"));
    let digits = text.trim().trim_start_matches(['+', '-']);
    let mut parts = digits.split(mark);
    let are_digits = |part: Option<&str>| part.is_none_or(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (whole, places, more) = (parts.next(), parts.next(), parts.next());
    let whole_given = whole.is_some_and(|whole| !whole.is_empty());
    if !whole_given || !are_digits(whole) || !are_digits(places) || more.is_some() {
        return Err(wrong());
    }
    let sign = if text.trim().starts_with('-') { "-" } else { "" };
    Ok(Arc::from(format!("{sign}{}.{}", whole.unwrap_or_default(), places.unwrap_or_default()).trim_end_matches('.')))
}

fn duration(text: &str, unit: Option<Unit>, mark: char) -> Result<i64, Trouble> {
    let wrong = |what: &str| Trouble::new("duration", format!("`{text}` is no duration, expected {what}"));
    match unit {
        None => engine::input::duration(text).ok_or_else(|| wrong("one such as PT4H or P2D")),
        Some(unit) => {
            let digits = decimal(text, mark).map_err(|_| wrong("a plain number"))?;
            let number: f64 = digits.parse().map_err(|_| wrong("a plain number"))?;
            let micros = (number * unit.microseconds() as f64).round();
            // Fields hold at most 2^53, where every integer is exact.
            if micros.abs() < 9_007_199_254_740_992.0 { Ok(micros as i64) } else { Err(wrong("a shorter one")) }
        }
    }
}

pub(crate) fn integer(text: &str) -> Result<i64, Trouble> {
    text.parse().map_err(|_| Trouble::new("integer", format!("`{text}` is no whole number")))
}

/// The digits at the beginning; what follows them must not be part of a word or number.
fn leading_integer(text: &str) -> Result<i64, Trouble> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    match digits.parse() {
        Ok(number) if !goes_on(rest) => Ok(number),
        _ => Err(Trouble::new("integer", format!("`{text}` does not begin with a whole number"))),
    }
}

/// `2nd` and `1.5` are not the numbers 2 and 1; `1. High` and `2 - Medium` are.
fn goes_on(rest: &str) -> bool {
    let fraction = rest.strip_prefix(['.', ',']).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    fraction || rest.starts_with(char::is_alphanumeric)
}

fn boolean(text: &str) -> Result<bool, Trouble> {
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Ok(false)
    } else {
        Err(Trouble::new("boolean", format!("`{text}` is neither true nor false")))
    }
}
