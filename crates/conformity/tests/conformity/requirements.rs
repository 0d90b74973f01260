//! Statuses of requirements and clauses over real records, with what people state about them.

use std::sync::Arc;

use calendar::Period;
use conformity::{Judgement, Nil, Question, Status};
use engine::{Channel, Principal, Time};

use crate::house::{House, databases, instant};
use crate::records::Writing;

fn status(house: &House, id: &str) -> Status {
    house.conformity.requirement(id, &Question::NOW).unwrap().status
}

fn judge(house: &House, id: &str, grade: &str, expires_on: &str) -> Result<engine::Done, conformity::Error> {
    let shown = house.conformity.requirement(id, &Question::NOW).unwrap().shown;
    let judgement = Judgement {
        requirement: id.to_owned(),
        grade: grade.to_owned(),
        reason: "looked at ten of them".to_owned(),
        evidence: vec!["INC-000001".to_owned()],
        expires_on: expires_on.to_owned(),
        shown,
    };
    house.conformity.judge(&Arc::new(Principal::system()), Channel::Api, &Question::NOW, &judgement)
}

#[test]
fn a_requirement_follows_its_records_and_its_judges() {
    for database in databases() {
        let house = House::open(database, instant("2026-03-20T12:00:00Z"));
        assert_eq!(status(&house, "8.6.1-a"), Status::NoEvidence);
        assert_eq!(status(&house, "8.6.1-e"), Status::NotDeterminable, "nobody has decided the waiting time");
        assert_eq!(status(&house, "8.6.1-g"), Status::NotDeterminable, "nobody has decided the criteria");
        assert_eq!(status(&house, "8.6.3-a"), Status::NotAssessed, "no check, no assessment");
        let mut writing = Writing::new(&house.engine, instant("2026-03-02T09:00:00Z"), "it is down", Vec::new());
        for record in [
            "type = \"list_value\"\nid = \"mail\"\nlist = \"category\"",
            "type = \"incident\"\ncategory = \"mail\"\nstate = \"resolved\"\nlast_resolved_at = 2026-03-02T09:00:00Z\nsolution = \"x\"",
        ] {
            writing.record(record.parse::<toml_edit::DocumentMut>().unwrap().as_table());
        }
        writing.commit();
        assert_eq!(status(&house, "8.6.1-a"), Status::EvidenceComplete, "a necessary check leaves the judgement");
        judge(&house, "8.6.1-a", "partly", "2026-04-30").unwrap();
        assert_eq!(status(&house, "8.6.1-a"), Status::Partly);
        let view = house.conformity.requirement("8.6.1-a", &Question::NOW).unwrap();
        let assessment = view.assessment.unwrap();
        assert!(assessment.valid && !assessment.changed_since && assessment.differs, "{assessment:?}");
        let before = Time::At { valid: instant("2026-03-20T11:00:00Z"), known: instant("2026-03-20T11:00:00Z") };
        let then = house.conformity.requirement("8.6.1-a", &Question { period: None, time: before }).unwrap();
        assert_eq!(then.status, Status::EvidenceComplete, "it had not been judged then");
        house.clock.set(instant("2026-05-02T12:00:00Z"));
        assert_eq!(status(&house, "8.6.1-a"), Status::EvidenceComplete, "the judgement has expired");
        let clauses = house.conformity.clauses(None, &Question::NOW).unwrap();
        let of = |number: &str| clauses.iter().find(|row| row.clause == number).unwrap();
        assert_eq!(of("8.6.1").status, Some(Status::EvidenceMissing), "nobody said how urgent it is");
        assert_eq!(of("8").status, of("8.6.1").status, "a clause shows the worst under it");
        assert_eq!(clauses.iter().filter(|row| row.depth == 0).map(|row| row.requirements).sum::<usize>(), 306);
    }
}

#[test]
fn a_failing_necessary_check_waits_for_other_evidence_unless_the_standard_asks_for_the_record() {
    let house = House::open(databases()[0], instant("2026-03-20T12:00:00Z"));
    let mut writing = Writing::new(&house.engine, instant("2026-03-02T09:00:00Z"), "it is down", Vec::new());
    let record = "type = \"incident\"\nstate = \"closed\"\nclosed_at = 2026-03-09T09:00:00Z\nend_kind = \"closed\"";
    writing.record(record.parse::<toml_edit::DocumentMut>().unwrap().as_table());
    writing.commit();
    assert_eq!(status(&house, "8.6.1-a"), Status::NotConforming, "the record is explicitly asked for");
    assert_eq!(status(&house, "8.6.1-d"), Status::EvidenceMissing);
    judge(&house, "8.6.1-d", "conforming", "2026-12-31").unwrap();
    assert_eq!(status(&house, "8.6.1-d"), Status::Conforming, "as assessed");
    judge(&house, "8.6.1-a", "conforming", "2026-12-31").unwrap();
    assert_eq!(status(&house, "8.6.1-a"), Status::NotConforming, "an assessment never replaces the rules' result");
}

#[test]
fn a_nil_return_counts_for_the_whole_period_and_falls_when_a_subject_arrives() {
    let house = House::open(databases()[0], instant("2026-03-20T12:00:00Z"));
    let nil = |from: &str, to: &str| {
        let period = Period::parse(from, to).unwrap();
        let nil = Nil { requirement: "8.6.1-a".to_owned(), period, reason: "nothing happened".to_owned() };
        house.conformity.state_nil(&Arc::new(Principal::system()), Channel::Api, &nil)
    };
    nil("2025-03-21", "2026-03-01").unwrap();
    house.clock.set(instant("2026-03-20T12:00:01Z"));
    assert_eq!(status(&house, "8.6.1-a"), Status::NoEvidence, "March is not covered");
    nil("2026-03-01", "2026-03-21").unwrap();
    house.clock.set(instant("2026-03-20T12:02:00Z"));
    assert_eq!(status(&house, "8.6.1-a"), Status::NilStated);
    let mut writing = Writing::new(&house.engine, instant("2026-03-02T09:00:00Z"), "it is down", Vec::new());
    writing.record("type = \"incident\"".parse::<toml_edit::DocumentMut>().unwrap().as_table());
    writing.commit();
    assert_eq!(status(&house, "8.6.1-a"), Status::NotConforming);
    assert!(nil("2025-03-21", "2026-03-21").is_err(), "refused while subjects exist");
}

#[test]
fn a_day_is_kept_once_and_names_what_it_rests_on() {
    let house = House::open(databases()[0], instant("2026-03-20T22:00:00Z"));
    let kept = house.conformity.keep_snapshots().unwrap();
    assert!(kept >= 11, "{kept}");
    assert_eq!(house.conformity.keep_snapshots().unwrap(), 0);
    house.clock.set(instant("2026-03-21T22:00:00Z"));
    house.conformity.keep_snapshots().unwrap();
    let days = house.conformity.snapshots("8.6.1-a").unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].rules, days[1].rules);
    let time = Time::At { valid: days[0].at, known: days[0].at };
    let again = house.conformity.requirement("8.6.1-a", &Question { period: None, time }).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), days[0].body, "the same question of then gives the same again");
}
