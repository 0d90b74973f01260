//! Somebody alters the ledger itself, or takes something out of it.

use engine::verify::{Where, verify};
use store::{Param, Session, SessionExt as _};

use crate::tamper::{Case, check, filled, original};
use crate::world::{World, change};

const AN_ALTERED_ENTRY: &[Case] = &[
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
        sql: "UPDATE entry SET known_to = recorded_at + 1 WHERE record = {printer} AND version = 2",
        table: "entry",
        record: "TIC-000301",
        field: "known_to",
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
];

#[test]
fn an_altered_entry_is_named() {
    check(AN_ALTERED_ENTRY);
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
    let gone = "DELETE FROM search WHERE rowid = {last}; DELETE FROM leaf WHERE entry IN (SELECT id FROM entry WHERE record = {last}); DELETE FROM secret WHERE entry IN (SELECT id FROM entry WHERE record = {last}); \
                DELETE FROM step WHERE record = {last}; DELETE FROM entry WHERE record = {last}; DELETE FROM ticket_v WHERE id = {last}; DELETE FROM ticket WHERE id = {last}; \
                DELETE FROM record WHERE id = {last};";
    let copy = World::copy_of(&original());
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

const OTHER_NOTE: &str = "UPDATE checkpoint SET note = (SELECT note FROM checkpoint ORDER BY size LIMIT 1) WHERE size = (SELECT max(size) FROM checkpoint)";

const AN_ALTERED_LEDGER: &[Case] = &[
    Case {
        sql: OTHER_NOTE,
        table: "checkpoint",
        record: "",
        field: "note",
        leaf: "SELECT max(size) - 1 FROM checkpoint",
    },
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
    Case {
        sql: "UPDATE head SET leaves = leaves + 1",
        table: "leaf",
        record: "",
        field: "",
        leaf: "SELECT leaves FROM head",
    },
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
];

#[test]
fn an_altered_ledger_is_named() {
    check(AN_ALTERED_LEDGER);
}

/// Seals a leaf anew with another channel, and makes its entry fit.
fn rewrite(session: &mut dyn Session, index: i64) {
    let mut body = Vec::new();
    let take = &mut |row: &dyn store::Row| {
        body = row.need_blob(0)?.to_vec();
        Ok(())
    };
    session.query("SELECT body FROM leaf WHERE idx = ?", &[Param::Int(index)], take).unwrap();
    let mut leaf = ledger::Leaf::parse(&body).unwrap();
    leaf.channel = "page".into();
    let (hash, body) = (leaf.hash().unwrap(), leaf.bytes().unwrap());
    let params = [Param::Blob(&hash.0), Param::Blob(&body), Param::Int(index)];
    session.execute("UPDATE leaf SET hash = ?, body = ? WHERE idx = ?", &params).unwrap();
    session.execute("UPDATE entry SET channel = 'page' WHERE id = ?", &[Param::Int(index + 1)]).unwrap();
}

#[test]
fn a_rewritten_leaf_shows_in_the_signed_root() {
    let copy = World::copy_of(&original());
    let mut session = copy.session();
    rewrite(&mut *session, 301);
    let difference = verify(&mut *session, &copy.model, Some(&copy.signer)).unwrap().first_difference.unwrap();
    assert_eq!(difference.where_.table.as_deref(), Some("checkpoint"));
    assert!(difference.what.contains("the leaves from 0 to"), "{difference:?}");
}

#[test]
fn a_leaf_rewritten_before_it_was_signed_breaks_its_records_chain() {
    let mut copy = World::copy_of(&original());
    copy.open();
    let first = copy.engine().leaves().unwrap();
    copy.run(change("TIC-303", &[("urgency", 1.into())]));
    copy.run(change("TIC-303", &[("urgency", 2.into())]));
    rewrite(&mut *copy.session(), first);
    let difference = copy.verify().first_difference.unwrap();
    let Where { table, record, field, leaf } = difference.where_;
    assert_eq!(
        (table.as_deref(), record.as_deref(), field.as_deref()),
        (Some("leaf"), Some("TIC-000303"), Some("previous"))
    );
    assert_eq!(leaf, Some(first + 1));
}

#[test]
fn a_damaged_file_is_told_by_the_database_itself() {
    let copy = World::copy_of(&original());
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
    let copy = World::copy_of(&original());
    std::fs::remove_dir_all(&copy.signer).unwrap();
    let fault = verify(&mut *copy.session(), &copy.model, Some(&copy.signer)).unwrap_err();
    assert!(fault.to_string().contains("whether the log was cut short cannot be told"), "{fault}");
}
