//! The rows of a run of records, read table by table in the order of their ids, so that a database of any size is
//! compared in bounded memory and without a query for each record.

use std::collections::BTreeMap;

use model::{Kind, Model, Slot};
use store::schema::{columns, quoted, rows_table, short_columns};
use store::{Fault, Param, Row, Session, SessionExt};

use super::cell::Cell;
use super::entries::{self, Raw};
use super::fold::Span;
use super::openings::{self, Secrets};

/// Records, and roughly entries, taken at once.
const RECORDS_MAX: usize = 256;
const ENTRIES_MAX: i64 = 4096;

pub(super) const THIN: [(&str, bool); 7] = [
    ("type", true),
    ("number", true),
    ("title", true),
    ("scope", false),
    ("version", false),
    ("updated_at", false),
    ("deleted_at", false),
];

pub(super) const STEP: [(&str, bool); 10] = [
    ("from_state", true),
    ("to_state", true),
    ("happened_at", false),
    ("recorded_at", false),
    ("claimed_at", false),
    ("entry", false),
    ("deviates", false),
    ("first", false),
    ("known_to", false),
    ("id", false),
];

pub(super) const COMMENT: [(&str, bool); 7] = [
    ("entry", false),
    ("public", false),
    ("body", true),
    ("at", false),
    ("recorded_at", false),
    ("by", false),
    ("id", false),
];

/// Columns of a line before those that its field declares.
pub(super) const LINE: [&str; 4] = ["at", "by", "counted_at", "entry"];

const TIMES: &str = "valid_from, valid_to, known_from, known_to";

/// By the type's place in the model, and the record.
pub(super) type ByRecord<T> = BTreeMap<(usize, i64), T>;

/// Everything that lies under the records of one run. What has been compared is taken out; what is left belongs to
/// nothing.
pub(super) struct Chunk {
    pub thin: BTreeMap<i64, Vec<Cell>>,
    pub entries: BTreeMap<i64, Vec<Raw>>,
    pub secrets: Secrets,
    /// Values by slot.
    pub live: ByRecord<Vec<Cell>>,
    pub versions: ByRecord<Vec<Span>>,
    pub long_texts: BTreeMap<i64, BTreeMap<String, Vec<Span>>>,
    /// By slot of the rows field and place of the line.
    pub lines: ByRecord<BTreeMap<(Slot, Cell), Vec<Span>>>,
    pub steps: BTreeMap<i64, Vec<Vec<Cell>>>,
    pub comments: BTreeMap<i64, Vec<Vec<Cell>>>,
}

/// The last id of the run that begins after `from`.
pub(super) fn end(session: &mut dyn Session, from: i64, last: i64) -> Result<i64, Fault> {
    let (mut end, mut records, mut entries) = (last, 0, 0_i64);
    let sql = format!("SELECT id, version FROM record WHERE id > ? ORDER BY id LIMIT {RECORDS_MAX}");
    session.query(&sql, &[Param::Int(from)], &mut |row| {
        records += 1;
        let before = entries;
        entries = entries.saturating_add(Cell::read(row, 1, false).int().unwrap_or(1).max(1));
        if records == RECORDS_MAX || (before < ENTRIES_MAX && entries >= ENTRIES_MAX) {
            end = row.need_int(0)?;
        }
        Ok(())
    })?;
    Ok(end)
}

pub(super) fn read(session: &mut dyn Session, model: &Model, first: i64, last: i64) -> Result<Chunk, Fault> {
    let run = Run { first, last };
    let mut chunk = Chunk {
        thin: BTreeMap::new(),
        entries: entries::read(session, first, last)?,
        secrets: openings::secrets(session, first, last)?,
        live: ByRecord::new(),
        versions: ByRecord::new(),
        long_texts: BTreeMap::new(),
        lines: ByRecord::new(),
        steps: run.plain(session, "step", &STEP)?,
        comments: run.plain(session, "comment", &COMMENT)?,
    };
    let list = names(&THIN);
    run.query(session, &format!("SELECT id, {list} FROM record"), "id", &mut |id, row| {
        chunk.thin.insert(id, cells(row, 1, &THIN));
        Ok(())
    })?;
    run.query(session, &format!("SELECT id, {TIMES}, field, body FROM long_text"), "id", &mut |id, row| {
        let field = Cell::read(row, 5, true).text().unwrap_or_default().to_owned();
        let span = span(row, vec![Cell::read(row, 6, true)]);
        chunk.long_texts.entry(id).or_default().entry(field).or_default().push(span);
        Ok(())
    })?;
    for index in 0..model.types().len() {
        run.of_type(session, model, index, &mut chunk)?;
    }
    Ok(chunk)
}

