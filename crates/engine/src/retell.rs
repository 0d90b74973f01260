//! A later export of a source that has more rows of a case: after those that were taken, among them, before them.
//!
//! Rows say what changed between neighbours, so a row that comes late changes what the rows after it say, and from when
//! some before it hold. From the first row on that no longer says what its entry says, the case is told again: an entry
//! for each row, in order, the first of which replaces those that stood for them. Nothing that was written changes; what
//! was known before stays known as it was.
//!
//! What somebody did here stays, at the instant at which it happened; a row after it says again all that the source says.

use std::sync::Arc;

use model::Value;
use store::{Fault, Session};

use crate::command::{Act, Command, Input};
use crate::engine::Engine;
use crate::pipeline::Cx;
use crate::plan::{Channel, EntryKind, EntryPlan, ImportedRow, LineChange, RecordPlan, StepPlan};
use crate::principal::Principal;
use crate::record::{Record, slot};
use crate::refusal::{Error, Refusal, invalid};
use crate::replay::{ReplayCase, ReplayRow, Row, draft_row, entry};
use crate::told::{self, Lines, Told};

const REASON: &str = "a later export tells of it otherwise from here on";

/// How a case goes on of which some rows were taken before.
#[derive(Debug)]
pub enum Further {
    /// All that is new comes after all that is there.
    After,
    /// Told again from some row on.
    Again {
        plan: RecordPlan,
        imported: Vec<ImportedRow>,
        /// Rows taken before that have a new entry.
        told_again: u64,
    },
}

/// How a case of which some rows were taken goes on. `case.rows` are all its rows in order, `known` says which of them
/// were taken before.
///
/// # Errors
/// Refused with the code `late` where the record's entries are not those of the rows that were taken.
pub fn plan_further(
    engine: &Engine,
    session: &mut dyn Session,
    importer: &Arc<Principal>,
    recorded_at: i64,
    case: &ReplayCase,
    known: &[bool],
) -> Result<Further, Error> {
    let standing = case.before.as_ref().ok_or(Refusal::NotFound)?;
    let all = told::read(session, &case.record_type, case.id)?;
    let stand: Vec<&Told> = all.iter().filter(|told| told.stands).collect();
    let taken: Vec<&Told> = stand.iter().copied().filter(|told| told.imported).collect();
    let rows_known = known.iter().filter(|known| **known).count();
    if taken.len() != rows_known {
        let why =
            format!("the record has {} imported entries: expected one for each of {rows_known} rows", taken.len());
        return Err(invalid("happened", "late", &why));
    }
    let from = first_difference(case, known, &stand);
    let replaced = taken.get(from..).unwrap_or_default();
    let Some(next) = case.rows.get(from) else { return Ok(Further::After) };
    if replaced.is_empty() && stand.last().is_none_or(|last| last.happened_at <= next.happened_at) {
        return Ok(Further::After);
    }
    let act = Act::Create { record_type: case.record_type.name.clone(), input: Input::new() };
    let command = Command::new(importer.clone(), Channel::Import, act);
    let mut cx = Cx::new(engine, session, &command);
    let origin = standing.get(slot::ORIGIN).as_int().unwrap_or(case.origin);
    let about = Row { id: case.id, origin, gaps: case.gaps, recorded_at };
    let mut now = Now::default();
    all.iter().for_each(|told| now.lines.keep_places(told));
    replaced.iter().for_each(|told| now.lines.expect_again(&case.record_type, told));
    let kept = stand.iter().copied().filter(|told| !replaced.iter().any(|gone| gone.entry == told.entry));
    let mut kept = kept.peekable();
    let mut entries = Vec::with_capacity(case.rows.len() - from);
    for (place, row) in case.rows.iter().enumerate().skip(from) {
        // What was done here at the instant with which the record begins came after its beginning.
        while let Some(told) = kept.next_if(|told| place > 0 && told.happened_at <= row.happened_at) {
            now.apply(&case.record_type, told);
        }
        let (draft, lines) = draft_row(&mut cx, &case.record_type, &about, now.record.take(), row, &mut now.lines)?;
        entries.push(entry(&draft, row, lines, importer.person));
        now.record = Some(draft.after);
    }
    if let Some(first) = entries.first_mut().filter(|_| !replaced.is_empty()) {
        first.replaces = replaced.iter().map(|told| told.version).collect();
        first.reason = Some(REASON.to_owned());
    }
    let (record_type, expected) = (case.record_type.clone(), standing.version());
    let news = case.rows.iter().zip(known).filter(|(_, known)| !**known);
    Ok(Further::Again {
        plan: RecordPlan { record_type, id: case.id, expected, entries, external: None },
        imported: news.map(|(row, _)| row.imported.clone()).collect(),
        told_again: replaced.len() as u64,
    })
}

