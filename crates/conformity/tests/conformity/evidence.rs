//! What a record is evidence of: the kept verdicts of the checks of which it is a subject.

use std::collections::BTreeSet;

use conformity::{Question, Verdict};

use crate::house::{House, databases, instant, registry};
use crate::life::Life;
use crate::records::Writing;

const OWN: &str = r#"
[[check]]
id = "8.6.1-a.own"
requirement = "8.6.1-a"
over = "incident.record"
when = "raised_at in period"
pass = "service != null"
needs = ["service"]
proves = "necessary"

[[check]]
id = "8.6.1-d.steps"
requirement = "8.6.1-d"
over = "incident.step"
when = "step.at in period && step.to == 'resolved'"
pass = "step.first"
proves = "indicator"
basis = "practice"
"#;

fn of(house: &House, number: &str) -> Vec<(String, Verdict, String)> {
    let (id, found) = engine::find(&mut *house.engine.reader().unwrap(), number).unwrap().unwrap();
    let rows = house.conformity.evidence(&found, id).unwrap();
    let own = rows.into_iter().filter(|row| row.check.place.starts_with("own/"));
    own.map(|row| (row.check.id.clone(), row.verdict, row.day.to_string())).collect()
}

#[test]
fn a_record_is_a_subject_of_checks_over_itself_and_over_its_steps() {
    for database in databases() {
        let house = House::with_checks(database, instant("2026-04-01T00:00:00Z"), &[("own/checks.toml", OWN)]);
        let mut writing = Writing::new(
            &house.engine,
            instant("2026-03-02T09:00:00Z"),
            "it is down",
            vec!["incident.service".to_owned()],
        );
        for record in [
            "type = \"service\"\nid = \"mail\"",
            "type = \"incident\"\nservice = \"mail\"",
            // Resolved twice: the worse of the two steps is told.
            "type = \"incident\"\nentries = [{ at = 2026-03-05T09:00:00Z, into = \"resolved\" }, { at = 2026-03-06T09:00:00Z, into = \"in_progress\" }, { at = 2026-03-07T09:00:00Z, into = \"resolved\" }]",
            "type = \"incident\"\nimported = true\nentries = [{ at = 2026-03-06T09:00:00Z, into = \"resolved\" }]",
        ] {
            writing.record(record.parse::<toml_edit::DocumentMut>().unwrap().as_table());
        }
        writing.commit();
        assert!(of(&house, "INC-000001").is_empty(), "nothing is kept yet");
        house.conformity.catch_up().unwrap();
        let row = |check: &str, verdict, day: &str| (check.to_owned(), verdict, day.to_owned());
        assert_eq!(of(&house, "INC-000001"), [row("8.6.1-a.own", Verdict::Pass, "2026-03-02")], "{database:?}");
        let second =
            [row("8.6.1-a.own", Verdict::Fail, "2026-03-02"), row("8.6.1-d.steps", Verdict::Fail, "2026-03-07")];
        assert_eq!(of(&house, "INC-000002"), second, "{database:?}");
        let third = [
            row("8.6.1-a.own", Verdict::Undetermined, "2026-03-02"),
            row("8.6.1-d.steps", Verdict::Pass, "2026-03-06"),
        ];
        assert_eq!(of(&house, "INC-000003"), third, "{database:?}");
        assert!(of(&house, "SVC-000001").is_empty(), "no check is over services");
    }
}

#[test]
fn evidence_agrees_with_the_exceptions_of_every_check() {
    for database in databases() {
        let house = House::open(database, instant("2026-03-02T08:00:00Z"));
        let registry = registry();
        let mut life = Life::new(&house.engine, &house.clock, &registry, 5);
        (0..250).for_each(|_| life.act());
        house.conformity.catch_up().unwrap();
        let mut told = BTreeSet::new();
        let records = {
            let mut records = Vec::new();
            let sql = "SELECT id, type, number FROM record WHERE type IN ('incident', 'clock') ORDER BY id";
            let take = &mut |row: &dyn store::Row| {
                records.push((row.need_int(0)?, row.need_text(1)?.to_owned(), row.need_text(2)?.to_owned()));
                Ok(())
            };
            house.engine.reader().unwrap().query(sql, &[], take).unwrap();
            records
        };
        for (id, record_type, number) in records {
            for row in house.conformity.evidence(&record_type, id).unwrap() {
                if row.verdict != Verdict::Pass {
                    told.insert((row.check.id.clone(), number.clone()));
                }
            }
        }
        let mut listed = BTreeSet::new();
        for check in house.conformity.library().checks.all().iter().filter(|check| check.record_type().is_some()) {
            let page = house.conformity.exceptions(&check.id, &Question::NOW, None, 200).unwrap();
            assert_eq!(page.next_cursor, None, "the test is too small a life for that");
            listed.extend(page.items.into_iter().map(|one| (check.id.clone(), one.number)));
        }
        assert!(told.len() > 50 && told.is_subset(&listed), "{:?}", told.difference(&listed).collect::<Vec<_>>());
        // Checks that are not followed are told of none; of all others every exception is told.
        let followed: BTreeSet<_> = told.iter().map(|(check, _)| check).collect();
        let missing: Vec<_> = listed.difference(&told).filter(|(check, _)| followed.contains(check)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
