//! Which values are taken, which are refused and with what words.

use calendar::{Date, parse_date};
use serde_json::{Value as Json, json};

use super::{Decided, Disposal, Registry, Scope, Setting, Unit, in_force, read_stated};
use crate::catalogue::Catalogue;

const STANDARD: &str = include_str!("../../../../standard/settings.toml");
const OWN: &str = include_str!("../../../../processes/shared/setting/own_settings.toml");

fn registry() -> Registry {
    Registry::load(("settings.toml", STANDARD), ("own_settings.toml", OWN)).unwrap()
}

/// Stands for the type check of conditions.
fn conditions(_: &Setting, text: &str) -> Result<(), String> {
    if text.contains("==") { Ok(()) } else { Err(format!("{text:?} is no condition")) }
}

fn check(key: &str, value: Json) -> Result<super::SettingValue, String> {
    registry().check(key, &value, &conditions).map_err(|error| error.to_string())
}

fn refused(key: &str, value: Json) -> String {
    check(key, value).unwrap_err()
}

fn day(text: &str) -> Date {
    parse_date(text).unwrap()
}

#[test]
fn the_files_of_the_tree_are_whole() {
    let registry = registry();
    assert_eq!(registry.settings().iter().filter(|s| s.of_the_standard).count(), 83);
    assert_eq!(registry.settings().iter().filter(|s| !s.of_the_standard).count(), 4);
    let wait = registry.get("incident.closure_wait").unwrap();
    assert_eq!((wait.unit, &wait.scope), (Unit::BusinessDuration, &Scope::Organization));
    assert_eq!(wait.suggestion.as_deref(), Some("P5D"));
    assert_eq!(registry.get("organization.week").unwrap().default, Some(json!("24x7")));
    assert_eq!(registry.get("incident.resolution_target").unwrap().default, None);
}

#[test]
fn catalogue_and_settings_name_each_other() {
    let registry = registry();
    let text = include_str!("../../../../standard/requirements.toml");
    let catalogue = Catalogue::load("requirements.toml", text, |key| registry.contains(key)).unwrap();
    for setting in registry.settings().iter().filter(|setting| setting.of_the_standard) {
        let needed: Vec<_> = catalogue.decided_by(&setting.key).map(|r| r.id.clone()).collect();
        let mut used: Vec<_> = setting.used_by.clone();
        used.sort_by_key(|id| catalogue.requirements().iter().position(|r| r.id == *id));
        assert_eq!(used, needed, "{}", setting.key);
        assert!(setting.practice_for.iter().all(|id| catalogue.requirement(id).is_some()), "{}", setting.key);
    }
}

#[test]
fn suggestions_that_are_values_are_valid_values() {
    for setting in registry().settings() {
        let Some(suggestion) = &setting.suggestion else { continue };
        let timely = matches!(setting.unit, Unit::Interval | Unit::Duration | Unit::BusinessDuration | Unit::Share);
        if timely && !suggestion.contains(' ') {
            let value = serde_json::from_str(suggestion).unwrap_or_else(|_| json!(suggestion));
            assert!(setting.check(&value, &conditions).is_ok(), "{} {suggestion}", setting.key);
        }
    }
}

#[test]
fn durations_are_iso_8601_and_in_range() {
    assert!(matches!(
        check("incident.closure_wait", json!("P5D")).unwrap().for_all(),
        Some(Decided::BusinessDuration(d)) if d.to_string() == "P5D"
    ));
    assert!(check("audit.interval", json!("P1Y")).is_ok());
    assert!(check("major_incident.notice_time", json!("PT30M")).is_ok());
    assert_eq!(refused("audit.interval", json!("P3Y")), "audit.interval: P3Y is out of range, expected P1M..P24M");
    assert_eq!(
        refused("incident.closure_wait", json!("5 days")),
        "incident.closure_wait: bad duration \"5 days\": no P in front, expected ISO 8601 such as P5D (working days) or \
         PT4H (working time)"
    );
    assert_eq!(
        refused("audit.interval", json!(12)),
        "audit.interval: found 12, expected an ISO 8601 duration such as \"P1M\", \"P30D\" or \"PT15M\""
    );
    assert!(refused("audit.interval", Json::Null).starts_with("audit.interval: found null, expected an ISO 8601"));
    assert!(refused("audit.interval", json!({"*": "P1M"})).contains("found {\"*\":\"P1M\"}, expected"));
}

