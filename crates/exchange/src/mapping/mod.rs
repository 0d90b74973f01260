//! How a source's columns become the history of records: data, not code.
//!
//! A format is a TOML file of this form; the built-in ones lie in `mappings/` and are read by the same loader, so that
//! what an organisation writes for its own tool can do all that they do. `mappings/README.md` explains the keys.

mod check;
mod field_rules;
mod file;
mod place;

use std::collections::BTreeMap;
use std::sync::Arc;

use encoding_rs::Encoding;

pub(crate) use file::PeopleBy;
pub use file::{Direction, OrderKind, Unit, Unknown};
pub(crate) use place::Places;

use crate::ExchangeError;
use crate::clock::{DateFormat, TimeFormat};
use crate::convert::PersonOf;

/// The formats that need no mapping file, by name.
const BUILT_IN: [(&str, &str, &str); 2] = [
    ("servicenow-log", "servicenow_log.toml", include_str!("../../mappings/servicenow_log.toml")),
    ("xes", "xes.toml", include_str!("../../mappings/xes.toml")),
];

/// A mapping, checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The format's name: default of `--source`.
    pub name: String,
    /// The record type whose records the cases become.
    pub record: String,
    /// Fields and relations that the source does not have.
    pub absent: Vec<String>,
    /// Record types of which the source has no records at all.
    pub absent_types: Vec<String>,
    /// The state in which a record that the source only names is taken to be, by record type.
    pub begin_as: BTreeMap<String, String>,
    pub(crate) layout: Layout,
    pub(crate) times: TimeRules,
    pub(crate) missing: Vec<String>,
    /// Columns made of several, by the name under which the rest of the mapping knows them.
    pub(crate) joined: BTreeMap<String, Joined>,
    pub(crate) number: String,
    pub(crate) order: Order,
    pub(crate) happened: Happened,
    pub(crate) claimed: Option<String>,
    pub(crate) on_behalf: Option<OnBehalf>,
    pub(crate) counter: Option<Counter>,
    pub(crate) people: Vec<String>,
    pub(crate) people_by: PeopleBy,
    pub(crate) state: Option<StateRule>,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) functions: BTreeMap<String, Vec<String>>,
    pub(crate) places: Places,
}

/// How the file is written down.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// None: UTF-8.
    pub encoding: Option<&'static Encoding>,
    pub delimiter: u8,
    /// None: a quote is a character like any other.
    pub quote: Option<u8>,
    /// Rows before the header, or before the first row where there is none.
    pub skip: u32,
    /// The columns' names, for a file without a header row.
    pub header: Option<Vec<String>>,
    /// An apostrophe in front was put there against spreadsheets, and is taken off.
    pub apostrophe: bool,
}

/// How instants, dates and numbers are written.
#[derive(Clone, Debug)]
pub(crate) struct TimeRules {
    /// Zone of the file's times, unless the caller chooses one.
    pub zone: Option<String>,
    pub times: Vec<TimeFormat>,
    pub dates: Vec<DateFormat>,
    pub decimal: char,
}

/// Who made a row's update.
#[derive(Clone, Debug)]
pub(crate) struct OnBehalf {
    pub column: String,
    /// How the cell names a person who is here already; none: as people of the source are named.
    pub rule: Option<Arc<LinkRule>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Joined {
    pub columns: Vec<String>,
    /// What is put between them.
    pub with: String,
}

/// When a row's values hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// A history: the column with each row's instant.
    Column(String),
    /// A table: how things are at the instant of the reading. `begins`: the column with the instant since when they are.
    Table { begins: Option<String> },
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
    /// Empty for what is read from several columns, or from none.
    pub column: String,
    /// The same text for every row, instead of a column.
    pub fixed: Option<Arc<str>>,
    /// What an empty cell means, instead of no value.
    pub empty: Option<Arc<str>>,
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
    Decimal,
    Boolean,
    Date,
    Instant,
    /// ISO 8601, or a plain number of these units.
    Duration {
        unit: Option<Unit>,
    },
    Choice,
    ListValue {
        list: Arc<str>,
        unknown: Unknown,
    },
    Person,
    Link(Arc<LinkRule>),
    /// Several texts in one cell, each a line of the field.
    Lines {
        separator: String,
    },
    /// Keys of records in other tools, each in a column of its own: kind and column.
    References {
        columns: Vec<(Arc<str>, String)>,
    },
}

/// How the text of a cell names a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkRule {
    /// Record types, or those that extend them.
    pub to: Vec<String>,
    pub by: By,
    /// Under which source the key is known; none: that of the import.
    pub source: Option<String>,
    pub unknown: Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// Its title or name; of several the oldest.
    Name,
    /// Our number: `PER-42`.
    Number,
    /// The key under which a source knows it.
    Key,
    /// A text field that only one record may have with this value: an e-mail address, a serial number.
    Field(String),
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
            "happened" => return self.instant_column(),
            "on_behalf" => return self.on_behalf.as_ref().map(|by| by.column.as_str()),
            _ => {}
        }
        self.fields.iter().find(|rule| &*rule.key == field).map(|rule| rule.column.as_str()).filter(|c| !c.is_empty())
    }

    /// One row a record, and no history.
    pub fn is_table(&self) -> bool {
        matches!(self.happened, Happened::Table { .. })
    }

    fn instant_column(&self) -> Option<&str> {
        match &self.happened {
            Happened::Column(column) => Some(column),
            Happened::Table { begins } => begins.as_deref(),
        }
    }

    /// Whom the names in this column are of.
    pub(crate) fn person_of(&self, column: &str) -> PersonOf {
        match self.people_by {
            PeopleBy::Column => PersonOf::Column(Arc::from(column)),
            PeopleBy::Name => PersonOf::Anywhere,
        }
    }

    /// Columns that must be there, then those of fields that may be missing with their field. A joined one stands for
    /// itself.
    pub(crate) fn columns(&self) -> Vec<(&str, bool)> {
        let mut columns: Vec<(&str, bool)> = vec![(&self.number, true)];
        let order = match &self.order {
            Order::Column { column, .. } => Some(column.as_str()),
            Order::File | Order::FileReversed => None,
        };
        let by = self.on_behalf.as_ref().map(|by| by.column.as_str());
        let single = [self.instant_column(), order, self.claimed.as_deref(), by];
        columns.extend(single.into_iter().flatten().map(|column| (column, true)));
        columns.extend(self.counter.iter().map(|counter| (counter.column.as_str(), true)));
        columns.extend(self.state.iter().map(|state| (state.column.as_str(), true)));
        for rule in &self.fields {
            match &rule.kind {
                FieldKind::References { columns: kinds } => {
                    columns.extend(kinds.iter().map(|(_, column)| (column.as_str(), !rule.optional)));
                }
                _ if rule.fixed.is_some() => {}
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
