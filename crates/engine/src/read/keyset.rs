//! Where a list goes on: keyset predicates, orders, windows of the sort index.

use std::sync::Arc;

use model::{RecordType, Value};
use store::schema::quoted;
use store::{Param, Session};

use super::cursor::Place;
use super::list::Prepared;
use crate::record::{Record, decode_record, slot};
use crate::refusal::Error;

/// A nullable first sort column is walked in two phases: values, then nulls.
pub(super) fn next_phase(prepared: &Prepared, place: &Place) -> Option<Place> {
    let nullable = prepared.sort.first().is_some_and(|(slot, _)| *slot > slot::CREATED_BY);
    match place {
        Place::Start | Place::After { .. } if nullable && !place.in_nulls() => Some(Place::Nulls),
        _ => None,
    }
}

/// Where a window of the sort index ends: the place after its last row, the next phase, or nothing more.
pub(super) fn window_end(
    session: &mut dyn Session,
    record_type: &RecordType,
    prepared: &Prepared,
    place: &Place,
    window: usize,
) -> Result<Option<Place>, Error> {
    let (condition, params) = keyset(record_type, prepared, place);
    let keys: Vec<String> = sort_keys(record_type, prepared);
    let sql = format!(
        "SELECT r.id, {} FROM {} r WHERE {} AND {condition} ORDER BY {} LIMIT 1 OFFSET {}",
        keys.join(", "),
        prepared.table,
        prepared.base,
        order(session.dialect(), record_type, prepared, place),
        window - 1
    );
    let mut all: Vec<Value> = prepared.base_params.clone();
    all.extend(params);
    let bound: Vec<Param<'_>> = all.iter().map(Param::from).collect();
    let mut found = None;
    session.query(&sql, &bound, &mut |row| {
        let mut keys = Vec::new();
        for (index, (slot, _)) in prepared.sort.iter().enumerate() {
            if let Some(field) = record_type.fields.get(*slot) {
                keys.push(crate::record::decode(row, index + 1, &field.kind)?);
            }
        }
        found = Some(Place::After { keys, id: row.need_int(0)? });
        Ok(())
    })?;
    Ok(found.or_else(|| next_phase(prepared, place)))
}

fn sort_keys(record_type: &RecordType, prepared: &Prepared) -> Vec<String> {
    let fields = prepared.sort.iter().filter_map(|(slot, _)| record_type.fields.get(*slot));
    fields.map(|field| format!("r.{}", quoted(&field.key))).collect()
}

/// `ORDER BY` for a phase. The last column's direction decides that of the id.
fn order(dialect: store::Dialect, record_type: &RecordType, prepared: &Prepared, place: &Place) -> String {
    let skip = usize::from(place.in_nulls());
    let keys = sort_keys(record_type, prepared);
    let mut parts: Vec<String> = Vec::new();
    let mut last = false;
    for (key, (_, descends)) in keys.iter().zip(&prepared.sort).skip(skip) {
        parts.push(match (dialect, *descends) {
            (store::Dialect::Sqlite, true) => format!("{key} DESC"),
            (store::Dialect::Sqlite, false) => key.clone(),
            (store::Dialect::Postgres, true) => format!("{key} DESC NULLS LAST"),
            (store::Dialect::Postgres, false) => format!("{key} NULLS FIRST"),
        });
        last = *descends;
    }
    if skip == 1 && prepared.sort.len() == 1 {
        last = prepared.sort.first().is_some_and(|(_, descends)| *descends);
    }
    parts.push(if last { "r.id DESC".to_owned() } else { "r.id".to_owned() });
    parts.join(", ")
}

