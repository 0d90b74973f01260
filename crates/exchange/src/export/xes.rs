//! `TYPE.xes`: an event log (IEEE 1849-2016) of each record type with a life-cycle. A trace is a record, an event one of
//! its ledger entries with the values that held after it, long texts left out.

use std::sync::Arc;

use engine::Record;
use engine::read::entries::Entry;
use engine::read::names::Names;
use model::{Field, Kind, Lifecycle, RecordType, Value};

use super::csv::stated;
use super::folder::{Folder, Writing};
use super::walk::{self, Fold, Told};
use super::{Cx, ExportError};
use crate::text;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<string key="lifecycle:transition" value="complete"/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
</global>
<classifier name="Activity" scope="event" keys="concept:name"/>
<classifier name="State" scope="event" keys="state"/>
"#;

pub(super) fn write(cx: &mut Cx<'_>, folder: &mut Folder) -> Result<(), ExportError> {
    let model = cx.engine.model().clone();
    for record_type in model.types() {
        if let Some(lifecycle) = &record_type.lifecycle {
            log(cx, folder, record_type, lifecycle)?;
        }
    }
    Ok(())
}

fn log(
    cx: &mut Cx<'_>,
    folder: &mut Folder,
    record_type: &Arc<RecordType>,
    lifecycle: &Lifecycle,
) -> Result<(), ExportError> {
    let fields: Vec<&Field> = stated(record_type)
        .into_iter()
        .map(|(_, field)| field)
        .filter(|field| field.key != "state" && !field.kind.is_long_text())
        .collect();
    let mut writing = folder.begin(&format!("{}.xes", record_type.name))?;
    writing.put(HEAD)?;
    let mut head = String::new();
    attribute(&mut head, "string", "concept:name", &record_type.label_plural, None);
    attribute(&mut head, "string", "lifecycle:model", "standard", None);
    writing.put(&head)?;
    walk::records(cx, record_type, &mut |all, names| {
        for told in all {
            trace(&mut writing, told, &fields, lifecycle, names)?;
        }
        Ok(())
    })?;
    writing.put("</log>\n")?;
    folder.end(writing)
}

fn trace(
    writing: &mut Writing,
    Told { record, entries }: &Told,
    fields: &[&Field],
    lifecycle: &Lifecycle,
    names: &Names,
) -> Result<(), ExportError> {
    let mut text = String::from("<trace>\n");
    attribute(&mut text, "string", "concept:name", record.number(), None);
    attribute(&mut text, "string", "title", record.title(), None);
    let mut fold = Fold::default();
    for entry in entries {
        let before = fold.value("state").as_text();
        fold.take(entry);
        text.push_str("<event>\n");
        acts(&mut text, entry, &activity(entry, before, &fold, lifecycle), names);
        attribute(&mut text, "string", "state", fold.value("state").as_text().unwrap_or_default(), None);
        for field in fields {
            value(&mut text, record, field, fold.value(&field.key), names);
        }
        text.push_str("</event>\n");
        writing.rows += 1;
    }
    text.push_str("</trace>\n");
    writing.put(&text)
}

/// The transition that an entry made, or else what kind of entry it is.
fn activity(entry: &Entry, before: Option<&str>, fold: &Fold<'_>, lifecycle: &Lifecycle) -> String {
    let (Some(before), Some(after)) = (before, fold.value("state").as_text()) else { return entry.kind.clone() };
    if before == after {
        return entry.kind.clone();
    }
    let fits = |t: &&model::Transition| t.to == after && t.from.iter().any(|from| from == before);
    lifecycle.transitions.iter().find(fits).map_or_else(|| format!("{before} -> {after}"), |t| t.name.clone())
}

fn acts(text: &mut String, entry: &Entry, activity: &str, names: &Names) {
    attribute(text, "string", "concept:name", activity, None);
    attribute(text, "string", "lifecycle:transition", "complete", None);
    attribute(text, "date", "time:timestamp", &text::instant(entry.happened_at), None);
    attribute(text, "date", "entry.recorded_at", &text::instant(entry.recorded_at), None);
    if let Some(claimed) = entry.claimed_at {
        attribute(text, "date", "entry.claimed_at", &text::instant(claimed), None);
    }
    if let Some(who) = entry.on_behalf.or(entry.actor).and_then(|id| names.get(&id)) {
        attribute(text, "string", "org:resource", &who.name, Some(&who.number));
    }
    attribute(text, "int", "entry.version", &entry.version.to_string(), None);
    attribute(text, "string", "entry.kind", &entry.kind, None);
    attribute(text, "string", "entry.channel", &entry.channel, None);
    if let Some(deviates) = &entry.deviates {
        attribute(text, "string", "entry.deviates", deviates, None);
    }
}

fn value(text: &mut String, record: &Record, field: &Field, value: &Value, names: &Names) {
    if let Value::Link(id) = value {
        if let Some(named) = names.get(id) {
            attribute(text, "string", &field.key, &named.name, Some(&named.number));
        }
        return;
    }
    if value.is_null() || record.record_type.slot(&field.key).is_none() {
        return;
    }
    // What was erased is a text whatever it was before.
    let element = match (value, &field.kind) {
        (Value::Bool(_), _) => "boolean",
        (Value::Instant(_), _) => "date",
        (Value::Int(_), Kind::Decimal { .. } | Kind::Money { .. }) => "float",
        (Value::Int(_), _) => "int",
        _ => "string",
    };
    attribute(text, element, &field.key, &text::of(value, &field.kind, names), None);
}

/// One attribute; `number` is that of the record whose name is the value.
fn attribute(text: &mut String, element: &str, key: &str, value: &str, number: Option<&str>) {
    text.push_str(&format!("<{element} key=\"{key}\" value=\""));
    put_escaped(text, value);
    match number {
        None => text.push_str("\"/>\n"),
        Some(number) => text.push_str(&format!("\"><string key=\"number\" value=\"{number}\"/></{element}>\n")),
    }
}

/// As XML 1.0 has it in an attribute. Characters that it cannot hold at all become U+FFFD.
fn put_escaped(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '"' => text.push_str("&quot;"),
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            '\t' => text.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            plain => text.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::put_escaped;

    #[test]
    fn an_attribute_holds_whatever_text_there_is() {
        let mut text = String::new();
        put_escaped(&mut text, "<a & \"b\">\n\u{1}é");
        assert_eq!(text, "&lt;a &amp; &quot;b&quot;>&#10;\u{fffd}é");
    }
}
