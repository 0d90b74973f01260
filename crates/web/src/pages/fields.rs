//! Fields of the model in a form: how each is typed, and what was typed as input of a command.

use std::collections::BTreeSet;

use engine::read::names::Names;
use engine::{Input, Record};
use model::{Category, Field, Kind, RecordType, Slot, Value};
use serde_json::Value as Json;

use super::find;
use super::lists;
use super::posted::Fields;
use super::refused::Answer;
use super::visit::Visit;
use crate::api::json::{date, duration, instant};
use crate::view::form::{Choice, Control, Field as Shown};

/// Whole numbers of a range this small are chosen, not typed.
const CHOSEN_MAX: i64 = 5;
/// Longest text of one line that stays in half a row.
const NARROW_MAX: u32 = 400;

/// Fields that this reader may write in a record of the type, in order.
pub fn writable(visit: &Visit, record_type: &RecordType) -> Vec<Slot> {
    let (hidden, fixed) = (visit.principal.hidden(record_type), visit.principal.fixed(record_type));
    let fields = record_type.fields.iter().enumerate();
    fields
        .filter(|(slot, field)| {
            let written = !field.system && !field.derived && !hidden.contains(slot) && !fixed.contains(slot);
            let typed = field.kind.is_column() && !matches!(field.kind, Kind::Attachment);
            written && typed
        })
        .map(|(slot, _)| slot)
        .collect()
}

/// Those that a new record is asked for: what is written when work ends, or belongs to another move, comes later.
pub fn at_creation(visit: &Visit, record_type: &RecordType) -> Vec<Slot> {
    let lifecycle = record_type.lifecycle.as_ref();
    let ends = |to: &str| lifecycle.and_then(|l| l.state(to)).is_some_and(|s| s.category != Category::Open);
    let moves = || lifecycle.into_iter().flat_map(|l| &l.transitions);
    let given = super::show::assignment(record_type);
    let is_given = |slot: &Slot| {
        let key = record_type.fields.get(*slot).map(|field| field.key.as_str()).unwrap_or_default();
        given.as_ref().is_some_and(|given| given.person == key || given.team.as_deref() == Some(key))
    };
    let of_moves: BTreeSet<Slot> = moves()
        .flat_map(|t| t.needs.iter().flatten().chain(&t.offers))
        .copied()
        .filter(|slot| !is_given(slot))
        .collect();
    let end =
        moves().filter(|t| ends(&t.to)).flat_map(|t| t.needs.iter().flatten()).min().copied().unwrap_or(usize::MAX);
    let mut slots = writable(visit, record_type);
    slots.retain(|slot| {
        let Some(field) = record_type.fields.get(*slot) else { return false };
        let noted_by_work = matches!(field.kind, Kind::Instant)
            && field.help.is_none()
            && !field.required
            && lifecycle.is_some()
            && end < usize::MAX;
        field.required || (*slot < end && !of_moves.contains(slot) && !noted_by_work)
    });
    slots
}

/// A field as it is asked for. `typed` is what stands in it: of the record, or as it came back.
pub fn asked(visit: &Visit, field: &Field, typed: &str, required: bool) -> Answer<Option<Shown>> {
    let Some(control) = control(visit, field, typed, required)? else { return Ok(None) };
    let wide = match &field.kind {
        Kind::LongText { .. } | Kind::Rows { .. } => true,
        Kind::Text { max } => required || *max > NARROW_MAX,
        _ => false,
    };
    let help = field.help.clone().unwrap_or_default();
    Ok(Some(Shown { help, required, wide, ..Shown::new(field.key.clone(), field.label.clone(), control) }))
}

fn control(visit: &Visit, field: &Field, typed: &str, required: bool) -> Answer<Option<Control>> {
    let value = typed.to_owned();
    Ok(Some(match &field.kind {
        Kind::Text { max } => {
            Control::Text { value, max: *max, kind: if field.key == "email" { "email" } else { "text" } }
        }
        Kind::LongText { max } => {
            let code = field.key == "value";
            Control::LongText { value, max: *max, rows: if code { 4 } else { 6 }, code }
        }
        Kind::Integer { min, max } if max - min < CHOSEN_MAX => numbers(field, typed, *min, *max, required),
        Kind::Integer { min, max } => {
            let bound = |n: &i64| n.to_string();
            Control::Number { value, min: bound(min), max: bound(max), step: "1".to_owned() }
        }
        Kind::Decimal { scale } | Kind::Money { scale } => {
            let step =
                if *scale == 0 { "1".to_owned() } else { format!("0.{:0>width$}", 1, width = usize::from(*scale)) };
            Control::Number { value, min: String::new(), max: String::new(), step }
        }
        Kind::Boolean => Control::Check { checked: typed == "true" },
        Kind::Date => Control::Date { value },
        Kind::Instant => Control::Instant { value, zone: visit.wall.zone.name().to_owned() },
        Kind::Duration => Control::Duration { value },
        Kind::Choice(choices) => {
            let options = choices.iter().map(|c| Choice::new(c.key.clone(), c.label.clone(), c.key == typed)).collect();
            Control::Select { options, none: if required { String::new() } else { "Not said".to_owned() } }
        }
        Kind::ListValue { list } => return lists::control(visit, list, typed, required),
        // Where nothing may be seen that it could point at, there is nothing to choose.
        Kind::Link { to } if value.is_empty() && !readable(visit, to) => return Ok(None),
        Kind::Link { to } => {
            let suggest = format!("/suggest/{}", to.join(","));
            Control::Record { value, suggest, options: Vec::new() }
        }
        Kind::Rows { .. } => Control::Lines { value, rows: 4 },
        Kind::Attachment => return Ok(None),
    }))
}

