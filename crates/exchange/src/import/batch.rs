//! One batch of cases: planned as a whole, carried out in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{
    Committed, Error, Further, ImportedRow, LineChange, Plan, Problem, RecordPlan, Refusal, ReplayCase, ReplayRow,
    plan_case, plan_further, slot,
};
use model::Value;
use store::{Fault, Session};

use super::ImportError;
use super::convert::{Converting, Misfit};
use super::known::Known;
use super::names::Name;
use super::run::Run;
use crate::case::{SourceCase, SourceRow};
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
    pub told_again: u64,
    pub refused: Vec<Refused>,
    pub refused_cases: u64,
    pub refused_rows: u64,
}

/// A case ready to be written.
struct Prepared {
    record: RecordPlan,
    imported: Vec<ImportedRow>,
    rows: NewRowCounts,
    unchanged: u64,
    told_again: u64,
}

/// What became of a case.
enum Outcome {
    Taken(Box<Prepared>),
    /// Every row was there.
    Unchanged(u64),
    Refused(Refused),
}

/// Rows ready to be replayed, and the places of those whose step is against the life-cycle.
type Converted = (Vec<ReplayRow>, Vec<usize>);

/// Which rows of a case are not there yet, and how many are.
struct NewRows {
    /// Places among the case's rows.
    new: Vec<usize>,
    unchanged: u64,
    /// The file has all rows that were taken before.
    whole: bool,
}

