//! `TYPE.csv`, `TYPE.FIELD.csv` and `TYPE.history.csv` for each record type; links, comments and outside keys of all.

use std::sync::Arc;

use engine::read::entries::{ERASED, Entry};
use engine::read::names::Names;
use engine::{Line, Record, Time, slot};
use model::{Field, Kind, RecordType, Slot, Value};
use serde_json::{Map, Value as Json};
use store::{Fault, Param};

use super::folder::{Folder, Writing};
use super::walk::{self, Fold, Told, is_erased, line_columns, link_of};
use super::{Cx, ExportError, mapping_file};
use crate::text;

/// Columns of a history beside the fields. A field's key has no full stop, so none can be taken for another.
pub(super) const ENTRY_COLUMNS: [&str; 13] = [
    "number",
    "entry.version",
    "entry.leaf",
    "entry.kind",
    "entry.happened_at",
    "entry.recorded_at",
    "entry.claimed_at",
    "entry.by",
    "entry.actor",
    "entry.channel",
    "entry.deviates",
    "entry.reason",
    "entry.changes",
];

pub(super) fn write(cx: &mut Cx<'_>, folder: &mut Folder) -> Result<(), ExportError> {
    let model = cx.engine.model().clone();
    for record_type in model.types() {
        write_type(cx, folder, record_type)?;
    }
    links(cx, folder)?;
    comments(cx, folder)?;
    external_keys(cx, folder)
}

/// Fields that stand in cells of the record's own row.
fn columns(record_type: &RecordType) -> Vec<(Slot, &Field)> {
    record_type.fields.iter().enumerate().filter(|(_, field)| field.kind.is_column()).collect()
}

/// Fields whose value each entry of a history states: what the record is, not what the program keeps about it.
pub(super) fn stated(record_type: &RecordType) -> Vec<(Slot, &Field)> {
    columns(record_type).into_iter().filter(|(_, field)| !field.system || field.key == "state").collect()
}

fn write_type(cx: &mut Cx<'_>, folder: &mut Folder, record_type: &Arc<RecordType>) -> Result<(), ExportError> {
    let name = &record_type.name;
    let (columns, stated) = (columns(record_type), stated(record_type));
    let mut own = folder.begin(&format!("{name}.csv"))?;
    own.header(columns.iter().map(|(_, field)| field.key.as_str()))?;
    let mut history = folder.begin(&format!("{name}.history.csv"))?;
    history.header(ENTRY_COLUMNS.into_iter().chain(stated.iter().map(|(_, field)| field.key.as_str())))?;
    let mut lines = Vec::new();
    for (slot, field) in record_type.fields.iter().enumerate() {
        if let Kind::Rows { columns, .. } = &field.kind {
            let mut writing = folder.begin(&format!("{name}.{}.csv", field.key))?;
            let fixed = ["record.number", "line.pos", "line.at", "line.by", "line.counted_at"];
            writing.header(fixed.into_iter().chain(columns.iter().map(|column| column.key.as_str())))?;
            lines.push((slot, columns, writing));
        }
    }
    walk::records(cx, record_type, &mut |all, names| {
        for told in all {
            let last = history_of(&mut history, told, &stated, names)?;
            own_row(&mut own, &told.record, &columns, &last, names)?;
            for (slot, columns, writing) in &mut lines {
                for line in told.record.rows.get(slot).into_iter().flatten() {
                    line_row(writing, &told.record, line, columns, names)?;
                }
            }
        }
        Ok(())
    })?;
    folder.end(own)?;
    folder.end(history)?;
    for (_, _, writing) in lines {
        folder.end(writing)?;
    }
    if let Some(text) = mapping_file::history(cx.engine, record_type) {
        let mut writing = folder.begin(&format!("{name}.history.toml"))?;
        writing.put(&text)?;
        folder.end(writing)?;
    }
    Ok(())
}

