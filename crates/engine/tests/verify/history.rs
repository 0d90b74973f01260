//! Both time axes: what the engine reads at any (valid, known) is what a plain list of changes folds to.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{Clock as _, Principal, Time, load, load_lines, slot};
use model::Value;
use serde_json::json;

use crate::world::{On, Random, World, add_line, change, create, databases};

const HISTORIES: usize = 2_000;
const POINTS: usize = 20;
const TICK: i64 = 1_000;

/// One field (or line) took a value.
#[derive(Clone, Debug)]
struct Said {
    happened: i64,
    recorded: i64,
    /// Order of entries.
    entry: i64,
    key: String,
    value: Option<String>,
}

/// The list of everything said about one record, and how to read it.
#[derive(Default, Debug)]
struct Oracle {
    said: Vec<Said>,
    /// (happened, recorded) of each entry; the place is its version.
    entries: Vec<(i64, i64)>,
    lines: i64,
}

impl Oracle {
    fn value(&self, key: &str, valid: i64, known: i64) -> Option<String> {
        let seen = self.said.iter().filter(|s| s.key == key && s.happened <= valid && s.recorded <= known);
        seen.max_by_key(|s| (s.happened, s.entry)).and_then(|s| s.value.clone())
    }

    /// Version and instant of the last entry by the order in which things happened.
    fn version(&self, valid: i64, known: i64) -> Option<(i64, i64)> {
        let seen =
            self.entries.iter().zip(1..).filter(|((happened, recorded), _)| *happened <= valid && *recorded <= known);
        seen.map(|((happened, _), version)| (*happened, version)).max().map(|(happened, version)| (version, happened))
    }

    fn lines(&self, valid: i64, known: i64) -> Vec<(i64, String)> {
        (1..=self.lines).filter_map(|pos| Some((pos, self.value(&format!("line {pos}"), valid, known)?))).collect()
    }

    /// Notes what differs from what was so at that instant as known now; nothing at all makes no entry.
    fn say(&mut self, happened: i64, recorded: i64, wanted: Vec<(String, Option<String>)>) {
        let entry = i64::try_from(self.entries.len()).unwrap() + 1;
        let news: Vec<_> =
            wanted.into_iter().filter(|(key, value)| self.value(key, happened, recorded) != *value).collect();
        if news.is_empty() {
            return;
        }
        self.entries.push((happened, recorded));
        self.said.extend(news.into_iter().map(|(key, value)| Said { happened, recorded, entry, key, value }));
    }
}

struct Run {
    world: World,
    random: Random,
    system: Arc<Principal>,
}

impl Run {
    /// One record with a handful of changes, about 40 % of them late.
    fn history(&mut self) -> (i64, Oracle) {
        let mut oracle = Oracle::default();
        let begun = self.world.clock.now();
        let done = self.world.run(create("ticket", &[("title", "t0".into()), ("story", "s0".into())]));
        oracle.say(begun, begun, vec![("title".into(), Some("t0".into())), ("story".into(), Some("s0".into()))]);
        for _ in 0..self.random.between(2, 14) {
            let now = self.world.clock.now() + TICK * self.random.between(0, 4);
            self.world.clock.set(now);
            let late = self.random.percent(55);
            let happened = if late { begun + TICK * self.random.between(0, (now - begun) / TICK) } else { now };
            self.change(&done.number, happened, now, &mut oracle);
        }
        (done.record, oracle)
    }

    fn change(&mut self, number: &str, happened: i64, now: i64, oracle: &mut Oracle) {
        let word = |random: &mut Random, stem: &str| format!("{stem}{}", random.below(3));
        let (mut input, mut wanted) = (Vec::new(), Vec::new());
        for (key, stem) in [("title", "t"), ("nickname", "n"), ("story", "s")] {
            if self.random.percent(40) {
                let value = (key == "title" || self.random.percent(80)).then(|| word(&mut self.random, stem));
                input.push((key, json!(value)));
                wanted.push((key.to_owned(), value));
            }
        }
        let act = match self.random.below(4) {
            0 => {
                let value = word(&mut self.random, "tag");
                oracle.lines += 1;
                wanted = vec![(format!("line {}", oracle.lines), Some(value.clone()))];
                add_line(number, "tags", &[("value", value.into())])
            }
            1 => {
                let given: Vec<String> = (0..self.random.below(3)).map(|_| word(&mut self.random, "tag")).collect();
                wanted.extend(replaced(oracle, &given, happened, now));
                input.push(("tags", given.iter().map(|value| json!({ "value": value })).collect()));
                change(number, &input)
            }
            _ => change(number, &input),
        };
        self.world.run_as(&self.system, act, Some(happened)).unwrap();
        oracle.say(happened, now, wanted);
    }
}

