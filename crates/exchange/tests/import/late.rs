//! Rows that come late: a later export has them among, or before, those that were taken already. As known now the history
//! is the one that the whole export tells; as known before, what the first one told.

use std::sync::Arc;

use engine::verify::verify;
use engine::{Act, Channel, Command, Input, Record, StoreFacts, Time, find, load, load_all_lines, slot};
use model::condition::{Facts as _, RecordRef};
use model::{Kind, Value};
use store::{FOREVER, Param, Session, SessionExt as _};

use crate::small::{Row, import, row, story};
use crate::world::{NOW, On, World, databases, importer};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
const EIGHT: i64 = 1_456_819_200_000_000; // 2016-03-01T08:00:00Z
/// No row of a test comes later.
const LAST: i64 = 36;

/// A value as both worlds would say it: links by what they point at, since ids are given in the order of arrival.
fn said(session: &mut dyn Session, kind: &Kind, value: &Value) -> String {
    match value {
        Value::Link(id) if kind.is_link() => named(session, Some(*id)),
        other => format!("{other:?}"),
    }
}

fn named(session: &mut dyn Session, id: Option<i64>) -> String {
    let Some(id) = id else { return "nobody".to_owned() };
    session.optional_text("SELECT title FROM record WHERE id = ?", &[Param::Int(id)]).unwrap().unwrap_or_default()
}

fn id_of(world: &World, number: &str) -> Option<i64> {
    let own = world.text("SELECT number FROM incident WHERE external_number = ?", number)?;
    Some(find(&mut *world.engine.reader().unwrap(), &own).unwrap().unwrap().0)
}

/// All that is said of a case at an instant, as known at another; nothing where it did not exist.
fn told(world: &World, number: &str, time: Time) -> Option<Vec<String>> {
    let id = id_of(world, number)?;
    let mut reader = world.engine.reader().unwrap();
    let session = &mut *reader;
    let mut record = load(session, world.engine.model().shared("incident").unwrap(), id, time).unwrap()?;
    load_all_lines(session, &mut record, time).unwrap();
    let mut all = fields(world, session, &record, time);
    all.extend(steps(session, id, time));
    let mut facts = StoreFacts::new(world.engine.model(), session, time);
    let of = RecordRef { record_type: "incident", id, at: None };
    let mut acts = facts.entries(of, &["resolved".to_owned(), "closed".to_owned()]).unwrap();
    acts.sort_by_key(|act| (act.at, act.counted_at));
    all.extend(
        acts.into_iter().map(|act| {
            format!("{} at {}, counts at {}, by {}", act.kind, act.at, act.counted_at, named(session, act.by))
        }),
    );
    Some(all)
}

fn fields(world: &World, session: &mut dyn Session, record: &Record, time: Time) -> Vec<String> {
    // Which run brought it, and in how many entries, is what differs.
    let ours = [slot::NUMBER, slot::VERSION, slot::RECORDED_AT, slot::ORIGIN];
    let mut all = Vec::new();
    for (slot, field) in record.record_type.fields.iter().enumerate().filter(|(slot, _)| !ours.contains(slot)) {
        let mut value = said(session, &field.kind, record.get(slot));
        if let (Value::Link(id), Kind::Link { to, .. }) = (record.get(slot), &field.kind) {
            let there = world.engine.model().shared(&to[0]).map(|to| load(session, to, *id, time).unwrap().is_some());
            value.push_str(&format!(", there: {there:?}"));
        }
        if let Some(lines) = record.rows.get(&slot) {
            let line = |line: &engine::Line| {
                let by = named(session, line.by);
                format!("{:?} at {}, counts at {}, by {by}", line.values, line.at, line.counted_at)
            };
            let mut lines: Vec<String> = lines.iter().map(line).collect();
            lines.sort();
            value = lines.join(" ");
        }
        all.push(format!("{}: {value}", field.key));
    }
    all
}

fn steps(session: &mut dyn Session, id: i64, time: Time) -> Vec<String> {
    let (valid, known) = match time {
        Time::Live => (FOREVER, FOREVER - 1),
        Time::At { valid, known } => (valid, known),
    };
    let sql = "SELECT s.from_state, s.to_state, s.happened_at, s.claimed_at, s.deviates, s.first, e.kind, e.deviates \
               FROM step s JOIN entry e ON e.id = s.entry WHERE s.record = ? AND s.happened_at <= ? \
               AND s.recorded_at <= ? AND s.known_to > ? ORDER BY s.happened_at, s.entry";
    let mut all = Vec::new();
    session
        .query(sql, &[id, valid, known, known].map(Param::Int), &mut |row| {
            let numbers = [2, 3, 4, 5].map(|column| row.int(column).unwrap());
            let texts = [0, 1, 6, 7].map(|column| row.text(column).unwrap().map(str::to_owned));
            all.push(format!("step {texts:?} {numbers:?}"));
            Ok(())
        })
        .unwrap();
    all
}

