//! What the standard asks, what the organisation decides about it, and what its records show: the catalogue of
//! requirements, the settings without which a check has no measure, the checks, and the statuses that follow. Must never
//! hold a sentence of the standard: all texts are our own. It knows no single record type by name, apart from those in
//! which people state their judgement.

pub mod catalogue;
pub mod checks;
pub mod decide;
mod error;
mod evidence;
mod exceptions;
pub mod figures;
mod file;
mod follow;
mod house;
mod judge;
mod library;
mod question;
mod rules_then;
mod scan;
pub mod settings;
mod snapshots;
mod stated;
mod status;
mod view;

pub use error::Error;
pub use evidence::EvidenceRow;
pub use exceptions::{ExceptionRow, Exceptions};
pub use figures::{FigureRow, Figures};
pub use file::LoadError;
pub use house::{Conformity, Library};
pub use judge::{Judgement, Nil};
pub use library::{RuleTexts, registry};
pub use question::Question;
pub use rules_then::Overlay;
pub use scan::{Counts, Verdict};
pub use snapshots::Snapshot;
pub use stated::{Assessment, NilReturn};
pub use status::{CheckStatus, Grade, Status};
pub use view::{AssessmentRow, CheckDetail, CheckRow, ClauseRow, MonthRow, RequirementRow, RequirementView};
