//! How a source's columns become the history of records: data, not code.
//!
//! A format is a TOML file of this form; the built-in ones lie in `mappings/` and are read by the same loader, so that
//! what an organisation writes for its own tool can do all that they do. `mappings/README.md` explains the keys.

mod check;
mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use file::{Direction, OrderKind};

use crate::ExchangeError;

/// The formats that need no mapping file, by name.
const BUILT_IN: [(&str, &str, &str); 1] =
    [("servicenow-log", "servicenow_log.toml", include_str!("../../mappings/servicenow_log.toml"))];

/// A mapping, checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The format's name: default of `--source`.
    pub name: String,
    /// The record type whose records the cases become.
    pub record: String,
    /// Zone of the file's times, unless the caller chooses one.
    pub zone: Option<String>,
    /// Fields and relations that the source does not have.
    pub absent: Vec<String>,
    /// Record types of which the source has no records at all.
    pub absent_types: Vec<String>,
    /// The state in which a record that the source only names is taken to be, by record type.
    pub begin_as: BTreeMap<String, String>,
    pub(crate) missing: Vec<String>,
    pub(crate) delimiter: u8,
    pub(crate) time_formats: Vec<String>,
    pub(crate) number: String,
    pub(crate) order: Order,
    pub(crate) happened: String,
    pub(crate) claimed: Option<String>,
    pub(crate) on_behalf: Option<String>,
    pub(crate) counter: Option<Counter>,
    pub(crate) people: Vec<String>,
    pub(crate) state: Option<StateRule>,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) functions: BTreeMap<String, Vec<String>>,
}

/// In which order the rows of a case happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    File,
    FileReversed,
    /// By a column; equal ones stay in the order of the file.
    Column {
        column: String,
        kind: OrderKind,
        direction: Direction,
    },
}

/// The source's own count of a case's updates, by which holes in its history show.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    pub column: String,
    /// The number of a case's first row; none: it may be any.
    pub first: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct StateRule {
    pub column: String,
    pub values: BTreeMap<String, Arc<str>>,
    /// Values that say nothing: the state before them holds on, and the row is flagged with this reason.
    pub before: BTreeMap<String, Arc<str>>,
    /// The state before the first row, for a case that begins with a value that says nothing.
    pub begins: Option<Arc<str>>,
    /// Leaving these states makes the final instants null again.
    pub done: Vec<String>,
}

/// One field of the record and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct FieldRule {
    pub key: Arc<str>,
    pub kind: FieldKind,
    pub column: String,
    pub values: BTreeMap<String, Arc<str>>,
    /// What becomes of a value that `values` does not name.
    pub others: Rest,
    /// The field is absent where the column is.
    pub optional: bool,
    /// The state whose last entry explains the field. Before it the field is null; an instant is that event's own time.
    pub entered: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Refused,
    Null,
    Kept,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    Integer,
    /// The digits that the text begins with: `2 - Medium` is 2.
    IntegerLead,
    Boolean,
    Instant,
    Choice,
    ListValue {
        list: Arc<str>,
    },
    Person,
    /// To the record of this type that has this name.
    Link {
        to: Arc<str>,
    },
    /// Keys of records in other tools, each in a column of its own: kind and column.
    References {
        columns: Vec<(Arc<str>, String)>,
    },
}

impl Mapping {
    /// A format that needs no mapping file.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownFormat`], naming those that there are.
    pub fn built_in(name: &str) -> Result<Self, ExchangeError> {
        match BUILT_IN.iter().find(|(known, ..)| *known == name) {
            Some((_, file, text)) => Self::parse(file, text),
            None => Err(ExchangeError::UnknownFormat { name: name.to_owned(), known: Self::built_in_names() }),
        }
    }

    pub fn built_in_names() -> Vec<String> {
        BUILT_IN.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }

    /// Reads a mapping file. `file` is its name, for errors.
    ///
    /// # Errors
    /// [`ExchangeError::Mapping`] with the place `file:line:column`: no TOML, an unknown key, a value that cannot be.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExchangeError> {
        check::parse(file, text)
    }

    /// The column that a field is read from, so that a refusal of the record can name the cell. `happened` and
    /// `on_behalf` are those of the row itself.
    pub fn column_of(&self, field: &str) -> Option<&str> {
        match field {
            "state" => return self.state.as_ref().map(|state| state.column.as_str()),
            "happened" => return Some(&self.happened),
            "on_behalf" => return self.on_behalf.as_deref(),
            _ => {}
        }
        self.fields.iter().find(|rule| &*rule.key == field).map(|rule| rule.column.as_str()).filter(|c| !c.is_empty())
    }

    /// Columns that must be there, then those of fields that may be missing with their field.
    pub(crate) fn columns(&self) -> Vec<(&str, bool)> {
        let mut columns: Vec<(&str, bool)> = vec![(&self.number, true), (&self.happened, true)];
        let order = match &self.order {
            Order::Column { column, .. } => Some(column),
            Order::File | Order::FileReversed => None,
        };
        let single = [order, self.claimed.as_ref(), self.on_behalf.as_ref()];
        columns.extend(single.into_iter().flatten().map(|column| (column.as_str(), true)));
        columns.extend(self.counter.iter().map(|counter| (counter.column.as_str(), true)));
        columns.extend(self.state.iter().map(|state| (state.column.as_str(), true)));
        for rule in &self.fields {
            match &rule.kind {
                FieldKind::References { columns: kinds } => {
                    columns.extend(kinds.iter().map(|(_, column)| (column.as_str(), !rule.optional)));
                }
                _ => columns.push((&rule.column, !rule.optional)),
            }
        }
        columns.extend(self.people.iter().map(|column| (column.as_str(), false)));
        let mut seen: Vec<(&str, bool)> = Vec::new();
        for (column, needed) in columns {
            match seen.iter_mut().find(|(name, _)| *name == column) {
                Some(known) => known.1 |= needed,
                None => seen.push((column, needed)),
            }
        }
        seen
    }
}
