//! Exports: what stands in them, and that they can be read back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Act, Allowance, Channel, Command, Held, Principal, Record, Time, find, load};
use exchange::export::{ExportError, ExportOptions, Exported, Form, export};
use exchange::{Format, ImportOptions, Log, Mapping};
use model::{Kind, Value};
use serde_json::json;
use store::{Param, SessionExt as _};

use crate::small::{import, row, story};
use crate::world::World;

/// An imported past, and work done here since: moves, lines, comments, links, hostile text.
struct Story {
    world: World,
    agent: Arc<Principal>,
}

impl Story {
    fn on(world: World) -> Self {
        let mut rows = story();
        rows.push(row("INC3", "New", 0, "2/3/2016 09:00"));
        import(&world, &rows);
        world.wait();
        let act =
            Act::Create { record_type: "person".to_owned(), input: input(&json!({ "name": "=Ana, \"the\" agent" })) };
        let done = world.engine.run(&Command::new(person("administrator", None), Channel::CommandLine, act)).unwrap();
        let agent = person("agent", Some((done.record, done.number)));
        let story = Self { world, agent };
        let raised = json!({ "title": "-1+2\n", "description": "two\nlines; é \u{1} <&>", "impact": 2, "urgency": 1 });
        let own = story.act(Act::Create { record_type: "incident".to_owned(), input: input(&raised) });
        story.step(&own, "start", &json!({}));
        let line = json!({ "kind": "functional", "person": story.agent.number, "reason": "@SUM(A1)" });
        story.act(Act::AddLine { number: own.clone(), field: "escalations".to_owned(), input: input(&line) });
        story.act(Act::Comment { number: own.clone(), text: "'quoted' =note".to_owned(), public: true });
        story.act(Act::Link {
            number: own.clone(),
            relation: "children".to_owned(),
            to: "INC-000003".to_owned(),
            add: true,
        });
        story.step(&own, "resolve", &json!({ "solution": "Done." }));
        story.step(&own, "reopen", &json!({ "reason": "Not done." }));
        story.step("INC-000003", "wait", &json!({ "waiting_for": "customer" }));
        story.act(Act::Change { number: "INC-000001".to_owned(), input: input(&json!({ "major": true })) });
        story
    }

    fn act(&self, act: Act) -> String {
        self.world.wait();
        self.world.engine.run(&Command::new(self.agent.clone(), Channel::Api, act)).unwrap().number
    }

    fn step(&self, number: &str, transition: &str, fields: &serde_json::Value) {
        self.act(Act::Move { number: number.to_owned(), transition: transition.to_owned(), input: input(fields) });
    }
}

fn input(fields: &serde_json::Value) -> engine::Input {
    fields.as_object().unwrap().clone()
}

fn person(role: &str, known: Option<(i64, String)>) -> Arc<Principal> {
    let (person, number) = known.map_or((None, String::new()), |(id, number)| (Some(id), number));
    let held = vec![Held { role: role.to_owned(), assignment: None }];
    Arc::new(Principal { person, number, name: String::new(), held, scopes: Vec::new(), allowance: Allowance::ALL })
}

fn written(world: &World, name: &str, form: Form, time: Time) -> (PathBuf, Exported) {
    let folder = world.folder.join(name);
    let options = ExportOptions { folder: folder.clone(), time, form };
    let done = export(&world.engine, &options, &mut |_| {}).unwrap();
    (folder, done)
}

