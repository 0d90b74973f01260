//! Brings a source's cases into an organisation's records, each row as an entry of the ledger.
//!
//! Cases go through in batches of whole cases, each batch one transaction with everything that it names (people, teams,
//! list values) and the identity of every row. So whatever stops an import, a second run finds what is there already and
//! goes on behind it. A case is taken whole or refused whole.

mod batch;
mod beginnings;
mod conflict;
mod convert;
mod known;
mod links;
mod names;
mod origin;
mod run;
mod standing;
mod target;

use std::sync::Arc;

use engine::{Engine, Principal};
use store::Fault;

use crate::log::Log;
use crate::report::Report;

/// What the caller chooses.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Name of the tool that the files come from; two exports of one tool share it. None: the mapping's own name.
    pub source: Option<String>,
    /// Says what would happen, and writes nothing.
    pub dry_run: bool,
    /// Goes on with the source's last import batch, where there is one that lacks the same fields, instead of beginning
    /// a new one. Rows that are there already are skipped either way.
    pub resume: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub rows: u64,
    pub of: u64,
}

/// The import stops. Whole batches before it are in; a second run goes on behind them.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("importing needs a role that may import: administrator or service-manager")]
    NotAllowed,
    #[error("{place}: {why}")]
    Mapping { place: String, why: String },
    #[error("{0}")]
    ReadOnly(String),
    #[error("somebody changed the same records again and again while they were imported; run the import again")]
    Contended,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Imports a log: creates records for cases that are new, appends new rows to those that are known.
///
/// The report counts rows as the engine took them: `created` first rows, `changed` later ones that changed something,
/// `touches` those that changed nothing, `unchanged` those that an earlier run took.
///
/// # Errors
/// [`ImportError`]. What is wrong with single cases is no error: they are refused, and the report names row and column.
pub fn import(
    engine: &Engine,
    importer: Arc<Principal>,
    log: &Log,
    options: &ImportOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ImportError> {
    run::Run::begin(engine, importer, log, options)?.through(progress)
}
