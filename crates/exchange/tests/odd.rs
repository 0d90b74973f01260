//! A small log with every oddity of the real one, each by its rule.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::path::PathBuf;
use std::sync::Arc;

use exchange::{
    By, Case, LinkRule, Log, Mapping, Options, PersonKey, PersonOf, ProblemKind, Refused, SourceCase, SourceValue,
    Unknown,
};

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/odd.csv")
}

fn log() -> Log {
    let options = Options { zone: Some("UTC".to_owned()), ..Options::default() };
    Log::read(&[fixture()], Mapping::built_in("servicenow-log").unwrap(), &options, &mut |_| {}).unwrap()
}

fn case(number: &str) -> SourceCase {
    let found = log().cases().find_map(|case| match case {
        Case::Taken(case) if *case.external_number == *number => Some(case),
        _ => None,
    });
    found.unwrap()
}

fn refusal(number: &str) -> Vec<Refused> {
    let found = log().cases().find_map(|case| match case {
        Case::Refused { external_number, why, .. } if *external_number == *number => Some(why),
        _ => None,
    });
    found.unwrap()
}

fn by_name(record_type: &str) -> Arc<LinkRule> {
    let to = vec![record_type.to_owned()];
    Arc::new(LinkRule { to, by: By::Name, source: None, unknown: Unknown::Create })
}

fn values(case: &SourceCase, key: &str) -> Vec<SourceValue> {
    let find = |row: &exchange::SourceRow| row.fields.iter().find(|(known, _)| **known == *key).map(|f| f.1.clone());
    case.rows.iter().map(|row| find(row).unwrap()).collect()
}

fn states(case: &SourceCase) -> Vec<&str> {
    case.rows.iter().map(|row| row.state.as_deref().unwrap()).collect()
}

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn person(column: &str, name: &str) -> SourceValue {
    SourceValue::Person(PersonKey { of: PersonOf::Column(Arc::from(column)), name: Arc::from(name) })
}

#[test]
fn rows_of_a_case_come_together_and_cases_by_their_first_row_then_number() {
    let numbers: Vec<String> = log()
        .cases()
        .filter_map(|case| match case {
            Case::Taken(case) => Some(case.external_number.to_string()),
            Case::Refused { .. } => None,
        })
        .collect();
    // INC1 stands second in the file; both begin in the same minute.
    assert_eq!(numbers, ["INC1", "INC2", "INC3", "INC7"]);
    assert_eq!(case("INC2").first_row, (0, 2));
    assert_eq!(case("INC2").rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 4, 6, 7, 8, 9]);
}

#[test]
fn an_unknown_state_keeps_the_one_before_with_what_it_waits_for() {
    let case = case("INC1");
    assert_eq!(states(&case), ["waiting", "waiting", "closed"]);
    let waiting = values(&case, "waiting_for");
    assert_eq!(waiting[..2], [SourceValue::Text("supplier".into()), SourceValue::Text("supplier".into())]);
    assert_eq!(waiting[2], SourceValue::Null);
    let flags: Vec<Option<&str>> = case.rows.iter().map(|row| row.deviates.as_deref()).collect();
    assert_eq!(flags, [None, Some("unknown state"), None]);
}

#[test]
fn no_row_knows_how_its_case_will_end() {
    let case = case("INC2");
    assert_eq!(states(&case), ["new", "resolved", "resolved", "in_progress", "resolved", "closed"]);
    let none = SourceValue::Null;
    let ben = person("resolved_by", "Ben");
    assert_eq!(values(&case, "resolved_by"), [&none, &none, &none, &none, &ben, &ben].map(Clone::clone));
    let code = SourceValue::ListValue { list: "closure_code".into(), label: "code 5".into(), unknown: Unknown::Create };
    assert_eq!(values(&case, "closure_code"), [&none, &none, &none, &none, &none, &code].map(Clone::clone));
    assert!(
        case.rows.iter().all(|row| row.fields.iter().all(|(key, _)| &**key != "resolved_at" && &**key != "closed_at"))
    );
}

#[test]
fn a_final_instant_is_held_against_the_last_entry_into_its_state() {
    let case = case("INC2");
    let resolved = case.finals.iter().find(|last| &*last.field == "resolved_at").unwrap();
    assert_eq!(resolved.event, Some(instant("2016-03-01T09:00:00Z")));
    assert_eq!(resolved.source, SourceValue::Instant(instant("2016-02-29T11:29:00Z")));
    assert!(resolved.differs() && !resolved.is_missing() && !resolved.is_unexplained());
    let closed = case.finals.iter().find(|last| &*last.field == "closed_at").unwrap();
    assert!(!closed.differs());
}

