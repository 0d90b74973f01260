//! Carries a plan out inside the writer's transaction: rows, versions, links, steps, entries. Runs under a savepoint;
//! whatever it refuses is rolled back alone.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Kind, RecordType, Slot, Value};
use store::schema::{columns, quoted, rows_table};
use store::{FOREVER, Fault, Outcome, Param, Session, SessionExt};

use crate::clock::Entropy;
use crate::history::{self, Moment};
use crate::opening::{self, Opening, to_json};
use crate::plan::{Committed, EntryKind, EntryPlan, LineChange, LinkChange, Plan, RecordPlan, Refused};
use crate::rebuild::{rebuild, replace};
use crate::record::{Record, Time, load, slot};
use crate::recorder::{Pending, Recorder};

/// The whole of it: `Keep` with the new ids, or `Refuse` with the reason.
pub(crate) fn apply(
    session: &mut dyn Session,
    lane: &mut Recorder,
    plan: &Plan,
) -> Result<Outcome<Committed, Refused>, Fault> {
    if let Some(why) = lane.read_only.get() {
        return Ok(Outcome::Refuse(Refused::ReadOnly(why.clone())));
    }
    if let Some(refused) = repeated(session, plan)? {
        return Ok(Outcome::Refuse(refused));
    }
    for (record, version) in &plan.read_set {
        if session.optional_int("SELECT version FROM record WHERE id = ?", &[Param::Int(*record)])? != Some(*version) {
            return Ok(Outcome::Refuse(Refused::Moved));
        }
    }
    let mut ids = HashMap::new();
    let mut done = Committed::default();
    for record in plan.records.iter().filter(|r| r.expected == 0) {
        let id = lane.next_id();
        ids.insert(record.id, id);
        let number = lane.number(session, &record.record_type.prefix)?;
        done.created.push((record.id, id, number));
    }
    for record in &plan.records {
        let applied = Applied { ids: &ids, created: &done.created };
        match write_record(session, lane, record, &applied)? {
            Some(version) => done.written.push((applied.real(record.id), version)),
            None => return Ok(Outcome::Refuse(Refused::Moved)),
        }
    }
    for row in &plan.imported {
        let sql = "INSERT INTO imported_row (source, identity, hash) VALUES (?, ?, ?)";
        session.execute(sql, &[Param::Text(&row.source), Param::Text(&row.identity), Param::Blob(&row.hash)])?;
    }
    if let Some(idempotency) = &plan.idempotency {
        let answer = done.created.first().map_or("", |(_, _, number)| number);
        let sql = "INSERT INTO idempotency (owner, key, body_hash, answer, at) VALUES (?, ?, ?, ?, ?)";
        let at = plan.records.first().and_then(|r| r.entries.first()).map_or(0, |e| e.recorded_at);
        let owner = Param::Int(idempotency.owner);
        let key = Param::Text(&idempotency.key);
        session
            .execute(sql, &[owner, key, Param::Blob(&idempotency.body_hash), Param::Text(answer), Param::Int(at)])?;
    }
    Ok(Outcome::Keep(done))
}

/// Whether this idempotency key has been used: with the same body its answer, with another a refusal.
fn repeated(session: &mut dyn Session, plan: &Plan) -> Result<Option<Refused>, Fault> {
    let Some(idempotency) = &plan.idempotency else { return Ok(None) };
    let mut found = None;
    let sql = "SELECT body_hash, answer FROM idempotency WHERE owner = ? AND key = ?";
    session.query(sql, &[Param::Int(idempotency.owner), Param::Text(&idempotency.key)], &mut |row| {
        let same = row.need_blob(0)? == idempotency.body_hash;
        let answer = row.need_text(1)?.to_owned();
        found = Some(Refused::Repeated { answer: same.then_some(answer) });
        Ok(())
    })?;
    Ok(found)
}

struct Applied<'a> {
    ids: &'a HashMap<i64, i64>,
    created: &'a [(i64, i64, String)],
}

impl Applied<'_> {
    fn real(&self, id: i64) -> i64 {
        self.ids.get(&id).copied().unwrap_or(id)
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Link(id) if *id < 0 => Value::Link(self.real(*id)),
            other => other.clone(),
        }
    }

    fn number(&self, temporary: i64) -> Value {
        self.created.iter().find(|(t, ..)| *t == temporary).map_or(Value::Null, |(_, _, number)| Value::text(number))
    }
}

