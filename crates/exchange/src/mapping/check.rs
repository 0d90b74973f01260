//! From the written mapping to the checked one. What is wrong is named with its place in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_edit::{Document, Item, TableLike};

use super::file::{FieldFile, FileOrder, KindFile, MappingFile, OneOrMore, OrderFile, Others};
use super::{Counter, FieldKind, FieldRule, Mapping, Order, Rest, StateRule};
use crate::ExchangeError;
use crate::convert::Clock;

pub(super) fn parse(file: &str, text: &str) -> Result<Mapping, ExchangeError> {
    let broken = |error: &dyn std::fmt::Display, span: Option<std::ops::Range<usize>>| ExchangeError::Mapping {
        place: place(file, text, span),
        why: error.to_string().trim().to_owned(),
    };
    let document = Document::parse(text).map_err(|error| broken(&error.message(), error.span()))?;
    let written: MappingFile = toml_edit::de::from_str(text).map_err(|error| broken(&error.message(), error.span()))?;
    let at =
        |path: &[&str], why: String| ExchangeError::Mapping { place: place(file, text, span(&document, path)), why };
    check(written).map_err(|wrong| at(&wrong.path.iter().map(String::as_str).collect::<Vec<_>>(), wrong.why))
}

/// Something that TOML allows and a mapping does not.
struct Wrong {
    path: Vec<String>,
    why: String,
}

fn wrong(path: &[&str], why: impl Into<String>) -> Wrong {
    Wrong { path: path.iter().map(|part| (*part).to_owned()).collect(), why: why.into() }
}

fn check(mut written: MappingFile) -> Result<Mapping, Wrong> {
    let state_values = written.values.remove("state").unwrap_or_default();
    let state = match written.state {
        Some(state) => Some(StateRule {
            column: state.column,
            values: shared(state_values),
            before: shared(state.before),
            begins: state.begins.map(Arc::from),
            done: state.done,
        }),
        None if state_values.is_empty() => None,
        None => return Err(wrong(&["values", "state"], "there is no table `state`, whose values these could be")),
    };
    let mut fields = Vec::with_capacity(written.fields.len());
    for (key, field) in written.fields {
        let values = written.values.remove(&key).unwrap_or_default();
        fields.push(field_rule(&key, field, values)?);
    }
    if let Some(key) = written.values.keys().next() {
        return Err(wrong(&["values", key], format!("there is no field `{key}`, whose values these could be")));
    }
    finals(&mut fields, &written.finals, state.as_ref())?;
    for (key, of) in &written.functions {
        if let Some(name) = std::iter::once(key).chain(of).find(|name| !fields.iter().any(|f| *f.key == ***name)) {
            return Err(wrong(&["functions", key], format!("there is no field `{name}` in `fields`")));
        }
    }
    if let Some(name) = written.absent.iter().find(|name| fields.iter().any(|f| *f.key == ***name)) {
        return Err(wrong(&["absent"], format!("`{name}` stands in `fields`, so the source has it")));
    }
    Ok(Mapping {
        name: written.name,
        record: written.record,
        zone: written.zone,
        absent: written.absent,
        absent_types: written.absent_types,
        begin_as: written.begin_as,
        missing: written.missing,
        delimiter: delimiter(written.delimiter.as_deref())?,
        time_formats: time_formats(written.time_format)?,
        number: written.number,
        order: order(written.order),
        happened: written.happened,
        claimed: written.claimed,
        on_behalf: written.on_behalf,
        counter: written.counter.map(|counter| Counter { column: counter.column, first: counter.first }),
        people: written.people,
        state,
        fields,
        functions: written.functions,
    })
}

fn shared(values: BTreeMap<String, String>) -> BTreeMap<String, Arc<str>> {
    values.into_iter().map(|(from, to)| (from, Arc::from(to))).collect()
}

fn order(written: OrderFile) -> Order {
    match written {
        OrderFile::Named(FileOrder::File) => Order::File,
        OrderFile::Named(FileOrder::FileReversed) => Order::FileReversed,
        OrderFile::Column(by) => Order::Column { column: by.column, kind: by.kind, direction: by.direction },
    }
}

