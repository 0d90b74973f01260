//! Replays a source's history: the same stages as a command, but what happened elsewhere is reported, not refused.
//! Guards and life-cycle only mark what deviates, effects are off, `happened` and `claimed` come from the source.

use std::sync::Arc;

use model::{RecordType, Slot, Value};
use store::Session;

use crate::command::{Act, Command, Input};
use crate::draft::{Draft, Mode};
use crate::engine::Engine;
use crate::pipeline::{Cx, derive_only};
use crate::plan::{Channel, EntryKind, EntryPlan, ImportedRow, LineChange, RecordPlan, StepPlan};
use crate::principal::Principal;
use crate::record::{Record, slot};
use crate::refusal::Error;
use crate::told::{self, Lines};

/// One record's history in a source, in order.
#[derive(Clone, Debug)]
pub struct ReplayCase {
    pub record_type: Arc<RecordType>,
    /// Negative for a record that is new; the writer gives it a real one.
    pub id: i64,
    /// The record as it stands with its lines, when an earlier run made it.
    pub before: Option<Record>,
    pub external: Option<(String, String)>,
    /// The import batch, which says what the source lacks.
    pub origin: i64,
    /// The source's history has holes.
    pub gaps: bool,
    pub rows: Vec<ReplayRow>,
}

/// One row of it.
#[derive(Clone, Debug)]
pub struct ReplayRow {
    /// When it was so: never after a later row's instant, so that a plain fold gives the state at any time.
    pub happened_at: i64,
    /// The row's own instant, on the source's word.
    pub claimed_at: i64,
    pub on_behalf: Option<i64>,
    pub state: Option<String>,
    pub deviates: Option<String>,
    pub values: Vec<(Slot, Value)>,
    /// Whole lists of lines, each replacing what was there.
    pub lines: Vec<(Slot, Vec<Vec<Value>>)>,
    pub imported: ImportedRow,
}

/// How a case was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub created: u64,
    pub changed: u64,
    pub touches: u64,
    pub deviations: u64,
}

/// Plans a case as one record with an entry for each row.
pub fn plan_case(
    engine: &Engine,
    session: &mut dyn Session,
    importer: &Arc<Principal>,
    recorded_at: i64,
    case: ReplayCase,
) -> Result<(RecordPlan, Vec<ImportedRow>, Taken), Error> {
    let act = Act::Create { record_type: case.record_type.name.clone(), input: Input::new() };
    let command = Command::new(importer.clone(), Channel::Import, act);
    let mut cx = Cx::new(engine, session, &command);
    let mut taken = Taken::default();
    let expected = case.before.as_ref().map_or(0, Record::version);
    let mut before = case.before.clone();
    let (mut entries, mut imported) = (Vec::with_capacity(case.rows.len()), Vec::with_capacity(case.rows.len()));
    let mut lines_now = standing_lines(&mut cx, case.before.as_ref())?;
    for row in case.rows {
        let (draft, lines) = draft_row(
            &mut cx,
            &case.record_type,
            &Row { id: case.id, origin: case.origin, gaps: case.gaps, recorded_at },
            before.take(),
            &row,
            &mut lines_now,
        )?;
        let entry = entry(&draft, &row, lines, importer.person);
        match entry.kind {
            EntryKind::Create => taken.created += 1,
            EntryKind::Touch => taken.touches += 1,
            _ => taken.changed += 1,
        }
        taken.deviations += u64::from(row.deviates.is_some());
        imported.push(row.imported);
        entries.push(entry);
        before = Some(draft.after);
    }
    let plan = RecordPlan { record_type: case.record_type, id: case.id, expected, entries, external: case.external };
    Ok((plan, imported, taken))
}

/// The lines of a record that an earlier run made.
fn standing_lines(cx: &mut Cx<'_>, before: Option<&Record>) -> Result<Lines, Error> {
    let mut lines = Lines::default();
    let Some(record) = before else { return Ok(lines) };
    for told in told::read(cx.session, &record.record_type, record.id)? {
        if told.stands {
            lines.apply(&record.record_type, &told);
        } else {
            lines.keep_places(&told);
        }
    }
    Ok(lines)
}

