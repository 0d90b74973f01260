//! A record's states of the past, its long texts and its lines: rows with four times.

use std::collections::BTreeMap;

use model::{Kind, RecordType, Slot};
use store::schema::rows_table;

use super::cell::Cell;
use super::chunk::LINE;
use super::entries::Entry;
use super::findings::Stop;
use super::fold::{self, Mismatch, Span, Spot, Update};
use super::records::History;

pub(super) fn versions(history: &History<'_>, spans: &[Span]) -> Result<(), Stop> {
    let width = history.record_type.fields.len();
    fold::compare(width, &history.changes, spans).map_err(|mismatch| {
        let table = format!("{}_v", history.record_type.name);
        stop(history, &table, None, |slot| history.key(slot).to_owned(), *mismatch)
    })
}

pub(super) fn long_texts(history: &History<'_>, mut found: BTreeMap<String, Vec<Span>>) -> Result<(), Stop> {
    for (slot, changes) in &history.long_texts {
        let key = history.key(*slot);
        let spans = found.remove(key).unwrap_or_default();
        let named = |_| key.to_owned();
        fold::compare(1, changes, &spans)
            .map_err(|mismatch| stop(history, "long_text", Some(key), named, *mismatch))?;
    }
    match found.into_iter().next() {
        Some((key, _)) => Err(unmade(history, "long_text", &key)),
        None => Ok(()),
    }
}

pub(super) fn lines(history: &History<'_>, mut found: BTreeMap<(Slot, Cell), Vec<Span>>) -> Result<(), Stop> {
    let table = |slot: Slot| rows_table(&history.record_type.name, history.key(slot));
    let key = |slot: Slot, pos: &Cell| format!("{}[{pos}]", history.key(slot));
    for ((slot, pos), changes) in &history.lines {
        let spans = found.remove(&(*slot, pos.clone())).unwrap_or_default();
        let line = key(*slot, pos);
        let columns = columns(history.record_type, *slot);
        let named = |column: usize| format!("{line}.{}", columns.get(column).copied().unwrap_or_default());
        fold::compare(columns.len(), changes, &spans)
            .map_err(|mismatch| stop(history, &table(*slot), Some(&line), named, *mismatch))?;
    }
    match found.into_iter().next() {
        Some(((slot, pos), _)) => Err(unmade(history, &table(slot), &key(slot, &pos))),
        None => Ok(()),
    }
}

/// The columns of a line, in the order in which its rows are read.
fn columns(record_type: &RecordType, slot: Slot) -> Vec<&str> {
    let mut all = LINE.to_vec();
    if let Some(Kind::Rows { columns, .. }) = record_type.fields.get(slot).map(|field| &field.kind) {
        all.extend(columns.iter().map(|column| column.key.as_str()));
    }
    all
}

/// What an entry did to a line: an object adds it, nothing takes it away.
pub(super) fn line(record_type: &RecordType, slot: Slot, json: &serde_json::Value, entry: &Entry) -> Update {
    let Some(object) = json.as_object() else { return Update::Gone };
    let values = columns(record_type, slot).into_iter().enumerate().map(|(index, column)| match (index, column) {
        (2, _) => Cell::Int(entry.claimed.unwrap_or(entry.recorded)),
        (3, _) => Cell::Int(entry.id),
        (_, column) => object.get(column).map_or(Cell::Null, Cell::of_json),
    });
    Update::Whole(values.collect())
}

fn unmade(history: &History<'_>, table: &str, field: &str) -> Stop {
    let finding = history.finding("a row was made by no entry", table).field(field);
    finding.leaf(history.entries.last().map(|entry| entry.leaf)).stop("nothing", "a row")
}

fn stop(
    history: &History<'_>,
    table: &str,
    field: Option<&str>,
    named: impl Fn(usize) -> String,
    mismatch: Mismatch,
) -> Stop {
    let Mismatch { what, spot, leaf, expected, found } = mismatch;
    let finding = history.finding(what, table).leaf(leaf);
    let finding = match (spot, field) {
        (Spot::Value(column), _) => finding.field(named(column)),
        (Spot::Time(end), None) => finding.field(end),
        (Spot::Time(end), Some(field)) => finding.field(format!("{field}.{end}")),
        (Spot::Row, Some(field)) => finding.field(field),
        (Spot::Row, None) => finding,
    };
    finding.stop(expected, found)
}
