//! What the language accepts, what it refuses and with which words, and what its values mean.

use model::Value;
use model::condition::*;

use crate::model::sample_model;

fn problem(text: &str, scope: &Scope<'_>) -> Problem {
    match Condition::parse(text, scope) {
        Ok(_) => panic!("accepted: {text}"),
        Err(problems) => problems.into_iter().next().unwrap(),
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_was_expected() {
    let model = sample_model();
    let scope = Scope::record(&model, "incident").with_period();
    let mut wrong = vec![];
    for (text, column, words) in [
        ("", 1, "condition is empty"),
        ("title ==", 9, "not an expression"),
        ("titel == 'x'", 1, "unknown name `titel`, expected one of title"),
        ("service.nmae == 'x'", 1, "service has no `nmae`, expected one of number, name"),
        ("major && titel == 'x'", 10, "unknown name `titel`"),
        ("impact == 'p9'", 11, "'p9' is not a choice here, expected one of p1, p2, p3"),
        ("state == 'open'", 10, "expected one of new, assigned, resolved, closed"),
        ("impact < urgency", 1, "has no order"),
        ("effort == 'x'", 1, "an integer compared with a text"),
        ("title.name == 'a'", 1, "a text has no `name`, expected a link before the dot"),
        ("effort", 1, "expected a boolean, found an integer"),
        ("closed_at < null", 1, "nothing is before or after null"),
        ("closed_at > '2024-03-01'", 13, "expected RFC 3339 such as 2024-03-01T08:00:00Z"),
        ("due_on > '2024-3-1'", 10, "is not a date"),
        ("longest_gap > duration('4 hours')", 24, "is not a duration"),
        ("longest_gap > duration('P1M')", 24, "is not a duration"),
        ("service == 'INC-1'", 12, "is the number of a incident, the other side is a link to service"),
        ("service == 'VPN'", 12, "expected one such as SVC-000001"),
        (
            "related.exists(x, x.title == 'a')",
            19,
            "the link can point at incident, problem, so `title` could be anything",
        ),
        ("tags == 'a'", 1, "a list is not a value"),
        ("notices.exists(n, n)", 19, "a line is not a value"),
        ("notices.exists(n, n.sent)", 19, "the line has no column `sent`, expected one of"),
        ("notices.map(n, n.at)", 1, "map() is not part of the condition language"),
        ("has(service.name)", 5, "has() is not needed"),
        ("title.matches('^a')", 1, "matches() has no form in the database"),
        ("tags[0] == 'a'", 1, "lists have no positions"),
        ("{'a': 1} == {'a': 1}", 1, "maps and messages"),
        ("effort * effort > 4", 1, "one factor must be a constant of at most 512"),
        ("effort * 513 > 4", 1, "one factor must be a constant of at most 512"),
        ("(effort * 512) * 512 > 4", 2, "could exceed 64 bits"),
        ("cost + effort > 4", 1, "no `+` between a decimal and an integer"),
        ("cost == 0.001", 9, "more than the 2 decimal places"),
        ("evidence == 'file'", 1, "an attachment compared with a text"),
        ("me == assignee", 1, "`me` exists in permissions and filters only"),
        ("id == 5", 1, "unknown name `id`"),
        ("upper(title) == 'A'", 1, "unknown function `upper`, expected one of size"),
        ("coalesce(title) == 'A'", 1, "coalesce() does not take 1 arguments"),
        ("covered(tags, raised_at, closed_at)", 9, "needs lines with instants from and to"),
        ("title == 'a\\u0000b'", 10, "zero character"),
    ] {
        let problem = problem(text, &scope);
        if !problem.message.contains(words) || (problem.line, problem.column) != (1, column) {
            wrong.push(format!("{text}: {problem}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn places_count_lines_and_characters_and_several_faults_are_told_at_once() {
    let model = sample_model();
    let problems =
        Condition::parse("title == 'Ünï' &&\n  nope &&\n  nada", &Scope::record(&model, "incident")).unwrap_err();
    let places: Vec<_> = problems.iter().map(|p| (p.line, p.column, p.offset)).collect();
    assert_eq!(places, [(2, 3, 22), (3, 3, 32)]);
}

#[test]
fn hostile_texts_are_refused_before_anything_recursive_sees_them() {
    let model = sample_model();
    let scope = Scope::record(&model, "incident");
    let many = |part: &str, n: usize| part.repeat(n);
    for text in [
        many("(", 4000),
        many("!", 4000) + "major",
        format!("{}major", many("!", 1500)),
        format!("effort > {}", many("-", 3000) + "1"),
        format!("{}major{}", many("(", 100), many(")", 100)),
        many("'((' == '' || ", 200) + "major",
        many("major ? major : ", 200) + "major",
        format!("title{}", many(".a", 1500)),
        format!("effort{} > 1", many("+1", 1500)),
        format!("effort == 1{}", many(" == 1", 600)),
        format!("effort in [{}1]", many("1,", 1900)),
        many("a", 5000),
        many("[", 3000),
        "'".repeat(4000),
        format!("\"\"\"{}", many("(", 3000)),
        "tags.exists(a, tags.exists(b, tags.exists(c, tags.exists(d, a == d))))".to_owned(),
        "assignee.manager.manager.manager.manager.name == 'a'".to_owned(),
    ] {
        assert!(Condition::parse(&text, &scope).is_err(), "{} …", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn checks_take_now_only_where_its_flip_can_be_computed() {
    let model = sample_model();
    let scope = Scope::record(&model, "incident").for_check();
    for text in [
        "closure_due_at <= now",
        "now - closure_due_at > duration('4h')",
        "closure_due_at + duration('4h') < now - longest_gap",
        "due_on < now",
        "size(escalations.filter(e, e.at < now)) == 1",
        "(closed_at < now ? effort : 1) > 0",
        "escalations.all(e, e.at < now)",
        "covered(major_managers, raised_at, coalesce(closed_at, now))",
    ] {
        assert!(Condition::parse(text, &scope).is_ok(), "{text}");
    }
    for text in [
        "closed_at == now",
        "coalesce(closed_at, now) > raised_at",
        "now - raised_at > now - closed_at",
        "(major ? now : raised_at) > closed_at",
        "(now - raised_at) * 2 > duration('4h')",
        "same(now, raised_at)",
    ] {
        assert!(problem(text, &scope).message.contains("now "), "{text}");
        assert!(Condition::parse(text, &Scope::record(&model, "incident")).is_ok(), "{text}");
    }
}

/// Conditions about one incident: title `a`, effort 3, major null, cost 1.50, due on day 5, raised at 10 µs, closed at
/// 20 µs, two tags, no person; and what they are.
const MEANINGS: [(&str, Truth); 62] = [
    ("title == 'a'", Truth::True),
    ("end_reason == null", Truth::True),
    ("end_reason == 'x'", Truth::False),
    ("end_reason != 'x'", Truth::True),
    ("end_reason == override_reason", Truth::True),
    ("end_reason != override_reason", Truth::False),
    ("end_reason < 'x'", Truth::Unknown),
    ("!(end_reason < 'x')", Truth::Unknown),
    ("end_reason < 'x' || title == 'a'", Truth::True),
    ("end_reason < 'x' && title == 'b'", Truth::False),
    ("end_reason < 'x' && title == 'a'", Truth::Unknown),
    ("major", Truth::Unknown),
    ("!major", Truth::Unknown),
    ("major == null", Truth::True),
    ("major == true", Truth::False),
    ("major != true", Truth::True),
    ("(major ? 1 : 2) == 1", Truth::Unknown),
    ("(major ? 1 : 2) == null", Truth::Unknown),
    ("major ? true : true", Truth::Unknown),
    ("(title == 'a' ? end_reason : title) == null", Truth::True),
    ("same(end_reason, override_reason)", Truth::Unknown),
    ("same(title, 'a')", Truth::True),
    ("coalesce(end_reason, title) == 'a'", Truth::True),
    ("coalesce(end_reason, override_reason) == null", Truth::True),
    ("effort / 2 == 1", Truth::True),
    ("-effort / 2 == -1", Truth::True),
    ("-effort % 2 == -1", Truth::True),
    ("effort / (effort - 3) == null", Truth::Unknown),
    ("effort % (effort - 3) > 0", Truth::Unknown),
    ("effort + 1 == 4", Truth::True),
    ("cost == 1.5", Truth::True),
    ("cost > 1", Truth::True),
    ("cost + 0.25 == 1.75", Truth::True),
    ("cost * 2 == 3", Truth::True),
    ("title + 'b' == 'ab'", Truth::True),
    ("title + end_reason == null", Truth::Unknown),
    ("size(title) == 1", Truth::True),
    ("size(end_reason) == 0", Truth::Unknown),
    ("title.contains('')", Truth::True),
    ("title.startsWith('A')", Truth::False),
    ("fold(title) == fold('Á')", Truth::True),
    ("end_reason.contains('a')", Truth::Unknown),
    ("effort in [1, 3]", Truth::True),
    ("end_reason in ['x']", Truth::False),
    ("!(end_reason in ['x'])", Truth::True),
    ("'x' in tags", Truth::True),
    ("end_reason in tags", Truth::False),
    ("size(tags) == 2 && tags.size() == 2", Truth::True),
    ("tags.exists_one(t, t == 'x')", Truth::True),
    ("tags.filter(t, t > 'x').size() == 1", Truth::True),
    ("tags.exists(t, t == end_reason)", Truth::False),
    ("tags.exists(t, t < end_reason)", Truth::Unknown),
    ("tags.all(t, t < end_reason) || size(notices) == 0", Truth::True),
    ("notices.all(n, n.words > 1)", Truth::True),
    ("['x', 'y'].all(k, tags.exists(t, t == k))", Truth::True),
    ("service.owner.name == null", Truth::True),
    ("size(service.incidents) == 0", Truth::True),
    ("in_use_at(category, raised_at)", Truth::Unknown),
    ("closed_at - raised_at == duration('10us')", Truth::True),
    ("due_on == '1970-01-06' && due_on in period && !(review_due_at in period)", Truth::True),
    ("assignee == me", Truth::Unknown),
    ("me == null && overlaps(raised_at, review_due_at, period)", Truth::True),
];

#[test]
fn values_mean_what_the_language_says() {
    let model = sample_model();
    let mut facts = MapFacts::default();
    let fields = [
        ("title", Value::text("a")),
        ("effort", Value::Int(3)),
        ("cost", Value::Int(150)),
        ("due_on", Value::Date(5)),
        ("raised_at", Value::Instant(10)),
        ("closed_at", Value::Instant(20)),
    ];
    facts.add(&model, "incident", 1, &fields);
    facts.rows.insert((1, "tags".to_owned()), vec![vec!["x".into()], vec!["y".into()]]);
    let period = Period { start: 15, end: 30, start_day: 5, end_day: 6 };
    let cx = Context { period: Some(period), ..Context::default() };
    let scope = Scope::record(&model, "incident").with_period().with_principal();
    for (text, expected) in MEANINGS {
        let condition = Condition::parse(text, &scope).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(condition.eval(&Subject::Record(1), &mut facts, &cx).unwrap(), expected, "{text}");
    }
}

#[test]
fn an_absent_value_is_unknown_in_checks_and_empty_elsewhere() {
    let model = sample_model();
    let mut facts = MapFacts::default();
    facts.add(&model, "incident", 1, &[("origin", Value::Int(7)), ("title", "a".into())]);
    let names = ["end_reason", "service", "tags", "reviews"];
    let lacking: std::collections::HashMap<_, _> =
        names.iter().map(|name| (("incident".to_owned(), (*name).to_owned()), vec![7])).collect();
    let scope = Scope::record(&model, "incident");
    for (text, empty) in [
        ("end_reason == null", Truth::True),
        ("end_reason != null", Truth::False),
        ("end_reason == 'x'", Truth::False),
        ("service == null", Truth::True),
        ("service.name == null", Truth::True),
        ("size(service.incidents) == 0", Truth::True),
        ("size(tags) == 0", Truth::True),
        ("tags.exists(t, t == 'x')", Truth::False),
        ("tags.all(t, t == 'x')", Truth::True),
        ("reviews.all(r, r.none_stated)", Truth::True),
        ("coalesce(end_reason, title) == 'a'", Truth::True),
    ] {
        let condition = Condition::parse(text, &scope).unwrap();
        for (purpose, expected) in [(Purpose::Filter, empty), (Purpose::Check, Truth::Unknown)] {
            let cx = Context { purpose, lacking: lacking.clone(), ..Context::default() };
            assert_eq!(condition.eval(&Subject::Record(1), &mut facts, &cx).unwrap(), expected, "{text} {purpose:?}");
        }
    }
    facts.add(&model, "incident", 1, &[("origin", Value::Int(7)), ("end_reason", "x".into())]);
    let cx = Context { purpose: Purpose::Check, lacking, ..Context::default() };
    let set = Condition::parse("end_reason == 'x'", &scope).unwrap();
    assert_eq!(set.eval(&Subject::Record(1), &mut facts, &cx).unwrap(), Truth::True, "somebody has set it since");
}

#[test]
fn constants_compile_to_what_an_index_serves() {
    let model = sample_model();
    let cx = Context { now: 1_000_000, ..Context::default() };
    let scope = Scope::record(&model, "incident");
    for (text, sql) in [
        ("state == 'new'", "\"r\".\"state\" = ?1"),
        ("state in ['new', 'assigned']", "\"r\".\"state\" IN (?1, ?2)"),
        ("raised_at >= now - duration('1s')", "\"r\".\"raised_at\" >= ?1"),
        ("major", "(\"r\".\"major\" = 1)"),
        ("assignee == null", "(\"r\".\"assignee\" IS NULL)"),
        (
            "closed_at != null && effort != 2",
            "(\"r\".\"closed_at\" IS NOT NULL AND (\"r\".\"effort\" IS DISTINCT FROM ?1))",
        ),
        (
            "service == 'SVC-1'",
            "\"r\".\"service\" = COALESCE((SELECT \"id\" FROM \"record\" WHERE \"number\" = ?1), -1)",
        ),
        (
            "escalations.exists(e, e.at > raised_at)",
            "EXISTS (SELECT 1 FROM \"incident__escalations\" \"x1\" WHERE \"x1\".\"id\" = \"r\".\"id\" AND \"x1\".\"valid_to\" = \
             9223372036854775807 AND \"x1\".\"known_to\" = 9223372036854775807 AND \"x1\".\"at\" > \"r\".\"raised_at\")",
        ),
    ] {
        let target = Target { dialect: Dialect::Sqlite, time: Time::Live, context: &cx };
        let compiled = Condition::parse(text, &scope).unwrap().filter_sql(&target).unwrap();
        assert_eq!(number(&compiled.text, Dialect::Sqlite, 1), sql, "{text}");
    }
}
