//! The record type that cases become, held against the mapping before anything is written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Field, Kind, Model, RecordType, Slot};

use super::ImportError;
use crate::mapping::{FieldKind, FieldRule, Mapping};

/// Where a mapped field goes.
pub(super) struct Place {
    pub slot: Slot,
    /// For lines: where `kind` and `key` stand among the columns, and how many columns there are.
    pub lines: Option<(usize, usize, usize)>,
}

pub(super) struct Target {
    pub record_type: Arc<RecordType>,
    /// The source's own number, where the type has a field for it that the mapping does not fill.
    pub external_number: Option<Slot>,
    places: HashMap<Arc<str>, Place>,
    states: HashSet<String>,
    moves: HashSet<(String, String)>,
}

impl Target {
    /// # Errors
    /// [`ImportError::Mapping`]: a record type, field or list that the model lacks, or of another kind.
    pub fn of(model: &Model, mapping: &Mapping) -> Result<Self, ImportError> {
        let name = &mapping.record;
        let record_type =
            model.shared(name).ok_or_else(|| misfit(format!("there is no record type `{name}`")))?.clone();
        let mut places = HashMap::new();
        for rule in mapping.fields.iter().filter(|rule| !is_final_instant(rule)) {
            let slot = record_type.slot(&rule.key);
            let slot = slot.ok_or_else(|| misfit(format!("`{name}` has no field `{}`", rule.key)))?;
            let field = record_type.fields.get(slot);
            let field = field.ok_or_else(|| misfit(format!("`{name}` has no field `{}`", rule.key)))?;
            if field.system {
                return Err(misfit(format!("`{name}.{}` is written by the program alone", rule.key)));
            }
            places.insert(Arc::clone(&rule.key), Place { slot, lines: fits(model, rule, field)? });
        }
        if mapping.state.is_some() && record_type.state_slot().is_none() {
            return Err(misfit(format!("`{name}` has no life-cycle, so no state can be imported")));
        }
        let external_number = record_type.slot("external_number").filter(|_| !places.contains_key("external_number"));
        let lifecycle = record_type.lifecycle.as_ref();
        let states = lifecycle.iter().flat_map(|l| &l.states).map(|state| state.key.clone()).collect();
        let transitions = lifecycle.iter().flat_map(|l| &l.transitions);
        let moves = transitions.flat_map(|t| t.from.iter().map(|from| (from.clone(), t.to.clone()))).collect();
        Ok(Self { external_number, places, states, moves, record_type })
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

pub(super) fn misfit(what: String) -> ImportError {
    ImportError::Mapping { what }
}

/// Held against the events, never input.
fn is_final_instant(rule: &FieldRule) -> bool {
    rule.entered.is_some() && rule.kind == FieldKind::Instant
}

fn fits(model: &Model, rule: &FieldRule, field: &Field) -> Result<Option<(usize, usize, usize)>, ImportError> {
    let wrong = || misfit(format!("the field `{}` is of another kind in the model", rule.key));
    let to_type = |to: &[String], name: &str| {
        (to.iter().any(|to| to == name || to == "any") && model.get(name).is_some()).then_some(None)
    };
    let fit = match (&rule.kind, &field.kind) {
        (FieldKind::Text, Kind::Text { .. } | Kind::LongText { .. })
        | (FieldKind::Integer | FieldKind::IntegerLead, Kind::Integer { .. })
        | (FieldKind::Boolean, Kind::Boolean)
        | (FieldKind::Instant, Kind::Instant)
        | (FieldKind::Text | FieldKind::Choice, Kind::Choice(_)) => Some(None),
        (FieldKind::ListValue { list }, Kind::ListValue { list: held }) => (**list == **held).then_some(None),
        (FieldKind::Person, Kind::Link { to }) => to_type(to, super::names::PERSON),
        (FieldKind::Link { to: wanted }, Kind::Link { to }) => to_type(to, wanted),
        (FieldKind::References { .. }, Kind::Rows { columns, .. }) => {
            let at = |key: &str| columns.iter().position(|column| column.key == key);
            at("kind").zip(at("key")).map(|(kind, key)| Some((kind, key, columns.len())))
        }
        _ => None,
    };
    fit.ok_or_else(wrong)
}
