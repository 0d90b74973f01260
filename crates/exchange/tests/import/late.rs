//! Rows that come late: a later export has them among those that were taken already. As known now the history is the one
//! that the whole export tells; as known before, what the first one told.

use engine::{Record, Time, find, load, load_all_lines, slot, verify::verify};
use model::{Kind, Value};
use store::{Param, SessionExt as _};

use crate::small::{Row, import, row, story};
use crate::world::{NOW, World};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A value as both worlds would say it: links by what they point at, since ids are given in the order of arrival.
fn said(world: &World, kind: &Kind, value: &Value) -> String {
    match value {
        Value::Link(id) if kind.is_link() || matches!(kind, Kind::ListValue { .. }) => {
            let sql = "SELECT title FROM record WHERE id = ?";
            world.engine.reader().unwrap().optional_text(sql, &[Param::Int(*id)]).unwrap().unwrap_or_default()
        }
        other => format!("{other:?}"),
    }
}

/// All that a case's record says at an instant, as known at another; nothing where it did not exist.
fn stands(world: &World, number: &str, valid: i64, known: i64) -> Option<Vec<String>> {
    let record_type = world.engine.model().shared("incident").unwrap();
    let own = world.text("SELECT number FROM incident WHERE external_number = ?", number)?;
    let mut reader = world.engine.reader().unwrap();
    let (id, _) = find(&mut *reader, &own).unwrap().unwrap();
    let mut record = load(&mut *reader, record_type, id, Time::At { valid, known }).unwrap()?;
    load_all_lines(&mut *reader, &mut record, Time::At { valid, known }).unwrap();
    Some(shown(world, &record))
}

fn shown(world: &World, record: &Record) -> Vec<String> {
    // Which run brought it, and in how many entries, is what differs.
    let ours = [slot::NUMBER, slot::VERSION, slot::UPDATED_AT, slot::RECORDED_AT, slot::ORIGIN];
    let mut all = Vec::new();
    for (slot, field) in record.record_type.fields.iter().enumerate().filter(|(slot, _)| !ours.contains(slot)) {
        let mut value = said(world, &field.kind, record.get(slot));
        if let Some(lines) = record.rows.get(&slot) {
            let mut lines: Vec<String> = lines.iter().map(|line| format!("{:?}", line.values)).collect();
            lines.sort();
            value = lines.join(" ");
        }
        all.push(format!("{}: {value}", field.key));
    }
    all
}

fn is_sound(world: &World) {
    let report = verify(&mut *world.engine.reader().unwrap(), world.engine.model(), None).unwrap();
    assert_eq!(report.first_difference, None);
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
    let at = |hour: i64, minute: i64| 1_456_790_400_000_000 + (hour * 60 + minute) * MINUTE; // 2016-03-01
    let category = |at: i64, known: i64| {
        let all = stands(&world, "INC1", at, known)?;
        all.iter().find_map(|field| field.strip_prefix("category: ")).map(str::to_owned)
    };
    let known = |at| category(at, NOW + DAY);
    assert_eq!(known(at(8, 29)).as_deref(), Some("Network"));
    assert_eq!(known(at(8, 30)).as_deref(), Some("Printing"));
    assert_eq!(known(at(9, 0)).as_deref(), Some("Network"), "the row of nine says so, though it was no change then");
    assert_eq!(category(at(8, 30), NOW).as_deref(), Some("Network"), "as we knew it before");
    let kinds =
        "SELECT kind FROM entry e JOIN incident i ON i.id = e.record WHERE external_number = 'INC1' ORDER BY e.version";
    let kinds: Vec<String> = world.rows(kinds, 1).concat();
    let acts: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| *kind != "restate").collect();
    assert_eq!(acts, ["create", "step", "step", "step", "step"], "restatements are nobody's acts");
    assert!(kinds.len() > acts.len());
    let again = import(&world, &whole);
    assert_eq!((again.changed, again.unchanged), (0, 7), "a third run finds everything there");
    is_sound(&world);
}

