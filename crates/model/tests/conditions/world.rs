//! Random records with random bitemporal histories, and the facts as they follow from them without SQL.

use std::collections::BTreeMap;

use model::condition::*;
use model::*;

use crate::Random;

pub const FOREVER: i64 = i64::MAX;
/// Instants of the test lie between 0 and this, so that they often meet.
pub const LAST: i64 = 60;

#[derive(Clone, Copy, Debug)]
pub struct Rect {
    pub valid: (i64, i64),
    pub known: (i64, i64),
}

pub struct Version {
    pub id: i64,
    pub rect: Rect,
    pub values: Vec<Value>,
}

pub struct Line {
    pub record_type: String,
    pub field: String,
    pub id: i64,
    pub rect: Rect,
    pub values: Vec<Value>,
}

pub struct LinkLine {
    pub kind: String,
    pub a: i64,
    pub b: i64,
    pub rect: Rect,
}

pub struct Entry {
    pub id: i64,
    pub record: i64,
    pub version: i64,
    pub kind: String,
    pub happened: i64,
    pub recorded: i64,
    pub claimed: Option<i64>,
    pub actor: Option<i64>,
    pub on_behalf: Option<i64>,
    pub into_state: Option<String>,
    pub known_to: i64,
}

pub struct Step {
    pub id: i64,
    pub entry: i64,
    pub from: Option<String>,
    pub facts: StepFacts,
    pub recorded: i64,
    pub claimed: Option<i64>,
}

pub struct World {
    pub model: Model,
    /// By record type.
    pub versions: BTreeMap<String, Vec<Version>>,
    pub lines: Vec<Line>,
    pub links: Vec<LinkLine>,
    pub entries: Vec<Entry>,
    pub steps: Vec<Step>,
    pub ids: BTreeMap<String, Vec<i64>>,
}

const COUNTS: [(&str, i64); 10] = [
    ("person", 7),
    ("list_value", 4),
    ("service", 5),
    ("procedure", 4),
    ("report", 3),
    ("problem", 7),
    ("incident", 26),
    ("review", 10),
    ("improvement", 5),
    ("clock", 10),
];

const TEXTS: [&str; 10] = ["", "a", "A", "ab", "Z", "ba", "Ünï", "%_", "é", "aé%"];

impl World {
    pub fn random(model: Model, random: &mut Random) -> Self {
        let mut ids = BTreeMap::new();
        let mut next = 1;
        for (name, count) in COUNTS {
            ids.insert(name.to_owned(), (next..next + count).collect::<Vec<i64>>());
            next += count;
        }
        let mut world = Self {
            model,
            versions: BTreeMap::new(),
            lines: vec![],
            links: vec![],
            entries: vec![],
            steps: vec![],
            ids,
        };
        for (name, ids) in world.ids.clone() {
            for id in ids {
                world.add_record(&name, id, random);
            }
        }
        world.add_links(random);
        world
    }

    fn add_record(&mut self, name: &str, id: i64, random: &mut Random) {
        let record_type = self.model.get(name).unwrap().clone();
        let identity = (random.below(4), random.below(2), random.below(40));
        let begin = random.below(20);
        let valid = cuts(random, begin);
        let known = cuts(random, 0);
        for v in &valid {
            for k in &known {
                let values = self.values(&record_type, id, identity, random);
                let version = Version { id, rect: Rect { valid: *v, known: *k }, values };
                self.versions.entry(name.to_owned()).or_default().push(version);
            }
        }
        for field in record_type.fields.iter() {
            if let Kind::Rows { columns, .. } = &field.kind {
                for _ in 0..random.below(4) {
                    let rect = rect(random);
                    let mut values: Vec<Value> = columns.iter().map(|c| self.value(&c.kind, random)).collect();
                    let by = Kind::Link { to: vec!["person".to_owned()] };
                    values.extend([&Kind::Instant, &by, &Kind::Instant].map(|kind| self.value(kind, random)));
                    let (record_type, field) = (name.to_owned(), field.key.clone());
                    self.lines.push(Line { record_type, field, id, rect, values });
                }
            }
        }
        self.add_entries(&record_type, id, random);
    }

