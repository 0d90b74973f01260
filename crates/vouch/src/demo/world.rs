//! The organisation while its year is lived: the engine, the clock that stands where the story is, and the names under
//! which the story knows records. Everything goes the ordinary way: commands of people, with their roles.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use calendar::SECOND;
use conformity::{Conformity, Question};
use engine::identity::{self, of_person};
use engine::{Act, Allowance, Channel, Command, Done, Engine, Input, ManualClock, Principal};
use serde_json::Value as Json;

use crate::organisation::conformity;
use crate::users::said;

use super::people::Somebody;

/// Acts for nobody: what happened before there was anybody.
pub const VOUCH: &str = "vouch";

pub struct World {
    engine: Arc<Engine>,
    clock: Arc<ManualClock>,
    numbers: HashMap<String, String>,
    people: HashMap<&'static str, i64>,
    principals: HashMap<&'static str, Arc<Principal>>,
    /// Opened when somebody first asks how conformity stands.
    conformity: Option<Arc<Conformity>>,
}

impl World {
    pub fn new(engine: Arc<Engine>, clock: Arc<ManualClock>) -> Self {
        let principals = HashMap::from([(VOUCH, Arc::new(Principal::system()))]);
        Self { engine, clock, numbers: HashMap::new(), people: HashMap::new(), principals, conformity: None }
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn now(&self) -> i64 {
        self.engine.clock().now()
    }

    pub fn go_to(&self, at: i64) {
        self.clock.set(at);
    }

    /// A moment later, so that what one person does after another is told apart.
    pub fn pause(&self) {
        self.clock.set(self.now() + SECOND);
    }

    /// The number of a record that the story has named.
    pub fn number(&self, kind: &str, key: &str) -> anyhow::Result<&str> {
        let name = format!("{kind} {key}");
        self.numbers.get(&name).map(String::as_str).with_context(|| format!("the demonstration has no {name}"))
    }

    pub fn person(&self, key: &str) -> anyhow::Result<&str> {
        self.number("person", key)
    }

    pub fn create(&mut self, who: &'static str, record_type: &str, input: Json) -> anyhow::Result<Done> {
        self.act(who, Act::Create { record_type: record_type.to_owned(), input: filled(input) })
    }

    /// Creates a record that the story will speak of again.
    pub fn name(&mut self, who: &'static str, record_type: &str, key: &str, input: Json) -> anyhow::Result<String> {
        let done = self.create(who, record_type, input).with_context(|| format!("{record_type} {key}"))?;
        self.remember(record_type, key, done.number.clone());
        Ok(done.number)
    }

    pub fn remember(&mut self, kind: &str, key: &str, number: String) {
        self.numbers.insert(format!("{kind} {key}"), number);
    }

    /// Somebody new, who may sign in.
    pub fn enter(&mut self, who: &'static str, new: &'static Somebody, input: Json) -> anyhow::Result<()> {
        let done = self.create(who, "person", input).with_context(|| new.name)?;
        identity::add_account(&self.engine, done.record, new.email).map_err(said)?;
        self.people.insert(new.key, done.record);
        self.remember("person", new.key, done.number);
        Ok(())
    }

    pub fn change(&mut self, who: &'static str, number: &str, input: Json) -> anyhow::Result<Done> {
        self.act(who, Act::Change { number: number.to_owned(), input: filled(input) })
    }

    pub fn make(&mut self, who: &'static str, number: &str, transition: &str, input: Json) -> anyhow::Result<Done> {
        let (number, transition) = (number.to_owned(), transition.to_owned());
        self.act(who, Act::Move { number, transition, input: filled(input) })
    }

    pub fn note(&mut self, who: &'static str, number: &str, text: &str) -> anyhow::Result<Done> {
        self.act(who, Act::Comment { number: number.to_owned(), text: text.to_owned(), public: false })
    }

    pub fn tell(&mut self, who: &'static str, number: &str, text: &str) -> anyhow::Result<Done> {
        self.act(who, Act::Comment { number: number.to_owned(), text: text.to_owned(), public: true })
    }

    pub fn line(&mut self, who: &'static str, number: &str, field: &str, input: Json) -> anyhow::Result<Done> {
        let (number, field) = (number.to_owned(), field.to_owned());
        self.act(who, Act::AddLine { number, field, input: filled(input) })
    }

    pub fn link(&mut self, who: &'static str, number: &str, relation: &str, to: &str) -> anyhow::Result<Done> {
        let (number, relation, to) = (number.to_owned(), relation.to_owned(), to.to_owned());
        self.act(who, Act::Link { number, relation, to, add: true })
    }

    /// Whoever judges, by rules that stand in the ledger from the first question on.
    pub fn conformity(&mut self) -> anyhow::Result<Arc<Conformity>> {
        Ok(match &self.conformity {
            Some(open) => open.clone(),
            None => self.conformity.insert(conformity(&self.engine)?).clone(),
        })
    }

    /// Names the result that somebody looks at who assesses a requirement now.
    pub fn shown(&mut self, requirement: &str) -> anyhow::Result<String> {
        let conformity = self.conformity()?;
        let view = conformity.requirement(requirement, &Question::NOW).map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(view.shown)
    }

    fn act(&mut self, who: &'static str, act: Act) -> anyhow::Result<Done> {
        let principal = self.principal(who)?;
        let about = act.number().unwrap_or("a new record").to_owned();
        let done = self.engine.run(&Command::new(principal, Channel::Demonstration, act));
        done.map_err(said).with_context(|| format!("{who}, at {}, about {about}", instant(self.now())))
    }

    /// Roles are given once, in the beginning, so a principal may be kept.
    fn principal(&mut self, who: &'static str) -> anyhow::Result<Arc<Principal>> {
        if let Some(known) = self.principals.get(who) {
            return Ok(known.clone());
        }
        let id = self.people.get(who).with_context(|| format!("the demonstration has no person {who}"))?;
        let found = of_person(&self.engine, &mut *self.engine.reader()?, *id, Allowance::ALL)?;
        let principal = Arc::new(found.with_context(|| format!("{who} has no record"))?);
        self.principals.insert(who, principal.clone());
        Ok(principal)
    }
}

/// An instant as commands take it.
pub fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// What is not said is left out: saying that a field is empty would be writing it.
fn filled(input: Json) -> Input {
    let Json::Object(mut fields) = input else { return Input::new() };
    fields.retain(|_, value| !value.is_null());
    fields
}