fn own_row(
    own: &mut Writing,
    record: &Record,
    columns: &[(Slot, &Field)],
    last: &Fold<'_>,
    names: &Names,
) -> Result<(), ExportError> {
    let cells: Vec<String> = columns
        .iter()
        .map(|(slot, field)| match record.get(*slot) {
            Value::Null if is_erased(last.value(&field.key)) => ERASED.to_owned(),
            // The batch that brought the record, where one did.
            Value::Int(origin) if *slot == slot::ORIGIN => {
                names.get(origin).map_or_else(String::new, |batch| batch.number.clone())
            }
            value => text::of(value, &field.kind, names),
        })
        .collect();
    own.row(cells.iter().map(String::as_str))
}

fn line_row(
    writing: &mut Writing,
    record: &Record,
    line: &Line,
    columns: &[Field],
    names: &Names,
) -> Result<(), ExportError> {
    let mut cells = vec![
        record.number().to_owned(),
        line.pos.to_string(),
        text::instant(line.at),
        number(line.by, names),
        text::instant(line.counted_at),
    ];
    cells.extend(columns.iter().zip(&line.values).map(|(column, value)| text::of(value, &column.kind, names)));
    writing.row(cells.iter().map(String::as_str))
}

/// Writes a row for each entry, with the values that held after it; gives the last of these.
fn history_of<'t>(
    history: &mut Writing,
    told: &'t Told,
    stated: &[(Slot, &Field)],
    names: &Names,
) -> Result<Fold<'t>, ExportError> {
    let mut fold = Fold::default();
    for entry in &told.entries {
        fold.take(entry);
        let mut cells = vec![
            told.record.number().to_owned(),
            entry.version.to_string(),
            entry.leaf.map_or_else(String::new, |leaf| leaf.to_string()),
            entry.kind.clone(),
            text::instant(entry.happened_at),
            text::instant(entry.recorded_at),
            entry.claimed_at.map_or_else(String::new, text::instant),
            number(entry.on_behalf.or(entry.actor), names),
            number(entry.actor, names),
            entry.channel.clone(),
            entry.deviates.clone().unwrap_or_default(),
            entry.reason.clone().unwrap_or_default(),
            changes(&told.record, entry, names),
        ];
        cells.extend(stated.iter().map(|(_, field)| text::of(fold.value(&field.key), &field.kind, names)));
        history.row(cells.iter().map(String::as_str))?;
    }
    Ok(fold)
}

fn number(id: Option<i64>, names: &Names) -> String {
    id.and_then(|id| names.get(&id)).map_or_else(String::new, |named| named.number.clone())
}

/// What an entry changed, as a JSON object: fields with their new value as in the cells, lines and links with theirs.
fn changes(record: &Record, entry: &Entry, names: &Names) -> String {
    let mut object = Map::new();
    for change in &entry.changes {
        if let Some((kind, a, b)) = link_of(&change.key) {
            let key = format!("link:{kind}:{}:{}", number(Some(a), names), number(Some(b), names));
            object.insert(key, change.detail.clone().unwrap_or_default());
        } else if let Some(field) = record.record_type.field(&change.key) {
            if field.system && field.key != "state" {
                continue;
            }
            let to = text::of(&change.to, &field.kind, names);
            object.insert(change.key.clone(), if change.to.is_null() { Json::Null } else { to.into() });
        } else {
            object.insert(change.key.clone(), line(record, &change.key, change.detail.as_ref(), names));
        }
    }
    Json::Object(object).to_string()
}

/// A line that was added, with its cells as text; null for one that was taken away.
fn line(record: &Record, key: &str, detail: Option<&Json>, names: &Names) -> Json {
    let Some(Json::Object(line)) = detail else { return Json::Null };
    let columns = line_columns(record, key);
    let cell = |key: &String, value: &Json| match columns.iter().find(|column| column.key == *key) {
        Some(column) => text::of(&engine::from_json(value, &column.kind), &column.kind, names),
        None if key == "by" => number(value.as_i64(), names),
        None => value.as_i64().map_or_else(String::new, text::instant),
    };
    line.iter().map(|(key, value)| (key.clone(), Json::from(cell(key, value)))).collect::<Map<_, _>>().into()
}