fn is_sound(world: &World) {
    let report = verify(&mut *world.engine.reader().unwrap(), world.engine.model(), None).unwrap();
    assert_eq!(report.first_difference, None);
}

/// The values of one field of INC1 at some hours of 1 March 2016, as known at an instant.
fn over_the_day(world: &World, field: &str, hours: &[(i64, i64)], known: i64) -> Vec<String> {
    let value = |(hour, minute): &(i64, i64)| {
        let valid = EIGHT + ((hour - 8) * 60 + minute) * MINUTE;
        let all = told(world, "INC1", Time::At { valid, known }).unwrap_or_default();
        let field = all.iter().find_map(|said| said.strip_prefix(&format!("{field}: ")));
        field.map_or("–", |said| said.split(", there").next().unwrap()).to_owned()
    };
    hours.iter().map(value).collect()
}

#[test]
fn a_late_row_shows_from_its_own_instant_until_the_next_row_says_otherwise() {
    let world = World::new();
    let mut whole = story();
    whole[1].category = "Printing";
    let mut short = whole.clone();
    short.remove(1);
    import(&world, &short);
    world.clock.set(NOW + DAY);
    let report = import(&world, &whole);
    assert_eq!((report.changed, report.unchanged, report.refused_rows), (1, 6, 0), "{:?}", report.refused);
    assert_eq!(report.told_again, 4, "it fills the hole that all rows of the case were marked for");
    let hours = [(8, 29), (8, 30), (9, 0)];
    let category = |known| over_the_day(&world, "category", &hours, known);
    assert_eq!(category(NOW + DAY), ["Network", "Printing", "Network"], "the row of nine says so, which was no change");
    assert_eq!(category(NOW), ["Network", "Network", "Network"], "as we knew it before");
    let steps = |known| over_the_day(&world, "state", &[(8, 45), (9, 30)], known);
    assert_eq!(steps(NOW + DAY), ["Text(\"in_progress\")", "Text(\"in_progress\")"]);
    assert_eq!(steps(NOW), ["Text(\"new\")", "Text(\"in_progress\")"]);
    let again = import(&world, &whole);
    assert_eq!((again.changed, again.unchanged, again.told_again), (0, 7, 0), "a third run finds everything there");
    is_sound(&world);
}

#[test]
fn a_row_from_before_the_first_one_begins_the_record_earlier() {
    let world = World::new();
    let whole = story();
    import(&world, &whole[1..]);
    let number = |world: &World| world.text("SELECT number FROM incident WHERE external_number = ?", "INC1");
    let own = number(&world);
    world.clock.set(NOW + DAY);
    let report = import(&world, &whole);
    assert_eq!((report.created, report.changed, report.unchanged, report.told_again), (0, 1, 6, 4));
    assert_eq!(number(&world), own, "a record keeps its number");
    let states = |known| over_the_day(&world, "state", &[(7, 59), (8, 0), (8, 30)], known);
    assert_eq!(states(NOW + DAY), ["–", "Text(\"new\")", "Text(\"in_progress\")"]);
    assert_eq!(states(NOW), ["–", "–", "Text(\"in_progress\")"]);
    assert_eq!(over_the_day(&world, "team", &[(8, 0)], NOW + DAY), ["Group 1"]);
    let raised = "SELECT raised_at FROM incident WHERE external_number = 'INC1'";
    assert_eq!(world.int(raised), EIGHT);
    let team = "SELECT count(*) FROM team_v WHERE name = 'Group 1' AND valid_from = 1456819200000000";
    assert_eq!(world.int(team), 1, "what rows name was there as early");
    is_sound(&world);
}

#[test]
fn what_was_done_here_stays_where_it_happened() {
    let world = World::new();
    let mut whole = story();
    whole.truncate(3);
    import(&world, &[whole[0].clone(), whole[2].clone()]);
    world.clock.set(NOW + DAY);
    let number = world.text("SELECT number FROM incident WHERE external_number = ?", "INC1").unwrap();
    let act = |act| world.engine.run(&Command::new(importer(), Channel::Page, act)).unwrap();
    act(Act::Comment { number: number.clone(), text: "Seen to".to_owned(), public: false });
    let input: Input = [("solution".to_owned(), "A new cable".into())].into_iter().collect();
    act(Act::Move { number, transition: "resolve".to_owned(), input });
    world.clock.set(NOW + 2 * DAY);
    let report = import(&world, &whole);
    assert_eq!((report.changed, report.told_again, report.refused_rows), (1, 2, 0), "{:?}", report.refused);
    let live = told(&world, "INC1", Time::Live).unwrap();
    for said in ["state: Text(\"resolved\")", "solution: Text(\"A new cable\")"] {
        assert!(live.iter().any(|all| all == said), "{said} in {live:#?}");
    }
    assert_eq!(live.iter().filter(|said| said.starts_with("step [")).count(), 3, "{live:#?}");
    assert!(live.iter().any(|said| said.starts_with("comment at ")), "{live:#?}");
    is_sound(&world);
}