fn readable(visit: &Visit, types: &[String]) -> bool {
    let model = visit.app.engine.model();
    let may = |name: &String| name == "any" || model.get(name).is_some_and(|found| visit.principal.may_read(found));
    types.iter().any(may)
}

fn numbers(field: &Field, typed: &str, min: i64, max: i64, required: bool) -> Control {
    let options = (min..=max).map(|n| {
        let label = if n == min { format!("{n}, the highest") } else { n.to_string() };
        Choice::new(n.to_string(), label, n.to_string() == typed)
    });
    if field.key == "priority" {
        let options = options.map(|choice| Choice { label: format!("P{}", choice.label), ..choice }).collect();
        return Control::Select { options, none: "By the rule".to_owned() };
    }
    let none = (!required).then(|| Choice::new("", "Not said", typed.is_empty()));
    Control::Chips { options: options.chain(none).collect() }
}

/// What stands in a field's control for a value of a record.
pub fn typed_value(visit: &Visit, value: &Value, field: &Field, names: &Names) -> String {
    match (value, &field.kind) {
        (Value::Null, _) => String::new(),
        (Value::Bool(truth), _) => truth.to_string(),
        (Value::Int(_), Kind::Decimal { .. } | Kind::Money { .. }) => {
            crate::api::json::value(value, field, names).to_string()
        }
        (Value::Int(n), _) => n.to_string(),
        (Value::Text(text), _) => text.to_string(),
        (Value::Instant(at), _) => visit.wall.typed(*at),
        (Value::Date(days), _) => date(*days),
        (Value::Duration(micros), _) => duration(*micros),
        (Value::Link(id), Kind::ListValue { .. }) => {
            names.get(id).map(|named| named.number.clone()).unwrap_or_default()
        }
        (Value::Link(id), _) => names.get(id).map(find::option).unwrap_or_default(),
    }
}

/// All writable fields of a record as they would stand in a form.
pub fn typed_record(visit: &Visit, record: &Record, names: &Names) -> Vec<(String, String)> {
    let fields = writable(visit, &record.record_type);
    let fields = fields.into_iter().filter_map(|slot| Some((slot, record.record_type.fields.get(slot)?)));
    fields.map(|(slot, field)| (field.key.clone(), typed_value(visit, record.get(slot), field, names))).collect()
}

/// The default of a field, as it would be typed.
pub fn typed_default(visit: &Visit, field: &Field) -> String {
    field.default.as_ref().map(|value| typed_value(visit, value, field, &Names::new())).unwrap_or_default()
}

/// What a form says about these fields, as input; fields that the form does not have are left alone. A check box that
/// is not set says nothing, so those that the form showed are named by it in `shown`.
pub fn input(visit: &Visit, record_type: &RecordType, slots: &[Slot], posted: &Fields) -> Answer<Input> {
    let mut input = Input::new();
    for field in slots.iter().filter_map(|slot| record_type.fields.get(*slot)) {
        let shown_box = matches!(field.kind, Kind::Boolean) && posted.all("shown").any(|key| key == field.key);
        match posted.get(&field.key) {
            Some(text) => drop(input.insert(field.key.clone(), read(visit, field, text)?)),
            None if shown_box => drop(input.insert(field.key.clone(), Json::Bool(false))),
            None => {}
        }
    }
    Ok(input)
}

/// One field's text as the JSON that REST would take.
pub fn read(visit: &Visit, field: &Field, text: &str) -> Answer<Json> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Json::Null);
    }
    Ok(match &field.kind {
        Kind::LongText { .. } => Json::from(text),
        Kind::Boolean => Json::Bool(matches!(trimmed, "true" | "on" | "yes")),
        Kind::Instant => Json::from(visit.wall.read(trimmed).map_or_else(|| trimmed.to_owned(), instant)),
        Kind::Link { to } => Json::from(find::number_of(visit, to, trimmed)?),
        Kind::Rows { .. } => trimmed.lines().map(str::trim).filter(|line| !line.is_empty()).map(Json::from).collect(),
        _ => Json::from(trimmed),
    })
}

/// Instants of a form without seconds: the value is the same when it reads the same.
pub fn unchanged(field: &Field, was: &str, now: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    match &field.kind {
        Kind::LongText { .. } => plain(was) == plain(now),
        _ => was.trim() == now.trim(),
    }
}