fn rows_of(folder: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    let header = reader.headers().unwrap().clone();
    let cell = |text: &str| text.strip_prefix('\'').unwrap_or(text).to_owned();
    let row = |row: csv::StringRecord| header.iter().map(str::to_owned).zip(row.iter().map(cell)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

#[test]
fn everything_is_there_once_and_the_same_state_gives_the_same_bytes() {
    for world in World::on_each_database() {
        let story = Story::on(world);
        let world = &story.world;
        let (folder, done) = written(world, "one", Form::Csv, Time::Live);
        for record_type in world.engine.model().types() {
            let name = &record_type.name;
            let records = world.int(&format!("SELECT count(*) FROM record WHERE type = '{name}'"));
            assert_eq!(rows_of(&folder, &format!("{name}.csv")).len() as i64, records, "{name}");
            let sql = format!("SELECT count(*) FROM entry e JOIN record r ON r.id = e.record WHERE r.type = '{name}'");
            assert_eq!(rows_of(&folder, &format!("{name}.history.csv")).len() as i64, world.int(&sql), "{name}");
        }
        assert_eq!(done.entries as i64, world.int("SELECT leaves FROM head WHERE one = 1"));
        let manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["ledger"]["size"].as_u64().unwrap(), done.entries);
        let contents = files(&folder);
        assert_eq!(manifest["files"].as_array().unwrap().len(), contents.len() - 1);
        for file in manifest["files"].as_array().unwrap() {
            let bytes = &contents[file["name"].as_str().unwrap()];
            assert_eq!(file["bytes"].as_u64().unwrap(), bytes.len() as u64);
            assert_eq!(file["sha256"].as_str().unwrap(), sha256(bytes));
        }
        world.wait();
        let (again, _) = written(world, "two", Form::Csv, Time::Live);
        assert!(contents == files(&again), "the same state gives the same bytes");
        assert!(
            files(&written(world, "three", Form::Xes, Time::Live).0)
                == files(&written(world, "four", Form::Xes, Time::Live).0)
        );
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn cells_hold_what_the_records_hold_and_no_formula() {
    let story = Story::on(World::new());
    let (folder, _) = written(&story.world, "csv", Form::Csv, Time::Live);
    let own = rows_of(&folder, "incident.csv").into_iter().find(|row| row["number"] == "INC-000004").unwrap();
    assert_eq!((own["title"].as_str(), own["state"].as_str(), own["impact"].as_str()), ("-1+2", "in_progress", "2"));
    assert_eq!(own["description"], "two\nlines; é \u{1} <&>");
    assert_eq!(own["created_by"], story.agent.number);
    let past = rows_of(&folder, "incident.csv").into_iter().find(|row| row["number"] == "INC-000001").unwrap();
    assert_eq!((past["origin"].as_str(), past["team"].as_str()), ("IMB-000001", "TEAM-000001"));
    assert_eq!(past["raised_at"], "2016-03-01T08:00:00Z");
    let lines = rows_of(&folder, "incident.escalations.csv");
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0]["record.number"].as_str(), lines[0]["reason"].as_str()), ("INC-000004", "@SUM(A1)"));
    let links = rows_of(&folder, "links.csv");
    assert_eq!(links.len(), 1);
    assert_eq!([&links[0]["kind"], &links[0]["from"], &links[0]["to"]], ["parent_of", "INC-000004", "INC-000003"]);
    let comments = rows_of(&folder, "comments.csv");
    assert_eq!((comments[0]["text"].as_str(), comments[0]["public"].as_str()), ("'quoted' =note", "true"));
    let keys = rows_of(&folder, "external_keys.csv");
    assert!(
        keys.iter()
            .any(|row| row["number"] == "INC-000002" && row["source"] == "servicenow-log" && row["key"] == "INC2")
    );
    let history = rows_of(&folder, "incident.history.csv");
    let own: Vec<_> = history.iter().filter(|row| row["number"] == "INC-000004").collect();
    let steps: Vec<(&str, &str)> = own.iter().map(|row| (row["entry.kind"].as_str(), row["state"].as_str())).collect();
    assert_eq!(steps.first(), Some(&("create", "new")));
    assert!(steps.contains(&("step", "resolved")) && steps.last() == Some(&("step", "in_progress")), "{steps:?}");
    assert!(own.iter().any(|row| row["entry.reason"] == "Not done."));
    let line = own.iter().find(|row| row["entry.changes"].contains("escalations")).unwrap();
    let changes: serde_json::Value = serde_json::from_str(&line["entry.changes"]).unwrap();
    assert_eq!(changes["escalations[1]"]["person"], json!(story.agent.number));
    let linked = own.iter().find(|row| row["entry.kind"] == "link").unwrap();
    assert_eq!(linked["entry.changes"], "{\"link:parent_of:INC-000004:INC-000003\":true}");
    // No cell of any file is a formula.
    for (name, bytes) in files(&folder).iter().filter(|(name, _)| name.ends_with(".csv")) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && cell.parse::<f64>().is_err();
            assert!(!formula, "{name}: {cell}");
        }
    }
}