fn delimiter(written: Option<&str>) -> Result<u8, Wrong> {
    match written.unwrap_or(",").as_bytes() {
        [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(wrong(&["delimiter"], "expected one ASCII character, such as \",\", \";\" or \"\\t\"")),
    }
}

fn time_formats(written: OneOrMore) -> Result<Vec<String>, Wrong> {
    let formats = match written {
        OneOrMore::One(format) => vec![format],
        OneOrMore::More(formats) => formats,
    };
    if formats.is_empty() {
        return Err(wrong(&["time_format"], "expected at least one format, such as \"%d/%m/%Y %H:%M\""));
    }
    for format in &formats {
        Clock::try_format(format)
            .map_err(|why| wrong(&["time_format"], format!("`{format}` is no format for times: {why}")))?;
    }
    Ok(formats)
}

fn field_rule(key: &str, field: FieldFile, values: BTreeMap<String, String>) -> Result<FieldRule, Wrong> {
    let path = ["fields", key];
    let kind = field_kind(&path, &field)?;
    let mapped = !values.is_empty();
    let others = match field.others {
        Some(_) if !mapped => {
            return Err(wrong(&path, format!("`others` has no sense without `[values.{key}]`")));
        }
        Some(Others::Null) => Rest::Null,
        Some(Others::Keep) => Rest::Kept,
        // A choice has only the keys that its model names; what the map leaves out would be a guess.
        None if mapped && kind == FieldKind::Choice => Rest::Refused,
        None => Rest::Kept,
    };
    let column = match (&kind, field.column) {
        (FieldKind::References { .. }, None) => String::new(),
        (FieldKind::References { .. }, Some(_)) => {
            return Err(wrong(&path, "`references` has `columns`, not `column`"));
        }
        (_, Some(column)) => column,
        (_, None) => return Err(wrong(&path, "`column` is missing")),
    };
    Ok(FieldRule {
        key: Arc::from(key),
        kind,
        column,
        values: shared(values),
        others,
        optional: field.optional,
        entered: None,
    })
}

fn field_kind(path: &[&str], field: &FieldFile) -> Result<FieldKind, Wrong> {
    let only = |name: &str, given: bool, wanted: bool| match (given, wanted) {
        (true, false) => Err(wrong(path, format!("`{name}` has no sense for this kind"))),
        (false, true) => Err(wrong(path, format!("`{name}` is missing, which this kind needs"))),
        _ => Ok(()),
    };
    only("list", field.list.is_some(), field.kind == KindFile::ListValue)?;
    only("to", field.to.is_some(), field.kind == KindFile::Link)?;
    only("columns", field.columns.is_some(), field.kind == KindFile::References)?;
    let named = |name: &Option<String>| Arc::from(name.as_deref().unwrap_or_default());
    Ok(match field.kind {
        KindFile::Text => FieldKind::Text,
        KindFile::Integer => FieldKind::Integer,
        KindFile::IntegerLead => FieldKind::IntegerLead,
        KindFile::Boolean => FieldKind::Boolean,
        KindFile::Instant => FieldKind::Instant,
        KindFile::Choice => FieldKind::Choice,
        KindFile::ListValue => FieldKind::ListValue { list: named(&field.list) },
        KindFile::Person => FieldKind::Person,
        KindFile::Link => FieldKind::Link { to: named(&field.to) },
        KindFile::References => FieldKind::References {
            columns: field
                .columns
                .iter()
                .flatten()
                .map(|(kind, column)| (Arc::from(kind.as_str()), column.clone()))
                .collect(),
        },
    })
}

/// `resolved_at = "state -> resolved"`: what explains the field is the last entry into that state.
fn finals(
    fields: &mut [FieldRule],
    written: &BTreeMap<String, String>,
    state: Option<&StateRule>,
) -> Result<(), Wrong> {
    for (key, event) in written {
        let path = ["final", key.as_str()];
        let entered = event.split_once("->").filter(|(what, _)| what.trim() == "state").map(|(_, state)| state.trim());
        let entered = entered.ok_or_else(|| wrong(&path, "expected \"state -> …\" with the key of a state"))?;
        let known = state.is_some_and(|state| state.values.values().any(|key| **key == *entered));
        if !known {
            return Err(wrong(&path, format!("no value of `[values.state]` becomes the state `{entered}`")));
        }
        let field = fields.iter_mut().find(|field| *field.key == **key);
        let field = field.ok_or_else(|| wrong(&path, format!("there is no field `{key}` in `fields`")))?;
        if matches!(field.kind, FieldKind::References { .. }) {
            return Err(wrong(&path, "references cannot be final"));
        }
        field.entered = Some(Arc::from(entered));
    }
    Ok(())
}

fn span(document: &Document<&str>, path: &[&str]) -> Option<std::ops::Range<usize>> {
    let mut table: &dyn TableLike = document.as_table();
    let mut found = None;
    for part in path {
        let Some((key, item)) = table.get_key_value(part) else { break };
        found = key.span().or_else(|| Item::span(item)).or(found);
        match item.as_table_like() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    found
}

/// `file:line:column`, both from 1.
fn place(file: &str, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{file}:{line}:{column}")
}
