//! What people state about requirements: assessments, and nil returns. Both are records with history; here they are only
//! read, as they were at the time that is asked about.

use std::collections::HashMap;

use engine::Time;
use store::schema::quoted;
use store::{Param, Session};

use crate::Error;
use crate::question::Frame;
use crate::status::Grade;

/// A person's judgement of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    pub number: String,
    pub grade: Grade,
    pub by: Option<i64>,
    /// When it was recorded, in microseconds.
    pub at: i64,
    /// The last day on which it counts.
    pub expires_on: i64,
    /// Hash of the result that was looked at.
    pub shown: String,
    /// Not yet expired at the cut-off.
    pub valid: bool,
}

/// A statement that nothing of the kind happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NilReturn {
    pub number: String,
    /// First day, and the first that is no longer meant.
    pub days: (i64, i64),
}

/// All statements, by requirement, the latest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stated {
    assessments: HashMap<String, Vec<Assessment>>,
    nil_returns: HashMap<String, Vec<NilReturn>>,
}

impl Stated {
    pub fn read(session: &mut dyn Session, frame: &Frame) -> Result<Self, Error> {
        let mut stated = Self::default();
        let columns = "number, requirement, grade, created_by, recorded_at, expires_on, shown";
        select(session, "assessment", columns, frame.time, &mut |row| {
            let Some(grade) = row.text(2)?.and_then(Grade::named) else { return Ok(()) };
            let expires_on = row.int(5)?.unwrap_or(i64::MIN);
            let one = Assessment {
                number: row.need_text(0)?.to_owned(),
                grade,
                by: row.int(3)?,
                at: row.need_int(4)?,
                expires_on,
                shown: row.text(6)?.unwrap_or_default().to_owned(),
                valid: expires_on >= frame.cx.today,
            };
            stated.assessments.entry(row.text(1)?.unwrap_or_default().to_owned()).or_default().push(one);
            Ok(())
        })?;
        select(session, "nil_return", "number, requirement, \"from\", \"to\"", frame.time, &mut |row| {
            let (Some(from), Some(to)) = (row.int(2)?, row.int(3)?) else { return Ok(()) };
            let one = NilReturn { number: row.need_text(0)?.to_owned(), days: (from, to) };
            stated.nil_returns.entry(row.text(1)?.unwrap_or_default().to_owned()).or_default().push(one);
            Ok(())
        })?;
        Ok(stated)
    }

    pub fn assessments(&self, requirement: &str) -> &[Assessment] {
        self.assessments.get(requirement).map_or(&[], Vec::as_slice)
    }

    pub fn nil_returns(&self, requirement: &str) -> &[NilReturn] {
        self.nil_returns.get(requirement).map_or(&[], Vec::as_slice)
    }

    /// The one that counts: the latest that has not expired.
    pub fn valid(&self, requirement: &str) -> Option<&Assessment> {
        self.assessments(requirement).iter().find(|assessment| assessment.valid)
    }

    /// Whether nil returns cover every day of the period up to the cut-off.
    pub fn is_nil(&self, requirement: &str, frame: &Frame) -> bool {
        let period = frame.clipped();
        let mut spans: Vec<(i64, i64)> = self.nil_returns(requirement).iter().map(|nil| nil.days).collect();
        spans.sort_unstable();
        let mut covered = period.start_day;
        for (from, to) in spans {
            if from > covered {
                break;
            }
            covered = covered.max(to);
        }
        covered >= period.end_day && period.start_day < period.end_day
    }
}

fn select(
    session: &mut dyn Session,
    record_type: &str,
    columns: &str,
    time: Time,
    each: &mut dyn FnMut(&dyn store::Row) -> Result<(), store::Fault>,
) -> Result<(), Error> {
    match time {
        Time::Live => {
            let sql = format!("SELECT {columns} FROM {} ORDER BY id DESC", quoted(record_type));
            session.query(&sql, &[], each)?;
        }
        Time::At { valid, known } => {
            let sql = format!(
                "SELECT {columns} FROM {} WHERE valid_from <= ? AND valid_to > ? AND known_from <= ? AND known_to > ? ORDER BY id DESC",
                quoted(&format!("{record_type}_v"))
            );
            session.query(&sql, &[valid, valid, known, known].map(Param::Int), each)?;
        }
    }
    Ok(())
}
