//! Forms: create, edit, a move, a link, and every kind of field.

use web::view::{form::*, parts::*};

use crate::{Page, common::*};

pub fn link_form() -> Form {
    Form {
        id: s("link"),
        action: s("/incidents/INC-048211/links"),
        csrf: s(CSRF),
        groups: vec![Group {
            fields: vec![
                Field::new(
                    "kind",
                    "How it relates",
                    Control::Select {
                        options: vec![
                            Choice::new("similar", "Similar to", true),
                            Choice::new("caused_by", "Caused by", false),
                        ],
                        none: String::new(),
                    },
                ),
                Field::new(
                    "to",
                    "Which record",
                    Control::Record { value: String::new(), suggest: s("/suggest/any"), options: vec![] },
                ),
            ],
            ..Group::default()
        }],
        submit: s("Add the link"),
        narrow: true,
        ..Form::default()
    }
}

pub fn edit_form(id: &str) -> Form {
    let text = |value: &str| Control::Text { value: s(value), max: 200, kind: "text" };
    let chips = |chosen: usize| Control::Chips {
        options: ["1 High", "2 Medium", "3 Low"]
            .iter()
            .enumerate()
            .map(|(i, label)| Choice::new((i + 1).to_string(), *label, i + 1 == chosen))
            .collect(),
    };
    let linked = |value: &str, suggest: &str| Control::Record { value: s(value), suggest: s(suggest), options: vec![] };
    Form {
        id: s(id),
        action: s("/incidents/INC-048211/edit"),
        csrf: s(CSRF),
        hidden: vec![(s("version"), s("8"))],
        groups: vec![
            Group {
                fields: vec![
                    Field {
                        required: true,
                        wide: true,
                        help: s("What the caller would say, in a few words."),
                        ..Field::new("title", "Title", text("VPN drops"))
                    },
                    Field {
                        wide: true,
                        ..Field::new(
                            "description",
                            "Description",
                            Control::LongText { value: s("Two\nlines"), max: 0, rows: 5, code: false },
                        )
                    },
                ],
                ..Group::default()
            },
            Group {
                legend: s("Where and for whom"),
                fields: vec![
                    Field::new("service", "Service", linked("Remote access · SVC-000003", "/suggest/service")),
                    Field::new("customer", "Customer", linked("", "/suggest/customer")),
                ],
                ..Group::default()
            },
            Group {
                legend: s("How bad"),
                help: s("Priority follows from both."),
                fields: vec![Field::new("impact", "Impact", chips(1)), Field::new("urgency", "Urgency", chips(2))],
            },
            Group {
                legend: s("When"),
                fields: vec![
                    Field::new(
                        "occurred_at",
                        "It happened at",
                        Control::Instant { value: s("2026-11-24T09:40"), zone: s("Europe/London") },
                    ),
                    Field {
                        help: s("Follows from impact and urgency."),
                        ..Field::new("priority", "Priority", Control::Fixed { value: s("P1") })
                    },
                ],
                ..Group::default()
            },
        ],
        submit: s("Save the changes"),
        cancel: Some(s("/incidents/INC-048211")),
        draft: s("INC-048211:edit"),
        ..Form::default()
    }
}

fn every_control() -> Form {
    let field = |key: &str, label: &str, control| Field::new(key, label, control);
    Form {
        id: s("all"),
        action: s("/x"),
        csrf: s(CSRF),
        groups: vec![Group {
            fields: vec![
                field("n", "Number", Control::Number { value: s("3"), min: s("1"), max: s("5"), step: s("1") }),
                field("c", "Tell the caller", Control::Check { checked: true }),
                field("d", "Day", Control::Date { value: s("2026-11-24") }),
                Field {
                    error: Some(s("“4 hours” is no ISO 8601 duration: write PT4H")),
                    help: s("ISO 8601"),
                    ..field("u", "Duration", Control::Duration { value: s("4 hours") })
                },
                field("l", "Addresses, one a line", Control::Lines { value: s("a\nb"), rows: 3 }),
                field(
                    "code",
                    "Condition",
                    Control::LongText {
                        value: s("impact == 1 && service.criticality == \"top\""),
                        max: 4096,
                        rows: 3,
                        code: true,
                    },
                ),
                field(
                    "m",
                    "Matrix",
                    Control::Matrix {
                        corner: s("Impact \\ urgency"),
                        columns: vec![s("High"), s("Low")],
                        rows: ["High", "Low"]
                            .iter()
                            .map(|label| MatrixRow {
                                label: s(label),
                                cells: vec![(s("High"), s("1")), (s("Low"), s("2"))],
                            })
                            .collect(),
                    },
                ),
            ],
            ..Group::default()
        }],
        submit: s("Save"),
        danger: true,
        ..Form::default()
    }
}

pub fn pages() -> Vec<Page> {
    let crumbs = vec![link("Incidents", "/incidents")];
    let shell = clause(shell("New incident", "/incidents", crumbs, "New incident"), "8.6.1");
    let mut form = Form {
        action: s("/incidents"),
        draft: s("incident:new"),
        submit: s("Create the incident"),
        hidden: vec![],
        ..edit_form("new")
    };
    let create = FormPage {
        shell: shell.clone(),
        heading: s("New incident"),
        lead: s("Only the title is needed; what is missing is asked for later, never of the caller."),
        form: form.clone(),
        ..FormPage::default()
    };
    form.groups[0].fields[0].error = Some(s("Say in a few words what is wrong."));
    form.groups[1].fields[0].error = Some(s("There is no service “Remote acess”. Did you mean Remote access?"));
    form.errors = vec![s("An incident of this customer needs a service that it has.")];
    let wrong = FormPage { form, ..create.clone() };
    let resolve = FormPage {
        shell: shell.clone(),
        eyebrow: s("INC-048211 · VPN drops every few minutes for the field crews"),
        heading: s("Resolve this incident"),
        lead: s("The caller is told, and may object for 5 days."),
        callout: Some(Callout {
            mark: Mark::Warn,
            heading: s("It is a major incident"),
            text: "After resolution it needs a report and a review.".into(),
            actions: vec![],
        }),
        form: Form {
            id: s("resolve"),
            action: s("/incidents/INC-048211/resolve"),
            csrf: s(CSRF),
            hidden: vec![(s("version"), s("8"))],
            groups: vec![Group {
                fields: vec![Field {
                    required: true,
                    wide: true,
                    error: Some(s("Say what solved it. An incident can only be resolved with a solution.")),
                    ..Field::new(
                        "solution",
                        "Solution",
                        Control::LongText { value: String::new(), max: 0, rows: 5, code: false },
                    )
                }],
                ..Group::default()
            }],
            submit: s("Resolve"),
            cancel: Some(s("/incidents/INC-048211")),
            ..Form::default()
        },
    };
    let all = FormPage { heading: s("Every control"), form: every_control(), ..create.clone() };
    let suggestions = Suggestions {
        options: vec![Choice {
            help: s("Service desk"),
            ..Choice::new("Aisha Rahman · PER-000012", "Aisha Rahman", false)
        }],
    };
    vec![
        page("create", &create),
        page("create-wrong", &wrong),
        page("resolve", &resolve),
        page("form-controls", &all),
        page("fragment-suggestions", &suggestions),
    ]
}
