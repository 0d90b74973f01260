//! The values that a field can hold, in the one form that model, conditions, store and ledger share.

use std::sync::Arc;

/// One field's value. Positional rows of these are what the store reads and writes.
///
/// Instants and durations are microseconds (UTC), dates are days since 1970-01-01, decimals and money are integers
/// scaled by their field's `scale`, a choice is its key, a link or list value is the id of the record it points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Value {
    /// The field is empty: an answer of the record, not a gap of its source.
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    Instant(i64),
    Date(i64),
    Duration(i64),
    Link(i64),
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer under any of the integer-like kinds, booleans as 0 and 1: the form in which both databases hold it.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Bool(b) => Some(i64::from(*b)),
            Self::Int(n) | Self::Instant(n) | Self::Date(n) | Self::Duration(n) | Self::Link(n) => Some(*n),
            Self::Null | Self::Text(_) => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Arc::from(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
