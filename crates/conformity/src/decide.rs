//! Deciding a setting: the one way for pages, REST, command line and assessments. A decision is a record of the type
//! `setting`; yesterday's rule cannot be set today.

use std::sync::Arc;

use engine::{Act, Channel, Command, Done, Engine, Error, Input, Principal, Problem, Refusal};
use model::Model;
use model::condition::{Condition, Scope};
use serde_json::Value as Json;
use store::SessionExt as _;

use crate::settings::{Registry, Setting};

/// What somebody decides.
#[derive(Clone, Debug)]
pub struct Decision {
    pub key: String,
    pub value: Json,
    /// The instant from which it holds; now unless given.
    pub from: Option<i64>,
    pub reason: String,
}

/// Checks the value against its form and keeps the decision.
pub fn decide(
    engine: &Engine,
    registry: &Registry,
    principal: &Arc<Principal>,
    channel: Channel,
    decision: &Decision,
) -> Result<Done, Error> {
    check(engine, registry, decision)?;
    let mut input = Input::new();
    input.insert("key".to_owned(), Json::from(decision.key.clone()));
    let value = if decision.value.is_null() { Json::Null } else { Json::from(decision.value.to_string()) };
    input.insert("value".to_owned(), value);
    input.insert("from".to_owned(), decision.from.map_or(Json::Null, |at| Json::from(rfc3339(at))));
    input.insert("reason".to_owned(), Json::from(decision.reason.clone()));
    input.insert(
        "decided_by".to_owned(),
        if principal.is_system() { Json::Null } else { Json::from(principal.number.clone()) },
    );
    let act = Act::Create { record_type: "setting".to_owned(), input };
    engine.run(&Command::new(principal.clone(), channel, act))
}

fn check(engine: &Engine, registry: &Registry, decision: &Decision) -> Result<(), Error> {
    let mut problems = Vec::new();
    if decision.reason.trim().is_empty() {
        problems.push(Problem::new("reason", "required", "say why this is decided"));
    }
    if !decision.value.is_null() {
        let conditions = |setting: &Setting, text: &str| condition(engine.model(), setting, text);
        if let Err(error) = registry.check(&decision.key, &decision.value, &conditions) {
            problems.push(Problem::new("value", "bad_value", error.to_string()));
        }
    } else if !registry.contains(&decision.key) {
        problems.push(Problem::new("key", "unknown_setting", format!("there is no setting {}", decision.key)));
    }
    if let Some(from) = decision.from
        && let Some(problem) = too_late(engine, from)?
    {
        problems.push(problem);
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::Invalid(problems).into()) }
}

/// The past may be decided only for the time before the ledger began: imported history.
fn too_late(engine: &Engine, from: i64) -> Result<Option<Problem>, Error> {
    let now = engine.clock().now();
    if from >= now {
        return Ok(None);
    }
    let first = engine.reader()?.optional_int("SELECT min(recorded_at) FROM entry", &[])?;
    let message = "from lies in the past: a rule holds from now on, or for the time before the first record made here";
    Ok(first.filter(|first| from >= *first).map(|_| Problem::new("from", "in_the_past", message)))
}

/// A condition must fit the record type that its key begins with, and have an SQL form.
pub fn condition(model: &Model, setting: &Setting, text: &str) -> Result<(), String> {
    let subject = setting.key.split('.').next().unwrap_or_default();
    let subject = if model.get(subject).is_some() { subject } else { return Ok(()) };
    match Condition::parse(text, &Scope::record(model, subject)) {
        Ok(_) => Ok(()),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    }
}

fn rfc3339(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map(|at| at.to_string()).unwrap_or_default()
}
