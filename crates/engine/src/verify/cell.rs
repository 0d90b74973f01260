//! A column's content as it lies in the database, whatever its type should be: somebody may have put another there.

use std::fmt;
use std::sync::Arc;

use store::Row;

/// Characters of a text that a report shows.
const SHOWN_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(Arc<str>),
    /// Neither: bytes, a fraction, text that is no UTF-8.
    Other,
}

impl Cell {
    /// Reads a column that should hold text or, else, a number.
    pub fn read(row: &dyn Row, column: usize, is_text: bool) -> Self {
        let text = || row.text(column).map(|t| t.map_or(Self::Null, |t| Self::Text(Arc::from(t))));
        let int = || row.int(column).map(|n| n.map_or(Self::Null, Self::Int));
        let read = if is_text { text().or_else(|_| int()) } else { int().or_else(|_| text()) };
        read.unwrap_or(Self::Other)
    }

    /// A value as an opening holds it, in the form in which a column does.
    pub fn of_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Int(i64::from(*truth)),
            serde_json::Value::Number(number) => number.as_i64().map_or(Self::Other, Self::Int),
            serde_json::Value::String(text) => Self::Text(Arc::from(text.as_str())),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => Self::Other,
        }
    }

    pub fn of_text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    pub fn of_int(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }

    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) if text.chars().count() > SHOWN_MAX => {
                write!(f, "{:?}…", text.chars().take(SHOWN_MAX).collect::<String>())
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Other => f.write_str("something that is neither a number nor a text"),
        }
    }
}
