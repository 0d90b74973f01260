//! The model's conditions at work: who may see a record, what a role may do with it, what a guard asks for. Parsed
//! once when the engine opens; those that settings hold are parsed when first met.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::Model;
use model::condition::{Condition, Context, Scope, Subject};
use store::{Fault, Session};

use crate::draft::Draft;
use crate::engine::Engine;
use crate::facts::StoreFacts;
use crate::principal::Principal;
use crate::record::{Record, Time};
use crate::refusal::{Error, invalid};

type Parsed = Mutex<HashMap<(String, String), Arc<Condition>>>;

/// Conditions by (record type, text).
#[derive(Default)]
pub struct Rules {
    parsed: Parsed,
}

/// Conditions kept parsed; texts come from model files and settings, so there are few.
const PARSED_MAX: usize = 4096;

impl Rules {
    /// Parses every condition of the model's permissions and views, so that a bad one is found at start.
    pub(crate) fn of(model: &Model) -> Result<Self, Fault> {
        let rules = Self::default();
        for record_type in model.types() {
            let permissions = record_type.permissions.values();
            let of_roles = permissions.flat_map(|p| [&p.read, &p.create, &p.change]).flatten();
            let of_views = record_type.views.iter().filter_map(|view| view.filter.as_ref());
            let of_moves = record_type.lifecycle.iter().flat_map(|l| &l.transitions).filter_map(|t| t.guard.as_ref());
            for text in of_roles.chain(of_views).chain(of_moves) {
                let parsed = rules.parse(model, &record_type.name, &text.text);
                parsed.map_err(|error| Fault::database(format!("{}: {error:?}", text.place)))?;
            }
        }
        Ok(rules)
    }

    /// The condition, parsed against a record type; a fault in it is said with its place.
    pub fn parse(&self, model: &Model, record_type: &str, text: &str) -> Result<Arc<Condition>, Error> {
        let key = (record_type.to_owned(), text.to_owned());
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(condition) = parsed.get(&key) {
            return Ok(condition.clone());
        }
        let scope = Scope::record(model, record_type).with_principal();
        let condition = Condition::parse(text, &scope).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            invalid("filter", "bad_condition", all.join("; "))
        })?;
        let condition = Arc::new(condition);
        if parsed.len() >= PARSED_MAX {
            parsed.clear();
        }
        parsed.insert(key, condition.clone());
        Ok(condition)
    }
}

/// What conditions need to know of the moment and the reader.
pub fn context(engine: &Engine, session: &mut dyn Session, principal: &Principal) -> Result<Context, Error> {
    let now = engine.clock().now();
    let zone = engine.settings(session)?.zone_at(now)?;
    Ok(Context { now, today: crate::input::days(zone.local_day(now)), me: principal.person, ..Context::default() })
}

/// Whether this principal may see the record at all: his roles, their row rules, his scopes.
pub fn may_see(
    engine: &Engine,
    session: &mut dyn Session,
    principal: &Principal,
    record: &Record,
) -> Result<bool, Error> {
    if principal.is_system() {
        return Ok(true);
    }
    if !principal.may_read(&record.record_type) {
        return Ok(false);
    }
    if let Some(scopes) = principal.scopes_for(&record.record_type)
        && !record.scope().is_some_and(|scope| scopes.contains(&scope))
    {
        return Ok(false);
    }
    for (_, permission) in principal.permissions(&record.record_type) {
        let Some(rule) = &permission.read else { continue };
        if rule.text == "true" {
            return Ok(true);
        }
        let condition = engine.rules().parse(engine.model(), &record.record_type.name, &rule.text)?;
        let cx = context(engine, session, principal)?;
        let mut facts = StoreFacts::new(engine.model(), session, Time::Live);
        if truth(&condition, &mut facts, &cx, record.id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a role's rule is true of the draft.
pub(crate) fn granted(
    engine: &Engine,
    session: &mut dyn Session,
    principal: &Principal,
    rule: &str,
    draft: &Draft,
) -> Result<bool, Error> {
    let condition = engine.rules().parse(engine.model(), &draft.after.record_type.name, rule)?;
    let cx = context(engine, session, principal)?;
    let mut facts = StoreFacts::new(engine.model(), session, Time::Live).with_draft(draft);
    truth(&condition, &mut facts, &cx, draft.after.id)
}

/// Whether a guard or a setting's condition is true of the draft, at the instant at which it happened.
pub(crate) fn draft_meets(
    engine: &Engine,
    session: &mut dyn Session,
    text: &str,
    draft: &Draft,
) -> Result<bool, Error> {
    let condition = engine.rules().parse(engine.model(), &draft.after.record_type.name, text)?;
    let zone = engine.settings(session)?.zone_at(draft.happened_at)?;
    let today = crate::input::days(zone.local_day(draft.happened_at));
    let cx = Context { now: draft.happened_at, today, me: draft.by, ..Context::default() };
    let mut facts = StoreFacts::new(engine.model(), session, Time::Live).with_draft(draft);
    truth(&condition, &mut facts, &cx, draft.after.id)
}

fn truth(condition: &Condition, facts: &mut StoreFacts<'_>, cx: &Context, id: i64) -> Result<bool, Error> {
    let truth = condition.eval(&Subject::Record(id), facts, cx).map_err(Fault::database)?;
    Ok(truth.is_true())
}
