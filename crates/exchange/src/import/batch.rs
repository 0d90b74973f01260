//! One batch of cases: planned as a whole, carried out in one transaction.

use std::collections::HashMap;

use engine::{
    Committed, Error, ImportedRow, LineChange, Plan, Problem, RecordPlan, Refusal, ReplayCase, plan_case,
    plan_late_rows, slot,
};
use model::Value;
use store::{Fault, Session};

use super::ImportError;
use super::convert::{Converting, Misfit};
use super::known::Known;
use super::names::Name;
use super::run::Run;
use crate::case::{SourceCase, SourceRow};
use crate::convert::SourceValue;
use crate::table::Refused;

/// Cases, and what is to be written for them.
pub(super) struct Batch {
    pub cases: Vec<SourceCase>,
    pub plan: Plan,
    /// What the cases name for the first time, with temporary ids.
    pub fresh: Vec<(Name, i64)>,
    pub tally: Tally,
}

/// What the report counts of a batch, once it is in.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub created: u64,
    pub changed: u64,
    pub touches: u64,
    pub unchanged: u64,
    pub deviations: u64,
    pub refused: Vec<Refused>,
    pub refused_cases: u64,
    pub refused_rows: u64,
}

/// A case ready to be written.
struct Prepared {
    record: RecordPlan,
    imported: Vec<ImportedRow>,
    rows: NewRowCounts,
    deviations: u64,
    unchanged: u64,
}

/// What became of a case.
enum Outcome {
    Taken(Box<Prepared>),
    /// Every row was there.
    Unchanged(u64),
    Refused(Refused),
}

/// Which rows of a case are not there yet, and how many are.
struct NewRows {
    /// Places among the case's rows.
    new: Vec<usize>,
    unchanged: u64,
    /// Some come before rows, or before an instant, that was taken already.
    late: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct NewRowCounts {
    created: u64,
    changed: u64,
    touches: u64,
}

impl NewRows {
    /// By what the source says: a row that says what the one before said is a touch, whatever is derived from its time.
    fn counts(&self, case: &SourceCase, is_new: bool) -> NewRowCounts {
        let touch = |place: &&usize| {
            let before = place.checked_sub(1).and_then(|before| case.rows.get(before));
            before.zip(case.rows.get(**place)).is_some_and(|(before, row)| row.says_the_same_as(before))
        };
        let created = u64::from(is_new);
        let touches = self.new.iter().filter(touch).count() as u64;
        NewRowCounts { created, touches, changed: self.new.len() as u64 - created - touches }
    }
}

impl Run<'_> {
    pub(super) fn plan_batch(
        &mut self,
        session: &mut dyn Session,
        cases: Vec<SourceCase>,
    ) -> Result<Batch, ImportError> {
        let (mut records, mut imported, mut tally) = (Vec::new(), Vec::new(), Tally::default());
        for case in &cases {
            let mark = self.names.mark();
            match self.take(session, case)? {
                Outcome::Taken(prepared) => {
                    tally.created += prepared.rows.created;
                    tally.changed += prepared.rows.changed;
                    tally.touches += prepared.rows.touches;
                    tally.deviations += prepared.deviations;
                    tally.unchanged += prepared.unchanged;
                    records.push(prepared.record);
                    imported.extend(prepared.imported);
                }
                Outcome::Unchanged(rows) => tally.unchanged += rows,
                Outcome::Refused(why) => {
                    self.names.back_to(mark);
                    tally.refused.push(why);
                    tally.refused_cases += 1;
                    tally.refused_rows += case.rows.len() as u64;
                }
            }
        }
        let fresh = self.names.take_fresh();
        let mut plan = Plan { records: Vec::with_capacity(fresh.len() + records.len()), imported, ..Plan::default() };
        for named in &fresh {
            let origin = self.origin()?;
            plan.records.extend(self.names.plan(session, self.engine.model(), named, origin)?);
        }
        plan.records.append(&mut records);
        Ok(Batch { cases, plan, fresh, tally })
    }

