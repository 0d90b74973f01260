//! The rules, each on a handful of rows.

use std::path::{Path, PathBuf};

use exchange::{ImportError, ImportOptions, Log, Mapping, Report};

use super::world::{World, importer, read};

const HEADER: &str = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,\
opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,\
cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,\
caused_by,closed_code,resolved_by,resolved_at,closed_at";

/// One row of the source; everything that a test does not say is the same everywhere.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub state: &'static str,
    pub counter: u32,
    pub at: String,
    pub by: &'static str,
    pub category: &'static str,
    pub impact: &'static str,
    pub team: &'static str,
    pub problem: &'static str,
    /// How the source says that it ended.
    pub code: &'static str,
}

pub fn row(number: &str, state: &'static str, counter: u32, at: &str) -> Row {
    let (by, category, impact, team, problem, code) = ("Ana", "Network", "2 - Medium", "Group 1", "?", "code 5");
    Row { number: number.to_owned(), state, counter, at: at.to_owned(), by, category, impact, team, problem, code }
}

fn file(folder: &Path, name: &str, rows: &[Row]) -> PathBuf {
    let mut text = format!("{HEADER}\n");
    for Row { number, state, counter, at, by, category, impact, team, problem, code } in rows {
        text.push_str(&format!(
            "{number},{state},true,0,0,{counter},true,Caller 1,Ana,29/2/2016 01:16,Ana,29/2/2016 01:23,{by},{at},Phone,?,\
             {category},?,?,Server 1,{impact},2 - Medium,3 - Moderate,{team},?,true,false,x,{problem},?,?,?,{code},Ben,?,?\n"
        ));
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub fn story() -> Vec<Row> {
    vec![
        row("INC1", "New", 0, "1/3/2016 08:00"),
        row("INC1", "Active", 1, "1/3/2016 08:30"),
        row("INC1", "Active", 2, "1/3/2016 09:00"),
        row("INC1", "Resolved", 3, "1/3/2016 10:00"),
        row("INC1", "Closed", 4, "6/3/2016 10:00"),
        row("INC2", "New", 0, "1/3/2016 09:00"),
        row("INC2", "Closed", 1, "1/3/2016 12:00"),
    ]
}

pub fn import(world: &World, rows: &[Row]) -> Report {
    let path = file(&world.folder, "log.csv", rows);
    world.import(&read(&path), &ImportOptions::default()).unwrap()
}

fn counts(report: &Report) -> [u64; 5] {
    [report.created, report.changed, report.touches, report.unchanged, report.refused_rows]
}

fn state_of(world: &World, number: &str) -> Option<String> {
    world.text("SELECT state FROM incident WHERE external_number = ?", number)
}

#[test]
fn a_case_becomes_a_record_with_an_entry_for_each_row() {
    let world = World::new();
    let report = import(&world, &story());
    assert_eq!((report.created, report.changed + report.touches), (2, 5));
    assert_eq!(world.int("SELECT count(*) FROM entry e JOIN incident i ON i.id = e.record"), 7);
    assert_eq!(state_of(&world, "INC1").as_deref(), Some("closed"));
    assert_eq!(
        world.text("SELECT number FROM incident WHERE external_number = ?", "INC1").as_deref(),
        Some("INC-000001")
    );
    assert_eq!(world.text("SELECT title FROM record WHERE number = ?", "INC-000002").as_deref(), Some("INC2"));
    assert_eq!(
        world.int("SELECT count(*) FROM incident WHERE rtrim(title) = external_number AND origin > 0 AND gaps = 0"),
        2
    );
}

#[test]
fn what_rows_name_is_made_once_and_known_by_the_source_s_word() {
    let world = World::new();
    import(&world, &story());
    // Caller 1, Ben, and Ana in three columns; opened_by and sys_created_by are in no field.
    assert_eq!(world.int("SELECT count(*) FROM person"), 5);
    assert_eq!(world.int("SELECT count(*) FROM person WHERE external_key = 'sys_updated_by/Ana' AND name = 'Ana'"), 1);
    assert_eq!(world.int("SELECT count(*) FROM external_id WHERE key = 'caller_id' || char(31) || 'Caller 1'"), 1);
    assert_eq!(world.int("SELECT count(*) FROM team WHERE name = 'Group 1'"), 1);
    assert_eq!(world.int("SELECT count(*) FROM configuration_item WHERE state = 'live'"), 1);
    let lists = "SELECT count(*) FROM list_value WHERE origin > 0 AND in_use_from IS NULL AND in_use_to IS NULL";
    assert_eq!(world.int(lists), 3);
    assert_eq!(world.text("SELECT key FROM list_value WHERE label = ?", "code 5").as_deref(), Some("code_5"));
    // They were there from the log's first instant on, so that links of the past have names.
    let begin = "2016-03-01T08:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!(world.int(&format!("SELECT count(*) FROM person_v WHERE valid_from = {begin}")), 5);
}

#[test]
fn the_origin_names_what_the_source_lacks() {
    let world = World::new();
    import(&world, &story());
    let absent = world.text("SELECT absent FROM origin WHERE source = ?", "servicenow-log").unwrap();
    let absent: Vec<String> = serde_json::from_str(&absent).unwrap();
    for name in ["incident.solution", "incident.major", "incident.step_entries", "clock"] {
        assert!(absent.iter().any(|known| known == name), "{name} in {absent:?}");
    }
    assert_eq!(world.int("SELECT count(*) FROM origin o JOIN import_batch b ON b.id = o.id"), 1);
    assert_eq!(world.int("SELECT count(*) FROM import_batch__absent"), absent.len() as i64);
}

#[test]
fn a_step_against_the_life_cycle_is_kept_and_marked() {
    let world = World::new();
    let report = import(&world, &story());
    assert_eq!(report.deviations, 1);
    let why = world.text("SELECT deviates FROM entry WHERE deviates IS NOT NULL AND channel = ?", "import");
    assert_eq!(why.as_deref(), Some("new -> closed is not in the life-cycle"));
    assert_eq!(world.int("SELECT count(*) FROM step WHERE deviates = 1"), 1);
}

#[test]
fn a_second_run_changes_nothing() {
    let world = World::new();
    import(&world, &story());
    let leaves = world.int("SELECT leaves FROM head");
    let again = import(&world, &story());
    assert_eq!(counts(&again), [0, 0, 0, 7, 0]);
    assert_eq!(again.deviations, 0);
    assert_eq!(world.int("SELECT leaves FROM head"), leaves);
    assert_eq!(world.int("SELECT count(*) FROM origin"), 1);
}

#[test]
fn a_longer_file_appends_to_the_records_that_it_knows() {
    let world = World::new();
    let mut rows = story();
    rows[0].problem = "P1";
    rows[1].problem = "P1";
    rows[2].problem = "P2";
    rows[3].problem = "P2";
    let mut short = rows.clone();
    short.retain(|row| row.counter < 2);
    import(&world, &short);
    assert_eq!(state_of(&world, "INC1").as_deref(), Some("in_progress"));
    let report = import(&world, &rows);
    assert_eq!((report.created, report.unchanged, report.refused_rows), (0, 4, 0));
    assert_eq!(report.changed + report.touches, 3);
    assert_eq!(state_of(&world, "INC1").as_deref(), Some("closed"));
    assert_eq!(world.int("SELECT version FROM incident WHERE external_number = 'INC1'"), 5);
    let live = "valid_to = 9223372036854775807 AND known_to = 9223372036854775807";
    let references = format!("SELECT count(*) FROM incident__external_references WHERE {live}");
    assert_eq!(world.int(&references), 0);
    // One state at any time, as known now.
    let overlapping = "SELECT count(*) FROM incident_v a JOIN incident_v b ON a.id = b.id AND a.rowid < b.rowid \
                       AND a.known_to = b.known_to AND a.known_to = 9223372036854775807 \
                       AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to";
    assert_eq!(world.int(overlapping), 0);
}

#[test]
fn the_same_row_with_another_value_is_refused_with_both() {
    let world = World::new();
    import(&world, &story());
    let leaves = world.int("SELECT leaves FROM head");
    let mut rows = story();
    rows[1].category = "Printing";
    let report = import(&world, &rows);
    assert_eq!((report.refused_cases, report.refused_rows, report.unchanged), (1, 5, 2));
    let refused = &report.refused[0];
    assert_eq!((refused.row, refused.field.as_str(), refused.code.as_str()), (3, "category", "conflict"));
    assert_eq!(refused.message, "row INC1/1/0 was imported with `Network`, this file says `Printing`");
    assert_eq!(world.int("SELECT leaves FROM head"), leaves);
    let mut rows = story();
    rows[4].state = "Resolved";
    let report = import(&world, &rows);
    assert_eq!(report.refused[0].message, "row INC1/4/0 was imported with `closed`, this file says `resolved`");
    let mut rows = story();
    rows[2].at = "1/3/2016 09:01".to_owned();
    let report = import(&world, &rows);
    let told = "row INC1/2/0 was imported with 2016-03-01T09:00:00Z, this file says 2016-03-01T09:01:00Z";
    assert_eq!((report.refused[0].field.as_str(), report.refused[0].message.as_str()), ("sys_updated_at", told));
}

#[test]
fn a_broken_row_refuses_its_case_and_what_only_it_names_and_nothing_else() {
    let world = World::new();
    let mut rows = story();
    rows[0].team = "Group 9";
    rows[3].impact = "7 - Nobody";
    let report = import(&world, &rows);
    assert_eq!((report.created, report.refused_cases, report.refused_rows), (1, 1, 5));
    let refused = &report.refused[0];
    assert_eq!((refused.row, refused.field.as_str(), refused.code.as_str()), (5, "impact", "not_in_range"));
    assert_eq!(world.int("SELECT count(*) FROM team WHERE name = 'Group 9'"), 0);
    rows[3].impact = "2 - Medium";
    let report = import(&world, &rows);
    assert_eq!((report.created, report.unchanged, report.refused_cases), (1, 2, 0));
}

#[test]
fn a_row_of_the_future_is_refused() {
    let world = World::new();
    let mut rows = story();
    rows[6].at = "1/3/2027 12:00".to_owned();
    let report = import(&world, &rows);
    assert_eq!((report.refused[0].row, report.refused[0].code.as_str()), (8, "time"));
    assert_eq!(report.created, 1);
}

#[test]
fn a_dry_run_tells_what_would_happen_and_writes_nothing() {
    let world = World::new();
    let path = file(&world.folder, "log.csv", &story());
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let told = world.import(&read(&path), &dry).unwrap();
    assert_eq!(world.int("SELECT leaves FROM head"), 0);
    for table in ["record", "entry", "origin", "external_id", "imported_row"] {
        assert_eq!(world.int(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    let done = world.import(&read(&path), &ImportOptions::default()).unwrap();
    assert_eq!(counts(&told), counts(&done));
    assert_eq!(told.deviations, done.deviations);
    let told = world.import(&read(&path), &dry).unwrap();
    assert_eq!(counts(&told), [0, 0, 0, 7, 0]);
}

#[test]
fn two_sources_of_one_number_are_two_records() {
    let world = World::new();
    let path = file(&world.folder, "log.csv", &story());
    for source in ["north", "south"] {
        let options = ImportOptions { source: Some(source.to_owned()), ..ImportOptions::default() };
        assert_eq!(world.import(&read(&path), &options).unwrap().created, 2);
    }
    assert_eq!(world.int("SELECT count(*) FROM incident WHERE external_number = 'INC1'"), 2);
    // A team is a team, whoever names it; who a person is, only the source knows.
    assert_eq!(world.int("SELECT count(*) FROM team"), 1);
    assert_eq!(world.int("SELECT count(*) FROM person"), 10);
}

#[test]
fn a_mapping_that_the_model_does_not_fit_is_refused_before_anything_is_written() {
    let world = World::new();
    let path = world.folder.join("small.csv");
    std::fs::write(&path, "id,at,what\n1,2016-03-01 10:00,x\n").unwrap();
    let mapped = |field: &str| {
        let text = format!(
            "name = \"small\"\nrecord = \"incident\"\ntime_format = \"%Y-%m-%d %H:%M\"\nnumber = \"id\"\nhappened = \"at\"\n\
             [fields]\n{field}\n"
        );
        let options = exchange::Options { zone: Some("UTC".to_owned()), ..exchange::Options::default() };
        let log =
            Log::read(std::slice::from_ref(&path), Mapping::parse("small.toml", &text).unwrap(), &options, &mut |_| {})
                .unwrap();
        world.import(&log, &ImportOptions::default()).unwrap_err().to_string()
    };
    let unknown = mapped("colour = { column = \"what\" }");
    assert_eq!(unknown, "small.toml:7:1: `incident` has no field `colour`");
    let kind = mapped("impact = { column = \"what\" }");
    assert_eq!(
        kind,
        "small.toml:7:1: the field `impact` is of another kind in the model: expected `integer` or `integer_lead`"
    );
    let untitled = mapped("description = { column = \"what\" }");
    assert_eq!(untitled, "small.toml:6:2: no incident can be without `title`, which `fields` lacks");
    assert_eq!(world.int("SELECT leaves FROM head"), 0);
}

#[test]
fn only_who_may_import_does() {
    let world = World::new();
    let path = file(&world.folder, "log.csv", &story());
    let mut nobody = (*importer()).clone();
    nobody.allowance.import = false;
    let log = read(&path);
    let result = exchange::import(&world.engine, nobody.into(), &log, &ImportOptions::default(), &mut |_| {});
    assert!(matches!(result, Err(ImportError::NotAllowed)));
}
