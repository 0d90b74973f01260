//! What is known of a record, beside its story.

use engine::{Record, slot};
use model::{Category, Field, Kind, Slot, Value};

use super::record::Subject;
use super::show;
use super::wall;
use crate::api::json::instant;
use crate::view::parts::{Clock, ClockKind, Fact, RecordLink, Shown};
use crate::view::record::{ClockLine, LinkGroup, LinkedRecord, SmallTable};

/// Fields that this reader may see, with their slots.
fn visible(subject: &Subject) -> Vec<(Slot, &Field)> {
    let hidden = subject.visit.principal.hidden(&subject.record_type);
    let fields = subject.record_type.fields.iter().enumerate();
    fields.filter(|(slot, _)| !hidden.contains(slot)).collect()
}

/// Facts that have a value, and the empty ones that lists of this type speak of: those are missed.
pub fn facts(subject: &Subject) -> Vec<Fact> {
    let record_type = &subject.record_type;
    let views = &record_type.views;
    let spoken_of = |slot: &Slot| views.iter().any(|view| view.columns.contains(slot) || view.facets.contains(slot));
    let showing = subject.showing();
    let title = record_type.title_slot();
    let fields = visible(subject).into_iter().filter(|(slot, field)| {
        let elsewhere =
            field.kind.is_long_text() || matches!(field.kind, Kind::Rows { .. } | Kind::Instant | Kind::Attachment);
        let own = [slot::NUMBER, slot::VERSION, slot::ORIGIN, slot::GAPS, title].contains(slot)
            || Some(*slot) == record_type.state_slot();
        let empty = subject.record.get(*slot).is_null();
        let quiet =
            field.kind == Kind::Boolean && subject.record.get(*slot) == &Value::Bool(false) && field.default.is_some();
        let nothing = field.derived && subject.record.get(*slot).as_int() == Some(0);
        let shown = !empty || (spoken_of(slot) && !field.derived);
        !elsewhere && !own && shown && !quiet && !nothing
    });
    // What somebody said comes before what followed from it.
    let (said, followed): (Vec<_>, Vec<_>) = fields.partition(|(_, field)| !field.derived && !field.system);
    let facts = said.into_iter().chain(followed);
    facts.map(|(slot, field)| Fact::new(field.label.clone(), showing.shown(subject.record.get(slot), field))).collect()
}

/// Every instant that is known, in the order of time.
pub fn times(subject: &Subject) -> Vec<Fact> {
    let wall = &subject.visit.wall;
    let mut times: Vec<(i64, &Field)> = Vec::new();
    for (slot, field) in visible(subject) {
        if let Value::Instant(at) = subject.record.get(slot)
            && slot != slot::UPDATED_AT
        {
            times.push((*at, field));
        }
    }
    // What was recorded as it happened is said once.
    let raised = subject.record.get(slot::RAISED_AT).as_int();
    times.retain(|(at, field)| {
        field.key != "recorded_at" || raised.is_none_or(|raised| (at - raised).abs() > 60_000_000)
    });
    times.sort_by_key(|(at, _)| *at);
    times.into_iter().map(|(at, field)| Fact::new(field.label.clone(), Shown::Time(wall.narrow_time(at)))).collect()
}

/// Whether records of a type are clocks: a target that was granted, from when, until when.
fn is_clock(record: &Record) -> bool {
    ["target", "started_at", "due_at"].iter().all(|key| record.record_type.slot(key).is_some())
}

pub fn clocks(subject: &Subject) -> Vec<ClockLine> {
    let pointing = subject.related.pointing.iter().flat_map(|pointing| &pointing.records);
    pointing.filter(|record| is_clock(record)).filter_map(|record| clock(subject, record)).collect()
}

