//! Builds and checks a life-cycle: every state can be reached, final ones are final, every move makes sense.

use std::collections::{BTreeSet, VecDeque};

use super::build::slot;
use super::declared::{LifecycleDecl, TransitionDecl};
use super::names;
use super::reader::Word;
use super::source::Sink;
use crate::{Category, ConditionText, Field, Kind, Lifecycle, RecordType, Slot, State, Transition};

const STATES_MAX: usize = 50;
const TRANSITIONS_MAX: usize = 100;
/// Stands in `from` for every open state.
const ALL_OPEN: &str = "*open";

pub(super) fn build(declared: &LifecycleDecl, built: &RecordType, sink: &Sink) -> Lifecycle {
    let states: Vec<State> = declared
        .states
        .iter()
        .map(|state| State {
            key: state.key.value.clone(),
            label: state.label.clone(),
            // Where it is missing that was reported; open is the category that asks least.
            category: state.category.unwrap_or(Category::Open),
            maps_to: state.maps_to.as_ref().map(|core| core.value.clone()),
        })
        .collect();
    let mut lifecycle = Lifecycle { initial: String::new(), states, transitions: Vec::new() };
    if lifecycle.states.len() > STATES_MAX || declared.transitions.len() > TRANSITIONS_MAX {
        let limits = format!("at most {STATES_MAX} states and {TRANSITIONS_MAX} transitions are allowed");
        sink.error(&declared.place, format!("the life-cycle is too large: {limits}"));
    }
    for maps_to in declared.states.iter().filter_map(|state| state.maps_to.as_ref()) {
        known_state(maps_to, &lifecycle, sink);
    }
    for transition in &declared.transitions {
        let transition = build_transition(transition, &lifecycle, built, sink);
        lifecycle.transitions.push(transition);
    }
    match &declared.initial {
        None => sink.error(&declared.place, "the life-cycle has no `initial` state"),
        Some(initial) => {
            if let Some(state) = known_state(initial, &lifecycle, sink) {
                if state.category == Category::Final {
                    sink.error(&initial.place, format!("a record can't begin in the final state `{}`", initial.value));
                }
                initial.value.clone_into(&mut lifecycle.initial);
                check_reachable(declared, &lifecycle, sink);
            }
        }
    }
    lifecycle
}

fn known_state<'a>(word: &Word, lifecycle: &'a Lifecycle, sink: &Sink) -> Option<&'a State> {
    let state = lifecycle.state(&word.value);
    if state.is_none() {
        let hint = names::hint(&word.value, lifecycle.states.iter().map(|state| state.key.as_str()));
        sink.error(&word.place, format!("`{}` is no state{hint}", word.value));
    }
    state
}

fn build_transition(declared: &TransitionDecl, lifecycle: &Lifecycle, built: &RecordType, sink: &Sink) -> Transition {
    let name = &declared.name;
    let from = build_from(declared, lifecycle, sink);
    if declared.to.is_none() {
        sink.error(&name.place, format!("transition `{}` has no `to`", name.value));
    }
    if let Some(to) = &declared.to {
        known_state(to, lifecycle, sink);
    }
    let writable = |word: &Word| writable_slot(word, built, sink);
    let needs: Vec<Vec<Slot>> =
        declared.needs.iter().map(|group| group.iter().filter_map(writable).collect()).collect();
    let offers: Vec<Slot> = declared.offers.iter().filter_map(writable).collect();
    let clears: Vec<Slot> = declared.clears.iter().filter_map(writable).collect();
    let named = |slots: &[Slot], word: &Word| built.slot(&word.value).is_some_and(|slot| slots.contains(&slot));
    for word in &declared.clears {
        if needs.iter().any(|group| named(group, word)) || named(&offers, word) {
            sink.error(
                &word.place,
                format!("transition `{}` can't clear `{}`, which it asks for", name.value, word.value),
            );
        }
        if built.field(&word.value).is_some_and(|field| field.required) {
            sink.error(&word.place, format!("`{}` is required and can't be cleared", word.value));
        }
    }
    for word in &declared.offers {
        if needs.iter().any(|group| named(group, word)) {
            sink.warning(&word.place, format!("`{}` is asked for already, by `needs`", word.value));
        }
    }
    Transition {
        name: name.value.clone(),
        label: declared.label.clone().unwrap_or_else(|| names::label(&name.value)),
        from,
        to: declared.to.as_ref().map(|to| to.value.clone()).unwrap_or_default(),
        needs,
        offers,
        clears,
        reason: declared.reason,
        guard: declared.guard.as_ref().map(condition),
        at: declared.at.as_ref().and_then(|at| timed(at, declared, built, sink)),
    }
}

