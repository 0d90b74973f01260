//! Anchors, flips and dependencies: what the follower of checks goes by.

use model::Value;
use model::condition::*;

use crate::model::sample_model;

fn parse(text: &str) -> Condition {
    let model = sample_model();
    Condition::parse(text, &Scope::record(&model, "incident").with_period().for_check()).unwrap()
}

#[test]
fn anchors_are_what_stands_before_in_period() {
    let when = parse("last_resolved_at in period || (closed_at in period && last_resolved_at == null)");
    let fields: Vec<_> = when
        .anchors()
        .iter()
        .map(|anchor| match anchor {
            Anchor::At(formula) => formula.field().unwrap().key.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(fields, ["last_resolved_at", "closed_at"]);
    let widened = when.without_period().unwrap();
    assert!(!widened.uses_period());
    let cx = Context { purpose: Purpose::Check, ..Context::default() };
    let target = Target { dialect: Dialect::Sqlite, time: Time::Live, context: &cx };
    assert!(widened.filter_sql(&target).unwrap().text.contains("\"r\".\"closed_at\" IS NOT NULL"));
    assert_eq!(parse("closed_at == null").anchors(), []);
}

#[test]
fn an_interval_is_an_anchor_too() {
    let when = parse("major && major_declared_at != null && overlaps(major_declared_at, closed_at, period)");
    let anchors = when.anchors();
    let [Anchor::Span(from, to)] = anchors.as_slice() else { panic!("{anchors:?}") };
    assert_eq!((&*from.field().unwrap().key, &*to.field().unwrap().key), ("major_declared_at", "closed_at"));
    assert!(!when.without_period().unwrap().uses_period());
    assert!(parse("closed_at > period.start").without_period().is_none());
}

/// The flips of a condition about one incident: closure due at 100, raised at 10, gap 5; now is 50.
#[test]
fn flips_are_the_first_instants_with_another_answer() {
    let model = sample_model();
    let mut facts = MapFacts::default();
    let fields = [
        ("closure_due_at", Value::Instant(100)),
        ("raised_at", Value::Instant(10)),
        ("longest_gap", Value::Duration(5)),
        ("due_on", Value::Date(9)),
    ];
    facts.add(&model, "incident", 1, &fields);
    let line = |at: i64| vec![Value::Null, Value::Instant(at), Value::Null, Value::Instant(at)];
    facts.rows.insert((1, "escalations".to_owned()), vec![line(90), line(70)]);
    for (text, flip) in [
        ("closure_due_at <= now", 100),
        ("closure_due_at < now", 101),
        ("closure_due_at >= now", 101),
        ("closure_due_at > now", 100),
        ("now - closure_due_at > longest_gap", 106),
        ("now - closure_due_at >= longest_gap", 105),
        ("closure_due_at - now < duration('20us')", 81),
        ("closure_due_at - now <= duration('20us')", 80),
        ("raised_at + duration('200us') > now || closure_due_at > now", 100),
        ("escalations.all(e, e.at > now)", 70),
        ("due_on < now", 10_000),
    ] {
        let condition = Condition::parse(text, &Scope::record(&model, "incident").for_check()).unwrap();
        let always = SettingSpan { from: 0, until: i64::MAX, value: SettingValue::Scalar(true.into()) };
        let settings = [("incident.closure_wait".to_owned(), vec![always])].into();
        let mut cx = Context { purpose: Purpose::Check, now: 50, settings, ..Context::default() };
        let midnight = |day: i64| day * 1000;
        let subject = Subject::Record(1);
        let found = condition.next_flip(&subject, &mut facts, &cx, &midnight).unwrap();
        assert_eq!(found, Some(flip), "{text}");
        if text.contains("due_on") {
            continue;
        }
        let mut ask = |now: i64| {
            cx.now = now;
            condition.eval(&subject, &mut facts, &cx).unwrap()
        };
        let (now, before, after) = (ask(50), ask(flip - 1), ask(flip));
        assert_eq!(now, before, "{text}");
        assert!(before != after || text.contains("||"), "{text}");
    }
}

#[test]
fn coverage_that_runs_with_now_flips_where_the_lines_end() {
    let model = sample_model();
    let mut facts = MapFacts::default();
    facts.add(&model, "incident", 1, &[("major_declared_at", Value::Instant(10))]);
    facts.add(&model, "person", 2, &[("active", true.into())]);
    let line = vec![Value::Link(2), Value::Instant(0), Value::Instant(80), Value::Null, Value::Null, Value::Null];
    facts.rows.insert((1, "major_managers".to_owned()), vec![line]);
    let condition = parse("covered(major_managers, major_declared_at, coalesce(closed_at, now))");
    let cx = Context { purpose: Purpose::Check, now: 50, ..Context::default() };
    let flip = condition.next_flip(&Subject::Record(1), &mut facts, &cx, &|day| day).unwrap();
    assert_eq!(flip, Some(81));
}

#[test]
fn dependencies_say_what_is_read_and_the_way_back() {
    let found = parse(
        "service.owner.active && notices.exists(n, n.person.top_management) && problems.exists(p, p.cause != null) \
         && reviews.exists(r, r.held_at != null) && persons.exists(p, p.name == title)",
    )
    .dependencies();
    let text = |d: &Dependency| {
        let fields: Vec<&str> = d.fields.iter().map(|f| &**f).collect();
        format!("{} {} {:?}{}", d.record_type, fields.join(","), d.back, if d.everything { " everything" } else { "" })
    };
    let found: Vec<String> = found.iter().map(text).collect();
    assert_eq!(
        found,
        [
            "incident notices,problems,reviews,service,title []",
            "person name,number [] everything",
            "person active [Link { record_type: \"service\", field: \"owner\" }, Link { record_type: \"incident\", field: \"service\" }]",
            "person top_management [Rows { record_type: \"incident\", field: \"notices\", column: \"person\" }]",
            "problem cause [Links { kind: \"incident_problem\", forward: true }]",
            "review held_at,incident [Own { record_type: \"review\", field: \"incident\" }]",
            "service owner [Link { record_type: \"incident\", field: \"service\" }]",
        ]
    );
}