#[test]
fn an_export_of_then_shows_then_as_it_was_known() {
    let story = Story::on(World::new());
    let world = &story.world;
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let then = at("2016-03-01T09:30:00Z");
    let (folder, done) = written(world, "now", Form::Csv, Time::At { valid: then, known: world.engine.clock().now() });
    let incidents = rows_of(&folder, "incident.csv");
    let states: Vec<(&str, &str)> =
        incidents.iter().map(|row| (row["external_number"].as_str(), row["state"].as_str())).collect();
    assert_eq!(states, [("INC1", "in_progress"), ("INC2", "new")]);
    assert!(
        rows_of(&folder, "incident.history.csv")
            .iter()
            .all(|row| row["entry.happened_at"].as_str() <= "2016-03-01T09:30:00Z")
    );
    assert!(rows_of(&folder, "comments.csv").is_empty() && rows_of(&folder, "links.csv").is_empty());
    assert!(done.records > 2);
    let (folder, done) = written(world, "then", Form::Csv, Time::At { valid: then, known: then });
    assert_eq!((done.records, done.entries), (0, 0), "of what was imported later nothing was known then");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(
        (manifest["at"].as_str(), manifest["known"].as_str()),
        (Some("2016-03-01T09:30:00Z"), Some("2016-03-01T09:30:00Z"))
    );
}

#[test]
fn what_was_erased_says_so_and_nothing_more() {
    let story = Story::on(World::new());
    let world = &story.world;
    // As a lawful erasure leaves it: the value is blank in the tables, its opening is gone, its commitment stays.
    world
        .engine
        .write(|session| {
            let id = session.one_int("SELECT id FROM record WHERE number = 'INC-000004'", &[])?;
            for sql in [
                "UPDATE incident SET description = NULL WHERE id = ?",
                "UPDATE long_text SET body = NULL WHERE id = ? AND field = 'description'",
                "DELETE FROM secret WHERE field = 'description' AND entry IN (SELECT id FROM entry WHERE record = ?)",
                "UPDATE comment SET body = NULL WHERE record = ?",
                "DELETE FROM secret WHERE field = ':comment' AND entry IN (SELECT id FROM entry WHERE record = ?)",
            ] {
                session.execute(sql, &[Param::Int(id)])?;
            }
            Ok(())
        })
        .unwrap();
    for form in [Form::Csv, Form::Xes] {
        let (folder, _) = written(world, &format!("{form:?}"), form, Time::Live);
        for (name, bytes) in files(&folder) {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("lines; é") && !text.contains("'quoted'"), "{name}");
        }
        if form == Form::Csv {
            let own = rows_of(&folder, "incident.csv").into_iter().find(|row| row["number"] == "INC-000004").unwrap();
            assert_eq!(own["description"], "(erased)");
            assert_eq!(rows_of(&folder, "comments.csv")[0]["text"], "(erased)");
        }
    }
}

#[test]
fn nothing_is_overwritten() {
    let world = World::new();
    let folder = world.folder.join("full");
    std::fs::create_dir(&folder).unwrap();
    let options = ExportOptions { folder: folder.clone(), time: Time::Live, form: Form::Csv };
    export(&world.engine, &options, &mut |_| {}).unwrap();
    let before = files(&folder);
    assert!(matches!(export(&world.engine, &options, &mut |_| {}), Err(ExportError::NotEmpty(_))));
    assert!(before == files(&folder));
}

/// The fields that a person or a source fills, at an instant; links by what they are called.
fn stands(world: &World, number: &str, at: i64, link: &dyn Fn(&World, i64) -> String) -> Option<Vec<String>> {
    let record_type = world.engine.model().shared("incident").unwrap();
    let mut reader = world.engine.reader().unwrap();
    let (id, _) = find(&mut *reader, number).unwrap()?;
    let now = world.engine.clock().now();
    let record: Record = load(&mut *reader, record_type, id, Time::At { valid: at, known: now }).unwrap()?;
    let fields = record.record_type.fields.iter().enumerate().filter(|(_, f)| {
        (f.key == "state" || (!f.system && !f.derived)) && f.kind.is_column() && f.key != "external_number"
    });
    Some(
        fields
            .map(|(slot, field)| match (record.get(slot), &field.kind) {
                (Value::Link(id), _) => format!("{}: {}", field.key, link(world, *id)),
                (Value::Bool(false), _) => format!("{}: Null", field.key),
                (value, Kind::LongText { .. }) => format!("{}: {}", field.key, value.as_text().unwrap_or_default()),
                (value, _) => format!("{}: {value:?}", field.key),
            })
            .collect(),
    )
}

