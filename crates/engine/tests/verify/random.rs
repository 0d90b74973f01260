//! Whatever legal commands do, in whatever order, verification finds nothing wrong.

use std::sync::Arc;

use engine::{
    Act, Error, Further, ImportedRow, Plan, Principal, Record, ReplayCase, ReplayRow, Time, find, load, load_all_lines,
    plan_case, plan_further,
};
use model::Value;

use crate::world::{On, Random, World, add_line, change, comment, create, databases, link, step};

/// The clock's smallest step; several acts share an instant now and then.
const TICK: i64 = 1_000;

struct Drill {
    world: World,
    random: Random,
    numbers: Vec<String>,
    people: Vec<Arc<Principal>>,
    refused: u32,
    replayed: u64,
    done: u32,
    /// Cases of a source by their records' numbers, with their rows in order.
    cases: Vec<(String, Vec<ReplayRow>)>,
    told_again: u64,
}

impl Drill {
    fn new(on: On, seed: u64) -> Self {
        let world = World::new(on);
        let people = vec![Arc::new(Principal::system()), world.principal("agent"), world.principal("agent")];
        Self {
            world,
            random: Random(seed),
            numbers: Vec::new(),
            people,
            refused: 0,
            replayed: 0,
            done: 0,
            cases: Vec::new(),
            told_again: 0,
        }
    }

    fn act(&mut self) -> Act {
        let random = &mut self.random;
        if self.numbers.len() < 3 || random.percent(8) {
            // Some are of a type that extends the other's: their rows stand in both tables.
            let record_type = if random.percent(30) { "outage" } else { "ticket" };
            return create(record_type, &[("title", format!("t{}", random.below(9)).into())]);
        }
        let number = random.pick(&self.numbers).clone();
        let word = format!("w{}", random.below(6));
        match random.below(14) {
            0 => change(&number, &[("title", word.into()), ("loud", random.percent(50).into())]),
            1 => change(&number, &[("urgency", random.below(4).into())]),
            2 => change(&number, &[("colour", serde_json::json!(random.pick(&[Some("red"), Some("blue"), None])))]),
            3 => change(&number, &[("nickname", word.into()), ("reason", "because".into())]),
            4 if number.starts_with("OUT") => {
                change(&number, &[("minutes", random.below(4).into()), ("postmortem", word.into())])
            }
            4 => change(&number, &[("story", format!("long {word}").into())]),
            5 => change(&number, &[("answer", serde_json::json!(random.pick(&[None, Some("yes"), Some("no")])))]),
            6 => comment(&number, &word, random.percent(50)),
            7 => add_line(&number, "calls", &[("who", word.into())]),
            8 => {
                let all: Vec<_> =
                    (0..random.below(3)).map(|n| serde_json::json!({"value": format!("tag{n}")})).collect();
                change(&number, &[("tags", all.into()), ("urgency", random.below(4).into())])
            }
            9 => {
                let people = [self.people[1].number.as_str(), self.people[2].number.as_str()];
                change(&number, &[("owner", (*random.pick(&people)).into())])
            }
            10 | 13 => {
                // Few pairs, so that links come, go and come again, late and in time.
                let few = &self.numbers[..3];
                link(&few[0], random.pick::<String>(few), random.percent(60))
            }
            _ => {
                let reason: &[(&str, serde_json::Value)] = &[("reason", "it broke again".into())];
                let moves: [(&str, &[_]); 4] = [("start", &[]), ("finish", &[]), ("reopen", reason), ("close", &[])];
                let (name, fields) = *random.pick(&moves);
                step(&number, name, fields)
            }
        }
    }

    fn one(&mut self) {
        let now = engine::Clock::now(&*self.world.clock);
        if self.random.percent(80) {
            self.world.clock.set(now + TICK * self.random.between(1, 5));
        }
        let now = engine::Clock::now(&*self.world.clock);
        let act = self.act();
        let late = self.random.percent(40);
        let happened = late.then(|| now - TICK * self.random.between(0, 120));
        let person = self.random.pick(&self.people).clone();
        match self.world.run_as(&person, act.clone(), happened) {
            Ok(done) => {
                self.done += 1;
                if matches!(act, Act::Create { .. }) {
                    self.numbers.push(done.number);
                }
            }
            Err(Error::Refused(_)) => self.refused += 1,
            Err(fault) => panic!("{act:?} at {happened:?}: {fault}"),
        }
    }

