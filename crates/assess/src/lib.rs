//! How far another tool's export shows conformity: its history is replayed into a throw-away database and judged by the
//! same checks as one's own records. Nothing is kept, nothing is added: what the source does not say is named as not
//! shown, and what an assessor states about the organisation is named as stated.

mod answer;
mod figures;
mod gather;
mod reasons;
mod report;
mod scratch;

use std::sync::Arc;

use conformity::Library;
use conformity::settings::StatedSetting;
use engine::{Behaviour, Entropy};
use exchange::{ImportError, Log, Progress};
use model::Model;

pub use answer::{
    Assessment, Catalogue, Check, Deviation, Deviations, Exception, NotShown, Period, Requirement, Source, Stated,
};
pub use figures::Figures;

/// What judges: the rooms as they are built in, or with an organisation's overlays.
#[derive(Clone)]
pub struct Rooms {
    pub model: Arc<Model>,
    pub model_text: String,
    pub behaviours: Vec<Arc<dyn Behaviour>>,
    pub library: Library,
    pub entropy: Arc<dyn Entropy>,
}

/// What the assessor chooses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A clause with all that lies under it, or one requirement; none: everything that the checks cover.
    pub clause: Option<String>,
    /// What was in force in the organisation, on the assessor's word.
    pub stated: Vec<StatedSetting>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    #[error("no case of the file could be read, so there is nothing to assess: {first}")]
    Nothing { first: String },
    #[error("the throw-away database could not be made in the system's folder for temporary files")]
    Folder(#[source] std::io::Error),
    #[error("the stated setting {key} cannot be used: {why}")]
    Setting { key: String, why: String },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Conformity(#[from] conformity::Error),
    #[error(transparent)]
    Fault(#[from] store::Fault),
}

/// Replays a log and judges it. The period is the whole span of the file, the cut-off the local midnight after its last
/// event.
///
/// # Errors
/// [`AssessError`]: a log without a readable case, a setting or clause that there is not, a database that fails.
pub fn assess(
    rooms: &Rooms,
    log: &Log,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Assessment, AssessError> {
    let scratch = scratch::Scratch::open(rooms, log, &options.stated)?;
    let imported = scratch.import(log, progress)?;
    gather::gather(&scratch, &rooms.library, log, options, &imported)
}
