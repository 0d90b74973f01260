//! A check or a figure is added by editing files alone: it shows its counts, months, exceptions and trend without a line
//! of code. And a file that says something wrong is refused at its place.

use calendar::Period;
use conformity::checks::{Against, Checks};
use conformity::{CheckStatus, Library, Question};
use engine::Time;

use crate::house::{House, databases, instant, model};
use crate::records::Writing;

const ADDED: &str = r#"
[[check]]
id = "8.6.1-a.own"
requirement = "8.6.1-a"
title = "Each incident names the service that it hurts"
over = "incident.record"
when = "raised_at in period && state != 'cancelled'"
pass = "service != null"
needs = ["service"]
proves = "indicator"
basis = "practice"

[[check]]
id = "8.6.1-b.changes"
requirement = "8.6.1-b"
over = "incident.change(priority)"
when = "change.at in period"
pass = "record.override_reason != null || change.version == 1"
proves = "indicator"
basis = "practice"

[[check]]
id = "8.6.1-d.share"
requirement = "8.6.1-d"
over = "incident.step"
when = "step.to == 'resolved' && step.first && step.at in period"
pass = "record.solution != null"
share = 0.5
proves = "indicator"

[[figure]]
key = "of_priority_one"
title = "Incidents of the highest priority"
over = "incident.record"
when = "priority == 1"
"#;

#[test]
fn a_check_is_added_by_editing_files_alone() {
    for database in databases() {
        let house = House::with_checks(database, instant("2026-04-01T00:00:00Z"), &[("own/checks.toml", ADDED)]);
        let mut writing = Writing::new(&house.engine, instant("2026-03-02T09:00:00Z"), "it is down", Vec::new());
        for record in [
            "type = \"service\"\nid = \"mail\"",
            "type = \"incident\"\nservice = \"mail\"\npriority = 1\nentries = [{ at = 2026-03-05T09:00:00Z, into = \"resolved\" }]",
            "type = \"incident\"\nraised_at = 2026-02-03T09:00:00Z\npriority = 2\nsolution = \"x\"\nentries = [{ at = 2026-03-05T09:00:00Z, into = \"resolved\" }]",
            "type = \"incident\"\nstate = \"cancelled\"",
        ] {
            writing.record(record.parse::<toml_edit::DocumentMut>().unwrap().as_table());
        }
        writing.commit();
        for caught_up in [false, true] {
            if caught_up {
                house.conformity.catch_up().unwrap();
            }
            let trend = house.conformity.trend("8.6.1-a.own").unwrap();
            assert_eq!((trend.row.passed, trend.row.failed, trend.row.undetermined), (1, 1, 0), "{database:?}");
            assert_eq!(trend.months.len(), 12);
            let february = trend.months.iter().find(|month| month.month == "2026-02").unwrap();
            assert_eq!((february.population, february.failed), (1, 1));
            let page = house.conformity.exceptions("8.6.1-a.own", &Question::NOW, None, 10).unwrap();
            let [only] = page.items.as_slice() else { panic!("{page:?}") };
            assert_eq!((only.number.as_str(), only.why.as_str()), ("INC-000002", "Service is empty"));
            assert_eq!(only.since, "2026-02-03T09:00:00Z");
            let changes = house.conformity.detail("8.6.1-b.changes", &Question::NOW).unwrap();
            assert_eq!((changes.row.passed, changes.row.failed), (2, 0), "{database:?}");
            let share = house.conformity.detail("8.6.1-d.share", &Question::NOW).unwrap();
            assert_eq!((share.row.passed, share.row.failed, share.row.status), (1, 1, CheckStatus::Pass));
            let figures = house.conformity.figures(&Question::NOW).unwrap();
            let of_one = figures.iter().find(|figure| figure.key == "of_priority_one").unwrap();
            assert_eq!((of_one.count, of_one.of), (1, 3), "{figures:?}");
        }
    }
}

