//! Stories of incidents, and the tables behind them.

use engine::Mode;
use model::Value;
use serde_json::{Value as Json, json};

use crate::desk::{ANA, BEN, CARA, CUSTOMER, Desk};

fn int(n: i64) -> Value {
    Value::Int(n)
}

fn link(id: i64) -> Value {
    Value::Link(id)
}

fn rule() -> (&'static str, Json) {
    ("incident.priority_rule", json!({"matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]]}))
}

/// Four hours for the highest, two working days for all others; escalated at half time, within a quarter of an hour.
fn targets() -> [(&'static str, Json); 2] {
    let threshold = json!({"share": 0.5, "grace": "PT15M"});
    [
        ("incident.resolution_target", json!({"1": "PT4H", "3": "PT1H", "*": "P2D"})),
        ("incident.escalation_thresholds", json!({"1": threshold, "2": threshold})),
    ]
}

#[test]
fn the_rule_gives_each_priority() {
    for (impact, urgency, expected) in
        [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 2), (2, 2, 3), (2, 3, 4), (3, 1, 3), (3, 2, 4), (3, 3, 4)]
    {
        let mut desk = Desk::incidents(&[rule()]);
        desk.works("09:00", "", &[("impact", int(impact)), ("urgency", int(urgency))]);
        let expected = format!("priority {expected}, rule_priority {expected}");
        assert_eq!(desk.has(&["priority", "rule_priority"]), expected, "impact {impact}, urgency {urgency}");
    }
}

#[test]
fn without_a_rule_or_an_answer_the_priority_stays_as_given() {
    let answers = [("impact", int(1)), ("urgency", int(1)), ("priority", int(4))];
    for (settings, edits) in [
        (vec![], &answers[..]),
        (vec![("incident.priority_rule", json!({"by": "reasoning"}))], &answers[..]),
        (vec![rule()], &answers[1..]),
    ] {
        let mut desk = Desk::incidents(&settings);
        desk.works("09:00", "", edits);
        assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 4");
    }
}

#[test]
fn another_priority_than_the_rules_needs_a_reason() {
    let mut desk = Desk::incidents(&[rule()]);
    let answers = [("impact", int(2)), ("urgency", int(2))];
    assert_eq!(desk.tries("09:00", "", &[&answers[..], &[("priority", int(1))]].concat()), ["priority: needs_reason"]);
    desk.works("09:00", "", &answers);
    assert_eq!(desk.tries("09:05", "", &[("priority", int(1))]), ["priority: needs_reason"]);
    desk.works("09:10", "", &[("priority", int(1)), ("override_reason", "The board meets at ten".into())]);
    assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 1, rule_priority 3");
    desk.works("09:15", "", &[("urgency", int(3))]);
    assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 1, rule_priority 4", "the reason still stands");
    desk.works("09:20", "", &[("override_reason", Value::Null)]);
    assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 4, rule_priority 4");
    desk.works("09:25", "", &[("impact", int(1))]);
    assert_eq!(desk.shows("priority"), "3", "without a reason it follows");
}

#[test]
fn a_rule_changed_later_judges_only_what_is_answered_anew() {
    let mut desk = Desk::incidents(&[rule()]);
    desk.works("09:00", "", &[("impact", int(2)), ("urgency", int(2))]);
    desk.decide("incident.priority_rule", "10:00", json!({"matrix": [[1, 1, 1], [1, 1, 1], [1, 1, 1]]}));
    desk.works("11:00", "", &[("title", "Mail is slow".into())]);
    assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 3, rule_priority 3");
    desk.works("11:05", "", &[("urgency", int(3))]);
    assert_eq!(desk.has(&["priority", "rule_priority"]), "priority 1, rule_priority 1");
}

const TIMES: [&str; 6] =
    ["first_resolved_at", "last_resolved_at", "resolved_at", "resolved_by", "closed_at", "end_kind"];

#[test]
fn a_reopened_incident_keeps_its_first_and_last_resolution() {
    let mut desk = Desk::incidents(&[("incident.closure_wait", json!("PT24H"))]);
    desk.works("09:00", "", &[]);
    assert_eq!(desk.has(&TIMES), "");
    desk.works("10:00", "resolved", &[("solution", "Restarted".into())]);
    let resolved = "first_resolved_at 10:00, last_resolved_at 10:00, resolved_at 10:00, resolved_by 1";
    assert_eq!(desk.has(&TIMES), resolved);
    assert_eq!(desk.shows("closure_due_at"), "2026-03-05 10:00");
    desk.works("10:30", "", &[("title", "Server".into())]);
    assert_eq!(desk.has(&TIMES), resolved, "an edit moves nothing");
    desk.works("11:00", "in_progress", &[]);
    assert_eq!(desk.has(&TIMES), "first_resolved_at 10:00, last_resolved_at 10:00");
    assert_eq!(desk.has(&["closure_due_at", "reopen_count"]), "reopen_count 1");
    desk.works("12:00", "resolved", &[("resolved_by", link(BEN))]);
    desk.works("13:00", "closed", &[]);
    assert_eq!(
        desk.has(&TIMES),
        "first_resolved_at 10:00, last_resolved_at 12:00, resolved_at 12:00, resolved_by 2, closed_at 13:00, end_kind closed"
    );
    assert_eq!(desk.has(&["closure_due_at", "reopen_count"]), "closure_due_at 2026-03-05 12:00, reopen_count 1");
}

#[test]
fn every_end_is_dated_and_named() {
    for end in ["cancelled", "duplicate"] {
        let mut desk = Desk::incidents(&[("incident.closure_wait", json!("P5D"))]);
        desk.works("09:00", "", &[]);
        desk.works("10:00", end, &[]);
        assert_eq!(desk.has(&TIMES), format!("closed_at 10:00, end_kind {end}"));
        assert_eq!(desk.shows("closure_due_at"), "");
    }
}

#[test]
fn a_source_may_close_without_resolving_and_resolve_what_it_closed() {
    let mut desk = Desk::incidents(&[]);
    for (time, state, expected) in [
        ("09:00", "resolved", "first_resolved_at 09:00, last_resolved_at 09:00, resolved_at 09:00"),
        ("09:10", "resolved", "first_resolved_at 09:00, last_resolved_at 09:00, resolved_at 09:00"),
        ("09:20", "waiting", "first_resolved_at 09:00, last_resolved_at 09:00"),
        ("09:30", "closed", "first_resolved_at 09:00, last_resolved_at 09:00, closed_at 09:30, end_kind closed"),
        ("09:40", "in_progress", "first_resolved_at 09:00, last_resolved_at 09:00"),
        ("09:50", "resolved", "first_resolved_at 09:00, last_resolved_at 09:50, resolved_at 09:50"),
    ] {
        desk.acts(time, state, &[], Mode::Replay, Some(ANA));
        assert_eq!(desk.has(&TIMES), expected, "{time}");
    }
    assert_eq!(desk.has(&["reopen_count", "acknowledged_at", "due_at"]), "reopen_count 2");
}

#[test]
fn a_replay_keeps_the_sources_priority_beside_the_rules() {
    let mut desk = Desk::incidents(&[rule(), ("incident.major_criteria", json!("priority == 1"))]);
    let row = [("impact", int(2)), ("urgency", int(2)), ("priority", int(1))];
    assert!(desk.acts("09:00", "new", &row, Mode::Replay, Some(BEN)).is_empty());
    assert_eq!(
        desk.has(&["priority", "rule_priority", "major_met_at"]),
        "priority 1, rule_priority 3, major_met_at 09:00"
    );
}

#[test]
fn the_first_response_and_every_handing_over_are_kept() {
    let mut desk = Desk::incidents(&[]);
    desk.works("09:00", "", &[("team", link(7))]);
    desk.works("09:10", "assigned", &[("assignee", link(ANA))]);
    let keys = ["acknowledged_at", "assigned_at", "reassignment_count"];
    assert_eq!(desk.has(&keys), "acknowledged_at 09:10, assigned_at 09:10, reassignment_count 0");
    desk.works("10:00", "", &[("assignee", link(BEN)), ("team", link(8))]);
    desk.works("10:10", "", &[("assignee", Value::Null)]);
    assert_eq!(desk.has(&keys), "acknowledged_at 09:10, assigned_at 09:10, reassignment_count 1");
}

#[test]
fn waiting_for_the_customer_is_no_gap_of_ours() {
    let mut desk = Desk::incidents(&[]);
    desk.works("09:00", "", &[]);
    assert_eq!(desk.shows("longest_gap"), "0 min");
    desk.works("09:30", "waiting", &[("waiting_for", "customer".into())]);
    desk.works("14:00", "in_progress", &[("waiting_for", Value::Null)]);
    assert_eq!(desk.shows("longest_gap"), "30 min");
    desk.works("15:00", "waiting", &[("waiting_for", "supplier".into())]);
    desk.works("17:00", "resolved", &[("waiting_for", Value::Null)]);
    assert_eq!(desk.shows("longest_gap"), "120 min");
    desk.works("23:00", "closed", &[]);
    assert_eq!(desk.shows("longest_gap"), "120 min", "what is resolved is idle by right");
}

#[test]
fn contradictions_are_refused() {
    let mut desk = Desk::incidents(&[]);
    assert_eq!(desk.tries("09:00", "", &[("waiting_for", "customer".into())]), ["waiting_for: not_waiting"]);
    desk.works("09:00", "", &[]);
    desk.works("09:10", "waiting", &[("waiting_for", "supplier".into())]);
    desk.works("09:20", "", &[("waiting_for", "customer".into())]);
    assert_eq!(desk.tries("09:30", "", &[("waiting_for", Value::Null)]), ["waiting_for: required"]);
    assert_eq!(
        desk.tries("09:30", "duplicate", &[("waiting_for", Value::Null), ("duplicate_of", link(100))]),
        ["duplicate_of: cycle"]
    );
}

#[test]
fn the_callers_customer_is_the_incidents() {
    let people = ["caller", "customer"];
    let mut desk = Desk::incidents(&[]);
    desk.works("09:00", "", &[]);
    assert_eq!(desk.has(&people), "", "Ana files it for somebody");
    desk.works("09:05", "", &[("caller", link(CARA))]);
    assert_eq!(desk.has(&people), format!("caller {CARA}, customer {CUSTOMER}"));
    let mut own = Desk::incidents(&[]);
    own.acts("09:00", "", &[], Mode::Work, Some(CARA));
    assert_eq!(own.has(&people), format!("caller {CARA}, customer {CUSTOMER}"));
    let mut said = Desk::incidents(&[]);
    said.works("09:00", "", &[("caller", link(CARA)), ("customer", link(31))]);
    assert_eq!(said.has(&people), format!("caller {CARA}, customer 31"));
}

#[test]
fn a_major_incident_keeps_when_it_met_the_criteria_and_when_it_was_declared() {
    let keys = ["major_met_at", "major_declared_at", "review_due_at"];
    let mut desk = Desk::incidents(&[
        ("incident.major_criteria", json!("priority == 1 && state != 'new'")),
        ("major_incident.review_time", json!("P5D")),
    ]);
    desk.works("09:00", "", &[("priority", int(1))]);
    assert_eq!(desk.has(&keys), "");
    desk.works("09:10", "in_progress", &[]);
    desk.works("09:20", "", &[("priority", int(2))]);
    desk.works("09:30", "", &[("major", true.into())]);
    assert_eq!(desk.has(&keys), "major_met_at 09:10, major_declared_at 09:30");
    desk.works("12:00", "resolved", &[]);
    assert_eq!(desk.shows("review_due_at"), "2026-03-09 12:00");
    desk.works("13:00", "in_progress", &[]);
    assert_eq!(desk.shows("review_due_at"), "2026-03-09 12:00", "an endless incident is reviewed too");
    desk.works("14:00", "resolved", &[]);
    assert_eq!(desk.shows("review_due_at"), "2026-03-09 14:00");
    desk.works("15:00", "", &[("major", false.into())]);
    assert_eq!(desk.has(&keys), "major_met_at 09:10, major_declared_at 09:30");
    desk.works("16:00", "", &[("major", true.into())]);
    assert_eq!(desk.has(&keys), "major_met_at 09:10, major_declared_at 09:30, review_due_at 2026-03-09 14:00");
}

#[test]
fn an_undecided_organisation_has_no_due_instants() {
    let mut desk = Desk::incidents(&[]);
    desk.works("09:00", "", &[("priority", int(1)), ("major", true.into())]);
    desk.works("10:00", "resolved", &[]);
    let due = ["due_at", "closure_due_at", "review_due_at", "major_met_at", "rule_priority"];
    assert_eq!((desk.has(&due), desk.clock()), (String::new(), "0 clocks".to_owned()));
}

#[test]
fn a_clock_runs_from_the_beginning_and_is_met() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(1))]);
    assert_eq!(desk.clock(), "state running, due_at 13:00, escalation_due_at 11:00, grace_ends_at 11:15");
    assert_eq!(desk.shows("due_at"), "13:00");
    desk.works("12:00", "resolved", &[]);
    assert_eq!(desk.clock(), "state met, due_at 13:00, escalation_due_at 11:00, grace_ends_at 11:15, stopped_at 12:00");
    assert_eq!(desk.shows("due_at"), "");
    desk.works("13:00", "closed", &[]);
    assert_eq!(desk.shows("due_at"), "");
}

