//! The one timeline of a record: what was said, what was done, oldest first.

use engine::read::entries::{Change as Changed, Comment, Entry};
use engine::slot;
use model::{RelationSource, Value};
use serde_json::Value as Json;

use super::record::Subject;
use super::show;
use crate::view::list::MenuItem;
use crate::view::parts::{Link, Sentence, Word};
use crate::view::timeline::{Change, Day, Event, Moment, Note, Timeline};
use crate::view::words;

/// Entries on a page; the ones before are one link away.
const SHOWN_MAX: usize = 200;
/// Two instants closer than this are said as one, in microseconds.
const SAME: i64 = 60 * 1_000_000;

pub fn timeline(subject: &Subject) -> Timeline {
    let address = &subject.visit.address;
    let show = address.get("show").unwrap_or("all");
    let mut order: Vec<&Entry> = subject.entries.iter().filter(|entry| fits(entry, show)).collect();
    order.sort_by_key(|entry| (entry.happened_at, entry.id));
    let left_out = if address.has("older") { 0 } else { order.len().saturating_sub(SHOWN_MAX) };
    let mut days: Vec<Day> = Vec::new();
    for entry in order.into_iter().skip(left_out) {
        let label = subject.visit.wall.named_day(entry.happened_at);
        if days.last().is_none_or(|day| day.label != label) {
            days.push(Day { label, moments: Vec::new() });
        }
        if let Some(day) = days.last_mut() {
            day.moments.extend(moments(subject, entry));
        }
    }
    let older = (left_out > 0).then(|| {
        let count = words::count(u64::try_from(left_out).unwrap_or(0), "earlier entry", "earlier entries");
        Link::new(format!("Show {count}"), address.with("older", Some("1")).to_string())
    });
    let zone = format!("times in {}", subject.visit.wall.zone.name());
    Timeline { tabs: tabs(subject, show), zone, older, days }
}

fn tabs(subject: &Subject, show: &str) -> Vec<MenuItem> {
    if subject.visit.principal.public_only(&subject.record_type) {
        return Vec::new();
    }
    let tab = |key: &str, label: &str| MenuItem {
        label: label.to_owned(),
        href: subject.visit.address.with("show", (key != "all").then_some(key)).to_string(),
        current: show == key,
    };
    vec![tab("all", "All"), tab("public", "Public"), tab("internal", "Internal"), tab("changes", "Changes")]
}

fn fits(entry: &Entry, show: &str) -> bool {
    match (show, &entry.comment) {
        ("public", comment) => comment.as_ref().is_some_and(|comment| comment.public),
        ("internal", comment) => comment.as_ref().is_some_and(|comment| !comment.public),
        ("changes", comment) => comment.is_none(),
        _ => true,
    }
}

fn moments(subject: &Subject, entry: &Entry) -> Vec<Moment> {
    match &entry.comment {
        Some(comment) => vec![Moment::Note(note(subject, entry, comment))],
        None => vec![Moment::Event(event(subject, entry))],
    }
}

fn note(subject: &Subject, entry: &Entry, comment: &Comment) -> Note {
    let text = comment.text.as_deref();
    let audience = if comment.public { "Public" } else { "Internal" };
    Note {
        id: format!("entry-{}", entry.version),
        who: subject.visit.actor(entry.on_behalf.or(entry.actor), &subject.names),
        role: String::new(),
        time: subject.visit.wall.clock_time(entry.happened_at),
        public: comment.public,
        audience: audience.to_owned(),
        body: subject.showing().prose(text.unwrap_or("(erased)")),
        times: times(subject, entry),
    }
}

fn event(subject: &Subject, entry: &Entry) -> Event {
    let (icon, text) = told(subject, entry);
    Event {
        id: format!("entry-{}", entry.version),
        icon,
        text,
        time: subject.visit.wall.clock_time(entry.happened_at),
        changes: if entry.begins() { Vec::new() } else { changes(subject, entry, What::ByHand) },
        times: times(subject, entry),
        deviation: entry.deviates.as_deref().map(super::refused::sentence).unwrap_or_default(),
    }
}

/// Recorded and claimed, where they differ from when it happened.
fn times(subject: &Subject, entry: &Entry) -> String {
    let wall = &subject.visit.wall;
    let mut parts = Vec::new();
    if (entry.recorded_at - entry.happened_at).abs() > SAME {
        parts.push(format!("recorded {}", wall.long(entry.recorded_at)));
    }
    if let Some(claimed) = entry.claimed_at.filter(|claimed| (claimed - entry.happened_at).abs() > SAME) {
        parts.push(format!("claimed {}", wall.long(claimed)));
    }
    parts.join(" · ")
}