impl NewRows {
    fn first(&self) -> usize {
        self.new.first().copied().unwrap_or(0)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct NewRowCounts {
    created: u64,
    changed: u64,
    touches: u64,
    deviations: u64,
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
        NewRowCounts { created, touches, changed: self.new.len() as u64 - created - touches, deviations: 0 }
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
                    tally.deviations += prepared.rows.deviations;
                    tally.unchanged += prepared.unchanged;
                    tally.told_again += prepared.told_again;
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
        if !records.is_empty() {
            self.begin_names_earlier(session)?;
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
            None => NewRows { new: (0..case.rows.len()).collect(), unchanged: 0, whole: true },
        };
        if new.new.is_empty() {
            return Ok(Outcome::Unchanged(new.unchanged));
        }
        for person in &case.people {
            // Some stand in no field of the record; they are people of the source all the same.
            self.names.id(session, Name::Person(person.clone()))?;
        }
        let gapped = known.as_ref().is_some_and(|known| *known.record.get(slot::GAPS) == Value::Bool(true));
        let mut replay = ReplayCase {
            record_type: self.target.record_type.clone(),
            id: known.as_ref().map_or_else(|| self.names.temporary(), |known| known.record.id),
            external: known.is_none().then(|| (source, case.external_number.to_string())),
            before: known.map(|known| known.record),
            origin: self.origin()?,
            gaps: case.gaps || (gapped && !new.whole),
            rows: Vec::new(),
        };
        let mut counts = new.counts(case, replay.before.is_none());
        if new.whole {
            match self.convert(session, case, 0, None)? {
                Ok((rows, deviating)) => {
                    counts.deviations = deviating.iter().filter(|place| new.new.contains(place)).count() as u64;
                    replay.rows = rows;
                }
                Err(why) => return Ok(Outcome::Refused(why)),
            }
        }
        if new.whole && replay.before.is_some() {
            let known: Vec<bool> = (0..case.rows.len()).map(|place| !new.new.contains(&place)).collect();
            let (engine, recorded_at) = (self.engine, self.common.recorded_at);
            match plan_further(engine, session, &self.importer, recorded_at, &replay, &known) {
                Ok(Further::After) => {}
                Ok(Further::Again { plan: record, imported, told_again }) => {
                    let unchanged = new.unchanged;
                    let prepared = Prepared { record, imported, rows: counts, unchanged, told_again };
                    return Ok(Outcome::Taken(Box::new(prepared)));
                }
                Err(Error::Fault(fault)) => return Err(fault.into()),
                Err(Error::Refused(refusal)) => return self.refused_at(case, new.first(), &refusal),
            }
        }
        if let Some(before) = &replay.before {
            // What goes on goes on from where the record stands, wherever the source left it.
            match self.convert(session, case, new.first(), before.state().map(Into::into))? {
                Ok((rows, deviating)) => {
                    counts.deviations = deviating.len() as u64;
                    replay.rows = rows;
                }
                Err(why) => return Ok(Outcome::Refused(why)),
            }
        }
        self.replay(session, case, &new, replay, counts)
    }

    /// The case's rows from this place on, with the places of those whose step is against the life-cycle.
    fn convert(
        &mut self,
        session: &mut dyn Session,
        case: &SourceCase,
        from: usize,
        state: Option<Arc<str>>,
    ) -> Result<Result<Converted, Refused>, Fault> {
        let source = self.common.source.clone();
        let mut converting = Converting {
            target: &self.target,
            names: &mut self.names,
            source: &source,
            recorded_at: self.common.recorded_at,
            state,
        };
        let (mut rows, mut deviating) = (Vec::with_capacity(case.rows.len()), Vec::new());
        for (place, row) in case.rows.iter().enumerate().skip(from) {
            match converting.row(session, case, row, place == 0)? {
                Ok((converted, deviates)) => {
                    deviating.extend(deviates.then_some(place));
                    rows.push(converted);
                }
                Err(misfit) => return Ok(Err(self.refusal(row, misfit))),
            }
        }
        Ok(Ok((rows, deviating)))
    }

    fn replay(
        &self,
        session: &mut dyn Session,
        case: &SourceCase,
        new: &NewRows,
        replay: ReplayCase,
        rows: NewRowCounts,
    ) -> Result<Outcome, ImportError> {
        let recorded_at = self.common.recorded_at;
        match plan_case(self.engine, session, &self.importer, recorded_at, replay.clone()) {
            Ok((record, imported, _)) => {
                let unchanged = new.unchanged;
                Ok(Outcome::Taken(Box::new(Prepared { record, imported, rows, unchanged, told_again: 0 })))
            }
            Err(Error::Fault(fault)) => Err(fault.into()),
            Err(Error::Refused(refusal)) => {
                let at = self.first_refused(session, &replay)?;
                self.refused_at(case, new.first() + at, &refusal)
            }
        }
    }

    fn refused_at(&self, case: &SourceCase, place: usize, refusal: &Refusal) -> Result<Outcome, ImportError> {
        let row = case.rows.get(place).or(case.rows.first());
        let row = row.ok_or_else(|| Fault::database("a case without rows was refused"))?;
        Ok(Outcome::Refused(self.refusal(row, misfit_of(refusal))))
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

    /// Leaves out what an earlier run took. A contradiction refuses the case, and so does a row from among those taken
    /// before in a file that lacks some of them: nobody can tell where it belongs.
    fn not_yet_there(
        &self,
        session: &mut dyn Session,
        known: &Known,
        case: &SourceCase,
    ) -> Result<Result<NewRows, Refused>, Fault> {
        let mut new = NewRows { new: Vec::new(), unchanged: 0, whole: true };
        let (since, mut late) = (known.stands_since(), None);
        for (place, row) in case.rows.iter().enumerate() {
            match known.rows.get(&row.identity.to_string()) {
                Some(hash) if *hash != row.content_hash => {
                    let taken = usize::try_from(new.unchanged).unwrap_or(usize::MAX);
                    let (field, message) = super::conflict::describe(session, &self.target, known, row, taken)?;
                    return Ok(Err(self.refusal(row, Misfit::new(&field, "conflict", message))));
                }
                Some(_) => {
                    late = late.or_else(|| new.new.first().and_then(|first| case.rows.get(*first)));
                    new.unchanged += 1;
                }
                None => {
                    late = late.or_else(|| Some(row).filter(|row| row.effective < since));
                    new.new.push(place);
                }
            }
        }
        let lacking = (known.rows.len() as u64).saturating_sub(new.unchanged);
        // A record that was only named until now, and is now told of, goes on from there.
        let only_named = known.rows.is_empty() && late.is_none();
        new.whole = lacking == 0 && !only_named;
        match late.filter(|_| !new.whole) {
            Some(row) => {
                let why = format!(
                    "row {} comes late, and this file lacks {lacking} rows that were imported before: \
                     expected an export of the whole case",
                    row.identity
                );
                Ok(Err(self.refusal(row, Misfit::new("happened", "late", why))))
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
