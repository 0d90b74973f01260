//! A service desk for tests: one record, worked on through its behaviours, in a world of plain values.

use std::sync::Arc;

use calendar::{Edge, Holidays, Week, WorkingTime, Zone, parse_civil};
use engine::{Behaviour, Draft, EntryKind, Error, FollowUp, Mode, Record, Surroundings, slot};
use model::condition::{Condition, Context, MapFacts, Scope, Subject};
use model::{Model, Value};
use serde_json::Value as Json;

pub(crate) const ANA: i64 = 1;
pub(crate) const BEN: i64 = 2;
/// A customer's person, and her employer.
pub(crate) const CARA: i64 = 3;
pub(crate) const CUSTOMER: i64 = 30;
/// The record's id once it exists, and before.
const RECORD: i64 = 100;
const NEW: i64 = -1;

/// What behaviours may ask of.
pub(crate) struct World {
    model: Arc<Model>,
    settings: Vec<(String, i64, Json)>,
    /// What behaviours called up: clocks and the like.
    made: Vec<Record>,
    people: Vec<Record>,
    time: WorkingTime,
}

pub(crate) struct Desk {
    pub world: World,
    behaviours: Vec<Arc<dyn Behaviour>>,
    record: Option<Record>,
    record_type: String,
    now: i64,
}

/// `2026-03-04 10:00` in UTC; `10:00` is on that day.
pub(crate) fn at(text: &str) -> i64 {
    let text = if text.len() == 5 { format!("2026-03-04T{text}") } else { text.replace(' ', "T") };
    Zone::utc().instant(parse_civil(&text).unwrap(), Edge::Opens)
}

