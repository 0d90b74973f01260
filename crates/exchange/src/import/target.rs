//! The record type that cases become, held against the mapping before anything is written. What does not fit is named
//! with its place in the mapping file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Field, Kind, Model, RecordType, Slot, Value};

use super::ImportError;
use super::links::can_find_by;
use super::names::{LIST_VALUE, PERSON, nfc};
use crate::convert::SourceValue;
use crate::mapping::{By, FieldKind, FieldRule, LinkRule, Mapping};

/// Where a mapped field goes.
pub(super) struct Place {
    pub slot: Slot,
    /// How its lines look, where it has lines.
    pub lines: Option<Shape>,
}

/// How the lines of a field are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each line one text.
    Texts,
    /// Where `kind` and `key` stand among so many columns.
    References { kind: usize, key: usize, columns: usize },
}

pub(super) struct Target {
    pub record_type: Arc<RecordType>,
    /// The source's own number, where the type has a field for it that the mapping does not fill.
    pub external_number: Option<Slot>,
    /// What new records begin with, where the mapping has neither the field nor calls it absent.
    pub defaults: Vec<(Slot, Value)>,
    /// Fields without which no record can be.
    pub required: Vec<Slot>,
    /// The state of a new record whose source tells none.
    pub begins: Option<Arc<str>>,
    places: HashMap<Arc<str>, Place>,
    states: HashSet<String>,
    moves: HashSet<(String, String)>,
}

impl Target {
    /// # Errors
    /// [`ImportError::Mapping`]: a record type, field, list, state or choice that the model lacks, or of another kind.
    pub fn of(model: &Model, mapping: &Mapping) -> Result<Self, ImportError> {
        let name = &mapping.record;
        let at_record = |why: String| misfit(mapping, &["record"], why);
        let record_type = model.shared(name).ok_or_else(|| at_record(format!("there is no record type `{name}`")))?;
        if !record_type.permissions.values().any(|permission| permission.create.is_some()) {
            return Err(at_record(format!("records of the type `{name}` are made by the program alone")));
        }
        let mut places = HashMap::new();
        for rule in mapping.fields.iter().filter(|rule| !is_final_instant(rule)) {
            let (slot, shape) =
                place(model, record_type, rule).map_err(|why| misfit(mapping, &["fields", &rule.key], why))?;
            places.insert(Arc::clone(&rule.key), Place { slot, lines: shape });
        }
        if let Some(rule) = mapping.on_behalf.as_ref().and_then(|by| by.rule.as_ref()) {
            let fits = link_fits(model, rule, &[PERSON.to_owned()]);
            fits.map_err(|why| misfit(mapping, &["on_behalf"], why))?;
        }
        states_fit(mapping, record_type)?;
        choices_fit(mapping, record_type)?;
        let mapped: HashSet<Slot> = places.values().map(|place| place.slot).collect();
        let own_key = ["external_number", "external_key"].into_iter().find_map(|key| record_type.slot(key));
        let fields = || record_type.fields.iter().enumerate().filter(|(_, field)| !field.system && !field.derived);
        let absent = |field: &Field| mapping.absent.contains(&field.key);
        let default = |(slot, field): (Slot, &Field)| field.default.clone().map(|value| (slot, value));
        let defaults: Vec<(Slot, Value)> =
            fields().filter(|(slot, field)| !mapped.contains(slot) && !absent(field)).filter_map(default).collect();
        let required: Vec<Slot> = fields().filter(|(_, field)| field.required).map(|(slot, _)| slot).collect();
        let given = |slot: &Slot| mapped.contains(slot) || defaults.iter().any(|(known, _)| known == slot);
        if let Some(field) = required.iter().find(|slot| !given(slot)).and_then(|slot| record_type.fields.get(*slot)) {
            let why = format!("no {name} can be without `{}`, which `fields` lacks", field.key);
            return Err(misfit(mapping, &["fields"], why));
        }
        let lifecycle = record_type.lifecycle.as_ref();
        let begins = lifecycle.map(|lifecycle| mapping.begin_as.get(name).unwrap_or(&lifecycle.initial));
        let transitions = lifecycle.iter().flat_map(|l| &l.transitions);
        Ok(Self {
            external_number: own_key.filter(|slot| !mapped.contains(slot)),
            defaults,
            required,
            begins: begins.map(|state| Arc::from(state.as_str())),
            places,
            states: lifecycle.iter().flat_map(|l| &l.states).map(|state| state.key.clone()).collect(),
            moves: transitions.flat_map(|t| t.from.iter().map(|from| (from.clone(), t.to.clone()))).collect(),
            record_type: record_type.clone(),
        })
    }

