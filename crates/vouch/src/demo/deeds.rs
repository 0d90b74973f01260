//! What people do about an incident, as commands.

use serde_json::json;

use super::case::{Case, Deed};
use super::majors;
use super::people::{PROCESS_OWNER, somebody};
use super::plan::Oddity;
use super::world::{World, instant};
use super::year::Year;

impl Year {
    pub(super) fn perform(&mut self, index: usize, deed: Deed) -> anyhow::Result<()> {
        if let Deed::Watch = deed {
            return self.watch(index);
        }
        let escalation = if let Deed::Escalate = deed { self.escalation(index) } else { None };
        let other = match deed {
            Deed::Duplicate(other) => self.cases.get(other).map(|case| case.number.clone()),
            _ => None,
        };
        let Some(case) = self.cases.get_mut(index) else { return Ok(()) };
        // What would have been recorded before the beginning is not there.
        if case.number.is_empty() && !matches!(deed, Deed::Raise) {
            return Ok(());
        }
        // What was cancelled in the meantime is not worked on; a major incident has duties beyond its end.
        if case.done && !matches!(deed, Deed::Major(_)) {
            return Ok(());
        }
        let asks_for_clock = matches!(deed, Deed::Raise | Deed::Classify | Deed::Override(..) | Deed::Reopen(_));
        match deed {
            Deed::Major(what) => return majors::perform(self, index, what),
            Deed::Escalate => escalate(&mut self.world, case, escalation)?,
            Deed::Duplicate(_) => duplicate(&mut self.world, case, other)?,
            Deed::Raise => raise(&mut self.world, case)?,
            Deed::Classify => classify(&mut self.world, case)?,
            other => work(&mut self.world, case, other)?,
        }
        if asks_for_clock { self.watch(index) } else { Ok(()) }
    }
}

fn raise(world: &mut World, case: &mut Case) -> anyhow::Result<()> {
    let mut input = json!({ "title": case.title, "description": case.said });
    let by_customer = case.source == "portal";
    if by_customer {
        input["impact"] = json!(case.impact);
        input["urgency"] = json!(case.urgency);
    } else {
        let caller = case.caller.map(|key| world.person(key)).transpose()?;
        input["caller"] = json!(caller);
        input["customer"] = json!(world.number("customer", case.customer)?);
        input["source"] = json!(case.source);
    }
    if case.complete {
        merge(&mut input, kind(world, case)?);
        merge(&mut input, weight(case));
    }
    let done = world.create(case.opener, "incident", input)?;
    case.number = done.number;
    case.record = done.record;
    Ok(())
}

fn classify(world: &mut World, case: &mut Case) -> anyhow::Result<()> {
    let mut input = kind(world, case)?;
    merge(&mut input, weight(case));
    input["source"] = json!(case.source);
    world.change(case.desk, &case.number, input)?;
    Ok(())
}

/// What a case is about, as far as anybody ever says.
fn kind(world: &World, case: &Case) -> anyhow::Result<serde_json::Value> {
    let item = case.filling.item;
    let item = if item.is_empty() { None } else { Some(world.number("configuration_item", item)?) };
    let classified = case.oddity != Oddity::NeverClassified;
    let story = case.story;
    Ok(json!({
        "service": world.number("service", story.service)?,
        "configuration_item": item,
        "location": location(case.filling.site),
        "category": classified.then_some(story.category),
        "subcategory": classified.then_some(story.subcategory),
        "symptom": classified.then_some(story.symptom),
    }))
}

fn weight(case: &Case) -> serde_json::Value {
    if case.oddity == Oddity::NeverPrioritised {
        return json!({});
    }
    json!({ "impact": case.impact, "urgency": case.urgency })
}

/// The key of the location that a filling shows.
fn location(site: &str) -> Option<&'static str> {
    let lists = super::services::LISTS.iter().filter(|(list, _)| *list == "location");
    lists.flat_map(|(_, values)| values.iter()).find(|(_, label, _)| *label == site).map(|(key, ..)| *key)
}