    /// A source's history: a new case, or more rows of one that is here.
    fn replay(&mut self) {
        let mut session = self.world.session();
        let ticket = self.world.ticket().clone();
        let now = engine::Clock::now(&*self.world.clock);
        let mut record_type = ticket.clone();
        let mut before = None;
        if !self.numbers.is_empty() && self.random.percent(40) {
            let number = self.random.pick::<String>(&self.numbers).clone();
            // What comes after the rows of a case is another matter.
            if self.cases.iter().all(|(of_case, _)| *of_case != number) {
                let record = self.standing(&number);
                record_type = record.record_type.clone();
                before = Some(record);
            }
        }
        let first = before.as_ref().map_or(now - TICK * 200, updated);
        let mut at = first;
        let mut rows = Vec::new();
        for _ in 0..self.random.between(1, 6) {
            at = (at + TICK * self.random.between(0, 9)).min(now);
            rows.push(self.row(at));
        }
        let id = before.as_ref().map_or(-1, |record| record.id);
        let new = before.is_none();
        let case = ReplayCase { record_type, id, before, external: None, origin: 7, gaps: false, rows: rows.clone() };
        let (plan, imported, taken) =
            plan_case(self.world.engine(), &mut *session, &self.people[2], now, case).unwrap();
        self.replayed += taken.created + taken.changed + taken.touches;
        let plan = Plan { records: vec![plan], imported, ..Plan::default() };
        let committed = self.world.engine().commit(plan).unwrap().unwrap();
        self.numbers.extend(committed.created.iter().map(|(_, _, number)| number.clone()));
        if new {
            self.cases.extend(committed.created.into_iter().map(|(_, _, number)| (number, rows.clone())));
        }
    }

    fn standing(&self, number: &str) -> Record {
        let mut session = self.world.session();
        let (id, name) = find(&mut *session, number).unwrap().unwrap();
        let record_type = self.world.model.shared(&name).unwrap().clone();
        let mut record = load(&mut *session, &record_type, id, Time::Live).unwrap().unwrap();
        load_all_lines(&mut *session, &mut record, Time::Live).unwrap();
        record
    }

    fn row(&mut self, at: i64) -> ReplayRow {
        let ticket = self.world.ticket().clone();
        let slot = |key| ticket.slot(key).unwrap();
        let tags = (0..self.random.below(3)).map(|n| vec![Value::text(format!("tag{n}"))]).collect();
        ReplayRow {
            happened_at: at,
            claimed_at: at + TICK,
            on_behalf: self.people[1].person,
            state: Some((*self.random.pick(&["new", "doing", "done"])).to_owned()),
            deviates: self.random.percent(20).then(|| "no such move".to_owned()),
            values: vec![
                (slot("title"), Value::text("from elsewhere")),
                (slot("urgency"), Value::Int(self.random.between(0, 1))),
                (slot("story"), Value::text(format!("story {}", self.random.below(2)))),
            ],
            lines: if self.random.percent(50) { vec![(slot("tags"), tags)] } else { Vec::new() },
            imported: ImportedRow { source: "s".to_owned(), identity: self.random.next().to_string(), hash: [0; 32] },
        }
    }

