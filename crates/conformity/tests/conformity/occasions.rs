//! Duties, the occasions on which they fall due, and a check over these that is added by files alone.

use std::sync::Arc;

use calendar::Period;
use conformity::decide::{Decision, decide};
use conformity::{CheckStatus, Question};
use engine::{Act, Channel, Command, Input, Principal, Refusal, Time, timers};
use serde_json::{Value as Json, json};

use crate::house::{House, databases, instant, registry};

const CHECKS: &str = r#"
[[check]]
id = "8.6.3-a.own"
requirement = "8.6.3-a"
over = 'duty("incident_analysis").occasion'
when = "in_or_latest(due_on, period) && due_on <= now"
pass = "fulfilled_by != null && fulfilled_at <= due_end"
proves = "necessary"
setting = ["problem.analysis_interval"]
"#;

const INTERVAL: &str = "problem.analysis_interval";

struct Story {
    house: House,
    system: Arc<Principal>,
}

impl Story {
    fn begin(database: crate::house::Database, now: &str) -> Self {
        let house = House::with_checks(database, instant(now), &[("own/checks.toml", CHECKS)]);
        Self { house, system: Arc::new(Principal::system()) }
    }

    /// The day goes on until then, and the minute job does its work.
    fn until(&self, now: &str) {
        self.house.clock.set(instant(now));
        while timers::run_due(&self.house.engine).unwrap() > 0 {}
    }

    fn run(&self, act: Act) -> Result<String, Refusal> {
        match self.house.engine.run(&Command::new(self.system.clone(), Channel::Api, act)) {
            Ok(done) => Ok(done.number),
            Err(engine::Error::Refused(refusal)) => Err(refusal),
            Err(fault) => panic!("{fault}"),
        }
    }

    fn make(&self, record_type: &str, input: Json) -> String {
        self.run(Act::Create { record_type: record_type.to_owned(), input: object(input) }).unwrap()
    }

    fn moves(&self, number: &str, transition: &str, input: Json) -> Result<String, Refusal> {
        self.run(Act::Move { number: number.to_owned(), transition: transition.to_owned(), input: object(input) })
    }

    fn decide(&self, key: &str, value: &Json) {
        let decision = Decision { key: key.to_owned(), value: value.clone(), from: None, reason: "agreed".to_owned() };
        decide(&self.house.engine, &registry(), &self.system, Channel::Api, &decision).unwrap();
    }

    /// `due_on state` of all occasions, oldest first.
    fn occasions(&self) -> Vec<String> {
        let mut reader = self.house.engine.reader().unwrap();
        let mut all = Vec::new();
        let each = &mut |row: &dyn store::Row| {
            all.push(format!("{} {}", engine::input::date(row.need_int(0)?), row.need_text(1)?));
            Ok(())
        };
        reader.query("SELECT due_on, state FROM occasion ORDER BY due_on, id", &[], each).unwrap();
        all
    }

    /// Passed, failed and undetermined of the own check, and what it came to.
    fn check(&self, from: &str, to: &str, time: Time) -> (u64, u64, u64, CheckStatus) {
        let question = Question { period: Some(Period::parse(from, to).unwrap()), time };
        let row = self.house.conformity.detail("8.6.3-a.own", &question).unwrap().row;
        (row.passed, row.failed, row.undetermined, row.status)
    }
}

fn object(json: Json) -> Input {
    let Json::Object(input) = json else { panic!("{json}") };
    input
}

fn analysis_duty() -> Json {
    json!({
        "title": "Analysis of incidents", "kind": "incident_analysis", "setting": INTERVAL,
        "counts_from": "2025-12-31", "fulfilled_by": "improvement", "fulfilled_when": "state == 'done'",
    })
}

#[test]
fn a_duty_without_an_interval_has_no_occasions_and_nothing_can_be_told() {
    for database in databases() {
        let story = Story::begin(database, "2026-01-05T09:00:00Z");
        story.make("duty", analysis_duty());
        assert_eq!(story.occasions(), Vec::<String>::new());
        story.until("2026-06-01T00:00:00Z");
        assert_eq!(story.check("2026-01-01", "2026-06-01", Time::Live), (0, 0, 0, CheckStatus::NotDeterminable));
    }
}

