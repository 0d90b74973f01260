//! Rows of a source that come late: a later export has them among, or before, rows that were taken already.
//!
//! The whole case is replayed in memory as the source now tells it. What that says at each instant is held against what
//! the record's entries fold to, and the difference is appended: an entry for each late row, and where a row that was
//! taken before no longer says what then held (it said nothing new then, and does now), an entry that restates it.
//! Nothing that was written changes, so what was known before stays known as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Slot, Value};
use store::{Param, Session};

use crate::command::{Act, Command, Input};
use crate::engine::Engine;
use crate::opening;
use crate::pipeline::Cx;
use crate::plan::{Channel, EntryKind, EntryPlan, ImportedRow, LineChange, RecordPlan, StepPlan};
use crate::principal::Principal;
use crate::record::{Record, Time, load, load_lines, slot};
use crate::refusal::{Error, Refusal, invalid};
use crate::replay::{Lines, ReplayCase, ReplayRow, Row, draft_row};

const REASON: &str = "a later export has rows from before this one";

/// Plans the late rows of a case whose record stands: `case.rows` are all of its rows in order, `known` says which of
/// them were taken before.
///
/// # Errors
/// Refused with the code `late`: where the record was worked on here since, so that its past is not the source's alone
/// any more, and where a row comes before the one that the record began with.
pub fn plan_late_rows(
    engine: &Engine,
    session: &mut dyn Session,
    importer: &Arc<Principal>,
    recorded_at: i64,
    case: ReplayCase,
    known: &[bool],
) -> Result<(RecordPlan, Vec<ImportedRow>), Error> {
    let Some(standing) = case.before.clone() else { return Err(Refusal::NotFound.into()) };
    let began = began(session, &standing)?;
    let first = case.rows.first().map_or(i64::MIN, |row| row.happened_at);
    if known.first() != Some(&true) || first < began {
        return Err(late("it comes before the row that the record began with"));
    }
    let states = states(engine, session, importer, recorded_at, &case)?;
    let mut past = Past::read(session, &standing, recorded_at, &case)?;
    let mut entries = Vec::new();
    for at in past.instants(&case) {
        let Some(last) = case.rows.partition_point(|row| row.happened_at <= at).checked_sub(1) else { continue };
        let Some((target, lines)) = states.get(last) else { continue };
        let before = past.state(at);
        let changes = past.differing(at, target);
        let lines = past.differing_lines(session, at, lines)?;
        let news = case.rows.iter().zip(known).filter(|(row, known)| row.happened_at == at && !**known);
        let mut news: Vec<&ReplayRow> = news.map(|(row, _)| row).collect();
        if news.is_empty() && changes.is_empty() && lines.is_empty() {
            continue;
        }
        let to = past.state_slot.and_then(|slot| changes.iter().find(|(changed, _)| *changed == slot));
        let step = to.and_then(|(_, to)| Some(StepPlan { from: before, to: to.as_text()?.to_owned() }));
        // The last row of an instant is the one that holds; those before it were never to be seen.
        let row = news.pop();
        let stated = target.state().map(str::to_owned);
        entries.push(entry(importer, recorded_at, at, row, (changes, lines, step), stated.clone()));
        for touch in news {
            let nothing = (Vec::new(), Vec::new(), None);
            entries.push(entry(importer, recorded_at, at, Some(touch), nothing, stated.clone()));
        }
    }
    let imported = case.rows.into_iter().zip(known).filter(|(_, known)| !**known).map(|(row, _)| row.imported);
    let expected = standing.version();
    let plan = RecordPlan { record_type: case.record_type, id: case.id, expected, entries, external: None };
    Ok((plan, imported.collect()))
}

fn late(why: &str) -> Error {
    invalid("happened", "late", why)
}

/// When the record's first entry happened; refused where somebody has worked on it here.
fn began(session: &mut dyn Session, standing: &Record) -> Result<i64, Error> {
    let (mut began, mut worked_on) = (i64::MAX, false);
    let sql = "SELECT happened_at, channel FROM entry WHERE record = ?";
    session.query(sql, &[Param::Int(standing.id)], &mut |row| {
        began = began.min(row.need_int(0)?);
        worked_on |= row.need_text(1)? != Channel::Import.as_str();
        Ok(())
    })?;
    if worked_on {
        return Err(late("the record was worked on here since, its past is not the source's alone any more"));
    }
    Ok(began)
}

