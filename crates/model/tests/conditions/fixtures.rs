//! Expressions that once went wrong, or that the databases treat differently, asked of all three evaluators.

use std::collections::HashMap;

use model::condition::*;

use crate::Random;
use crate::database::databases;
use crate::model::sample_model;
use crate::property::{Tally, Trial};
use crate::world::World;

const EXPRESSIONS: [&str; 34] = [
    // a ternary over null must not take the else branch
    "(major ? 1 : 2) == 2",
    "!(major ? effort > 1 : effort > 2)",
    // NOT EXISTS makes unknown true
    "!notices.exists(n, n.words > 1)",
    "!notices.all(n, n.words > 1)",
    "!notices.exists_one(n, n.words > 1)",
    "notices.filter(n, n.words > 1).size() != 1",
    // an aggregate over columns from outside belongs to the outer statement
    "!notices.exists(n, effort > 1)",
    "!persons.exists_one(p, effort > 1)",
    // division by zero: null and error
    "effort / (effort - effort) == null",
    "1 % effort != 0",
    // what has no number equals no empty link
    "service == 'SVC-999999'",
    "service != 'SVC-999999'",
    "!(service in ['SVC-12', 'SVC-999999'])",
    // literals take the type of what stands after them
    "due_on <= coalesce('1970-01-05', '1970-01-04', due_on)",
    "coalesce(service, 'SVC-12') == service",
    // records as members of a list
    "assignee in persons",
    "'INC-40' in duplicates",
    "!(duplicate_of in related)",
    // texts: empty needles, `%` and `_` are letters, order is by code point
    "title.contains('') && title.endsWith('') && title.startsWith('')",
    "title.endsWith(override_reason) || title.contains('%')",
    "title < 'é' || title > 'Z'",
    "size(title) + size(description) > 3",
    "description.contains(solution)",
    // precedence around booleans as values
    "(effort > 1) == (cost > 1)",
    "(effort > 1) != major",
    "(major == null) == (end_reason == null)",
    // null against null
    "end_reason == override_reason",
    "end_reason != override_reason",
    "(service == null) == (service.name == null)",
    "service.owner.manager.active == null",
    // lists through lists
    "reviews.all(r, r.improvements.exists(i, i.owner == assignee))",
    "!problems.exists(p, p.incidents.all(i, i.effort > effort))",
    "related.exists(x, x == duplicate_of)",
    "actions.filter(a, a.by != null).all(a, a.at >= raised_at)",
];

#[test]
fn expressions_that_once_went_wrong_agree() {
    let mut random = Random(11);
    let world = World::random(sample_model(), &mut random);
    let mut databases = databases(&world);
    let lacks = |name: &str| (("incident".to_owned(), name.to_owned()), vec![1, 2]);
    let lacking: HashMap<_, _> = ["service", "title", "notices", "reviews", "end_reason"].map(lacks).into();
    let mut tally = Tally::default();
    for text in EXPRESSIONS {
        let text = text.to_owned();
        for purpose in [Purpose::Filter, Purpose::Check] {
            for time in [Time::Live, Time::At { valid: 30, known: 45 }] {
                let context = Context { purpose, lacking: lacking.clone(), ..Context::default() };
                let subject = SubjectKind::Record("incident".into());
                let trial = Trial { text: text.clone(), subject, context, time };
                trial.run(&world, &mut databases, &mut tally);
            }
        }
    }
    assert_eq!(tally.refusals.len(), 0, "{:?}", tally.refusals);
}
