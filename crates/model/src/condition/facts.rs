//! Where the evaluator gets its facts from: the engine over its store, a draft, or a table in a test.

use super::context::Period;
use super::truth::Truth;
use crate::{Slot, Value};

/// Reading facts failed (a database that does not answer); never a missing value.
pub type FactsError = Box<dyn std::error::Error + Send + Sync>;

/// A record at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    pub record_type: &'a str,
    pub id: i64,
    /// As it stood at this instant; none: at the cut-off of the question.
    pub at: Option<i64>,
}

/// One line of a list field: the declared columns in order, then `at`, `by`, `counted_at`. A scalar list's line has its
/// `value` first.
pub type Row = Vec<Value>;

/// One of a record's own entries, as the relation source `Entries` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryFact {
    pub at: i64,
    pub by: Option<i64>,
    pub counted_at: i64,
    pub kind: String,
}

/// What a condition is asked of.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    Record(i64),
    Step(StepFacts),
    Change(ChangeFacts),
    /// One item of a closed list (`Context::item`), or nothing at all.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFacts {
    pub record: i64,
    pub from: Option<String>,
    pub to: String,
    /// When it was so.
    pub at: i64,
    /// Claimed, else recorded.
    pub counted_at: i64,
    pub first: bool,
    pub kind: String,
    pub deviates: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFacts {
    pub record: i64,
    pub at: i64,
    pub by: Option<i64>,
    pub version: i64,
}

/// The facts themselves: raw, as the database holds them. What is absent, hidden or incomplete is decided by the
/// evaluator, from the context, in one place.
pub trait Facts {
    /// Null also where the record does not exist at that time.
    fn field(&mut self, of: RecordRef<'_>, slot: Slot, key: &str) -> Result<Value, FactsError>;

    fn rows(&mut self, of: RecordRef<'_>, slot: Slot, key: &str) -> Result<Vec<Row>, FactsError>;

    /// Ids at the other end of links of this kind, `of` standing in `a` (`forward`) or `b`. Where `to` is a single
    /// type, only records of it that exist at that time.
    fn linked(&mut self, of: RecordRef<'_>, kind: &str, forward: bool, to: &[String]) -> Result<Vec<i64>, FactsError>;

    /// Ids of the records of `record_type` whose link `key` points at `of`.
    fn pointing(&mut self, of: RecordRef<'_>, record_type: &str, slot: Slot, key: &str)
    -> Result<Vec<i64>, FactsError>;

    /// Own entries except the first and those into one of these states.
    fn entries(&mut self, of: RecordRef<'_>, except_into: &[String]) -> Result<Vec<EntryFact>, FactsError>;

    /// All records of a type at the cut-off.
    fn collection(&mut self, record_type: &str) -> Result<Vec<i64>, FactsError>;

    fn by_number(&mut self, number: &str) -> Result<Option<i64>, FactsError>;

    /// Validity of the versions of the population's setting (`criteria_versions`); none is an open end.
    fn setting_versions(&mut self) -> Result<Vec<(i64, Option<i64>)>, FactsError> {
        Ok(vec![])
    }

    /// Ledger chain, commitments and attachments of the record agree.
    fn verified(&mut self, _record: i64) -> Result<Truth, FactsError> {
        Ok(Truth::Unknown)
    }

    /// The product's own permission: `who` is an action's name or a person's id, `object` a record's id or the name of
    /// the list that holds the objects.
    fn permitted(&mut self, _who: &Value, _object: &Value) -> Result<Truth, FactsError> {
        Ok(Truth::Unknown)
    }

    /// Whether `at`, which lies before the period, is the subject's latest when none lies in it.
    fn is_latest(&mut self, _at: i64, _period: Period) -> Result<Truth, FactsError> {
        Ok(Truth::Unknown)
    }
}
