//! Kept results are those of a whole scan, and those of a slow evaluator, whatever happened in whatever order.

use calendar::Period;
use conformity::checks::{Check, Population};
use conformity::{Conformity, Question};
use engine::Time;

use crate::house::{Database, House, databases, instant, library};
use crate::life::Life;
use crate::oracle;

/// A rule as an organisation might tighten it.
fn edited(text: &str) -> String {
    text.replace("pass = \"category != null &&", "pass = \"service != null || category != null &&")
        .replace("when = \"closed_at in period && end_kind == 'closed'\"", "when = \"closed_at in period\"")
}

fn live(seed: u64, acts: u32, database: Database) {
    let house = House::open(database, instant("2026-03-02T08:00:00Z"));
    let (engine, registry) = (&house.engine, crate::house::registry());
    let model = engine.model().clone();
    let files: Vec<(&str, String)> = processes::check_files().into_iter().map(|(f, t)| (f, edited(t))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
    let libraries = [library(&model, &[]), crate::house::library_of(&model, &files)];
    let mut conformity = Conformity::open(engine.clone(), libraries[0].clone());
    let mut life = Life::new(engine, &house.clock, &registry, seed);
    for act in 0..acts {
        life.act();
        match life.dice.below(90) {
            0..6 => {
                conformity.catch_up().unwrap();
            }
            6 => conformity = Conformity::open(engine.clone(), libraries[life.dice.below(2) as usize].clone()),
            7 => compare(&house, &conformity, &registry, seed, act),
            _ => {}
        }
    }
    compare(&house, &conformity, &registry, seed, acts);
    println!("seed {seed}: {} done, {} refused", life.done, life.refused);
}

fn compare(house: &House, conformity: &Conformity, registry: &conformity::settings::Registry, seed: u64, act: u32) {
    conformity.catch_up().unwrap();
    let now = engine::Clock::now(&*house.clock);
    let year = Period::year_up_to(now, &calendar::Zone::utc());
    let short = Period::new(year.to().checked_sub(jiff::Span::new().days(9)).unwrap(), year.to()).unwrap();
    for period in [year, short] {
        let cx = oracle::context(&house.engine, registry, &period);
        let kept = Question { period: Some(period), time: Time::Live };
        let scanned = Question { period: Some(period), time: Time::At { valid: now, known: now } };
        for check in conformity.library().checks.all() {
            let place = format!("seed {seed}, act {act}, {}, {period:?}", check.id);
            let (kept_result, scan) =
                (conformity.detail(&check.id, &kept).unwrap(), conformity.detail(&check.id, &scanned).unwrap());
            assert_eq!(kept_result, scan, "kept and as-at differ: {place}");
            let exceptions = all_exceptions(conformity, check, &kept);
            assert_eq!(exceptions, all_exceptions(conformity, check, &scanned), "{place}");
            let row = &kept_result.row;
            assert_eq!(exceptions.len() as u64, row.failed + row.undetermined, "{place}");
            if !matches!(check.population, Population::Values(_)) {
                let slow = oracle::verdicts(&house.engine, check, &cx);
                let counted = |verdict: i64| slow.values().filter(|v| **v == verdict).count() as u64;
                let expected = [counted(0), counted(1), counted(2)];
                assert_eq!([row.passed, row.failed, row.undetermined], expected, "slow: {place}");
            }
            let months: u64 = kept_result.months.iter().map(|month| month.population).sum();
            assert_eq!(months, row.population, "{place}");
        }
    }
}

/// By pages of three, so that the cursor is tried as well.
fn all_exceptions(conformity: &Conformity, check: &Check, question: &Question) -> Vec<(String, &'static str, String)> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = conformity.exceptions(&check.id, question, cursor.as_deref(), 30).unwrap();
        all.extend(page.items.into_iter().map(|one| (one.number, one.verdict, one.since)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

/// 10,000 acts in all; four tests, so that they run beside each other.
macro_rules! lives {
    ($($name:ident: $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            for seed in $seeds {
                live(seed, 1_000, Database::Sqlite);
            }
        })*
    };
}

lives! {
    kept_results_equal_the_whole_scan_and_the_slow_evaluator: 1..=3;
    so_they_do_in_a_second_life: 4..=6;
    so_they_do_in_a_third_life: 7..=8;
    so_they_do_in_a_fourth_life: 9..=10;
}

#[test]
fn kept_results_equal_the_whole_scan_on_postgresql() {
    if databases().contains(&Database::Postgres) {
        live(11, 400, Database::Postgres);
    }
}
