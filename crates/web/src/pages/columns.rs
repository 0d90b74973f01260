//! Columns of a list: which there are, what each is for, and its cell in a row.

use engine::read::list;
use engine::read::names::Names;
use engine::{Record, slot};
use model::{Field, Kind, RecordType, Slot, Value};

use super::list::Asked;
use super::show::{self, Showing};
use crate::api::json::instant;
use crate::view::form::Choice;
use crate::view::list::{Column, ColumnSort, Direction, Role};
use crate::view::parts::{Clock, ClockKind, Mark, Pill, Shown, Title};
use crate::view::words;

/// Columns that fit beside a title unless somebody chose them.
const COLUMNS_MAX: usize = 6;

/// Never a column: what the engine keeps for itself, and texts that no row can hold.
fn fits(slot: Slot, field: &Field) -> bool {
    ![slot::ORIGIN, slot::GAPS].contains(&slot) && field.kind.is_column() && !field.kind.is_long_text()
}

/// The columns that this reader may see, in the model's order.
fn all(asked: &Asked) -> Vec<Slot> {
    let hidden = asked.visit.principal.hidden(&asked.record_type);
    let fields = asked.record_type.fields.iter().enumerate();
    fields.filter(|(slot, field)| fits(*slot, field) && !hidden.contains(slot)).map(|(slot, _)| slot).collect()
}

/// The columns that are shown: as asked for, else the view's, the urgent ones first and the title always.
pub fn wanted(asked: &Asked) -> Vec<Slot> {
    let record_type = &asked.record_type;
    let named = asked
        .visit
        .address
        .all("columns")
        .flat_map(|text| text.split(','))
        .filter_map(|key| record_type.slot(key.trim()));
    let mut slots: Vec<Slot> = named.collect();
    if slots.is_empty() {
        slots = asked.view().map(|view| view.columns.clone()).unwrap_or_default();
    }
    if slots.is_empty() {
        slots = record_type.state_slot().into_iter().chain([slot::RAISED_AT, slot::UPDATED_AT]).collect();
    }
    let allowed = all(asked);
    let title = record_type.title_slot();
    // The number stands under the title.
    slots.retain(|slot| allowed.contains(slot) && *slot != slot::NUMBER && *slot != title);
    slots.push(title);
    let mut seen = std::collections::BTreeSet::new();
    slots.retain(|slot| seen.insert(*slot));
    let place = |role: Role| match role {
        Role::Priority => 0,
        Role::Due => 1,
        Role::Title => 2,
        Role::Main => 3,
        _ => 4,
    };
    let mut placed: Vec<(Slot, Role)> = slots.iter().copied().zip(roles(record_type, &slots)).collect();
    placed.sort_by_key(|(_, role)| place(*role));
    // Titles need room: where a view has many columns, plain ones stand back until somebody asks for them.
    if !asked.visit.address.has("columns") {
        while placed.len() > COLUMNS_MAX
            && let Some(last) = placed.iter().rposition(|(_, role)| *role == Role::Text)
        {
            placed.remove(last);
        }
    }
    placed.into_iter().map(|(slot, _)| slot).collect()
}

pub fn choices(asked: &Asked, shown: &[Slot]) -> Vec<Choice> {
    let fields = all(asked).into_iter().filter(|slot| *slot != slot::NUMBER);
    let fields = fields.filter_map(|slot| Some((slot, asked.record_type.fields.get(slot)?)));
    fields.map(|(slot, field)| super::list::choice(&field.key, &field.label, shown.contains(&slot))).collect()
}

pub fn heads(asked: &Asked, slots: &[Slot]) -> Vec<Column> {
    let roles = roles(&asked.record_type, slots);
    let fields =
        slots.iter().zip(roles).filter_map(|(slot, role)| Some((*slot, role, asked.record_type.fields.get(*slot)?)));
    let sortable = list::sortable(&asked.record_type);
    fields
        .map(|(slot, role, field)| {
            let sort = sortable.contains(&slot).then(|| sort(asked, slot, field));
            let label = match role {
                Role::Title => asked.record_type.label.clone(),
                Role::Due => "Time left".to_owned(),
                _ => field.label.clone(),
            };
            Column { label, role, sort }
        })
        .collect()
}

fn sort(asked: &Asked, slot: Slot, field: &Field) -> ColumnSort {
    let direction = asked.sort.first().filter(|(first, _)| *first == slot).map(|(_, descends)| *descends);
    let turned = if direction == Some(false) { format!("-{}", field.key) } else { field.key.clone() };
    let direction = direction.map(|descends| if descends { Direction::Descending } else { Direction::Ascending });
    ColumnSort { href: asked.visit.address.with("sort", Some(&turned)).to_string(), direction }
}

