//! From a row of the source to one that the engine replays: values by slot, names by id, what does not fit the life-cycle.

use std::sync::Arc;

use engine::{ImportedRow, ReplayRow, slot};
use model::{Field, Kind, Value};
use store::{Fault, Session};

use super::names::{Name, Names, nfc};
use super::target::Target;
use crate::case::{SourceCase, SourceRow};
use crate::convert::{PersonKey, PersonOf, SourceValue};
use crate::mapping::Unknown;

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
            values.extend(self.target.defaults.iter().cloned());
        }
        for (key, value) in &row.fields {
            let Some(place) = self.target.place(key) else { continue };
            if let Some(shape) = place.lines {
                lines.push((place.slot, shape.lines(value)));
                continue;
            }
            let Some(field) = self.target.record_type.fields.get(place.slot) else { continue };
            match self.value(session, field, value)? {
                Ok(value) => values.push((place.slot, value)),
                Err(misfit) => return Ok(Err(misfit)),
            }
        }
        if new && let Some(misfit) = self.required(&values) {
            return Ok(Err(misfit));
        }
        // Where the source tells no state the record stands where its kind begins.
        let state = row.state.clone().or_else(|| self.target.begins.clone().filter(|_| new));
        let on_behalf = match self.on_behalf(session, row)? {
            Ok(person) => person,
            Err(misfit) => return Ok(Err(misfit)),
        };
        let misstep = match (&self.state, &state) {
            (Some(from), Some(to)) => self.target.misstep(from, to),
            _ => None,
        };
        let deviating = misstep.is_some();
        self.state.clone_from(&state);
        let replayed = ReplayRow {
            happened_at: row.effective,
            claimed_at: row.claimed.unwrap_or(row.happened),
            on_behalf,
            state: state.as_deref().map(str::to_owned),
            deviates: joined(misstep, row.deviates.as_deref()),
            values,
            lines,
            imported: self.identity(row),
        };
        Ok(Ok((replayed, deviating)))
    }

    fn on_behalf(&mut self, session: &mut dyn Session, row: &SourceRow) -> Result<Result<Option<i64>, Misfit>, Fault> {
        match &row.on_behalf {
            None => Ok(Ok(None)),
            Some(PersonKey { of: PersonOf::Linked(rule), name }) => self.names.linked(session, "on_behalf", rule, name),
            Some(person) => Ok(Ok(Some(self.names.id(session, Name::Person(person.clone()))?))),
        }
    }

    fn identity(&self, row: &SourceRow) -> ImportedRow {
        ImportedRow { source: self.source.to_owned(), identity: row.identity.to_string(), hash: row.content_hash }
    }

    /// The first field without which no such record can be, and which the row leaves empty.
    fn required(&self, values: &[(model::Slot, Value)]) -> Option<Misfit> {
        let given = |slot: &&model::Slot| values.iter().any(|(known, value)| known == *slot && !value.is_null());
        let slot = self.target.required.iter().find(|slot| !given(slot))?;
        let field = self.target.record_type.fields.get(*slot)?;
        let why =
            format!("{}: the cell is empty, and no {} can be without it", field.label, self.target.record_type.name);
        Some(Misfit::new(&field.key, "required", why))
    }

    fn value(
        &mut self,
        session: &mut dyn Session,
        field: &Field,
        value: &SourceValue,
    ) -> Result<Result<Value, Misfit>, Fault> {
        let name = match value {
            SourceValue::Person(person) => Name::Person(person.clone()),
            SourceValue::Named { rule, name } => {
                let linked = self.names.linked(session, &field.key, rule, name)?;
                return Ok(linked.map(|id| id.map_or(Value::Null, Value::Link)));
            }
            SourceValue::ListValue { list, label, unknown } => {
                let name = Name::ListValue { list: Arc::clone(list), label: Arc::clone(label) };
                if *unknown != Unknown::Create && self.names.known(session, &name)?.is_none() {
                    let why = format!("the list {list} has no value `{label}`");
                    return Ok(match unknown {
                        Unknown::Null => Ok(Value::Null),
                        _ => Err(Misfit::new(&field.key, "no_such_record", why)),
                    });
                }
                name
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
        (SourceValue::Date(days), _) => Ok(Value::Date(*days)),
        (SourceValue::Duration(micros), _) => Ok(Value::Duration(*micros)),
        (SourceValue::Decimal(digits), Kind::Decimal { scale } | Kind::Money { scale }) => match scaled(digits, *scale)
        {
            Some(number) => Ok(Value::Int(number)),
            None => wrong("not_in_range", format!("`{digits}` is too large or has more than {scale} places")),
        },
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

/// `12.5` with two places is 1250.
fn scaled(digits: &str, scale: u8) -> Option<i64> {
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let width = usize::from(scale);
    let places = places.trim_end_matches('0');
    if places.len() > width {
        return None;
    }
    format!("{whole}{places:0<width$}").parse().ok()
}

fn joined(misstep: Option<String>, flag: Option<&str>) -> Option<String> {
    match (misstep, flag) {
        (Some(misstep), Some(flag)) => Some(format!("{misstep}; {flag}")),
        (misstep, flag) => misstep.or_else(|| flag.map(str::to_owned)),
    }
}
