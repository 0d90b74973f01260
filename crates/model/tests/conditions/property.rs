//! Memory, SQLite and PostgreSQL give the same answer to random conditions about random records, live and as-at, for
//! filters and for checks.

use std::collections::{BTreeMap, HashSet};

use model::condition::*;
use model::{Kind, Value};

use crate::Random;
use crate::database::{Database, databases};
use crate::generator::Generator;
use crate::model::sample_model;
use crate::world::{LAST, World, WorldFacts, visible};

/// Expressions; each is asked of about 25 records on each database. `VOUCH_CONDITION_ROUNDS` asks for more.
const ROUNDS: u64 = 2_000;

fn from_env(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn memory_and_both_databases_agree() {
    let seed = from_env("VOUCH_TEST_SEED", 20_000);
    let rounds = from_env("VOUCH_CONDITION_ROUNDS", ROUNDS);
    println!("seed {seed}, {rounds} expressions");
    let mut random = Random(seed);
    let world = World::random(sample_model(), &mut random);
    let mut databases = databases(&world);
    let mut tally = Tally::default();
    for round in 0..rounds {
        let trial = Trial::random(&world, &mut random, round);
        trial.run(&world, &mut databases, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.refused * 8 < rounds, "too many generated expressions were refused: {:?}", tally.refusals);
    if rounds >= ROUNDS {
        assert!(tally.compared >= 20_000, "only {} comparisons", tally.compared);
        let least = tally.compared / 20;
        assert!(tally.yes > least && tally.no > least && tally.unknown > least, "one-sided: {tally:?}");
    }
}

#[derive(Default, Debug)]
pub struct Tally {
    pub compared: usize,
    yes: usize,
    no: usize,
    unknown: usize,
    refused: u64,
    pub refusals: BTreeMap<String, usize>,
}

/// One expression with all that it is asked under.
pub struct Trial {
    pub text: String,
    pub subject: SubjectKind,
    pub context: Context,
    pub time: Time,
}

impl Trial {
    fn random(world: &World, random: &mut Random, round: u64) -> Self {
        let purpose = if random.chance(60) { Purpose::Check } else { Purpose::Filter };
        let subject =
            if random.chance(80) { SubjectKind::Record("incident".into()) } else { SubjectKind::Step("clock".into()) };
        let context = context(world, random, purpose);
        let time = if random.chance(50) {
            Time::Live
        } else {
            let valid = random.below(LAST);
            Time::At { valid, known: valid.max(random.below(LAST)) }
        };
        // Small expressions first, so that what fails is easy to read.
        let depth = 1 + u32::try_from(round * 4 / ROUNDS).unwrap().min(3);
        let text = Generator::new(&world.model, random, subject.clone(), purpose).condition(depth);
        Self { text, subject, context, time }
    }

    pub fn scope<'m>(&self, model: &'m model::Model) -> Scope<'m> {
        let scope = match &self.subject {
            SubjectKind::Step(t) => Scope::step(model, t),
            SubjectKind::Record(t) | SubjectKind::Change(t, _) => Scope::record(model, t),
            SubjectKind::Values => Scope::values(model),
        };
        let scope = scope.with_period().with_principal();
        if self.context.purpose == Purpose::Check { scope.for_check() } else { scope }
    }

    pub fn run(&self, world: &World, databases: &mut [Database], tally: &mut Tally) {
        let condition = match Condition::parse(&self.text, &self.scope(&world.model)) {
            Ok(condition) => condition,
            Err(problems) => {
                tally.refused += 1;
                let reason = problems[0].message.clone();
                *tally.refusals.entry(reason).or_default() += 1;
                return;
            }
        };
        let expected = self.expected(&condition, world);
        for database in databases {
            let target = Target { dialect: database.dialect(), time: self.time, context: &self.context };
            let (exact, filter) = match (condition.sql(&target), condition.filter_sql(&target)) {
                (Ok(exact), Ok(filter)) => (exact, filter),
                (Err(reason), _) | (_, Err(reason)) => {
                    tally.refused += 1;
                    *tally.refusals.entry(reason.to_string()).or_default() += 1;
                    return;
                }
            };
            let (alias, from) = self.source();
            let whole = Sql::compose(&format!("SELECT \"{alias}\".\"id\", {{}} {{}}"), &[&exact, &from]);
            let answers = database.ask(&whole).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.text, exact.text));
            self.compare(database.dialect(), &expected, &answers, &exact.text);
            let kept = Sql::compose(&format!("SELECT \"{alias}\".\"id\", TRUE {{}} AND ({{}})"), &[&from, &filter]);
            let kept = database.ask(&kept).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.text, filter.text));
            let truths: Vec<_> = expected.iter().filter(|(_, truth)| *truth == Some(true)).copied().collect();
            self.compare(database.dialect(), &truths, &kept, &filter.text);
            let undetermined = condition.undetermined_sql(&target).unwrap();
            let whole = Sql::compose(&format!("SELECT \"{alias}\".\"id\", {{}} {{}}"), &[&undetermined, &from]);
            let answers = database.ask(&whole).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.text, undetermined.text));
            self.compare(database.dialect(), &self.undetermined(&condition, world), &answers, &undetermined.text);
            self.run_flips(&condition, world, database, &target);
            tally.compared += expected.len();
        }
        for (_, truth) in expected {
            match truth {
                Some(true) => tally.yes += 1,
                Some(false) => tally.no += 1,
                None => tally.unknown += 1,
            }
        }
    }

    /// The instants at which the answer flips are the same too; told apart by a remainder.
    fn run_flips(&self, condition: &Condition, world: &World, database: &mut Database, target: &Target<'_>) {
        for flip in condition.flips() {
            let mut facts = WorldFacts { world, time: self.time };
            let expected = self.of_each(world, |subject| {
                let value = flip.eval(subject, &mut facts, &self.context).unwrap();
                Some(value.and_then(|v| v.as_int()).unwrap_or(-1) % 7 == 3)
            });
            let sql = flip.sql(target).unwrap();
            let (alias, from) = self.source();
            let template = format!("SELECT \"{alias}\".\"id\", (COALESCE({{}}, -1) % 7 = 3) {{}}");
            let answers = database.ask(&Sql::compose(&template, &[&sql, &from]));
            let answers = answers.unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.text, sql.text));
            self.compare(database.dialect(), &expected, &answers, &sql.text);
        }
    }

    fn compare(&self, dialect: Dialect, expected: &[(i64, Option<bool>)], found: &[(i64, Option<bool>)], sql: &str) {
        if expected != found {
            let differing: Vec<_> = expected.iter().zip(found).filter(|(a, b)| a != b).take(3).collect();
            panic!(
                "{dialect:?} differs (expected, found) {differing:?}, {} against {} rows\n{}\n{:?} {:?}\n{:#?}\n{sql}",
                expected.len(),
                found.len(),
                self.text,
                self.subject,
                self.time,
                self.context
            );
        }
    }

    /// The subjects and what memory says of them.
    fn expected(&self, condition: &Condition, world: &World) -> Vec<(i64, Option<bool>)> {
        let mut facts = WorldFacts { world, time: self.time };
        let ask = |subject: &Subject| condition.eval(subject, &mut facts, &self.context).unwrap().as_option();
        self.of_each(world, ask)
    }

    fn undetermined(&self, condition: &Condition, world: &World) -> Vec<(i64, Option<bool>)> {
        let mut facts = WorldFacts { world, time: self.time };
        let ask = |subject: &Subject| Some(condition.undetermined(subject, &mut facts, &self.context).unwrap());
        self.of_each(world, ask)
    }

    /// The subjects that are there at the time, with the answer about each.
    fn of_each(&self, world: &World, mut ask: impl FnMut(&Subject) -> Option<bool>) -> Vec<(i64, Option<bool>)> {
        let (SubjectKind::Record(name) | SubjectKind::Step(name) | SubjectKind::Change(name, _)) = &self.subject else {
            return vec![];
        };
        let there: HashSet<i64> =
            world.versions[&**name].iter().filter(|v| visible(v.rect, self.time, None)).map(|v| v.id).collect();
        let known = |step: &&crate::world::Step| match self.time {
            Time::Live => true,
            Time::At { valid, known } => step.facts.at <= valid && step.recorded <= known,
        };
        let mut subjects: Vec<(i64, Subject)> = if matches!(self.subject, SubjectKind::Record(_)) {
            there.iter().map(|id| (*id, Subject::Record(*id))).collect()
        } else {
            let steps = world.steps.iter().filter(|s| there.contains(&s.facts.record)).filter(known);
            steps.map(|step| (step.id, Subject::Step(step.facts.clone()))).collect()
        };
        subjects.sort_unstable_by_key(|(id, _)| *id);
        subjects.iter().map(|(id, subject)| (*id, ask(subject))).collect()
    }

    fn source(&self) -> (&'static str, Sql) {
        let suffix = if self.time == Time::Live { "" } else { "_v" };
        let everything = || Sql::new("TRUE");
        let versions = self.time.predicate("r").unwrap_or_else(everything);
        match (&self.subject, self.time) {
            (SubjectKind::Step(name), time) => {
                let known = match time {
                    Time::Live => everything(),
                    Time::At { valid, known } => Sql {
                        text: "\"s\".\"happened_at\" <= ? AND \"s\".\"recorded_at\" <= ?".to_owned(),
                        params: vec![valid.into(), known.into()],
                    },
                };
                let from = format!(
                    "FROM \"step\" \"s\" JOIN \"{name}{suffix}\" \"r\" ON \"r\".\"id\" = \"s\".\"record\" WHERE {{}} AND {{}}"
                );
                ("s", Sql::compose(&from, &[&versions, &known]))
            }
            _ => ("r", Sql::compose(&format!("FROM \"incident{suffix}\" \"r\" WHERE {{}}"), &[&versions])),
        }
    }
}

