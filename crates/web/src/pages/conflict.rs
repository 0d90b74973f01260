//! Two people saved the same record: both sides, field by field, and nothing lost.

use std::collections::BTreeMap;

use super::change::{self, WAS};
use super::fields;
use super::frame::version;
use super::posted::Fields;
use super::record::Subject;
use super::show::Showing;
use crate::view::conflict::{Changed, ConflictPage, ConflictRow};
use crate::view::words;
use model::{Field, Value};

pub fn page(subject: &Subject, posted: &Fields, opened: i64) -> ConflictPage {
    let visit = &subject.visit;
    let newest = subject.entries.iter().filter(|entry| entry.version > opened);
    let last = newest.max_by_key(|entry| entry.version);
    let theirs = last.map(|entry| visit.actor(entry.on_behalf.or(entry.actor), &subject.names));
    let saved = last.map_or(visit.wall.now, |entry| entry.recorded_at);
    let rows = rows(subject, posted);
    let open = rows.iter().filter(|row| row.who == Changed::Both).count();
    let advice = match open {
        0 => "No field was changed by both: the choice is made already, look and save.".to_owned(),
        n => format!("{} your choice.", words::count(u64::try_from(n).unwrap_or(0), "field needs", "fields need")),
    };
    let who = theirs.as_ref().map_or("Somebody", |person| person.name.as_str());
    ConflictPage {
        shell: subject.shell("Two versions"),
        number: subject.record.number().to_owned(),
        title: subject.record.title().to_owned(),
        noun: subject.noun(),
        href: subject.href(),
        what_happened: format!(
            "{who} saved version {} at {}; you had opened version {opened}.",
            version(&subject.record),
            visit.wall.clock(saved)
        ),
        advice,
        mine: Some(visit.person_named(Some(visit.person), &visit.principal.name)),
        theirs,
        saved_at: visit.wall.clock(saved),
        action: subject.href(),
        version: version(&subject.record),
        hidden: hidden(subject, &rows),
        rows,
        error: None,
    }
}

/// What stands in each field now, so that choosing mine is a change against theirs.
fn hidden(subject: &Subject, rows: &[ConflictRow]) -> Vec<(String, String)> {
    let now = fields::typed_record(&subject.visit, &subject.record, &subject.names);
    now.into_iter()
        .filter(|(key, _)| rows.iter().any(|row| row.key == *key))
        .map(|(key, value)| (format!("{WAS}{key}"), value))
        .collect()
}

fn rows(subject: &Subject, posted: &Fields) -> Vec<ConflictRow> {
    let mine: BTreeMap<String, String> =
        change::changed(subject, posted).into_iter().map(|c| (c.field.key.clone(), c.mine)).collect();
    let before: BTreeMap<String, String> = change::remembered(posted).into_iter().collect();
    let now = fields::typed_record(&subject.visit, &subject.record, &subject.names);
    let showing = subject.showing();
    let mut rows = Vec::new();
    for (key, theirs) in now {
        let (Some(field), Some(was)) = (subject.record_type.field(&key), before.get(&key)) else { continue };
        let said = |typed: &str| said(&showing, subject, field, typed);
        let they_changed = !fields::unchanged(field, was, &theirs);
        let (who, keep, mine) = match (mine.get(&key), they_changed) {
            (Some(mine), true) if fields::unchanged(field, &theirs, mine) => continue,
            (Some(mine), true) => (Changed::Both, None, mine),
            (Some(mine), false) => (Changed::Mine, Some(true), mine),
            (None, true) => (Changed::Theirs, Some(false), was),
            (None, false) => continue,
        };
        rows.push(ConflictRow {
            label: field.label.clone(),
            before: said(was),
            theirs: said(&theirs),
            mine: said(mine),
            mine_value: mine.clone(),
            who,
            keep_mine: keep,
            key,
        });
    }
    rows.sort_by_key(|row| row.who != Changed::Both);
    rows
}

/// What was typed, as people read it.
fn said(showing: &Showing<'_>, subject: &Subject, field: &Field, typed: &str) -> String {
    match &field.kind {
        model::Kind::Choice(_) => showing.text(&Value::text(typed), field),
        model::Kind::Boolean => if typed == "true" { "yes" } else { "no" }.to_owned(),
        model::Kind::ListValue { .. } => {
            let named = subject.names.values().find(|named| named.number == typed);
            named.map_or_else(|| typed.to_owned(), |named| named.name.clone())
        }
        model::Kind::Instant => {
            subject.visit.wall.read(typed).map_or_else(|| typed.to_owned(), |at| subject.visit.wall.long(at))
        }
        _ => typed.to_owned(),
    }
}
