//! Priority follows from impact and urgency by the rule in force at the moment; somebody who wants another one says why
//! (clause 8.6.1). What the rule gave is kept beside it, so that a rule changed later moves no past result.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;
use serde_json::Value as Json;

pub(super) struct FollowsPriorityRule;

const RULE: &str = "incident.priority_rule";

impl Behaviour for FollowsPriorityRule {
    fn name(&self) -> &'static str {
        "follows_priority_rule"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["priority", "rule_priority"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let work = draft.mode == Mode::Work;
        // A comment made after the rule was changed must not judge the incident again.
        let concerns = ["impact", "urgency", "priority", "override_reason"];
        if work && !draft.is_new() && !concerns.iter().any(|key| draft.changed(key)) {
            return Ok(());
        }
        let answers = draft.get("impact").as_int().zip(draft.get("urgency").as_int());
        let rule = match answers {
            Some((impact, urgency)) => {
                cx.setting(RULE, draft.happened_at)?.and_then(|rule| given(&rule, impact, urgency))
            }
            None => None,
        };
        draft.set("rule_priority", rule.map_or(Value::Null, Value::Int));
        if let Some(rule) = rule.filter(|_| work) {
            settle(draft, rule);
        }
        Ok(())
    }
}

/// The priority for a row (impact) and a column (urgency), both from 1. A rule of another kind than a matrix gives none.
fn given(rule: &Json, impact: i64, urgency: i64) -> Option<i64> {
    let index = |answer: i64| usize::try_from(answer.checked_sub(1)?).ok();
    rule.get("matrix")?.get(index(impact)?)?.get(index(urgency)?)?.as_i64()
}

fn settle(draft: &mut Draft, rule: i64) {
    let priority = draft.get("priority").as_int();
    let explained = draft.get("override_reason").as_text().is_some_and(|reason| !reason.trim().is_empty());
    match priority {
        Some(_) if explained => {}
        Some(other) if other != rule && draft.changed("priority") => {
            let message = format!("impact and urgency give priority {rule}: priority {other} needs a reason");
            draft.refuse("priority", "needs_reason", message);
        }
        _ => draft.set("priority", Value::Int(rule)),
    }
}
