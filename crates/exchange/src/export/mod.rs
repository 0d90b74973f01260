//! Everything out again, so that nobody is locked in: a CSV for each record type with its history beside it, and event
//! logs. What is written is a function of what the database holds at one moment: the same state gives the same bytes.
//!
//! Rows are read and written in pieces of a few hundred records within one snapshot of the database. A folder that has
//! anything in it is never written to. `manifest.json` comes last: without it an export is not whole.

mod csv;
mod folder;
mod mapping_file;
mod walk;
mod xes;

use std::io;
use std::path::PathBuf;

use engine::{Engine, Time};
use serde_json::json;
use store::{Fault, Session, SessionExt};

use folder::Folder;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Made where it does not exist; otherwise it must be empty.
    pub folder: PathBuf,
    pub time: Time,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    /// Event logs, IEEE 1849-2016.
    Xes,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xes => "xes",
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub files: u64,
    pub records: u64,
    /// Entries of the histories.
    pub entries: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{0}: is not empty, and an export overwrites nothing: expected a folder that is new or empty")]
    NotEmpty(String),
    #[error("{file}: cannot be written")]
    Write { file: String, source: io::Error },
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Writes an export. `progress` is told the number of records so far.
///
/// # Errors
/// [`ExportError`]. What was begun stays, without a manifest.
pub fn export(
    engine: &Engine,
    options: &ExportOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Exported, ExportError> {
    let mut folder = Folder::make(&options.folder)?;
    let mut reader = engine.reader()?;
    // One state of the database for all files: the write-ahead log grows meanwhile, as it does during a backup.
    reader.snapshot()?;
    let mut done = Exported::default();
    let mut cx = Cx { engine, session: &mut *reader, time: options.time, done: &mut done, progress };
    match options.form {
        Form::Csv => csv::write(&mut cx, &mut folder)?,
        Form::Xes => xes::write(&mut cx, &mut folder)?,
    }
    let manifest = manifest(&mut cx, options, &folder)?;
    done.files = folder.files().len() as u64;
    folder.write_manifest(&manifest)?;
    Ok(done)
}

/// What the writers of one export share.
struct Cx<'a> {
    engine: &'a Engine,
    session: &'a mut dyn Session,
    time: Time,
    done: &'a mut Exported,
    progress: &'a mut dyn FnMut(u64),
}

/// What the export is of, and the fingerprint of each file. No time of day stands in it but those that were asked about.
fn manifest(cx: &mut Cx<'_>, options: &ExportOptions, folder: &Folder) -> Result<serde_json::Value, Fault> {
    let size = cx.session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
    let root = {
        let tiles = engine::StoredTiles::new(cx.session);
        ledger::tree::root(&tiles, u64::try_from(size).map_err(Fault::database)?)
            .map_err(|error| Fault::ledger(error.to_string()))?
    };
    let checkpoint = engine::ledger_view::checkpoint(cx.session)?;
    let hex: String = cx.engine.model().hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let (at, known) = match options.time {
        Time::Live => (None, None),
        Time::At { valid, known } => (Some(crate::text::instant(valid)), Some(crate::text::instant(known))),
    };
    let files: Vec<serde_json::Value> = folder
        .files()
        .iter()
        .map(|file| json!({ "name": file.name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256 }))
        .collect();
    Ok(json!({
        "format": format!("vouch-export-{}-1", options.form.name()),
        "log": format!("vouch/{}", cx.engine.log_id()),
        "at": at,
        "known": known,
        "model_sha256": hex,
        "ledger": { "size": size, "root": root.to_string(), "checkpoint": checkpoint },
        "files": files,
    }))
}
