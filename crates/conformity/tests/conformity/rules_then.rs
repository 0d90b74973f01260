//! Judging by the rules of then: what was shown on a day can be shown again, whatever rules and records have come since.

use std::sync::Arc;

use conformity::{CheckStatus, Conformity, Error, Question};
use engine::{Act, Channel, Command, Principal, Time};
use serde_json::{Value as Json, json};
use store::SessionExt as _;

use crate::house::{House, databases, instant, library_of, model};

const STRICT: &str = r#"
[[check]]
id = "8.6.1-a.strict"
requirement = "8.6.1-a"
over = "incident.record"
when = "raised_at in period"
pass = "category != null && solution != null"
proves = "necessary"
"#;

const LAX: &str = r#"
[[check]]
id = "8.6.1-a.lax"
requirement = "8.6.1-a"
over = "incident.record"
when = "raised_at in period"
pass = "title != null"
proves = "sufficient"
"#;

fn judging(house: &House, checks: &str) -> Arc<Conformity> {
    let library = library_of(&model(), &[("own/checks.toml", checks)]);
    Arc::new(Conformity::open(house.engine.clone(), library))
}

/// An incident of this instant, recorded now.
fn raised(house: &House, at: &str) {
    let Json::Object(input) = json!({ "title": "it is down" }) else { return };
    let act = Act::Create { record_type: "incident".to_owned(), input };
    let mut command = Command::new(Arc::new(Principal::system()), Channel::Api, act);
    command.happened_at = Some(instant(at));
    house.engine.run(&command).unwrap();
}

fn then(at: i64) -> Question {
    Question { period: None, time: Time::At { valid: at, known: at } }
}

#[test]
fn every_kept_day_is_reproduced_by_the_rules_and_the_knowledge_of_then() {
    for database in databases() {
        let house = House::open(database, instant("2026-03-01T12:00:00Z"));
        let strict = judging(&house, STRICT);
        assert!(strict.keep_rules().unwrap());
        assert!(!strict.keep_rules().unwrap(), "they are in force already");
        for day in ["2026-03-01", "2026-03-02", "2026-03-03"] {
            house.clock.set(instant(&format!("{day}T13:00:00Z")));
            raised(&house, &format!("{day}T13:00:00Z"));
            house.clock.set(instant(&format!("{day}T20:00:00Z")));
            strict.keep_snapshots().unwrap();
        }
        // Another program comes with other rules; a record of then becomes known late.
        house.clock.set(instant("2026-03-04T08:00:00Z"));
        let lax = judging(&house, LAX);
        assert!(lax.keep_rules().unwrap());
        raised(&house, "2026-03-02T09:00:00Z");
        house.clock.set(instant("2026-03-04T20:00:00Z"));
        lax.keep_snapshots().unwrap();
        let kept = lax.snapshots("8.6.1-a").unwrap();
        assert_eq!(kept.len(), 4);
        for day in &kept {
            let judge = lax.by_rules_of(day.at).unwrap();
            let again = judge.requirement("8.6.1-a", &then(day.at)).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), day.body, "{database:?}: day {}", day.day);
        }
        let third = kept[2].at;
        let row = |judge: &Conformity| judge.checks(Some("8.6.1-a"), &then(third)).unwrap();
        let of_then = row(&lax.by_rules_of(third).unwrap());
        assert_eq!((of_then[0].check.as_str(), of_then[0].status), ("8.6.1-a.strict", CheckStatus::Fail));
        let of_now = row(&lax);
        assert_eq!((of_now[0].check.as_str(), of_now[0].status), ("8.6.1-a.lax", CheckStatus::Pass));
        assert!(Arc::ptr_eq(&lax.by_rules_of(kept[3].at).unwrap(), &lax), "the rules of now are those of now");
    }
}

#[test]
fn before_any_rules_were_kept_the_earliest_instant_is_named() {
    let house = House::open(databases()[0], instant("2026-03-01T12:00:00Z"));
    let strict = judging(&house, STRICT);
    let too_early = |at: &str| match strict.by_rules_of(instant(at)) {
        Err(Error::Invalid(why)) => why,
        other => panic!("{:?}", other.map(drop)),
    };
    assert_eq!(too_early("2026-03-01T12:00:00Z"), "no catalogue has been loaded yet");
    strict.keep_rules().unwrap();
    assert!(too_early("2026-02-01T12:00:00Z").contains("before 2026-03-01T12:00:00Z"));
    assert!(strict.by_rules_of(instant("2026-03-01T12:00:00Z")).is_ok());
}

#[test]
fn a_kept_text_that_was_altered_is_named_by_verification_and_one_that_is_gone_by_the_question() {
    for database in databases() {
        let house = House::open(database, instant("2026-03-01T12:00:00Z"));
        let strict = judging(&house, STRICT);
        strict.keep_rules().unwrap();
        house.clock.set(instant("2026-03-02T12:00:00Z"));
        let lax = judging(&house, LAX);
        lax.keep_rules().unwrap();
        let verify = || {
            let mut reader = house.engine.reader().unwrap();
            engine::verify::verify(&mut *reader, house.engine.model(), None).unwrap()
        };
        assert!(verify().ok);
        let altered = "UPDATE text_version SET body = body || ' ' WHERE kind = 'rules' AND id = (SELECT min(id) FROM text_version WHERE kind = 'rules')";
        house.engine.write(|session| session.execute(altered, &[])).unwrap();
        let found = verify().first_difference.unwrap();
        assert_eq!(found.where_.table.as_deref(), Some("text_version"));
        house.engine.write(|session| session.execute("DELETE FROM text_version WHERE kind = 'rules'", &[])).unwrap();
        let why = lax.by_rules_of(instant("2026-03-01T18:00:00Z")).err().unwrap().to_string();
        assert!(why.contains("not kept any more"), "{why}");
        assert_eq!(house.engine.reader().unwrap().one_int("SELECT count(*) FROM rule_set", &[]).unwrap(), 1);
    }
}
