//! Makes a record's rows anew of its entries, after some were replaced: live row, versions, long texts and lines. Rows
//! that say what they said stay; the others are believed no more from this recording on, and new ones begin there.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Kind, RecordType, Slot, Value};
use store::schema::{quoted, rows_table, short_columns};
use store::{FOREVER, Fault, Param, Row, Session};

use crate::opening::from_json;
use crate::record::{Record, slot};
use crate::told::{self, Told};

/// What holds from an instant on; nothing where it ended.
type Said = (i64, Option<Vec<Value>>);

/// The entries of these versions, and the steps that they made, count no more.
pub(crate) fn replace(session: &mut dyn Session, id: i64, versions: &[i64], recorded: i64) -> Result<(), Fault> {
    for version in versions {
        let of_entry = "UPDATE step SET known_to = ? WHERE record = ? \
                        AND entry IN (SELECT id FROM entry WHERE record = ? AND version = ?)";
        session.execute(of_entry, &[recorded, id, id, *version].map(Param::Int))?;
        let entry = "UPDATE entry SET known_to = ? WHERE record = ? AND version = ?";
        session.execute(entry, &[recorded, id, *version].map(Param::Int))?;
    }
    Ok(())
}

/// Rebuilds everything but steps, comments and links, which their entries make once; the record as it stands then.
pub(crate) fn rebuild(
    session: &mut dyn Session,
    record_type: &Arc<RecordType>,
    ancestors: &[Arc<RecordType>],
    id: i64,
    recorded: i64,
) -> Result<Record, Fault> {
    let mut told = told::read(session, record_type, id)?;
    let mut live = Record::blank(record_type.clone(), id);
    let begun = told.iter().find(|told| told.version == 1).map_or(recorded, |first| first.recorded_at);
    live.set(slot::RECORDED_AT, Value::Instant(begun));
    told.retain(|told| told.stands);
    let mut states = Vec::with_capacity(told.len());
    for one in &told {
        one.apply_to(&mut live);
        states.push((one.happened_at, live.clone()));
    }
    let mut rebuilt = Rebuilt { session, id, recorded };
    rebuilt.versions(record_type, &states)?;
    rebuilt.long_texts(record_type, &told)?;
    rebuilt.lines(record_type, record_type, &told)?;
    for ancestor in ancestors {
        let seen: Vec<(i64, Record)> = states.iter().map(|(at, state)| (*at, state.seen_as(ancestor))).collect();
        rebuilt.versions(ancestor, &seen)?;
        rebuilt.lines(record_type, ancestor, &told)?;
    }
    Ok(live)
}

/// These values held during `[from, to)`.
struct Span {
    from: i64,
    to: i64,
    values: Vec<Value>,
}

/// What was said of one thing, in order, as the spans in which it held: nothing ends it, and what came and went in an
/// instant never showed.
fn spans(said: Vec<Said>) -> Vec<Span> {
    let ends: Vec<i64> = said.iter().skip(1).map(|(at, _)| *at).chain([FOREVER]).collect();
    let shown = said.into_iter().zip(ends).filter(|((from, _), to)| from < to);
    shown.filter_map(|((from, values), to)| Some(Span { from, to, values: values? })).collect()
}

/// A table with the four times; a thing's rows are found by the record and the first column, where it has a key.
struct Table {
    name: String,
    columns: Vec<(String, bool)>,
    keyed: bool,
}

struct Rebuilt<'a> {
    session: &'a mut dyn Session,
    id: i64,
    recorded: i64,
}