    /// A later export of a case: more rows, before, among and after those that were taken, whatever was done here since.
    fn export_again(&mut self) {
        let Some(which) = self.cases.len().checked_sub(1).map(|last| self.random.between(0, last as i64) as usize)
        else {
            return;
        };
        let (number, mut rows) = self.cases[which].clone();
        let mut known = vec![true; rows.len()];
        let now = engine::Clock::now(&*self.world.clock);
        for _ in 0..self.random.between(1, 3) {
            let place = self.random.between(0, rows.len() as i64) as usize;
            let near = rows.get(place).or(rows.last()).unwrap().happened_at;
            let at = near + TICK * self.random.between(-9, 9);
            let row = self.row(at.min(now));
            rows.insert(place, row);
            known.insert(place, false);
        }
        // From when each holds: no later than the rows after it.
        let mut earliest = i64::MAX;
        for row in rows.iter_mut().rev() {
            earliest = earliest.min(row.happened_at);
            row.happened_at = earliest;
        }
        let before = self.standing(&number);
        let (record_type, id) = (before.record_type.clone(), before.id);
        let gaps = self.random.percent(30);
        let mut case =
            ReplayCase { record_type, id, before: Some(before), external: None, origin: 7, gaps, rows: rows.clone() };
        let (engine, importer) = (self.world.engine(), self.people[2].clone());
        let mut session = self.world.session();
        let (plan, imported) = match plan_further(engine, &mut *session, &importer, now, &case, &known).unwrap() {
            Further::Again { plan, imported, told_again } => {
                self.told_again += told_again;
                (plan, imported)
            }
            Further::After => {
                let new = known.iter().position(|known| !known).unwrap();
                case.rows.drain(..new);
                let (plan, imported, _) = plan_case(engine, &mut *session, &importer, now, case).unwrap();
                (plan, imported)
            }
        };
        engine.commit(Plan { records: vec![plan], imported, ..Plan::default() }).unwrap().unwrap();
        self.cases[which].1 = rows;
    }
}

fn updated(record: &Record) -> i64 {
    record.get(engine::slot::UPDATED_AT).as_int().unwrap()
}

#[test]
fn after_any_sequence_of_commands_nothing_differs() {
    for on in databases() {
        for seed in 1..=if on == On::Sqlite { 12 } else { 4 } {
            let mut drill = Drill::new(on, seed);
            for round in 0..300 {
                if drill.random.percent(6) {
                    drill.replay();
                } else if drill.random.percent(5) {
                    drill.export_again();
                } else {
                    drill.one();
                }
                if round % 100 == 50 {
                    drill.world.engine().sign().unwrap();
                }
            }
            let report = drill.world.verify();
            assert_eq!(report.first_difference, None, "{on:?}, seed {seed}");
            assert!(report.ok && report.checkpoint.is_some() && report.unsigned > 0, "{report:?}");
            assert!(
                drill.done > 150 && drill.replayed > 5 && drill.told_again > 5,
                "{} done, {} refused, {} replayed, {} told again",
                drill.done,
                drill.refused,
                drill.replayed,
                drill.told_again
            );
            let signed = drill.world.engine().sign().unwrap().unwrap();
            let report = drill.world.verify();
            assert_eq!((report.entries, report.unsigned), (signed, 0));
        }
    }
}

#[test]
fn a_record_of_a_type_that_extends_another_is_found_among_the_others_as_it_stood() {
    for on in databases() {
        let mut drill = Drill::new(on, 77);
        for _ in 0..200 {
            drill.one();
        }
        let (mut session, model) = (drill.world.session(), drill.world.model.clone());
        let (ticket, outage) = (model.shared("ticket").unwrap(), model.shared("outage").unwrap());
        let now = engine::Clock::now(&*drill.world.clock);
        let mut compared = 0;
        for number in drill.numbers.iter().filter(|number| number.starts_with("OUT")) {
            let (id, _) = find(&mut *session, number).unwrap().unwrap();
            for back in 0..60 {
                let valid = now - TICK * 10 * back;
                let known = valid + TICK * drill.random.between(0, 10 * back);
                let time = if back == 0 { Time::Live } else { Time::At { valid, known } };
                let mut load = |record_type| load(&mut *session, record_type, id, time).unwrap();
                let (own, seen) = (load(outage), load(ticket));
                assert_eq!(
                    own.map(|own| own.seen_as(ticket).values),
                    seen.map(|seen| seen.values),
                    "{number} {time:?}"
                );
                compared += 1;
            }
        }
        assert!(compared > 100, "{compared}");
    }
}