    fn values(&self, of: &RecordType, id: i64, identity: (i64, i64, i64), random: &mut Random) -> Vec<Value> {
        let value = |field: &Field, random: &mut Random| match field.key.as_str() {
            "number" => Value::text(format!("{}-{id:06}", of.prefix)),
            "origin" => Value::Int(identity.0),
            "gaps" => Value::Bool(identity.1 == 1),
            "raised_at" => Value::Instant(identity.2),
            _ if field.system => loop {
                let value = self.value(&field.kind, random);
                if !value.is_null() {
                    break value;
                }
            },
            _ => self.value(&field.kind, random),
        };
        of.fields.iter().map(|field| value(field, random)).collect()
    }

    fn value(&self, kind: &Kind, random: &mut Random) -> Value {
        if random.chance(30) {
            return Value::Null;
        }
        match kind {
            Kind::Text { .. } | Kind::LongText { .. } => Value::text(random.pick(&TEXTS)),
            Kind::Integer { .. } => Value::Int(random.below(9) - 3),
            Kind::Decimal { .. } | Kind::Money { .. } => Value::Int(random.below(9) * 50 - 100),
            Kind::Boolean => Value::Bool(random.chance(50)),
            Kind::Date => Value::Date(random.below(8)),
            Kind::Instant => Value::Instant(random.below(LAST)),
            Kind::Duration => Value::Duration(random.below(20) - 5),
            Kind::Choice(choices) => Value::text(&random.pick(choices).key),
            Kind::ListValue { .. } => Value::Link(*random.pick(&self.ids["list_value"])),
            // Now and then at a record that does not exist, as an erased one.
            Kind::Link { .. } if random.chance(5) => Value::Link(9999),
            Kind::Link { to } => {
                let to = random.pick(to);
                Value::Link(*random.pick(&self.ids[to]))
            }
            Kind::Attachment => Value::text("file"),
            Kind::Rows { .. } => Value::Null,
        }
    }

    fn add_entries(&mut self, of: &RecordType, id: i64, random: &mut Random) {
        let states: Vec<String> = of.lifecycle.iter().flat_map(|l| l.states.iter().map(|s| s.key.clone())).collect();
        let person = |random: &mut Random, ids: &[i64]| random.chance(70).then(|| *random.pick(ids));
        for version in 1..=1 + random.below(4) {
            let happened = random.below(LAST);
            let into_state = (!states.is_empty() && random.chance(60)).then(|| random.pick(&states).clone());
            let recorded = happened + random.below(10);
            let entry = Entry {
                id: i64::try_from(self.entries.len()).unwrap() + 1,
                record: id,
                version,
                kind: (*random.pick(&["create", "change", "step", "comment"])).to_owned(),
                happened,
                recorded,
                known_to: if random.chance(25) { recorded + random.below(10) } else { FOREVER },
                claimed: random.chance(30).then(|| random.below(LAST)),
                actor: person(random, &self.ids["person"]),
                on_behalf: person(random, &self.ids["person"]).filter(|id| id % 2 == 0),
                into_state,
            };
            if let (Some(to), true) = (&entry.into_state, of.name == "clock") {
                let facts = StepFacts {
                    record: id,
                    from: random.chance(70).then(|| random.pick(&states).clone()),
                    to: to.clone(),
                    at: happened,
                    counted_at: entry.claimed.unwrap_or(entry.recorded),
                    first: random.chance(50),
                    kind: entry.kind.clone(),
                    deviates: random.chance(30),
                };
                self.steps.push(Step {
                    id: i64::try_from(self.steps.len()).unwrap() + 1,
                    entry: entry.id,
                    from: facts.from.clone(),
                    recorded: entry.recorded,
                    claimed: entry.claimed,
                    facts,
                });
            }
            self.entries.push(entry);
        }
    }

    fn add_links(&mut self, random: &mut Random) {
        let kinds = [
            ("incident_problem", "incident", "problem", 30),
            ("related", "incident", "problem", 20),
            ("related", "incident", "incident", 20),
            ("review_improvement", "review", "improvement", 14),
        ];
        for (kind, a, b, count) in kinds {
            for _ in 0..count {
                let (a, b) = (*random.pick(&self.ids[a]), *random.pick(&self.ids[b]));
                self.links.push(LinkLine { kind: kind.to_owned(), a, b, rect: rect(random) });
            }
        }
    }

    fn version(&self, time: Time, of: RecordRef<'_>) -> Option<&Version> {
        let versions = self.versions.get(of.record_type)?;
        versions.iter().find(|version| version.id == of.id && visible(version.rect, time, of.at))
    }
}

