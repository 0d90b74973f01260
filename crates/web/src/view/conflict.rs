//! Two people saved the same record: both sides, and nothing lost.

use askama::Template;

use super::{
    filters,
    parts::{Mark, Person},
    shell::Shell,
};

/// Answer 412 to a form whose `version` was overtaken. Posts to `action`: `csrf`, `version` (theirs), for each field
/// that somebody changed `keep.KEY` (`theirs` or `mine`) and the typed value under `KEY`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/conflict.html")]
pub struct ConflictPage {
    pub shell: Shell,
    pub number: String,
    pub title: String,
    /// `incident`.
    pub noun: String,
    pub href: String,
    /// `Tom Lindqvist saved version 9 at 10:41; you had opened version 8 at 10:37.`
    pub what_happened: String,
    /// `Only one field needs your choice.`
    pub advice: String,
    pub theirs: Option<Person>,
    pub mine: Option<Person>,
    /// `10:41`.
    pub saved_at: String,
    pub action: String,
    pub version: u64,
    /// Other fields of the form, kept as they were typed.
    pub hidden: Vec<(String, String)>,
    /// Real conflicts first.
    pub rows: Vec<ConflictRow>,
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRow {
    pub key: String,
    pub label: String,
    /// Before both; as text.
    pub before: String,
    pub theirs: String,
    pub mine: String,
    /// As posted: the number of a link, the key of a choice.
    pub mine_value: String,
    pub who: Changed,
    /// Chosen in the form: `Some(true)` mine.
    pub keep_mine: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Both,
    Theirs,
    Mine,
}
