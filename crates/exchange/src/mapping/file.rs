//! The mapping file as it is written. Unknown keys are errors: a misspelt one would silently change what is imported.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    pub name: String,
    pub record: String,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    #[serde(default)]
    pub skip: u32,
    pub header: Option<Vec<String>>,
    #[serde(default)]
    pub apostrophe: bool,
    #[serde(default)]
    pub missing: Vec<String>,
    pub zone: Option<String>,
    pub time_format: Option<OneOrMore>,
    pub date_format: Option<OneOrMore>,
    pub decimal: Option<String>,
    #[serde(default)]
    pub joined: BTreeMap<String, JoinedFile>,
    pub number: String,
    pub order: Option<OrderFile>,
    pub happened: Option<String>,
    pub begins: Option<String>,
    pub claimed: Option<String>,
    pub on_behalf: Option<OnBehalfFile>,
    pub counter: Option<CounterFile>,
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub people_by: PeopleBy,
    #[serde(default)]
    pub absent: Vec<String>,
    #[serde(default)]
    pub absent_types: Vec<String>,
    #[serde(default)]
    pub begin_as: BTreeMap<String, String>,
    pub state: Option<StateFile>,
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub fields: BTreeMap<String, FieldFile>,
    #[serde(default, rename = "final")]
    pub finals: BTreeMap<String, String>,
    #[serde(default)]
    pub functions: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a column or { column, by }")]
pub(super) enum OnBehalfFile {
    Column(String),
    Linked(LinkedFile),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkedFile {
    pub column: String,
    pub by: String,
    pub source: Option<String>,
    pub unknown: Option<Unknown>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JoinedFile {
    pub columns: Vec<String>,
    #[serde(default = "blank")]
    pub with: String,
}

fn blank() -> String {
    " ".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected \"file\", \"file-reversed\" or { column, kind, direction }")]
pub(super) enum OrderFile {
    Named(FileOrder),
    Column(ColumnOrder),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FileOrder {
    File,
    FileReversed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnOrder {
    pub column: String,
    pub kind: OrderKind,
    #[serde(default)]
    pub direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    Integer,
    Instant,
    Text,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// Which people are one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeopleBy {
    /// Each distinct text of each column is a person of its own.
    #[default]
    Column,
    /// One name is one person, in whatever column it stands.
    Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CounterFile {
    pub column: String,
    pub first: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateFile {
    pub column: String,
    #[serde(default)]
    pub done: Vec<String>,
    #[serde(default)]
    pub before: BTreeMap<String, String>,
    pub begins: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    pub column: Option<String>,
    pub columns: Option<BTreeMap<String, String>>,
    pub value: Option<String>,
    pub empty: Option<String>,
    #[serde(default)]
    pub kind: KindFile,
    pub list: Option<String>,
    pub to: Option<OneOrMore>,
    pub by: Option<String>,
    pub source: Option<String>,
    pub unknown: Option<Unknown>,
    pub separator: Option<String>,
    pub unit: Option<Unit>,
    pub others: Option<Others>,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindFile {
    #[default]
    Text,
    Integer,
    IntegerLead,
    Decimal,
    Boolean,
    Date,
    Instant,
    Duration,
    Choice,
    ListValue,
    Person,
    Link,
    Lines,
    References,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Others {
    /// A value that the map does not name is no value of this field.
    Null,
    /// A value that the map does not name stands for itself.
    Keep,
}

/// What becomes of a name that nothing here has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// A record or list value with this name is made.
    Create,
    /// The field stays empty.
    Null,
    /// The row's case is refused.
    Refuse,
}

/// What a plain number counts, where a duration is written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    pub(crate) fn microseconds(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000,
            Self::Minutes => 60_000_000,
            Self::Hours => 3_600_000_000,
            Self::Days => 86_400_000_000,
        }
    }
}
