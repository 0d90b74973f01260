//! A small model with the types that the checks of 8.6.1 read, built by hand.

use model::*;

pub fn sample_model() -> Model {
    Model::new(
        vec![
            person(),
            list_value(),
            service(),
            procedure(),
            report(),
            problem(),
            incident(),
            review(),
            improvement(),
            clock(),
        ],
        [0; 32],
    )
}

pub fn field(key: &str, kind: Kind) -> Field {
    Field {
        key: key.to_owned(),
        kind,
        label: key.to_owned(),
        help: None,
        required: false,
        derived: false,
        system: false,
        personal: false,
        material: false,
        sortable: false,
        default: None,
        needs_setting: None,
        clause: None,
        place: Place::default(),
    }
}

fn needing(key: &str, kind: Kind, setting: &str) -> Field {
    Field { needs_setting: Some(setting.to_owned()), ..field(key, kind) }
}

fn choice(keys: &[&str]) -> Kind {
    Kind::Choice(keys.iter().map(|k| Choice { key: (*k).to_owned(), label: (*k).to_owned() }).collect())
}

fn link(to: &[&str]) -> Kind {
    Kind::Link { to: to.iter().map(|t| (*t).to_owned()).collect() }
}

fn text() -> Kind {
    Kind::Text { max: 200 }
}

fn long() -> Kind {
    Kind::LongText { max: 2000 }
}

fn integer() -> Kind {
    Kind::Integer { min: -1000, max: 1000 }
}

fn rows(columns: Vec<Field>) -> Kind {
    Kind::Rows { columns, scalar: false }
}

fn system_fields() -> Vec<Field> {
    let kinds =
        [text(), integer(), Kind::Instant, Kind::Instant, Kind::Instant, integer(), Kind::Boolean, link(&["person"])];
    let fields = SYSTEM_FIELDS.iter().zip(kinds);
    fields.map(|(key, kind)| Field { system: true, ..field(key, kind) }).collect()
}

fn record_type(name: &str, plural: &str, prefix: &str, states: &[&str], fields: Vec<Field>) -> RecordType {
    let mut all = system_fields();
    let lifecycle = states.first().map(|initial| {
        all.push(Field { system: true, ..field("state", choice(states)) });
        let state = |key: &&str| State {
            key: (*key).to_owned(),
            label: (*key).to_owned(),
            category: Category::Open,
            maps_to: None,
        };
        Lifecycle { initial: (*initial).to_owned(), states: states.iter().map(state).collect(), transitions: vec![] }
    });
    all.extend(fields);
    RecordType {
        name: name.to_owned(),
        plural: plural.to_owned(),
        path: plural.replace('_', "-"),
        prefix: prefix.to_owned(),
        label: name.to_owned(),
        label_plural: plural.to_owned(),
        clause: None,
        scope: None,
        extends: None,
        fields: all,
        lifecycle,
        relations: vec![],
        permissions: Default::default(),
        views: vec![],
        file: format!("{name}.toml"),
    }
}

fn relation(name: &str, source: RelationSource) -> Relation {
    Relation { name: name.to_owned(), label: name.to_owned(), source }
}

fn links(name: &str, kind: &str, to: &[&str], forward: bool) -> Relation {
    let to = to.iter().map(|t| (*t).to_owned()).collect();
    relation(name, RelationSource::Links { kind: kind.to_owned(), to, forward, acyclic: false })
}

fn inverse(name: &str, record_type: &str, field: &str) -> Relation {
    relation(name, RelationSource::Inverse { record_type: record_type.to_owned(), field: field.to_owned() })
}

fn person() -> RecordType {
    let fields = vec![
        field("name", text()),
        field("active", Kind::Boolean),
        field("top_management", Kind::Boolean),
        field("manager", link(&["person"])),
    ];
    RecordType {
        relations: vec![inverse("reports", "person", "manager")],
        ..record_type("person", "persons", "PER", &[], fields)
    }
}

fn list_value() -> RecordType {
    let fields = vec![field("name", text()), field("in_use_from", Kind::Instant), field("in_use_to", Kind::Instant)];
    record_type("list_value", "list_values", "LST", &[], fields)
}

fn service() -> RecordType {
    let fields = vec![
        field("name", text()),
        field("owner", link(&["person"])),
        field("tier", integer()),
        field("live_from", Kind::Instant),
        field("live_to", Kind::Instant),
    ];
    RecordType {
        relations: vec![inverse("incidents", "incident", "service")],
        ..record_type("service", "services", "SVC", &[], fields)
    }
}