/// Writes one record's entries; its version afterwards, or `None` when it has moved since the plan was made.
fn write_record(
    session: &mut dyn Session,
    lane: &mut Recorder,
    plan: &RecordPlan,
    applied: &Applied<'_>,
) -> Result<Option<i64>, Fault> {
    let id = applied.real(plan.id);
    let new = plan.expected == 0;
    let mut live = if new {
        Record::blank(plan.record_type.clone(), id)
    } else {
        match load(session, &plan.record_type, id, Time::Live)? {
            Some(record) if record.version() == plan.expected => record,
            _ => return Ok(None),
        }
    };
    if new {
        live.set(slot::NUMBER, applied.number(plan.id));
        insert_thin(session, &live, plan)?;
    }
    let before = live.clone();
    let mut past = history::Versions::of(&plan.record_type, id, new);
    // A record of a type that extends others stands in their tables as well: whatever asks for these finds it there.
    let ancestors: Vec<Arc<RecordType>> = lane.model.ancestors(&plan.record_type).cloned().collect();
    let mut inherited: Vec<history::Versions> =
        ancestors.iter().map(|ancestor| history::Versions::as_ancestor(ancestor, id, new)).collect();
    // Where entries replace others, rows are made anew of what stands then.
    let anew = plan.entries.iter().any(|entry| !entry.replaces.is_empty());
    for (index, entry) in plan.entries.iter().enumerate() {
        let changes: Vec<(Slot, Value)> = entry.changes.iter().map(|(s, v)| (*s, applied.value(v))).collect();
        let version = live.version() + 1;
        let begins = (new && index == 0) || (anew && entry.kind == EntryKind::Create);
        let number = begins.then(|| live.get(slot::NUMBER).clone());
        let written = Written { id, version, changes: &changes, number, anew, applied };
        let entry_id = write_entry(session, lane, plan, entry, &written)?;
        if anew {
            live.set(slot::VERSION, Value::Int(version));
            continue;
        }
        let moment = Moment { happened: entry.happened_at, recorded: entry.recorded_at };
        if !past.covers(session, moment.happened)? {
            for (ancestor, past) in ancestors.iter().zip(&mut inherited) {
                let changes = of_ancestor(&plan.record_type, ancestor, &changes);
                past.late(session, &mut live.seen_as(ancestor), &changes, moment, entry_id)?;
            }
            past.late(session, &mut live, &changes, moment, entry_id)?;
            live.set(slot::VERSION, Value::Int(version));
            continue;
        }
        for (slot, value) in &changes {
            live.set(*slot, value.clone());
        }
        live.set(slot::VERSION, Value::Int(version));
        live.set(slot::UPDATED_AT, Value::Instant(entry.happened_at));
        if new && index == 0 {
            live.set(slot::RECORDED_AT, Value::Instant(entry.recorded_at));
        }
        past.put(session, &live, &changes, moment)?;
        for (ancestor, past) in ancestors.iter().zip(&mut inherited) {
            past.covers(session, moment.happened)?;
            past.put(session, &live.seen_as(ancestor), &[], moment)?;
        }
    }
    if anew {
        let (version, recorded) = (live.get(slot::VERSION).clone(), plan.entries.last().map(|last| last.recorded_at));
        live = rebuild(session, &plan.record_type, &ancestors, id, recorded.unwrap_or(i64::MAX))?;
        live.set(slot::VERSION, version);
    }
    past.finish(session)?;
    write_live(session, &before, &live, new)?;
    for (ancestor, past) in ancestors.iter().zip(&mut inherited) {
        past.finish(session)?;
        write_live(session, &before.seen_as(ancestor), &live.seen_as(ancestor), new)?;
    }
    write_thin(session, &live)?;
    lane.search.note(session, &lane.model, plan, &before, &live)?;
    Ok(Some(live.version()))
}

/// Of these changes those of fields that the extended type has as well, with its slots.
fn of_ancestor(own: &RecordType, ancestor: &RecordType, changes: &[(Slot, Value)]) -> Vec<(Slot, Value)> {
    let slot = |slot: &Slot| own.fields.get(*slot).and_then(|field| ancestor.slot(&field.key));
    changes.iter().filter_map(|(own, value)| Some((slot(own)?, value.clone()))).collect()
}

