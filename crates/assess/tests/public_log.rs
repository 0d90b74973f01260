//! Assessing the public ServiceNow event log, against an independent recount. By default its first 500 incidents; all of
//! it in a release build, or where VOUCH_WHOLE_LOG is set.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::path::PathBuf;
use std::sync::Arc;

use assess::{Assessment, Options, Rooms, assess};
use conformity::Library;
use conformity::settings::read_stated;
use engine::SeededEntropy;
use exchange::{Log, Mapping};

const STATED: &str = r#"
"incident.priority_rule" = { value = { matrix = [[1, 2, 3], [2, 3, 4], [3, 4, 4]] }, from = 2016-01-01 }
"incident.closure_wait" = { value = "P5D", from = 2016-01-01 }
"incident.major_criteria" = { value = "priority == 1" }
"#;

fn is_whole() -> bool {
    !cfg!(debug_assertions) || std::env::var_os("VOUCH_WHOLE_LOG").is_some()
}

/// The public log; none where it does not lie beside the tree, which the test then says.
fn public() -> Option<Log> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("VOUCH_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let file = if is_whole() { "incident_event_log.zip" } else { "sample_first_500_incidents.csv.gz" };
    let path = data.join("logs/uci-servicenow-incidents").join(file);
    if !path.is_file() {
        eprintln!("not run: {} is not there; set VOUCH_SHARED_DATA", path.display());
        return None;
    }
    let options = exchange::Options { zone: Some("UTC".to_owned()), ..exchange::Options::default() };
    Some(Log::read(&[path], Mapping::built_in("servicenow-log").unwrap(), &options, &mut |_| {}).unwrap())
}

fn rooms() -> Rooms {
    let model = Arc::new(model::load::load(&processes::model_files()).unwrap());
    let own = ("own_settings.toml", processes::own_settings());
    let library = Library::load(&model, own, &processes::check_files()).unwrap();
    Rooms {
        model,
        model_text: String::new(),
        behaviours: processes::behaviours(),
        library,
        entropy: Arc::new(SeededEntropy::new(1)),
    }
}

fn assessed(log: &Log, stated: &str) -> Assessment {
    let rooms = rooms();
    let stated = read_stated("stated.toml", stated, &rooms.library.settings, &|_, _| Ok(())).unwrap();
    let options = Options { clause: Some("8.6.1".to_owned()), stated };
    assess(&rooms, log, &options, &mut |_| {}).unwrap()
}

/// Check, status, passed, failed, undetermined.
type Counted = (&'static str, &'static str, [u64; 3]);

fn counted(assessment: &Assessment) -> Vec<(&str, &'static str, [u64; 3])> {
    let rows = assessment.requirements.iter().flat_map(|one| &one.checks);
    rows.map(|row| (row.check.as_str(), row.status.as_str(), [row.passed, row.failed, row.undetermined])).collect()
}

#[test]
fn with_what_the_assessor_states_the_counts_are_those_of_the_recount() {
    let Some(log) = public() else { return };
    let assessment = assessed(&log, STATED);
    if let Some(folder) = std::env::var_os("VOUCH_REPORTS").map(PathBuf::from) {
        std::fs::write(folder.join("report.html"), assessment.html().unwrap()).unwrap();
        std::fs::write(folder.join("report.json"), serde_json::to_string_pretty(&assessment).unwrap()).unwrap();
    }
    for (check, status, counts) in if is_whole() { WHOLE } else { SAMPLE } {
        let found = counted(&assessment).into_iter().find(|(name, ..)| name == check);
        assert_eq!(found, Some((*check, *status, *counts)));
    }
    let (from, to) = (assessment.period.from.as_str(), assessment.period.to.as_str());
    if is_whole() {
        assert_eq!((from, to, assessment.period.cutoff.as_str()), ("2016-02-29", "2017-02-19", "2017-02-19T00:00:00Z"));
        let figures = &assessment.figures;
        let json = serde_json::to_value(figures).unwrap();
        let of_rooms = ["without_configuration_item", "reopened", "sla_missed", "reassigned"].map(|key| &json[key]);
        assert_eq!(of_rooms, [24_864, 275, 9115, 11_369]);
        assert!(figures.functions[0].holds);
        assert_eq!(assessment.deviations.steps.iter().map(|step| step.count).sum::<u64>(), 27);
    }
}

const SAMPLE: &[Counted] = &[
    ("8.6.1-a", "fail", [496, 4, 0]),
    ("8.6.1-b", "pass", [500, 0, 0]),
    ("8.6.1-c", "not-determinable", [0, 0, 0]),
    ("8.6.1-d", "not-determinable", [0, 0, 500]),
    ("8.6.1-e", "pass", [500, 0, 0]),
    ("8.6.1-f", "fail", [425, 66, 9]),
    ("8.6.1-g", "not-determinable", [0, 0, 1]),
    ("8.6.1-h", "not-determinable", [0, 0, 500]),
    ("8.6.1-j", "not-determinable", [0, 0, 500]),
    ("8.6.1-k", "not-determinable", [0, 0, 500]),
];

