//! Compares everything that the database says with what the ledger sealed, and names the first difference.
//!
//! In this order: the database file; the leaves, their tree, every checkpoint and the signer's memory; each record's
//! entries with their leaves and openings; and, folded from the openings by a second, slower way than the writer's,
//! the live rows, their versions on both time axes, long texts, lines, steps, comments, links, numbers and counters;
//! at last the search index, a sample of it.
//!
//! What other tables hold is either made anew from these (verdicts, counts) or no record of anything (sessions,
//! idempotency keys, the identities of imported rows, other systems' names): it is not compared. The databases' free
//! pages carry nothing and nothing is claimed of them.

mod cell;
mod chunk;
mod entries;
mod findings;
mod fold;
mod links;
mod openings;
mod records;
mod rows;
mod search;
mod steps;
mod tree;
mod whole;

use std::path::Path;

use ledger::Hash;
use ledger::signer::SignerHead;
use model::Model;
use store::{Dialect, Fault, Session};

use findings::Stop;
pub use findings::{Difference, Where};

/// What a verification came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether nothing differs.
    pub ok: bool,
    /// Leaves of the ledger.
    pub entries: i64,
    /// Size and root of the newest checkpoint whose note is sound.
    pub checkpoint: Option<(i64, Hash)>,
    /// Leaves above it: not wrong, but not yet protected by a signature.
    pub unsigned: i64,
    /// The first thing that is wrong.
    pub first_difference: Option<Difference>,
    /// What could not be looked at, and why.
    pub warnings: Vec<String>,
}

impl Report {
    /// As `vouch verify --format json` prints it.
    pub fn to_json(&self) -> serde_json::Value {
        let checkpoint =
            self.checkpoint.map(|(size, root)| serde_json::json!({"size": size, "root": root.to_base64()}));
        serde_json::json!({
            "ok": self.ok,
            "entries": self.entries,
            "checkpoint": checkpoint,
            "unsigned": self.unsigned,
            "first_difference": self.first_difference.as_ref().map(Difference::to_json),
            "warnings": self.warnings,
        })
    }
}

/// Verifies one organisation's database. `signer_folder` holds the signer's state; without it notes are compared with
/// the tree, but nobody can tell whether they are the signer's, nor whether the log was cut short.
///
/// Reads in one snapshot of its own, so a server may write meanwhile; the session must not be in a transaction.
///
/// # Errors
/// Something could not be read: the database, or a signer's state that should be there. A difference is no error.
pub fn verify(session: &mut dyn Session, model: &Model, signer_folder: Option<&Path>) -> Result<Report, Fault> {
    // Read before the snapshot begins: the signer never knows more leaves than the database had by then.
    let signer = match signer_folder {
        Some(folder) => Some(SignerHead::read(folder).map_err(|e| Fault::ledger(e.to_string()))?),
        None => None,
    };
    session.batch(match session.dialect() {
        Dialect::Sqlite => "BEGIN",
        Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    })?;
    let report = in_snapshot(session, model, signer.as_ref());
    session.batch("ROLLBACK")?;
    report
}

fn in_snapshot(session: &mut dyn Session, model: &Model, signer: Option<&SignerHead>) -> Result<Report, Fault> {
    let mut report =
        Report { ok: true, entries: 0, checkpoint: None, unsigned: 0, first_difference: None, warnings: Vec::new() };
    if signer.is_none() {
        report.warnings.push(
            "no signer's state was given: signatures were not checked, nor whether leaves are missing at the end"
                .to_owned(),
        );
    }
    match run(session, model, signer, &mut report) {
        Ok(()) => {}
        Err(Stop::Found(difference)) => {
            report.ok = false;
            report.first_difference = Some(*difference);
        }
        Err(Stop::Fault(fault)) => return Err(fault),
    }
    Ok(report)
}

fn run(session: &mut dyn Session, model: &Model, signer: Option<&SignerHead>, report: &mut Report) -> Result<(), Stop> {
    whole::database(session)?;
    let head = whole::head(session)?;
    report.entries = head.leaves;
    tree::check(session, &head, signer, report)?;
    let mut totals = records::Totals::default();
    records::check(session, model, &head, &mut totals)?;
    links::check(session, &mut totals)?;
    whole::counts(session, model, &head, &totals)?;
    whole::kept_texts(session)?;
    whole::foreign_keys(session)?;
    report.warnings.extend(totals.warnings);
    search::check(session, model, &mut report.warnings)
}