fn merge(into: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(into), serde_json::Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

fn escalate(
    world: &mut World,
    case: &Case,
    to: Option<(&'static str, &'static str, Option<&'static str>)>,
) -> anyhow::Result<()> {
    let Some((kind, person, reason)) = to else { return Ok(()) };
    let person = if kind == "not_needed" { None } else { Some(world.person(person)?.to_owned()) };
    let input = json!({ "kind": kind, "person": person, "reason": reason });
    world.line(case.solver, &case.number, "escalations", input)?;
    Ok(())
}

fn duplicate(world: &mut World, case: &mut Case, other: Option<String>) -> anyhow::Result<()> {
    if let Some(other) = other.filter(|number| !number.is_empty()) {
        world.make(case.desk, &case.number, "mark-duplicate", json!({ "duplicate_of": other }))?;
        case.done = true;
    }
    Ok(())
}

fn work(world: &mut World, case: &mut Case, deed: Deed) -> anyhow::Result<()> {
    let (number, solver) = (case.number.as_str(), case.solver);
    match deed {
        Deed::Assign => {
            let input = json!({ "assignee": world.person(solver)?, "team": world.number("team", case.team)? });
            world.make(case.desk, number, "assign", input)?;
        }
        Deed::Start => drop(world.make(solver, number, "start", json!({}))?),
        Deed::Note(text) => drop(world.note(solver, number, &text)?),
        Deed::Tell(text) => drop(world.tell(solver, number, &text)?),
        Deed::Answer(text) => answer(world, case, &text)?,
        Deed::Wait(whom) => drop(world.make(solver, number, "wait", json!({ "waiting_for": whom }))?),
        Deed::Resume => drop(world.make(solver, number, "resume", json!({}))?),
        Deed::HandOver(team) => {
            let colleague = super::people::lead(team);
            let input = json!({ "assignee": world.person(colleague)?, "team": world.number("team", team)? });
            world.change(solver, number, input)?;
            case.solver = colleague;
            case.team = team;
        }
        Deed::Override(priority, reason) => {
            world.change(case.desk, number, json!({ "priority": priority, "override_reason": reason }))?;
        }
        Deed::Workaround(text) => drop(world.change(solver, number, json!({ "workaround": text }))?),
        Deed::NotMajor(reason) => {
            world.line(PROCESS_OWNER, number, "not_major_decisions", json!({ "reason": reason }))?;
        }
        Deed::Resolve => {
            let input = json!({ "solution": case.filling.fill(case.solution), "closure_code": case.story.code });
            world.make(solver, number, "resolve", input)?;
        }
        Deed::Reopen(reason) => reopen(world, case, reason)?,
        Deed::Close => {
            world.make(case.desk, number, "close", json!({}))?;
            case.done = true;
        }
        Deed::Cancel(reason) => {
            world.make(case.desk, number, "cancel", json!({ "end_reason": reason }))?;
            case.done = true;
        }
        Deed::Raise | Deed::Classify | Deed::Watch | Deed::Escalate | Deed::Duplicate(_) | Deed::Major(_) => {}
    }
    Ok(())
}

/// Customers' people answer themselves; our own are rung up.
fn answer(world: &mut World, case: &Case, text: &str) -> anyhow::Result<()> {
    match case.caller.filter(|caller| somebody(caller).is_some_and(|person| person.customer.is_some())) {
        Some(caller) => world.tell(caller, &case.number, text)?,
        None => world.note(case.desk, &case.number, &format!("By phone: {text}"))?,
    };
    Ok(())
}

fn reopen(world: &mut World, case: &Case, reason: &str) -> anyhow::Result<()> {
    let customer = case.caller.filter(|caller| somebody(caller).is_some_and(|person| person.customer.is_some()));
    world.make(customer.unwrap_or(case.desk), &case.number, "reopen", json!({ "reason": reason }))?;
    Ok(())
}

/// A person and the instant from which on, as a line of managers.
pub(super) fn manager(world: &World, person: &str, from: i64) -> anyhow::Result<serde_json::Value> {
    Ok(json!({ "person": world.person(person)?, "from": instant(from) }))
}
