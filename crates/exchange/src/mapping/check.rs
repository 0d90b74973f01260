//! From the written mapping to the checked one. What is wrong is named with its place in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use encoding_rs::Encoding;
use toml_edit::Document;

use super::field_rules::{field_rule, finals, on_behalf};
use super::file::{FileOrder, JoinedFile, MappingFile, OneOrMore, OrderFile};
use super::place::{Lines, Places};
use super::{Counter, Happened, Joined, Layout, Mapping, Order, StateRule, TimeRules};
use crate::ExchangeError;
use crate::clock::{DateFormat, TimeFormat};

/// Longest mapping file, in bytes: two thousand values mapped by hand are 100 KB.
const BYTES_MAX: usize = 1 << 20;

pub(super) fn parse(file: &str, text: &str) -> Result<Mapping, ExchangeError> {
    let lines = Lines::of(file, text);
    let broken = |error: &dyn std::fmt::Display, span: Option<std::ops::Range<usize>>| ExchangeError::Mapping {
        place: lines.place(span),
        why: error.to_string().trim().to_owned(),
    };
    if text.len() > BYTES_MAX {
        return Err(broken(&format!("a mapping has at most {BYTES_MAX} bytes"), None));
    }
    let document = Document::parse(text).map_err(|error| broken(&error.message(), error.span()))?;
    let written: MappingFile = toml_edit::de::from_str(text).map_err(|error| broken(&error.message(), error.span()))?;
    let places = Places::of(&lines, &document);
    let mut mapping = check(written).map_err(|wrong| {
        let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
        ExchangeError::Mapping { place: places.at(&path), why: wrong.why }
    })?;
    mapping.places = places;
    Ok(mapping)
}

/// Something that TOML allows and a mapping does not.
pub(super) struct Wrong {
    path: Vec<String>,
    why: String,
}

pub(super) fn wrong(path: &[&str], why: impl Into<String>) -> Wrong {
    Wrong { path: path.iter().map(|part| (*part).to_owned()).collect(), why: why.into() }
}

fn check(mut written: MappingFile) -> Result<Mapping, Wrong> {
    let happened = happened(&written)?;
    let state_values = written.values.remove("state").unwrap_or_default();
    let state = match written.state.take() {
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
    for (key, field) in std::mem::take(&mut written.fields) {
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
        layout: layout(&mut written)?,
        times: times(&mut written)?,
        joined: joined(std::mem::take(&mut written.joined))?,
        name: written.name,
        record: written.record,
        absent: written.absent,
        absent_types: written.absent_types,
        begin_as: written.begin_as,
        missing: written.missing,
        number: written.number,
        order: order(written.order),
        happened,
        claimed: written.claimed,
        on_behalf: written.on_behalf.map(on_behalf).transpose()?,
        counter: written.counter.map(|counter| Counter { column: counter.column, first: counter.first }),
        people: written.people,
        people_by: written.people_by,
        state,
        fields,
        functions: written.functions,
        places: Places::default(),
    })
}