#[test]
fn a_row_out_of_time_never_shows_and_marks_the_history_incomplete() {
    let case = case("INC3");
    let at = |text: &str| instant(&format!("2016-03-{text}:00Z"));
    assert_eq!(case.raised_at, at("01T11:10"));
    let effective: Vec<i64> = case.rows.iter().map(|row| row.effective).collect();
    assert_eq!(effective, [at("01T09:52"), at("01T09:52"), at("01T11:03"), at("02T12:00")]);
    let kinds: Vec<ProblemKind> = case.problems.iter().map(|problem| problem.kind).collect();
    assert!(case.gaps);
    // Begins with counter 1 instead of 0, then the time goes back.
    assert_eq!(kinds, [ProblemKind::CounterHole, ProblemKind::TimeBack]);
    let ordinals: Vec<(i64, u32)> = case.rows.iter().map(|row| (row.identity.counter, row.identity.ordinal)).collect();
    assert_eq!(ordinals, [(1, 0), (1, 1), (2, 0), (3, 0)]);
    let resolved = case.finals.iter().find(|last| &*last.field == "resolved_at").unwrap();
    assert!(resolved.is_unexplained() && !resolved.differs());
}

#[test]
fn values_are_what_the_cells_say() {
    let case = case("INC2");
    let first = |key| values(&case, key).remove(0);
    assert_eq!(
        first("category"),
        SourceValue::ListValue { list: "category".into(), label: "Net, core".into(), unknown: Unknown::Create }
    );
    assert_eq!(first("priority"), SourceValue::Int(2));
    assert_eq!(first("symptom"), SourceValue::Null);
    assert_eq!(first("team"), SourceValue::Named { rule: by_name("team"), name: "Group 1".into() });
    assert_eq!(first("source_made_sla"), SourceValue::Bool(true));
    assert_eq!(first("detected_at"), SourceValue::Instant(instant("2016-02-29T01:16:00Z")));
    assert_eq!(first("external_references"), SourceValue::Null);
    let SourceValue::References(references) = values(&self::case("INC1"), "external_references").remove(0) else {
        panic!("INC1 names a problem and a change")
    };
    let named: Vec<(&str, &str)> = references.iter().map(|r| (&*r.kind, &*r.key)).collect();
    assert_eq!(named, [("change", "CHG1"), ("problem", "P 1")]);
}

#[test]
fn one_name_in_two_columns_is_two_people_and_names_keep_their_blanks() {
    let people: Vec<(String, String)> =
        case("INC2").people.iter().map(|p| (p.column().to_owned(), p.name.to_string())).collect();
    let pair = |column: &str, name: &str| (column.to_owned(), name.to_owned());
    assert!(people.contains(&pair("caller_id", "Ana")) && people.contains(&pair("sys_updated_by", "Ana")));
    assert!(people.contains(&pair("opened_by", "Opened by  8")));
    assert_eq!(
        case("INC2").rows[0].on_behalf,
        Some(PersonKey { of: PersonOf::Column("sys_updated_by".into()), name: "Ana".into() })
    );
    assert_eq!(case("INC1").rows[2].on_behalf, None);
}

#[test]
fn a_broken_row_refuses_its_whole_case_and_no_other() {
    let why = refusal("INC4");
    let named: Vec<(u64, &str, &str)> = why.iter().map(|r| (r.row, r.field.as_str(), r.code.as_str())).collect();
    assert_eq!(named, [(15, "sys_updated_at", "time"), (16, "priority", "integer")]);
    assert!(why[0].message.starts_with("`30/2/2016 11:10` is no time that there is"), "{}", why[0].message);
    assert_eq!(refusal("INC5")[0].code, "unknown_value");
    assert_eq!(refusal("INC6")[0].message, "the row has 7 columns, the header has 36");
    assert_eq!(log().refused_rows()[0].row, 18);
    assert_eq!(case("INC7").rows.len(), 1);
}

#[test]
fn the_report_has_the_keys_of_the_interface_and_its_rows_add_up() {
    let report = log().survey();
    let json = serde_json::to_value(&report).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).take(10).collect();
    let contract =
        ["rows", "cases", "created", "changed", "touches", "unchanged", "deviations", "refused", "absent", "not_taken"];
    assert_eq!(keys, contract);
    assert_eq!((report.rows, report.cases, report.created), (19, 7, 4));
    assert_eq!((report.changed, report.touches, report.refused_rows), (7, 3, 5));
    assert_eq!(report.created + report.changed + report.touches + report.refused_rows, report.rows);
    assert_eq!(json["refused"][0]["row"], 18);
    let knowledge = ["active", "sys_created_at", "knowledge", "u_priority_confirmation", "notify"];
    assert_eq!(report.not_taken, knowledge);
    assert!(report.absent.iter().any(|field| field == "solution"));
    assert_eq!(json["finals"][2]["listed"].as_array().map(Vec::len), Some(2));
    assert_eq!(report.flagged[0].rows, 1);
    assert!(report.functions[0].holds);
    assert_eq!(json["functions"][0]["table"][0]["of"], serde_json::json!([1, 2]));
}
