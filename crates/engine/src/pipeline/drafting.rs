//! Applies an admitted input to a copy of the record: what it shall be, before anything is derived from it.

use std::collections::BTreeMap;

use model::{Slot, Value};
use store::{Param, SessionExt as _};

use super::{Admitted, Cx};
use crate::command::Act;
use crate::draft::{Draft, FollowUp, Mode};
use crate::plan::{CommentPlan, EntryKind, LineChange, LinkChange};
use crate::record::{Line, Record, Time, load, load_lines, slot};
use crate::refusal::{Error, Problem, Refusal, invalid};

/// Longest comment, in characters.
const COMMENT_MAX: usize = 65_536;

pub(super) fn draft(cx: &mut Cx<'_>, admitted: Admitted) -> Result<Draft, Error> {
    let Admitted { before, record_type, values, lines } = admitted;
    let recorded_at = recording_instant(cx, before.as_ref())?;
    let happened_at = cx.command.happened_at.unwrap_or(recorded_at);
    if happened_at > recorded_at {
        return Err(invalid("happened_at", "in_the_future", "expected an instant that is not in the future"));
    }
    let before = match before {
        Some(live) if happened_at < live.get(slot::UPDATED_AT).as_int().unwrap_or(i64::MIN) => {
            Some(as_it_stood(cx, &live, happened_at)?)
        }
        other => other,
    };
    let mut draft = blank(cx, before, record_type, happened_at, recorded_at);
    if draft.is_new() {
        begin(&mut draft);
    }
    for (slot, value) in values {
        draft.after.set(slot, value);
    }
    if draft.is_new() {
        fill_scope(cx, &mut draft);
    }
    let replaces = !matches!(cx.command.act, Act::AddLine { .. });
    for (slot, given) in lines {
        put_lines(cx, &mut draft, slot, given, replaces)?;
    }
    apply_act(cx, &mut draft)?;
    Ok(draft)
}

/// Now, and never before what the record already knows: another process's clock may be ahead of ours.
fn recording_instant(cx: &mut Cx<'_>, before: Option<&Record>) -> Result<i64, Error> {
    let now = cx.engine.clock().now();
    let Some(record) = before else { return Ok(now) };
    let sql = "SELECT recorded_at FROM entry WHERE record = ? ORDER BY version DESC LIMIT 1";
    let last = cx.session.optional_int(sql, &[Param::Int(record.id)])?;
    Ok(now.max(last.unwrap_or(now)))
}

/// A late change is made to the record as it was at that instant.
fn as_it_stood(cx: &mut Cx<'_>, live: &Record, happened_at: i64) -> Result<Record, Error> {
    let time = Time::At { valid: happened_at, known: cx.engine.clock().now() };
    let past = load(cx.session, &live.record_type, live.id, time)?;
    let Some(mut past) = past else {
        return Err(invalid("happened_at", "before_the_record", "expected an instant from the record's first on"));
    };
    // The version is the live one's: it says on what the caller's knowledge rests, not what was true.
    past.set(slot::VERSION, live.get(slot::VERSION).clone());
    Ok(past)
}

fn blank(
    cx: &mut Cx<'_>,
    before: Option<Record>,
    record_type: std::sync::Arc<model::RecordType>,
    happened_at: i64,
    recorded_at: i64,
) -> Draft {
    let after = match &before {
        Some(record) => record.clone(),
        None => Record::blank(record_type, cx.temporary()),
    };
    let kind = if before.is_some() { EntryKind::Change } else { EntryKind::Create };
    Draft {
        before,
        after,
        mode: Mode::Work,
        kind,
        by: cx.command.principal.person,
        happened_at,
        recorded_at,
        lines: Vec::new(),
        links: Vec::new(),
        comment: None,
        reason: None,
        deviates: None,
        also: Vec::new(),
        problems: Vec::new(),
    }
}

/// What every record begins with.
fn begin(draft: &mut Draft) {
    let record_type = draft.after.record_type.clone();
    draft.after.set(slot::RAISED_AT, Value::Instant(draft.happened_at));
    draft.after.set(slot::ORIGIN, Value::Int(0));
    draft.after.set(slot::GAPS, Value::Bool(false));
    draft.after.set(slot::CREATED_BY, draft.by.map_or(Value::Null, Value::Link));
    if let (Some(slot), Some(lifecycle)) = (record_type.state_slot(), &record_type.lifecycle) {
        draft.after.set(slot, Value::text(&lifecycle.initial));
    }
    for (slot, field) in record_type.fields.iter().enumerate() {
        if let Some(default) = &field.default {
            draft.after.set(slot, default.clone());
        }
    }
}