fn title(world: &World, id: i64) -> String {
    let sql = "SELECT title FROM record WHERE id = ?";
    world.engine.reader().unwrap().optional_text(sql, &[Param::Int(id)]).unwrap().unwrap_or_default()
}

/// Every instant at which one of the records changed, and those beside it.
fn instants(world: &World) -> Vec<i64> {
    let mut reader = world.engine.reader().unwrap();
    let sql = "SELECT DISTINCT e.happened_at FROM entry e JOIN incident i ON i.id = e.record ORDER BY 1";
    let changed = reader.ints(sql, &[]).unwrap();
    changed.iter().flat_map(|at| [at - 1, *at, at + 1]).filter(|at| *at <= world.engine.clock().now()).collect()
}

/// The numbers of the one world's incidents as the other world gave them.
fn counterparts(from: &World, to: &World) -> Vec<(String, String)> {
    let rows = from.rows("SELECT number FROM incident ORDER BY id", 1);
    let own = |number: &str| {
        to.text("SELECT r.number FROM external_id x JOIN record r ON r.id = x.record WHERE x.key = ?", number).unwrap()
    };
    rows.into_iter().map(|row| (row[0].clone(), own(&row[0]))).collect()
}

fn read_back(world: &World, path: &Path, format: Format, mapping: Mapping) {
    let options = exchange::Options { format, ..exchange::Options::default() };
    let log = Log::read(&[path.to_owned()], mapping, &options, &mut |_| {}).unwrap();
    let report = world.import(&log, &ImportOptions::default()).unwrap();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
}

#[test]
fn an_exported_event_log_read_back_gives_the_same_states_at_the_same_instants() {
    let story = Story::on(World::new());
    let (folder, _) = written(&story.world, "xes", Form::Xes, Time::Live);
    let empty = World::new();
    empty.clock.set(story.world.engine.clock().now());
    read_back(&empty, &folder.join("incident.xes"), Format::Xes, Mapping::built_in("xes").unwrap());
    let plain = |fields: Option<Vec<String>>| {
        // Long texts are left out of event logs.
        fields.map(|all| {
            all.into_iter()
                .filter(|f| !["description:", "solution:", "workaround:"].iter().any(|long| f.starts_with(long)))
                .collect::<Vec<_>>()
        })
    };
    for (theirs, ours) in counterparts(&story.world, &empty) {
        for at in instants(&story.world) {
            let (before, after) = (stands(&story.world, &theirs, at, &title), stands(&empty, &ours, at, &title));
            assert_eq!(plain(after), plain(before), "{theirs} at {at}");
        }
    }
    let report = engine::verify::verify(&mut *empty.engine.reader().unwrap(), empty.engine.model(), None).unwrap();
    assert_eq!(report.first_difference, None);
}

#[test]
fn exported_histories_read_back_by_their_own_mappings_give_the_same_states_at_the_same_instants() {
    let story = Story::on(World::new());
    let (folder, _) = written(&story.world, "csv", Form::Csv, Time::Live);
    let empty = World::new();
    empty.clock.set(story.world.engine.clock().now());
    for name in ["list_value", "team", "person", "configuration_item", "incident"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.history.toml"))).unwrap();
        let mapping = Mapping::parse("m.toml", &text).unwrap();
        read_back(&empty, &folder.join(format!("{name}.history.csv")), Format::Csv, mapping);
    }
    assert!(!folder.join("clock.history.toml").exists(), "what only the program makes cannot be imported");
    for (theirs, ours) in counterparts(&story.world, &empty) {
        for at in instants(&story.world) {
            let (before, after) = (stands(&story.world, &theirs, at, &title), stands(&empty, &ours, at, &title));
            assert_eq!(after, before, "{theirs} at {at}");
        }
    }
    // A second run changes nothing.
    let text = std::fs::read_to_string(folder.join("incident.history.toml")).unwrap();
    let leaves = empty.int("SELECT leaves FROM head");
    read_back(&empty, &folder.join("incident.history.csv"), Format::Csv, Mapping::parse("m.toml", &text).unwrap());
    assert_eq!(empty.int("SELECT leaves FROM head"), leaves);
}