fn context(world: &World, random: &mut Random, purpose: Purpose) -> Context {
    let start = random.below(30);
    let (length, now, start_day) = (5 + random.below(40), random.below(LAST), random.below(4));
    let period = Period { start, end: start + length, start_day, end_day: start_day + 3 };
    let mut context = Context { purpose, now, today: random.below(8), period: Some(period), ..Context::default() };
    context.me = random.chance(70).then(|| *random.pick(&world.ids["person"]));
    for record_type in world.model.types() {
        let fields = record_type.fields.iter().skip(9).map(|f| f.key.clone());
        let relations = record_type.relations.iter().map(|r| r.name.clone());
        let columns = record_type.fields.iter().flat_map(|f| match &f.kind {
            Kind::Rows { columns, .. } => columns.iter().map(|c| format!("{}.{}", f.key, c.key)).collect(),
            _ => vec![],
        });
        for name in fields.chain(relations).chain(columns) {
            let key = (record_type.name.clone(), name);
            if random.chance(30) {
                context.lacking.insert(key.clone(), vec![1, 2].into_iter().filter(|_| random.chance(70)).collect());
            }
            if random.chance(3) {
                context.hidden.insert(key);
            }
        }
    }
    for key in
        ["incident.priority_rule", "incident.closure_wait", "major_incident.review_time", "gap", "limit", "moment"]
    {
        context.settings.insert(key.to_owned(), spans(world, random, key));
    }
    context
}

fn spans(world: &World, random: &mut Random, key: &str) -> Vec<SettingSpan> {
    let value = |random: &mut Random| match key {
        "gap" => Value::Duration(random.below(12)),
        "moment" => Value::Instant(random.below(LAST)),
        _ => Value::Int(random.below(6)),
    };
    let mut spans = vec![];
    let mut at = if random.chance(30) { i64::MIN } else { random.below(20) };
    for _ in 0..random.below(3) {
        let until = if random.chance(30) { i64::MAX } else { at.max(0) + 1 + random.below(20) };
        let per = || SettingValue::Per { field: "service".to_owned(), values: vec![], otherwise: None };
        let scalar = SettingValue::Scalar(value(random));
        let value = match (random.chance(40), per()) {
            (true, SettingValue::Per { field, .. }) => {
                let services = &world.ids["service"];
                let values = services.iter().filter(|id| **id % 2 == 0).map(|id| (*id, value(random))).collect();
                SettingValue::Per { field, values, otherwise: random.chance(60).then(|| value(random)) }
            }
            _ => scalar,
        };
        spans.push(SettingSpan { from: at, until, value });
        if until == i64::MAX {
            break;
        }
        at = until;
    }
    spans
}