/// What all rows of a case share.
pub(crate) struct Row {
    pub id: i64,
    pub origin: i64,
    pub gaps: bool,
    pub recorded_at: i64,
}

pub(crate) fn draft_row(
    cx: &mut Cx<'_>,
    record_type: &Arc<RecordType>,
    case: &Row,
    before: Option<Record>,
    row: &ReplayRow,
    lines_now: &mut Lines,
) -> Result<(Draft, Vec<LineChange>), Error> {
    let new = before.is_none();
    let mut after = before.clone().unwrap_or_else(|| Record::blank(record_type.clone(), case.id));
    if new {
        after.set(slot::RAISED_AT, Value::Instant(row.claimed_at));
        after.set(slot::ORIGIN, Value::Int(case.origin));
        after.set(slot::CREATED_BY, row.on_behalf.map_or(Value::Null, Value::Link));
    }
    after.set(slot::GAPS, Value::Bool(case.gaps));
    // The writer keeps it, but behaviours of the next row ask when the record last changed.
    after.set(slot::UPDATED_AT, Value::Instant(row.happened_at));
    for (slot, value) in &row.values {
        after.set(*slot, value.clone());
    }
    if let (Some(slot), Some(state)) = (record_type.state_slot(), &row.state) {
        after.set(slot, Value::text(state));
    }
    let mut draft = Draft {
        before,
        after,
        mode: Mode::Replay,
        kind: if new { EntryKind::Create } else { EntryKind::Change },
        by: row.on_behalf,
        happened_at: row.happened_at,
        recorded_at: case.recorded_at,
        lines: Vec::new(),
        links: Vec::new(),
        comment: None,
        reason: None,
        deviates: row.deviates.clone(),
        also: Vec::new(),
        problems: Vec::new(),
    };
    let lines = line_changes(row, lines_now);
    // What is derived beside (a longer gap, say) makes no change of a row that says nothing new.
    if !new && lines.is_empty() && draft.changes().is_empty() {
        draft.kind = EntryKind::Touch;
    }
    derive_only(cx, &mut draft)?;
    Ok((draft, lines))
}

/// Differences between the lines that a row states and those before it.
fn line_changes(row: &ReplayRow, now: &mut Lines) -> Vec<LineChange> {
    let mut changes = Vec::new();
    for (slot, stated) in &row.lines {
        let gone = now.keep_only(*slot, stated).into_iter();
        changes.extend(gone.map(|pos| LineChange::Remove { slot: *slot, pos }));
        for values in stated {
            let Some(pos) = now.add(*slot, values) else { continue };
            let (values, at) = (values.clone(), row.happened_at);
            changes.push(LineChange::Add { slot: *slot, pos, values, at, by: row.on_behalf });
        }
    }
    changes
}

pub(crate) fn entry(draft: &Draft, row: &ReplayRow, lines: Vec<LineChange>, actor: Option<i64>) -> EntryPlan {
    let changes = draft.changes();
    let step = draft.entered().map(|to| StepPlan { from: draft.state_before().map(str::to_owned), to: to.to_owned() });
    let kind = match (&draft.before, &step) {
        (None, _) => EntryKind::Create,
        (_, Some(_)) => EntryKind::Step,
        _ => draft.kind,
    };
    EntryPlan {
        kind,
        recorded_at: draft.recorded_at,
        happened_at: row.happened_at,
        claimed_at: Some(row.claimed_at),
        actor,
        on_behalf: row.on_behalf,
        grant: None,
        channel: Channel::Import,
        request: None,
        changes,
        lines,
        links: Vec::new(),
        step,
        comment: None,
        deviates: row.deviates.clone(),
        reason: None,
        state: draft.state().map(str::to_owned),
        replaces: Vec::new(),
    }
}