type State = (Record, Vec<(Slot, Vec<Vec<Value>>)>);

/// The record after each row, as if the case came whole and for the first time.
fn states(
    engine: &Engine,
    session: &mut dyn Session,
    importer: &Arc<Principal>,
    recorded_at: i64,
    case: &ReplayCase,
) -> Result<Vec<State>, Error> {
    let act = Act::Create { record_type: case.record_type.name.clone(), input: Input::new() };
    let command = Command::new(importer.clone(), Channel::Import, act);
    let mut cx = Cx::new(engine, session, &command);
    let about = Row { id: case.id, origin: case.origin, gaps: case.gaps, recorded_at };
    let (mut before, mut now, mut states) = (None, Lines::new(), Vec::with_capacity(case.rows.len()));
    for row in &case.rows {
        let (draft, _) = draft_row(&mut cx, &case.record_type, &about, before.take(), row, &mut now)?;
        let lines = now.iter().map(|(slot, now)| (*slot, now.lines.iter().map(|(_, v)| v.clone()).collect()));
        states.push((draft.after.clone(), lines.collect()));
        before = Some(draft.after);
    }
    Ok(states)
}

/// What the record's entries fold to, and what is about to be added to them.
struct Past {
    standing: Record,
    recorded_at: i64,
    state_slot: Option<Slot>,
    /// By slot: the instants at which an entry changes it, with the value that holds from there.
    points: BTreeMap<Slot, BTreeMap<i64, Value>>,
    /// Slots of lists that rows state.
    lists: BTreeSet<Slot>,
    /// Lines that were taken away by what is planned, and those that were added.
    gone: BTreeSet<(Slot, i64)>,
    added: BTreeMap<(Slot, i64), Vec<Value>>,
    places: BTreeMap<Slot, i64>,
    happened: BTreeSet<i64>,
}

impl Past {
    fn read(session: &mut dyn Session, standing: &Record, recorded_at: i64, case: &ReplayCase) -> Result<Self, Error> {
        let record_type = &standing.record_type;
        let state_slot = record_type.state_slot();
        let derived =
            record_type.fields.iter().enumerate().filter(|(_, f)| f.derived && !f.system && f.kind.is_column());
        let stated = case.rows.iter().flat_map(|row| row.values.iter().map(|(slot, _)| *slot));
        let ours = [slot::RAISED_AT, slot::NUMBER];
        let slots: BTreeSet<Slot> = stated
            .filter(|slot| !ours.contains(slot))
            .chain(derived.map(|(slot, _)| slot))
            .chain(state_slot)
            .chain([slot::GAPS])
            .collect();
        let lists: BTreeSet<Slot> = case.rows.iter().flat_map(|row| row.lines.iter().map(|(slot, _)| *slot)).collect();
        let mut entries = Vec::new();
        session.query(
            "SELECT happened_at, opening FROM entry WHERE record = ?",
            &[Param::Int(standing.id)],
            &mut |row| {
                entries.push((row.need_int(0)?, row.need_text(1)?.to_owned()));
                Ok(())
            },
        )?;
        let mut past = Self {
            standing: standing.clone(),
            recorded_at,
            state_slot,
            points: slots.iter().map(|slot| (*slot, BTreeMap::new())).collect(),
            lists,
            gone: BTreeSet::new(),
            added: BTreeMap::new(),
            places: BTreeMap::new(),
            happened: entries.iter().map(|(at, _)| *at).collect(),
        };
        let mut held = BTreeMap::new();
        for at in past.happened.clone() {
            if let Some(record) = load(session, record_type, standing.id, Time::At { valid: at, known: recorded_at })? {
                held.insert(at, record);
            }
        }
        for (at, body) in &entries {
            past.note(*at, body, held.get(at));
        }
        Ok(past)
    }

    /// An entry's fields change at its instant; what holds from there is what is believed of it.
    fn note(&mut self, at: i64, body: &str, held: Option<&Record>) {
        let record_type = self.standing.record_type.clone();
        for (slot, points) in &mut self.points {
            let Some(field) = record_type.fields.get(*slot) else { continue };
            if opening::has_field(body, &field.key) {
                points.insert(at, held.map_or(Value::Null, |record| record.get(*slot).clone()));
            }
        }
        for slot in &self.lists {
            let Some(field) = record_type.fields.get(*slot) else { continue };
            let place = self.places.entry(*slot).or_default();
            *place = opening::highest_place(body, &field.key).max(*place);
        }
    }

