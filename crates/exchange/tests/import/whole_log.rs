//! The public ServiceNow event log in the tables, against figures counted independently of this code. By default its
//! first 500 incidents; all of it in a release build, or where VOUCH_WHOLE_LOG is set.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use exchange::{Case, ImportOptions, Log, Report, SourceCase, state_at};

use super::world::{World, importer, public, read};

const LIVE: &str = "known_to = 9223372036854775807";

fn is_whole() -> bool {
    !cfg!(debug_assertions) || std::env::var_os("VOUCH_WHOLE_LOG").is_some()
}

fn file() -> Option<PathBuf> {
    public(if is_whole() { "incident_event_log.zip" } else { "sample_first_500_incidents.csv.gz" })
}

fn import(world: &World, log: &Log) -> Report {
    world.import(log, &ImportOptions::default()).unwrap()
}

fn taken(log: &Log) -> impl Iterator<Item = SourceCase> + '_ {
    log.cases().filter_map(|case| match case {
        Case::Taken(case) => Some(case),
        Case::Refused { .. } => None,
    })
}

#[test]
fn the_tables_hold_what_the_rows_say() {
    let Some(path) = file() else { return };
    let log = read(&path);
    let world = World::new();
    let report = import(&world, &log);
    assert_eq!((report.refused.len(), report.created), (0, log.case_count()));
    assert_eq!(report.created + report.changed + report.touches, log.rows());
    let of = "record IN (SELECT id FROM incident)";
    assert_eq!(world.int(&format!("SELECT count(*) FROM entry WHERE {of}")), log.rows() as i64);
    assert_eq!(world.int("SELECT count(*) FROM person") as u64, report.people);
    let (mut beginnings, mut moves) = (BTreeMap::<String, i64>::new(), 0);
    for case in taken(&log) {
        let states: Vec<&str> = case.rows.iter().filter_map(|row| row.state.as_deref()).collect();
        *beginnings.entry(states[0].to_owned()).or_default() += 1;
        moves += states.windows(2).filter(|pair| pair[0] != pair[1]).count() as i64;
    }
    let sql = format!("SELECT to_state, count(*) FROM step WHERE from_state IS NULL AND {of} GROUP BY 1 ORDER BY 1");
    let found: BTreeMap<String, i64> =
        world.rows(&sql, 2).into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
    assert_eq!(found, beginnings);
    assert_eq!(world.int(&format!("SELECT count(*) FROM step WHERE from_state IS NOT NULL AND {of}")), moves);
    assert_eq!(world.int("SELECT count(*) FROM step WHERE deviates = 1") as u64, report.deviations);
    assert_eq!(world.int("SELECT count(*) FROM incident WHERE gaps = 1") as u64, report.incomplete_cases);
    assert_eq!(
        world.int("SELECT count(*) FROM entry WHERE deviates LIKE '%unknown state'"),
        if is_whole() { 5 } else { 0 }
    );
    no_row_knows_the_future(&world);
    own_numbers_follow_the_first_rows(&world);
    if is_whole() {
        known_results(&world, &report);
    }
    let leaves = world.int("SELECT leaves FROM head");
    let again = import(&world, &log);
    assert_eq!((again.unchanged, again.created + again.changed + again.touches), (log.rows(), 0));
    assert_eq!(world.int("SELECT leaves FROM head"), leaves);
}

fn known_results(world: &World, report: &Report) {
    assert_eq!((report.rows, report.cases, report.deviations, report.people), (141_712, 24_918, 27, 6932));
    let incidents = |what: &str| world.int(&format!("SELECT count(*) FROM incident WHERE {what}"));
    assert_eq!(incidents("configuration_item IS NULL"), 24_864);
    assert_eq!((incidents("source_reopen_count > 0"), incidents("reopen_count > 0")), (275, 275));
    assert_eq!(incidents("source_made_sla = 0"), 9115);
    assert_eq!(incidents("source_reassignment_count > 0"), 11_369);
    assert_eq!(incidents("gaps = 1"), 9259);
    assert_eq!(incidents("first_resolved_at IS NULL"), 13);
    assert_eq!(incidents("category IS NULL"), 7);
    let priorities = world.rows("SELECT priority, count(*) FROM incident GROUP BY 1 ORDER BY 1", 2);
    assert_eq!(priorities, [["1", "270"], ["2", "408"], ["3", "23466"], ["4", "774"]]);
    let deviating =
        "SELECT from_state, to_state, count(*) FROM step WHERE deviates = 1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
    assert_eq!(world.rows(deviating, 3)[0], ["closed", "in_progress", "12"]);
    assert_eq!(world.int("SELECT count(*) FROM step WHERE from_state IS NOT NULL"), 63_874);
}

fn no_row_knows_the_future(world: &World) {
    let later = "resolved_at > valid_from OR closed_at > valid_from OR last_resolved_at > valid_from";
    assert_eq!(world.int(&format!("SELECT count(*) FROM incident_v WHERE {later}")), 0);
    let solver = "resolved_by IS NOT NULL AND first_resolved_at IS NULL AND state NOT IN ('resolved', 'closed')";
    assert_eq!(world.int(&format!("SELECT count(*) FROM incident_v WHERE {solver}")), 0);
    // One state at any time, without holes.
    let gaps = format!(
        "SELECT count(*) FROM (SELECT valid_from, lag(valid_to) OVER (PARTITION BY id ORDER BY valid_from) AS before \
         FROM incident_v WHERE {LIVE}) WHERE before IS NOT NULL AND before <> valid_from"
    );
    assert_eq!(world.int(&gaps), 0);
    // Nobody knew of it before it was imported.
    assert_eq!(world.int("SELECT count(DISTINCT known_from) FROM incident_v"), 1);
}