#[test]
fn shares_are_numbers_in_their_range() {
    assert_eq!(check("knowledge.link_share", json!(0.3)).unwrap().of("SVC-1"), Some(&Decided::Share(0.3)));
    assert_eq!(check("knowledge.link_share", json!(1)).unwrap().of("SVC-1"), Some(&Decided::Share(1.0)));
    assert_eq!(
        refused("awareness.target_share", json!(0.4)),
        "awareness.target_share: found 0.4, expected a number 0.50..1.00"
    );
    assert_eq!(
        refused("awareness.target_share", json!("0.9")),
        "awareness.target_share: found \"0.9\", expected a number 0.50..1.00"
    );
}

#[test]
fn per_x_values_fall_back_to_the_one_for_all() {
    let value = check("service.evaluation_interval", json!({"*": "P12M", "SVC-1": "P3M"})).unwrap();
    let span = |text: &str| Decided::Interval(text.parse().unwrap());
    assert_eq!(value.of("SVC-1"), Some(&span("P3M")));
    assert_eq!(value.of("SVC-2"), Some(&span("P12M")));
    assert_eq!(value.for_all(), Some(&span("P12M")));
    assert_eq!(value.each().count(), 1);
    let only_one = check("service.evaluation_interval", json!({"SVC-1": "P3M"})).unwrap();
    assert_eq!(only_one.of("SVC-2"), None);
    let targets = check("incident.resolution_target", json!({"1": "PT4H", "2": "P1D"})).unwrap();
    assert!(targets.of("1").is_some() && targets.of("3").is_none());
    assert_eq!(
        refused("incident.resolution_target", json!({"high": "PT4H"})),
        "incident.resolution_target.high: \"high\" is no priority, expected a priority 1 to 5, or \"*\" for all"
    );
    assert_eq!(
        refused("incident.resolution_target", json!({"1": "PT1M"})),
        "incident.resolution_target.1: PT1M is out of range, expected PT5M..P6M"
    );
    assert!(refused("service.evaluation_interval", json!({})).contains("an empty table"));
}

