//! A random life: legal commands of all kinds, the clock moving on, rules decided and edited, records imported.

use std::sync::Arc;

use conformity::decide::{Decision, decide};
use conformity::settings::Registry;
use engine::{Act, Channel, Command, Engine, Input, ManualClock, Principal, timers};
use serde_json::{Value as Json, json};
use store::{Param, Session, SessionExt as _};

use crate::records::Writing;

const HOUR: i64 = 3_600_000_000;

/// Small numbers from a seed: the same life again when a test fails.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let at = self.below(of.len() as u64) as usize;
        &of[at]
    }
}

pub struct Life<'e> {
    pub engine: &'e Engine,
    pub clock: &'e ManualClock,
    pub registry: &'e Registry,
    pub dice: Dice,
    principal: Arc<Principal>,
    pub done: u32,
    pub refused: u32,
}

impl<'e> Life<'e> {
    pub fn new(engine: &'e Engine, clock: &'e ManualClock, registry: &'e Registry, seed: u64) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut life =
            Self { engine, clock, registry, dice, principal: Arc::new(Principal::system()), done: 0, refused: 0 };
        for name in ["Ana", "Ben", "Dora"] {
            life.create("person", json!({ "name": name, "top_management": name == "Dora" }));
        }
        for name in ["Network", "Mail"] {
            life.create("list_value", json!({ "list": "category", "name": name }));
        }
        life.create(
            "document",
            json!({ "title": "Procedure", "effective_from": "2025-01-01T00:00:00Z", "mandatory_steps": ["convene"] }),
        );
        life
    }

    /// One act, whatever it is.
    pub fn act(&mut self) {
        self.clock.set(self.engine.clock().now() + 1 + self.dice.below(40) as i64 * HOUR / 7);
        match self.dice.below(100) {
            0..20 => self.create_incident(),
            20..50 => self.move_incident(),
            50..62 => self.change_incident(),
            62..70 => self.comment(),
            70..78 => self.add_line(),
            78..84 => self.tell_or_review(),
            84..87 => self.decide(),
            87..90 => self.change_others(),
            90..93 => self.import(),
            93..96 => {
                timers::run_due(self.engine).unwrap();
            }
            _ => self.clock.set(self.engine.clock().now() + self.dice.below(200) as i64 * HOUR),
        }
    }

    fn run(&mut self, act: Act) {
        let mut command = Command::new(self.principal.clone(), Channel::Api, act);
        if command.act.number().is_some() && self.dice.below(6) == 0 {
            command.happened_at = Some(self.engine.clock().now() - self.dice.below(60) as i64 * HOUR);
        }
        match self.engine.run(&command) {
            Ok(_) => self.done += 1,
            Err(engine::Error::Refused(_)) => self.refused += 1,
            Err(fault) => panic!("{fault}: {command:?}"),
        }
    }

    fn create(&mut self, record_type: &str, input: Json) {
        let Json::Object(input) = input else { panic!("{input}") };
        self.run(Act::Create { record_type: record_type.to_owned(), input });
    }

    fn number(&mut self, record_type: &str) -> Option<String> {
        let mut reader = self.engine.reader().unwrap();
        let count = reader.one_int("SELECT count(*) FROM record WHERE type = ?", &[Param::Text(record_type)]).unwrap();
        let skip = self.dice.below(u64::try_from(count).unwrap());
        let sql = "SELECT number FROM record WHERE type = ? ORDER BY id LIMIT 1 OFFSET ?";
        reader.optional_text(sql, &[Param::Text(record_type), Param::Int(skip as i64)]).unwrap()
    }

    fn create_incident(&mut self) {
        let mut input = self.fields();
        input.insert("title".to_owned(), json!("something is down"));
        self.create("incident", Json::Object(input));
    }

