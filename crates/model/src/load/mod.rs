//! Loads a model: TOML files in, checked record types out, or everything that is wrong with them at once.
//!
//! Pure: the caller reads files. A model is read (`read_file`, `read_field`), brought together (`assemble`, `overlay`),
//! built (`build`, `lifecycle`, `permissions`, `views`, `relations`) and checked as a whole (`whole`, `conditions`).
//! Nothing is guessed and nothing ignored: an unknown key, name or kind is an error with its place and what was expected.

mod assemble;
mod build;
mod conditions;
mod declared;
mod lifecycle;
mod names;
mod overlay;
mod permissions;
mod read_field;
mod read_file;
mod reader;
mod relations;
mod source;
mod views;
mod whole;

pub use names::ROLES;
pub use source::{LoadError, Source, SourceFile};

use sha2::{Digest, Sha256};

use crate::Model;
use source::Sink;

const FILES_MAX: usize = 1_000;
/// Files of a room that are no part of the model.
const OTHER_FILES: [&str; 2] = ["checks", "examples"];

/// Whether a path names a file of the model: one that bears its folder's name (`incident/incident.toml`), a mixin
/// (`mixins/…`), or, in an overlay, a file without a folder. A room's other files (`checks.toml`, `examples.toml`) are
/// read by others.
pub fn is_model_file(path: &str) -> bool {
    let mut names = path.rsplit(['/', '\\']);
    let stem = names.next().and_then(|name| name.strip_suffix(".toml"));
    stem.is_some_and(|stem| match names.next() {
        Some(folder) => folder == stem || folder == "mixins",
        None => !OTHER_FILES.contains(&stem),
    })
}

/// What loading came to. Without errors there is a model, warnings or not.
#[derive(Debug)]
pub struct Report {
    pub model: Option<Model>,
    pub errors: Vec<LoadError>,
    /// What is no fault but should be otherwise: a value equal to its default, an open state without a way out.
    pub warnings: Vec<LoadError>,
}

/// Loads the core's files, given as path (relative to the model's root) and text.
///
/// # Errors
///
/// All of them, in the order of the files, each with its place.
pub fn load<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Model, Vec<LoadError>> {
    let report = check(&Source::core(files));
    report.model.ok_or(report.errors)
}

/// Loads a model with its overlays, and says what should be better.
pub fn check(source: &Source) -> Report {
    let sink = Sink::default();
    let mut files: Vec<&SourceFile> = source.files.iter().collect();
    // Core before overlays; each by path, so that the order in which a caller reads folders changes nothing.
    files.sort_by(|a, b| (a.overlay, &a.path).cmp(&(b.overlay, &b.path)));
    if let Some(file) = files.get(FILES_MAX) {
        sink.error(&file.place(0), format!("a model has at most {FILES_MAX} files"));
        files.truncate(FILES_MAX);
    }
    let declared = files.iter().filter_map(|file| read_file::read(file, &sink)).collect();
    let records = assemble::assemble(declared, &sink);
    let types = whole::build(&records, &sink);
    let model = Model::new(types, hash(&files));
    if sink.is_clean() {
        conditions::check(&model, source, &sink);
    }
    let model = sink.is_clean().then_some(model);
    let (errors, warnings) = sink.into_sorted();
    Report { model, errors, warnings }
}

/// SHA-256 over paths and texts in order, each led by its length, line ends as `\n`.
fn hash(files: &[&SourceFile]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for file in files {
        for part in [&file.path, &file.text.replace("\r\n", "\n")] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
