//! A rule says no. Everything here was caused by the caller and changes nothing; a broken world is a [`store::Fault`].

use store::Fault;

/// One reason, about one field where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Empty when the whole record is meant.
    pub field: String,
    /// Stable, for programs: `required`, `too_long`, `unknown_field`, `not_in_range`, …
    pub code: &'static str,
    /// For people: what was wrong and what was expected.
    pub message: String,
}

impl Problem {
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not there, or not to be seen by this reader: both answer alike.
    NotFound,
    /// Visible, but this role may not do it; each field that is meant, or none when it is the whole act.
    Forbidden { what: String, fields: Vec<String> },
    /// All that is wrong with the input or the result, at once.
    Invalid(Vec<Problem>),
    /// The state does not allow this move; those that it does allow.
    WrongState { state: String, transition: String, allowed: Vec<String> },
    /// The record has changed since the version that the caller names.
    Stale { expected: i64, found: i64 },
    /// Others changed what this rests on, three times in a row.
    Contended,
    /// What the act rests on has changed since the caller looked at it, and how.
    Changed(String),
    /// The same idempotency key came with another body.
    KeyReused,
    /// The query asks for something that lists do not do; what they do.
    BadQuery(String),
    /// The ledger was found shorter than it was signed: nothing is written until a successor log is begun.
    ReadOnly(String),
}

/// How a command or query can end other than well.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("refused: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Error {
    Error::Refused(Refusal::Invalid(vec![Problem::new(field, code, message)]))
}