#[test]
fn what_cannot_be_told_is_refused_by_name() {
    let world = World::new();
    let whole = story();
    import(&world, &whole[1..]);
    let refused = |rows: &[Row]| {
        let report = import(&world, rows);
        assert_eq!(report.refused_cases, 1, "{report:?}");
        (report.refused[0].code.clone(), report.refused[0].message.clone())
    };
    let (code, why) = refused(&whole);
    assert_eq!((code.as_str(), why.as_str()), ("late", "it comes before the row that the record began with"));
    let between = row("INC1", "Active", 9, "1/3/2016 09:30");
    let (code, why) = refused(&[whole[1].clone(), whole[2].clone(), between]);
    assert!(code == "late" && why.contains("this file lacks 2 rows"), "{why}");
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
    let mut minute = 0;
    let rows = 3 + dice.below(7) as u32;
    (0..rows)
        .map(|counter| {
            minute += dice.below(4);
            let shown = if counter > 0 && dice.below(6) == 0 { minute.saturating_sub(dice.below(6)) } else { minute };
            let state =
                if counter == 0 { "New" } else { dice.one(&["Active", "Active", "Resolved", "Closed", "-100"]) };
            let mut row = row(number, state, counter, &format!("1/3/2016 {:02}:{:02}", 8 + shown / 60, shown % 60));
            row.by = dice.one(&["Ana", "Ben"]);
            row.category = dice.one(&["Network", "Printing", "?"]);
            row.impact = dice.one(&["1 - High", "2 - Medium"]);
            row.team = dice.one(&["Group 1", "Group 2"]);
            row.problem = dice.one(&["?", "P1", "P2"]);
            row
        })
        .collect()
}

#[test]
fn in_however_many_exports_a_case_comes_its_history_is_that_of_the_whole() {
    for seed in 1..=12 {
        let mut dice = Dice(seed);
        let numbers: Vec<String> = (1..=10).map(|n| format!("INC{n}")).collect();
        let whole: Vec<Vec<Row>> = numbers.iter().map(|number| case(&mut dice, number)).collect();
        let begins = |rows: &[Row]| rows.iter().map(|row| row.at.clone()).min();
        let at_once = World::new();
        import(&at_once, &whole.concat());
        let piecemeal = World::new();
        let mut taken: Vec<Vec<bool>> = whole.iter().map(|rows| vec![false; rows.len()]).collect();
        let mut told: Vec<Vec<Option<Vec<String>>>> = Vec::new();
        for run in 0..3 {
            let mut rows = Vec::new();
            for (case, taken) in whole.iter().zip(&mut taken) {
                // The record begins with its first row, and with the earliest instant of all.
                let first = begins(case);
                for (place, (row, taken)) in case.iter().zip(taken.iter_mut()).enumerate() {
                    *taken |= place == 0 || Some(&row.at) == first.as_ref() || run == 2 || dice.below(2) == 0;
                    rows.extend(taken.then(|| row.clone()));
                }
            }
            piecemeal.clock.set(NOW + run * DAY);
            let report = import(&piecemeal, &rows);
            assert_eq!(report.refused_rows, 0, "seed {seed}, run {run}: {:?}", report.refused);
            let reference = World::new();
            import(&reference, &rows);
            let minutes = |n: i64| 1_456_819_200_000_000 + n * MINUTE; // 08:00
            let mut now = Vec::new();
            for (number, minute) in numbers.iter().flat_map(|number| (-1..40).map(move |minute| (number, minute))) {
                // A hole that later rows leave is a hole from then on; in the end both say whether there is one.
                let compared = |world: &World| {
                    let mut all = stands(world, number, minutes(minute), NOW + run * DAY);
                    all.iter_mut().for_each(|all| all.retain(|said| minute == 39 || !said.starts_with("gaps")));
                    all
                };
                let (expected, found) = (compared(&reference), compared(&piecemeal));
                assert_eq!(found, expected, "seed {seed}, run {run}, {number}, minute {minute}: {rows:#?}");
                now.push(stands(&piecemeal, number, minutes(minute), NOW + run * DAY));
            }
            told.push(now);
            for (earlier, told) in told.iter().enumerate() {
                let pairs = numbers.iter().flat_map(|number| (-1..40).map(move |minute| (number, minute)));
                for ((number, minute), told) in pairs.zip(told) {
                    let known = NOW + i64::try_from(earlier).unwrap() * DAY;
                    assert_eq!(
                        &stands(&piecemeal, number, minutes(minute), known),
                        told,
                        "seed {seed}: known at {earlier}"
                    );
                }
            }
        }
        is_sound(&piecemeal);
    }
}
