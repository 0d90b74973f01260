//! The answer, in the form that `vouch assess --report FILE.json` writes: the first keys are the contract, the rest says
//! more of the same.

use conformity::{CheckRow, Status};
use exchange::FileFacts;
use serde::Serialize;

use crate::Figures;

#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    pub source: Source,
    pub period: Period,
    pub catalogue: Catalogue,
    pub requirements: Vec<Requirement>,
    pub figures: Figures,
    pub not_shown: Vec<NotShown>,
    /// What the assessor stated.
    pub settings: Vec<Stated>,
    pub deviations: Deviations,
    /// Cases that were refused; they are judged nowhere.
    pub refused: Vec<exchange::Refused>,
    /// What was asked about, in words: a clause with its title.
    #[serde(skip)]
    pub heading: String,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// Names as given.
    pub files: Vec<String>,
    /// Of each file, in the same order.
    pub sha256: Vec<String>,
    pub rows: u64,
    pub cases: u64,
    /// First and last event, RFC 3339 UTC.
    pub first: String,
    pub last: String,
    /// Zone in which the file's times were read.
    pub zone: String,
    /// Fields and kinds of records that the source does not have.
    pub absent: Vec<String>,
    /// Columns that nothing takes.
    pub not_taken: Vec<String>,
    pub format: String,
    #[serde(skip)]
    pub facts: Vec<FileFacts>,
}

/// Local days, half-open, and the instant as of which everything is judged.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    pub from: String,
    pub to: String,
    pub cutoff: String,
    /// Zone in which the organisation's days begin.
    pub zone: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Catalogue {
    pub standard: String,
    pub edition: String,
    pub version: String,
    pub sha256: String,
    /// Hash of the model by which records were made.
    pub model: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Requirement {
    pub requirement: String,
    pub status: Status,
    /// The question that is left for a person; empty where records decide.
    pub judgement: String,
    pub checks: Vec<CheckRow>,
    pub clause: String,
    pub title: String,
    pub text: String,
    /// By check: those that fail, and why others cannot be told.
    pub details: Vec<Check>,
    /// Settings that it needs and nobody stated.
    pub undecided: Vec<String>,
}

/// What stands behind a check's counts.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub check: String,
    /// Good practice: a recommendation, never a nonconformity.
    pub practice: bool,
    /// Subjects that fail, by number, the first fifty.
    pub failed: Vec<Exception>,
    /// Why the first of those cannot be told that cannot; none where all can.
    pub undetermined_because: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Exception {
    pub number: String,
    /// The source's own number or name, where it is another.
    pub name: Option<String>,
    pub since: String,
    pub why: String,
}

/// Something that the source cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotShown {
    #[serde(skip)]
    pub requirement: String,
    pub what: String,
    pub why: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Stated {
    pub key: String,
    pub label: String,
    pub value: serde_json::Value,
    /// First day on which it was in force; none: all along.
    pub from: Option<String>,
    pub by: &'static str,
}

/// Where the source contradicts itself or the life-cycle.
#[derive(Clone, Debug, Serialize)]
pub struct Deviations {
    /// Steps that the life-cycle does not know, the most frequent first.
    pub steps: Vec<Deviation>,
    pub flagged: Vec<exchange::Flagged>,
    pub incomplete_cases: u64,
    pub finals: Vec<exchange::FinalReport>,
    pub times_moved: u64,
    pub times_twice: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    pub from: String,
    pub to: String,
    pub count: u64,
}
