//! Records as JSON: choices are keys, links number and name, instants RFC 3339, durations ISO 8601.

use std::collections::BTreeSet;

use engine::read::names::Names;
use engine::{Line, Principal, Record, slot};
pub use exchange::text::{date, duration, instant};
use model::{Field, Kind, Slot, Value};
use serde_json::{Map, Value as Json, json};

/// Never part of a record's JSON.
const INTERNAL: [Slot; 2] = [slot::ORIGIN, slot::GAPS];

/// Which fields the caller asked for; all when he named none.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Option<BTreeSet<String>>);

impl Wanted {
    pub fn parse(text: Option<&str>) -> Self {
        Self(text.map(|text| text.split(',').map(|key| key.trim().to_owned()).collect()))
    }

    fn has(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

pub fn record(record: &Record, principal: &Principal, names: &Names, wanted: &Wanted) -> Json {
    let record_type = &record.record_type;
    let hidden = principal.hidden(record_type);
    let mut object = Map::new();
    object.insert("number".to_owned(), json!(record.number()));
    object.insert("type".to_owned(), json!(record_type.name));
    for (slot, field) in record_type.fields.iter().enumerate() {
        if slot == slot::NUMBER || INTERNAL.contains(&slot) || !wanted.has(&field.key) {
            continue;
        }
        let json = if hidden.contains(&slot) {
            Json::Null
        } else if let Kind::Rows { columns, scalar } = &field.kind {
            match record.rows.get(&slot) {
                Some(lines) => lines.iter().map(|l| line(l, columns, *scalar, names)).collect(),
                None => continue,
            }
        } else {
            value(record.get(slot), field, names)
        };
        object.insert(field.key.clone(), json);
    }
    if wanted.has("allowed") {
        object.insert("allowed".to_owned(), json!(allowed(record, principal)));
    }
    Json::Object(object)
}

/// The moves that this principal may make from the record's state.
pub fn allowed(record: &Record, principal: &Principal) -> Vec<String> {
    let Some(lifecycle) = &record.record_type.lifecycle else { return Vec::new() };
    let state = record.state().unwrap_or_default();
    let moves = lifecycle.transitions.iter().filter(|t| t.at.is_none() && t.from.iter().any(|from| from == state));
    moves.filter(|t| principal.may_move(&record.record_type, &t.name).is_some()).map(|t| t.name.clone()).collect()
}

pub fn value(value: &Value, field: &Field, names: &Names) -> Json {
    match (value, &field.kind) {
        (Value::Int(n), Kind::Decimal { scale } | Kind::Money { scale }) => json!(decimal(*n, *scale)),
        (Value::Null, _) => Json::Null,
        (Value::Bool(truth), _) => json!(truth),
        (Value::Int(n), _) => json!(n),
        (Value::Text(text), _) => json!(text.as_ref()),
        (Value::Instant(at), _) => json!(instant(*at)),
        (Value::Date(days), _) => json!(date(*days)),
        (Value::Duration(micros), _) => json!(duration(*micros)),
        (Value::Link(id), _) => linked(*id, names),
    }
}

/// `{"number","name"}`, or null where the reader may not see the record.
pub fn linked(id: i64, names: &Names) -> Json {
    names.get(&id).map_or(Json::Null, |named| json!({ "number": named.number, "name": named.name }))
}

fn line(line: &Line, columns: &[Field], scalar: bool, names: &Names) -> Json {
    if scalar {
        return columns.iter().zip(&line.values).next().map_or(Json::Null, |(c, v)| value(v, c, names));
    }
    let mut object = Map::new();
    object.insert("pos".to_owned(), json!(line.pos));
    for (column, cell) in columns.iter().zip(&line.values) {
        object.insert(column.key.clone(), value(cell, column, names));
    }
    object.insert("at".to_owned(), json!(instant(line.at)));
    object.insert("by".to_owned(), line.by.map_or(Json::Null, |id| linked(id, names)));
    object.insert("counted_at".to_owned(), json!(instant(line.counted_at)));
    Json::Object(object)
}

fn decimal(scaled: i64, scale: u8) -> f64 {
    scaled as f64 / 10_f64.powi(i32::from(scale))
}
