//! The mapping file: what it may say, and that it is told where it is wrong.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use exchange::{Case, Log, Mapping, Options};

const GOOD: &str = r#"name = "small"
record = "incident"
time_format = "%Y-%m-%dT%H:%M:%S%:z"
number = "id"
order = { column = "n", kind = "integer", direction = "descending" }
happened = "at"

[state]
column = "status"
done = ["done"]

[values.state]
"Open" = "new"
"Done" = "done"

[fields]
title = { column = "title" }
done_at = { column = "done", kind = "instant" }
place = { column = "place", kind = "list_value", list = "location", optional = true }

[final]
done_at = "state -> done"
"#;

fn wrong(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    Mapping::parse("m.toml", &GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (from, to, expected) in [
        ("number = ", "numer = ", "m.toml:4:1: unknown field `numer`"),
        ("title = { column", "title = { colum", "m.toml:17:11: unknown field `colum`"),
        ("kind = \"instant\"", "kind = \"moment\"", "m.toml:18:37: unknown variant `moment`"),
        ("record = \"incident\"", "record = ", "m.toml:2:"),
        ("number = \"id\"\n", "", "m.toml:1:1: missing field `number`"),
        ("title = { column = \"title\" }", "title = { kind = \"person\" }", "m.toml:17:1: `column` is missing"),
        ("list = \"location\", ", "", "m.toml:19:1: `list` is missing, which this kind needs"),
        ("column = \"title\"", "column = \"title\", to = \"x\"", "m.toml:17:1: `to` has no sense for this kind"),
        ("state -> done", "state -> gone", "m.toml:22:1: no value of `[values.state]` becomes the state `gone`"),
        ("state -> done", "done", "m.toml:22:1: expected \"state -> …\""),
        ("done_at = \"state", "end_at = \"state", "m.toml:22:1: there is no field `end_at` in `fields`"),
        ("%H:%M:%S%:z", "%H:%Q%é", "m.toml:3:1: `%Y-%m-%dT%H:%Q%é` is no format for times"),
        ("[final]", "[values.titel]\nx = \"y\"\n[final]", "m.toml:21:9: there is no field `titel`"),
        ("number = \"id\"", "number = \"id\"\nabsent = [\"title\"]", "m.toml:5:1: `title` stands in `fields`"),
        ("number = \"id\"", "number = \"id\"\ndelimiter = \"ab\"", "m.toml:5:1: expected one ASCII character"),
        ("order = {", "order = \"time\" #", "m.toml:5:9: expected \"file\""),
        ("[final]", "[functions]\ntitle = [\"impact\"]\n[final]", "m.toml:22:1: there is no field `impact`"),
    ] {
        let message = wrong(from, to);
        assert!(message.starts_with(expected), "{message}\nexpected {expected}");
    }
}

#[test]
fn the_built_in_formats_are_mapping_files_like_any_other() {
    for name in Mapping::built_in_names() {
        assert_eq!(Mapping::built_in(&name).unwrap().name, name);
    }
    let unknown = Mapping::built_in("excel").unwrap_err().to_string();
    assert_eq!(unknown, "there is no format `excel`; the formats are `servicenow-log`, `xes`");
    let mapping = Mapping::built_in("servicenow-log").unwrap();
    assert_eq!(
        (mapping.column_of("team"), mapping.column_of("state")),
        (Some("assignment_group"), Some("incident_state"))
    );
    assert_eq!((mapping.column_of("external_references"), mapping.column_of("solution")), (None, None));
}

#[test]
fn rows_follow_the_column_that_orders_them_and_times_with_an_offset_need_no_zone() {
    let path = std::env::temp_dir().join(format!("vouch-exchange-{}-order.csv", std::process::id()));
    let rows =
        "id,n,at,status,title,done\nA,1,2016-01-02T10:00:00+02:00,Done,t,\nA,2,2016-01-01T10:00:00+02:00,Open,t,\n";
    std::fs::write(&path, rows).unwrap();
    let log = Log::read(
        std::slice::from_ref(&path),
        Mapping::parse("m.toml", GOOD).unwrap(),
        &Options::default(),
        &mut |_| {},
    );
    std::fs::remove_file(&path).unwrap();
    let log = log.unwrap();
    let Some(Case::Taken(case)) = log.cases().next() else { panic!("the case is good") };
    assert_eq!(case.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [3, 2]);
    assert!(case.finals[0].is_missing());
    // The optional column is not there, so the field is absent rather than empty.
    assert_eq!(log.absent(), ["place"]);
    assert!(case.rows[0].fields.iter().all(|(key, _)| &**key != "place"));
    assert_eq!(log.survey().first.as_deref(), Some("2016-01-01T08:00:00Z"));
}

#[test]
fn every_example_of_the_document_is_a_mapping() {
    let document = include_str!("../../../docs/import.md");
    let blocks: Vec<&str> = document.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 3);
    for text in blocks {
        Mapping::parse("import.md", text).unwrap();
    }
}