fn build_from(declared: &TransitionDecl, lifecycle: &Lifecycle, sink: &Sink) -> Vec<String> {
    let name = &declared.name;
    if declared.from.is_empty() {
        sink.error(&name.place, format!("transition `{}` has no `from`", name.value));
    }
    let to = declared.to.as_ref().map(|to| to.value.as_str());
    let mut from: Vec<String> = Vec::new();
    for word in &declared.from {
        if word.value == ALL_OPEN {
            let open = lifecycle.states.iter().filter(|state| state.category == Category::Open);
            from.extend(open.map(|state| state.key.clone()).filter(|key| Some(key.as_str()) != to));
            continue;
        }
        let Some(state) = known_state(word, lifecycle, sink) else { continue };
        if state.category == Category::Final {
            sink.error(&word.place, format!("`{}` is final: no transition leads out of it", word.value));
        }
        if Some(word.value.as_str()) == to {
            sink.error(&word.place, format!("transition `{}` leads from `{}` to itself", name.value, word.value));
        }
        from.push(word.value.clone());
    }
    let mut seen = BTreeSet::new();
    from.retain(|state| seen.insert(state.clone()));
    from
}

fn writable_slot(word: &Word, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = slot(word, built, sink)?;
    if built.fields.get(slot).is_some_and(|field| field.derived) {
        sink.error(&word.place, format!("`{}` is derived: no transition can ask for it or clear it", word.value));
    }
    Some(slot)
}

/// `at` of a timed move: an instant; nobody is there to fill in a form.
fn timed(at: &Word, declared: &TransitionDecl, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = slot(at, built, sink)?;
    let is_instant = |field: &Field| field.kind == Kind::Instant;
    if !built.fields.get(slot).is_some_and(is_instant) {
        sink.error(&at.place, format!("`at` must name an instant, `{}` is none", at.value));
    }
    if !declared.needs.is_empty() || !declared.offers.is_empty() || declared.reason {
        let rule = "happens by itself, so it can't ask for fields or a reason";
        sink.error(&at.place, format!("transition `{}` {rule}", declared.name.value));
    }
    Some(slot)
}

fn check_reachable(declared: &LifecycleDecl, lifecycle: &Lifecycle, sink: &Sink) {
    let mut reached = BTreeSet::from([lifecycle.initial.as_str()]);
    let mut waiting = VecDeque::from([lifecycle.initial.as_str()]);
    while let Some(state) = waiting.pop_front() {
        for transition in lifecycle.transitions.iter().filter(|t| t.from.iter().any(|from| from == state)) {
            if reached.insert(&transition.to) {
                waiting.push_back(&transition.to);
            }
        }
    }
    for state in &declared.states {
        let (key, place) = (state.key.value.as_str(), &state.key.place);
        if !reached.contains(key) {
            sink.error(place, format!("state `{key}` can't be reached from `{}`", lifecycle.initial));
        }
        let left = lifecycle.transitions.iter().any(|transition| transition.from.iter().any(|from| from == key));
        if state.category == Some(Category::Open) && !left {
            sink.warning(place, format!("state `{key}` is open and no transition leads out of it"));
        }
    }
}

pub(super) fn condition(word: &Word) -> ConditionText {
    ConditionText { text: word.value.clone(), place: word.place.clone() }
}