const WHOLE: &[Counted] = &[
    ("8.6.1-a", "fail", [24_911, 7, 0]),
    ("8.6.1-b", "pass", [24_918, 0, 0]),
    ("8.6.1-c", "not-determinable", [0, 0, 0]),
    ("8.6.1-d", "fail", [0, 13, 24_905]),
    ("8.6.1-e", "pass", [24_901, 0, 0]),
    ("8.6.1-f", "fail", [16_643, 7468, 807]),
    ("8.6.1-g", "not-determinable", [0, 0, 1]),
    ("8.6.1-h", "not-determinable", [0, 0, 24_918]),
    ("8.6.1-j", "not-determinable", [0, 0, 24_918]),
    ("8.6.1-k", "not-determinable", [0, 0, 24_918]),
];

#[test]
fn what_nobody_stated_is_not_determinable_and_named() {
    let Some(log) = public() else { return };
    let assessment = assessed(&log, "");
    let status = |check: &str| counted(&assessment).into_iter().find(|(name, ..)| *name == check).unwrap().1;
    assert_eq!((status("8.6.1-b"), status("8.6.1-e")), ("not-determinable", "not-determinable"));
    let reason = |id: &str| assessment.not_shown.iter().find(|one| one.what.starts_with(id)).unwrap().why.clone();
    assert!(reason("8.6.1-b").contains("incident.priority_rule"), "{}", reason("8.6.1-b"));
    assert!(reason("8.6.1-c").contains("the source has no records of the kind clock"), "{}", reason("8.6.1-c"));
    assert!(reason("8.6.1-d").contains("the source has no field for solution"), "{}", reason("8.6.1-d"));
    assert!(assessment.settings.is_empty());
}

#[test]
fn the_answer_has_the_keys_of_the_interface_and_the_report_needs_nothing_beside_it() {
    let Some(log) = public() else { return };
    let assessment = assessed(&log, STATED);
    let json = serde_json::to_value(&assessment).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().take(6).collect();
    assert_eq!(keys, ["source", "period", "catalogue", "requirements", "figures", "not_shown"]);
    for key in ["files", "sha256", "rows", "cases", "first", "last", "zone", "absent"] {
        assert!(json["source"].get(key).is_some(), "{key}");
    }
    let first = &json["requirements"][0];
    assert_eq!((&first["requirement"], &first["status"]), (&"8.6.1-a".into(), &"partly".into()));
    for key in [
        "check",
        "requirement",
        "clause",
        "proves",
        "status",
        "population",
        "passed",
        "failed",
        "undetermined",
        "from",
        "to",
        "cutoff",
    ] {
        assert!(first["checks"][0].get(key).is_some(), "{key}");
    }
    let html = assessment.html().unwrap();
    for foreign in ["<script", "src=", "@import", "url(http", "<link"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let named = &assessment.requirements[0].details[0].failed[0];
    assert!(html.contains(named.name.as_deref().unwrap()));
    assert!(html.contains("Stated by the assessor") && html.contains(&assessment.source.sha256[0]));
}

#[test]
fn a_figure_of_which_the_source_says_nothing_is_left_out() {
    let folder = std::env::temp_dir().join(format!("vouch-assess-figures-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("small.csv");
    std::fs::write(&path, "id,at,ci\n1,2016-03-01,\n2,2016-03-02,\n").unwrap();
    let mapping = "name = \"small\"\nrecord = \"incident\"\ntime_format = \"%Y-%m-%d\"\nnumber = \"id\"\nhappened = \"at\"\n\
                   absent = [\"configuration_item\", \"source_made_sla\"]\n[fields]\ntitle = { column = \"id\" }\n";
    let options = exchange::Options { zone: Some("UTC".to_owned()), ..exchange::Options::default() };
    let mapping = Mapping::parse("small.toml", mapping).unwrap();
    let log = Log::read(std::slice::from_ref(&path), mapping, &options, &mut |_| {}).unwrap();
    let assessment = assessed(&log, "");
    let json = serde_json::to_value(&assessment.figures).unwrap();
    assert_eq!((&json["records"], &json["reopened"]), (&2.into(), &0.into()));
    assert!(json.get("without_configuration_item").is_none() && json.get("sla_missed").is_none(), "{json}");
    assert!(!assessment.html().unwrap().contains("name no configuration item"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_without_a_readable_case_is_no_ground_for_a_report() {
    let folder = std::env::temp_dir().join(format!("vouch-assess-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("bad.csv");
    std::fs::write(&path, "id,at\n1,yesterday\n").unwrap();
    let mapping =
        "name = \"small\"\nrecord = \"incident\"\ntime_format = \"%Y-%m-%d\"\nnumber = \"id\"\nhappened = \"at\"\n";
    let options = exchange::Options { zone: Some("UTC".to_owned()), ..exchange::Options::default() };
    let log =
        Log::read(std::slice::from_ref(&path), Mapping::parse("small.toml", mapping).unwrap(), &options, &mut |_| {})
            .unwrap();
    let error = assess(&rooms(), &log, &Options::default(), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("line 2: `yesterday` is no time"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
