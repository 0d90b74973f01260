//! The throw-away database: a clock that stands at the end of the file, and the stated settings in force from the days
//! that the assessor names, before the first row is replayed.

use std::sync::Arc;

use calendar::{Period, Zone};
use conformity::decide::{Decision, decide};
use conformity::settings::{Registry, StatedSetting, in_force};
use engine::{Channel, Engine, Error, ManualClock, Principal, Refusal};
use exchange::{Case, ImportOptions, Log, Progress, Report};
use store::Location;
use tempfile::TempDir;

use crate::{AssessError, Rooms};

/// From when a setting holds that the assessor states without a day: before any event that a log can hold.
const EVER: i64 = -9_000_000_000_000_000;
const ZONE: &str = "organization.zone";
const REASON: &str = "stated by the assessor";

pub(crate) struct Scratch {
    pub engine: Arc<Engine>,
    pub zone: Zone,
    pub period: Period,
    /// The cut-off, µs UTC.
    pub at: i64,
    /// Deleted with everything in it.
    _folder: TempDir,
}

impl Scratch {
    pub fn open(rooms: &Rooms, log: &Log, stated: &[StatedSetting]) -> Result<Self, AssessError> {
        let (first, last) = span(log)?;
        let zone = zone(stated, last)?;
        let period = Period::spanning(first, last, &zone);
        let at = zone.start_of_day(period.to());
        let folder = tempfile::Builder::new().prefix("vouch-assess-").tempdir().map_err(AssessError::Folder)?;
        let engine = Engine::open(engine::Options {
            location: Location::SqliteScratch(folder.path().join("vouch.db")),
            signer: None,
            model: rooms.model.clone(),
            model_text: rooms.model_text.clone(),
            behaviours: rooms.behaviours.clone(),
            clock: Arc::new(ManualClock::at(at)),
            entropy: rooms.entropy.clone(),
            demonstration: false,
        })?;
        let scratch = Self { engine: Arc::new(engine), zone, period, at, _folder: folder };
        scratch.state(&rooms.library.settings, stated)?;
        Ok(scratch)
    }

    fn state(&self, registry: &Registry, stated: &[StatedSetting]) -> Result<(), AssessError> {
        let assessor = Arc::new(Principal::system());
        for one in stated {
            let decision = Decision {
                key: one.key.clone(),
                value: one.value.clone(),
                from: Some(one.from.map_or(EVER, |day| self.zone.start_of_day(day))),
                reason: REASON.to_owned(),
            };
            let decided = decide(&self.engine, registry, &assessor, Channel::CommandLine, &decision);
            decided.map_err(|error| refused(&one.key, error))?;
        }
        Ok(())
    }

    pub fn import(&self, log: &Log, progress: &mut dyn FnMut(Progress)) -> Result<Report, AssessError> {
        let importer = Arc::new(Principal::system());
        Ok(exchange::import(&self.engine, importer, log, &ImportOptions::default(), progress)?)
    }
}

fn refused(key: &str, error: Error) -> AssessError {
    let why = match error {
        Error::Fault(fault) => return fault.into(),
        Error::Refused(Refusal::Invalid(problems)) => {
            problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ")
        }
        Error::Refused(other) => format!("{other:?}"),
    };
    AssessError::Setting { key: key.to_owned(), why }
}

/// First and last instant of the rows that can be read.
fn span(log: &Log) -> Result<(i64, i64), AssessError> {
    let (mut span, mut refused): (Option<(i64, i64)>, Option<String>) = (None, None);
    for case in log.cases() {
        match case {
            Case::Taken(case) => {
                for row in &case.rows {
                    let (first, last) = span.unwrap_or((row.happened, row.happened));
                    span = Some((first.min(row.happened), last.max(row.happened)));
                }
            }
            Case::Refused { why, .. } => {
                let first = why.first().map(|why| format!("{}, line {}: {}", why.file, why.row, why.message));
                refused = refused.or(first);
            }
        }
    }
    span.ok_or_else(|| AssessError::Nothing { first: refused.unwrap_or_else(|| "it has no rows".to_owned()) })
}

/// The zone in which the organisation's days begin: as stated for the end of the file, UTC where nothing is stated.
fn zone(stated: &[StatedSetting], last: i64) -> Result<Zone, AssessError> {
    let day = Zone::utc().local_day(last);
    match in_force(stated, ZONE, day).and_then(|one| one.value.as_str()) {
        None => Ok(Zone::utc()),
        Some(name) => Zone::named(name).map_err(|e| AssessError::Setting { key: ZONE.to_owned(), why: e.to_string() }),
    }
}
