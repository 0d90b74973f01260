//! A record as read: positional values, rows beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Kind, RecordType, Slot, Value};
use store::schema::{columns, quoted, rows_table, short_columns};
use store::{FOREVER, Fault, Param, Row, Session};

use crate::Error;

/// When a question is asked about: now, or as it was at `valid` as known at `known`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    Live,
    At { valid: i64, known: i64 },
}

impl Time {
    /// The predicate that picks the rows which hold, over a table with the four times, and its parameters.
    pub fn holding(self) -> (&'static str, Vec<i64>) {
        match self {
            Self::Live => ("valid_to = ? AND known_to = ?", vec![FOREVER, FOREVER]),
            Self::At { valid, known } => (
                "valid_from <= ? AND valid_to > ? AND known_from <= ? AND known_to > ?",
                vec![valid, valid, known, known],
            ),
        }
    }
}

/// One line of a rows field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub pos: i64,
    /// When it was so.
    pub at: i64,
    pub by: Option<i64>,
    /// The enabling clock: claimed, else recorded.
    pub counted_at: i64,
    pub values: Vec<Value>,
}

#[derive(Clone, Debug)]
pub struct Record {
    /// Negative while the record exists only in a plan.
    pub id: i64,
    pub record_type: Arc<RecordType>,
    pub values: Vec<Value>,
    /// Present for the slots whose rows were read.
    pub rows: BTreeMap<Slot, Vec<Line>>,
}

/// The system slots, in the order of [`model::SYSTEM_FIELDS`].
pub mod slot {
    pub const NUMBER: usize = 0;
    pub const VERSION: usize = 1;
    pub const RAISED_AT: usize = 2;
    pub const UPDATED_AT: usize = 3;
    pub const RECORDED_AT: usize = 4;
    pub const ORIGIN: usize = 5;
    pub const GAPS: usize = 6;
    pub const CREATED_BY: usize = 7;
}

static NULL: Value = Value::Null;

impl Record {
    /// A record of which nothing is set yet.
    pub fn blank(record_type: Arc<RecordType>, id: i64) -> Self {
        let values = vec![Value::Null; record_type.fields.len()];
        Self { id, record_type, values, rows: BTreeMap::new() }
    }

    pub fn get(&self, slot: Slot) -> &Value {
        self.values.get(slot).unwrap_or(&NULL)
    }

    pub fn set(&mut self, slot: Slot, value: Value) {
        if let Some(place) = self.values.get_mut(slot) {
            *place = value;
        }
    }

    pub fn by_key(&self, key: &str) -> &Value {
        self.record_type.slot(key).map_or(&NULL, |slot| self.get(slot))
    }

    /// The same record as one of a type that its own extends: what both have, nothing else.
    pub fn seen_as(&self, record_type: &Arc<RecordType>) -> Self {
        let values = record_type.fields.iter().map(|field| self.by_key(&field.key).clone()).collect();
        Self { id: self.id, record_type: record_type.clone(), values, rows: BTreeMap::new() }
    }

    pub fn number(&self) -> &str {
        self.get(slot::NUMBER).as_text().unwrap_or_default()
    }

    pub fn version(&self) -> i64 {
        self.get(slot::VERSION).as_int().unwrap_or(0)
    }

    pub fn state(&self) -> Option<&str> {
        self.record_type.state_slot().and_then(|slot| self.get(slot).as_text())
    }

    pub fn title(&self) -> &str {
        self.get(self.record_type.title_slot()).as_text().unwrap_or_default()
    }

    /// The id of the record that decides who may see this one.
    pub fn scope(&self) -> Option<i64> {
        self.record_type.scope.and_then(|slot| self.get(slot).as_int())
    }
}

/// Decodes a column into the value that its kind says.
pub fn decode(row: &dyn Row, column: usize, kind: &Kind) -> Result<Value, Fault> {
    if kind.is_text() {
        return Ok(row.text(column)?.map_or(Value::Null, Value::text));
    }
    Ok(match (row.int(column)?, kind) {
        (None, _) => Value::Null,
        (Some(n), Kind::Boolean) => Value::Bool(n != 0),
        (Some(n), Kind::Date) => Value::Date(n),
        (Some(n), Kind::Instant) => Value::Instant(n),
        (Some(n), Kind::Duration) => Value::Duration(n),
        (Some(n), Kind::Link { .. } | Kind::ListValue { .. }) => Value::Link(n),
        (Some(n), _) => Value::Int(n),
    })
}

/// `r.id, r."number", …` for the given time, and the slots in that order. Long texts of the past stand in a table of
/// their own and are fetched for one record only, never for lists.
pub fn select_list(record_type: &RecordType, time: Time) -> (String, Vec<Slot>) {
    let slots: Vec<Slot> = match time {
        Time::Live => columns(record_type).map(|(slot, _)| slot).collect(),
        Time::At { .. } => short_columns(record_type).map(|(slot, _)| slot).collect(),
    };
    let mut list = String::from("r.id");
    for slot in &slots {
        if let Some(field) = record_type.fields.get(*slot) {
            list.push_str(", r.");
            list.push_str(&quoted(&field.key));
        }
    }
    (list, slots)
}

/// The table to read from and the predicate that picks the states which hold, over alias `r`.
pub fn from_clause(record_type: &RecordType, time: Time) -> (String, String, Vec<i64>) {
    match time {
        Time::Live => (quoted(&record_type.name), "1=1".to_owned(), Vec::new()),
        Time::At { valid, known } => (
            quoted(&format!("{}_v", record_type.name)),
            "r.valid_from <= ? AND r.valid_to > ? AND r.known_from <= ? AND r.known_to > ?".to_owned(),
            vec![valid, valid, known, known],
        ),
    }
}