#[test]
fn each_occasion_is_fulfilled_by_one_act_in_time_or_late_or_missed() {
    for database in databases() {
        let story = Story::begin(database, "2026-01-05T09:00:00Z");
        story.decide(INTERVAL, &json!("P3M"));
        let duty = story.make("duty", analysis_duty());
        assert_eq!(story.occasions(), ["2026-03-31 planned"]);
        let done = |title: &str| {
            let number = story.make("improvement", json!({ "title": title }));
            let owner = story.make("person", json!({ "name": "Ana" }));
            story.moves(&number, "approve", json!({ "owner": owner })).unwrap();
            story.moves(&number, "finish", json!({ "outcome": "better" })).unwrap();
            number
        };
        // Early: it counts for the nearest occasion, and the next one is planned from the date that was due.
        story.until("2026-03-28T10:00:00Z");
        let first = done("The first quarter");
        assert_eq!(story.occasions(), ["2026-03-31 fulfilled", "2026-06-30 planned"]);
        // A change of what fulfilled it fulfils nothing more.
        story.run(Act::Comment { number: first.clone(), text: "seen".to_owned(), public: false }).unwrap();
        assert_eq!(story.occasions().len(), 2);
        // Nobody does the second one; the day passes without a write.
        story.until("2026-07-10T10:00:00Z");
        assert_eq!(story.occasions(), ["2026-03-31 fulfilled", "2026-06-30 missed", "2026-09-30 planned"]);
        let half = || story.check("2026-01-01", "2026-07-01", Time::Live);
        assert_eq!(half(), (1, 1, 0, CheckStatus::Fail));
        // One late act fulfils the older occasion late; it does not mend it.
        done("The second quarter");
        assert_eq!(story.occasions(), ["2026-03-31 fulfilled", "2026-06-30 fulfilled", "2026-09-30 planned"]);
        assert_eq!(half(), (1, 1, 0, CheckStatus::Fail));
        let page = story.house.conformity.exceptions("8.6.3-a.own", &Question::NOW, None, 10).unwrap();
        assert_eq!(page.items.len(), 1);
        // A month without any shows the latest one before it; what is not yet due stays outside.
        assert_eq!(story.check("2026-05-01", "2026-06-01", Time::Live), (1, 0, 0, CheckStatus::Pass));
        assert_eq!(story.check("2026-07-01", "2026-08-01", Time::Live), (0, 1, 0, CheckStatus::Fail));
        let april = instant("2026-04-15T00:00:00Z");
        let then = Time::At { valid: april, known: april };
        assert_eq!(story.check("2026-01-01", "2026-07-01", then), (1, 0, 0, CheckStatus::Pass));
        story.moves(&duty, "end", json!({ "reason": "somebody else does it" })).unwrap();
        assert_eq!(story.occasions().last().unwrap(), "2026-09-30 cancelled");
        let mut reader = story.house.engine.reader().unwrap();
        let report = engine::verify::verify(&mut *reader, story.house.engine.model(), None).unwrap();
        assert!(report.ok, "{report:?}");
    }
}

#[test]
fn an_interval_decided_anew_moves_what_is_ahead_and_saves_nothing_that_was_due() {
    for database in databases() {
        let story = Story::begin(database, "2026-01-05T09:00:00Z");
        story.make("duty", analysis_duty());
        story.decide(INTERVAL, &json!("P1M"));
        assert_eq!(story.occasions(), ["2026-01-31 planned"]);
        story.until("2026-02-10T09:00:00Z");
        assert_eq!(story.occasions(), ["2026-01-31 missed", "2026-02-28 planned"]);
        story.decide(INTERVAL, &json!("P6M"));
        assert_eq!(story.occasions(), ["2026-01-31 missed", "2026-07-31 planned"]);
        story.decide(INTERVAL, &json!("P1W"));
        assert_eq!(story.occasions(), ["2026-01-31 missed", "2026-02-10 planned"], "over when decided: today");
        story.decide(INTERVAL, &Json::Null);
        assert_eq!(story.occasions(), ["2026-01-31 missed", "2026-02-10 cancelled"]);
        story.decide(INTERVAL, &json!("P3M"));
        assert_eq!(story.occasions().last().unwrap(), "2026-04-30 planned", "counted from what was last due");
    }
}