fn clock(subject: &Subject, record: &Record) -> Option<ClockLine> {
    let wall = &subject.visit.wall;
    let (started, due) = (record.by_key("started_at").as_int()?, record.by_key("due_at").as_int()?);
    let target = record.by_key("target").as_int()?;
    let stopped = record.by_key("stopped_at").as_int();
    let lifecycle = record.record_type.lifecycle.as_ref()?;
    let category = lifecycle.state(record.state()?)?.category;
    let now = wall.now;
    let seconds = |micros: i64| micros / 1_000_000;
    let clock = match (category, stopped) {
        (Category::Done, _) => Clock::standing(ClockKind::Met, met(started, stopped)),
        (Category::Final, Some(at)) => {
            Clock::standing(ClockKind::Missed, format!("{} over", wall::duration((at - due).max(0))))
        }
        _ => Clock::running(seconds(due - now), seconds(due - started), instant(due)),
    };
    let used = stopped.is_none().then(|| {
        let (spent, whole) = ((now - started).max(0), (due - started).max(1));
        let share = u8::try_from((i128::from(spent) * 100 / i128::from(whole)).clamp(0, 100)).unwrap_or(100);
        (share, format!("{} since it began", wall::duration(spent)))
    });
    let ends = if due < now { "Was due" } else { "Due" };
    let kind = record
        .record_type
        .field("kind")
        .map(|field| subject.showing().text(record.by_key("kind"), field))
        .unwrap_or_default();
    let label = if kind.is_empty() { record.record_type.label.clone() } else { capital(&kind) };
    Some(ClockLine {
        label,
        clock,
        used,
        how: format!("Target {}, in working time. {ends} {}.", wall::duration(target), wall.long(due)),
        href: Some(format!("/{}/{}", record.record_type.path, record.number())),
    })
}

fn met(started: i64, stopped: Option<i64>) -> String {
    stopped.map_or_else(|| "Met".to_owned(), |at| format!("Met in {}", wall::duration((at - started).max(0))))
}

pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// Linked records, and those that point here; clocks have a place of their own.
pub fn links(subject: &Subject) -> Vec<LinkGroup> {
    let showing = subject.showing();
    let mut groups = Vec::new();
    for (relation, ids) in &subject.related.linked {
        let named = ids.iter().filter_map(|id| subject.names.get(id));
        let links: Vec<LinkedRecord> = named
            .map(|named| LinkedRecord { record: showing.record_link(named), note: named.number.clone(), status: None })
            .collect();
        if !links.is_empty() {
            groups.push(LinkGroup { label: relation.label.clone(), icon: "link", links });
        }
    }
    for pointing in subject.related.pointing.iter().filter(|p| !p.records.iter().any(is_clock)) {
        let mut links: Vec<LinkedRecord> =
            pointing.records.iter().map(|record| pointing_here(subject, record)).collect();
        if let Some(more) = &pointing.more {
            let record = RecordLink {
                number: "more".to_owned(),
                name: Some("all of them".to_owned()),
                href: Some(more.clone()),
            };
            links.push(LinkedRecord { record, ..LinkedRecord::default() });
        }
        if !links.is_empty() {
            groups.push(LinkGroup { label: pointing.relation.label.clone(), icon: "link", links });
        }
    }
    groups
}

fn pointing_here(subject: &Subject, record: &Record) -> LinkedRecord {
    let hidden = subject.visit.principal.hidden(&record.record_type);
    let titled = !record.title().is_empty()
        && record.title() != record.number()
        && !hidden.contains(&record.record_type.title_slot());
    let record_link = RecordLink {
        number: record.number().to_owned(),
        name: titled.then(|| record.title().to_owned()),
        href: Some(format!("/{}/{}", record.record_type.path, record.number())),
    };
    let note = if titled { record.number().to_owned() } else { String::new() };
    LinkedRecord { record: record_link, note, status: show::status(record) }
}

/// The lines of each rows field that has any.
pub fn tables(subject: &Subject) -> Vec<SmallTable> {
    let showing = subject.showing();
    let mut tables = Vec::new();
    for (slot, field) in visible(subject) {
        let Kind::Rows { columns, scalar } = &field.kind else { continue };
        let Some(lines) = subject.record.rows.get(&slot).filter(|lines| !lines.is_empty()) else { continue };
        let mut heads: Vec<String> = columns.iter().map(|column| column.label.clone()).collect();
        if !scalar {
            heads.extend(["When".to_owned(), "By".to_owned()]);
        }
        let rows = lines.iter().map(|line| {
            let mut cells: Vec<Shown> =
                columns.iter().zip(&line.values).map(|(column, value)| showing.shown(value, column)).collect();
            if !scalar {
                cells.push(Shown::Time(subject.visit.wall.time(line.at)));
                let by = subject.visit.actor(line.by, &subject.names);
                cells.push(Shown::Muted(format!("by {}", by.name)));
            }
            cells
        });
        tables.push(SmallTable { label: field.label.clone(), columns: heads, rows: rows.collect() });
    }
    tables
}
