//! What concerns the database as a whole: its file, the head row, counters, and rows that belong to nothing.

use model::{Kind, Model};
use sha2::{Digest, Sha256};
use store::schema::{quoted, rows_table};
use store::{Dialect, Fault, Param, Session, SessionExt};

use super::cell::Cell;
use super::findings::{Finding, Stop, lost_number};
use super::records::Totals;

/// The head row as it stands.
pub(super) struct Head {
    pub leaves: i64,
    pub next_id: i64,
    pub next_entry: i64,
    pub next_row: i64,
    pub log_id: String,
}

/// Damage that only the database itself can see, such as a changed byte in an index. SQLite tells; PostgreSQL guards
/// its pages by checksums of its own.
pub(super) fn database(session: &mut dyn Session) -> Result<(), Stop> {
    if session.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    let mut said = Vec::new();
    let checked = session.query("PRAGMA integrity_check(1)", &[], &mut |row| {
        said.extend(row.text(0)?.map(str::to_owned));
        Ok(())
    });
    match (checked, said.first().map(String::as_str)) {
        (Ok(()), Some("ok")) => Ok(()),
        (Err(Fault::Busy), _) => Err(Fault::Busy.into()),
        (Err(fault), _) => Err(damaged().stop("ok", fault.to_string())),
        (Ok(()), said) => Err(damaged().stop("ok", said.unwrap_or("nothing"))),
    }
}

fn damaged() -> Finding {
    Finding::new("the database file is damaged", "(database)")
}

pub(super) fn head(session: &mut dyn Session) -> Result<Head, Stop> {
    let mut rows = Vec::new();
    session.query("SELECT leaves, next_id, next_entry, next_row, log_id FROM head", &[], &mut |row| {
        rows.push([0, 1, 2, 3, 4].map(|column| Cell::read(row, column, column == 4)));
        Ok(())
    })?;
    let finding = || Finding::new("the head row is not as the writer leaves it", "head");
    let [[Cell::Int(leaves), Cell::Int(next_id), Cell::Int(next_entry), Cell::Int(next_row), Cell::Text(log_id)]] =
        rows.as_slice()
    else {
        return Err(finding().stop("one row of four numbers and the log's name", format!("{} rows", rows.len())));
    };
    let (leaves, next_id, next_entry, next_row) = (*leaves, *next_id, *next_entry, *next_row);
    Ok(Head { leaves, next_id, next_entry, next_row, log_id: log_id.to_string() })
}

/// Ids, entries and numbers are given without gaps; nothing lies outside them.
pub(super) fn counts(session: &mut dyn Session, model: &Model, head: &Head, totals: &Totals) -> Result<(), Stop> {
    let numbers = [
        ("next_id", head.next_id, totals.records, "records"),
        ("next_entry", head.next_entry, totals.entries, "entries"),
        ("leaves", head.leaves, totals.entries, "entries"),
        ("next_row", head.next_row, totals.rows, "links, steps and comments made"),
    ];
    for (field, found, expected, of) in numbers {
        if found != expected {
            let finding = Finding::new(format!("the head row counts other than there are {of}"), "head").field(field);
            return Err(finding.stop(expected.to_string(), found.to_string()));
        }
    }
    for (table, id) in tables(model) {
        let sql = format!("SELECT {id} FROM {} WHERE {id} < 1 OR {id} > ? LIMIT 1", quoted(&table));
        let last = if ["entry", "secret"].contains(&table.as_str()) && id != "record" {
            head.next_entry
        } else {
            head.next_id
        };
        let mut stray = None;
        session.query(&sql, &[Param::Int(last)], &mut |row| {
            stray = Some(Cell::read(row, 0, false));
            Ok(())
        })?;
        if let Some(stray) = stray {
            let finding = Finding::new("a row belongs to no record or entry that was ever made", table).field(id);
            return Err(finding.stop(format!("1 to {last}"), stray.to_string()));
        }
    }
    counters(session, totals)
}

