//! Is the record visible, is the act allowed at all, may each input field be written, does each value read?
//!
//! Not visible and not existing answer alike. A field that the reader may not see answers like an unknown one.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Field, Kind, RecordType, Slot, Value};

use super::{Admitted, Cx};
use crate::command::{Act, Input};
use crate::input::{self, Reading};
use crate::record::{Record, Time, find, load};
use crate::refusal::{Error, Problem, Refusal};

/// Lines that one command may add to a rows field.
const LINES_MAX: usize = 200;

pub(super) fn admit(cx: &mut Cx<'_>) -> Result<Admitted, Error> {
    let command = cx.command;
    let principal = &command.principal;
    if !principal.allowance.write {
        return Err(forbidden("this token may only read", Vec::new()));
    }
    let (record_type, before) = match &command.act {
        Act::Create { record_type, .. } => {
            let found = cx.engine.model().shared(record_type).ok_or(Refusal::NotFound)?.clone();
            if !principal.may_read(&found) && !principal.may_create(&found) {
                return Err(Refusal::NotFound.into());
            }
            if !principal.may_create(&found) {
                return Err(forbidden(&format!("creating {}", found.label_plural.to_lowercase()), Vec::new()));
            }
            (found, None)
        }
        other => {
            let before = visible(cx, other.number().unwrap_or_default())?;
            (before.record_type.clone(), Some(before))
        }
    };
    if let (Some(before), Some(expected)) = (&before, command.if_match)
        && before.version() != expected
    {
        return Err(Refusal::Stale { expected, found: before.version() }.into());
    }
    if command.happened_at.is_some() && !(principal.allowance.import || principal.is_system()) {
        return Err(forbidden("saying when something happened (needs the right to import)", Vec::new()));
    }
    let empty = Input::new();
    let input = match &command.act {
        Act::Create { input, .. } | Act::Change { input, .. } | Act::Move { input, .. } => input,
        _ => &empty,
    };
    let mut admitted = Admitted { before, record_type: record_type.clone(), values: Vec::new(), lines: Vec::new() };
    if let Act::AddLine { field, input, .. } = &command.act {
        add_line(cx, &record_type, field, input, &mut admitted)?;
    }
    read_input(cx, &record_type, input, &mut admitted)?;
    Ok(admitted)
}

/// The record by its number, where this principal may see it.
pub(crate) fn visible(cx: &mut Cx<'_>, number: &str) -> Result<Record, Error> {
    let (id, name) = find(cx.session, number)?.ok_or(Refusal::NotFound)?;
    let record_type: Arc<RecordType> = cx.engine.model().shared(&name).ok_or(Refusal::NotFound)?.clone();
    let record = load(cx.session, &record_type, id, Time::Live)?.ok_or(Refusal::NotFound)?;
    if !crate::rules::may_see(cx.engine, cx.session, &cx.command.principal, &record)? {
        return Err(Refusal::NotFound.into());
    }
    Ok(record)
}

fn forbidden(what: &str, fields: Vec<String>) -> Error {
    Refusal::Forbidden { what: what.to_owned(), fields }.into()
}

fn read_input(cx: &mut Cx<'_>, record_type: &Arc<RecordType>, input: &Input, out: &mut Admitted) -> Result<(), Error> {
    let principal = cx.command.principal.clone();
    let (hidden, fixed) = (principal.hidden(record_type), principal.fixed(record_type));
    let (mut problems, mut denied) = (Vec::new(), Vec::new());
    // Where a move asks for one, `reason` is the act's, not a field's.
    let gives_reason = match (&cx.command.act, &record_type.lifecycle) {
        (Act::Move { transition, .. }, Some(lifecycle)) => lifecycle.transition(transition).is_some_and(|t| t.reason),
        _ => false,
    };
    for (key, json) in input {
        // What records carry beside their fields may be sent back as it was read.
        if ["type", "allowed", "number", "version"].contains(&key.as_str()) || (key == "reason" && gives_reason) {
            continue;
        }
        let Some((slot, field)) = writable(record_type, key, &hidden) else {
            let message =
                format!("there is no field {key}: expected one of the fields of {}", record_type.label.to_lowercase());
            problems.push(Problem::new(key.clone(), "unknown_field", message));
            continue;
        };
        if field.system || (field.derived && !principal.is_system()) || fixed.contains(&slot) {
            denied.push(key.clone());
            continue;
        }
        if let Kind::Rows { columns, scalar } = &field.kind {
            read_lines(cx, slot, field, columns, *scalar, json, out, &mut problems)?;
            continue;
        }
        let mut reading = Reading { session: cx.session, model: cx.engine.model(), principal: &principal };
        match input::read(&mut reading, field, json)? {
            Ok(value) => out.values.push((slot, value)),
            Err(problem) => problems.push(problem),
        }
    }
    if !denied.is_empty() {
        return Err(forbidden("writing these fields", denied));
    }
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems).into());
    }
    Ok(())
}

