//! Record by record: entries, then what was made of them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Model, RecordType, Slot};
use store::schema::columns;
use store::{FOREVER, Session};

use super::cell::Cell;
use super::chunk::{self, Chunk, THIN};
use super::entries::{self, Context, Entry};
use super::findings::{Finding, Stop, lost_number, number};
use super::fold::{Change, Update};
use super::links::LinkAct;
use super::openings::Place;
use super::whole::{self, Head};
use super::{rows, steps};
use crate::record::slot;

/// What all records together come to.
#[derive(Default)]
pub(super) struct Totals {
    pub records: i64,
    pub entries: i64,
    /// Links, steps and comments that were made; they share one numbering.
    pub rows: i64,
    /// Last number given, by prefix.
    pub numbers: BTreeMap<String, i64>,
    /// A link's two ends are two records, so links are compared when all entries have been read.
    pub links: Vec<LinkAct>,
    pub warnings: BTreeSet<String>,
}

pub(super) fn check(session: &mut dyn Session, model: &Model, head: &Head, totals: &mut Totals) -> Result<(), Stop> {
    let models = whole::models(session)?;
    let last = chunk::last_id(session)?.max(head.next_id);
    let mut from = 0;
    while from < last {
        let to = chunk::end(session, from, last)?;
        let mut chunk = chunk::read(session, model, from + 1, to)?;
        for id in from + 1..=to {
            if !chunk.thin.contains_key(&id) {
                return Err(missing(session, id, &chunk)?);
            }
            record(model, head, &models, id, &mut chunk, totals)?;
        }
        leftover(session, model, &chunk)?;
        from = to;
    }
    Ok(())
}

fn missing(session: &mut dyn Session, id: i64, chunk: &Chunk) -> Result<Stop, Stop> {
    let lost = lost_number(session)?;
    let finding = Finding::new("a record is missing", "record").record(lost).field("id");
    let entries = chunk.entries.get(&id).map_or(0, Vec::len);
    Ok(finding.stop(format!("a record with the id {id}"), format!("none, with {entries} entries about it")))
}

/// A record's type, history and name, while it is compared.
pub(super) struct History<'a> {
    pub id: i64,
    pub record_type: &'a RecordType,
    pub number: String,
    pub entries: Vec<Entry>,
    /// Changes of short columns, by slot.
    pub changes: Vec<Change>,
    pub long_texts: BTreeMap<Slot, Vec<Change>>,
    pub lines: BTreeMap<(Slot, Cell), Vec<Change>>,
    /// The values that hold last, and the leaf that decided each.
    live: Vec<(Cell, Option<i64>)>,
}

impl History<'_> {
    pub fn finding(&self, what: impl Into<String>, table: impl Into<String>) -> Finding {
        Finding::new(what, table).record(self.number.clone())
    }

    pub fn key(&self, slot: Slot) -> &str {
        self.record_type.fields.get(slot).map_or("", |field| &field.key)
    }

    /// The same history in the tables of a type that the record's own extends. Entries and long texts stand once.
    fn seen_as<'b>(&self, ancestor: &'b RecordType) -> History<'b> {
        let slot = |own: Slot| ancestor.slot(self.key(own));
        let onto = |change: &Change| match &change.update {
            Update::Columns(columns) => change.with(Update::Columns(
                columns.iter().filter_map(|(own, cell)| Some((slot(*own)?, cell.clone()))).collect(),
            )),
            whole => change.with(whole.clone()),
        };
        let lines = self
            .lines
            .iter()
            .filter_map(|((own, pos), changes)| Some(((slot(*own)?, pos.clone()), changes.iter().map(onto).collect())));
        let own = ancestor.fields.iter().map(|field| self.record_type.slot(&field.key));
        let live = own.map(|own| own.and_then(|own| self.live.get(own)).cloned().unwrap_or((Cell::Null, None)));
        History {
            id: self.id,
            record_type: ancestor,
            number: self.number.clone(),
            entries: Vec::new(),
            changes: self.changes.iter().map(onto).collect(),
            long_texts: BTreeMap::new(),
            lines: lines.collect(),
            live: live.collect(),
        }
    }

    fn live(&self, slot: Slot) -> Cell {
        self.live.get(slot).map_or(Cell::Null, |(cell, _)| cell.clone())
    }
}