/// A drawing and a sentence: who did what.
pub fn told(subject: &Subject, entry: &Entry) -> (&'static str, Sentence) {
    let by = entry.on_behalf.or(entry.actor);
    let who = match (by, entry.channel.as_str()) {
        (None, "import") => "The import".to_owned(),
        (None, "timer") => "The clock".to_owned(),
        (by, _) => subject.visit.actor(by, &subject.names).name,
    };
    let noun = subject.noun();
    let state = entry.changes.iter().find(|change| change.key == "state").and_then(|change| change.to.as_text());
    let lifecycle = subject.record_type.lifecycle.as_ref();
    let (icon, what) = match (entry.begins(), state.zip(lifecycle)) {
        (true, _) => ("plus", format!(" recorded the {noun}")),
        (_, Some((state, lifecycle))) => ("flag", format!(" moved it to {}", show::status_of(lifecycle, state).label)),
        _ if entry.kind == "touch" => {
            ("pencil", " touched it in the source without a change that is kept here".to_owned())
        }
        _ if entry.kind == "comment" => ("pencil", " commented".to_owned()),
        _ => match entry.changes.iter().find(|change| subject.record_type.slot(&change.key).is_none()) {
            Some(change) => ("link", beside(subject, change)),
            None => ("pencil", format!(" changed the {noun}")),
        },
    };
    let mut words = vec![Word::Strong(who), Word::Plain(what)];
    if let Some(reason) = &entry.reason {
        words.push(Word::Plain(format!(": “{reason}”")));
    }
    (icon, Sentence(words))
}

/// A link made or ended, a line added: what has no field of its own. Keys are `link:kind:a:b` and `field[pos]`.
fn beside(subject: &Subject, change: &Changed) -> String {
    let mut parts = change.key.split(':');
    if parts.next() == Some("link") {
        let kind = parts.next().unwrap_or_default();
        let ends: Vec<i64> = parts.filter_map(|id| id.parse().ok()).collect();
        let forward = ends.first() == Some(&subject.record.id);
        let other = ends.into_iter().find(|id| *id != subject.record.id);
        let name = other.and_then(|id| subject.names.get(&id)).map_or("a record", |named| named.name.as_str());
        let label = subject.record_type.relations.iter().find_map(|relation| match &relation.source {
            RelationSource::Links { kind: k, forward: f, .. } if k == kind && *f == forward => {
                Some(relation.label.to_lowercase())
            }
            _ => None,
        });
        let ended = matches!(change.detail, None | Some(Json::Null | Json::Bool(false)));
        let verb = if ended { "ended the link" } else { "linked" };
        return format!(" {verb} “{name}” ({})", label.unwrap_or_else(|| kind.to_owned()));
    }
    let field = change.key.split('[').next().and_then(|key| subject.record_type.field(key));
    let label = field.map_or_else(|| change.key.clone(), |field| field.label.to_lowercase());
    format!(" added to {label}")
}

/// Ids of records that a change speaks of in its key.
pub fn ids_of(change: &Changed) -> impl Iterator<Item = i64> {
    let link = change.key.starts_with("link:");
    change.key.split(':').filter(move |_| link).filter_map(|part| part.parse().ok())
}

/// Which changes are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Not what followed by itself, nor the state, which the sentence says.
    ByHand,
    All,
}

pub fn changes(subject: &Subject, entry: &Entry, what: What) -> Vec<Change> {
    let showing = subject.showing();
    let mut told = Vec::new();
    for change in &entry.changes {
        let Some(slot) = subject.record_type.slot(&change.key) else {
            told.extend(line(subject, change));
            continue;
        };
        let Some(field) = subject.record_type.fields.get(slot) else { continue };
        let by_itself = field.derived || field.system || [slot::RAISED_AT, slot::CREATED_BY].contains(&slot);
        if (what == What::ByHand && by_itself) || change.from == change.to {
            continue;
        }
        let text = |value: &Value| match (value, &subject.record_type.lifecycle) {
            (Value::Text(state), Some(lifecycle)) if field.key == "state" => show::status_of(lifecycle, state).label,
            (value, _) => showing.text(value, field),
        };
        told.push(Change { label: field.label.clone(), from: text(&change.from), to: text(&change.to) });
    }
    told
}

/// The cells of a line, as the ledger holds them.
fn line(subject: &Subject, change: &Changed) -> Option<Change> {
    let field = subject.record_type.field(change.key.split('[').next()?)?;
    let model::Kind::Rows { columns, .. } = &field.kind else { return None };
    let detail = change.detail.as_ref()?;
    let showing = subject.showing();
    let text = |column: &model::Field| {
        let value = engine::from_json(detail.get(&column.key)?, &column.kind);
        Some(showing.text(&value, column)).filter(|text| !text.is_empty())
    };
    let cells: Vec<String> = columns.iter().filter_map(text).collect();
    Some(Change { label: field.label.clone(), from: String::new(), to: cells.join(", ") })
        .filter(|change| !change.to.is_empty())
}