    fn take(&mut self, session: &mut dyn Session, case: &SourceCase) -> Result<Outcome, ImportError> {
        let source = self.common.source.clone();
        let known = Known::find(session, &self.target.record_type, &source, &case.external_number)?;
        let new = match &known {
            Some(known) => match self.not_yet_there(session, known, case)? {
                Ok(new) => new,
                Err(why) => return Ok(Outcome::Refused(why)),
            },
            None => NewRows { new: (0..case.rows.len()).collect(), unchanged: 0, late: false },
        };
        if new.new.is_empty() {
            return Ok(Outcome::Unchanged(new.unchanged));
        }
        for person in &case.people {
            // Some stand in no field of the record; they are people of the source all the same.
            self.names.id(session, Name::Person(person.clone()))?;
        }
        // Late rows are understood from the whole case; others from where the record stands.
        let (from, state) = match &known {
            Some(known) if !new.late => (new.new.first().copied().unwrap_or(0), known.record.state().map(Into::into)),
            _ => (0, None),
        };
        let mut converting = Converting {
            target: &self.target,
            names: &mut self.names,
            source: &source,
            recorded_at: self.common.recorded_at,
            state,
        };
        let (mut rows, mut deviations) = (Vec::with_capacity(case.rows.len()), 0);
        for (place, row) in case.rows.iter().enumerate().skip(from) {
            match converting.row(session, case, row, place == 0)? {
                Ok((converted, deviating)) => {
                    deviations += u64::from(deviating && new.new.contains(&place));
                    rows.push(converted);
                }
                Err(misfit) => return Ok(Outcome::Refused(self.refusal(row, misfit))),
            }
        }
        let gapped = known.as_ref().is_some_and(|k| *k.record.get(slot::GAPS) == Value::Bool(true));
        let id = known.as_ref().map_or_else(|| self.names.temporary(), |known| known.record.id);
        let external = known.is_none().then(|| (source, case.external_number.to_string()));
        let counts = new.counts(case, known.is_none());
        let replay = ReplayCase {
            record_type: self.target.record_type.clone(),
            id,
            before: known.map(|known| known.record),
            external,
            origin: self.origin()?,
            // A hole may have been filled by the rows that came late: then the whole case says whether one is left.
            gaps: case.gaps || (gapped && !new.late),
            rows,
        };
        let planned = if new.late {
            let known: Vec<bool> = (0..case.rows.len()).map(|place| !new.new.contains(&place)).collect();
            plan_late_rows(self.engine, session, &self.importer, self.common.recorded_at, replay.clone(), &known)
        } else {
            let planned = plan_case(self.engine, session, &self.importer, self.common.recorded_at, replay.clone());
            planned.map(|(record, imported, _)| (record, imported))
        };
        match planned {
            Ok((record, imported)) => {
                let unchanged = new.unchanged;
                Ok(Outcome::Taken(Box::new(Prepared { record, imported, rows: counts, deviations, unchanged })))
            }
            Err(Error::Fault(fault)) => Err(fault.into()),
            Err(Error::Refused(refusal)) => {
                let place = if new.late { 0 } else { self.first_refused(session, &replay)? };
                let row = new.new.get(place).or(new.new.first()).and_then(|place| case.rows.get(*place));
                let misfit = misfit_of(&refusal);
                row.map(|row| Outcome::Refused(self.refusal(row, misfit)))
                    .ok_or_else(|| ImportError::Fault(Fault::database("a case without rows was refused")))
            }
        }
    }

    /// Which row the engine refuses: the last of the shortest beginning that it does not take.
    fn first_refused(&self, session: &mut dyn Session, case: &ReplayCase) -> Result<usize, Fault> {
        for at in 0..case.rows.len() {
            let mut beginning = case.clone();
            beginning.rows.truncate(at + 1);
            match plan_case(self.engine, session, &self.importer, self.common.recorded_at, beginning) {
                Ok(_) => {}
                Err(Error::Refused(_)) => return Ok(at),
                Err(Error::Fault(fault)) => return Err(fault),
            }
        }
        Ok(0)
    }

