//! Tables: one row a record, no history, for whatever type of record there is.

use std::path::PathBuf;

use exchange::{Format, ImportOptions, Report};

use crate::world::{NOW, World, mapping, read_with, shared};

const PEOPLE: &str = r#"
name = "staff"
record = "person"
number = "id"
begins = "since"
date_format = "%d.%m.%Y"
time_format = "%d.%m.%Y"
[fields]
name = { column = "name", empty = "nobody's" }
email = { column = "mail" }
customer = { column = "customer", kind = "link", to = "customer", unknown = "null" }
top_management = { column = "boss", kind = "boolean" }
"#;

const ASSETS: &str = r#"
name = "assets"
record = "configuration_item"
number = "tag"
[state]
column = "status"
[values.state]
"in use" = "live"
"gone" = "retired"
[fields]
name = { column = "name" }
owner = { column = "owner", kind = "link", to = "person", by = "email" }
class = { column = "class", kind = "list_value", list = "ci_class" }
"#;

fn file(world: &World, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = world.folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn import(world: &World, map: &str, text: impl AsRef<[u8]>) -> Report {
    let path = file(world, "table.csv", text);
    world.import(&read_with(&[path], Format::Csv, map).unwrap(), &ImportOptions::default()).unwrap()
}

fn counts(report: &Report) -> [u64; 4] {
    [report.created, report.changed, report.unchanged, report.refused_rows]
}

fn refusals(report: &Report) -> Vec<String> {
    report.refused.iter().map(|r| format!("{} {} {}: {}", r.row, r.field, r.code, r.message)).collect()
}

#[test]
fn a_row_is_a_record_and_the_next_reading_changes_what_has_changed() {
    for world in World::on_each_database() {
        let first = "id,name,mail,customer,boss,since\n7,Ana,ana@x.example,,true,01.02.2019\n8,Ben,ben@x.example,,0,\n9,,,Nobody Ltd,,\n";
        assert_eq!(counts(&import(&world, PEOPLE, first)), [3, 0, 0, 0]);
        let people =
            world.rows("SELECT number, name, email, top_management, active, external_key FROM person ORDER BY id", 6);
        assert_eq!(people[0], ["PER-000001", "Ana", "ana@x.example", "1", "1", "7"]);
        assert_eq!(people[2], ["PER-000003", "nobody's", "", "", "1", "9"]);
        let since = "2019-02-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let held = world.rows("SELECT min(valid_from), max(raised_at) FROM person_v GROUP BY id ORDER BY id", 2);
        assert_eq!(held[0], [since.to_string(), since.to_string()]);
        assert_eq!(held[1], [NOW.to_string(), NOW.to_string()]);

        assert_eq!(counts(&import(&world, PEOPLE, first)), [0, 0, 3, 0], "the same table says nothing new");
        let second = first.replace("ben@x", "benjamin@x");
        assert_eq!(counts(&import(&world, PEOPLE, &second)), [0, 1, 2, 0]);
        assert_eq!(counts(&import(&world, PEOPLE, first)), [0, 1, 2, 0], "what it was before is a change again");
        assert_eq!(counts(&import(&world, PEOPLE, first)), [0, 0, 3, 0]);
        assert_eq!(
            world.text("SELECT email FROM person WHERE number = ?", "PER-000002").as_deref(),
            Some("ben@x.example")
        );
        assert_eq!(
            world.int("SELECT count(*) FROM entry e JOIN person p ON p.id = e.record WHERE p.number = 'PER-000002'"),
            3
        );
        let report = engine::verify::verify(&mut *world.engine.reader().unwrap(), world.engine.model(), None).unwrap();
        assert_eq!(report.first_difference, None);
    }
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let world = World::new();
    let map = ASSETS.replace("by = \"email\"", "by = \"name\"");
    let text = "tag,name,owner,class,status\nA1,Server 1,Ana,Server,in use\nA2,Server 2,Ana,Server,gone\n";
    let log = read_with(&[file(&world, "t.csv", text)], Format::Csv, &map).unwrap();
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let report = world.import(&log, &dry).unwrap();
    assert_eq!((counts(&report), world.int("SELECT leaves FROM head")), ([2, 0, 0, 0], 0));
    assert_eq!((report.named["person"], report.named["list_value"]), (1, 1));
    assert_eq!(world.import(&log, &ImportOptions::default()).unwrap().named, report.named);
}

#[test]
fn a_link_finds_its_record_by_what_the_mapping_says() {
    let world = World::new();
    import(
        &world,
        PEOPLE,
        "id,name,mail,customer,boss,since\n7,Ana,ana@x.example,,,\n8,Ana,ana@y.example,,,\n9,Cy,ana@y.example,,,\n",
    );
    let text = |owner: &str| format!("tag,name,owner,class,status\nA1,Server 1,{owner},Server,in use\n");
    let by = |rule: &str| ASSETS.replace("by = \"email\"", rule);
    for (rule, owner, expected) in [
        ("by = \"email\"", "ana@x.example", Ok("PER-000001")),
        ("by = \"email\"", "ana@y.example", Err("ambiguous")),
        ("by = \"email\"", "ana@z.example", Err("no_such_record")),
        ("by = \"number\"", "per-2", Ok("PER-000002")),
        ("by = \"number\"", "CI-1", Err("no_such_record")),
        ("by = \"key\", source = \"staff\"", "9", Ok("PER-000003")),
        ("by = \"key\"", "9", Err("no_such_record")),
        ("by = \"name\"", "Ana", Ok("PER-000001")),
        ("by = \"email\", unknown = \"null\"", "ana@z.example", Ok("")),
    ] {
        let map = by(rule).replace("\"assets\"", &format!("\"assets {}\"", rule.replace('"', "")));
        let report = import(&world, &map, text(owner));
        let found = match report.refused.first() {
            Some(refused) => {
                assert_eq!((refused.row, refused.field.as_str()), (2, "owner"));
                Err(refused.code.as_str())
            }
            None => Ok(()),
        };
        assert_eq!(found, expected.map(|_| ()), "{rule} {owner}");
        if let Ok(number) = expected {
            let sql = "SELECT p.number FROM configuration_item c LEFT JOIN person p ON p.id = c.owner ORDER BY c.id DESC LIMIT 1";
            assert_eq!(world.rows(sql, 1)[0], [number], "{rule} {owner}");
        }
    }
}

#[test]
fn a_key_that_is_not_there_yet_can_be_made_and_filled_in_later() {
    let world = World::new();
    let map = ASSETS.replace("by = \"email\"", "by = \"key\", source = \"staff\", unknown = \"create\"");
    import(&world, &map, "tag,name,owner,class,status\nA1,Server 1,9,Server,in use\n");
    assert_eq!(world.rows("SELECT number, name FROM person", 2), [["PER-000001", "9"]]);
    let report = import(&world, PEOPLE, "id,name,mail,customer,boss,since\n9,Cy,cy@x.example,,,\n");
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    assert_eq!(world.rows("SELECT number, name FROM person", 2), [["PER-000001", "Cy"]]);
}

#[test]
fn what_is_wrong_with_a_row_is_told_by_row_and_column() {
    let world = World::new();
    let text = "tag,name,owner,class,status\nA1,,,,in use\nA2,Server 2,,,broken\nA3,Server 3,,,in use\nA3,Server 4,,,in use\nA4,Server 5,,,gone\n,x,,,gone\n";
    let report = import(&world, ASSETS, text);
    let expected = [
        "7 tag number: the row does not say which case it is of",
        "3 status unknown_value: `broken` is none of the states that the mapping names",
        "5 tag duplicate: row 4 is of the same record: a table has one row a record",
        "2 name required: Name: the cell is empty, and no configuration_item can be without it",
    ];
    let mut found = refusals(&report);
    found.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(world.rows("SELECT name, state FROM configuration_item", 2), [["Server 5", "retired"]]);
}

#[test]
fn a_source_s_key_stands_for_one_kind_of_record() {
    let world = World::new();
    let same = ImportOptions { source: Some("tool".to_owned()), ..ImportOptions::default() };
    let people = file(&world, "p.csv", "id,name,mail,customer,boss,since\n1,Ana,,,,\n");
    world.import(&read_with(&[people], Format::Csv, PEOPLE).unwrap(), &same).unwrap();
    let assets = file(&world, "a.csv", "tag,name,owner,class,status\n1,Server 1,,,in use\n");
    let report = world.import(&read_with(&[assets], Format::Csv, ASSETS).unwrap(), &same).unwrap();
    assert_eq!(refusals(&report), ["2 tag conflict: the source's key belongs to a record of the type person here"]);
}

#[test]
fn every_encoding_gives_the_same_records() {
    let text = "tag;name;owner;class;status\r\nA1;Größe – „M“;;Büro;in use\r\n";
    let map = format!("delimiter = \";\"\n{ASSETS}");
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    for (encoding, bytes) in [
        (None, text.as_bytes().to_vec()),
        (None, marked(b"\xef\xbb\xbf", text.as_bytes().to_vec())),
        (None, marked(b"\xff\xfe", wide(u16::to_le_bytes))),
        (None, marked(b"\xfe\xff", wide(u16::to_be_bytes))),
        (Some("utf-16"), wide(u16::to_le_bytes)),
        (Some("utf-16be"), wide(u16::to_be_bytes)),
        (Some("windows-1252"), windows.to_vec()),
        (Some("windows-1252"), marked(b"\xef\xbb\xbf", text.as_bytes().to_vec())),
    ] {
        let world = World::new();
        let map = encoding.map_or_else(|| map.clone(), |name| format!("encoding = \"{name}\"\n{map}"));
        assert_eq!(counts(&import(&world, &map, bytes)), [1, 0, 0, 0], "{encoding:?}");
        assert_eq!(world.rows("SELECT name FROM configuration_item", 1), [["Größe – „M“"]], "{encoding:?}");
    }
    let world = World::new();
    let broken: Vec<u8> = [
        text.replace("Büro", "x").encode_utf16().collect(),
        vec![0x41, 0x32, 0x3b, 0xd800, 0x3b, 0x3b, 0x3b, 0x69, 0x0d],
    ]
    .concat()
    .into_iter()
    .flat_map(u16::to_le_bytes)
    .collect();
    let report = import(&world, &format!("encoding = \"utf-16\"\n{map}"), broken);
    assert_eq!(refusals(&report), ["3 name utf8: the cell has bytes that are no text in the file's encoding"]);
}

#[test]
fn a_file_may_have_no_header_or_rows_before_it() {
    let world = World::new();
    let bare = format!("header = [\"tag\", \"name\", \"owner\", \"class\", \"status\"]\n{ASSETS}");
    assert_eq!(counts(&import(&world, &bare, "A1,Server 1,,,in use\n")), [1, 0, 0, 0]);
    let title = format!("skip = 2\n{ASSETS}");
    let text = "Our assets\nprinted on Monday\ntag,name,owner,class,status\nA1,Server 1,,,in use\n";
    assert_eq!(counts(&import(&world, &title, text)), [0, 0, 1, 0]);
}

#[test]
fn a_type_of_an_overlay_is_filled_like_any_other() {
    let overlay = [(
        "contract.toml",
        r#"
[record]
name = "contract"
plural = "contracts"
prefix = "CON"
[fields]
title = { kind = "text", required = true }
signed_on = { kind = "date" }
notice = { kind = "duration" }
fee = { kind = "decimal", scale = 2 }
partner = { kind = "link", to = ["customer"] }
tier = { kind = "choice", choices = ["gold", "silver"], default = "silver" }
[fields.sites]
kind = "rows"
of = "text"
[permissions.service-manager]
read = "true"
create = "true"
"#,
    )];
    let map = r#"
name = "contracts"
record = "contract"
number = "no"
decimal = ","
date_format = ["%d.%m.%Y", "%Y-%m-%d"]
[fields]
title = { column = "what" }
signed_on = { column = "signed", kind = "date" }
notice = { column = "months", kind = "duration", unit = "days" }
fee = { column = "fee", kind = "decimal" }
partner = { column = "partner", kind = "link", to = "customer" }
sites = { column = "sites", kind = "lines", separator = "|" }
"#;
    let world = World::with_overlay(&overlay);
    let text = "no,what,signed,months,fee,partner,sites\nC1,Hosting,03.04.2021,30,\"1200,5\",Mill Ltd,Oslo | Bergen\nC2,Support,2022-05-06,,,,\nC3,Bad,2022-13-01,x,\"1,234\",,\n";
    let report = import(&world, map, text);
    assert_eq!(counts(&report), [2, 0, 0, 1]);
    let codes: Vec<&str> = report.refused.iter().map(|refused| refused.code.as_str()).collect();
    assert_eq!(codes, ["duration", "date"]);
    let rows = world.rows("SELECT title, signed_on, notice, fee, tier FROM contract ORDER BY id", 5);
    assert_eq!(rows[0], ["Hosting", "18720", "2592000000000", "120050", "silver"]);
    assert_eq!(rows[1], ["Support", "19118", "", "", "silver"]);
    assert_eq!(world.rows("SELECT value FROM contract__sites ORDER BY pos", 1), [["Oslo"], ["Bergen"]]);
    let again = import(&world, map, text.replace(" | Bergen", ""));
    assert_eq!(counts(&again), [0, 1, 1, 1]);
    let report = engine::verify::verify(&mut *world.engine.reader().unwrap(), world.engine.model(), None).unwrap();
    assert_eq!(report.first_difference, None);
}

#[test]
fn a_mapping_that_the_model_does_not_fit_is_told_with_its_place() {
    let world = World::new();
    let path = file(&world, "t.csv", "tag,name,owner,class,status\n");
    for (from, to, expected) in [
        ("\"configuration_item\"", "\"thing\"", "m.toml:3:1: there is no record type `thing`"),
        (
            "\"configuration_item\"",
            "\"clock\"",
            "m.toml:3:1: records of the type `clock` are made by the program alone",
        ),
        (
            "\"gone\" = \"retired\"",
            "\"gone\" = \"gone\"",
            "m.toml:9:1: `gone` is no state of `configuration_item`, expected one of planned, in_build, in_test, live, maintenance, retired, disposed",
        ),
        (
            "by = \"email\"",
            "by = \"mail\"",
            "m.toml:12:1: `by`: expected \"name\", \"number\", \"key\" or a text field of `person`, found `mail`",
        ),
        (
            "to = \"person\"",
            "to = \"team\"",
            "m.toml:12:1: a record of the type `team` cannot stand here: expected person",
        ),
        (
            "list = \"ci_class\"",
            "list = \"category\"",
            "m.toml:13:1: the field `class` is of another kind in the model: expected `list_value` with `list = \"ci_class\"`",
        ),
    ] {
        assert!(ASSETS.contains(from));
        let log = read_with(std::slice::from_ref(&path), Format::Csv, &ASSETS.replacen(from, to, 1)).unwrap();
        let error = world.import(&log, &ImportOptions::default()).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
}

#[test]
fn the_packages_of_a_machine_become_configuration_items() {
    let Some(path) = shared("cmdb/debian-host-packages/installed_packages.tsv.gz") else { return };
    let world = World::new();
    let map = mapping("packages.toml");
    let report = world
        .import(&read_with(std::slice::from_ref(&path), Format::Csv, &map).unwrap(), &ImportOptions::default())
        .unwrap();
    assert_eq!((report.rows, report.created, report.refused_rows), (713, 713, 0));
    assert_eq!(world.int("SELECT count(*) FROM configuration_item WHERE state = 'live'"), 713);
    let sql = "SELECT c.number, c.description, l.label FROM configuration_item c JOIN list_value l ON l.id = c.class ORDER BY c.id LIMIT 1";
    assert_eq!(world.rows(sql, 3), [["CI-000001", "adduser 3.134 all", "Software"]]);
    let again = world.import(&read_with(&[path], Format::Csv, &map).unwrap(), &ImportOptions::default()).unwrap();
    assert_eq!((again.created, again.changed, again.unchanged), (0, 0, 713));
}

#[test]
fn the_document_s_table_is_read_as_it_says() {
    let world = World::new();
    import(&world, PEOPLE, "id,name,mail,customer,boss,since\n7,Ana,ana@example.org,,,\n");
    let document = include_str!("../../../../docs/import.md");
    let block = |kind: &str| document.split(&format!("```{kind}\n")).nth(1).unwrap().split("```").next().unwrap();
    let log = read_with(&[file(&world, "assets.csv", block("csv"))], Format::Csv, block("toml")).unwrap();
    let report = world.import(&log, &ImportOptions::default()).unwrap();
    assert_eq!((counts(&report), report.refused.len()), ([2, 0, 0, 0], 0));
    let sql = "SELECT c.number, c.state, p.name, c.environment FROM configuration_item c LEFT JOIN person p ON p.id = c.owner ORDER BY c.id";
    assert_eq!(
        world.rows(sql, 4),
        [["CI-000001", "live", "Ana", "production"], ["CI-000002", "retired", "", "production"]]
    );
}