impl Rebuilt<'_> {
    fn versions(&mut self, record_type: &RecordType, states: &[(i64, Record)]) -> Result<(), Fault> {
        let slots: Vec<Slot> = short_columns(record_type).map(|(slot, _)| slot).collect();
        let columns = short_columns(record_type).map(|(_, field)| (field.key.clone(), field.kind.is_text())).collect();
        let table = Table { name: format!("{}_v", record_type.name), columns, keyed: false };
        let plain = |state: &Record| slots.iter().map(|slot| plain(state.get(*slot))).collect();
        self.settle(&table, spans(states.iter().map(|(at, state)| (*at, Some(plain(state)))).collect()))
    }

    fn long_texts(&mut self, record_type: &RecordType, told: &[Told]) -> Result<(), Fault> {
        let mut wanted = Vec::new();
        for (slot, field) in record_type.fields.iter().enumerate().filter(|(_, field)| field.kind.is_long_text()) {
            let said = told.iter().filter_map(|told| {
                let (_, body) = told.changes.iter().find(|(changed, _)| *changed == slot)?;
                Some((told.happened_at, Some(vec![Value::text(&field.key), body.clone()])))
            });
            wanted.extend(spans(said.collect()));
        }
        let columns = vec![("field".to_owned(), true), ("body".to_owned(), true)];
        self.settle(&Table { name: "long_text".to_owned(), columns, keyed: true }, wanted)
    }

    /// Lines in the tables of the record's own type, or of one that it extends.
    fn lines(&mut self, own: &RecordType, record_type: &RecordType, told: &[Told]) -> Result<(), Fault> {
        for field in &record_type.fields {
            let Kind::Rows { columns, .. } = &field.kind else { continue };
            let mut said: BTreeMap<i64, Vec<Said>> = BTreeMap::new();
            for (told, line) in told.iter().flat_map(|told| told.lines.iter().map(move |line| (told, line))) {
                if own.slot(&field.key) != Some(line.slot) {
                    continue;
                }
                let values = line.content.as_ref().map(|content| {
                    let number =
                        |key| content.get(key).and_then(serde_json::Value::as_i64).map_or(Value::Null, Value::Int);
                    let counted = told.claimed_at.unwrap_or(told.recorded_at);
                    let mut values = vec![Value::Int(line.pos), number("at"), number("by")];
                    values.extend([Value::Int(counted), Value::Int(told.entry)]);
                    let column = |key: &str, kind| content.get(key).map_or(Value::Null, |json| from_json(json, kind));
                    values.extend(columns.iter().map(|c| plain(&column(&c.key, &c.kind))));
                    values
                });
                said.entry(line.pos).or_default().push((told.happened_at, values));
            }
            let fixed = ["pos", "at", "by", "counted_at", "entry"].map(|name| (name.to_owned(), false));
            let columns = fixed.into_iter().chain(columns.iter().map(|c| (c.key.clone(), c.kind.is_text())));
            let name = rows_table(&record_type.name, &field.key);
            let table = Table { name, columns: columns.collect(), keyed: true };
            self.settle(&table, said.into_values().flat_map(spans).collect())?;
        }
        Ok(())
    }

    /// Makes the rows that are believed now those that are wanted.
    fn settle(&mut self, table: &Table, mut wanted: Vec<Span>) -> Result<(), Fault> {
        let name = quoted(&table.name);
        let list: String = table.columns.iter().map(|(column, _)| format!(", {}", quoted(column))).collect();
        let sql = format!("SELECT valid_from, valid_to, known_from{list} FROM {name} WHERE id = ? AND known_to = ?");
        let mut gone = Vec::new();
        self.session.query(&sql, &[self.id, FOREVER].map(Param::Int), &mut |row| {
            let values = (3..).zip(&table.columns).map(|(at, (_, text))| cell(row, at, *text));
            let span = Span { from: row.need_int(0)?, to: row.need_int(1)?, values: values.collect::<Result<_, _>>()? };
            let same = |other: &Span| (other.from, other.to, &other.values) == (span.from, span.to, &span.values);
            match wanted.iter().position(same) {
                Some(place) => drop(wanted.swap_remove(place)),
                None => gone.push((span, row.need_int(2)?)),
            }
            Ok(())
        })?;
        for (span, known_from) in &gone {
            self.disbelieve(table, span, *known_from)?;
        }
        let marks = ", ?".repeat(table.columns.len());
        let sql = format!(
            "INSERT INTO {name} (id, valid_from, valid_to, known_from, known_to{list}) VALUES (?, ?, ?, ?, ?{marks})"
        );
        for span in &wanted {
            let mut params = [self.id, span.from, span.to, self.recorded, FOREVER].map(Param::Int).to_vec();
            params.extend(span.values.iter().map(Param::from));
            self.session.execute(&sql, &params)?;
        }
        Ok(())
    }

    /// What came with the same instant of recording was seen by nobody and goes.
    fn disbelieve(&mut self, table: &Table, span: &Span, known_from: i64) -> Result<(), Fault> {
        let name = quoted(&table.name);
        let key = table.columns.first().filter(|_| table.keyed);
        let holds = format!(
            "id = ? AND valid_from = ? AND known_to = ?{}",
            key.map_or_else(String::new, |(key, _)| format!(" AND {} = ?", quoted(key)))
        );
        let mut params = [self.id, span.from, FOREVER].map(Param::Int).to_vec();
        params.extend(span.values.first().filter(|_| table.keyed).map(Param::from));
        let sql = if known_from == self.recorded {
            format!("DELETE FROM {name} WHERE {holds}")
        } else {
            params.insert(0, Param::Int(self.recorded));
            format!("UPDATE {name} SET known_to = ? WHERE {holds}")
        };
        self.session.execute(&sql, &params)?;
        Ok(())
    }
}

fn cell(row: &dyn Row, column: usize, text: bool) -> Result<Value, Fault> {
    if text {
        return Ok(row.text(column)?.map_or(Value::Null, Value::text));
    }
    Ok(row.int(column)?.map_or(Value::Null, Value::Int))
}

/// As a column holds it: text or a number.
fn plain(value: &Value) -> Value {
    match value {
        Value::Null | Value::Text(_) => value.clone(),
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        Value::Int(n) | Value::Instant(n) | Value::Date(n) | Value::Duration(n) | Value::Link(n) => Value::Int(*n),
    }
}
