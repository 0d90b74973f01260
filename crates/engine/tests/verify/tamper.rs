//! Somebody with the database's password changes one thing in a record or its past. Verification names the table, the record, the field and
//! the leaf of what was touched.

use engine::verify::{Difference, Where, verify};
use store::SessionExt as _;

use crate::world::{On, World, add_line, change, comment, create, link, step};

/// A closed, signed organisation in which everything occurs that can be altered.
pub fn original() -> World {
    let mut world = World::new(On::Sqlite);
    let ana = world.principal("agent");
    let now = || engine::Clock::now(&*world.clock);
    let minute = 60_000_000;
    for n in 0..300 {
        world.run(create("ticket", &[("title", format!("filler {n}").into())]));
    }
    let later = || world.clock.set(now() + minute);
    for title in ["printer", "mail"] {
        later();
        let fields = [("title", title.into()), ("urgency", 2.into()), ("story", "it began in March".into())];
        let number = world.run(create("ticket", &fields)).number;
        later();
        world.run_as(&ana, change(&number, &[("urgency", 3.into()), ("nickname", "Bo".into())]), None).unwrap();
        world.engine().sign().unwrap();
        later();
        world.run_as(&ana, comment(&number, "turned it off and on", true), None).unwrap();
        world.run_as(&ana, add_line(&number, "calls", &[("who", "Kim".into())]), None).unwrap();
        later();
        world.run(step(&number, "start", &[]));
        later();
        world.run(change(&number, &[("story", "it began in May".into())]));
        later();
        world.run_as(&ana, change(&number, &[("urgency", 4.into())]), Some(now() - 4 * minute)).unwrap();
        later();
        world.run(step(&number, "finish", &[]));
        world.run(step(&number, "reopen", &[("reason", "it broke again".into())]));
    }
    world.run(link("TIC-301", "TIC-302", true));
    world.run(link("TIC-301", "TIC-1", true));
    later();
    world.run(link("TIC-301", "TIC-1", false));
    world.run(create("ticket", &[("title", "the last".into())]));
    world.engine().sign().unwrap();
    assert_eq!(world.verify().first_difference, None);
    let mut session = world.session();
    session.query("PRAGMA wal_checkpoint(TRUNCATE)", &[], &mut |_| Ok(())).unwrap();
    world.close();
    world
}

/// What is expected of one case; an empty text means that it does not apply.
pub struct Case {
    pub sql: &'static str,
    pub table: &'static str,
    pub record: &'static str,
    pub field: &'static str,
    /// Finds the leaf in the untouched database.
    pub leaf: &'static str,
}

const PRINTER: &str = "(SELECT id FROM record WHERE number = 'TIC-000301')";

pub fn filled(sql: &str) -> String {
    sql.replace("{printer}", PRINTER)
        .replace("{mail}", "(SELECT id FROM record WHERE number = 'TIC-000302')")
        .replace("{last}", "(SELECT id FROM record WHERE number = 'TIC-000303')")
        .replace("{entry}", "SELECT l.idx FROM entry e JOIN leaf l ON l.entry = e.id WHERE e.record")
}

fn found(original: &World, case: &Case) -> (Difference, Option<i64>) {
    let mut untouched = original.session();
    let leaf = if case.leaf.is_empty() { None } else { Some(untouched.one_int(&filled(case.leaf), &[]).unwrap()) };
    let copy = World::copy_of(original);
    let mut session = copy.session();
    session.batch("PRAGMA foreign_keys=OFF").unwrap();
    session.batch(&filled(case.sql)).unwrap();
    let report = verify(&mut *session, &copy.model, Some(&copy.signer)).unwrap();
    assert!(!report.ok, "unnoticed: {}", case.sql);
    (report.first_difference.unwrap(), leaf)
}

