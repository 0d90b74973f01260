//! The public ServiceNow event log (UCI data set 498) against figures counted independently of this code.
//!
//! The log lies beside the tree, in `../shared/data`, or where `VOUCH_SHARED_DATA` says. Without it nothing is tested,
//! and the test says so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use exchange::{Case, Log, Mapping, Options, ProblemKind, Report, SourceCase, SourceValue, state_at};

/// The incident life-cycle's moves: from and to.
const ALLOWED: [(&str, &str); 12] = [
    ("new", "assigned"),
    ("new", "in_progress"),
    ("assigned", "in_progress"),
    ("new", "waiting"),
    ("assigned", "waiting"),
    ("in_progress", "waiting"),
    ("waiting", "in_progress"),
    ("new", "resolved"),
    ("in_progress", "resolved"),
    ("waiting", "resolved"),
    ("resolved", "in_progress"),
    ("resolved", "closed"),
];

fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("VOUCH_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join("logs/uci-servicenow-incidents");
    if !folder.is_dir() {
        eprintln!("not run: {} is not there; set VOUCH_SHARED_DATA", folder.display());
        return None;
    }
    Some(folder)
}

fn read(file: &str) -> Option<(PathBuf, Log)> {
    let folder = folder()?;
    let options = Options { zone: Some("UTC".to_owned()), ..Options::default() };
    let mapping = Mapping::built_in("servicenow-log").unwrap();
    let log = Log::read(&[folder.join(file)], mapping, &options, &mut |_| {}).unwrap();
    Some((folder, log))
}

fn taken(log: &Log) -> Vec<SourceCase> {
    let cases = log.cases().map(|case| match case {
        Case::Taken(case) => case,
        Case::Refused { external_number, why, .. } => panic!("{external_number} is refused: {why:?}"),
    });
    cases.collect()
}

fn field<'a>(case: &'a SourceCase, row: usize, key: &str) -> &'a SourceValue {
    &case.rows[row].fields.iter().find(|(known, _)| **known == *key).unwrap().1
}

#[derive(Default)]
struct Totals {
    beginnings: BTreeMap<Arc<str>, u64>,
    moves: BTreeMap<(Arc<str>, Arc<str>), u64>,
    reopened: u64,
    reassigned: u64,
    missed: u64,
    priorities: BTreeMap<i64, u64>,
    same_minute: u64,
}

impl Totals {
    fn of(cases: &[SourceCase]) -> Self {
        let mut totals = Self::default();
        for case in cases {
            totals.add(case);
        }
        totals
    }

    fn add(&mut self, case: &SourceCase) {
        let last = case.rows.len() - 1;
        let state = |row: usize| case.rows[row].state.clone().unwrap();
        *self.beginnings.entry(state(0)).or_default() += 1;
        let mut reopened = false;
        for row in 1..=last {
            let (from, to) = (state(row - 1), state(row));
            self.same_minute += u64::from(case.rows[row].happened == case.rows[row - 1].happened);
            let done = |state: &str| state == "resolved" || state == "closed";
            reopened |= done(&from) && !done(&to);
            if from != to {
                *self.moves.entry((from, to)).or_default() += 1;
            }
        }
        self.reopened += u64::from(reopened);
        self.reassigned += u64::from(*field(case, last, "source_reassignment_count") != SourceValue::Int(0));
        self.missed += u64::from(*field(case, last, "source_made_sla") == SourceValue::Bool(false));
        if let SourceValue::Int(priority) = field(case, last, "priority") {
            *self.priorities.entry(*priority).or_default() += 1;
        }
    }

    fn deviating(&self) -> u64 {
        let allowed = |from: &str, to: &str| ALLOWED.contains(&(from, to));
        self.moves.iter().filter(|((from, to), _)| !allowed(from, to)).map(|(_, count)| count).sum()
    }
}