fn record(
    model: &Model,
    head: &Head,
    models: &[(i64, Cell)],
    id: i64,
    chunk: &mut Chunk,
    totals: &mut Totals,
) -> Result<(), Stop> {
    let thin = chunk.thin.remove(&id).unwrap_or_default();
    let [record_type, number, ..] = thin.as_slice() else { return Ok(()) };
    let named = number.text();
    let raws = chunk.entries.remove(&id).unwrap_or_default();
    if raws.is_empty() {
        let finding = Finding::new("a record was made by no entry", "record").record(named.map(str::to_owned));
        return Err(finding.stop("at least one entry", "none"));
    }
    let cx = Context { log_id: &head.log_id, models, record_type, number: named };
    let entries = entries::check(raws, &mut chunk.secrets, &cx)?;
    totals.records += 1;
    totals.entries += i64::try_from(entries.len()).unwrap_or(0);
    let place = |name: &str| model.types().iter().position(|t| t.name == name);
    let found = record_type.text().and_then(place).and_then(|index| Some((index, model.types().get(index)?)));
    for entry in &entries {
        let acts = entry.opened.iter().filter_map(|(key, json)| LinkAct::of(key, json, entry, id));
        totals.links.extend(acts);
    }
    let Some((index, record_type)) = found else {
        chunk.long_texts.remove(&id);
        let made = [chunk.steps.remove(&id), chunk.comments.remove(&id)];
        totals.rows += made.into_iter().flatten().map(|rows| i64::try_from(rows.len()).unwrap_or(0)).sum::<i64>();
        totals.warnings.insert(format!("the model has no type {record_type} any more: its rows were not compared"));
        return Ok(());
    };
    let history = fold(id, record_type, entries, totals)?;
    count_number(&history.number, totals);
    thin_row(&history, &thin)?;
    let live = chunk.live.remove(&(index, id));
    live_row(&history, live)?;
    rows::versions(&history, &chunk.versions.remove(&(index, id)).unwrap_or_default())?;
    rows::long_texts(&history, chunk.long_texts.remove(&id).unwrap_or_default())?;
    rows::lines(&history, chunk.lines.remove(&(index, id)).unwrap_or_default())?;
    for ancestor in model.ancestors(record_type) {
        let Some(index) = place(&ancestor.name) else { continue };
        let seen = history.seen_as(ancestor);
        live_row(&seen, chunk.live.remove(&(index, id)))?;
        rows::versions(&seen, &chunk.versions.remove(&(index, id)).unwrap_or_default())?;
        rows::lines(&seen, chunk.lines.remove(&(index, id)).unwrap_or_default())?;
    }
    totals.rows += steps::steps(&history, chunk.steps.remove(&id).unwrap_or_default())?;
    totals.rows += steps::comments(&history, chunk.comments.remove(&id).unwrap_or_default())?;
    Ok(())
}

fn count_number(number: &str, totals: &mut Totals) {
    if let Some((prefix, digits)) = number.rsplit_once('-') {
        let last = totals.numbers.entry(prefix.to_owned()).or_default();
        *last = digits.parse().unwrap_or(0).max(*last);
    }
}

/// What the entries did to each part of the record.
fn fold<'a>(
    id: i64,
    record_type: &'a RecordType,
    entries: Vec<Entry>,
    totals: &mut Totals,
) -> Result<History<'a>, Stop> {
    let number =
        entries.first().and_then(|e| e.opened("number")).and_then(|n| n.as_str()).unwrap_or_default().to_owned();
    let (changes, long_texts, lines) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let live = vec![(Cell::Null, None); record_type.fields.len()];
    let mut history = History { id, record_type, number, entries: Vec::new(), changes, long_texts, lines, live };
    let mut all: Vec<(i64, i64, Slot, Cell, i64)> = Vec::new();
    let begun = entries.first().map_or(0, |first| first.recorded);
    for entry in &entries {
        let change = |update| entry.change(update);
        let stands = entry.known_to == FOREVER;
        let mut columns = system(entry, begun);
        for (key, json) in &entry.opened {
            match meaning(record_type, key) {
                Meaning::Column(slot) if record_type.fields.get(slot).is_some_and(|f| f.kind.is_long_text()) => {
                    let cell = Cell::of_json(json);
                    all.extend(stands.then(|| (entry.happened, entry.id, slot, cell.clone(), entry.leaf)));
                    history.long_texts.entry(slot).or_default().push(change(Update::Whole(vec![cell])));
                }
                Meaning::Column(slot) => columns.push((slot, Cell::of_json(json))),
                Meaning::Line(slot, pos) => {
                    let update = rows::line(record_type, slot, json, entry);
                    history.lines.entry((slot, Cell::Int(pos))).or_default().push(change(update));
                }
                Meaning::Act => {}
                Meaning::Unknown => {
                    totals.warnings.insert(format!(
                        "the model has no field {}.{key} any more: it was not compared",
                        record_type.name
                    ));
                }
            }
        }
        let of_it = columns.iter().map(|(slot, cell)| (entry.happened, entry.id, *slot, cell.clone(), entry.leaf));
        all.extend(of_it.filter(|_| stands));
        history.changes.push(change(Update::Columns(columns)));
    }
    all.sort_by_key(|(happened, entry, slot, ..)| (*happened, *entry, *slot));
    for (_, _, slot, cell, leaf) in all {
        if let Some(place) = history.live.get_mut(slot) {
            *place = (cell, Some(leaf));
        }
    }
    // The live row counts all entries, also those that came late.
    if let (Some(place), Some(last)) = (history.live.get_mut(slot::VERSION), entries.last()) {
        *place = (Cell::Int(last.version), Some(last.leaf));
    }
    history.entries = entries;
    Ok(history)
}