/// Reads one record by id; `None` where it does not exist at that time.
pub fn load(
    session: &mut dyn Session,
    record_type: &Arc<RecordType>,
    id: i64,
    time: Time,
) -> Result<Option<Record>, Fault> {
    let (list, slots) = select_list(record_type, time);
    let (table, holds, times) = from_clause(record_type, time);
    let sql = format!("SELECT {list} FROM {table} r WHERE r.id = ? AND {holds}");
    let mut params = vec![Param::Int(id)];
    params.extend(times.iter().map(|t| Param::Int(*t)));
    let mut found = None;
    session.query(&sql, &params, &mut |row| {
        found = Some(decode_record(row, record_type, &slots)?);
        Ok(())
    })?;
    if let (Some(record), Time::At { valid, known }) = (&mut found, time) {
        load_long_texts(session, record, valid, known)?;
    }
    Ok(found)
}

/// Decodes a row of [`select_list`].
pub fn decode_record(row: &dyn Row, record_type: &Arc<RecordType>, slots: &[Slot]) -> Result<Record, Fault> {
    let mut record = Record::blank(record_type.clone(), row.need_int(0)?);
    for (column, slot) in slots.iter().enumerate() {
        if let Some(field) = record_type.fields.get(*slot) {
            record.set(*slot, decode(row, column + 1, &field.kind)?);
        }
    }
    Ok(record)
}

fn load_long_texts(session: &mut dyn Session, record: &mut Record, valid: i64, known: i64) -> Result<(), Fault> {
    if !record.record_type.fields.iter().any(|field| field.kind.is_long_text()) {
        return Ok(());
    }
    let sql = "SELECT field, body FROM long_text WHERE id = ? AND valid_from <= ? AND valid_to > ? AND known_from <= ? AND known_to > ?";
    let params = [record.id, valid, valid, known, known].map(Param::Int);
    let mut found = Vec::new();
    session.query(sql, &params, &mut |row| {
        found.push((row.need_text(0)?.to_owned(), row.text(1)?.map_or(Value::Null, Value::text)));
        Ok(())
    })?;
    for (key, body) in found {
        if let Some(slot) = record.record_type.slot(&key) {
            record.set(slot, body);
        }
    }
    Ok(())
}

/// Reads the lines of one rows field, in order.
pub fn load_lines(
    session: &mut dyn Session,
    record_type: &RecordType,
    slot: Slot,
    id: i64,
    time: Time,
) -> Result<Vec<Line>, Fault> {
    let Some((field, Kind::Rows { columns, .. })) = record_type.fields.get(slot).map(|f| (f, &f.kind)) else {
        return Ok(Vec::new());
    };
    let mut list = String::from("pos, at, by, counted_at");
    for column in columns {
        list.push_str(", ");
        list.push_str(&quoted(&column.key));
    }
    let table = quoted(&rows_table(&record_type.name, &field.key));
    let (holds, times) = time.holding();
    let mut params = vec![Param::Int(id)];
    params.extend(times.into_iter().map(Param::Int));
    let mut lines = Vec::new();
    session.query(
        &format!("SELECT {list} FROM {table} WHERE id = ? AND {holds} ORDER BY pos"),
        &params,
        &mut |row| {
            let values =
                columns.iter().enumerate().map(|(i, c)| decode(row, i + 4, &c.kind)).collect::<Result<_, _>>()?;
            let (pos, at) = (row.need_int(0)?, row.int(1)?.unwrap_or(0));
            lines.push(Line { pos, at, by: row.int(2)?, counted_at: row.int(3)?.unwrap_or(at), values });
            Ok(())
        },
    )?;
    Ok(lines)
}

/// Reads the lines of every rows field of a record into it.
pub fn load_all_lines(session: &mut dyn Session, record: &mut Record, time: Time) -> Result<(), Fault> {
    let record_type = record.record_type.clone();
    for (slot, field) in record_type.fields.iter().enumerate() {
        if matches!(field.kind, Kind::Rows { .. }) {
            let lines = load_lines(session, &record_type, slot, record.id, time)?;
            record.rows.insert(slot, lines);
        }
    }
    Ok(())
}

/// `INC-42` and `inc-000042` are `INC-000042`; `None` for what is no number at all.
pub fn padded_number(text: &str) -> Option<String> {
    let (prefix, digits) = text.split_once('-')?;
    let plain = !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(format!("{}-{digits:0>6}", prefix.to_ascii_uppercase()))
}

/// The id and type of a record by its number.
pub fn find(session: &mut dyn Session, number: &str) -> Result<Option<(i64, String)>, Error> {
    let Some(number) = padded_number(number) else { return Ok(None) };
    let mut found = None;
    session.query("SELECT id, type FROM record WHERE number = ?", &[Param::Text(&number)], &mut |row| {
        found = Some((row.need_int(0)?, row.need_text(1)?.to_owned()));
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::padded_number;

    #[test]
    fn numbers_are_padded_to_six_digits() {
        assert_eq!(padded_number("INC-42").as_deref(), Some("INC-000042"));
        assert_eq!(padded_number("inc-0042").as_deref(), Some("INC-000042"));
        assert_eq!(padded_number("INC-1234567").as_deref(), Some("INC-1234567"));
        for text in ["INC", "INC-", "INC-4a", "-4", "INC-9999999999999999", "I NC-4"] {
            assert_eq!(padded_number(text), None, "{text}");
        }
    }
}
