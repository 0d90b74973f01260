//! The checks of 8.6.1 parse, are typed, compile, and give the verdicts of their sketches.

use model::condition::*;
use model::{Model, Value};

use crate::model::sample_model;

/// Population, `when`, `pass`, and whether `pass` needs a host function.
const CHECKS: [(&str, &str, &str, &str, bool); 12] = [
    ("a", "incident.record", "raised_at in period", "category != null && in_use_at(category, raised_at)", false),
    (
        "b",
        "incident.record",
        "raised_at in period",
        "impact != null && urgency != null && priority != null && (override_reason != null || same(priority, rule_priority))",
        false,
    ),
    (
        "c",
        "clock.step",
        "step.to == 'escalation_due' && step.at in period && step.grace_ends_at <= now && record.incident != null",
        "record.incident.escalations.exists(e, e.counted_at >= step.at && (record.incident.first_resolved_at == null || e.counted_at <= record.incident.first_resolved_at))",
        false,
    ),
    (
        "d",
        "incident.record",
        "last_resolved_at in period || (closed_at in period && last_resolved_at == null)",
        "(last_resolved_at != null && solution != null) || (end_kind == 'cancelled' && end_reason != null) || (end_kind == 'duplicate' && duplicate_of != null)",
        false,
    ),
    (
        "e",
        "incident.record",
        "end_kind != 'cancelled' && end_kind != 'duplicate' && closure_due_at in period && closure_due_at <= now",
        "closed_at != null && last_resolved_at != null && last_resolved_at <= closed_at",
        false,
    ),
    (
        "f",
        "incident.record",
        "closed_at in period && end_kind == 'closed'",
        "actions.exists(a, a.by != null && a.at >= raised_at && a.at <= coalesce(last_resolved_at, closed_at))",
        false,
    ),
    (
        "f.p",
        "incident.record",
        "closed_at in period && end_kind == 'closed'",
        "longest_gap <= setting('incident.update_interval')",
        false,
    ),
    (
        "g",
        "values",
        "true",
        "covered(criteria_versions, period.start, period.end) && incidents.all(i, !(i.major_met_at in period) || i.major || i.not_major_decisions.exists(d, d.by != null))",
        true,
    ),
    (
        "h",
        "incident.record",
        "major && major_declared_at in period",
        "procedure != null && in_effect_at(procedure, major_declared_at) && procedure.mandatory_steps.all(s, step_entries.exists(e, e.key == s && (closed_at == null || e.counted_at <= closed_at)))",
        false,
    ),
    (
        "i",
        "incident.record",
        "major && first_resolved_at in period",
        "notices.exists(n, n.person.top_management && n.delivered_at != null && n.delivered_at >= major_declared_at && n.delivered_at <= first_resolved_at) && notices.exists(n, n.person.top_management && n.delivered_at != null && n.delivered_at >= first_resolved_at)",
        false,
    ),
    (
        "j",
        "incident.record",
        "major && major_declared_at != null && overlaps(major_declared_at, closed_at, period)",
        "covered(major_managers, major_declared_at, coalesce(closed_at, now))",
        true,
    ),
    (
        "k",
        "incident.record",
        "major && review_due_at in period && review_due_at <= now",
        "report != null && report.delivered_at != null && reviews.exists(r, r.held_at != null && r.held_at >= last_resolved_at && (size(r.improvements) > 0 || r.none_stated))",
        false,
    ),
];

fn scope<'m>(model: &'m Model, over: &str) -> Scope<'m> {
    let scope = match over {
        "incident.record" => Scope::record(model, "incident"),
        "clock.step" => Scope::step(model, "clock"),
        _ => Scope::values(model),
    };
    scope.with_period().for_check()
}

fn parse(model: &Model, over: &str, text: &str) -> Condition {
    Condition::parse(text, &scope(model, over)).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn find(id: &str) -> (&'static str, &'static str, &'static str) {
    let (_, over, when, pass, _) = CHECKS.iter().find(|check| check.0 == id).unwrap();
    (over, when, pass)
}

#[test]
fn all_checks_of_8_6_1_are_typed_and_compile() {
    let model = sample_model();
    let context = Context { purpose: Purpose::Check, period: Some(PERIOD), ..Context::default() };
    for (id, over, when, pass, host) in CHECKS {
        let (when, pass) = (parse(&model, over, when), parse(&model, over, pass));
        assert_eq!(when.host_calls(), [], "{id}: a population is always SQL");
        assert_eq!(!pass.host_calls().is_empty(), host, "{id}");
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            for time in [Time::Live, Time::At { valid: 5, known: 9 }] {
                let target = Target { dialect, time, context: &context };
                assert!(when.sql(&target).is_ok(), "{id}");
                assert_eq!(pass.sql(&target).is_err(), host, "{id}");
            }
        }
        assert!(!pass.dependencies().is_empty(), "{id}");
        assert!(when.without_period().is_some_and(|when| !when.uses_period()), "{id}");
    }
}