    pub fn place(&self, key: &str) -> Option<&Place> {
        self.places.get(key)
    }

    pub fn has_state(&self, state: &str) -> bool {
        self.states.contains(state)
    }

    /// Why a step does not fit the declared life-cycle; none where it does, or where nothing moves.
    pub fn misstep(&self, from: &str, to: &str) -> Option<String> {
        let allowed = from == to || self.moves.contains(&(from.to_owned(), to.to_owned()));
        (!allowed).then(|| format!("{from} -> {to} is not in the life-cycle"))
    }
}

impl Shape {
    /// The lines that a value states.
    pub fn lines(self, value: &SourceValue) -> Vec<Vec<Value>> {
        match (self, value) {
            (Self::Texts, SourceValue::Lines(lines)) => lines.iter().map(|line| vec![Value::Text(nfc(line))]).collect(),
            (Self::References { kind, key, columns }, SourceValue::References(references)) => {
                let line = |reference: &crate::convert::Reference| {
                    let mut line = vec![Value::Null; columns];
                    for (place, text) in [(kind, &reference.kind), (key, &reference.key)] {
                        if let Some(cell) = line.get_mut(place) {
                            *cell = Value::Text(nfc(text));
                        }
                    }
                    line
                };
                references.iter().map(line).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn misfit(mapping: &Mapping, path: &[&str], why: String) -> ImportError {
    ImportError::Mapping { place: mapping.places.at(path), why }
}

/// Held against the events, never input.
fn is_final_instant(rule: &FieldRule) -> bool {
    rule.entered.is_some() && rule.kind == FieldKind::Instant
}

fn place(model: &Model, record_type: &RecordType, rule: &FieldRule) -> Result<(Slot, Option<Shape>), String> {
    let name = &record_type.name;
    let no_field = || format!("`{name}` has no field `{}`", rule.key);
    let slot = record_type.slot(&rule.key).ok_or_else(no_field)?;
    let field = record_type.fields.get(slot).ok_or_else(no_field)?;
    if field.system {
        return Err(format!("`{name}.{}` is written by the program alone", rule.key));
    }
    Ok((slot, fits(model, rule, field)?))
}

/// The states that the mapping names are states of the type.
fn states_fit(mapping: &Mapping, record_type: &RecordType) -> Result<(), ImportError> {
    let name = &record_type.name;
    let Some(lifecycle) = &record_type.lifecycle else {
        return match &mapping.state {
            None => Ok(()),
            Some(_) => {
                Err(misfit(mapping, &["state"], format!("`{name}` has no life-cycle, so no state can be imported")))
            }
        };
    };
    let unknown = |state: &str| lifecycle.state(state).is_none();
    let why = |state: &str| {
        let states: Vec<&str> = lifecycle.states.iter().map(|state| state.key.as_str()).collect();
        format!("`{state}` is no state of `{name}`, expected one of {}", states.join(", "))
    };
    for (from, to) in mapping.state.iter().flat_map(|state| &state.values) {
        if unknown(to) {
            return Err(misfit(mapping, &["values", "state", from], why(to)));
        }
    }
    let begins = mapping.state.iter().filter_map(|state| state.begins.as_deref());
    if let Some(state) = begins.into_iter().find(|state| unknown(state)) {
        return Err(misfit(mapping, &["state", "begins"], why(state)));
    }
    match mapping.begin_as.get(name).filter(|state| unknown(state)) {
        Some(state) => Err(misfit(mapping, &["begin_as", name], why(state))),
        None => Ok(()),
    }
}

/// The choices that the mapping names are choices of their fields.
fn choices_fit(mapping: &Mapping, record_type: &RecordType) -> Result<(), ImportError> {
    for rule in &mapping.fields {
        let Some(Kind::Choice(choices)) = record_type.field(&rule.key).map(|field| &field.kind) else { continue };
        for (from, to) in &rule.values {
            if !choices.iter().any(|choice| *choice.key == **to) {
                let known: Vec<&str> = choices.iter().map(|choice| choice.key.as_str()).collect();
                let why = format!("`{to}` is no choice of `{}`, expected one of {}", rule.key, known.join(", "));
                return Err(misfit(mapping, &["values", &rule.key, from], why));
            }
        }
    }
    Ok(())
}

fn fits(model: &Model, rule: &FieldRule, field: &Field) -> Result<Option<Shape>, String> {
    let fit = match (&rule.kind, &field.kind) {
        (FieldKind::Text, Kind::Text { .. } | Kind::LongText { .. } | Kind::Choice(_))
        | (FieldKind::Integer | FieldKind::IntegerLead, Kind::Integer { .. })
        | (FieldKind::Decimal, Kind::Decimal { .. } | Kind::Money { .. })
        | (FieldKind::Boolean, Kind::Boolean)
        | (FieldKind::Date, Kind::Date)
        | (FieldKind::Instant, Kind::Instant)
        | (FieldKind::Duration { .. }, Kind::Duration)
        | (FieldKind::Choice, Kind::Choice(_)) => Some(None),
        (FieldKind::ListValue { list, .. }, Kind::ListValue { list: held }) if **list == **held => Some(None),
        (FieldKind::Person, Kind::Link { to }) if model.may_stand(PERSON, to) => Some(None),
        (FieldKind::Link(link), Kind::Link { to }) => {
            link_fits(model, link, to)?;
            Some(None)
        }
        (FieldKind::Link(link), Kind::ListValue { .. }) => {
            link_fits(model, link, &[LIST_VALUE.to_owned()])?;
            Some(None)
        }
        (FieldKind::Lines { .. }, Kind::Rows { columns, scalar: true }) if columns.iter().all(|c| c.kind.is_text()) => {
            Some(Some(Shape::Texts))
        }
        (FieldKind::References { .. }, Kind::Rows { columns, .. }) => {
            let at = |key: &str| columns.iter().position(|column| column.key == key);
            let found = at("kind").zip(at("key"));
            found.map(|(kind, key)| Some(Shape::References { kind, key, columns: columns.len() }))
        }
        _ => None,
    };
    fit.ok_or_else(|| {
        format!("the field `{}` is of another kind in the model: expected {}", rule.key, expected(&field.kind))
    })
}

fn link_fits(model: &Model, link: &LinkRule, to: &[String]) -> Result<(), String> {
    for name in link.to.iter().filter(|name| *name != "any" || !to.contains(name)) {
        let Some(record_type) = model.get(name) else { return Err(format!("there is no record type `{name}`")) };
        if !model.may_stand(name, to) {
            return Err(format!("a record of the type `{name}` cannot stand here: expected {}", to.join(", ")));
        }
        if let By::Field(key) = &link.by
            && !record_type.field(key).is_some_and(can_find_by)
        {
            return Err(format!(
                "`by`: expected \"name\", \"number\", \"key\" or a text field of `{name}`, found `{key}`"
            ));
        }
    }
    Ok(())
}

/// The kind in a mapping that fills a field of this kind.
fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Text { .. } | Kind::LongText { .. } => "`text`".to_owned(),
        Kind::Integer { .. } => "`integer` or `integer_lead`".to_owned(),
        Kind::Decimal { .. } | Kind::Money { .. } => "`decimal`".to_owned(),
        Kind::Boolean => "`boolean`".to_owned(),
        Kind::Date => "`date`".to_owned(),
        Kind::Instant => "`instant`".to_owned(),
        Kind::Duration => "`duration`".to_owned(),
        Kind::Choice(_) => "`choice`".to_owned(),
        Kind::ListValue { list } => format!("`list_value` with `list = \"{list}\"`"),
        Kind::Link { to } => format!("`link` to {}", to.join(" or ")),
        Kind::Rows { scalar: true, .. } => "`lines`".to_owned(),
        Kind::Rows { .. } => "`references`, where its lines have a kind and a key".to_owned(),
        Kind::Attachment => "nothing: files are not imported".to_owned(),
    }
}
