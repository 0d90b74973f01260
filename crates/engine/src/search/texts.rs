//! The texts of a record that search finds, in the parts that decide who finds them. The index is made from these and
//! snippets are cut from these, so that nothing is shown that was not searched, nor the other way round.

use std::sync::Arc;

use model::{Kind, Slot, Value};
use store::{Fault, Param, Session};

use super::columns::{Columns, Part, is_text};
use crate::record::{Record, Time, load_lines};

/// One text of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub part: Part,
    /// What it is, for people: a field's label, `Comment`.
    pub label: String,
    pub text: Arc<str>,
}

impl Piece {
    fn of(part: Part, label: &str, value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(Self { part, label: label.to_owned(), text: text.clone() }),
            _ => None,
        }
    }
}

/// Texts that lie beside a record's own row. Whoever keeps more of them (attachments) adds a line here, and calls
/// [`super::index::replace`] when they change.
const BESIDE: [Source; 2] = [lines, comments];

type Source = fn(&mut dyn Session, &Columns, &Record, &mut Vec<Piece>) -> Result<(), Fault>;

/// The texts of the record's own row.
pub(super) fn own(columns: &Columns, record: &Record) -> Vec<Piece> {
    let fields = columns.fields(&record.record_type);
    fields.filter_map(|(slot, field, part)| Piece::of(part, &field.label, record.get(slot))).collect()
}

/// All texts of a record.
pub(super) fn all(session: &mut dyn Session, columns: &Columns, record: &Record) -> Result<Vec<Piece>, Fault> {
    let mut pieces = own(columns, record);
    for source in BESIDE {
        source(session, columns, record, &mut pieces)?;
    }
    Ok(pieces)
}

/// Slots of the rows fields whose lines are indexed.
pub(super) fn line_slots(columns: &Columns, record: &Record) -> Vec<(Slot, Part)> {
    let fields = columns.fields(&record.record_type);
    fields.filter(|(_, field, _)| matches!(field.kind, Kind::Rows { .. })).map(|(slot, _, part)| (slot, part)).collect()
}

fn lines(session: &mut dyn Session, columns: &Columns, record: &Record, pieces: &mut Vec<Piece>) -> Result<(), Fault> {
    for (slot, part) in line_slots(columns, record) {
        let Some(field) = record.record_type.fields.get(slot) else { continue };
        let Kind::Rows { columns: cells, .. } = &field.kind else { continue };
        for line in load_lines(session, &record.record_type, slot, record.id, Time::Live)? {
            let texts = cells.iter().zip(&line.values).filter(|(cell, _)| is_text(cell));
            pieces.extend(texts.filter_map(|(_, value)| Piece::of(part, &field.label, value)));
        }
    }
    Ok(())
}

fn comments(session: &mut dyn Session, _: &Columns, record: &Record, pieces: &mut Vec<Piece>) -> Result<(), Fault> {
    let sql = "SELECT public, body FROM comment WHERE record = ? AND body IS NOT NULL ORDER BY id";
    session.query(sql, &[Param::Int(record.id)], &mut |row| {
        let (part, label) =
            if row.need_int(0)? == 1 { (Part::Public, "Comment") } else { (Part::Internal, "Internal note") };
        pieces.extend(Piece::of(part, label, &Value::text(row.need_text(1)?)));
        Ok(())
    })
}
