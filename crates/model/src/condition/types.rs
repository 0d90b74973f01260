//! The types of the condition language.

use std::fmt;
use std::sync::Arc;

use crate::{Field, Kind};

/// What an expression yields. Every type also has the value null.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Bool,
    Int,
    /// An integer scaled by `10^scale`; money too.
    Decimal(u8),
    /// A number with a decimal point as written; becomes a decimal where it is compared with one.
    Real,
    Text,
    Instant,
    Date,
    Duration,
    /// One of these keys.
    Choice(Arc<[String]>),
    /// A record of one of these types; `any` stands for all.
    Link(Arc<[String]>),
    /// The word `null`.
    Null,
    /// `setting('key')` before its neighbour has told what it is.
    Setting,
    /// What the model cannot compare (attachments): only null or not null.
    Opaque,
}

/// The type name that stands for all in links.
pub(crate) const ANY: &str = "any";

impl Type {
    /// The type of a field's value; none for rows, which are a list.
    pub fn of(kind: &Kind) -> Option<Self> {
        Some(match kind {
            Kind::Text { .. } | Kind::LongText { .. } => Self::Text,
            Kind::Integer { .. } => Self::Int,
            Kind::Decimal { scale } | Kind::Money { scale } => Self::Decimal(*scale),
            Kind::Boolean => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Instant => Self::Instant,
            Kind::Duration => Self::Duration,
            Kind::Choice(choices) => Self::Choice(choices.iter().map(|c| c.key.clone()).collect()),
            Kind::ListValue { .. } => Self::link("list_value"),
            Kind::Link { to } => Self::Link(to.iter().cloned().collect()),
            Kind::Attachment => Self::Opaque,
            Kind::Rows { .. } => return None,
        })
    }

    pub(crate) fn link(to: &str) -> Self {
        Self::Link(Arc::from([to.to_owned()]))
    }

    /// Whether the column holds text; all others hold 64-bit integers.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_) | Self::Opaque)
    }

    /// Whether `<` means something between two of it.
    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal(_) | Self::Text | Self::Instant | Self::Date | Self::Duration)
    }

    /// Whether two values of these types can be compared for equality.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Opaque, _) | (_, Self::Opaque) => false,
            (Self::Choice(_), Self::Text) | (Self::Text, Self::Choice(_)) => true,
            (Self::Choice(a), Self::Choice(b)) => a.iter().any(|key| b.contains(key)),
            (Self::Link(a), Self::Link(b)) => a.iter().any(|t| t == ANY || b.contains(t)) || b.iter().any(|t| t == ANY),
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("boolean"),
            Self::Int => f.write_str("integer"),
            Self::Decimal(_) | Self::Real => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Instant => f.write_str("instant"),
            Self::Date => f.write_str("date"),
            Self::Duration => f.write_str("duration"),
            Self::Choice(_) => f.write_str("choice"),
            Self::Link(to) => write!(f, "link to {}", to.join(" or ")),
            Self::Null => f.write_str("null"),
            Self::Setting => f.write_str("setting"),
            Self::Opaque => f.write_str("attachment"),
        }
    }
}

/// A field of a record type, as a condition reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRef {
    pub record_type: Arc<str>,
    pub slot: crate::Slot,
    pub key: Arc<str>,
    pub(crate) long: bool,
    pub(crate) needs_setting: Option<Arc<str>>,
}

impl FieldRef {
    pub(crate) fn new(record_type: &str, slot: crate::Slot, field: &Field) -> Self {
        Self {
            record_type: Arc::from(record_type),
            slot,
            key: Arc::from(field.key.as_str()),
            long: field.kind.is_long_text(),
            needs_setting: field.needs_setting.as_deref().map(Arc::from),
        }
    }
}