#[test]
fn the_whole_log_agrees_with_the_facts_counted_elsewhere() {
    let Some((folder, log)) = read("incident_event_log.zip") else { return };
    let facts: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("facts.json")).unwrap()).unwrap();
    let report = log.survey();
    assert_eq!(report.rows, facts["events"].as_u64().unwrap());
    assert_eq!(report.cases, facts["cases"].as_u64().unwrap());
    assert_eq!((report.created, report.refused_rows), (24_918, 0));
    assert_eq!(report.first.as_deref(), Some("2016-02-29T01:23:00Z"));
    assert_eq!(report.last.as_deref(), Some("2017-02-18T15:00:00Z"));
    let zip = "6294e29a311647306bfdfc85783f7df66517c197b9cd49aa5ee36ba9c525d1d6";
    assert_eq!((report.files[0].sha256.as_str(), report.files[0].rows), (zip, 141_712));
    assert_eq!(report.people, 6932);
    assert_eq!(report.flagged.iter().map(|flag| flag.rows).collect::<Vec<_>>(), [5]);
    finals(&report);
    priority_is_a_function(&report, &facts["priority_is_a_function_of_impact_and_urgency"]);
    totals_agree(&report.totals, &facts);

    let cases = taken(&log);
    let totals = Totals::of(&cases);
    let beginnings: Vec<(&str, u64)> = totals.beginnings.iter().map(|(state, n)| (&**state, *n)).collect();
    assert_eq!(beginnings, [("in_progress", 6503), ("new", 16_397), ("resolved", 1819), ("waiting", 199)]);
    assert_eq!(totals.moves.values().sum::<u64>(), 63_874);
    assert_eq!(totals.deviating(), 27);
    assert_eq!(totals.same_minute, 14_118);
    assert_eq!(totals.reopened, facts["reopened_incidents"].as_u64().unwrap());
    assert_eq!(totals.reassigned, facts["reassigned_incidents"].as_u64().unwrap());
    assert_eq!(totals.missed, facts["made_sla_false_incidents_by_last_event"].as_u64().unwrap());
    for (label, count) in facts["priority_by_last_event"].as_object().unwrap() {
        let key: i64 = label[..1].parse().unwrap();
        assert_eq!(totals.priorities[&key], count.as_u64().unwrap(), "{label}");
    }
    incomplete(&cases);
    no_row_shows_a_later_resolution(&cases);
}

fn finals(report: &Report) {
    let of = |field: &str| report.finals.iter().find(|last| last.field == field).unwrap();
    let resolved = of("resolved_at");
    assert_eq!((resolved.differing, resolved.missing, resolved.unexplained), (295, 1543, 1));
    assert_eq!(resolved.listed.len(), 296);
    assert_eq!(resolved.listed.iter().filter(|one| one.source == one.event.clone().unwrap()).count(), 1);
    let closed = of("closed_at");
    assert_eq!((closed.differing, closed.missing, closed.unexplained), (45, 0, 0));
    assert_eq!((of("resolved_by").unexplained, of("closure_code").unexplained), (0, 0));
}

fn priority_is_a_function(report: &Report, facts: &serde_json::Value) {
    let function = &report.functions[0];
    assert!(function.holds);
    assert_eq!(function.table.len(), facts.as_object().unwrap().len());
    for (pair, priority) in facts.as_object().unwrap() {
        let digits: Vec<serde_json::Value> =
            pair.split(" x ").map(|part| part[..1].parse::<i64>().unwrap().into()).collect();
        let row = function.table.iter().find(|row| row.of == digits).unwrap();
        let expected: i64 = priority.as_str().unwrap()[..1].parse().unwrap();
        assert_eq!(row.values[0].value, expected, "{pair}");
    }
}

fn incomplete(cases: &[SourceCase]) {
    let back = |case: &SourceCase| {
        case.problems.iter().any(|p| matches!(p.kind, ProblemKind::CounterBack | ProblemKind::TimeBack))
    };
    assert_eq!(cases.iter().filter(|case| case.gaps).count(), 9254 + 5);
    let going_back: Vec<&str> = cases.iter().filter(|case| back(case)).map(|case| &*case.external_number).collect();
    assert_eq!(going_back, ["INC0000130", "INC0000134", "INC0000164", "INC0000135", "INC0000137"]);
}