/// What the writer sets beside the fields that an entry opens. `begun`: when the record's first entry was recorded.
fn system(entry: &Entry, begun: i64) -> Vec<(Slot, Cell)> {
    let mut columns = vec![(slot::VERSION, Cell::Int(entry.version)), (slot::UPDATED_AT, Cell::Int(entry.happened))];
    if entry.begins {
        columns.push((slot::RECORDED_AT, Cell::Int(begun)));
    }
    columns
}

/// What a key of an opening is about.
enum Meaning {
    Column(Slot),
    Line(Slot, i64),
    /// Link, reason, comment, deviation.
    Act,
    Unknown,
}

fn meaning(record_type: &RecordType, key: &str) -> Meaning {
    if key.contains(':') {
        return Meaning::Act;
    }
    if let Some((field, pos)) = key.strip_suffix(']').and_then(|key| key.split_once('[')) {
        return match (record_type.slot(field), pos.parse()) {
            (Some(slot), Ok(pos)) => Meaning::Line(slot, pos),
            _ => Meaning::Unknown,
        };
    }
    let column = |slot: &Slot| record_type.fields.get(*slot).is_some_and(|field| field.kind.is_column());
    record_type.slot(key).filter(column).map_or(Meaning::Unknown, Meaning::Column)
}

fn thin_row(history: &History<'_>, found: &[Cell]) -> Result<(), Stop> {
    let title = Some(history.live(history.record_type.title_slot())).filter(|title| title.text().is_some());
    let expected = [
        Cell::of_text(&history.record_type.name),
        Cell::of_text(&history.number),
        title.unwrap_or(Cell::Null),
        history.record_type.scope.map_or(Cell::Null, |slot| history.live(slot)),
        history.live(slot::VERSION),
        history.live(slot::UPDATED_AT),
        Cell::Null,
    ];
    let last = history.entries.last().map(|entry| entry.leaf);
    let scope = history.record_type.scope.unwrap_or(slot::NUMBER);
    let slots = [slot::NUMBER, slot::NUMBER, history.record_type.title_slot(), scope, slot::VERSION, slot::UPDATED_AT];
    for (index, (((name, _), expected), found)) in THIN.iter().zip(&expected).zip(found).enumerate() {
        let decided = slots.get(index).and_then(|slot| history.live.get(*slot)).and_then(|(_, leaf)| *leaf);
        let finding = history.finding("a record's row is not what its entries say", "record").field(*name);
        let finding = finding.leaf(decided.or(last));
        finding.same(expected, found)?;
    }
    Ok(())
}

fn live_row(history: &History<'_>, found: Option<Vec<Cell>>) -> Result<(), Stop> {
    let table = &history.record_type.name;
    let leaf = history.entries.last().map(|entry| entry.leaf);
    let Some(found) = found else {
        let finding = history.finding("a record's row is missing", table).field("id").leaf(leaf);
        return Err(finding.stop(history.id.to_string(), "nothing"));
    };
    for (slot, field) in columns(history.record_type) {
        let (expected, leaf) = history.live.get(slot).cloned().unwrap_or((Cell::Null, None));
        let finding = history.finding("a record is not what its entries say", table).field(&field.key).leaf(leaf);
        finding.same(&expected, found.get(slot).unwrap_or(&Cell::Null))?;
    }
    Ok(())
}

/// What lies under these records and was made by none of their entries.
fn leftover(session: &mut dyn Session, model: &Model, chunk: &Chunk) -> Result<(), Stop> {
    let of_type = |index: usize| model.types().get(index).map(|t| t.name.clone()).unwrap_or_default();
    let first = chunk.live.keys().next().map(|(index, id)| (of_type(*index), *id));
    let first =
        first.or_else(|| chunk.versions.keys().next().map(|(index, id)| (format!("{}_v", of_type(*index)), *id)));
    let first = first.or_else(|| {
        let ((index, id), lines) = chunk.lines.first_key_value()?;
        let (slot, _) = lines.keys().next()?;
        let field = model.types().get(*index)?.fields.get(*slot)?;
        Some((store::schema::rows_table(&of_type(*index), &field.key), *id))
    });
    let kernel = [
        ("long_text", chunk.long_texts.keys().next()),
        ("step", chunk.steps.keys().next()),
        ("comment", chunk.comments.keys().next()),
        ("entry", chunk.entries.keys().next()),
    ];
    let first = first.or_else(|| kernel.into_iter().find_map(|(table, id)| Some((table.to_owned(), *id?))));
    let Some((table, id)) = first else { return Ok(()) };
    let finding =
        Finding::new("a row belongs to no entry of its record", table).record(number(session, id)?).field("id");
    Err(finding.stop("nothing", format!("a row with the id {id}")))
}

/// The place of an entry, for what is said about it.
pub(super) fn place<'a>(history: &'a History<'_>, entry: &Entry) -> Place<'a> {
    Place { number: Some(&history.number), leaf: entry.leaf }
}
