//! The first afternoon: people, roles, decisions, customers, services, documents. All of it is entered by those whose
//! business it is, as it would be in the first hours with Vouch.

use serde_json::{Value as Json, json};

use super::decisions::{self, DOCUMENTS, DUTIES, PROCEDURE_STEPS};
use super::hours::Hours;
use super::people::{ADMINISTRATOR, PEOPLE, PROCESS_OWNER, SERVICE_MANAGER, Somebody, TEAMS, lead};
use super::services::{CUSTOMERS, DEPENDENCIES, ITEMS, LISTS, SERVICES};
use super::world::{VOUCH, World, instant};

/// The rules come first, then decisions: what is not decided on a day cannot be judged for that day.
pub fn found(world: &mut World, hours: &Hours) -> anyhow::Result<()> {
    world.conformity()?;
    our_people(world)?;
    for (key, value, reason) in decisions::first(hours) {
        decide(world, key, &value, None, reason)?;
    }
    lists(world)?;
    customers(world)?;
    teams(world)?;
    items(world)?;
    services(world)?;
    documents(world)?;
    duties(world)
}

/// Decides a setting, from now or from a later instant on.
pub fn decide(world: &mut World, key: &str, value: &Json, from: Option<i64>, reason: &str) -> anyhow::Result<()> {
    let who = if key.starts_with("organization") { SERVICE_MANAGER } else { PROCESS_OWNER };
    let input = json!({
        "key": key, "value": value.to_string(), "from": instant(from.unwrap_or(world.now())), "reason": reason,
        "decided_by": world.person(who)?,
    });
    world.create(who, "setting", input)?;
    world.pause();
    Ok(())
}

/// The administrator enters herself, then everybody else; a role needs a person, so hers comes from nobody.
fn our_people(world: &mut World) -> anyhow::Result<()> {
    let mut who = VOUCH;
    for person in PEOPLE.iter().filter(|person| person.customer.is_none()) {
        enter(world, who, person)?;
        who = ADMINISTRATOR;
    }
    Ok(())
}

fn enter(world: &mut World, who: &'static str, person: &'static Somebody) -> anyhow::Result<()> {
    let customer = person.customer.map(|key| world.number("customer", key).map(str::to_owned)).transpose()?;
    let input = json!({
        "name": person.name, "email": person.email, "customer": customer, "top_management": person.top_management,
    });
    world.enter(who, person, input)?;
    world.pause();
    if let Some(role) = person.role {
        let input = json!({ "person": world.person(person.key)?, "role": role, "customer": customer });
        world.create(who, "role_assignment", input)?;
        world.pause();
    }
    Ok(())
}

fn lists(world: &mut World) -> anyhow::Result<()> {
    for (list, values) in LISTS {
        for (position, (key, label, parent)) in values.iter().enumerate() {
            let parent = if parent.is_empty() { None } else { Some(world.number("list_value", parent)?.to_owned()) };
            let input = json!({ "list": list, "key": key, "label": label, "parent": parent, "position": position + 1 });
            let done = world.create(PROCESS_OWNER, "list_value", input)?;
            if list == "category" {
                world.remember("list_value", key, done.number);
            }
            world.pause();
        }
    }
    Ok(())
}

fn customers(world: &mut World) -> anyhow::Result<()> {
    for customer in &CUSTOMERS {
        let manager = world.person(customer.manager)?;
        let input =
            json!({ "name": customer.name, "description": customer.description, "relationship_manager": manager });
        world.name(SERVICE_MANAGER, "customer", customer.key, input)?;
        world.pause();
    }
    for person in PEOPLE.iter().filter(|person| person.customer.is_some()) {
        enter(world, ADMINISTRATOR, person)?;
    }
    Ok(())
}

fn teams(world: &mut World) -> anyhow::Result<()> {
    for team in &TEAMS {
        let input = json!({ "name": team.name, "lead": world.person(lead(team.key))? });
        let number = world.name(SERVICE_MANAGER, "team", team.key, input)?;
        for member in team.members {
            world.pause();
            let member = world.person(member)?.to_owned();
            world.link(SERVICE_MANAGER, &number, "members", &member)?;
        }
    }
    Ok(())
}

fn items(world: &mut World) -> anyhow::Result<()> {
    for (key, class, owner, location) in ITEMS {
        let input = json!({ "name": key, "class": class, "owner": world.person(owner)?, "location": location });
        let number = world.name(PROCESS_OWNER, "configuration_item", key, input)?;
        world.make(PROCESS_OWNER, &number, "launch", json!({}))?;
        world.pause();
    }
    for (from, to) in DEPENDENCIES {
        let from = world.number("configuration_item", from)?.to_owned();
        let to = world.number("configuration_item", to)?.to_owned();
        world.link(PROCESS_OWNER, &from, "depends_on", &to)?;
        world.pause();
    }
    Ok(())
}

fn services(world: &mut World) -> anyhow::Result<()> {
    for service in &SERVICES {
        let input = json!({
            "name": service.name, "description": service.description, "owner": world.person(service.owner)?,
            "criticality": service.criticality,
        });
        let number = world.name(SERVICE_MANAGER, "service", service.key, input)?;
        world.make(SERVICE_MANAGER, &number, "launch", json!({ "live_from": instant(world.now()) }))?;
        let customers = service.customers.iter().map(|key| ("customers", "customer", *key));
        let items = service.items.iter().map(|key| ("components", "configuration_item", *key));
        for (relation, kind, key) in customers.chain(items) {
            let to = world.number(kind, key)?.to_owned();
            world.link(SERVICE_MANAGER, &number, relation, &to)?;
        }
        world.pause();
    }
    Ok(())
}

fn documents(world: &mut World) -> anyhow::Result<()> {
    for (key, title, kind) in DOCUMENTS {
        let steps = (key == decisions::PROCEDURE).then_some(PROCEDURE_STEPS);
        let input = json!({ "title": title, "kind": kind, "version_no": "1", "mandatory_steps": steps });
        let number = world.name(PROCESS_OWNER, "document", key, input)?;
        world.pause();
        let from = instant(world.now());
        world.make(SERVICE_MANAGER, &number, "approve", json!({ "effective_from": from }))?;
    }
    Ok(())
}

/// What has to be done again and again; the year then shows what was done in time.
fn duties(world: &mut World) -> anyhow::Result<()> {
    for duty in &DUTIES {
        let input = json!({
            "title": duty.title, "kind": duty.kind, "every": duty.every, "owner": world.person(duty.owner)?,
            "fulfilled_by": duty.fulfilled_by, "fulfilled_when": duty.fulfilled_when,
        });
        world.create(SERVICE_MANAGER, "duty", input)?;
        world.pause();
    }
    Ok(())
}