#[test]
fn a_late_row_needs_the_rows_among_which_it_belongs() {
    let world = World::new();
    let whole = story();
    import(&world, &whole[1..]);
    let between = row("INC1", "Active", 9, "1/3/2016 09:30");
    let report = import(&world, &[whole[1].clone(), whole[2].clone(), between]);
    let refused = &report.refused[0];
    assert_eq!((report.refused_cases, refused.code.as_str()), (1, "late"));
    assert!(refused.message.contains("this file lacks 2 rows"), "{}", refused.message);
}

/// Small numbers from a seed: the same case again when a test fails.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Rows in the file's order, now and then with a time that goes back, several in one minute, with holes or without.
fn case(dice: &mut Dice, number: &str) -> Vec<Row> {
    let (mut minute, mut counter) = (dice.below(4), 0);
    let rows = 2 + dice.below(8);
    (0..rows)
        .map(|place| {
            minute += dice.below(4);
            counter += u32::from(place > 0) + u32::from(dice.below(9) == 0);
            let shown = if dice.below(5) == 0 { minute.saturating_sub(dice.below(8)) } else { minute };
            let states = ["New", "Active", "Awaiting Vendor", "Resolved", "Resolved", "Closed", "-100"];
            let state = if place == 0 { "New" } else { dice.one(&states) };
            let mut row = row(number, state, counter, &format!("1/3/2016 {:02}:{:02}", 8 + shown / 60, shown % 60));
            row.by = dice.one(&["Ana", "Ben", "?"]);
            row.category = dice.one(&["Network", "Printing", "?"]);
            row.impact = dice.one(&["1 - High", "2 - Medium"]);
            row.team = dice.one(&["Group 1", "Group 2"]);
            row.problem = dice.one(&["?", "P1", "P2"]);
            row.code = dice.one(&["code 5", "code 6", "?"]);
            row
        })
        .collect()
}

/// Every minute and now, as known at an instant.
fn instants(known: i64) -> impl Iterator<Item = Time> {
    (-1..LAST).map(move |minute| Time::At { valid: EIGHT + minute * MINUTE, known })
}

#[test]
fn in_however_many_exports_a_case_comes_its_history_is_that_of_the_whole() {
    for on in databases() {
        let (seeds, mut again, mut compared) = (if on == On::Sqlite { 1..=8 } else { 1..=2 }, 0, 0);
        for seed in seeds {
            let mut dice = Dice(seed);
            let numbers: Vec<Arc<str>> = (1..=8).map(|n| format!("INC{n}").into()).collect();
            let whole: Vec<Vec<Row>> = numbers.iter().map(|number| case(&mut dice, number)).collect();
            let piecemeal = World::on(on);
            let mut taken: Vec<Vec<bool>> = whole.iter().map(|rows| vec![false; rows.len()]).collect();
            let mut before: Vec<(i64, Vec<Option<Vec<String>>>)> = Vec::new();
            for run in 0..3 {
                let known = NOW + run * DAY;
                let mut rows = Vec::new();
                for (case, taken) in whole.iter().zip(&mut taken) {
                    for (row, taken) in case.iter().zip(taken.iter_mut()) {
                        *taken |= run == 2 || dice.below(2) == 0;
                        rows.extend(taken.then(|| row.clone()));
                    }
                }
                piecemeal.clock.set(known);
                let report = import(&piecemeal, &rows);
                again += report.told_again;
                let reference = World::new();
                reference.clock.set(known);
                let at_once = import(&reference, &rows);
                assert_eq!(report.refused_rows, at_once.refused_rows, "seed {seed}, run {run}: {:?}", report.refused);
                let now: Vec<_> = numbers
                    .iter()
                    .flat_map(|number| instants(known).chain([Time::Live]).map(move |time| (number, time)))
                    .map(|(number, time)| {
                        let found = told(&piecemeal, number, time);
                        let expected = told(&reference, number, time);
                        // A file whose first row of a case says nothing of its state is refused, and changes nothing.
                        let refused = expected.is_none() && id_of(&reference, number).is_none();
                        assert!(
                            found == expected || refused,
                            "{on:?}, seed {seed}, run {run}, {number} {time:?}: {found:#?}, at once {expected:#?}"
                        );
                        compared += usize::from(found.is_some());
                        found.filter(|_| time != Time::Live)
                    })
                    .collect();
                let now = now.chunks(usize::try_from(LAST + 2).unwrap()).flat_map(|all| all[..all.len() - 1].to_vec());
                before.push((known, now.collect()));
                for (known, told_then) in &before {
                    let points = numbers.iter().flat_map(|number| instants(*known).map(move |time| (number, time)));
                    for ((number, time), told_then) in points.zip(told_then) {
                        let found = told(&piecemeal, number, time);
                        assert_eq!(&found, told_then, "{on:?}, seed {seed}, {number} {time:?} after run {run}");
                    }
                }
                is_sound(&piecemeal);
            }
        }
        assert!(again > 30 && compared > 1_000, "{again} rows told again, {compared} comparisons");
    }
}