/// `a <= :a AND (a < :a OR (a = :a AND (b > :b OR (b = :b AND id < :id))))`: the first term gives both planners a range.
fn keyset(record_type: &RecordType, prepared: &Prepared, place: &Place) -> (String, Vec<Value>) {
    let keys = sort_keys(record_type, prepared);
    let Some(first) = keys.first() else { return ("1=1".to_owned(), Vec::new()) };
    let nullable = prepared.sort.first().is_some_and(|(slot, _)| *slot > slot::CREATED_BY);
    match place {
        Place::Start if nullable => (format!("{first} IS NOT NULL"), Vec::new()),
        Place::Start => ("1=1".to_owned(), Vec::new()),
        Place::Nulls => (format!("{first} IS NULL"), Vec::new()),
        Place::After { keys: values, id } => {
            let nulls = place.in_nulls();
            let skip = usize::from(nulls);
            let mut terms: Vec<(String, bool, Value)> = Vec::new();
            for ((key, (_, descends)), value) in keys.iter().zip(&prepared.sort).zip(values).skip(skip) {
                terms.push((key.clone(), *descends, value.clone()));
            }
            let last = terms.last().map_or_else(|| prepared.sort.first().is_some_and(|(_, d)| *d), |(_, d, _)| *d);
            terms.push(("r.id".to_owned(), last, Value::Int(*id)));
            let mut params = Vec::new();
            let mut text = nested(&terms, &mut params);
            if nulls {
                text = format!("{first} IS NULL AND {text}");
            } else if let Some((key, descends, value)) = terms.first() {
                let range = if *descends { "<=" } else { ">=" };
                text = format!("{key} {range} ? AND {text}");
                params.insert(0, value.clone());
            }
            (text, params)
        }
    }
}

/// Beyond a place: nulls count as the smallest value, in both databases.
fn nested(terms: &[(String, bool, Value)], params: &mut Vec<Value>) -> String {
    let Some(((key, descends, value), rest)) = terms.split_first() else { return "1=1".to_owned() };
    if value.is_null() {
        let inner = format!("({key} IS NULL AND {})", nested(rest, params));
        return if *descends { inner } else { format!("({key} IS NOT NULL OR {inner})") };
    }
    params.push(value.clone());
    let beyond = if *descends && !rest.is_empty() {
        format!("{key} < ? OR {key} IS NULL")
    } else {
        format!("{key} {} ?", if *descends { "<" } else { ">" })
    };
    if rest.is_empty() {
        return beyond;
    }
    params.push(value.clone());
    let inner = nested(rest, params);
    format!("({beyond} OR ({key} = ? AND {inner}))")
}

pub(super) fn walk(
    session: &mut dyn Session,
    record_type: &Arc<RecordType>,
    prepared: &Prepared,
    place: &Place,
    want: usize,
    window: Option<usize>,
) -> Result<Vec<Record>, Error> {
    let (condition, params) = keyset(record_type, prepared, place);
    let mut values = prepared.base_params.clone();
    values.extend(params);
    let order = order(session.dialect(), record_type, prepared, place);
    let inner = format!(
        "SELECT {} FROM {} r WHERE {} AND {condition}",
        if window.is_some() { "r.*" } else { &prepared.list },
        prepared.table,
        prepared.base
    );
    let sql = match (&prepared.filter, window) {
        (Some((filter, filter_params)), Some(window)) => {
            values.extend(filter_params.iter().cloned());
            format!(
                "SELECT {} FROM ({inner} ORDER BY {order} LIMIT {window}) r WHERE {filter} ORDER BY {order} LIMIT {want}",
                prepared.list
            )
        }
        (Some((filter, filter_params)), None) => {
            values.extend(filter_params.iter().cloned());
            format!("{inner} AND ({filter}) ORDER BY {order} LIMIT {want}")
        }
        (None, _) => format!("{} ORDER BY {order} LIMIT {want}", inner.replacen("r.*", &prepared.list, 1)),
    };
    let bound: Vec<Param<'_>> = values.iter().map(Param::from).collect();
    let mut found = Vec::new();
    session.query(&sql, &bound, &mut |row| {
        found.push(decode_record(row, record_type, &prepared.slots)?);
        Ok(())
    })?;
    Ok(found)
}
