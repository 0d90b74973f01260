//! What holds of every demonstration. Years are lived here as the program lives them, into throw-away folders.

use conformity::{CheckStatus, Question};
use engine::{Engine, ManualClock, SystemEntropy, identity};
use store::{Location, SessionExt as _};
use tempfile::TempDir;

use std::sync::Arc;

use super::*;
use crate::cli::Data;
use crate::organisation::{Expect, Opening, conformity, model, open};

fn at_instant(text: &str) -> i64 {
    engine::input::instant(text).unwrap()
}

fn folder() -> (TempDir, Data) {
    let folder = tempfile::tempdir().unwrap();
    let data = at(folder.path().to_owned());
    (folder, data)
}

/// The last weeks before an instant.
fn weeks(data: &Data, seed: u64, weeks: i64, end: i64) {
    make::live(data, seed, end - weeks * 7 * calendar::DAY, end).unwrap();
}

/// Log, size and root under the last signature.
fn signed(data: &Data) -> String {
    let mut session = Location::Sqlite(data.data.join("vouch.db")).open().unwrap();
    let note = session.optional_text("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", &[]).unwrap().unwrap();
    note.lines().take(3).collect::<Vec<_>>().join("\n")
}

fn key(data: &Data) -> String {
    std::fs::read_to_string(data.data.join("signer/state.json")).unwrap()
}

fn count(data: &Data, sql: &str) -> i64 {
    Location::Sqlite(data.data.join("vouch.db")).open().unwrap().one_int(sql, &[]).unwrap()
}

/// The organisation as it stands when its clock is at `end`.
fn standing(data: &Data, end: i64) -> Arc<Engine> {
    let clock = Arc::new(ManualClock::at(end));
    let opening = Opening { clock, entropy: Arc::new(SystemEntropy), demonstration: true, scratch: true };
    open(data, Expect::Existing, opening).unwrap()
}

const OPEN: &str = "state IN ('new', 'assigned', 'in_progress', 'waiting')";
/// How far ahead what is due is looked for.
const HOUR: i64 = calendar::HOUR;

fn holds_what_is_always_there(data: &Data, end: i64) {
    let incidents =
        |condition: &str| count(data, &format!("SELECT count(*) FROM incident WHERE {OPEN} AND {condition}"));
    let soon = format!("priority = 2 AND assignee IS NOT NULL AND due_at > {end} AND due_at <= {}", end + HOUR);
    assert!(incidents(&soon) >= 1, "nothing is due within the hour");
    assert!(incidents(&format!("due_at < {end}")) >= 1, "nothing is overdue");
    assert_eq!(incidents("major = 1"), 1, "major incidents that are open");
    assert!((30..=80).contains(&incidents("TRUE")), "{} are open", incidents("TRUE"));
    for state in ["new", "assigned", "in_progress", "waiting"] {
        assert!(incidents(&format!("state = '{state}'")) >= 5, "few are {state}");
    }
    assert!(incidents("assignee IS NULL") >= 5, "few are nobody's");
    let late = count(data, &format!("SELECT count(*) FROM entry WHERE recorded_at > {end} OR happened_at > {end}"));
    assert_eq!(late, 0, "entries after the end");
}

#[test]
fn one_seed_and_end_make_one_ledger_and_never_one_key() {
    let end = at_instant("2026-03-31T10:00:00Z");
    let ((_a, first), (_b, second), (_c, other)) = (folder(), folder(), folder());
    weeks(&first, 7, 5, end);
    weeks(&second, 7, 5, end);
    weeks(&other, 8, 5, end);
    assert_eq!(signed(&first), signed(&second));
    assert_ne!(signed(&first), signed(&other));
    assert!(signed(&first).starts_with("vouch/demo-"), "{}", signed(&first));
    assert_ne!(key(&first), key(&second));
}