/// A list replaces the one that was there: what stays keeps its place, the rest is new or goes.
fn replaced(oracle: &mut Oracle, given: &[String], happened: i64, now: i64) -> Vec<(String, Option<String>)> {
    let mut left: BTreeMap<i64, String> = oracle.lines(happened, now).into_iter().collect();
    let mut wanted = Vec::new();
    for value in given {
        let same = left.iter().find(|(_, v)| *v == value).map(|(pos, _)| *pos);
        match same {
            Some(pos) => drop(left.remove(&pos)),
            None => {
                oracle.lines += 1;
                wanted.push((format!("line {}", oracle.lines), Some(value.clone())));
            }
        }
    }
    wanted.extend(left.into_keys().map(|pos| (format!("line {pos}"), None)));
    wanted
}

fn instants(random: &mut Random, oracle: &Oracle, now: i64) -> (i64, i64) {
    let (happened, recorded) = *random.pick(&oracle.entries);
    let known = *random.pick(&[recorded, recorded - 1, recorded + 1, now]);
    let valid = *random.pick(&[happened, happened - 1, happened + 1, known]);
    (valid.min(known), known.min(now))
}

#[test]
fn any_past_is_what_the_list_of_changes_folds_to() {
    for on in databases() {
        let world = World::new(on);
        let mut run = Run { world, random: Random(20_260_101), system: Arc::new(Principal::system()) };
        let histories = if on == On::Sqlite { HISTORIES } else { HISTORIES / 4 };
        let mut session = run.world.session();
        let (mut late, mut all) = (0, 0);
        for history in 0..histories {
            let (id, oracle) = run.history();
            late += oracle.entries.iter().filter(|(happened, recorded)| happened < recorded).count();
            all += oracle.entries.len();
            let now = run.world.clock.now();
            for _ in 0..POINTS {
                let (valid, known) = instants(&mut run.random, &oracle, now);
                compare(&run.world, &mut *session, id, &oracle, valid, known, history);
            }
            compare_live(&run.world, &mut *session, id, &oracle, now);
        }
        assert!((35..=45).contains(&(late * 100 / all)), "{late} of {all} late");
        let report = run.world.verify();
        assert_eq!(report.first_difference, None, "{on:?}");
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_text().map(str::to_owned)
}

fn compare(
    world: &World,
    session: &mut dyn store::Session,
    id: i64,
    oracle: &Oracle,
    valid: i64,
    known: i64,
    history: usize,
) {
    let ticket = world.ticket();
    let time = Time::At { valid, known };
    let context = format!("history {history} at {valid} known {known}: {oracle:?}");
    let found = load(session, ticket, id, time).unwrap();
    let version = found.as_ref().map(|r| (r.version(), r.get(slot::UPDATED_AT).as_int().unwrap()));
    assert_eq!(version, oracle.version(valid, known), "{context}");
    let Some(found) = found else { return };
    for key in ["title", "nickname", "story"] {
        assert_eq!(text(found.by_key(key)), oracle.value(key, valid, known), "{key}, {context}");
    }
    assert_eq!(lines(world, session, id, time), oracle.lines(valid, known), "{context}");
}

fn compare_live(world: &World, session: &mut dyn store::Session, id: i64, oracle: &Oracle, now: i64) {
    let live = load(session, world.ticket(), id, Time::Live).unwrap().unwrap();
    for key in ["title", "nickname", "story"] {
        assert_eq!(text(live.by_key(key)), oracle.value(key, now, now), "{key} live: {oracle:?}");
    }
    assert_eq!(live.version(), i64::try_from(oracle.entries.len()).unwrap());
    assert_eq!(lines(world, session, id, Time::Live), oracle.lines(now, now), "live: {oracle:?}");
}

fn lines(world: &World, session: &mut dyn store::Session, id: i64, time: Time) -> Vec<(i64, String)> {
    let tags = world.ticket().slot("tags").unwrap();
    let lines = load_lines(session, world.ticket(), tags, id, time).unwrap();
    lines.into_iter().map(|line| (line.pos, text(&line.values[0]).unwrap())).collect()
}