#[test]
fn a_long_downtime_is_caught_up_occasion_by_occasion() {
    let story = Story::begin(databases()[0], "2026-01-05T09:00:00Z");
    story.make(
        "duty",
        json!({ "title": "Fire drill", "kind": "fire_drill", "every": "P1M", "counts_from": "2025-12-31" }),
    );
    story.until("2026-05-15T00:00:00Z");
    let expected =
        ["2026-01-31 missed", "2026-02-28 missed", "2026-03-28 missed", "2026-04-28 missed", "2026-05-28 planned"];
    assert_eq!(story.occasions(), expected);
}

#[test]
fn people_fulfil_and_waive_by_name_and_one_record_once() {
    let story = Story::begin(databases()[0], "2026-01-05T09:00:00Z");
    let duty = json!({ "title": "Drill", "kind": "drill", "every": "P1M", "counts_from": "2025-12-31" });
    story.make("duty", duty);
    let report = story.make("improvement", json!({ "title": "Report" }));
    story.until("2026-03-15T00:00:00Z");
    assert_eq!(story.occasions(), ["2026-01-31 missed", "2026-02-28 missed", "2026-03-28 planned"]);
    let future = json!({ "fulfilled_by": report, "fulfilled_at": "2026-04-01T00:00:00Z" });
    assert!(matches!(story.moves("OCC-1", "fulfil", future), Err(Refusal::Invalid(_))));
    assert!(matches!(story.moves("OCC-1", "fulfil", json!({})), Err(Refusal::Invalid(_))), "by what?");
    let held = json!({ "fulfilled_by": report, "fulfilled_at": "2026-01-30T12:00:00Z" });
    story.moves("OCC-1", "fulfil", held).unwrap();
    assert!(matches!(story.moves("OCC-2", "fulfil", json!({ "fulfilled_by": report })), Err(Refusal::Invalid(_))));
    assert!(matches!(story.moves("OCC-2", "waive", json!({})), Err(Refusal::Invalid(_))), "why?");
    story.moves("OCC-2", "waive", json!({ "reason": "the building is closed" })).unwrap();
    assert_eq!(story.occasions(), ["2026-01-31 fulfilled", "2026-02-28 waived", "2026-03-28 planned"]);
}

#[test]
fn a_duty_that_contradicts_itself_is_refused_with_all_that_is_wrong() {
    let story = Story::begin(databases()[0], "2026-01-05T09:00:00Z");
    let refused = |more: Json| {
        let mut input = object(json!({ "title": "x", "kind": "x" }));
        input.extend(object(more));
        match story.run(Act::Create { record_type: "duty".to_owned(), input }) {
            Err(Refusal::Invalid(problems)) => {
                problems.iter().map(|p| format!("{}: {}", p.field, p.code)).collect::<Vec<_>>().join(", ")
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(json!({})), "every: required");
    assert_eq!(refused(json!({ "every": "P1M", "setting": INTERVAL })), "every: contradicts");
    assert_eq!(refused(json!({ "every": "monthly", "kind": "A b" })), "kind: bad_name, every: bad_duration");
    assert_eq!(refused(json!({ "every": "P1M", "fulfilled_when": "true" })), "fulfilled_by: required");
    let condition = json!({ "every": "P1M", "fulfilled_by": "improvement", "fulfilled_when": "stat == 'done'" });
    assert_eq!(refused(condition), "fulfilled_when: bad_condition");
    assert_eq!(refused(json!({ "every": "P1M", "fulfilled_by": "deed" })), "fulfilled_when: bad_condition");
}
