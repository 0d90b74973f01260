//! What an import did, in the form that `vouch import --format json` prints, and what it found in the source.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::case::{Case, SourceCase, SourceRow};
use crate::convert::{PersonKey, SourceValue, rfc3339};
use crate::fold::Final;
use crate::log::Log;
use crate::source::FileFacts;
use crate::table::Refused;
use crate::totals::{Totals, TotalsBuilder};

/// So many differing final values are listed, field by field; all are counted.
const DIFFERING_MAX: usize = 1000;

/// The first ten keys are the contract; what follows tells what the source is like.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub rows: u64,
    pub cases: u64,
    /// Records made: one for each case that was not there.
    pub created: u64,
    /// Later rows that changed something.
    pub changed: u64,
    /// Rows that changed nothing and are kept as touches.
    pub touches: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Steps that the life-cycle does not allow.
    pub deviations: u64,
    pub refused: Vec<Refused>,
    pub absent: Vec<String>,
    pub not_taken: Vec<String>,

    /// Records made because rows name them, by type.
    pub named: BTreeMap<String, u64>,
    pub refused_cases: u64,
    /// Rows of refused cases, and those whose case could not be read.
    pub refused_rows: u64,
    /// Of the unchanged rows those whose entries were replaced, since rows that came late change what they say.
    pub told_again: u64,
    pub files: Vec<FileFacts>,
    pub zone: String,
    /// First and last instant of an event, RFC 3339 UTC.
    pub first: Option<String>,
    pub last: Option<String>,
    /// Cases whose history is incomplete.
    pub incomplete_cases: u64,
    /// Rows whose local time did not exist, or occurred twice.
    pub times_moved: u64,
    pub times_twice: u64,
    /// Rows whose state is not what the source wrote, by reason.
    pub flagged: Vec<Flagged>,
    /// The source's final columns held against the events.
    pub finals: Vec<FinalReport>,
    pub people: u64,
    /// Distinct values of each field that names something, and of `state`.
    pub distinct: BTreeMap<String, u64>,
    pub functions: Vec<FunctionReport>,
    pub totals: Totals,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flagged {
    pub reason: String,
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FinalReport {
    pub field: String,
    pub entered: String,
    /// The source's value is another instant than the event's.
    pub differing: u64,
    /// The event is there, the source's value is not.
    pub missing: u64,
    /// The source's value is there, and the events in their order don't explain it.
    pub unexplained: u64,
    /// Those that differ or are unexplained, the first thousand.
    pub listed: Vec<Differing>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differing {
    pub case: String,
    pub source: String,
    pub event: Option<String>,
}

/// Whether a field is a function of others in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionReport {
    pub field: String,
    pub of: Vec<String>,
    pub holds: bool,
    pub table: Vec<FunctionRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionRow {
    pub of: Vec<serde_json::Value>,
    /// More than one: here it is no function.
    pub values: Vec<ValueCount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    pub value: serde_json::Value,
    pub rows: u64,
}

/// Collects a report while cases go by.
#[derive(Debug)]
pub struct ReportBuilder<'a> {
    log: &'a Log,
    report: Report,
    first: Option<i64>,
    last: Option<i64>,
    people: HashSet<PersonKey>,
    distinct: BTreeMap<Arc<str>, HashSet<Named>>,
    states: BTreeSet<Arc<str>>,
    flagged: BTreeMap<Arc<str>, u64>,
    functions: Vec<Counts>,
    totals: TotalsBuilder,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Named {
    Text(Arc<str>),
    Of(Arc<str>, Arc<str>),
}

/// For each combination of arguments, how often each value occurs. Keys sort as their integers do.
type Counts = BTreeMap<Vec<Cell>, BTreeMap<Cell, u64>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Null,
    Int(i64),
    Text(String),
}

impl Log {
    /// The report of a first import into an empty database, as far as the source alone can tell: life-cycle deviations
    /// are the engine's to count. This is what `--dry-run` and `assess` begin with.
    pub fn survey(&self) -> Report {
        let mut report = ReportBuilder::new(self);
        for case in self.cases() {
            report.observe(&case);
            if let Case::Taken(case) = &case {
                report.count_as_new(case);
            }
        }
        report.finish()
    }
}

impl<'a> ReportBuilder<'a> {
    pub fn new(log: &'a Log) -> Self {
        let report = Report {
            rows: log.rows(),
            cases: log.case_count(),
            created: 0,
            changed: 0,
            touches: 0,
            unchanged: 0,
            deviations: 0,
            refused: log.refused_rows().to_vec(),
            absent: absent(log),
            not_taken: log.not_taken().to_vec(),
            named: BTreeMap::new(),
            refused_cases: 0,
            refused_rows: log.refused_rows().len() as u64,
            told_again: 0,
            files: log.files().to_vec(),
            zone: log.zone().to_owned(),
            first: None,
            last: None,
            incomplete_cases: 0,
            times_moved: 0,
            times_twice: 0,
            flagged: Vec::new(),
            finals: Vec::new(),
            people: 0,
            distinct: BTreeMap::new(),
            functions: Vec::new(),
            totals: Totals::default(),
        };
        Self {
            log,
            report,
            first: None,
            last: None,
            people: HashSet::new(),
            distinct: BTreeMap::new(),
            states: BTreeSet::new(),
            flagged: BTreeMap::new(),
            functions: vec![Counts::new(); log.mapping().functions.len()],
            totals: TotalsBuilder::default(),
        }
    }

    /// The counts that only the importer knows: created, changed, touches, unchanged, deviations, refused.
    pub fn report_mut(&mut self) -> &mut Report {
        &mut self.report
    }

    /// What a case tells about the source; refused ones are counted as refused.
    pub fn observe(&mut self, case: &Case) {
        match case {
            Case::Refused { rows, why, .. } => {
                self.report.refused_cases += 1;
                self.report.refused_rows += rows;
                self.report.refused.extend_from_slice(why);
            }
            Case::Taken(case) => {
                self.report.incomplete_cases += u64::from(case.gaps);
                self.report.unchanged += case.repeated;
                self.people.extend(case.people.iter().cloned());
                let problems = |kind| case.problems.iter().filter(|problem| problem.kind == kind).count() as u64;
                self.report.times_moved += problems(crate::ProblemKind::TimeMoved);
                self.report.times_twice += problems(crate::ProblemKind::TimeTwice);
                for last in &case.finals {
                    self.observe_final(case, last);
                }
                self.totals.observe(self.log.mapping(), case);
                for row in &case.rows {
                    self.observe_row(row);
                }
            }
        }
    }

    fn observe_row(&mut self, row: &SourceRow) {
        self.first = Some(self.first.map_or(row.happened, |first| first.min(row.happened)));
        self.last = Some(self.last.map_or(row.happened, |last| last.max(row.happened)));
        if let Some(state) = row.state.as_ref().filter(|state| !self.states.contains(*state)) {
            self.states.insert(Arc::clone(state));
        }
        if let Some(reason) = &row.deviates {
            *self.flagged.entry(Arc::clone(reason)).or_default() += 1;
        }
        for (key, value) in &row.fields {
            let named: Vec<Named> = named(value);
            if !named.is_empty() {
                self.distinct.entry(Arc::clone(key)).or_default().extend(named);
            }
        }
        for ((field, of), counts) in self.log.mapping().functions.iter().zip(&mut self.functions) {
            let cell =
                |key: &String| row.fields.iter().find(|(known, _)| **known == **key).map_or(Cell::Null, |f| cell(&f.1));
            *counts.entry(of.iter().map(cell).collect()).or_default().entry(cell(field)).or_default() += 1;
        }
    }

    fn observe_final(&mut self, case: &SourceCase, last: &Final) {
        let known = self.report.finals.iter().position(|known| *known.field == *last.field);
        let at = known.unwrap_or_else(|| {
            self.report.finals.push(FinalReport {
                field: last.field.to_string(),
                entered: last.entered.to_string(),
                differing: 0,
                missing: 0,
                unexplained: 0,
                listed: Vec::new(),
            });
            self.report.finals.len() - 1
        });
        let Some(report) = self.report.finals.get_mut(at) else { return };
        report.differing += u64::from(last.differs());
        report.missing += u64::from(last.is_missing());
        report.unexplained += u64::from(last.is_unexplained());
        if (last.differs() || last.is_unexplained()) && report.listed.len() < DIFFERING_MAX {
            report.listed.push(Differing {
                case: case.external_number.to_string(),
                source: match &last.source {
                    SourceValue::Text(text) => text.to_string(),
                    other => other.to_string(),
                },
                event: last.event.map(rfc3339),
            });
        }
    }

    /// Counts a case as one that was not there: its first row makes the record, later ones change it or touch it.
    pub fn count_as_new(&mut self, case: &SourceCase) {
        self.report.created += 1;
        for pair in case.rows.windows(2) {
            let [before, after] = pair else { continue };
            if after.says_the_same_as(before) {
                self.report.touches += 1;
            } else {
                self.report.changed += 1;
            }
        }
    }

    pub fn finish(mut self) -> Report {
        self.report.first = self.first.map(rfc3339);
        self.report.last = self.last.map(rfc3339);
        self.report.people = self.people.len() as u64;
        self.report.distinct =
            self.distinct.iter().map(|(key, values)| (key.to_string(), values.len() as u64)).collect();
        if !self.states.is_empty() {
            self.report.distinct.insert("state".to_owned(), self.states.len() as u64);
        }
        let flagged = self.flagged.iter();
        self.report.flagged =
            flagged.map(|(reason, rows)| Flagged { reason: reason.to_string(), rows: *rows }).collect();
        self.report.totals = self.totals.finish();
        let functions = self.log.mapping().functions.iter().zip(self.functions);
        self.report.functions = functions.map(|((field, of), counts)| function_report(field, of, counts)).collect();
        self.report
    }
}

/// Fields of the record, and kinds of records. One name can be both (a customer); it is said once.
fn absent(log: &Log) -> Vec<String> {
    let mut absent = log.absent().to_vec();
    absent.extend(log.mapping().absent_types.iter().filter(|name| !log.absent().contains(name)).cloned());
    absent
}

fn function_report(field: &str, of: &[String], counts: Counts) -> FunctionReport {
    let holds = counts.values().all(|values| values.len() == 1);
    let row = |(of, values): (Vec<Cell>, BTreeMap<Cell, u64>)| FunctionRow {
        of: of.into_iter().map(json).collect(),
        values: values.into_iter().map(|(value, rows)| ValueCount { value: json(value), rows }).collect(),
    };
    FunctionReport { field: field.to_owned(), of: of.to_vec(), holds, table: counts.into_iter().map(row).collect() }
}

fn named(value: &SourceValue) -> Vec<Named> {
    match value {
        SourceValue::ListValue { label: name, .. }
        | SourceValue::Named { name, .. }
        | SourceValue::Person(PersonKey { name, .. }) => vec![Named::Text(Arc::clone(name))],
        SourceValue::References(references) => {
            references.iter().map(|r| Named::Of(Arc::clone(&r.kind), Arc::clone(&r.key))).collect()
        }
        _ => Vec::new(),
    }
}

fn cell(value: &SourceValue) -> Cell {
    match value {
        SourceValue::Null => Cell::Null,
        SourceValue::Int(number) => Cell::Int(*number),
        SourceValue::Text(text) | SourceValue::ListValue { label: text, .. } => Cell::Text(text.to_string()),
        other => Cell::Text(other.to_string()),
    }
}

fn json(cell: Cell) -> serde_json::Value {
    match cell {
        Cell::Null => serde_json::Value::Null,
        Cell::Int(number) => number.into(),
        Cell::Text(text) => text.into(),
    }
}