    /// Leaves out what an earlier run took; a contradiction refuses the case, and so do late rows where the file lacks
    /// some of those taken before, since then nobody can tell where among them they belong.
    fn not_yet_there(
        &self,
        session: &mut dyn Session,
        known: &Known,
        case: &SourceCase,
    ) -> Result<Result<NewRows, Refused>, Fault> {
        let since = known.stands_since();
        let mut new = NewRows { new: Vec::new(), unchanged: 0, late: false };
        for (place, row) in case.rows.iter().enumerate() {
            match known.rows.get(&row.identity.to_string()) {
                Some(hash) if *hash != row.content_hash => {
                    let taken = usize::try_from(new.unchanged).unwrap_or(usize::MAX);
                    let (field, message) = super::conflict::describe(session, &self.target, known, row, taken)?;
                    return Ok(Err(self.refusal(row, Misfit::new(&field, "conflict", message))));
                }
                Some(_) => {
                    new.late |= !new.new.is_empty();
                    new.unchanged += 1;
                }
                None => {
                    new.late |= row.effective < since;
                    new.new.push(place);
                }
            }
        }
        let lacking = (known.rows.len() as u64).saturating_sub(new.unchanged);
        match new.new.first().and_then(|place| case.rows.get(*place)).filter(|_| new.late && lacking > 0) {
            Some(row) => {
                let why = format!(
                    "row {} comes late, and this file lacks {lacking} rows that were imported before: \
                     expected an export of the whole case",
                    row.identity
                );
                Ok(Err(self.refusal(row, Misfit::new("happened", "late", why))))
            }
            None => {
                // An end that the rows taken before seemed to explain, and later ones do: the past shows it no more.
                new.late = new.late
                    || (lacking == 0 && self.an_end_moved(known, case, &new) && !known.is_worked_on(session)?);
                Ok(Ok(new))
            }
        }
    }

    /// Whether the record shows a final value that, by the whole case, had not come yet after the rows taken before.
    fn an_end_moved(&self, known: &Known, case: &SourceCase, new: &NewRows) -> bool {
        let taken = new.new.first().and_then(|first| first.checked_sub(1)).and_then(|last| case.rows.get(last));
        let finals = self.log.mapping().fields.iter().filter(|rule| rule.entered.is_some());
        taken.is_some_and(|row| {
            finals.filter_map(|rule| self.target.place(&rule.key)).any(|place| {
                let key = known.record.record_type.fields.get(place.slot).map_or("", |field| &field.key);
                let says = row.fields.iter().find(|(field, _)| **field == *key);
                says.is_some_and(|(_, value)| *value == SourceValue::Null) && !known.record.get(place.slot).is_null()
            })
        })
    }

    fn refusal(&self, row: &SourceRow, misfit: Misfit) -> Refused {
        let file = self.log.files().get(row.file as usize).map_or_else(String::new, |file| file.name.clone());
        let column = self.log.mapping().column_of(&misfit.field).unwrap_or(&misfit.field).to_owned();
        Refused { file, row: row.row, field: column, code: misfit.code.to_owned(), message: misfit.message }
    }
}

fn misfit_of(refusal: &Refusal) -> Misfit {
    match refusal {
        Refusal::Invalid(problems) => match problems.first() {
            Some(Problem { field, code, message }) => Misfit::new(field, code, message.clone()),
            None => Misfit::new("", "refused", "the record would not be valid"),
        },
        other => Misfit::new("", "refused", format!("{other:?}")),
    }
}

/// Real ids for those that a batch before this one has been given in the meantime.
pub(super) fn settle(plan: &mut Plan, real: &HashMap<i64, i64>) {
    let place = |id: &mut i64| {
        if let Some(known) = real.get(id) {
            *id = *known;
        }
    };
    let value = |value: &mut Value| {
        if let Value::Link(id) = value {
            place(id);
        }
    };
    for entry in plan.records.iter_mut().flat_map(|record| &mut record.entries) {
        entry.on_behalf.iter_mut().for_each(place);
        entry.changes.iter_mut().for_each(|(_, changed)| value(changed));
        for line in &mut entry.lines {
            if let LineChange::Add { values, by, .. } = line {
                by.iter_mut().for_each(place);
                values.iter_mut().for_each(value);
            }
        }
    }
}

/// Temporary to real, for the records that came to be.
pub(super) fn real_ids(committed: &Committed) -> HashMap<i64, i64> {
    committed.created.iter().map(|(temporary, real, _)| (*temporary, *real)).collect()
}