fn insert_thin(session: &mut dyn Session, live: &Record, plan: &RecordPlan) -> Result<(), Fault> {
    let sql =
        "INSERT INTO record (id, type, number, title, scope, version, updated_at) VALUES (?, ?, ?, NULL, NULL, 0, 0)";
    session.execute(sql, &[Param::Int(live.id), Param::Text(&live.record_type.name), Param::Text(live.number())])?;
    if let Some((source, key)) = &plan.external {
        let sql = "INSERT INTO external_id (source, key, record) VALUES (?, ?, ?)";
        session.execute(sql, &[Param::Text(source), Param::Text(key), Param::Int(live.id)])?;
    }
    Ok(())
}

fn write_thin(session: &mut dyn Session, live: &Record) -> Result<(), Fault> {
    let sql = "UPDATE record SET title = ?, scope = ?, version = ?, updated_at = ? WHERE id = ?";
    let title = live.get(live.record_type.title_slot()).as_text();
    let updated = live.get(slot::UPDATED_AT).as_int().unwrap_or(0);
    let params =
        [title.into(), live.scope().into(), Param::Int(live.version()), Param::Int(updated), Param::Int(live.id)];
    session.execute(sql, &params)?;
    Ok(())
}

/// The live row: inserted whole, or only the columns that changed, so that only their indexes are touched.
fn write_live(session: &mut dyn Session, before: &Record, live: &Record, new: bool) -> Result<(), Fault> {
    let changed: Vec<(usize, String)> = columns(&live.record_type)
        .filter(|(slot, _)| new || before.get(*slot) != live.get(*slot))
        .map(|(slot, field)| (slot, quoted(&field.key)))
        .collect();
    let mut params: Vec<Param<'_>> = changed.iter().map(|(slot, _)| Param::from(live.get(*slot))).collect();
    params.push(Param::Int(live.id));
    let table = quoted(&live.record_type.name);
    let sql = if new {
        let names: Vec<&str> = changed.iter().map(|(_, name)| name.as_str()).collect();
        let marks = "?, ".repeat(names.len());
        format!("INSERT INTO {table} ({}, id) VALUES ({marks}?)", names.join(", "))
    } else {
        let sets: Vec<String> = changed.iter().map(|(_, name)| format!("{name} = ?")).collect();
        format!("UPDATE {table} SET {} WHERE id = ?", sets.join(", "))
    };
    session.execute(&sql, &params)?;
    Ok(())
}

/// What an entry is about, beside its plan.
struct Written<'a> {
    id: i64,
    version: i64,
    changes: &'a [(Slot, Value)],
    /// The number that the writer gave, in a record's first entry.
    number: Option<Value>,
    /// Whether the record's rows are made anew when all entries are written.
    anew: bool,
    applied: &'a Applied<'a>,
}

fn write_entry(
    session: &mut dyn Session,
    lane: &mut Recorder,
    record: &RecordPlan,
    entry: &EntryPlan,
    written: &Written<'_>,
) -> Result<i64, Fault> {
    let entry_id = lane.next_entry();
    let kind = lane.kind_of(entry_id, entry.kind);
    let (actor, on_behalf) =
        (entry.actor.map(|a| written.applied.real(a)), entry.on_behalf.map(|a| written.applied.real(a)));
    let mut opening = Opening::new(lane.entropy.bytes32()?);
    if let Some(number) = &written.number {
        opening.field("number", number, false, &*lane.entropy)?;
    }
    for (slot, value) in written.changes {
        if let Some(field) = record.record_type.fields.get(*slot) {
            opening.field(&field.key, value, field.personal || field.kind.is_long_text(), &*lane.entropy)?;
        }
    }
    let cx = EntryCx { entry_id, by: on_behalf.or(actor), written, entry };
    add_acts(&mut opening, &record.record_type, &cx, &*lane.entropy)?;
    let sql = "INSERT INTO entry (id, record, version, kind, recorded_at, happened_at, claimed_at, actor, on_behalf, \"grant\", channel, request, model, into_state, deviates, opening) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let body = opening.body();
    let params = [
        Param::Int(entry_id),
        Param::Int(written.id),
        Param::Int(written.version),
        Param::Text(kind),
        Param::Int(entry.recorded_at),
        Param::Int(entry.happened_at),
        entry.claimed_at.into(),
        actor.into(),
        on_behalf.into(),
        entry.grant.into(),
        Param::Text(entry.channel.as_str()),
        entry.request.as_deref().into(),
        Param::Int(lane.model_version),
        entry.state.as_deref().into(),
        entry.deviates.as_deref().into(),
        Param::Text(&body),
    ];
    session.execute(sql, &params)?;
    replace(session, written.id, &entry.replaces, entry.recorded_at)?;
    for (field, value, salt) in opening.secrets() {
        let sql = "INSERT INTO secret (entry, field, value, salt) VALUES (?, ?, ?, ?)";
        session.execute(sql, &[Param::Int(entry_id), Param::Text(field), Param::Text(value), Param::Blob(salt)])?;
    }
    let of_it = std::iter::once(&record.record_type).chain(lane.model.ancestors(&record.record_type));
    for record_type in of_it.filter(|_| !written.anew) {
        write_lines(session, &record.record_type, record_type, &cx)?;
    }
    for link in &entry.links {
        write_link(session, lane, link, &cx)?;
    }
    write_step(session, lane, &cx)?;
    write_comment(session, lane, &cx)?;
    let leaf = crate::seal::leaf(
        lane,
        record,
        entry,
        &crate::seal::LeafPlace { record: written.id, version: written.version, actor, on_behalf, kind },
        opening,
    )?;
    lane.pending.push(Pending { entry: entry_id, record: written.id, first: written.version == 1, leaf });
    Ok(entry_id)
}