/// A history names the column with each row's instant. Without one it is a table, which has no order, no counter, no
/// second time and no end.
fn happened(written: &MappingFile) -> Result<Happened, Wrong> {
    if let Some(column) = &written.happened {
        if written.begins.is_some() {
            let why = "a history begins with the first row of each case: `begins` is for tables, without `happened`";
            return Err(wrong(&["begins"], why));
        }
        return Ok(Happened::Column(column.clone()));
    }
    let given = [
        ("order", written.order.is_some()),
        ("claimed", written.claimed.is_some()),
        ("counter", written.counter.is_some()),
        ("final", !written.finals.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((key, _)) => {
            let why = format!("`{key}` has no sense without `happened`: a table has one row a record and no history");
            Err(wrong(&[key], why))
        }
        None => Ok(Happened::Table { begins: written.begins.clone() }),
    }
}

pub(super) fn shared(values: BTreeMap<String, String>) -> BTreeMap<String, Arc<str>> {
    values.into_iter().map(|(from, to)| (from, Arc::from(to))).collect()
}

fn order(written: Option<OrderFile>) -> Order {
    match written {
        None | Some(OrderFile::Named(FileOrder::File)) => Order::File,
        Some(OrderFile::Named(FileOrder::FileReversed)) => Order::FileReversed,
        Some(OrderFile::Column(by)) => Order::Column { column: by.column, kind: by.kind, direction: by.direction },
    }
}

fn joined(written: BTreeMap<String, JoinedFile>) -> Result<BTreeMap<String, Joined>, Wrong> {
    if let Some((name, _)) = written.iter().find(|(_, joined)| joined.columns.len() < 2) {
        return Err(wrong(&["joined", name], "expected at least two columns to join"));
    }
    let names: Vec<&String> = written.keys().collect();
    let nested = written.iter().find(|(_, joined)| joined.columns.iter().any(|column| names.contains(&column)));
    if let Some((name, _)) = nested {
        return Err(wrong(&["joined", name], "expected columns of the file: what is joined cannot be joined again"));
    }
    Ok(written
        .into_iter()
        .map(|(name, joined)| (name, Joined { columns: joined.columns, with: joined.with }))
        .collect())
}

fn layout(written: &mut MappingFile) -> Result<Layout, Wrong> {
    let encoding = match written.encoding.as_deref() {
        None => None,
        Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            wrong(
                &["encoding"],
                format!("there is no encoding `{label}`, expected a name such as utf-8, utf-16 or windows-1252"),
            )
        })?),
    };
    let delimiter = match written.delimiter.as_deref().unwrap_or(",").as_bytes() {
        [byte] if !matches!(byte, b'"' | b'\n' | b'\r') && byte.is_ascii() => *byte,
        _ => {
            return Err(wrong(&["delimiter"], "expected one ASCII character, such as \",\", \";\" or \"\\t\""));
        }
    };
    let quote = match written.quote.as_deref().unwrap_or("\"").as_bytes() {
        b"none" => None,
        [byte] if byte.is_ascii_punctuation() && *byte != delimiter => Some(*byte),
        _ => return Err(wrong(&["quote"], "expected one ASCII mark such as \"'\", or \"none\"")),
    };
    let header = written.header.take();
    if header.as_ref().is_some_and(Vec::is_empty) {
        return Err(wrong(&["header"], "expected the names of the file's columns"));
    }
    Ok(Layout { encoding, delimiter, quote, skip: written.skip, header, apostrophe: written.apostrophe })
}

fn times(written: &mut MappingFile) -> Result<TimeRules, Wrong> {
    let named = |formats: Option<OneOrMore>, default: &str| {
        formats.map_or_else(|| vec![default.to_owned()], OneOrMore::into_vec)
    };
    let times = named(written.time_format.take(), "rfc3339");
    if times.is_empty() {
        return Err(wrong(&["time_format"], "expected at least one format, such as \"%d/%m/%Y %H:%M\""));
    }
    let times = times.into_iter().map(|format| {
        TimeFormat::parse(&format)
            .map_err(|why| wrong(&["time_format"], format!("`{format}` is no format for times: {why}")))
    });
    let dates = named(written.date_format.take(), "%Y-%m-%d").into_iter().map(|format| {
        DateFormat::parse(&format)
            .map_err(|why| wrong(&["date_format"], format!("`{format}` is no format for dates: {why}")))
    });
    let decimal = match written.decimal.as_deref() {
        None | Some(".") => '.',
        Some(",") => ',',
        Some(_) => return Err(wrong(&["decimal"], "expected \".\" or \",\"")),
    };
    Ok(TimeRules {
        zone: written.zone.take(),
        times: times.collect::<Result<_, _>>()?,
        dates: dates.collect::<Result<_, _>>()?,
        decimal,
    })
}
