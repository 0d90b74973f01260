//! One batch of cases: planned as a whole, carried out in one transaction.

use std::collections::HashMap;

use engine::{
    Committed, Error, ImportedRow, LineChange, Plan, Problem, RecordPlan, Refusal, ReplayCase, plan_case, slot,
};
use model::Value;
use store::{Fault, Session};

use super::ImportError;
use super::convert::{Converting, Misfit};
use super::known::Known;
use super::names::Name;
use super::run::Run;
use crate::case::{SourceCase, SourceRow};
use crate::convert::rfc3339;
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

/// Rows of a case that are not there yet, and how many are.
struct NewRows<'a> {
    rows: Vec<&'a SourceRow>,
    unchanged: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct NewRowCounts {
    created: u64,
    changed: u64,
    touches: u64,
}

impl NewRows<'_> {
    /// By what the source says: a row that says what the one before said is a touch, whatever is derived from its time.
    fn counts(&self, case: &SourceCase, is_new: bool) -> NewRowCounts {
        let mut counts = NewRowCounts { created: u64::from(is_new), ..NewRowCounts::default() };
        let later = self.rows.len() as u64 - counts.created.min(self.rows.len() as u64);
        let first = case.rows.len().saturating_sub(usize::try_from(later).unwrap_or(usize::MAX)).saturating_sub(1);
        let pairs = case.rows.get(first..).unwrap_or_default().windows(2);
        counts.touches =
            pairs.filter(|pair| matches!(pair, [before, after] if after.says_the_same_as(before))).count() as u64;
        counts.changed = later - counts.touches;
        counts
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
            None => NewRows { rows: case.rows.iter().collect(), unchanged: 0 },
        };
        if new.rows.is_empty() {
            return Ok(Outcome::Unchanged(new.unchanged));
        }
        for person in &case.people {
            // Some stand in no field of the record; they are people of the source all the same.
            self.names.id(session, Name::Person(person.clone()))?;
        }
        let state = known.as_ref().and_then(|known| known.record.state()).map(Into::into);
        let mut converting = Converting {
            target: &self.target,
            names: &mut self.names,
            source: &source,
            recorded_at: self.common.recorded_at,
            state,
        };
        let (mut rows, mut deviations) = (Vec::with_capacity(new.rows.len()), 0);
        for (at, row) in new.rows.iter().enumerate() {
            match converting.row(session, case, row, known.is_none() && at == 0)? {
                Ok((row, deviating)) => {
                    deviations += u64::from(deviating);
                    rows.push(row);
                }
                Err(misfit) => return Ok(Outcome::Refused(self.refusal(row, misfit))),
            }
        }
        let gaps = case.gaps || known.as_ref().is_some_and(|k| *k.record.get(slot::GAPS) == Value::Bool(true));
        let counts = new.counts(case, known.is_none());
        let id = known.as_ref().map_or_else(|| self.names.temporary(), |known| known.record.id);
        let external = known.is_none().then(|| (source, case.external_number.to_string()));
        let replay = ReplayCase {
            record_type: self.target.record_type.clone(),
            id,
            before: known.map(|known| known.record),
            external,
            origin: self.origin()?,
            gaps,
            rows,
        };
        self.replay(session, &new, replay, (counts, deviations))
    }

    fn replay(
        &self,
        session: &mut dyn Session,
        new: &NewRows<'_>,
        case: ReplayCase,
        (rows, deviations): (NewRowCounts, u64),
    ) -> Result<Outcome, ImportError> {
        let recorded_at = self.common.recorded_at;
        match plan_case(self.engine, session, &self.importer, recorded_at, case.clone()) {
            Ok((record, imported, _)) => {
                let unchanged = new.unchanged;
                Ok(Outcome::Taken(Box::new(Prepared { record, imported, rows, deviations, unchanged })))
            }
            Err(Error::Fault(fault)) => Err(fault.into()),
            Err(Error::Refused(refusal)) => {
                let at = self.first_refused(session, &case)?;
                let row = new.rows.get(at).or(new.rows.first()).copied();
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

    /// Leaves out what an earlier run took; a contradiction, or a row from before the last one taken, refuses the case.
    fn not_yet_there<'c>(
        &self,
        session: &mut dyn Session,
        known: &Known,
        case: &'c SourceCase,
    ) -> Result<Result<NewRows<'c>, Refused>, Fault> {
        let mut new = NewRows { rows: Vec::new(), unchanged: 0 };
        let mut place = 0;
        for row in &case.rows {
            match known.rows.get(&row.identity.to_string()) {
                Some(hash) if *hash != row.content_hash => {
                    let (field, message) = super::conflict::describe(session, &self.target, known, row, place)?;
                    return Ok(Err(self.refusal(row, Misfit::new(&field, "conflict", message))));
                }
                Some(_) => {
                    if let Some(early) = new.rows.first().copied() {
                        return Ok(Err(
                            self.refusal(early, late(early, "a row that was imported before stands after it"))
                        ));
                    }
                    new.unchanged += 1;
                    place += 1;
                }
                None => new.rows.push(row),
            }
        }
        let since = known.stands_since();
        match new.rows.first().copied().filter(|row| row.effective < since) {
            Some(early) => {
                let why = format!("the record stands as of {} already", rfc3339(since));
                Ok(Err(self.refusal(early, late(early, &why))))
            }
            None => Ok(Ok(new)),
        }
    }

    fn refusal(&self, row: &SourceRow, misfit: Misfit) -> Refused {
        let file = self.log.files().get(row.file as usize).map_or_else(String::new, |file| file.name.clone());
        let column = self.log.mapping().column_of(&misfit.field).unwrap_or(&misfit.field).to_owned();
        Refused { file, row: row.row, field: column, code: misfit.code.to_owned(), message: misfit.message }
    }
}

fn late(row: &SourceRow, why: &str) -> Misfit {
    let message = format!("row {} is new, of {}, and comes too late: {why}", row.identity, rfc3339(row.happened));
    Misfit::new("happened", "late", message)
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