#[test]
fn a_target_reached_in_its_last_instant_is_met_and_one_missed_stays_missed() {
    for (resolved, expected) in [("10:00", "met"), ("10:01", "missed")] {
        let mut desk = Desk::incidents(&targets());
        desk.works("09:00", "", &[("priority", int(3))]);
        desk.works(resolved, "resolved", &[]);
        assert_eq!(desk.clock(), format!("state {expected}, due_at 10:00, stopped_at {resolved}"));
    }
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(3))]);
    desk.works("11:00", "", &[("priority", int(4))]);
    assert_eq!(desk.clock(), "state missed, due_at 10:00", "a lower priority undoes no miss");
    desk.works("12:00", "resolved", &[]);
    desk.works("13:00", "in_progress", &[]);
    assert_eq!((desk.clock(), desk.shows("due_at")), ("state missed, due_at 10:00".to_owned(), "10:00".to_owned()));
}

#[test]
fn a_clock_that_the_minute_job_has_not_reached_is_missed_all_the_same() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(3))]);
    let turn = crate::shared::clock::find(&mut desk.world, "incident", 100, "resolution")
        .unwrap()
        .unwrap()
        .stop(crate::desk::at("10:01"));
    assert!(matches!(turn.act, Some(engine::FollowUp::Move { transition, .. }) if transition == "miss"));
}