fn procedure() -> RecordType {
    let steps = Kind::Rows { columns: vec![field("value", text())], scalar: true };
    let fields = vec![
        field("effective_from", Kind::Instant),
        field("effective_to", Kind::Instant),
        field("mandatory_steps", steps),
    ];
    record_type("procedure", "procedures", "PRC", &[], fields)
}

fn report() -> RecordType {
    record_type("report", "reports", "RPT", &[], vec![field("delivered_at", Kind::Instant)])
}

fn problem() -> RecordType {
    let fields = vec![
        field("title", text()),
        field("cause", long()),
        field("owner", link(&["person"])),
        field("rank", integer()),
    ];
    RecordType {
        relations: vec![links("incidents", "incident_problem", &["incident"], false)],
        ..record_type("problem", "problems", "PRB", &["new", "known", "closed"], fields)
    }
}

fn review() -> RecordType {
    let fields = vec![
        field("incident", link(&["incident"])),
        field("held_at", Kind::Instant),
        field("none_stated", Kind::Boolean),
        field("score", integer()),
    ];
    RecordType {
        relations: vec![links("improvements", "review_improvement", &["improvement"], true)],
        ..record_type("review", "reviews", "REV", &[], fields)
    }
}

fn improvement() -> RecordType {
    record_type(
        "improvement",
        "improvements",
        "IMP",
        &[],
        vec![field("name", text()), field("owner", link(&["person"]))],
    )
}

fn clock() -> RecordType {
    let fields = vec![
        field("incident", link(&["incident"])),
        field("problem", link(&["problem"])),
        field("due_at", Kind::Instant),
        field("grace_ends_at", Kind::Instant),
        field("subject", link(&["incident", "problem"])),
    ];
    record_type("clock", "clocks", "CLK", &["running", "escalation_due", "missed", "met"], fields)
}

fn incident() -> RecordType {
    let level = || choice(&["p1", "p2", "p3"]);
    let mut fields = vec![
        field("title", text()),
        field("description", long()),
        field("impact", level()),
        field("urgency", level()),
        field("priority", level()),
        needing("rule_priority", level(), "incident.priority_rule"),
        field("override_reason", text()),
        field("solution", long()),
        field("category", Kind::ListValue { list: "incident_category".to_owned() }),
        field("service", link(&["service"])),
        field("assignee", link(&["person"])),
        field("first_resolved_at", Kind::Instant),
        field("last_resolved_at", Kind::Instant),
        field("closed_at", Kind::Instant),
        needing("closure_due_at", Kind::Instant, "incident.closure_wait"),
        field("end_kind", choice(&["closed", "cancelled", "duplicate"])),
        field("end_reason", text()),
        field("duplicate_of", link(&["incident"])),
        field("major", Kind::Boolean),
        field("major_met_at", Kind::Instant),
        field("major_declared_at", Kind::Instant),
        field("procedure", link(&["procedure"])),
        field("report", link(&["report"])),
        needing("review_due_at", Kind::Instant, "major_incident.review_time"),
        field("longest_gap", Kind::Duration),
        field("due_on", Kind::Date),
        field("cost", Kind::Decimal { scale: 2 }),
        field("effort", integer()),
        field("evidence", Kind::Attachment),
    ];
    fields.extend(incident_rows());
    RecordType {
        relations: vec![
            links("problems", "incident_problem", &["problem"], true),
            links("related", "related", &["incident", "problem"], true),
            inverse("reviews", "review", "incident"),
            inverse("duplicates", "incident", "duplicate_of"),
            relation(
                "actions",
                RelationSource::Entries { except_into: vec!["resolved".to_owned(), "closed".to_owned()] },
            ),
        ],
        ..record_type("incident", "incidents", "INC", &["new", "assigned", "resolved", "closed"], fields)
    }
}

fn incident_rows() -> Vec<Field> {
    let person = || field("person", link(&["person"]));
    vec![
        field("escalations", rows(vec![person()])),
        field("notices", rows(vec![person(), field("delivered_at", Kind::Instant), field("words", integer())])),
        field("not_major_decisions", rows(vec![field("reason", text())])),
        field("step_entries", rows(vec![field("key", text())])),
        field("major_managers", rows(vec![person(), field("from", Kind::Instant), field("to", Kind::Instant)])),
        field("tags", Kind::Rows { columns: vec![field("value", text())], scalar: true }),
    ]
}