fn no_row_shows_a_later_resolution(cases: &[SourceCase]) {
    for case in cases {
        let effective: Vec<i64> = case.rows.iter().map(|row| row.effective).collect();
        assert!(effective.is_sorted(), "{}", case.external_number);
        for row in &case.rows {
            let naive = case.rows.iter().rposition(|other| other.happened <= row.happened);
            assert_eq!(state_at(&effective, row.happened), naive, "{}", case.external_number);
            let solver = row.fields.iter().find(|(key, _)| &**key == "resolved_by").unwrap();
            let ended = matches!(row.state.as_deref(), Some("resolved" | "closed"));
            assert!(ended || solver.1 == SourceValue::Null, "{} row {}", case.external_number, row.row);
        }
    }
}

#[test]
fn the_first_five_hundred_cases_are_the_same_in_the_sample() {
    let Some((_, sample)) = read("sample_first_500_incidents.csv.gz") else { return };
    let Some((_, whole)) = read("incident_event_log.zip") else { return };
    assert_eq!((sample.rows(), sample.case_count()), (3411, 500));
    let whole: BTreeMap<Arc<str>, SourceCase> =
        taken(&whole).into_iter().map(|case| (Arc::clone(&case.external_number), case)).collect();
    for case in taken(&sample) {
        let other = &whole[&case.external_number];
        let hashes = |case: &SourceCase| case.rows.iter().map(|row| row.content_hash).collect::<Vec<_>>();
        assert_eq!(hashes(&case), hashes(other), "{}", case.external_number);
    }
}

/// What the import itself prints, against the count made elsewhere.
fn totals_agree(totals: &exchange::Totals, facts: &serde_json::Value) {
    let words = [
        ("New", "new"),
        ("Active", "in_progress"),
        ("Resolved", "resolved"),
        ("Closed", "closed"),
        ("Awaiting User Info", "waiting/customer"),
        ("Awaiting Vendor", "waiting/supplier"),
        ("Awaiting Problem", "waiting/problem"),
        ("Awaiting Evidence", "waiting/evidence"),
        ("-100", "unknown state"),
    ];
    assert_eq!(totals.activity_counts.len() as u64, facts["distinct_activities"].as_u64().unwrap());
    for (word, key) in words {
        assert_eq!(totals.activity_counts.get(key).copied(), facts["activity_counts"][word].as_u64(), "{word}");
    }
    let near = |ours: f64, theirs: &serde_json::Value| {
        let theirs = theirs.as_f64().unwrap();
        assert!((ours - theirs).abs() < 0.001, "{ours} against {theirs}");
    };
    let (events, hours) = (&facts["events_per_case"], &facts["case_duration_hours"]);
    near(totals.events_per_case.min, &events["min"]);
    near(totals.events_per_case.max, &events["max"]);
    near(totals.events_per_case.mean, &events["mean"]);
    near(totals.case_duration_hours.median, &hours["median"]);
    near(totals.case_duration_hours.p95, &hours["p95_nearest_rank"]);
    near(totals.case_duration_hours.max, &hours["max"]);
    let last = |field: &str, value: &str| totals.cases_by_last_event[field].get(value).copied().unwrap_or(0);
    let cases = facts["cases"].as_u64().unwrap();
    assert_eq!(Some(last("source_made_sla", "false")), facts["made_sla_false_incidents_by_last_event"].as_u64());
    assert_eq!(Some(cases - last("source_reopen_count", "0")), facts["reopened_incidents"].as_u64());
    assert_eq!(Some(cases - last("source_reassignment_count", "0")), facts["reassigned_incidents"].as_u64());
    for (label, count) in facts["priority_by_last_event"].as_object().unwrap() {
        let key = label.split(' ').next().unwrap();
        assert_eq!(Some(last("priority", key)), count.as_u64(), "{label}");
    }
    assert_eq!(totals.rows_with.get("external_references.problem").copied(), facts["rows_with_problem_id"].as_u64());
    assert_eq!(totals.rows_with.get("external_references.change").copied(), facts["rows_with_rfc"].as_u64());
    assert_eq!(totals.rows_with.get("configuration_item").copied(), facts["rows_with_cmdb_ci"].as_u64());
}