#[test]
fn what_is_promised_is_there_at_night_on_sundays_and_on_holidays_too() {
    for end in [
        "2026-03-31T10:00:00Z", // a Tuesday morning
        "2026-03-29T02:00:00Z", // a Sunday night, and the clocks have just changed
        "2025-12-25T12:00:00Z",
        "2026-01-01T00:05:00Z",
        "2026-07-03T16:50:00Z", // a Friday, ten minutes before the desk closes
        "2026-07-06T05:30:00Z", // a Monday before it opens
        "2026-07-07T19:30:00Z", // a Tuesday evening
    ] {
        let (_folder, data) = folder();
        let end = at_instant(end);
        weeks(&data, 3, 3, end);
        holds_what_is_always_there(&data, end);
    }
}

#[test]
fn a_year_tells_a_story_that_an_auditor_could_believe() {
    let (_folder, data) = folder();
    let end = at_instant("2026-03-31T10:00:00Z");
    make::live(&data, 1, make::beginning(end).unwrap(), end).unwrap();
    holds_what_is_always_there(&data, end);
    assert!((700..=1_100).contains(&count(&data, "SELECT count(*) FROM incident")));
    let engine = standing(&data, end);
    let conformity = conformity(&engine).unwrap();
    for check in conformity.checks(Some("8.6.1"), &Question::NOW).unwrap() {
        let share = check.failed as f64 / check.population as f64;
        let expected = match check.check.as_str() {
            "8.6.1-a" | "8.6.1-b" | "8.6.1-c" | "8.6.1-e" | "8.6.1-f" => {
                assert!(check.failed >= 3 && share < 0.1, "{check:?}");
                CheckStatus::Fail
            }
            // One of five major incidents each.
            "8.6.1-i" | "8.6.1-k" => {
                assert_eq!((check.population, check.failed), (5, 1), "{check:?}");
                CheckStatus::Fail
            }
            "8.6.1-f.p" => continue,
            _ => CheckStatus::Pass,
        };
        assert_eq!(check.status, expected, "{check:?}");
        assert!(check.undetermined == 0, "{check:?}");
    }
    drop((conformity, engine));
    let (model, _) = model(&conformity::Overlay::default()).unwrap();
    let mut session = Location::Sqlite(data.data.join("vouch.db")).open().unwrap();
    let report = engine::verify::verify(&mut *session, &model, Some(&data.data.join("signer"))).unwrap();
    assert!(report.ok && report.unsigned == 0, "{:?}", report.first_difference);
}

#[test]
fn each_role_has_a_link_that_works_once() {
    let (_folder, data) = folder();
    let end = at_instant("2026-03-31T10:00:00Z");
    weeks(&data, 1, 2, end);
    let engine = standing(&data, end);
    let greeting = greeting(&engine, "http://127.0.0.1:8020").unwrap();
    let mut lines = greeting.lines();
    assert_eq!(lines.next(), Some("ready http://127.0.0.1:8020"));
    for ((role, _), line) in people::DOORS.iter().zip(lines.by_ref()) {
        let parts: Vec<&str> = line.split('\t').collect();
        let secret = parts.last().and_then(|link| link.rsplit('/').next()).unwrap();
        let person = identity::use_once_link(&engine, secret).unwrap().unwrap();
        assert_eq!(identity::use_once_link(&engine, secret).unwrap(), None);
        let found =
            identity::of_person(&engine, &mut *engine.reader().unwrap(), person, engine::Allowance::ALL).unwrap();
        assert_eq!(parts.first(), Some(role));
        assert!(found.is_some_and(|principal| principal.has_role(role)), "{line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn it_is_reached_from_this_machine_only() {
    for address in ["0.0.0.0:0", "192.0.2.1:8020", "[::]:8020"] {
        let error = listen(Some(address)).unwrap_err().to_string();
        assert!(error.contains("loopback"), "{error}");
    }
    assert!(listen(Some("8020")).unwrap_err().to_string().contains("expected ADDRESS:PORT"));
    assert!(listen(Some("127.0.0.1:0")).is_ok());
}

#[test]
fn a_folder_with_other_records_is_left_alone() {
    let (_folder, data) = folder();
    let opening = Opening { scratch: true, ..Opening::default() };
    drop(open(&data, Expect::NewOrExisting, opening).unwrap());
    let error = make::open_again(&data, false).err().unwrap().to_string();
    assert!(error.contains("no finished demonstration"), "{error}");
}
