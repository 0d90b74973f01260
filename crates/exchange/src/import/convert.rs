//! From a row of the source to one that the engine replays: values by slot, names by id, what does not fit the life-cycle.

use std::sync::Arc;

use engine::{ImportedRow, ReplayRow, slot};
use model::{Field, Kind, Value};
use store::{Fault, Session};

use super::names::{Name, Names, nfc};
use super::target::Target;
use crate::case::{SourceCase, SourceRow};
use crate::convert::SourceValue;

/// Why a row cannot be taken; the field is the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

impl Misfit {
    pub fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), code, message: message.into() }
    }
}

/// Rows in order, with what they need to know of each other.
pub(super) struct Converting<'a> {
    pub target: &'a Target,
    pub names: &'a mut Names,
    pub source: &'a str,
    /// Nothing happens after it.
    pub recorded_at: i64,
    /// The state before the next row; none before the first.
    pub state: Option<Arc<str>>,
}

impl Converting<'_> {
    /// One row; the flag says whether its step is against the life-cycle.
    pub fn row(
        &mut self,
        session: &mut dyn Session,
        case: &SourceCase,
        row: &SourceRow,
        new: bool,
    ) -> Result<Result<(ReplayRow, bool), Misfit>, Fault> {
        if row.happened > self.recorded_at {
            return Ok(Err(Misfit::new("", "time", "the row lies in the future")));
        }
        if let Some(state) = row.state.as_ref().filter(|state| !self.target.has_state(state)) {
            let why = format!("`{state}` is no state of {}", self.target.record_type.name);
            return Ok(Err(Misfit::new("state", "unknown_value", why)));
        }
        let (mut values, mut lines) = (Vec::with_capacity(row.fields.len() + 2), Vec::new());
        if new {
            values.push((slot::RAISED_AT, Value::Instant(case.raised_at)));
            let number = Value::Text(nfc(&case.external_number));
            values.extend(self.target.external_number.map(|slot| (slot, number)));
        }
        for (key, value) in &row.fields {
            let Some(place) = self.target.place(key) else { continue };
            if let Some(at) = place.lines {
                lines.push((place.slot, references(value, at)));
                continue;
            }
            let Some(field) = self.target.record_type.fields.get(place.slot) else { continue };
            match self.value(session, field, value)? {
                Ok(value) => values.push((place.slot, value)),
                Err(misfit) => return Ok(Err(misfit)),
            }
        }
        let on_behalf = match &row.on_behalf {
            Some(person) => Some(self.names.id(session, Name::Person(person.clone()))?),
            None => None,
        };
        let misstep = match (&self.state, &row.state) {
            (Some(from), Some(to)) => self.target.misstep(from, to),
            _ => None,
        };
        let deviating = misstep.is_some();
        self.state.clone_from(&row.state);
        let replayed = ReplayRow {
            happened_at: row.effective,
            claimed_at: row.claimed.unwrap_or(row.happened),
            on_behalf,
            state: row.state.as_deref().map(str::to_owned),
            deviates: joined(misstep, row.deviates.as_deref()),
            values,
            lines,
            imported: self.identity(row),
        };
        Ok(Ok((replayed, deviating)))
    }

    fn identity(&self, row: &SourceRow) -> ImportedRow {
        ImportedRow { source: self.source.to_owned(), identity: row.identity.to_string(), hash: row.content_hash }
    }

    fn value(
        &mut self,
        session: &mut dyn Session,
        field: &Field,
        value: &SourceValue,
    ) -> Result<Result<Value, Misfit>, Fault> {
        let name = match value {
            SourceValue::Person(person) => Name::Person(person.clone()),
            SourceValue::Named { record_type, name } => {
                Name::Record { record_type: Arc::clone(record_type), name: Arc::clone(name) }
            }
            SourceValue::ListValue { list, label } => {
                Name::ListValue { list: Arc::clone(list), label: Arc::clone(label) }
            }
            plain => return Ok(plain_value(field, plain)),
        };
        Ok(Ok(Value::Link(self.names.id(session, name)?)))
    }
}

/// A value that names nothing. The mapping's kinds were held against the model's; here it is about ranges and lengths.
fn plain_value(field: &Field, value: &SourceValue) -> Result<Value, Misfit> {
    let wrong = |code, message: String| Err(Misfit::new(&field.key, code, message));
    match (value, &field.kind) {
        (SourceValue::Int(number), Kind::Integer { min, max }) if !(*min..=*max).contains(number) => {
            wrong("not_in_range", format!("{number} is outside {min} to {max}"))
        }
        (SourceValue::Int(number), _) => Ok(Value::Int(*number)),
        (SourceValue::Bool(truth), _) => Ok(Value::Bool(*truth)),
        (SourceValue::Instant(at), _) => Ok(Value::Instant(*at)),
        (SourceValue::Text(text), Kind::Choice(choices)) if !choices.iter().any(|c| *c.key == **text) => {
            let known: Vec<&str> = choices.iter().map(|choice| choice.key.as_str()).collect();
            wrong("not_a_choice", format!("`{text}` is none of {}", known.join(", ")))
        }
        (SourceValue::Text(text), Kind::Text { max } | Kind::LongText { max })
            if text.len() > *max as usize && text.chars().count() > *max as usize =>
        {
            wrong("too_long", format!("the text has more than {max} characters"))
        }
        (SourceValue::Text(text), _) => Ok(Value::Text(nfc(text))),
        _ => Ok(Value::Null),
    }
}

fn references(value: &SourceValue, (kind, key, columns): (usize, usize, usize)) -> Vec<Vec<Value>> {
    let SourceValue::References(references) = value else { return Vec::new() };
    let line = |reference: &crate::convert::Reference| {
        let mut line = vec![Value::Null; columns];
        if let Some(place) = line.get_mut(kind) {
            *place = Value::Text(nfc(&reference.kind));
        }
        if let Some(place) = line.get_mut(key) {
            *place = Value::Text(nfc(&reference.key));
        }
        line
    };
    references.iter().map(line).collect()
}

fn joined(misstep: Option<String>, flag: Option<&str>) -> Option<String> {
    match (misstep, flag) {
        (Some(misstep), Some(flag)) => Some(format!("{misstep}; {flag}")),
        (misstep, flag) => misstep.or_else(|| flag.map(str::to_owned)),
    }
}