    fn fields(&mut self) -> Input {
        let mut input = Input::new();
        for key in ["impact", "urgency"] {
            if self.dice.below(4) > 0 {
                input.insert(key.to_owned(), json!(1 + self.dice.below(3)));
            }
        }
        if self.dice.below(3) > 0 {
            input.insert("category".to_owned(), self.number("list_value").map_or(Json::Null, Json::from));
        }
        if self.dice.below(5) == 0 {
            input.insert("major".to_owned(), json!(self.dice.below(4) > 0));
            input.insert("procedure".to_owned(), self.number("document").map_or(Json::Null, Json::from));
        }
        if self.dice.below(8) == 0 {
            input.insert("override_reason".to_owned(), json!("the caller insists"));
            input.insert("priority".to_owned(), json!(1 + self.dice.below(4)));
        }
        input
    }

    fn change_incident(&mut self) {
        let Some(number) = self.number("incident") else { return };
        let mut input = self.fields();
        if self.dice.below(5) == 0 {
            input.insert("report".to_owned(), self.number("communication").map_or(Json::Null, Json::from));
        }
        self.run(Act::Change { number, input });
    }

    fn move_incident(&mut self) {
        let Some(number) = self.number("incident") else { return };
        let moves =
            ["start", "wait", "resume", "resolve", "resolve", "reopen", "close", "close", "cancel", "mark-duplicate"];
        let transition = (*self.dice.one(&moves)).to_owned();
        let mut input = Input::new();
        match transition.as_str() {
            "wait" => drop(input.insert("waiting_for".to_owned(), json!("customer"))),
            "resolve" => drop(input.insert("solution".to_owned(), json!("turned it off and on"))),
            "reopen" => drop(input.insert("reason".to_owned(), json!("again"))),
            "cancel" => drop(input.insert("end_reason".to_owned(), json!("no fault"))),
            "mark-duplicate" => {
                input.insert("duplicate_of".to_owned(), self.number("incident").map_or(Json::Null, Json::from));
            }
            _ => {}
        }
        self.run(Act::Move { number, transition, input });
    }

    fn comment(&mut self) {
        if let Some(number) = self.number("incident") {
            let public = self.dice.below(2) == 0;
            self.run(Act::Comment { number, text: "looked at it".to_owned(), public });
        }
    }

    fn add_line(&mut self) {
        let Some(number) = self.number("incident") else { return };
        let now = jiff::Timestamp::from_microsecond(self.engine.clock().now()).unwrap().to_string();
        let person = self.number("person").map_or(Json::Null, Json::from);
        let (field, input) = match self.dice.below(4) {
            0 => ("escalations", json!({ "kind": "functional", "person": person })),
            1 => ("step_entries", json!({ "key": "convene" })),
            2 => ("not_major_decisions", json!({ "reason": "one person only" })),
            _ => ("major_managers", json!({ "person": person, "from": now })),
        };
        let Json::Object(input) = input else { return };
        self.run(Act::AddLine { number, field: field.to_owned(), input });
    }

    fn tell_or_review(&mut self) {
        let incident = self.number("incident").map_or(Json::Null, Json::from);
        let now = jiff::Timestamp::from_microsecond(self.engine.clock().now()).unwrap().to_string();
        let person = self.number("person").map_or(Json::Null, Json::from);
        match self.dice.below(4) {
            0 | 1 => {
                let delivered = if self.dice.below(2) == 0 { json!(now) } else { Json::Null };
                let input =
                    json!({ "title": "told", "incident": incident, "person": person, "delivered_at": delivered });
                self.create("communication", input);
            }
            2 => {
                let held = if self.dice.below(3) > 0 { json!(now) } else { Json::Null };
                let none = self.dice.below(2) == 0;
                let input = json!({ "title": "review", "incident": incident, "held_at": held, "none_stated": none });
                self.create("major_incident_review", input);
            }
            _ => {
                let Some(number) = self.number("communication") else { return };
                let Json::Object(input) = json!({ "delivered_at": now, "incident": incident }) else { return };
                self.run(Act::Change { number, input });
            }
        }
    }