fn own_numbers_follow_the_first_rows(world: &World) {
    let by = |order: &str| world.rows(&format!("SELECT external_number FROM incident ORDER BY {order}"), 1);
    assert_eq!(by("id"), by("raised_at, external_number"));
    assert_eq!(by("id"), by("number"));
}

#[test]
fn the_state_at_any_time_is_that_of_the_last_row_in_order() {
    let Some(path) = public("sample_first_500_incidents.csv.gz") else { return };
    let log = read(&path);
    let world = World::new();
    import(&world, &log);
    let versions = format!(
        "SELECT i.external_number, v.valid_from, v.valid_to, v.state FROM incident_v v JOIN incident i ON i.id = v.id WHERE v.{LIVE}"
    );
    let mut at: BTreeMap<String, Vec<(i64, i64, String)>> = BTreeMap::new();
    for row in world.rows(&versions, 4) {
        at.entry(row[0].clone()).or_default().push((row[1].parse().unwrap(), row[2].parse().unwrap(), row[3].clone()));
    }
    for case in taken(&log) {
        let effective: Vec<i64> = case.rows.iter().map(|row| row.effective).collect();
        for row in &case.rows {
            for instant in [row.happened - 1, row.happened, row.happened + 1] {
                let expected = state_at(&effective, instant).and_then(|at| case.rows[at].state.as_deref());
                let held = at[&*case.external_number].iter().find(|(from, to, _)| *from <= instant && instant < *to);
                assert_eq!(held.map(|held| held.2.as_str()), expected, "{} at {instant}", case.external_number);
            }
        }
    }
}

/// Columns of `everything`.
const SOLVER: usize = 6;
const GAPS: usize = 19;

/// What an incident is and was, without ids that depend on the order in which people were first named.
fn everything(world: &World) -> Vec<Vec<String>> {
    let plain = "v.state, v.impact, v.urgency, v.priority, v.waiting_for, v.resolved_at, v.first_resolved_at, v.closed_at, \
                 v.end_kind, v.reopen_count, v.longest_gap, v.source_reassignment_count, v.gaps, v.updated_at";
    let versions = format!(
        "SELECT i.number, i.external_number, v.valid_from, v.valid_to, t.name, p.name, s.name, {plain} FROM incident_v v \
         JOIN incident i ON i.id = v.id LEFT JOIN team t ON t.id = v.team LEFT JOIN person p ON p.id = v.assignee \
         LEFT JOIN person s ON s.id = v.resolved_by WHERE v.{LIVE} ORDER BY i.number, v.valid_from"
    );
    world.rows(&versions, 21)
}

#[test]
fn half_of_each_case_and_then_all_of_it_is_the_same_as_all_at_once() {
    let Some(path) = public("sample_first_500_incidents.csv.gz") else { return };
    let (once, twice) = (World::new(), World::new());
    let log = read(&path);
    import(&once, &log);
    let short = half(&path, &twice.folder.join("half.csv"));
    let first = import(&twice, &read(&short));
    assert!(first.rows < log.rows() && first.refused.is_empty());
    let second = import(&twice, &log);
    assert_eq!((second.created, second.unchanged, second.refused.len()), (0, first.rows, 0));
    // Half a history can have fewer gaps, and its last resolution need not be the last of all: the solver, whom every
    // row names, then shows from there on. What was recorded of the half stays as it was.
    let strip = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        let kept = |at: &usize| ![SOLVER, GAPS].contains(at);
        rows.iter().map(|row| (0..row.len()).filter(kept).map(|at| row[at].clone()).collect()).collect()
    };
    let (left, right) = (strip(everything(&once)), strip(everything(&twice)));
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
}

/// The first half of each case's rows, at least one.
fn half(whole: &std::path::Path, to: &std::path::Path) -> PathBuf {
    let bytes = std::fs::File::open(whole).unwrap();
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(bytes));
    let mut writer = csv::Writer::from_path(to).unwrap();
    writer.write_record(reader.headers().unwrap()).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *sizes.entry(row[0].to_owned()).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        let count = seen.entry(row[0].to_owned()).or_default();
        *count += 1;
        if *count <= sizes[&row[0]].div_ceil(2) {
            writer.write_record(row).unwrap();
        }
    }
    writer.flush().unwrap();
    to.to_owned()
}

#[test]
fn an_import_that_was_killed_half_way_goes_on_where_it_was() {
    let Some(path) = public("sample_first_500_incidents.csv.gz") else { return };
    let log = read(&path);
    for resume in [false, true] {
        let world = World::new();
        let killed = catch_unwind(AssertUnwindSafe(|| {
            let mut batches = 0;
            let mut kill = |_| {
                batches += 1;
                assert!(batches < 4, "the power goes");
            };
            exchange::import(&world.engine, importer(), &log, &ImportOptions::default(), &mut kill)
        }));
        assert!(killed.is_err());
        let world = world.reopened();
        let there = world.int("SELECT count(*) FROM imported_row") as u64;
        assert!(there > 0 && there < log.rows(), "{there}");
        let options = ImportOptions { resume, ..ImportOptions::default() };
        let report = world.import(&log, &options).unwrap();
        assert_eq!((report.unchanged, report.refused.len()), (there, 0));
        assert_eq!(world.int("SELECT count(*) FROM origin"), if resume { 1 } else { 2 });
        let whole = World::new();
        import(&whole, &log);
        assert_eq!(everything(&world), everything(&whole));
        assert_eq!(world.int("SELECT count(*) FROM person"), whole.int("SELECT count(*) FROM person"));
    }
}