/// Whoever sees one scope only creates within it.
fn fill_scope(cx: &Cx<'_>, draft: &mut Draft) {
    let record_type = draft.after.record_type.clone();
    if let (Some([only]), Some(slot)) = (cx.command.principal.scopes_for(&record_type), record_type.scope)
        && draft.after.get(slot).is_null()
    {
        draft.after.set(slot, Value::Link(*only));
    }
}

fn apply_act(cx: &mut Cx<'_>, draft: &mut Draft) -> Result<(), Error> {
    match &cx.command.act {
        Act::Create { .. } | Act::Change { .. } | Act::AddLine { .. } => Ok(()),
        Act::Move { transition, input, .. } => {
            let timed = draft
                .after
                .record_type
                .lifecycle
                .as_ref()
                .and_then(|l| l.transition(transition))
                .is_some_and(|t| t.at.is_some());
            if timed && !cx.command.principal.is_system() {
                return Err(Refusal::NotFound.into());
            }
            let reason = input.get("reason").and_then(|r| r.as_str()).map(str::to_owned);
            make_move(draft, transition, reason)
        }
        Act::Comment { text, public, .. } => {
            draft.kind = EntryKind::Comment;
            draft.comment = Some(CommentPlan { public: *public, text: comment_text(text)? });
            Ok(())
        }
        Act::Link { relation, to, add, .. } => link(cx, draft, relation, to, *add),
    }
}

/// Puts the draft into a transition's target state, or says why not.
pub(super) fn make_move(draft: &mut Draft, name: &str, reason: Option<String>) -> Result<(), Error> {
    let record_type = draft.after.record_type.clone();
    let lifecycle = record_type.lifecycle.as_ref().ok_or(Refusal::NotFound)?;
    let transition = lifecycle.transition(name).ok_or(Refusal::NotFound)?;
    let state = draft.state().unwrap_or_default().to_owned();
    if !transition.from.contains(&state) {
        let allowed = lifecycle.transitions.iter().filter(|t| t.from.contains(&state) && t.at.is_none());
        let allowed = allowed.map(|t| t.name.clone()).collect();
        return Err(Refusal::WrongState { state, transition: name.to_owned(), allowed }.into());
    }
    draft.kind = EntryKind::Step;
    for slot in &transition.clears {
        draft.after.set(*slot, Value::Null);
    }
    if let Some(slot) = record_type.state_slot() {
        draft.after.set(slot, Value::text(&transition.to));
    }
    if transition.reason {
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => draft.reason = Some(reason.trim().to_owned()),
            None => draft.refuse("reason", "required", format!("{}: say why", transition.label)),
        }
    }
    Ok(())
}

fn comment_text(text: &str) -> Result<String, Error> {
    let text = crate::input::normal(text);
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid("text", "required", "say something: an empty comment is not kept"));
    }
    if text.contains('\0') {
        return Err(invalid("text", "bad_character", "the character U+0000 is not allowed"));
    }
    let length = text.chars().count();
    if length > COMMENT_MAX {
        return Err(invalid("text", "too_long", format!("{length} characters, at most {COMMENT_MAX} are allowed")));
    }
    Ok(text.to_owned())
}

/// A list of lines replaces the one that is there; lines that stay as they are keep their place and their author.
fn put_lines(
    cx: &mut Cx<'_>,
    draft: &mut Draft,
    slot: Slot,
    given: Vec<Vec<Value>>,
    replaces: bool,
) -> Result<(), Error> {
    let time = draft_time(draft);
    let present: Vec<Line> = match &draft.before {
        Some(before) => load_lines(cx.session, &before.record_type, slot, before.id, time)?,
        None => Vec::new(),
    };
    let highest = highest_place(cx, draft, slot)?;
    let mut left: BTreeMap<i64, Vec<Value>> = present.into_iter().map(|line| (line.pos, line.values)).collect();
    let mut next = highest;
    for values in given {
        let same = if replaces { left.iter().find(|(_, v)| **v == values).map(|(pos, _)| *pos) } else { None };
        if let Some(pos) = same {
            left.remove(&pos);
            continue;
        }
        next += 1;
        draft.lines.push(LineChange::Add { slot, pos: next, values, at: draft.happened_at, by: draft.by });
    }
    if replaces {
        draft.lines.extend(left.into_keys().map(|pos| LineChange::Remove { slot, pos }));
    }
    Ok(())
}

/// A late change is about what was so then, as we know it now.
fn draft_time(draft: &Draft) -> Time {
    let Draft { happened_at: valid, recorded_at: known, .. } = *draft;
    if valid < known { Time::At { valid, known } } else { Time::Live }
}