const DAY: i64 = 86_400_000_000;
const PERIOD: Period = Period { start: 100 * DAY, end: 130 * DAY, start_day: 100, end_day: 130 };

fn at(day: i64) -> Value {
    Value::Instant(day * DAY)
}

fn world() -> (MapFacts, Model) {
    let model = sample_model();
    let mut facts = MapFacts::default();
    facts.add(&model, "person", 1, &[("active", true.into()), ("top_management", true.into())]);
    facts.add(&model, "person", 2, &[("active", false.into())]);
    facts.add(&model, "list_value", 5, &[("in_use_from", at(10))]);
    (facts, model)
}

fn context() -> Context {
    let key = |name: &str| ("incident".to_owned(), name.to_owned());
    Context {
        purpose: Purpose::Check,
        now: 150 * DAY,
        today: 150,
        period: Some(PERIOD),
        lacking: ["category", "solution", "notices", "step_entries"].map(|name| (key(name), vec![7])).into(),
        ..Context::default()
    }
}

/// The answer of `when` or `pass` of a check about record 100.
fn verdict(facts: &mut MapFacts, model: &Model, cx: &Context, id: &str) -> (Truth, Truth) {
    let (over, when, pass) = find(id);
    let mut ask = |text| parse(model, over, text).eval(&Subject::Record(100), facts, cx).unwrap();
    (ask(when), ask(pass))
}

fn incident(facts: &mut MapFacts, model: &Model, fields: &[(&str, Value)]) {
    let mut all = vec![("raised_at", at(101))];
    all.extend_from_slice(fields);
    facts.add(model, "incident", 100, &all);
}

#[test]
fn a_missing_category_fails_and_an_absent_one_is_not_determinable() {
    let (mut facts, model) = world();
    let cx = context();
    for (category, origin, expected) in
        [(Value::Link(5), 0, Truth::True), (Value::Null, 0, Truth::False), (Value::Null, 7, Truth::Unknown)]
    {
        incident(&mut facts, &model, &[("category", category), ("origin", origin.into())]);
        assert_eq!(verdict(&mut facts, &model, &cx, "a"), (Truth::True, expected));
    }
}

#[test]
fn a_rule_that_was_not_in_force_leaves_the_priority_undetermined() {
    let (mut facts, model) = world();
    let mut cx = context();
    let level = |key: &str| Value::text(key);
    let fields = [("impact", level("p2")), ("urgency", level("p2")), ("priority", level("p3"))];
    incident(&mut facts, &model, &fields);
    assert_eq!(verdict(&mut facts, &model, &cx, "b").1, Truth::Unknown);
    let span = SettingSpan { from: 0, until: i64::MAX, value: SettingValue::Scalar(true.into()) };
    cx.settings.insert("incident.priority_rule".to_owned(), vec![span]);
    let with_rule = |rule: &str| [&fields[..], &[("rule_priority", level(rule))]].concat();
    incident(&mut facts, &model, &with_rule("p3"));
    assert_eq!(verdict(&mut facts, &model, &cx, "b").1, Truth::True);
    incident(&mut facts, &model, &with_rule("p1"));
    assert_eq!(verdict(&mut facts, &model, &cx, "b").1, Truth::False);
}

#[test]
fn an_escalation_counts_from_the_threshold_to_the_resolution() {
    let (mut facts, model) = world();
    let cx = context();
    let (over, when, pass) = find("c");
    incident(&mut facts, &model, &[("first_resolved_at", at(104))]);
    facts.add(&model, "clock", 200, &[("incident", Value::Link(100)), ("grace_ends_at", at(103))]);
    let step = StepFacts {
        record: 200,
        from: Some("running".to_owned()),
        to: "escalation_due".to_owned(),
        at: 102 * DAY,
        counted_at: 102 * DAY,
        first: true,
        kind: "step".to_owned(),
        deviates: false,
    };
    let subject = Subject::Step(step);
    let ask = |text: &str, facts: &mut MapFacts| parse(&model, over, text).eval(&subject, facts, &cx).unwrap();
    assert_eq!(ask(when, &mut facts), Truth::True);
    assert_eq!(ask(pass, &mut facts), Truth::False);
    for (day, expected) in [(101, Truth::False), (103, Truth::True), (105, Truth::False)] {
        let row = vec![Value::Link(1), at(day), Value::Link(1), at(day)];
        facts.rows.insert((100, "escalations".to_owned()), vec![row]);
        assert_eq!(ask(pass, &mut facts), expected, "escalated on day {day}");
    }
}

