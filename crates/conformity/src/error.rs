//! How a question about conformity can end other than well.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such check, requirement or clause in this version.
    #[error("there is no {kind} {name}")]
    Unknown { kind: &'static str, name: String },
    /// The question cannot be answered as asked, and what could.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Fault(#[from] store::Fault),
}

impl Error {
    pub(crate) fn not_pushable(check: &str, why: impl std::fmt::Display) -> Self {
        Self::Fault(store::Fault::database(format!("check {check}: {why}")))
    }
}