/// The highest place that any line of a field ever had. A place is used once: a line's history is found under it, also
/// that of one which came and went within an instant and left no row.
fn highest_place(cx: &mut Cx<'_>, draft: &Draft, slot: Slot) -> Result<i64, Error> {
    let (Some(before), Some(field)) = (&draft.before, draft.after.record_type.fields.get(slot)) else { return Ok(0) };
    let mut highest = 0;
    cx.session.query("SELECT opening FROM entry WHERE record = ?", &[Param::Int(before.id)], &mut |row| {
        highest = highest.max(crate::opening::highest_place(row.need_text(0)?, &field.key));
        Ok(())
    })?;
    Ok(highest)
}

fn link(cx: &mut Cx<'_>, draft: &mut Draft, relation: &str, to: &str, add: bool) -> Result<(), Error> {
    use model::RelationSource::Links;
    let record_type = draft.after.record_type.clone();
    let found = record_type.relation(relation).ok_or_else(|| no_relation(relation))?;
    let Links { kind, to: types, forward, acyclic } = &found.source else { return Err(no_relation(relation)) };
    let no_such =
        || invalid("to", "no_such_record", format!("{}: there is no {to} that could stand here", found.label));
    let other = match super::admit::visible(cx, to) {
        Ok(other) => other,
        Err(Error::Refused(Refusal::NotFound)) => return Err(no_such()),
        Err(error) => return Err(error),
    };
    if !cx.engine.model().may_stand(&other.record_type.name, types) {
        return Err(no_such());
    }
    let (a, b) = if *forward { (draft.after.id, other.id) } else { (other.id, draft.after.id) };
    if add && a == b {
        return Err(invalid("to", "cycle", format!("{}: a record cannot be linked to itself", found.label)));
    }
    let time = draft_time(draft);
    let exists = crate::graph::linked_ids(cx.session, a, kind, true, time)?.contains(&b);
    if add == exists {
        let message = if add { "this link exists already" } else { "there is no such link" };
        return Err(invalid("to", "no_change", format!("{}: {message}", found.label)));
    }
    if add && *acyclic && crate::graph::reaches(cx.session, kind, b, a)? {
        return Err(invalid("to", "cycle", format!("{}: {to} stands above this record already", found.label)));
    }
    cx.read_set.push((other.id, other.version()));
    draft.kind = EntryKind::Link;
    draft.links.push(LinkChange { kind: kind.clone(), a, b, add });
    Ok(())
}

fn no_relation(relation: &str) -> Error {
    let problem =
        Problem::new("kind", "unknown_relation", format!("there is no link of the kind {relation} from here"));
    Refusal::Invalid(vec![problem]).into()
}

/// The draft of what a behaviour called up on another record; `None` when there is nothing to do.
pub(super) fn follow_up(cx: &mut Cx<'_>, follow_up: FollowUp, happened_at: i64) -> Result<Option<Draft>, Error> {
    let (values, transition, before, record_type) = match follow_up {
        FollowUp::Create { record_type, values } => {
            let found = cx.engine.model().shared(&record_type).ok_or(Refusal::NotFound)?.clone();
            (values, None, None, found)
        }
        FollowUp::Move { record, transition, values } => {
            let before = super::derive::by_id(cx, record)?.ok_or(Refusal::NotFound)?;
            let record_type = before.record_type.clone();
            (values, Some(transition), Some(before), record_type)
        }
        FollowUp::Change { record, values } => {
            let before = super::derive::by_id(cx, record)?.ok_or(Refusal::NotFound)?;
            let record_type = before.record_type.clone();
            (values, None, Some(before), record_type)
        }
    };
    let new = before.is_none();
    let recorded_at = recording_instant(cx, before.as_ref())?.max(happened_at);
    let instant = |record: &Record, slot: Slot| record.get(slot).as_int().unwrap_or(i64::MIN);
    // Nothing happens to a record before it began.
    let happened_at = before.as_ref().map_or(happened_at, |live| happened_at.max(instant(live, slot::RAISED_AT)));
    let before = match before {
        Some(live) if happened_at < instant(&live, slot::UPDATED_AT) => Some(as_it_stood(cx, &live, happened_at)?),
        other => other,
    };
    let mut draft = blank(cx, before, record_type, happened_at, recorded_at);
    if new {
        begin(&mut draft);
    }
    for (key, value) in values {
        draft.set(&key, value);
    }
    if let Some(transition) = transition {
        make_move(&mut draft, &transition, None)?;
    }
    Ok((new || !draft.changes().is_empty()).then_some(draft))
}
