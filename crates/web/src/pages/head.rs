//! The head of a record: what it is, where in its life-cycle it stands, and the moves that are open.

use engine::{Principal, Record};
use model::{Category, Kind, Lifecycle, State, Transition, Value};

use super::record::{Subject, past};
use super::{columns, show};
use crate::api::json::allowed;
use crate::view::parts::{Link, Prio};
use crate::view::record::{Action, RecordHead, Stage, Step};

/// Moves that stand as buttons; the others are in the menu.
const BUTTONS: usize = 2;

pub fn of(subject: &Subject) -> RecordHead {
    let (record, record_type) = (&subject.record, &subject.record_type);
    let showing = subject.showing();
    let hidden = subject.visit.principal.hidden(record_type);
    let priority = record_type.slot("priority").filter(|slot| !hidden.contains(slot)).map(|slot| record.get(slot));
    let (actions, more) = actions(subject);
    RecordHead {
        number: record.number().to_owned(),
        title: if record.title() == record.number() { String::new() } else { record.title().to_owned() },
        noun: subject.noun(),
        back: Some(Link::new(record_type.label_plural.clone(), format!("/{}", record_type.path))),
        prio: priority.and_then(Value::as_int).and_then(|n| u8::try_from(n).ok()).map(Prio),
        clock: columns::clock(&showing, record),
        pills: columns::pills(&showing, record),
        stages: record_type.lifecycle.as_ref().map(|lifecycle| stages(subject, lifecycle)).unwrap_or_default(),
        actions,
        more,
        ..RecordHead::default()
    }
}

/// The states that work usually goes through: those that are open and move on, then done, then the good end.
fn path(lifecycle: &Lifecycle) -> Vec<&State> {
    let by_the_clock = |key: &str| lifecycle.transitions.iter().any(|t| t.to == key && t.at.is_some());
    let usual = |state: &&State| match state.category {
        Category::Open => !by_the_clock(&state.key) && !show::rests(lifecycle, &state.key),
        Category::Done => true,
        Category::Final => show::ends_well(lifecycle, &state.key) && !by_the_clock(&state.key),
    };
    lifecycle.states.iter().filter(usual).collect()
}

fn stages(subject: &Subject, lifecycle: &Lifecycle) -> Vec<Stage> {
    let Some(now) = subject.record.state() else { return Vec::new() };
    let entered: Vec<&str> = subject
        .entries
        .iter()
        .flat_map(|entry| &entry.changes)
        .filter(|change| change.key == "state")
        .filter_map(|change| change.to.as_text())
        .collect();
    let mut states = path(lifecycle);
    let on_path = states.iter().position(|state| state.key == now);
    let current = lifecycle.state(now);
    let ends = current.is_some_and(|state| state.category == Category::Final);
    let mut at = on_path.unwrap_or(0);
    if on_path.is_none()
        && let Some(current) = current
    {
        // A state beside the path stands after the last one that was passed.
        at = states.iter().rposition(|state| entered.contains(&state.key.as_str())).map_or(0, |last| last + 1);
        states.insert(at, current);
    }
    let passed = |index: usize, state: &State| index >= at || entered.contains(&state.key.as_str());
    let stages = states.iter().enumerate().filter(|(index, state)| passed(*index, state) && !(ends && *index > at));
    stages
        .map(|(index, state)| {
            let step = match index.cmp(&at) {
                std::cmp::Ordering::Less => Step::Done,
                std::cmp::Ordering::Equal => Step::Now,
                std::cmp::Ordering::Greater => Step::ToCome,
            };
            Stage { label: state.label.clone(), step }
        })
        .collect()
}

/// The moves that a reader may make now, in the order in which they are usual: label, drawing and name.
pub fn open_moves(record: &Record, principal: &Principal) -> Vec<(String, &'static str, String)> {
    let Some(lifecycle) = &record.record_type.lifecycle else { return Vec::new() };
    let names = allowed(record, principal);
    let mut moves: Vec<&Transition> = names.iter().filter_map(|name| lifecycle.transition(name)).collect();
    moves.sort_by_key(|transition| usual(lifecycle, record, transition));
    moves.into_iter().map(|t| (t.label.clone(), icon(lifecycle, t), t.name.clone())).collect()
}

/// Forward along the path first, what rests after it, endings off the path last.
fn usual(lifecycle: &Lifecycle, record: &Record, transition: &Transition) -> usize {
    let path = path(lifecycle);
    let place = |key: &str| path.iter().position(|state| state.key == key);
    let now = record.state().and_then(place);
    match (place(&transition.to), now) {
        (Some(to), Some(now)) if to > now => to - now,
        (Some(to), None) => 10 + to,
        (Some(to), Some(now)) => 100 + now - to,
        (None, _) => 50,
    }
}

fn actions(subject: &Subject) -> (Vec<Action>, Vec<Action>) {
    let href = subject.href();
    let action = |label: &str, icon, verb: &str, dialog| Action {
        label: label.to_owned(),
        icon,
        href: format!("{href}/{verb}"),
        dialog,
        ..Action::default()
    };
    let mut more = Vec::new();
    let mut actions = Vec::new();
    if subject.is_live() {
        for (label, icon, name) in open_moves(&subject.record, &subject.visit.principal) {
            let made = action(&label, icon, &name, true);
            if actions.len() < BUTTONS { actions.push(made) } else { more.push(made) }
        }
    }
    if subject.may_change() {
        for field in subject.record_type.fields.iter().filter(|field| writable_rows(subject, field)) {
            more.push(action(&format!("Add to: {}", field.label.to_lowercase()), "plus", &field.key, true));
        }
    }
    let query = if subject.is_live() { String::new() } else { past(&subject.visit) };
    let public_only = subject.visit.principal.public_only(&subject.record_type);
    more.push(action("History", "clock", &format!("history{query}"), false));
    if !public_only {
        more.push(action("Proof", "shield", &format!("proof{query}"), false));
    }
    (actions, more)
}

fn writable_rows(subject: &Subject, field: &model::Field) -> bool {
    let principal = &subject.visit.principal;
    let slot = subject.record_type.slot(&field.key);
    let open = slot.is_some_and(|slot| {
        !principal.hidden(&subject.record_type).contains(&slot)
            && !principal.fixed(&subject.record_type).contains(&slot)
    });
    open && !field.derived && matches!(field.kind, Kind::Rows { .. })
}

/// A drawing for a move, by where it leads.
fn icon(lifecycle: &Lifecycle, transition: &Transition) -> &'static str {
    match lifecycle.state(&transition.to) {
        Some(state) if show::rests(lifecycle, &state.key) => "pause",
        Some(state) if state.category == Category::Done => "check",
        Some(state) if state.category == Category::Final && show::ends_well(lifecycle, &state.key) => "check",
        Some(state) if state.category == Category::Final => "close",
        Some(_) if transition.reason => "undo",
        _ => "arrow",
    }
}