fn links(cx: &mut Cx<'_>, folder: &mut Folder) -> Result<(), ExportError> {
    let (holds, times) = cx.time.holding();
    let sql = format!(
        "SELECT l.kind, a.number, b.number, l.valid_from, l.known_from FROM (SELECT kind, a, b, valid_from, known_from FROM link WHERE {holds}) l \
         JOIN record a ON a.id = l.a JOIN record b ON b.id = l.b ORDER BY l.kind, l.a, l.b"
    );
    let params: Vec<Param<'_>> = times.into_iter().map(Param::Int).collect();
    let header = ["kind", "from", "to", "since", "recorded_at"];
    table(cx, folder, "links.csv", &header, (&sql, &params), &|row| {
        let text = |at| row.need_text(at).map(str::to_owned);
        let instant = |at| row.need_int(at).map(text::instant);
        Ok(vec![text(0)?, text(1)?, text(2)?, instant(3)?, instant(4)?])
    })
}

fn comments(cx: &mut Cx<'_>, folder: &mut Folder) -> Result<(), ExportError> {
    let (valid, known) = until(cx.time);
    let sql = "SELECT r.number, c.at, c.recorded_at, p.number, c.public, c.body FROM comment c JOIN record r ON r.id = c.record \
               LEFT JOIN record p ON p.id = c.by WHERE c.at <= ? AND c.recorded_at <= ? ORDER BY c.record, c.id";
    let header = ["number", "at", "recorded_at", "by", "public", "text"];
    table(cx, folder, "comments.csv", &header, (sql, &[Param::Int(valid), Param::Int(known)]), &|row| {
        Ok(vec![
            row.need_text(0)?.to_owned(),
            text::instant(row.need_int(1)?),
            text::instant(row.need_int(2)?),
            row.text(3)?.unwrap_or_default().to_owned(),
            (row.need_int(4)? != 0).to_string(),
            row.text(5)?.unwrap_or(ERASED).to_owned(),
        ])
    })
}

/// The names by which other systems know records that there were.
fn external_keys(cx: &mut Cx<'_>, folder: &mut Folder) -> Result<(), ExportError> {
    let (valid, known) = until(cx.time);
    let sql = "SELECT r.number, x.source, x.key FROM external_id x JOIN record r ON r.id = x.record JOIN entry e ON e.record = r.id \
               WHERE e.version = 1 AND e.happened_at <= ? AND e.recorded_at <= ? ORDER BY x.record, x.source, x.key";
    let header = ["number", "source", "key"];
    table(cx, folder, "external_keys.csv", &header, (sql, &[Param::Int(valid), Param::Int(known)]), &|row| {
        (0..3).map(|at| row.need_text(at).map(str::to_owned)).collect()
    })
}

fn until(time: Time) -> (i64, i64) {
    match time {
        Time::Live => (i64::MAX, i64::MAX),
        Time::At { valid, known } => (valid, known),
    }
}

/// The cells of a row.
type Cells<'a> = &'a dyn Fn(&dyn store::Row) -> Result<Vec<String>, Fault>;

/// A file whose rows are those of one statement.
fn table(
    cx: &mut Cx<'_>,
    folder: &mut Folder,
    name: &str,
    header: &[&str],
    (sql, params): (&str, &[Param<'_>]),
    cells: Cells<'_>,
) -> Result<(), ExportError> {
    let mut writing = folder.begin(name)?;
    writing.header(header.iter().copied())?;
    let mut stopped = None;
    let read = cx.session.query(sql, params, &mut |row| {
        let cells = cells(row)?;
        writing.row(cells.iter().map(String::as_str)).map_err(|error| {
            stopped = Some(error);
            Fault::database("the export's file could not be written")
        })
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    read?;
    folder.end(writing)
}
