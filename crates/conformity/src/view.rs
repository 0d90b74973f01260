//! Answers, in the form in which REST, the command line and pages show them.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::checks::Check;
use crate::question::{Frame, date, rfc3339};
use crate::scan::{Counts, Months};
use crate::stated::Assessment;
use crate::status::{CheckStatus, Grade, Status};

/// One check over one period: a row of `vouch check --format json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    pub check: String,
    pub requirement: String,
    pub clause: String,
    pub proves: &'static str,
    pub status: CheckStatus,
    pub population: u64,
    pub passed: u64,
    pub failed: u64,
    pub undetermined: u64,
    /// First day of the period, and the first that is no longer meant.
    pub from: String,
    pub to: String,
    /// As of when, RFC 3339.
    pub cutoff: String,
}

/// A check with its months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckDetail {
    #[serde(flatten)]
    pub row: CheckRow,
    pub months: Vec<MonthRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthRow {
    /// `2026-03`, in the organisation's zone.
    pub month: String,
    pub population: u64,
    pub passed: u64,
    pub failed: u64,
    pub undetermined: u64,
}

/// A requirement in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementRow {
    pub requirement: String,
    pub clause: String,
    pub title: String,
    pub status: Status,
    /// How many checks it has, practice and indicators included.
    pub checks: usize,
}

/// A requirement with all that its status rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementView {
    pub requirement: String,
    pub clause: String,
    pub title: String,
    pub text: String,
    pub status: Status,
    /// The question that is left for a person; empty where records decide.
    pub judgement: String,
    pub checks: Vec<CheckRow>,
    /// What follows from the checks alone; an assessment may say otherwise.
    pub by_rules: Status,
    /// The assessment that counts.
    pub assessment: Option<AssessmentRow>,
    /// All that were made, the latest first.
    pub assessments: Vec<AssessmentRow>,
    /// Numbers of the nil returns that name this requirement.
    pub nil_returns: Vec<String>,
    /// Settings that it needs and nobody has decided.
    pub undecided: Vec<String>,
    pub from: String,
    pub to: String,
    pub cutoff: String,
    /// Hash of this result: an assessment names what was looked at.
    pub shown: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssessmentRow {
    pub number: String,
    pub grade: Grade,
    pub at: String,
    pub expires_on: String,
    pub valid: bool,
    /// The result is another one than the assessor saw.
    pub changed_since: bool,
    /// The grade is another one than the rules give.
    pub differs: bool,
}

/// A clause with the worst of what lies under it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClauseRow {
    pub clause: String,
    pub title: String,
    /// From 0.
    pub depth: usize,
    /// None for a clause that asks nothing.
    pub status: Option<Status>,
    pub requirements: usize,
    /// How many requirements have each status, the worst first; statuses that none has are left out.
    #[serde(serialize_with = "as_object")]
    pub statuses: Vec<(Status, usize)>,
}

fn as_object<S: Serializer>(pairs: &[(Status, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(status, count)| (status.as_str(), count)))
}

/// A check judged over the frame's period.
#[derive(Clone, Debug)]
pub(crate) struct CheckResult {
    pub check: Arc<Check>,
    pub months: Months,
    pub counts: Counts,
    pub status: CheckStatus,
}

impl CheckResult {
    pub fn row(&self, frame: &Frame) -> CheckRow {
        let check = &self.check;
        CheckRow {
            check: check.id.clone(),
            requirement: check.requirement.clone(),
            clause: check.clause.clone(),
            proves: proves(check.proves),
            status: self.status,
            population: self.counts.population(),
            passed: self.counts.passed,
            failed: self.counts.failed,
            undetermined: self.counts.undetermined,
            from: frame.period.from().to_string(),
            to: frame.period.to().to_string(),
            cutoff: rfc3339(frame.at),
        }
    }

    pub fn detail(&self, frame: &Frame) -> CheckDetail {
        let month = |(month, counts): &(String, Counts)| MonthRow {
            month: month.clone(),
            population: counts.population(),
            passed: counts.passed,
            failed: counts.failed,
            undetermined: counts.undetermined,
        };
        CheckDetail { row: self.row(frame), months: self.months.iter().map(month).collect() }
    }
}

fn proves(proves: crate::catalogue::Proves) -> &'static str {
    use crate::catalogue::Proves;
    match proves {
        Proves::Sufficient => "sufficient",
        Proves::Necessary => "necessary",
        Proves::Indicator => "indicator",
        Proves::Nothing => "nothing",
    }
}

impl AssessmentRow {
    pub(crate) fn of(assessment: &Assessment, shown: &str, by_rules: Status) -> Self {
        Self {
            number: assessment.number.clone(),
            grade: assessment.grade,
            at: rfc3339(assessment.at),
            expires_on: date(assessment.expires_on).to_string(),
            valid: assessment.valid,
            changed_since: assessment.shown != shown,
            differs: Status::from(assessment.grade) != by_rules,
        }
    }
}