struct EntryCx<'a> {
    entry_id: i64,
    by: Option<i64>,
    written: &'a Written<'a>,
    entry: &'a EntryPlan,
}

impl EntryCx<'_> {
    /// Whose line it is: whoever is named with it, else whoever made the entry.
    fn line_by(&self, named: Option<i64>) -> Option<i64> {
        named.map(|person| self.written.applied.real(person)).or(self.by)
    }
}

/// What an entry commits to beside changed fields: lines, links, reason and comment.
fn add_acts(
    opening: &mut Opening,
    record_type: &RecordType,
    cx: &EntryCx<'_>,
    entropy: &dyn Entropy,
) -> Result<(), Fault> {
    for line in &cx.entry.lines {
        let (LineChange::Add { slot, pos, .. } | LineChange::Remove { slot, pos }) = line;
        let Some(field) = record_type.fields.get(*slot) else { continue };
        let value = match (line, &field.kind) {
            (LineChange::Add { values, at, by, .. }, Kind::Rows { columns, .. }) => {
                let mut object = serde_json::Map::new();
                for (column, value) in columns.iter().zip(values) {
                    object.insert(column.key.clone(), to_json(&cx.written.applied.value(value)));
                }
                object.insert("at".to_owned(), (*at).into());
                object.insert("by".to_owned(), cx.line_by(*by).into());
                serde_json::Value::Object(object)
            }
            _ => serde_json::Value::Null,
        };
        opening.json(&format!("{}[{pos}]", field.key), value)?;
    }
    for link in &cx.entry.links {
        let (a, b) = (cx.written.applied.real(link.a), cx.written.applied.real(link.b));
        opening.json(&format!("link:{}:{a}:{b}", link.kind), serde_json::Value::Bool(link.add))?;
    }
    if let Some(reason) = &cx.entry.reason {
        opening.field(opening::REASON, &Value::text(reason), true, entropy)?;
    }
    if let Some(comment) = &cx.entry.comment {
        opening.json(opening::COMMENT_PUBLIC, serde_json::Value::Bool(comment.public))?;
        opening.field(opening::COMMENT, &Value::text(&comment.text), true, entropy)?;
    }
    if let Some(deviates) = &cx.entry.deviates {
        opening.json(opening::DEVIATES, deviates.as_str().into())?;
    }
    if !cx.entry.replaces.is_empty() {
        opening.json(opening::REPLACES, cx.entry.replaces.clone().into())?;
    }
    Ok(())
}

