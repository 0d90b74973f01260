//! Every change of a record, the newest first, with its three times.

use askama::Template;

use super::{
    filters,
    parts::{Mark, Sentence},
    record::Subject,
    shell::Shell,
    timeline::Change,
};

/// `/incidents/INC-000042/history`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/history.html")]
pub struct HistoryPage {
    pub shell: Shell,
    pub subject: Subject,
    /// `8 changes since 24 November 2026`.
    pub heading: String,
    pub zone: String,
    pub changes: Vec<Entry>,
    pub next_href: Option<String>,
}

/// One entry of the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub version: u64,
    /// `61,204`.
    pub leaf: String,
    /// `Mira Okafor moved it to In progress`.
    pub what: Sentence,
    pub happened: String,
    pub recorded: String,
    /// Only for imported history.
    pub claimed: String,
    /// `page`, `API, token “monitoring”`, `import of incident_log.csv`.
    pub channel: String,
    /// Empty for what went by the life-cycle.
    pub deviation: String,
    /// Empty for a touch.
    pub changes: Vec<Change>,
    /// The record as it stood after it.
    pub at_href: String,
    pub proof_href: String,
}
