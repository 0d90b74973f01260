//! What a condition is judged against besides the records: purpose, clock, reader, settings, and what sources lack.

use std::collections::{HashMap, HashSet};

use super::types::FieldRef;
use crate::Value;

/// How a missing value is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Filters, permissions, guards, pages: what the source did not supply is simply empty.
    #[default]
    Filter,
    /// Checks: what the source did not supply is unknown in every comparison.
    Check,
}

/// The span of time that a check is asked for: half-open, as instants and as local days of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    pub start: i64,
    pub end: i64,
    /// First day of it.
    pub start_day: i64,
    /// First day after it.
    pub end_day: i64,
}

/// A setting's value while it is in force: `[from, until)`, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingSpan {
    pub from: i64,
    pub until: i64,
    pub value: SettingValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    Scalar(Value),
    /// By the subject's value in this field (a link, a list value or an integer); `otherwise` for all others and for
    /// an empty field.
    Per {
        field: String,
        values: Vec<(i64, Value)>,
        otherwise: Option<Value>,
    },
}

/// The same for all records of one question. `Context::default()` is a filter at the instant 0 by nobody.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub purpose: Purpose,
    /// Microseconds UTC.
    pub now: i64,
    /// Local day in which `now` lies, in days since 1970-01-01: what `now` means beside a date.
    pub today: i64,
    pub period: Option<Period>,
    /// The person who asks; none for principals without one.
    pub me: Option<i64>,
    /// The item that a `values(…)` population stands at.
    pub item: Option<Value>,
    /// By key. A setting without a span at an instant is unset there.
    pub settings: HashMap<String, Vec<SettingSpan>>,
    /// Origins (import batches) whose source has no such field, relation, or column (`notices.delivered_at`), by
    /// record type and name.
    pub lacking: HashMap<(String, String), Vec<i64>>,
    /// Record types and fields or relations that the reader may not see: unknown in whatever they stand.
    pub hidden: HashSet<(String, String)>,
}

impl Context {
    pub(crate) fn is_hidden(&self, record_type: &str, name: &str) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&(record_type.to_owned(), name.to_owned()))
    }

    /// Origins that lack this; empty unless the purpose is a check.
    pub(crate) fn lacking(&self, record_type: &str, name: &str) -> &[i64] {
        if self.purpose == Purpose::Filter || self.lacking.is_empty() {
            return &[];
        }
        self.lacking.get(&(record_type.to_owned(), name.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Whether an empty value of this field can mean that it is absent.
    pub(crate) fn may_be_absent(&self, field: &FieldRef) -> bool {
        self.purpose == Purpose::Check
            && (field.needs_setting.is_some() || !self.lacking(&field.record_type, &field.key).is_empty())
    }

    /// Spans of a setting, sorted as given.
    pub(crate) fn spans(&self, key: &str) -> &[SettingSpan] {
        self.settings.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn in_force(&self, key: &str, at: i64) -> Option<&SettingSpan> {
        self.spans(key).iter().find(|span| span.from <= at && at < span.until)
    }
}
