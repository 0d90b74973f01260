//! What only people state: their judgement of a requirement, bound to the hash of what they were shown, and that nothing
//! of a kind happened in a period. Both are records, kept through the ordinary pipeline.

use std::sync::Arc;

use engine::{Act, Channel, Command, Done, Input, Principal, Problem, Refusal, Time};
use serde_json::{Value as Json, json};

use crate::house::Conformity;
use crate::question::Question;
use crate::status::Grade;
use crate::{CheckRow, Error};

/// Somebody's judgement of a requirement.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub requirement: String,
    pub grade: String,
    pub reason: String,
    /// Numbers of the records that were looked at.
    pub evidence: Vec<String>,
    /// ISO date.
    pub expires_on: String,
    /// The hash that came with the requirement's result.
    pub shown: String,
}

/// Somebody's statement that nothing happened.
#[derive(Clone, Debug)]
pub struct Nil {
    pub requirement: String,
    /// First and first-no-more local day.
    pub period: calendar::Period,
    pub reason: String,
}

impl Conformity {
    /// Keeps a judgement; refused when the result has changed since it was shown.
    pub fn judge(
        &self,
        principal: &Arc<Principal>,
        channel: Channel,
        question: &Question,
        judgement: &Judgement,
    ) -> Result<Done, Error> {
        let now = self.requirement(&judgement.requirement, question)?;
        if Grade::named(&judgement.grade).is_none() {
            let message = "grade: expected conforming, partly or not-conforming";
            return Err(invalid("grade", "not_a_choice", message));
        }
        if now.shown != judgement.shown {
            let detail = "the result has changed since you looked at it: read it again, then judge";
            return Err(engine::Error::from(Refusal::Changed(detail.to_owned())).into());
        }
        let today = self.today()?;
        if judgement.expires_on.as_str() <= today.as_str() {
            return Err(invalid("expires_on", "in_the_past", "expires_on: expected a day after today"));
        }
        let evidence: Vec<Json> = judgement.evidence.iter().map(|number| json!({ "item": number })).collect();
        let input = json!({
            "requirement": judgement.requirement, "grade": judgement.grade, "reason": judgement.reason,
            "expires_on": judgement.expires_on, "shown": judgement.shown, "evidence": evidence,
        });
        self.create(principal, channel, "assessment", input)
    }

    /// Keeps a nil return; refused while the period has subjects.
    pub fn state_nil(&self, principal: &Arc<Principal>, channel: Channel, nil: &Nil) -> Result<Done, Error> {
        let allowed = self.catalogue().requirement(&nil.requirement).map(|r| r.nil_return);
        let unknown = || Error::Unknown { kind: "requirement", name: nil.requirement.clone() };
        if !allowed.ok_or_else(unknown)? {
            let message = "that nothing happened is no legitimate state of this requirement";
            return Err(invalid("", "no_nil_return", message));
        }
        let question = Question { period: Some(nil.period), time: Time::Live };
        let subjects: u64 =
            self.checks(Some(&nil.requirement), &question)?.iter().map(|row: &CheckRow| row.population).sum();
        if subjects > 0 {
            let message = format!("the period has {subjects} subjects: it cannot be said that nothing happened");
            return Err(invalid("", "not_empty", message));
        }
        let input = json!({
            "requirement": nil.requirement, "from": nil.period.from().to_string(), "to": nil.period.to().to_string(),
            "reason": nil.reason,
        });
        self.create(principal, channel, "nil_return", input)
    }

    fn today(&self) -> Result<String, Error> {
        let now = self.engine.clock().now();
        let zone = self.engine.settings(&mut *self.engine.reader()?)?.zone_at(now)?;
        Ok(zone.local_day(now).to_string())
    }

    fn create(
        &self,
        principal: &Arc<Principal>,
        channel: Channel,
        record_type: &str,
        input: Json,
    ) -> Result<Done, Error> {
        let input = match input {
            Json::Object(object) => object,
            _ => Input::new(),
        };
        let act = Act::Create { record_type: record_type.to_owned(), input };
        Ok(self.engine.run(&Command::new(principal.clone(), channel, act))?)
    }
}

fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Error {
    engine::Error::from(Refusal::Invalid(vec![Problem::new(field, code, message)])).into()
}
