//! All records of a type in the order of their ids, some hundred at a time, each with its lines and its whole history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::read::entries::{self, Entry};
use engine::read::fill;
use engine::read::names::{self, Names};
use engine::{Principal, Record, decode_record, from_clause, select_list, slot};
use model::{Kind, RecordType, Value};
use store::{Fault, Param};

use super::{Cx, ExportError};

/// Records read at once. Their histories lie in memory together: a long one of the real log has 58 entries.
const PIECE: usize = 200;

/// A record with everything that is told of it.
pub(super) struct Told {
    pub record: Record,
    /// In the order in which they happened, so that a plain fold gives the state at any instant.
    pub entries: Vec<Entry>,
}

/// What is done with some of the records, and the names of whatever they point at.
type Take<'a> = &'a mut dyn FnMut(&[Told], &Names) -> Result<(), ExportError>;

/// Hands over the records of a type, not those of types that extend it.
pub(super) fn records(cx: &mut Cx<'_>, record_type: &Arc<RecordType>, take: Take<'_>) -> Result<(), ExportError> {
    let mut after = 0;
    loop {
        let mut records = piece(cx, record_type, after)?;
        let Some(last) = records.last().map(|record| record.id) else { return Ok(()) };
        after = last;
        fill::fill(cx.session, &mut records, cx.time)?;
        let mut histories = entries::whole(cx.session, &records, cx.time)?;
        let told: Vec<Told> = records
            .into_iter()
            .map(|record| {
                let mut entries = histories.remove(&record.id).unwrap_or_default();
                entries.sort_by_key(|entry| (entry.happened_at, entry.id));
                Told { record, entries }
            })
            .collect();
        let names = names_of(cx, &told)?;
        cx.done.records += told.len() as u64;
        cx.done.entries += told.iter().map(|told| told.entries.len() as u64).sum::<u64>();
        take(&told, &names)?;
        (cx.progress)(cx.done.records);
    }
}

fn piece(cx: &mut Cx<'_>, record_type: &Arc<RecordType>, after: i64) -> Result<Vec<Record>, Fault> {
    let (list, slots) = select_list(record_type, cx.time);
    let (table, holds, times) = from_clause(record_type, cx.time);
    let sql = format!(
        "SELECT {list} FROM {table} r JOIN record x ON x.id = r.id WHERE r.id > ? AND x.type = ? AND {holds} ORDER BY r.id LIMIT {PIECE}"
    );
    let mut params = vec![Param::Int(after), Param::Text(&record_type.name)];
    params.extend(times.iter().map(|time| Param::Int(*time)));
    let mut records = Vec::with_capacity(PIECE);
    cx.session.query(&sql, &params, &mut |row| {
        records.push(decode_record(row, record_type, &slots)?);
        Ok(())
    })?;
    Ok(records)
}

/// The numbers and names of whatever the records, their lines and their histories point at.
fn names_of(cx: &mut Cx<'_>, told: &[Told]) -> Result<Names, Fault> {
    let mut ids = BTreeSet::new();
    for Told { record, entries } in told {
        names::linked_ids(record, &mut ids);
        ids.extend(record.get(slot::ORIGIN).as_int());
        for entry in entries {
            ids.extend(entry.actor.iter().chain(&entry.on_behalf));
            for change in &entry.changes {
                if let Value::Link(id) = change.to {
                    ids.insert(id);
                }
                ids.extend(linked_in_detail(record, change));
            }
        }
    }
    names::of_ids(cx.session, cx.engine.model(), &Principal::system(), &ids)
}

/// Ids in what a line or link of an entry says.
fn linked_in_detail(record: &Record, change: &entries::Change) -> Vec<i64> {
    if let Some((_, a, b)) = link_of(&change.key) {
        return vec![a, b];
    }
    let Some(serde_json::Value::Object(line)) = &change.detail else { return Vec::new() };
    let columns = line_columns(record, &change.key);
    let is_link = |key: &str| key == "by" || columns.iter().any(|column| column.key == key && column.kind.is_link());
    line.iter().filter(|(key, _)| is_link(key)).filter_map(|(_, value)| value.as_i64()).collect()
}

/// The columns of the field that `escalations[2]` is a line of.
pub(super) fn line_columns<'r>(record: &'r Record, key: &str) -> &'r [model::Field] {
    let field = key.split_once('[').and_then(|(field, _)| record.record_type.field(field));
    match field.map(|field| &field.kind) {
        Some(Kind::Rows { columns, .. }) => columns,
        _ => &[],
    }
}

/// `link:KIND:A:B`.
pub(super) fn link_of(key: &str) -> Option<(&str, i64, i64)> {
    let rest = key.strip_prefix("link:")?;
    let (rest, b) = rest.rsplit_once(':')?;
    let (kind, a) = rest.rsplit_once(':')?;
    Some((kind, a.parse().ok()?, b.parse().ok()?))
}

/// The values after each entry, folded.
#[derive(Default)]
pub(super) struct Fold<'e> {
    values: BTreeMap<&'e str, &'e Value>,
}

impl<'e> Fold<'e> {
    pub fn take(&mut self, entry: &'e Entry) {
        self.values.extend(entry.changes.iter().map(|change| (change.key.as_str(), &change.to)));
    }

    pub fn value(&self, key: &str) -> &'e Value {
        const NULL: &Value = &Value::Null;
        self.values.get(key).copied().unwrap_or(NULL)
    }
}

/// Whether the last that was told of a field has been erased.
pub(super) fn is_erased(value: &Value) -> bool {
    value.as_text() == Some(entries::ERASED)
}