#[test]
fn the_priority_rule_is_a_matrix_or_reasoning() {
    let value = check("incident.priority_rule", json!({"matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]]})).unwrap();
    let Some(Decided::Matrix(matrix)) = value.for_all() else { unreachable!() };
    assert_eq!(matrix.priority(1, 1), Some(1));
    assert_eq!(matrix.priority(2, 3), Some(4));
    assert_eq!((matrix.priority(0, 1), matrix.priority(4, 1), matrix.lowest()), (None, None, 4));
    assert_eq!(
        check("incident.priority_rule", json!({"by": "reasoning"})).unwrap().for_all(),
        Some(&Decided::Reasoning)
    );
    for (value, why) in [
        (json!({"matrix": [[1, 2], [2, 3]]}), "the matrix has not 3 rows of 3"),
        (json!({"matrix": [[1, 2, 3], [2, 3], [3, 4, 4]]}), "the matrix has not 3 rows of 3"),
        (json!({"matrix": [[0, 2, 3], [2, 3, 4], [3, 4, 4]]}), "the matrix is no list of rows of priorities"),
        (json!({"matrix": "by impact"}), "the matrix is no list of rows of priorities"),
        (json!({"by": "mood"}), "found {\"by\":\"mood\"}"),
        (json!([[1]]), "found [[1]]"),
    ] {
        let message = refused("incident.priority_rule", value);
        assert!(message.starts_with(&format!("incident.priority_rule: {why}, expected {{\"matrix\"")), "{message}");
    }
    assert!(check("security.priority_rule", json!({"matrix": [[1, 2], [2, 3]]})).is_ok());
}

#[test]
fn escalation_thresholds_have_a_share_and_a_grace() {
    let value =
        check("incident.escalation_thresholds", json!({"1": {"share": 0.5, "grace": "PT15M"}, "*": {"share": 0.75}}));
    let value = value.unwrap();
    let Some(Decided::Threshold(first)) = value.of("1") else { unreachable!() };
    assert_eq!((first.share, first.grace.to_string().as_str()), (0.5, "PT15M"));
    let Some(Decided::Threshold(other)) = value.of("4") else { unreachable!() };
    assert_eq!((other.share, other.grace.exact()), (0.75, Some(0)));
    let expected = "expected {\"share\": 0.5, \"grace\": \"PT15M\"} with a share above 0 up to 1";
    for (value, found) in [
        (json!({"share": 0}), "share is 0"),
        (json!({"grace": "PT1M"}), "share is null"),
        (json!({"share": 0.5, "grace": 15}), "grace is 15"),
        (json!({"share": 0.5, "after": "PT1M"}), "found {\"share\":0.5,\"after\":\"PT1M\"}"),
    ] {
        let message = refused("incident.escalation_thresholds", json!({ "2": value }));
        assert_eq!(message, format!("incident.escalation_thresholds.2: {found}, {expected}"));
    }
}

#[test]
fn conditions_are_checked_by_whoever_knows_the_model() {
    assert!(check("incident.major_criteria", json!("impact == 1")).is_ok());
    assert_eq!(
        refused("incident.major_criteria", json!("often")),
        "incident.major_criteria: \"often\" is no condition"
    );
    assert!(refused("incident.major_criteria", json!("")).contains("expected a condition of 1 to 4096"));
}

#[test]
fn the_organisations_own_have_forms_of_their_own() {
    assert!(check("organization.zone", json!("Europe/Berlin")).is_ok());
    assert!(
        refused("organization.zone", json!("+01:00")).starts_with("organization.zone: unknown time zone \"+01:00\"")
    );
    for round_the_clock in [Json::Null, json!("24x7")] {
        let value = check("organization.week", round_the_clock).unwrap();
        assert!(matches!(value.for_all(), Some(Decided::Week(week)) if week.is_always()));
    }
    assert!(check("organization.week", json!({"mon": [["08:00", "18:00"]]})).is_ok());
    assert_eq!(
        refused("organization.week", json!({"mon": [["08:00", "25:00"]]})),
        "organization.week.mon: found \"25:00\", expected local times HH:MM from 00:00 to 24:00"
    );
    assert!(check("organization.holidays", json!(["2026-12-24", "--12-25"])).is_ok());
    assert!(
        refused("organization.holidays", json!(["Christmas"]))
            .starts_with("organization.holidays: found \"Christmas\"")
    );
}

#[test]
fn other_rules_and_lists_must_say_something() {
    assert!(check("change.collision_rule", json!({"before": "PT60M", "after": "PT60M", "hops": 1})).is_ok());
    assert!(check("risk.acceptance_criteria", json!("accept below medium")).is_ok());
    assert!(check("improvement.criteria", json!(["alignment", "cost"])).is_ok());
    for (key, value) in [
        ("change.collision_rule", json!({})),
        ("change.collision_rule", json!(7)),
        ("improvement.criteria", json!([])),
        ("improvement.criteria", json!(["", "cost"])),
        ("improvement.criteria", json!("cost")),
        ("change.collision_rule", json!("x".repeat(70_000))),
    ] {
        assert!(check(key, value).is_err(), "{key}");
    }
    let kept = json!({"*": "P3Y", "incident": {"keep": "P5Y", "after": "closing", "then": "archive"}});
    let kept = check("records.retention", kept).unwrap();
    assert!(matches!(kept.of("incident"), Some(Decided::Retention { then: Disposal::Archive, .. })));
    assert!(
        refused("records.retention", json!({"incident": {"keep": "P60Y", "after": "closing", "then": "archive"}}))
            .contains("out of range")
    );
}

#[test]
fn an_unknown_key_is_refused_with_those_that_were_meant() {
    assert_eq!(
        refused("problem.wait", json!("P1D")),
        "problem.wait: no such setting, expected one of problem.analysis_interval, problem.cluster_threshold, \
         problem.analysis_time, problem.escalation_thresholds, problem.update_interval, problem.effectiveness_interval"
    );
    assert_eq!(refused("", json!(1)), ": no such setting, expected a key such as incident.closure_wait");
}

#[test]
fn what_is_typed_on_the_command_line_becomes_the_value_that_is_meant() {
    let registry = registry();
    let typed = |key: &str, text: &str| registry.get(key).unwrap().typed(text);
    assert_eq!(typed("incident.closure_wait", "P5D"), json!("P5D"));
    assert_eq!(typed("knowledge.link_share", "0.3"), json!(0.3));
    assert_eq!(typed("incident.resolution_target", r#"{"1":"PT4H"}"#), json!({"1": "PT4H"}));
    assert_eq!(typed("incident.major_criteria", "true"), json!("true"));
    assert_eq!(typed("organization.week", "null"), Json::Null);
}

#[test]
fn an_assessors_file_states_values_and_days() {
    let text = r#"
"incident.closure_wait" = { value = "P5D", from = 2016-01-01 }
incident.priority_rule = { value = { matrix = [[1,2,3],[2,3,4],[3,4,4]] } }
"organization.zone" = [{ value = "UTC" }, { value = "Europe/Rome", from = "2016-06-01" }]
[incident.resolution_target]
value = { "1" = "PT4H" }
[[organization.holidays]]
value = [2016-12-25, "--01-01"]
[organization.week]
value = "24x7"
"#;
    let stated = read_stated("s.toml", text, &registry(), &conditions).unwrap();
    let keys: Vec<_> = stated.iter().map(|one| (one.key.as_str(), one.from.map(|d| d.to_string()))).collect();
    assert_eq!(
        keys,
        [
            ("incident.closure_wait", Some("2016-01-01".to_owned())),
            ("incident.priority_rule", None),
            ("incident.resolution_target", None),
            ("organization.zone", None),
            ("organization.zone", Some("2016-06-01".to_owned())),
            ("organization.holidays", None),
            ("organization.week", None),
        ]
    );
    assert_eq!(stated[5].value, json!(["2016-12-25", "--01-01"]));
    let zone = |on: &str| in_force(&stated, "organization.zone", day(on)).map(|one| one.value.clone());
    assert_eq!(zone("2016-05-31"), Some(json!("UTC")));
    assert_eq!(zone("2016-06-01"), Some(json!("Europe/Rome")));
    assert_eq!(in_force(&stated, "incident.closure_wait", day("2015-12-31")), None);
}

#[test]
fn all_errors_of_an_assessors_file_come_at_once_with_their_lines() {
    let text = "\"incident.closure_wait\" = { value = \"P5X\" }\n\
        \"incident.closing\" = { value = \"P5D\" }\n\
        audit.interval = \"P12M\"\n\
        audit.cycle = { value = \"P12M\", from = 2016-01-01T00:00:00 }\n\
        \"organization.zone\" = { value = \"UTC\", since = 2016-01-01 }\n\
        \"audit.report_time\" = [{ value = \"P5D\" }, { value = \"P6D\" }]\n\
        \"management_review.interval\" = { from = 2016-01-01 }\n";
    let errors = read_stated("s.toml", text, &registry(), &conditions).unwrap_err();
    let shown: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let starts = [
        "s.toml:1:37: incident.closure_wait: bad duration \"P5X\": a unit that does not stand here",
        "s.toml:2:1: incident.closing: no such setting, expected one of incident.priority_rule",
        "s.toml:3:18: audit.interval: expected { value = …, from = 2016-01-01 }",
        "s.toml:4:40: audit.cycle: from is no date, expected a day such as 2016-01-01",
        "s.toml:5:23: organization.zone: unknown key \"since\", expected { value",
        "s.toml:6:43: audit.report_time: two values from the same day, expected one",
        "s.toml:7:32: management_review.interval: expected { value = …, from = 2016-01-01 }",
    ];
    for start in starts {
        assert!(shown.iter().any(|error| error.starts_with(start)), "{start}\nin {shown:#?}");
    }
    assert_eq!(shown.len(), starts.len());
    assert!(
        read_stated("s.toml", "a = ", &registry(), &conditions).unwrap_err()[0].to_string().starts_with("s.toml:1:")
    );
}

#[test]
fn a_broken_file_of_settings_says_where() {
    let load = |from: &str, to: &str| {
        assert!(OWN.contains(from));
        Registry::load(("settings.toml", STANDARD), ("own.toml", &OWN.replacen(from, to, 1))).unwrap_err().to_string()
    };
    assert_eq!(
        load("default = \"UTC\"", "default = \"Mars\""),
        "own.toml:17:11: setting organization.zone: unknown time zone \"Mars\": expected an IANA name such as \"Europe/Berlin\" or \"UTC\""
    );
    assert!(
        load("setting_count = 4", "setting_count = 5").starts_with("own.toml:8:17: meta: setting_count is 5, but 4")
    );
    assert!(load("PT5M..P6M", "soon").contains("allowed is \"soon\", expected a range such as P1D..P12M or 0..1"));
    assert!(load("unit = \"zone\"", "unit = \"place\"").contains("unit is \"place\", expected interval, duration"));
    assert!(load("organization.zone", "audit.interval").contains("setting audit.interval: the key stands twice"));
    assert!(
        load("scope = \"per priority\"", "scope = \"priority\"").contains("expected \"organization\" or \"per …\"")
    );
    assert!(
        load("key = \"organization.zone\"", "key = \"Zone\"").contains("expected a key like incident.closure_wait")
    );
}