    /// Others that checks look at on their way.
    fn change_others(&mut self) {
        let now = jiff::Timestamp::from_microsecond(self.engine.clock().now()).unwrap().to_string();
        let (record_type, input) = match self.dice.below(3) {
            0 => ("list_value", json!({ "in_use_to": if self.dice.below(2) == 0 { json!(now) } else { Json::Null } })),
            1 => ("person", json!({ "top_management": self.dice.below(2) == 0, "active": self.dice.below(3) > 0 })),
            _ => ("document", json!({ "effective_to": if self.dice.below(2) == 0 { json!(now) } else { Json::Null } })),
        };
        let (Some(number), Json::Object(input)) = (self.number(record_type), input) else { return };
        self.run(Act::Change { number, input });
    }

    fn decide(&mut self) {
        let choices = [
            ("incident.priority_rule", json!({ "matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]] })),
            ("incident.priority_rule", json!({ "matrix": [[1, 1, 2], [2, 2, 3], [3, 3, 4]] })),
            ("incident.closure_wait", json!("P2D")),
            ("incident.closure_wait", json!("P5D")),
            ("incident.update_interval", json!({ "*": "PT8H", "1": "PT1H" })),
            ("incident.escalation_thresholds", json!({ "*": { "share": 0.5, "grace": "PT30M" } })),
            ("incident.resolution_target", json!({ "*": "PT8H", "1": "PT2H" })),
            ("incident.major_criteria", json!("priority == 1")),
            ("major_incident.review_time", json!("P3D")),
            ("organization.zone", json!("Europe/Berlin")),
            ("organization.zone", json!("America/St_Johns")),
        ];
        let (key, value) = self.dice.one(&choices).clone();
        let value = if self.dice.below(10) == 0 { Json::Null } else { value };
        let decision = Decision { key: key.to_owned(), value, from: None, reason: "so it is".to_owned() };
        let decided = decide(self.engine, self.registry, &self.principal, Channel::Api, &decision);
        decided.unwrap_or_else(|e| panic!("{key}: {e}"));
        self.done += 1;
    }

    /// An incident of a source that lacks this and that.
    fn import(&mut self) {
        let origin = 1 + self.dice.below(3) as i64;
        let lacks = [
            r#"["incident.solution", "incident.override_reason"]"#,
            r#"["incident.major", "incident.procedure", "communication", "clock"]"#,
            r#"["incident.category", "incident.end_kind", "incident.escalations"]"#,
        ];
        let absent = lacks[origin as usize - 1];
        let work = move |session: &mut dyn Session| {
            let sql = "INSERT INTO origin (id, source, begun_at, absent) VALUES (?, 'elsewhere', 0, ?) ON CONFLICT (id) DO NOTHING";
            session.execute(sql, &[Param::Int(origin), Param::Text(absent)]).map(drop)
        };
        self.engine.write(work).unwrap();
        let now = self.engine.clock().now();
        let raised = jiff::Timestamp::from_microsecond(now - self.dice.below(500) as i64 * HOUR).unwrap();
        let ended = jiff::Timestamp::from_microsecond(now).unwrap();
        let gaps = self.dice.below(3) == 0;
        let mut text = format!(
            "type = \"incident\"\nimported = true\ngaps = {gaps}\nraised_at = {raised}\nlongest_gap = \"PT9H\"\n"
        );
        if self.dice.below(2) == 0 {
            text += &format!(
                "state = \"closed\"\nclosed_at = {ended}\nlast_resolved_at = {ended}\nfirst_resolved_at = {ended}\n"
            );
            if origin != 3 {
                text += "end_kind = \"closed\"\n";
            }
        }
        let table: toml_edit::DocumentMut = text.parse().unwrap();
        let mut writing = Writing::from_origin(self.engine, now, "imported", origin);
        writing.record(table.as_table());
        writing.commit();
        self.done += 1;
    }
}