#[test]
fn another_priority_is_measured_from_the_original_start() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(2))]);
    assert_eq!(
        desk.clock(),
        "state running, due_at 2026-03-06 09:00, escalation_due_at 2026-03-05 09:00, grace_ends_at 2026-03-05 09:15"
    );
    desk.works("10:00", "", &[("priority", int(1))]);
    assert_eq!(desk.clock(), "state running, due_at 13:00, escalation_due_at 11:00, grace_ends_at 11:15");
    assert_eq!(desk.shows("due_at"), "13:00");
    desk.works("10:30", "", &[("priority", int(3))]);
    assert_eq!((desk.clock(), desk.shows("due_at")), ("state missed, due_at 10:00".to_owned(), "10:00".to_owned()));
}

#[test]
fn a_threshold_that_a_new_priority_finds_crossed_is_crossed_now() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(2))]);
    desk.works("12:00", "", &[("priority", int(1))]);
    let crossed = "state escalation_due, due_at 13:00, escalation_due_at 12:00, grace_ends_at 12:15";
    assert_eq!(desk.clock(), crossed);
    desk.works("12:10", "", &[("priority", int(2))]);
    assert_eq!(
        desk.clock(),
        "state escalation_due, due_at 2026-03-06 09:00, escalation_due_at 12:00, grace_ends_at 12:15"
    );
    let mut late = Desk::incidents(&targets());
    late.works("09:00", "", &[]);
    assert_eq!(late.clock(), "0 clocks");
    late.works("12:00", "", &[("priority", int(1))]);
    assert_eq!(late.clock(), crossed, "a clock that is asked for late begins where it stands");
}