/// Lines in the table of the record's own type, or of one that it extends.
fn write_lines(
    session: &mut dyn Session,
    own: &RecordType,
    record_type: &RecordType,
    cx: &EntryCx<'_>,
) -> Result<(), Fault> {
    let moment = Moment { happened: cx.entry.happened_at, recorded: cx.entry.recorded_at };
    for line in &cx.entry.lines {
        let (LineChange::Add { slot, pos, .. } | LineChange::Remove { slot, pos }) = line;
        let key = own.fields.get(*slot).map_or("", |field| &field.key);
        let Some((field, Kind::Rows { columns, .. })) = record_type.field(key).map(|f| (f, &f.kind)) else {
            continue;
        };
        let table = quoted(&rows_table(&record_type.name, &field.key));
        let names: String = columns.iter().map(|c| format!(", {}", quoted(&c.key))).collect();
        let key = format!("{}[{pos}]", field.key);
        let until = history::next_change(session, &[cx.written.id], Some(&key), moment, cx.entry_id)?;
        if until != FOREVER || matches!(line, LineChange::Remove { .. }) {
            let copied = format!("id, pos, at, by, counted_at, entry{names}");
            let keys = [cx.written.id, *pos].map(Param::Int);
            let thing = history::Lasting { table: &table, copied: &copied, holds: "id = ? AND pos = ?", keys: &keys };
            history::clear(session, &thing, moment, until)?;
        }
        let LineChange::Add { values, at, by, .. } = line else { continue };
        let sql = format!(
            "INSERT INTO {table} (id, pos, at, by, counted_at, entry, valid_from, valid_to, known_from, known_to{names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?{})",
            ", ?".repeat(columns.len())
        );
        let values: Vec<Value> = values.iter().map(|v| cx.written.applied.value(v)).collect();
        let mut params = vec![Param::Int(cx.written.id), Param::Int(*pos), Param::Int(*at), cx.line_by(*by).into()];
        params.extend([Param::Int(cx.entry.claimed_at.unwrap_or(moment.recorded)), Param::Int(cx.entry_id)]);
        params.extend([moment.happened, until, moment.recorded, FOREVER].map(Param::Int));
        params.extend(values.iter().map(Param::from));
        session.execute(&sql, &params)?;
    }
    Ok(())
}

fn write_link(
    session: &mut dyn Session,
    lane: &mut Recorder,
    link: &LinkChange,
    cx: &EntryCx<'_>,
) -> Result<(), Fault> {
    let (a, b) = (cx.written.applied.real(link.a), cx.written.applied.real(link.b));
    let moment = Moment { happened: cx.entry.happened_at, recorded: cx.entry.recorded_at };
    let key = format!("link:{}:{a}:{b}", link.kind);
    let until = history::next_change(session, &[a, b], Some(&key), moment, cx.entry_id)?;
    if until != FOREVER || !link.add {
        let keys = [Param::Text(&link.kind), Param::Int(a), Param::Int(b)];
        let (copied, holds) = ("id, kind, a, b, scope, entry", "kind = ? AND a = ? AND b = ?");
        history::clear(session, &history::Lasting { table: "link", copied, holds, keys: &keys }, moment, until)?;
    }
    if link.add {
        let sql = "INSERT INTO link (id, kind, a, b, entry, valid_from, valid_to, known_from, known_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let id = lane.next_row();
        let mut params = vec![Param::Int(id), Param::Text(&link.kind)];
        params.extend([a, b, cx.entry_id, moment.happened, until, moment.recorded, FOREVER].map(Param::Int));
        session.execute(sql, &params)?;
    }
    Ok(())
}

fn write_step(session: &mut dyn Session, lane: &mut Recorder, cx: &EntryCx<'_>) -> Result<(), Fault> {
    let Some(step) = &cx.entry.step else { return Ok(()) };
    let seen = session.optional_int(
        "SELECT 1 FROM step WHERE record = ? AND to_state = ? AND known_to = ? LIMIT 1",
        &[Param::Int(cx.written.id), Param::Text(&step.to), Param::Int(FOREVER)],
    )?;
    let sql = "INSERT INTO step (id, record, from_state, to_state, happened_at, recorded_at, claimed_at, entry, deviates, first) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let params = [
        Param::Int(lane.next_row()),
        Param::Int(cx.written.id),
        step.from.as_deref().into(),
        Param::Text(&step.to),
        Param::Int(cx.entry.happened_at),
        Param::Int(cx.entry.recorded_at),
        cx.entry.claimed_at.into(),
        Param::Int(cx.entry_id),
        Param::Int(i64::from(cx.entry.deviates.is_some())),
        Param::Int(i64::from(seen.is_none())),
    ];
    session.execute(sql, &params)?;
    Ok(())
}

fn write_comment(session: &mut dyn Session, lane: &mut Recorder, cx: &EntryCx<'_>) -> Result<(), Fault> {
    let Some(comment) = &cx.entry.comment else { return Ok(()) };
    let sql =
        "INSERT INTO comment (id, record, entry, public, body, at, recorded_at, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let params = [
        Param::Int(lane.next_row()),
        Param::Int(cx.written.id),
        Param::Int(cx.entry_id),
        Param::Int(i64::from(comment.public)),
        Param::Text(&comment.text),
        Param::Int(cx.entry.happened_at),
        Param::Int(cx.entry.recorded_at),
        cx.by.into(),
    ];
    session.execute(sql, &params)?;
    Ok(())
}