struct Run {
    first: i64,
    last: i64,
}

impl Run {
    fn query(
        &self,
        session: &mut dyn Session,
        select: &str,
        id: &str,
        each: &mut dyn FnMut(i64, &dyn Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let sql = format!("{select} WHERE {id} >= ? AND {id} <= ?");
        session.query(&sql, &[Param::Int(self.first), Param::Int(self.last)], &mut |row| each(row.need_int(0)?, row))
    }

    fn plain(
        &self,
        session: &mut dyn Session,
        table: &str,
        columns: &[(&str, bool)],
    ) -> Result<BTreeMap<i64, Vec<Vec<Cell>>>, Fault> {
        let mut found: BTreeMap<i64, Vec<Vec<Cell>>> = BTreeMap::new();
        let select = format!("SELECT record, {} FROM {table}", names(columns));
        self.query(session, &select, "record", &mut |id, row| {
            found.entry(id).or_default().push(cells(row, 1, columns));
            Ok(())
        })?;
        Ok(found)
    }

    fn of_type(&self, session: &mut dyn Session, model: &Model, index: usize, chunk: &mut Chunk) -> Result<(), Fault> {
        let Some(record_type) = model.types().get(index) else { return Ok(()) };
        let width = record_type.fields.len();
        let slots: Vec<(Slot, bool)> = columns(record_type).map(|(slot, field)| (slot, field.kind.is_text())).collect();
        let list: String = columns(record_type).map(|(_, field)| format!(", {}", quoted(&field.key))).collect();
        self.query(session, &format!("SELECT id{list} FROM {}", quoted(&record_type.name)), "id", &mut |id, row| {
            chunk.live.insert((index, id), by_slot(row, 1, &slots, width));
            Ok(())
        })?;
        let slots: Vec<(Slot, bool)> =
            short_columns(record_type).map(|(slot, field)| (slot, field.kind.is_text())).collect();
        let list: String = short_columns(record_type).map(|(_, field)| format!(", {}", quoted(&field.key))).collect();
        let table = quoted(&format!("{}_v", record_type.name));
        self.query(session, &format!("SELECT id, {TIMES}{list} FROM {table}"), "id", &mut |id, row| {
            let span = span(row, by_slot(row, 5, &slots, width));
            chunk.versions.entry((index, id)).or_default().push(span);
            Ok(())
        })?;
        for (slot, field) in record_type.fields.iter().enumerate() {
            let Kind::Rows { columns, .. } = &field.kind else { continue };
            let mut list: Vec<(&str, bool)> = LINE.map(|name| (name, false)).to_vec();
            list.extend(columns.iter().map(|column| (column.key.as_str(), column.kind.is_text())));
            let table = quoted(&rows_table(&record_type.name, &field.key));
            let select = format!("SELECT id, {TIMES}, pos, {} FROM {table}", names(&list));
            self.query(session, &select, "id", &mut |id, row| {
                let span = span(row, cells(row, 6, &list));
                let place = (slot, Cell::read(row, 5, false));
                chunk.lines.entry((index, id)).or_default().entry(place).or_default().push(span);
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn names(columns: &[(&str, bool)]) -> String {
    columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn cells(row: &dyn Row, offset: usize, columns: &[(&str, bool)]) -> Vec<Cell> {
    columns.iter().enumerate().map(|(column, (_, text))| Cell::read(row, column + offset, *text)).collect()
}

fn by_slot(row: &dyn Row, offset: usize, slots: &[(Slot, bool)], width: usize) -> Vec<Cell> {
    let mut values = vec![Cell::Null; width];
    for (column, (slot, text)) in slots.iter().enumerate() {
        if let Some(place) = values.get_mut(*slot) {
            *place = Cell::read(row, column + offset, *text);
        }
    }
    values
}

/// The four times stand after the first column. What is no number there is an instant at which nothing happened.
pub(super) fn span(row: &dyn Row, values: Vec<Cell>) -> Span {
    let [valid_from, valid_to, known_from, known_to] =
        [1, 2, 3, 4].map(|column| Cell::read(row, column, false).int().unwrap_or(i64::MIN));
    Span { valid_from, valid_to, known_from, known_to, values }
}

/// The highest id that any record bears.
pub(super) fn last_id(session: &mut dyn Session) -> Result<i64, Fault> {
    Ok(session.optional_int("SELECT max(id) FROM record", &[])?.unwrap_or(0))
}
