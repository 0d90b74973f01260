//! What lies beside a record's own row (lines, long texts of the past), for all records of a page at once.

use std::collections::HashMap;

use model::{Kind, RecordType, Slot, Value};
use store::schema::{quoted, rows_table};
use store::{Fault, Param, Session};

use crate::record::{Line, Record, Time, decode};

/// Reads the lines of every rows field, and for the past the long texts, into records of one type.
pub fn fill(session: &mut dyn Session, records: &mut [Record], time: Time) -> Result<(), Fault> {
    let Some(record_type) = records.first().map(|record| record.record_type.clone()) else { return Ok(()) };
    let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
    for (slot, field) in record_type.fields.iter().enumerate() {
        if let Kind::Rows { .. } = field.kind {
            let mut lines = lines_of(session, &record_type, slot, &ids, time)?;
            for record in records.iter_mut() {
                record.rows.insert(slot, lines.remove(&record.id).unwrap_or_default());
            }
        }
    }
    if let Time::At { valid, known } = time
        && record_type.fields.iter().any(|field| field.kind.is_long_text())
    {
        long_texts(session, &record_type, &ids, [valid, valid, known, known], records)?;
    }
    Ok(())
}

fn lines_of(
    session: &mut dyn Session,
    record_type: &RecordType,
    slot: Slot,
    ids: &[i64],
    time: Time,
) -> Result<HashMap<i64, Vec<Line>>, Fault> {
    let Some((field, Kind::Rows { columns, .. })) = record_type.fields.get(slot).map(|f| (f, &f.kind)) else {
        return Ok(HashMap::new());
    };
    let names: String = columns.iter().map(|c| format!(", {}", quoted(&c.key))).collect();
    let (holds, times) = time.holding();
    let sql = format!(
        "SELECT id, pos, at, by, counted_at{names} FROM {} WHERE id IN ({}) AND {holds} ORDER BY id, pos",
        quoted(&rows_table(&record_type.name, &field.key)),
        vec!["?"; ids.len()].join(", ")
    );
    let params: Vec<Param<'_>> = ids.iter().chain(&times).map(|n| Param::Int(*n)).collect();
    let mut found: HashMap<i64, Vec<Line>> = HashMap::new();
    session.query(&sql, &params, &mut |row| {
        let values = columns.iter().enumerate().map(|(i, c)| decode(row, i + 5, &c.kind)).collect::<Result<_, _>>()?;
        let at = row.int(2)?.unwrap_or(0);
        let line = Line { pos: row.need_int(1)?, at, by: row.int(3)?, counted_at: row.int(4)?.unwrap_or(at), values };
        found.entry(row.need_int(0)?).or_default().push(line);
        Ok(())
    })?;
    Ok(found)
}

fn long_texts(
    session: &mut dyn Session,
    record_type: &RecordType,
    ids: &[i64],
    times: [i64; 4],
    records: &mut [Record],
) -> Result<(), Fault> {
    let sql = format!(
        "SELECT id, field, body FROM long_text WHERE id IN ({}) AND valid_from <= ? AND valid_to > ? AND known_from <= ? AND known_to > ?",
        vec!["?"; ids.len()].join(", ")
    );
    let params: Vec<Param<'_>> = ids.iter().chain(&times).map(|n| Param::Int(*n)).collect();
    session.query(&sql, &params, &mut |row| {
        let (id, body) = (row.need_int(0)?, row.text(2)?.map_or(Value::Null, Value::text));
        if let Some(slot) = record_type.slot(row.need_text(1)?)
            && let Some(record) = records.iter_mut().find(|record| record.id == id)
        {
            record.set(slot, body);
        }
        Ok(())
    })
}
