//! The mapping file as it is written. Unknown keys are errors: a misspelt one would silently change what is imported.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    pub name: String,
    pub record: String,
    #[serde(default)]
    pub missing: Vec<String>,
    pub zone: Option<String>,
    pub delimiter: Option<String>,
    pub time_format: OneOrMore,
    pub number: String,
    #[serde(default)]
    pub order: OrderFile,
    pub happened: String,
    pub claimed: Option<String>,
    pub on_behalf: Option<String>,
    pub counter: Option<CounterFile>,
    #[serde(default)]
    pub people: Vec<String>,
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

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a format or a list of formats")]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected \"file\", \"file-reversed\" or { column, kind, direction }")]
pub(super) enum OrderFile {
    Named(FileOrder),
    Column(ColumnOrder),
}

impl Default for OrderFile {
    fn default() -> Self {
        Self::Named(FileOrder::File)
    }
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
    #[serde(default)]
    pub kind: KindFile,
    pub list: Option<String>,
    pub to: Option<String>,
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
    Boolean,
    Instant,
    Choice,
    ListValue,
    Person,
    Link,
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
