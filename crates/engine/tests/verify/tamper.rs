//! Somebody with the database's password changes one thing. Verification names the table, the record, the field and
//! the leaf of what was touched.

use std::sync::OnceLock;

use engine::verify::{Difference, Where, verify};
use store::{Param, SessionExt as _};

use crate::world::{On, World, add_line, change, comment, create, link, step};

/// A closed, signed organisation in which everything occurs that can be altered.
fn original() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
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
    })
}

/// What is expected of one case; an empty text means that it does not apply.
struct Case {
    sql: &'static str,
    table: &'static str,
    record: &'static str,
    field: &'static str,
    /// Finds the leaf in the untouched database.
    leaf: &'static str,
}

const PRINTER: &str = "(SELECT id FROM record WHERE number = 'TIC-000301')";

fn filled(sql: &str) -> String {
    sql.replace("{printer}", PRINTER)
        .replace("{mail}", "(SELECT id FROM record WHERE number = 'TIC-000302')")
        .replace("{last}", "(SELECT id FROM record WHERE number = 'TIC-000303')")
        .replace("{entry}", "SELECT l.idx FROM entry e JOIN leaf l ON l.entry = e.id WHERE e.record")
}

fn found(case: &Case) -> (Difference, Option<i64>) {
    let mut untouched = original().session();
    let leaf = if case.leaf.is_empty() { None } else { Some(untouched.one_int(&filled(case.leaf), &[]).unwrap()) };
    let copy = World::copy_of(original());
    let mut session = copy.session();
    session.batch("PRAGMA foreign_keys=OFF").unwrap();
    session.batch(&filled(case.sql)).unwrap();
    let report = verify(&mut *session, &copy.model, Some(&copy.signer)).unwrap();
    assert!(!report.ok, "unnoticed: {}", case.sql);
    (report.first_difference.unwrap(), leaf)
}

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let (difference, leaf) = found(case);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let expected = Where { table: some(case.table), record: some(case.record), field: some(case.field), leaf };
        if difference.where_ != expected {
            wrong.push(format!("{}\n  expected {expected:?}\n  found    {difference:?}", case.sql));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_altered_record_is_named() {
    check(&[
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
        Case { sql: "DELETE FROM record WHERE id = {printer}", table: "record", record: "TIC-000301", field: "id", leaf: "" },
        Case {
            sql: "INSERT INTO ticket (id, number) VALUES ((SELECT id FROM record WHERE number = 'PER-000001'), 'TIC-000304')",
            table: "ticket",
            record: "PER-000001",
            field: "id",
            leaf: "",
        },
    ]);
}

#[test]
fn an_altered_past_is_named() {
    check(&[
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
    ]);
}

#[test]
fn an_altered_entry_is_named() {
    check(&[
        Case {
            sql: "UPDATE entry SET opening = replace(opening, '\"urgency\":4', '\"urgency\":2') WHERE record = {mail}",
            table: "entry",
            record: "TIC-000302",
            field: "urgency",
            leaf: "{entry} = {mail} AND version = 7",
        },
        Case {
            sql: "UPDATE entry SET opening = replace(opening, '\"urgency\":4', '\"urgency\":4,\"loud\":true') WHERE record = {mail} AND version = 7",
            table: "entry",
            record: "TIC-000302",
            field: "loud",
            leaf: "{entry} = {mail} AND version = 7",
        },
        Case {
            sql: "UPDATE entry SET opening = replace(opening, '\"urgency\":4', '\"urgency\":2,\"urgency\":4') WHERE record = {mail} AND version = 7",
            table: "entry",
            record: "TIC-000302",
            field: "opening",
            leaf: "{entry} = {mail} AND version = 7",
        },
        Case {
            sql: "UPDATE secret SET value = '\"Bob\"' WHERE field = 'nickname' AND entry = (SELECT id FROM entry WHERE record = {mail} AND version = 2)",
            table: "secret",
            record: "TIC-000302",
            field: "nickname",
            leaf: "{entry} = {mail} AND version = 2",
        },
        Case {
            sql: "DELETE FROM secret WHERE field = 'nickname' AND entry = (SELECT id FROM entry WHERE record = {mail} AND version = 2)",
            table: "secret",
            record: "TIC-000302",
            field: "nickname",
            leaf: "{entry} = {mail} AND version = 2",
        },
        Case {
            sql: "UPDATE entry SET actor = NULL WHERE record = {printer} AND version = 2",
            table: "entry",
            record: "TIC-000301",
            field: "actor",
            leaf: "{entry} = {printer} AND version = 2",
        },
        Case {
            sql: "UPDATE entry SET recorded_at = recorded_at - 1 WHERE record = {printer} AND version = 2",
            table: "entry",
            record: "TIC-000301",
            field: "recorded_at",
            leaf: "{entry} = {printer} AND version = 2",
        },
        Case {
            sql: "UPDATE entry SET into_state = NULL WHERE record = {printer} AND into_state = 'done'",
            table: "entry",
            record: "TIC-000301",
            field: "into_state",
            leaf: "{entry} = {printer} AND into_state = 'done'",
        },
        Case {
            sql: "UPDATE entry SET deviates = 'against the rules' WHERE record = {printer} AND into_state = 'done'",
            table: "entry",
            record: "TIC-000301",
            field: "deviates",
            leaf: "{entry} = {printer} AND into_state = 'done'",
        },
        Case {
            sql: "UPDATE entry SET id = -1 WHERE record = {printer} AND version = 2; UPDATE entry SET id = (SELECT id FROM entry WHERE record = {printer} AND version = 1) + 1 WHERE record = {mail} AND version = 2",
            table: "entry",
            record: "TIC-000301",
            field: "id",
            leaf: "",
        },
        Case {
            sql: "UPDATE leaf SET idx = -1 WHERE idx = 5; UPDATE leaf SET idx = 5 WHERE idx = 9; UPDATE leaf SET idx = 9 WHERE idx = -1",
            table: "leaf",
            record: "TIC-000006",
            field: "entry",
            leaf: "SELECT 6",
        },
        Case {
            sql: "UPDATE leaf SET body = (SELECT body FROM leaf WHERE idx = 4) WHERE idx = 5",
            table: "leaf",
            record: "TIC-000005",
            field: "body",
            leaf: "SELECT 5",
        },
        Case { sql: "DELETE FROM leaf WHERE idx = 5", table: "leaf", record: "TIC-000005", field: "", leaf: "SELECT 5" },
    ]);
}

#[test]
fn entries_exchanged_between_records_are_named() {
    let sql = "UPDATE entry SET id = -1 WHERE record = {printer} AND version = 2; \
               UPDATE entry SET id = (SELECT l.entry FROM leaf l LEFT JOIN entry e ON e.id = l.entry WHERE e.id IS NULL) WHERE record = {mail} AND version = 2; \
               UPDATE entry SET id = (SELECT l.entry FROM leaf l LEFT JOIN entry e ON e.id = l.entry WHERE e.id IS NULL) WHERE id = -1";
    check(&[Case {
        sql,
        table: "entry",
        record: "TIC-000301",
        field: "record",
        leaf: "{entry} = {mail} AND version = 2",
    }]);
}

#[test]
fn the_last_entry_with_its_record_cannot_vanish() {
    let gone = "DELETE FROM leaf WHERE entry IN (SELECT id FROM entry WHERE record = {last}); DELETE FROM secret WHERE entry IN (SELECT id FROM entry WHERE record = {last}); \
                DELETE FROM step WHERE record = {last}; DELETE FROM entry WHERE record = {last}; DELETE FROM ticket_v WHERE id = {last}; DELETE FROM ticket WHERE id = {last}; \
                DELETE FROM record WHERE id = {last};";
    let copy = World::copy_of(original());
    let mut session = copy.session();
    session.batch("PRAGMA foreign_keys=OFF").unwrap();
    session.batch(&filled(gone)).unwrap();
    let leaves = session.one_int("SELECT count(*) FROM leaf", &[]).unwrap();
    let mut named = |what: &str| {
        let difference = verify(&mut *session, &copy.model, Some(&copy.signer)).unwrap().first_difference.unwrap();
        let Where { table, record, leaf, .. } = difference.where_.clone();
        assert_eq!((table.as_deref(), leaf), (Some("leaf"), Some(leaves)), "{what}: {difference:?}");
        record
    };
    assert_eq!(named("alone").as_deref(), Some("TIC-000303"));
    // However well the rest is made to fit, the signer remembers.
    copy.session()
        .execute("UPDATE head SET leaves = leaves - 1, next_entry = next_entry - 1, next_id = next_id - 1, next_row = next_row - 1", &[])
        .unwrap();
    assert_eq!(named("head").as_deref(), Some("TIC-000303"));
    copy.session().execute("UPDATE counter SET last = last - 1 WHERE prefix = 'TIC'", &[]).unwrap();
    assert_eq!(named("counter"), None);
    copy.session().execute("DELETE FROM checkpoint WHERE size > ?", &[Param::Int(leaves)]).unwrap();
    assert_eq!(named("checkpoint"), None);
    let unsigned = verify(&mut *copy.session(), &copy.model, None).unwrap();
    assert!(unsigned.ok && !unsigned.warnings.is_empty(), "without the signer nobody can tell: {unsigned:?}");
}

#[test]
fn an_altered_ledger_is_named() {
    let other_note = "UPDATE checkpoint SET note = (SELECT note FROM checkpoint ORDER BY size LIMIT 1) WHERE size = (SELECT max(size) FROM checkpoint)";
    check(&[
        Case { sql: other_note, table: "checkpoint", record: "", field: "note", leaf: "SELECT max(size) - 1 FROM checkpoint" },
        Case {
            sql: "UPDATE checkpoint SET note = replace(note, 'vouch/', 'vouch/x') WHERE size = (SELECT min(size) FROM checkpoint)",
            table: "checkpoint",
            record: "",
            field: "note",
            leaf: "SELECT min(size) - 1 FROM checkpoint",
        },
        Case {
            sql: "UPDATE tile SET hashes = (SELECT hash FROM leaf WHERE idx = 3)",
            table: "tile",
            record: "",
            field: "level 1, index 0",
            leaf: "SELECT 0",
        },
        Case { sql: "DELETE FROM tile", table: "tile", record: "", field: "level 1, index 0", leaf: "SELECT 0" },
        Case {
            sql: "UPDATE head SET leaves = leaves - 1",
            table: "head",
            record: "",
            field: "leaves",
            leaf: "SELECT leaves - 1 FROM head",
        },
        Case { sql: "UPDATE head SET leaves = leaves + 1", table: "leaf", record: "", field: "", leaf: "SELECT leaves FROM head" },
        Case { sql: "UPDATE head SET next_id = next_id - 1", table: "head", record: "", field: "next_id", leaf: "" },
        Case { sql: "UPDATE head SET next_row = next_row + 1", table: "head", record: "", field: "next_row", leaf: "" },
        Case { sql: "DELETE FROM head", table: "head", record: "", field: "", leaf: "" },
        Case {
            sql: "UPDATE counter SET last = last + 1 WHERE prefix = 'TIC'",
            table: "counter",
            record: "TIC-000304",
            field: "TIC",
            leaf: "",
        },
        Case {
            sql: "UPDATE text_version SET hash = 'ab' WHERE kind = 'model'",
            table: "entry",
            record: "PER-000001",
            field: "model",
            leaf: "SELECT 0",
        },
        Case {
            sql: "INSERT INTO secret (entry, field, value, salt) VALUES (99999, 'x', '1', x'00')",
            table: "secret",
            record: "",
            field: "entry",
            leaf: "",
        },
    ]);
}

#[test]
fn a_rewritten_leaf_shows_in_the_signed_root() {
    let copy = World::copy_of(original());
    let mut session = copy.session();
    let mut body = Vec::new();
    session
        .query("SELECT body FROM leaf WHERE idx = 301", &[], &mut |row| {
            body = row.need_blob(0)?.to_vec();
            Ok(())
        })
        .unwrap();
    let mut leaf = ledger::Leaf::parse(&body).unwrap();
    leaf.channel = "page".into();
    let (hash, body) = (leaf.hash().unwrap(), leaf.bytes().unwrap());
    let params = [Param::Blob(&hash.0), Param::Blob(&body), Param::Int(301)];
    session.execute("UPDATE leaf SET hash = ?, body = ? WHERE idx = ?", &params).unwrap();
    session.execute("UPDATE entry SET channel = 'page' WHERE id = 302", &[]).unwrap();
    let difference = verify(&mut *session, &copy.model, Some(&copy.signer)).unwrap().first_difference.unwrap();
    assert_eq!(difference.where_.table.as_deref(), Some("checkpoint"));
    assert!(difference.what.contains("the leaves from 0 to"), "{difference:?}");
}

#[test]
fn a_damaged_file_is_told_by_the_database_itself() {
    let copy = World::copy_of(original());
    let path = copy.location.path().unwrap();
    let mut session = copy.session();
    let page = session.one_int("SELECT rootpage FROM sqlite_master WHERE name = 'step_by_record'", &[]).unwrap();
    let size = session.one_int("PRAGMA page_size", &[]).unwrap();
    drop(session);
    let mut bytes = std::fs::read(path).unwrap();
    let end = usize::try_from(page * size).unwrap();
    bytes[end - 3] ^= 0x40;
    std::fs::write(path, bytes).unwrap();
    let report = verify(&mut *copy.session(), &copy.model, Some(&copy.signer)).unwrap();
    assert_eq!(report.first_difference.unwrap().what, "the database file is damaged");
}

#[test]
fn a_missing_signer_is_no_difference_but_an_error() {
    let copy = World::copy_of(original());
    std::fs::remove_dir_all(&copy.signer).unwrap();
    let fault = verify(&mut *copy.session(), &copy.model, Some(&copy.signer)).unwrap_err();
    assert!(fault.to_string().contains("whether the log was cut short cannot be told"), "{fault}");
}