/// Each table with the column that names a record (or, for secrets, an entry).
fn tables(model: &Model) -> Vec<(String, &'static str)> {
    let kernel = [
        ("record", "id"),
        ("entry", "record"),
        ("entry", "id"),
        ("secret", "entry"),
        ("long_text", "id"),
        ("step", "record"),
        ("comment", "record"),
    ];
    let mut all: Vec<(String, &'static str)> = kernel.map(|(table, id)| (table.to_owned(), id)).to_vec();
    for record_type in model.types() {
        all.push((record_type.name.clone(), "id"));
        all.push((format!("{}_v", record_type.name), "id"));
        for field in record_type.fields.iter().filter(|field| matches!(field.kind, Kind::Rows { .. })) {
            all.push((rows_table(&record_type.name, &field.key), "id"));
        }
    }
    all
}

fn counters(session: &mut dyn Session, totals: &Totals) -> Result<(), Stop> {
    let mut found = Vec::new();
    session.query("SELECT prefix, last FROM counter ORDER BY prefix", &[], &mut |row| {
        found.push((Cell::read(row, 0, true), Cell::read(row, 1, false)));
        Ok(())
    })?;
    for (prefix, last) in &found {
        let given = prefix.text().and_then(|prefix| totals.numbers.get(prefix)).copied().unwrap_or(0);
        if *last != Cell::Int(given) {
            let lost = lost_number(session)?;
            let finding = Finding::new("a counter stands at another number than was given last", "counter");
            return Err(finding
                .record(lost)
                .field(prefix.text().unwrap_or_default())
                .stop(given.to_string(), last.to_string()));
        }
    }
    for (prefix, given) in &totals.numbers {
        if !found.iter().any(|(p, _)| p.text() == Some(prefix)) {
            let finding = Finding::new("a counter is missing", "counter").field(prefix.clone());
            return Err(finding.stop(given.to_string(), "nothing"));
        }
    }
    Ok(())
}

/// References that lead nowhere, wherever they may be. PostgreSQL lets none come to be.
pub(super) fn foreign_keys(session: &mut dyn Session) -> Result<(), Stop> {
    if session.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    let mut first = None;
    session.query("PRAGMA foreign_key_check", &[], &mut |row| {
        if first.is_none() {
            first = Some([(0, true), (1, false), (2, true)].map(|(column, text)| Cell::read(row, column, text)));
        }
        Ok(())
    })?;
    let Some([table, row, parent]) = first else { return Ok(()) };
    let finding = Finding::new("a row refers to one that does not exist", table.text().unwrap_or_default());
    Err(finding.stop(format!("a row in {}", parent.text().unwrap_or_default()), format!("row {row} refers to none")))
}

/// Texts that are kept under their own hash: what entries name by it must still be what it was.
pub(super) fn kept_texts(session: &mut dyn Session) -> Result<(), Stop> {
    let mut altered = None;
    session.query("SELECT kind, hash, body FROM text_version WHERE kind <> 'model' ORDER BY id", &[], &mut |row| {
        let [kind, hash, body] =
            [0, 1, 2].map(|column| Cell::read(row, column, true).text().unwrap_or_default().to_owned());
        let found = crate::engine::hex(&Sha256::digest(body.as_bytes()));
        if altered.is_none() && found != hash {
            altered = Some((kind, hash, found));
        }
        Ok(())
    })?;
    let Some((kind, expected, found)) = altered else { return Ok(()) };
    Err(Finding::new(format!("a kept text ({kind}) is not what its hash says"), "text_version")
        .field("body")
        .stop(expected, found))
}

/// Model texts by id: the hash, in hexadecimal, under which entries name them.
pub(super) fn models(session: &mut dyn Session) -> Result<Vec<(i64, Cell)>, Fault> {
    let mut found = Vec::new();
    session.query("SELECT id, hash FROM text_version WHERE kind = 'model'", &[], &mut |row| {
        found.push((row.need_int(0)?, Cell::read(row, 1, true)));
        Ok(())
    })?;
    Ok(found)
}

/// How many rows a table has.
pub(super) fn count(session: &mut dyn Session, table: &str) -> Result<i64, Fault> {
    session.one_int(&format!("SELECT count(*) FROM {table}"), &[])
}