/// A record that a source only names, told again as having begun earlier, with what it began with; nothing where it did
/// not begin with an import, or not later.
///
/// # Errors
/// Its entries could not be read.
pub fn plan_earlier_beginning(
    session: &mut dyn Session,
    importer: &Arc<Principal>,
    recorded_at: i64,
    standing: &Record,
    begins: i64,
) -> Result<Option<RecordPlan>, Fault> {
    let record_type = standing.record_type.clone();
    let all = told::read(session, &record_type, standing.id)?;
    let first = all.iter().find(|told| told.stands && told.begins);
    let Some(first) = first.filter(|first| first.imported && first.happened_at > begins) else { return Ok(None) };
    let mut before = Record::blank(record_type.clone(), standing.id);
    for (slot, value) in &first.changes {
        before.set(*slot, value.clone());
    }
    before.set(slot::NUMBER, Value::Null);
    before.set(slot::RAISED_AT, Value::Instant(begins));
    let lines = first.lines.iter().filter_map(|line| {
        let (slot, pos, values) = (line.slot, line.pos, line.values(&record_type)?);
        Some(LineChange::Add { slot, pos, values, at: begins, by: importer.person })
    });
    let changes = before.values.into_iter().enumerate().filter(|(_, value)| !value.is_null());
    let entry = EntryPlan {
        kind: EntryKind::Create,
        recorded_at,
        happened_at: begins,
        claimed_at: None,
        actor: importer.person,
        on_behalf: None,
        grant: None,
        channel: Channel::Import,
        request: None,
        changes: changes.collect(),
        lines: lines.collect(),
        links: Vec::new(),
        step: first.state.clone().map(|to| StepPlan { from: None, to }),
        comment: None,
        deviates: None,
        reason: Some(REASON.to_owned()),
        state: first.state.clone(),
        replaces: vec![first.version],
    };
    let (id, expected) = (standing.id, standing.version());
    Ok(Some(RecordPlan { record_type, id, expected, entries: vec![entry], external: None }))
}

/// A record and its lines while entries are read.
#[derive(Default)]
struct Now {
    record: Option<Record>,
    lines: Lines,
}

impl Now {
    fn apply(&mut self, record_type: &Arc<model::RecordType>, told: &Told) {
        let record = self.record.get_or_insert_with(|| Record::blank(record_type.clone(), 0));
        told.apply_to(record);
        self.lines.apply(record_type, told);
    }

    fn says(&self, row: &ReplayRow, gaps: bool) -> bool {
        let Some(record) = &self.record else { return false };
        record.get(slot::GAPS) == &Value::Bool(gaps)
            && row.values.iter().all(|(slot, value)| record.get(*slot) == value)
            && row.lines.iter().all(|(slot, stated)| self.lines.are(*slot, stated))
    }
}

/// The place of the first row that is new, or that is not what its entry says.
fn first_difference(case: &ReplayCase, known: &[bool], stand: &[&Told]) -> usize {
    // What the source's rows say, and what they say together with what was done here: a row may have said nothing of
    // what stood here already.
    let (mut rows, mut both) = (Now::default(), Now::default());
    let mut told = stand.iter().copied();
    for (place, (row, known)) in case.rows.iter().zip(known).enumerate() {
        let next = told.by_ref().inspect(|told| both.apply(&case.record_type, told)).find(|told| told.imported);
        let Some(entry) = next.filter(|_| *known) else { return place };
        rows.apply(&case.record_type, entry);
        let same = entry.happened_at == row.happened_at
            && entry.begins == (place == 0)
            && entry.deviates == row.deviates
            && (row.state.is_none() || entry.state == row.state)
            && (rows.says(row, case.gaps) || both.says(row, case.gaps));
        if !same {
            return place;
        }
    }
    case.rows.len()
}