/// What each column is for. The first link that is no person is the one that a phone keeps.
fn roles(record_type: &RecordType, slots: &[Slot]) -> Vec<Role> {
    let mut main = false;
    let role = |slot: &Slot| {
        let Some(field) = record_type.fields.get(*slot) else { return Role::Text };
        if *slot == record_type.title_slot() {
            return Role::Title;
        }
        if Some(*slot) == record_type.state_slot() {
            return Role::State;
        }
        match (&field.kind, field.key.as_str()) {
            (Kind::Integer { .. }, "priority") => Role::Priority,
            (Kind::Instant, "due_at") => Role::Due,
            (Kind::Link { .. }, _) if show::is_person(field) => Role::Who,
            (Kind::Link { .. }, _) if !std::mem::replace(&mut main, true) => Role::Main,
            (Kind::Instant | Kind::Date, _) => Role::Time,
            (Kind::Integer { .. } | Kind::Decimal { .. } | Kind::Money { .. } | Kind::Duration, _) => Role::Number,
            _ => Role::Text,
        }
    };
    slots.iter().map(role).collect()
}

pub fn cells(asked: &Asked, slots: &[Slot], record: &Record, names: &Names) -> Vec<Shown> {
    let showing = Showing { visit: &asked.visit, names };
    let roles = roles(&asked.record_type, slots);
    slots.iter().zip(roles).map(|(slot, role)| cell(&showing, record, *slot, role)).collect()
}

fn cell(showing: &Showing<'_>, record: &Record, slot: Slot, role: Role) -> Shown {
    let Some(field) = record.record_type.fields.get(slot) else { return Shown::Empty };
    let value = record.get(slot);
    match role {
        Role::Title => Shown::Title(title(showing, record)),
        Role::State => show::status(record).map_or(Shown::Empty, Shown::Status),
        Role::Due => due(showing, record),
        Role::Who => showing.person(value),
        Role::Time => match value {
            Value::Instant(at) => Shown::Time(showing.visit.wall.time(*at)),
            Value::Date(days) => Shown::Text(super::wall::short_date(*days)),
            other => showing.shown(other, field),
        },
        _ => showing.shown(value, field),
    }
}

/// The title with what tells two of a kind apart: whose it is, and how old.
pub fn title(showing: &Showing<'_>, record: &Record) -> Title {
    let record_type = &record.record_type;
    let wall = &showing.visit.wall;
    let scope = record.scope().and_then(|id| showing.names.get(&id)).map(|named| named.name.clone());
    let raised = record.get(slot::RAISED_AT).as_int().filter(|_| show::is_open(record_type, record.state()));
    let age = raised.map(|at| words::duration(((wall.now - at) / 1_000_000).max(0)));
    let context: Vec<String> = scope.into_iter().chain(age).collect();
    let text = if record.title().is_empty() { record.number() } else { record.title() };
    Title {
        text: text.to_owned(),
        href: format!("/{}/{}", record_type.path, record.number()),
        number: record.number().to_owned(),
        context: context.join(" · "),
        pills: pills(showing, record),
    }
}

/// Properties that are out of the ordinary: yes-or-no fields that are not as they begin.
pub fn pills(showing: &Showing<'_>, record: &Record) -> Vec<Pill> {
    let record_type = &record.record_type;
    let hidden = showing.visit.principal.hidden(record_type);
    let fields = record_type.fields.iter().enumerate().filter(|(slot, _)| !hidden.contains(slot));
    let fields = fields.filter(|(_, field)| field.default == Some(Value::Bool(false)) && field.kind == Kind::Boolean);
    let open = show::is_open(record_type, record.state());
    fields
        .filter(|(slot, _)| *record.get(*slot) == Value::Bool(true))
        .map(|(_, field)| Pill { label: field.label.clone(), mark: open.then_some(Mark::Bad) })
        .collect()
}

/// How much time is left, where the record is still open and something runs.
pub fn due(showing: &Showing<'_>, record: &Record) -> Shown {
    match clock(showing, record) {
        Some(clock) => Shown::Clock(clock),
        None if show::is_open(&record.record_type, record.state()) => {
            Shown::Clock(Clock::standing(ClockKind::None, "No target"))
        }
        None => Shown::Empty,
    }
}

/// The running clock of a record that has one.
pub fn clock(showing: &Showing<'_>, record: &Record) -> Option<Clock> {
    let record_type = &record.record_type;
    if record_type.lifecycle.is_some() && !show::is_open(record_type, record.state()) {
        return None;
    }
    let hidden = showing.visit.principal.hidden(record_type);
    let slot = record_type.slot("due_at").filter(|slot| !hidden.contains(slot))?;
    let due = record.get(slot).as_int()?;
    let began = record.by_key("started_at").as_int().or(record.get(slot::RAISED_AT).as_int()).unwrap_or(due);
    Some(Clock::running((due - showing.visit.wall.now).div_euclid(1_000_000), (due - began) / 1_000_000, instant(due)))
}