pub(crate) fn model() -> Model {
    model::load::load(&crate::model_files()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

impl Desk {
    pub fn of(record_type: &str, settings: &[(&str, Json)]) -> Self {
        let model = Arc::new(model());
        let mut person = Record::blank(model.shared("person").unwrap().clone(), CARA);
        person.set(person.record_type.slot("customer").unwrap(), Value::Link(CUSTOMER));
        let staff = [ANA, BEN].map(|id| Record::blank(model.shared("person").unwrap().clone(), id));
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), 0, value.clone())).collect();
        let people = staff.into_iter().chain([person]).collect();
        let time = WorkingTime::always(Zone::utc());
        let world = World { model, settings, made: Vec::new(), people, time };
        let behaviours = crate::behaviours().into_iter().filter(|b| b.record_type() == record_type).collect();
        Self { world, behaviours, record: None, record_type: record_type.to_owned(), now: 0 }
    }

    pub fn incidents(settings: &[(&str, Json)]) -> Self {
        Self::of("incident", settings)
    }

    /// Work is done on weekdays from eight to six.
    pub fn in_office_hours(mut self) -> Self {
        let day = serde_json::json!([["08:00", "18:00"]]);
        let week = serde_json::json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day});
        self.world.time = WorkingTime::new(Zone::utc(), Week::from_json(&week, "week").unwrap(), Holidays::default());
        self
    }

    pub fn decide(&mut self, key: &str, from: &str, value: Json) {
        self.world.settings.push((key.to_owned(), at(from), value));
    }

    /// Ana's work at an instant, accepted: what she sets, and the state that she moves the record into.
    pub fn works(&mut self, time: &str, state: &str, edits: &[(&str, Value)]) {
        let refused = self.tries(time, state, edits);
        assert_eq!(refused, Vec::<String>::new(), "{time}");
    }

    /// The same, refused or not: `field: code` of each problem. What is refused changes nothing.
    pub fn tries(&mut self, time: &str, state: &str, edits: &[(&str, Value)]) -> Vec<String> {
        self.acts(time, state, edits, Mode::Work, Some(ANA))
    }

    pub fn acts(
        &mut self,
        time: &str,
        state: &str,
        edits: &[(&str, Value)],
        mode: Mode,
        by: Option<i64>,
    ) -> Vec<String> {
        let happened_at = at(time);
        self.ticks(happened_at);
        let mut draft = self.draft(happened_at, mode, by);
        if !state.is_empty() {
            draft.set("state", Value::from(state));
        }
        for (key, value) in edits {
            assert!(draft.after.record_type.slot(key).is_some(), "{key}");
            draft.set(key, value.clone());
        }
        self.derive(&mut draft);
        if !draft.problems.is_empty() {
            return draft.problems.iter().map(|p| format!("{}: {}", p.field, p.code)).collect();
        }
        assert!(mode == Mode::Work || draft.also.is_empty(), "a replay has no effects");
        for follow_up in std::mem::take(&mut draft.also) {
            self.world.follow(follow_up, happened_at);
        }
        let mut after = draft.after;
        after.id = RECORD;
        after.set(slot::UPDATED_AT, Value::Instant(happened_at));
        self.record = Some(after);
        Vec::new()
    }

    fn draft(&self, happened_at: i64, mode: Mode, by: Option<i64>) -> Draft {
        let record_type = self.world.model.shared(&self.record_type).unwrap();
        let after = self.record.clone().unwrap_or_else(|| {
            let mut new = Record::blank(record_type.clone(), NEW);
            new.set(slot::RAISED_AT, Value::Instant(happened_at));
            if let (Some(slot), Some(lifecycle)) = (record_type.state_slot(), &record_type.lifecycle) {
                new.set(slot, Value::text(&lifecycle.initial));
            }
            new
        });
        Draft {
            before: self.record.clone(),
            after,
            mode,
            kind: if self.record.is_some() { EntryKind::Change } else { EntryKind::Create },
            by,
            happened_at,
            recorded_at: happened_at,
            lines: Vec::new(),
            links: Vec::new(),
            comment: None,
            reason: None,
            deviates: None,
            also: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Runs the behaviours, each of which must keep to what it declares.
    fn derive(&mut self, draft: &mut Draft) {
        for behaviour in &self.behaviours {
            let before = draft.after.clone();
            behaviour.derive(&mut self.world, draft).unwrap();
            for (slot, field) in draft.after.record_type.fields.iter().enumerate() {
                let kept =
                    draft.after.get(slot) == before.get(slot) || behaviour.writes().contains(&field.key.as_str());
                assert!(kept, "{} wrote {}", behaviour.name(), field.key);
            }
        }
    }

    /// The minute job: timed moves that are due by then.
    pub fn ticks(&mut self, now: i64) {
        assert!(now >= self.now, "stories go forward");
        self.now = now;
        for (from, due, to) in [
            (&["running"][..], "escalation_due_at", "escalation_due"),
            (&["running", "escalation_due"], "due_at", "missed"),
        ] {
            for clock in self.world.made.iter_mut().filter(|made| made.record_type.name == "clock") {
                let is_due = clock.by_key(due).as_int().is_some_and(|due| due < now);
                if is_due && clock.state().is_some_and(|state| from.contains(&state)) {
                    clock.set(clock.record_type.state_slot().unwrap(), Value::from(to));
                }
            }
        }
    }

    /// A field as people read it; empty for null.
    pub fn shows(&self, key: &str) -> String {
        show(self.record.as_ref().unwrap(), key)
    }

    /// Several, as `key value, …`; those that are empty are left out.
    pub fn has(&self, keys: &[&str]) -> String {
        several(self.record.as_ref().unwrap(), keys)
    }

    /// State and instants of the only clock.
    pub fn clock(&self) -> String {
        let of_type = |made: &&Record| made.record_type.name == "clock";
        match self.world.made.iter().filter(of_type).collect::<Vec<_>>().as_slice() {
            [clock] => several(clock, &["state", "due_at", "escalation_due_at", "grace_ends_at", "stopped_at"]),
            clocks => format!("{} clocks", clocks.len()),
        }
    }
}

fn several(record: &Record, keys: &[&str]) -> String {
    let all = keys.iter().map(|key| (key, show(record, key))).filter(|(_, value)| !value.is_empty());
    all.map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

fn show(record: &Record, key: &str) -> String {
    match record.by_key(key) {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Instant(at) => {
            let local = Zone::utc().local_time(*at).strftime("%Y-%m-%d %H:%M").to_string();
            local.strip_prefix("2026-03-04 ").map_or(local.clone(), str::to_owned)
        }
        Value::Duration(time) => format!("{} min", time / calendar::MINUTE),
        Value::Int(n) | Value::Link(n) | Value::Date(n) => n.to_string(),
    }
}

impl World {
    /// What the engine does with a behaviour's acts on other records.
    fn follow(&mut self, follow_up: FollowUp, now: i64) {
        let (clock, values) = match follow_up {
            FollowUp::Create { record_type, values } => {
                let found = self.model.shared(&record_type).unwrap().clone();
                let mut made = Record::blank(found, 1000 + i64::try_from(self.made.len()).unwrap());
                let initial = Value::text(&made.record_type.lifecycle.as_ref().unwrap().initial);
                made.set(made.record_type.state_slot().unwrap(), initial);
                self.made.push(made);
                (self.made.last_mut().unwrap(), values)
            }
            FollowUp::Move { record, transition, values } => {
                let clock = self.made.iter_mut().find(|clock| clock.id == record).unwrap();
                let record_type = clock.record_type.clone();
                let transition = record_type.lifecycle.as_ref().unwrap().transition(&transition).unwrap();
                assert!(transition.from.iter().any(|from| Some(from.as_str()) == clock.state()), "{}", transition.name);
                clock.set(record_type.state_slot().unwrap(), Value::text(&transition.to));
                (clock, values)
            }
            FollowUp::Change { record, values } => {
                (self.made.iter_mut().find(|clock| clock.id == record).unwrap(), values)
            }
        };
        for (key, value) in values {
            let value = if value == Value::Link(NEW) { Value::Link(RECORD) } else { value };
            clock.set(clock.record_type.slot(&key).unwrap(), value);
        }
        clock.set(slot::UPDATED_AT, Value::Instant(now));
    }
}

impl Surroundings for World {
    fn setting(&mut self, key: &str, at: i64) -> Result<Option<Json>, Error> {
        let in_force = self.settings.iter().filter(|(k, from, _)| k == key && *from <= at);
        Ok(in_force.max_by_key(|(_, from, _)| *from).map(|(.., value)| value.clone()))
    }

    fn add_working_time(&mut self, from: i64, duration: &str) -> Result<Option<i64>, Error> {
        Ok(self.time.after(from, &duration.parse().unwrap()).ok())
    }

    fn zone(&mut self, _at: i64) -> Result<Zone, Error> {
        Ok(self.time.zone().clone())
    }

    fn find(&mut self, record_type: &str, values: &[(&str, Value)], limit: u32) -> Result<Vec<Record>, Error> {
        let has = |found: &&Record| {
            found.record_type.name == record_type && values.iter().all(|(key, value)| found.by_key(key) == value)
        };
        Ok(self.made.iter().filter(has).take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    fn record(&mut self, id: i64) -> Result<Option<Record>, Error> {
        Ok(self.people.iter().find(|person| person.id == id).cloned())
    }

    fn meets(&mut self, condition: &str, draft: &Draft) -> Result<bool, Error> {
        let condition =
            Condition::parse(condition, &Scope::record(&self.model, &draft.after.record_type.name)).unwrap();
        let mut facts = MapFacts::default();
        facts.records.insert(draft.after.id, (draft.after.record_type.name.clone(), draft.after.values.clone()));
        let cx = Context { now: draft.happened_at, ..Context::default() };
        Ok(condition.eval(&Subject::Record(draft.after.id), &mut facts, &cx).unwrap().is_true())
    }

    fn fault_in(&mut self, record_type: &str, condition: &str) -> Option<String> {
        let scope = Scope::record(&self.model, record_type);
        Condition::parse(condition, &scope).err().map(|problems| format!("{problems:?}"))
    }
}