#[test]
fn gaps_in_the_history_make_a_missing_action_unknown_and_leave_a_found_one_true() {
    let (mut facts, model) = world();
    let cx = context();
    let ended = [("closed_at", at(110)), ("last_resolved_at", at(108)), ("end_kind", "closed".into())];
    let entry = |into: Option<&str>, by| {
        let entry = EntryFact { at: 105 * DAY, by, counted_at: 105 * DAY, kind: "comment".to_owned() };
        (into.map(str::to_owned), entry)
    };
    for (gaps, entries, expected) in [
        (0, vec![entry(None, Some(1))], Truth::True),
        (0, vec![entry(Some("resolved"), Some(1))], Truth::False),
        (0, vec![entry(None, None)], Truth::False),
        (1, vec![entry(None, None)], Truth::Unknown),
        (1, vec![entry(None, Some(1))], Truth::True),
    ] {
        incident(&mut facts, &model, &[&ended[..], &[("gaps", gaps.into())]].concat());
        facts.entries.insert(100, entries);
        assert_eq!(verdict(&mut facts, &model, &cx, "f"), (Truth::True, expected));
    }
}

#[test]
fn a_setting_that_is_unset_is_not_determinable() {
    let (mut facts, model) = world();
    let mut cx = context();
    incident(&mut facts, &model, &[("longest_gap", Value::Duration(9)), ("service", Value::Link(3))]);
    assert_eq!(verdict(&mut facts, &model, &cx, "f.p").1, Truth::Unknown);
    let per = SettingValue::Per {
        field: "service".to_owned(),
        values: vec![(3, Value::Duration(10))],
        otherwise: Some(Value::Duration(4)),
    };
    cx.settings
        .insert("incident.update_interval".to_owned(), vec![SettingSpan { from: 0, until: i64::MAX, value: per }]);
    assert_eq!(verdict(&mut facts, &model, &cx, "f.p").1, Truth::True);
    incident(&mut facts, &model, &[("longest_gap", Value::Duration(9))]);
    assert_eq!(verdict(&mut facts, &model, &cx, "f.p").1, Truth::False);
}

#[test]
fn managers_must_cover_the_major_incident_without_a_gap() {
    let (mut facts, model) = world();
    let cx = context();
    let line = |person, from: i64, to: Option<i64>| {
        vec![Value::Link(person), at(from), to.map_or(Value::Null, at), at(from), Value::Link(1), at(from)]
    };
    incident(&mut facts, &model, &[("major", true.into()), ("major_declared_at", at(102)), ("closed_at", at(106))]);
    for (lines, expected) in [
        (vec![line(1, 102, Some(104)), line(1, 104, Some(106))], Truth::True),
        (vec![line(1, 102, Some(104)), line(1, 105, Some(106))], Truth::False),
        (vec![line(1, 102, Some(104)), line(2, 104, None)], Truth::False),
        (vec![line(1, 90, None)], Truth::True),
        (vec![line(3, 90, None)], Truth::Unknown),
    ] {
        facts.rows.insert((100, "major_managers".to_owned()), lines);
        assert_eq!(verdict(&mut facts, &model, &cx, "j"), (Truth::True, expected));
    }
}

#[test]
fn the_criteria_must_stand_and_each_incident_that_met_them_be_judged() {
    let (mut facts, model) = world();
    let cx = context();
    let (over, _, pass) = find("g");
    let ask = |facts: &mut MapFacts| parse(&model, over, pass).eval(&Subject::Nothing, facts, &cx).unwrap();
    assert_eq!(ask(&mut facts), Truth::False);
    facts.setting_versions = vec![(0, Some(110 * DAY)), (110 * DAY, None)];
    assert_eq!(ask(&mut facts), Truth::True);
    incident(&mut facts, &model, &[("major_met_at", at(104)), ("major", false.into())]);
    assert_eq!(ask(&mut facts), Truth::False);
    facts
        .rows
        .insert((100, "not_major_decisions".to_owned()), vec![vec![Value::Null, at(104), Value::Link(1), at(104)]]);
    assert_eq!(ask(&mut facts), Truth::True);
}

#[test]
fn reviews_and_notices_are_found_through_relations() {
    let (mut facts, model) = world();
    let mut cx = context();
    let always = |value| vec![SettingSpan { from: 0, until: i64::MAX, value: SettingValue::Scalar(value) }];
    cx.settings.insert("major_incident.review_time".to_owned(), always(Value::Duration(5)));
    facts.add(&model, "report", 8, &[("delivered_at", at(103))]);
    let fields =
        [("major", true.into()), ("review_due_at", at(110)), ("last_resolved_at", at(104)), ("report", Value::Link(8))];
    incident(&mut facts, &model, &fields);
    assert_eq!(verdict(&mut facts, &model, &cx, "k"), (Truth::True, Truth::False));
    let held = [("incident", Value::Link(100)), ("held_at", at(105)), ("none_stated", false.into())];
    facts.add(&model, "review", 9, &held);
    assert_eq!(verdict(&mut facts, &model, &cx, "k").1, Truth::False);
    facts.add(&model, "improvement", 10, &[]);
    facts.links.push(("review_improvement".to_owned(), 9, 10));
    assert_eq!(verdict(&mut facts, &model, &cx, "k").1, Truth::True);
}