#[test]
fn a_period_and_an_instant_choose_what_is_counted() {
    let house = House::open(databases()[0], instant("2026-04-01T00:00:00Z"));
    let mut writing = Writing::new(&house.engine, instant("2026-03-31T23:30:00Z"), "it is down", Vec::new());
    writing.record("type = \"incident\"".parse::<toml_edit::DocumentMut>().unwrap().as_table());
    writing.setting("organization.zone", &serde_json::json!("Europe/Berlin"), instant("2026-01-01T00:00:00Z"));
    writing.commit();
    let count = |from: &str, to: &str, time: Time| {
        let question = Question { period: Some(Period::parse(from, to).unwrap()), time };
        house.conformity.detail("8.6.1-a", &question).unwrap().row.population
    };
    assert_eq!(count("2026-03-01", "2026-04-01", Time::Live), 0, "in Berlin it is April already");
    assert_eq!(count("2026-04-01", "2026-05-01", Time::Live), 1);
    let before = Time::At { valid: instant("2026-03-31T23:00:00Z"), known: instant("2026-03-31T23:00:00Z") };
    assert_eq!(count("2026-03-01", "2026-05-01", before), 0, "it did not exist then");
}

#[test]
fn what_is_wrong_with_a_check_is_said_with_its_place() {
    let model = model();
    let library: Library = crate::house::library(&model, &[]);
    let against = Against { model: &model, catalogue: &library.catalogue, settings: &library.settings };
    let good = "[[check]]\nid = \"8.6.1-a\"\nover = \"incident.record\"\nwhen = \"raised_at in period\"\npass = \"category != null\"\nproves = \"necessary\"\n";
    assert!(Checks::load(&[("x.toml", good)], against).is_ok());
    let table = [
        (
            "pass = \"category != null\"",
            "pass = \"category != nul\"",
            "x.toml:5:21: check 8.6.1-a: pass: unknown name `nul`",
        ),
        ("pass = \"category != null\"", "pass = \"category\"", "x.toml:5:9: check 8.6.1-a: pass: "),
        ("id = \"8.6.1-a\"", "id = \"8.6.1-zz\"", "x.toml:2:6: check 8.6.1-zz: no requirement"),
        ("incident.record", "incident.row", "x.toml:3:8: check 8.6.1-a: \"incident.row\": expected T.record"),
        ("incident.record", "accident.record", "x.toml:3:8: check 8.6.1-a: \"accident.record\": no record type"),
        ("incident.record", "pairs(a, b)", "not yet supported"),
        ("incident.record", "duty(\\\"A b\\\").occasion", "a duty's kind in small letters"),
        (
            "when = \"raised_at in period\"",
            "when = \"raised_at in period && in_or_latest(updated_at, period)\"",
            "in_or_latest() stands alone",
        ),
        (
            "proves = \"necessary\"",
            "proves = \"much\"",
            "proves is \"much\", expected sufficient, necessary, indicator",
        ),
        ("proves =", "setting = [\"a.b\"]\nproves =", "no setting \"a.b\""),
        ("proves =", "needs = [\"colour\"]\nproves =", "\"colour\" is no field"),
        ("proves =", "colour = 1\nproves =", "x.toml:6:1: check 8.6.1-a: unknown key \"colour\""),
        ("proves =", "share = 2\nproves =", "expected a number from 0 to 1"),
        ("[[check]]", "[[cheque]]", "unknown table \"cheque\""),
        (
            "when = \"raised_at in period\"",
            "when = \"covered(major_managers, raised_at, closed_at)\"",
            "when must be decided by the database",
        ),
    ];
    for (from, to, expected) in table {
        let text = good.replace(from, to);
        let error = Checks::load(&[("x.toml", text.as_str())], against).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    let twice = format!("{good}{good}");
    let error = Checks::load(&[("x.toml", twice.as_str())], against).unwrap_err().to_string();
    assert!(error.contains("the id stands twice"), "{error}");
}