    /// Where the two can part: at every row, and at everything that was recorded.
    fn instants(&self, case: &ReplayCase) -> BTreeSet<i64> {
        case.rows.iter().map(|row| row.happened_at).chain(self.happened.iter().copied()).collect()
    }

    fn value(&self, slot: Slot, at: i64) -> Value {
        let points = self.points.get(&slot).and_then(|points| points.range(..=at).next_back());
        points.map_or(Value::Null, |(_, value)| value.clone())
    }

    fn state(&self, at: i64) -> Option<String> {
        self.value(self.state_slot?, at).as_text().map(str::to_owned)
    }

    /// What is to be changed at this instant so that the target holds from there; noted as done.
    fn differing(&mut self, at: i64, target: &Record) -> Vec<(Slot, Value)> {
        let slots: Vec<Slot> = self.points.keys().copied().collect();
        let differing = slots.into_iter().filter(|slot| self.value(*slot, at) != *target.get(*slot));
        let changes: Vec<(Slot, Value)> = differing.map(|slot| (slot, target.get(slot).clone())).collect();
        for (slot, value) in &changes {
            self.points.entry(*slot).or_default().insert(at, value.clone());
        }
        changes
    }

    fn differing_lines(
        &mut self,
        session: &mut dyn Session,
        at: i64,
        target: &[(Slot, Vec<Vec<Value>>)],
    ) -> Result<Vec<LineChange>, Error> {
        let mut changes = Vec::new();
        let time = Time::At { valid: at, known: self.recorded_at };
        for slot in self.lists.clone() {
            let wanted =
                target.iter().find(|(stated, _)| *stated == slot).map_or(&[][..], |(_, lines)| lines.as_slice());
            let stored = load_lines(session, &self.standing.record_type, slot, self.standing.id, time)?;
            let stored = stored.into_iter().map(|line| (line.pos, line.values));
            let ours = self.added.range((slot, i64::MIN)..=(slot, i64::MAX)).map(|((_, pos), v)| (*pos, v.clone()));
            let held: Vec<(i64, Vec<Value>)> =
                stored.chain(ours).filter(|(pos, _)| !self.gone.contains(&(slot, *pos))).collect();
            let mut kept: Vec<&Vec<Value>> = Vec::new();
            for (pos, values) in &held {
                // Added for an earlier instant, it stands twice where what was taken before added it as well.
                if wanted.contains(values) && !kept.contains(&values) {
                    kept.push(values);
                } else {
                    self.gone.insert((slot, *pos));
                    changes.push(LineChange::Remove { slot, pos: *pos });
                }
            }
            for values in wanted.iter().filter(|values| !kept.contains(values)) {
                let place = self.places.entry(slot).or_default();
                *place += 1;
                self.added.insert((slot, *place), values.clone());
                changes.push(LineChange::Add { slot, pos: *place, values: values.clone(), at, by: None });
            }
        }
        Ok(changes)
    }
}

type Difference = (Vec<(Slot, Value)>, Vec<LineChange>, Option<StepPlan>);

/// The entry of a late row, or the restatement of rows that were taken before.
fn entry(
    importer: &Arc<Principal>,
    recorded_at: i64,
    at: i64,
    row: Option<&ReplayRow>,
    (changes, mut lines, step): Difference,
    stated: Option<String>,
) -> EntryPlan {
    let kind = match row {
        None => EntryKind::Restate,
        Some(_) if step.is_some() => EntryKind::Step,
        Some(_) if changes.is_empty() && lines.is_empty() => EntryKind::Touch,
        Some(_) => EntryKind::Change,
    };
    for line in &mut lines {
        if let LineChange::Add { by, .. } = line {
            *by = row.and_then(|row| row.on_behalf);
        }
    }
    let entered = step.as_ref().map(|step| step.to.clone());
    EntryPlan {
        kind,
        recorded_at,
        happened_at: at,
        claimed_at: row.map(|row| row.claimed_at),
        actor: importer.person,
        on_behalf: row.and_then(|row| row.on_behalf),
        grant: None,
        channel: Channel::Import,
        request: None,
        changes,
        lines,
        links: Vec::new(),
        step,
        comment: None,
        deviates: row.and_then(|row| row.deviates.clone()),
        reason: row.is_none().then(|| REASON.to_owned()),
        state: if row.is_some() { stated } else { entered },
    }
}