/// From `begin` to forever, in one to three parts.
fn cuts(random: &mut Random, begin: i64) -> Vec<(i64, i64)> {
    let mut at = begin;
    let mut parts = vec![];
    for _ in 0..random.below(3) {
        let next = at + 1 + random.below(20);
        parts.push((at, next));
        at = next;
    }
    parts.push((at, FOREVER));
    parts
}

fn rect(random: &mut Random) -> Rect {
    let mut side = || {
        let from = random.below(30);
        (from, if random.chance(60) { FOREVER } else { from + 1 + random.below(30) })
    };
    Rect { valid: side(), known: side() }
}

/// What the two axes mean, said once more, without SQL.
pub fn visible(rect: Rect, time: Time, then: Option<i64>) -> bool {
    let within = |(from, to): (i64, i64), at: i64| from <= at && at < to;
    match (time, then) {
        (Time::Live, None) => rect.valid.1 == FOREVER && rect.known.1 == FOREVER,
        (Time::Live, Some(at)) => within(rect.valid, at) && rect.known.1 == FOREVER,
        (Time::At { valid, known }, then) => within(rect.valid, then.unwrap_or(valid)) && within(rect.known, known),
    }
}

pub struct WorldFacts<'w> {
    pub world: &'w World,
    pub time: Time,
}

impl Facts for WorldFacts<'_> {
    fn field(&mut self, of: RecordRef<'_>, slot: Slot, _key: &str) -> Result<Value, FactsError> {
        Ok(self.world.version(self.time, of).map(|v| v.values[slot].clone()).unwrap_or_default())
    }

    fn rows(&mut self, of: RecordRef<'_>, _slot: Slot, key: &str) -> Result<Vec<Row>, FactsError> {
        let lines =
            self.world.lines.iter().filter(|l| l.id == of.id && l.field == key && l.record_type == of.record_type);
        Ok(lines.filter(|l| visible(l.rect, self.time, of.at)).map(|l| l.values.clone()).collect())
    }

    fn linked(&mut self, of: RecordRef<'_>, kind: &str, forward: bool, to: &[String]) -> Result<Vec<i64>, FactsError> {
        let mut found = vec![];
        for link in self.world.links.iter().filter(|l| l.kind == kind && visible(l.rect, self.time, of.at)) {
            let (here, there) = if forward { (link.a, link.b) } else { (link.b, link.a) };
            let exists = match to {
                [one] => self.world.version(self.time, RecordRef { record_type: one, id: there, at: of.at }).is_some(),
                _ => true,
            };
            if here == of.id && exists {
                found.push(there);
            }
        }
        Ok(found)
    }

    fn pointing(
        &mut self,
        of: RecordRef<'_>,
        record_type: &str,
        slot: Slot,
        _key: &str,
    ) -> Result<Vec<i64>, FactsError> {
        let versions = self.world.versions[record_type].iter().filter(|v| visible(v.rect, self.time, of.at));
        Ok(versions.filter(|v| v.values[slot] == Value::Link(of.id)).map(|v| v.id).collect())
    }

    fn entries(&mut self, of: RecordRef<'_>, except_into: &[String]) -> Result<Vec<EntryFact>, FactsError> {
        let in_time = |e: &&Entry| match (self.time, of.at) {
            (Time::Live, then) => e.known_to == FOREVER && then.is_none_or(|at| e.happened <= at),
            (Time::At { valid, known }, then) => {
                e.happened <= then.unwrap_or(valid) && e.recorded <= known && e.known_to > known
            }
        };
        let acts = |e: &&Entry| e.record == of.id && e.version > 1 && e.kind != "create";
        let own = self.world.entries.iter().filter(acts).filter(in_time);
        let kept = own.filter(|e| !e.into_state.as_ref().is_some_and(|state| except_into.contains(state)));
        let fact = |e: &Entry| EntryFact {
            at: e.happened,
            by: e.on_behalf.or(e.actor),
            counted_at: e.claimed.unwrap_or(e.recorded),
            kind: e.kind.clone(),
        };
        Ok(kept.map(fact).collect())
    }

    fn collection(&mut self, record_type: &str) -> Result<Vec<i64>, FactsError> {
        let versions = self.world.versions[record_type].iter().filter(|v| visible(v.rect, self.time, None));
        Ok(versions.map(|v| v.id).collect())
    }

    fn by_number(&mut self, number: &str) -> Result<Option<i64>, FactsError> {
        let all = self.world.versions.values().flatten();
        Ok(all.into_iter().find(|v| v.values[0] == Value::text(number)).map(|v| v.id))
    }
}