fn writable<'a>(record_type: &'a RecordType, key: &str, hidden: &BTreeSet<Slot>) -> Option<(Slot, &'a Field)> {
    let slot = record_type.slot(key).filter(|slot| !hidden.contains(slot))?;
    Some((slot, record_type.fields.get(slot)?))
}

#[expect(clippy::too_many_arguments, reason = "one caller; a struct for it would only be taken apart again")]
fn read_lines(
    cx: &mut Cx<'_>,
    slot: Slot,
    field: &Field,
    columns: &[Field],
    scalar: bool,
    json: &serde_json::Value,
    out: &mut Admitted,
    problems: &mut Vec<Problem>,
) -> Result<(), Error> {
    let Some(list) = json.as_array().filter(|list| list.len() <= LINES_MAX) else {
        let message = format!("{}: expected a list of at most {LINES_MAX} lines", field.label);
        problems.push(Problem::new(&field.key, "wrong_type", message));
        return Ok(());
    };
    let mut lines = Vec::new();
    for (index, line) in list.iter().enumerate() {
        let object = match line {
            serde_json::Value::Object(object) => object.clone(),
            text if scalar => std::iter::once(("value".to_owned(), text.clone())).collect(),
            _ => {
                let message = format!("{}: line {} is not an object", field.label, index + 1);
                problems.push(Problem::new(&field.key, "wrong_type", message));
                continue;
            }
        };
        lines.push(read_line(cx, field, columns, &object, problems)?);
    }
    out.lines.push((slot, lines));
    Ok(())
}

fn read_line(
    cx: &mut Cx<'_>,
    field: &Field,
    columns: &[Field],
    object: &Input,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Value>, Error> {
    let known = |key: &str| columns.iter().any(|c| c.key == key) || ["pos", "at", "by", "counted_at"].contains(&key);
    for key in object.keys().filter(|key| !known(key)) {
        let message = format!("{}: a line has no {key}", field.label);
        problems.push(Problem::new(format!("{}.{key}", field.key), "unknown_field", message));
    }
    let principal = cx.command.principal.clone();
    let mut values = Vec::with_capacity(columns.len());
    for column in columns {
        let json = object.get(&column.key).unwrap_or(&serde_json::Value::Null);
        let mut reading = Reading { session: cx.session, model: cx.engine.model(), principal: &principal };
        match input::read(&mut reading, column, json)? {
            Ok(Value::Null) if column.required => {
                let message = format!("{}: {} is needed", field.label, column.label.to_lowercase());
                problems.push(Problem::new(format!("{}.{}", field.key, column.key), "required", message));
                values.push(Value::Null);
            }
            Ok(value) => values.push(value),
            Err(mut problem) => {
                problem.field = format!("{}.{}", field.key, problem.field);
                problems.push(problem);
                values.push(Value::Null);
            }
        }
    }
    Ok(values)
}

fn add_line(
    cx: &mut Cx<'_>,
    record_type: &Arc<RecordType>,
    key: &str,
    input: &Input,
    out: &mut Admitted,
) -> Result<(), Error> {
    let hidden = cx.command.principal.hidden(record_type);
    let Some((slot, field)) = writable(record_type, key, &hidden) else { return Err(Refusal::NotFound.into()) };
    let Kind::Rows { columns, .. } = &field.kind else { return Err(Refusal::NotFound.into()) };
    if field.derived || cx.command.principal.fixed(record_type).contains(&slot) {
        return Err(forbidden("writing these fields", vec![key.to_owned()]));
    }
    let mut problems = Vec::new();
    let line = read_line(cx, field, columns, input, &mut problems)?;
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems).into());
    }
    out.lines.push((slot, vec![line]));
    Ok(())
}