#[test]
fn time_between_resolution_and_reopening_is_not_ours() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[("priority", int(1))]);
    desk.works("10:00", "resolved", &[]);
    desk.works("14:00", "in_progress", &[]);
    assert_eq!(desk.clock(), "state running, due_at 17:00, escalation_due_at 15:00, grace_ends_at 15:15");
    desk.works("14:30", "", &[("priority", int(2))]);
    assert_eq!(desk.shows("due_at"), "2026-03-06 13:00", "kept out of the new target as well");
    desk.works("14:40", "", &[("priority", int(1))]);
    assert_eq!(desk.shows("due_at"), "17:00");
    desk.works("16:00", "resolved", &[]);
    desk.works("16:30", "in_progress", &[]);
    assert_eq!(desk.clock(), "state running, due_at 17:30", "the threshold was crossed before");
}

#[test]
fn clocks_run_in_working_time() {
    let mut desk = Desk::incidents(&targets()).in_office_hours();
    // Wednesday evening: an hour is left of the day.
    desk.works("17:00", "", &[("priority", int(1))]);
    assert_eq!(
        desk.clock(),
        "state running, due_at 2026-03-05 11:00, escalation_due_at 2026-03-05 09:00, grace_ends_at 2026-03-05 09:15"
    );
    desk.works("17:30", "", &[("priority", int(2))]);
    assert_eq!(
        desk.clock(),
        "state running, due_at 2026-03-06 17:00, escalation_due_at 2026-03-05 17:00, grace_ends_at 2026-03-05 17:15",
        "half of two working days is one"
    );
    desk.works("20:00", "resolved", &[]);
    desk.works("2026-03-07 12:00", "in_progress", &[]);
    assert_eq!(desk.shows("due_at"), "2026-03-10 17:00", "nineteen hours were left, from Monday's opening on");
}

#[test]
fn a_promise_is_that_of_the_day_it_was_raised() {
    let mut desk = Desk::incidents(&targets());
    desk.works("09:00", "", &[]);
    desk.decide("incident.resolution_target", "09:30", json!("PT1H"));
    desk.works("09:40", "", &[("priority", int(1))]);
    assert_eq!(desk.shows("due_at"), "13:00");
}