pub fn check(cases: &[Case]) {
    let original = original();
    let mut wrong = Vec::new();
    for case in cases {
        let (difference, leaf) = found(&original, case);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let expected = Where { table: some(case.table), record: some(case.record), field: some(case.field), leaf };
        if difference.where_ != expected {
            wrong.push(format!("{}\n  expected {expected:?}\n  found    {difference:?}", case.sql));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const AN_ALTERED_RECORD: &[Case] = &[
    Case {
        sql: "UPDATE ticket SET urgency = 1 WHERE id = {printer}",
        table: "ticket",
        record: "TIC-000301",
        field: "urgency",
        leaf: "{entry} = {printer} AND version = 7",
    },
    Case {
        sql: "UPDATE ticket SET urgency = 'high' WHERE id = {printer}",
        table: "ticket",
        record: "TIC-000301",
        field: "urgency",
        leaf: "{entry} = {printer} AND version = 7",
    },
    Case {
        sql: "UPDATE ticket SET story = 'nothing happened' WHERE id = {mail}",
        table: "ticket",
        record: "TIC-000302",
        field: "story",
        leaf: "{entry} = {mail} AND version = 6",
    },
    Case {
        sql: "UPDATE ticket SET raised_at = raised_at - 1 WHERE id = {mail}",
        table: "ticket",
        record: "TIC-000302",
        field: "raised_at",
        leaf: "{entry} = {mail} AND version = 1",
    },
    Case {
        sql: "UPDATE ticket SET version = version + 1 WHERE id = {printer}; UPDATE record SET version = version + 1 WHERE id = {printer}",
        table: "record",
        record: "TIC-000301",
        field: "version",
        leaf: "{entry} = {printer} AND version = 12",
    },
    Case {
        sql: "UPDATE ticket SET id = -1 WHERE id = {printer}; UPDATE ticket SET id = {printer} WHERE id = {mail}; UPDATE ticket SET id = {mail} WHERE id = -1",
        table: "ticket",
        record: "TIC-000301",
        field: "number",
        leaf: "{entry} = {printer} AND version = 1",
    },
    Case {
        sql: "DELETE FROM ticket WHERE id = {printer}",
        table: "ticket",
        record: "TIC-000301",
        field: "id",
        leaf: "{entry} = {printer} AND version = 12",
    },
    Case {
        sql: "UPDATE record SET number = 'TIC-000999' WHERE id = {printer}",
        table: "record",
        record: "TIC-000301",
        field: "number",
        leaf: "{entry} = {printer} AND version = 1",
    },
    Case {
        sql: "UPDATE record SET title = 'toaster' WHERE id = {printer}",
        table: "record",
        record: "TIC-000301",
        field: "title",
        leaf: "{entry} = {printer} AND version = 1",
    },
    Case {
        sql: "UPDATE record SET type = 'person' WHERE id = {printer}",
        table: "record",
        record: "TIC-000301",
        field: "type",
        leaf: "{entry} = {printer} AND version = 1",
    },
    Case {
        sql: "DELETE FROM record WHERE id = {printer}",
        table: "record",
        record: "TIC-000301",
        field: "id",
        leaf: "",
    },
    Case {
        sql: "INSERT INTO ticket (id, number) VALUES ((SELECT id FROM record WHERE number = 'PER-000001'), 'TIC-000304')",
        table: "ticket",
        record: "PER-000001",
        field: "id",
        leaf: "",
    },
];

#[test]
fn an_altered_record_is_named() {
    check(AN_ALTERED_RECORD);
}

const AN_ALTERED_PAST: &[Case] = &[
    Case {
        sql: "UPDATE ticket_v SET urgency = 9 WHERE id = {printer} AND valid_from = (SELECT happened_at FROM entry WHERE record = {printer} AND version = 2)",
        table: "ticket_v",
        record: "TIC-000301",
        field: "urgency",
        leaf: "{entry} = {printer} AND version = 2",
    },
    Case {
        sql: "UPDATE ticket_v SET valid_from = valid_from + 1 WHERE id = {mail} AND valid_from = (SELECT happened_at FROM entry WHERE record = {mail} AND version = 3)",
        table: "ticket_v",
        record: "TIC-000302",
        field: "valid_from",
        leaf: "{entry} = {mail} AND version = 4",
    },
    Case {
        sql: "UPDATE ticket_v SET known_to = known_to + 1 WHERE id = {mail} AND known_to < 9223372036854775807 AND valid_from = (SELECT happened_at FROM entry WHERE record = {mail} AND version = 4)",
        table: "ticket_v",
        record: "TIC-000302",
        field: "known_to",
        leaf: "{entry} = {mail} AND version = 7",
    },
    Case {
        sql: "DELETE FROM ticket_v WHERE id = {mail} AND known_to < 9223372036854775807 AND valid_from = (SELECT happened_at FROM entry WHERE record = {mail} AND version = 4)",
        table: "ticket_v",
        record: "TIC-000302",
        field: "",
        leaf: "{entry} = {mail} AND version = 4",
    },
    Case {
        sql: "INSERT INTO ticket_v SELECT * FROM ticket_v WHERE id = {printer} AND valid_to = 9223372036854775807 AND known_to = 9223372036854775807",
        table: "ticket_v",
        record: "TIC-000301",
        field: "",
        leaf: "",
    },
    Case {
        sql: "UPDATE long_text SET body = 'it began in June' WHERE id = {printer} AND body = 'it began in March'",
        table: "long_text",
        record: "TIC-000301",
        field: "story",
        leaf: "{entry} = {printer} AND version = 1",
    },
    Case {
        sql: "INSERT INTO long_text SELECT id, 'answer', body, valid_from, valid_to, known_from, known_to FROM long_text WHERE id = {printer} LIMIT 1",
        table: "long_text",
        record: "TIC-000301",
        field: "answer",
        leaf: "{entry} = {printer} AND version = 12",
    },
    Case {
        sql: "UPDATE ticket__calls SET who = 'Lee' WHERE id = {mail}",
        table: "ticket__calls",
        record: "TIC-000302",
        field: "calls[1].who",
        leaf: "{entry} = {mail} AND version = 4",
    },
    Case {
        sql: "UPDATE ticket__calls SET by = NULL WHERE id = {mail}",
        table: "ticket__calls",
        record: "TIC-000302",
        field: "calls[1].by",
        leaf: "{entry} = {mail} AND version = 4",
    },
    Case {
        sql: "DELETE FROM ticket__calls WHERE id = {mail}",
        table: "ticket__calls",
        record: "TIC-000302",
        field: "calls[1]",
        leaf: "{entry} = {mail} AND version = 4",
    },
    Case {
        sql: "UPDATE step SET happened_at = happened_at - 60000000 WHERE record = {printer} AND to_state = 'done'",
        table: "step",
        record: "TIC-000301",
        field: "happened_at",
        leaf: "{entry} = {printer} AND into_state = 'done'",
    },
    Case {
        sql: "UPDATE step SET known_to = recorded_at + 1 WHERE record = {printer} AND to_state = 'done'",
        table: "step",
        record: "TIC-000301",
        field: "known_to",
        leaf: "{entry} = {printer} AND into_state = 'done'",
    },
    Case {
        sql: "UPDATE step SET first = 1 WHERE record = {printer}",
        table: "step",
        record: "TIC-000301",
        field: "first",
        leaf: "{entry} = {printer} AND into_state = 'doing' AND version > 5",
    },
    Case {
        sql: "DELETE FROM step WHERE record = {printer} AND to_state = 'done'",
        table: "step",
        record: "TIC-000301",
        field: "entry",
        leaf: "{entry} = {printer} AND into_state = 'done'",
    },
    Case {
        sql: "UPDATE comment SET body = 'did nothing' WHERE record = {mail}",
        table: "comment",
        record: "TIC-000302",
        field: "body",
        leaf: "{entry} = {mail} AND kind = 'comment'",
    },
    Case {
        sql: "UPDATE comment SET public = 0 WHERE record = {mail}",
        table: "comment",
        record: "TIC-000302",
        field: "public",
        leaf: "{entry} = {mail} AND kind = 'comment'",
    },
    Case {
        sql: "DELETE FROM link WHERE b = {mail}",
        table: "link",
        record: "TIC-000301",
        field: "parent_of",
        leaf: "{entry} = {printer} AND version = 10",
    },
    Case {
        sql: "UPDATE link SET valid_to = 9223372036854775807 WHERE b <> {mail}",
        table: "link",
        record: "TIC-000301",
        field: "parent_of",
        leaf: "{entry} = {printer} AND version = 12",
    },
];

#[test]
fn an_altered_past_is_named() {
    check(AN_ALTERED_PAST);
}

#[test]
fn an_altered_row_among_the_records_of_an_extended_type_is_named() {
    for on in crate::world::databases() {
        let world = World::new(on);
        let number = world.run(create("outage", &[("title", "dark".into()), ("urgency", 3.into())])).number;
        assert!(world.verify().ok);
        world.session().batch("UPDATE ticket SET urgency = 4").unwrap();
        let found = world.verify().first_difference.unwrap();
        let Where { table, record, field, .. } = &found.where_;
        let named = (table.as_deref(), record.as_deref(), field.as_deref());
        assert_eq!(named, (Some("ticket"), Some(number.as_str()), Some("urgency")));
    }
}
