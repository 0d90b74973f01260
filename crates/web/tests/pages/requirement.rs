//! A requirement, with its checks and its judgement.

use web::view::{
    chart::Bar,
    form::*,
    list::{Column, Role},
    parts::*,
    prose::Prose,
    requirement::*,
};

use crate::{
    Page,
    common::*,
    conformity::{period, trend},
};

fn exceptions() -> Vec<Exception> {
    let observed =
        |prio, told: &str, who: &str| vec![Shown::Prio(Prio(prio)), Shown::Text(s(told)), Shown::Person(person(who))];
    let exception = |number: &str, title: &str, why: Status, observed| Exception {
        title: s(title),
        href: format!("/incidents/{number}"),
        number: s(number),
        context: s("Remote access"),
        why,
        since: None,
        observed,
    };
    vec![
        exception(
            "INC-047540",
            "VPN: no answer from the gateway",
            status(Mark::Bad, "Nobody told"),
            observed(1, "never", "Jonas Weber"),
        ),
        exception(
            "INC-047518",
            "Clinic booking: no slots shown",
            status(Mark::Bad, "1 h 48 min late"),
            observed(2, "11:00", "Leila Haddad"),
        ),
        Exception {
            since: Some(at("3 March")),
            ..exception(
                "INC-047344",
                "Mail to ostrand.example bounces",
                status(Mark::None, "Not supplied by its source"),
                observed(2, "–", "Jonas Weber"),
            )
        },
    ]
}

fn check() -> Check {
    let column = |label: &str, role| Column { label: s(label), role, sort: None };
    Check {
        id: s("8.6.1-c"),
        kind: s("The check that counts"),
        status: Some(status(Mark::Bad, "Fails")),
        population: s("412"),
        population_of: s("crossings of an escalation threshold, July to September"),
        passed: s("387"),
        passed_note: s("told in time, on record"),
        failed: s("23"),
        failed_note: s("14 late, 9 never"),
        undetermined: s("2"),
        undetermined_note: s("their source has no escalations"),
        rate: s("93.9 %"),
        rate_note: Some(status(Mark::Bad, "under the bar of 98 %")),
        bar: Bar {
            parts: vec![(Mark::Ok, 387), (Mark::None, 2), (Mark::Bad, 23)],
            label: s("387 pass, 2 undetermined, 23 exceptions"),
            thick: false,
        },
        words: vec![
            (s("Population"), s("crossings of an escalation threshold by an incident in the period")),
            (
                s("Pass"),
                s(
                    "an escalation, or a decision that none was needed, recorded after the crossing and before resolution",
                ),
            ),
            (s("Proves"), s("necessary: passing leaves a judgement due")),
            (s("Not seen"), s("whether it helped")),
        ],
        code: s("over = \"incident.clocks\"\npass = 'escalations.exists(e, e.counted_at <= clock.due_at)'"),
        code_place: s("incident/checks.toml:41"),
        columns: vec![column("Prio", Role::Priority), column("Told", Role::Text), column("Held by", Role::Who)],
        exceptions: exceptions(),
        exceptions_count: s("23 crossings, 2 undetermined"),
        more: Some(link("Show 22 more", "?exceptions=all")),
        as_list: Some(link("Open as a list", "/incidents?exceptions=8.6.1-c")),
        trend: Some(trend("t-8.6.1-c", false)),
        ..Check::default()
    }
}

fn empty_check() -> Check {
    Check {
        id: s("8.6.1-c.practice"),
        kind: s("Good practice, not counted"),
        status: Some(status(Mark::None, "Not determinable")),
        population: s("–"),
        passed: s("–"),
        failed: s("–"),
        rate: s("–"),
        because: Sentence(vec![
            plain("Nobody has decided "),
            Word::Link(link(
                "when an incident counts as needing escalation",
                "/settings/incident.escalation_thresholds",
            )),
            plain("."),
        ]),
        words: vec![(s("Population"), s("as above")), (s("Pass"), s("within the time that the threshold names"))],
        ..Check::default()
    }
}

fn assess_form() -> Form {
    let grade = |value: &str, label: &str| Choice::new(value, label, false);
    Form {
        id: s("assess"),
        action: s("/requirements/8.6.1-c/assessments"),
        csrf: s(CSRF),
        hidden: vec![(s("shown"), s("9f3a"))],
        groups: vec![Group {
            fields: vec![
                Field {
                    required: true,
                    wide: true,
                    ..Field::new(
                        "grade",
                        "Your judgement",
                        Control::Chips {
                            options: vec![
                                grade("conforming", "Conforms"),
                                grade("partly", "Partly"),
                                grade("not-conforming", "Does not conform"),
                            ],
                        },
                    )
                },
                Field {
                    required: true,
                    wide: true,
                    help: s("What you looked at, and why that leads you there."),
                    ..Field::new(
                        "reason",
                        "Reason",
                        Control::LongText { value: String::new(), max: 0, rows: 4, code: false },
                    )
                },
                Field {
                    help: s("Numbers of records, one a line."),
                    ..Field::new("evidence", "Evidence", Control::Lines { value: String::new(), rows: 2 })
                },
                Field {
                    required: true,
                    ..Field::new("expires_on", "Holds until", Control::Date { value: s("2027-05-24") })
                },
            ],
            ..Default::default()
        }],
        submit: s("Assess"),
        ..Form::default()
    }
}

fn judgement() -> Judgement {
    Judgement {
        question: s("Was escalation needed where no threshold was crossed, and did it help?"),
        assessments: vec![
            Assessment {
                who: person("Sofia Marques"),
                role: s("internal auditor"),
                time: at("12 August 2026"),
                grade: Pill { label: s("Partly"), mark: Some(Mark::Warn) },
                reason: Prose::from_markdown(
                    "The thresholds are sound. But at lunch nobody watches: the desk relies on the screen.",
                    |_| None,
                ),
                evidence: vec![record("INC-047540", ""), record("INC-047518", "")],
                validity: s("holds until 12 February 2027"),
                ended: false,
            },
            Assessment {
                who: person("Sofia Marques"),
                role: s("internal auditor"),
                time: at("1 March 2026"),
                grade: Pill { label: s("Conforms"), mark: Some(Mark::Ok) },
                reason: Prose::from_markdown("Sample of 20.", |_| None),
                evidence: vec![],
                validity: s("ended 1 June 2026"),
                ended: true,
            },
        ],
        nil_returns: vec![NilReturn {
            who: person("Tom Lindqvist"),
            time: at("2 July 2026"),
            period: s("1 April to 30 June 2026"),
            reason: s("No threshold was crossed: the desk was closed for the move."),
        }],
        form: Some(assess_form()),
        nil_form: None,
        who_may: String::new(),
    }
}

fn requirement() -> RequirementPage {
    let crumbs = vec![link("Conformity", "/conformity"), link("8.6.1 Incidents", "/conformity/8.6.1")];
    RequirementPage {
        shell: clause(shell("8.6.1-c Escalated if needed", "/requirements", crumbs, "8.6.1-c"), "8.6.1"),
        id: s("8.6.1-c"),
        title: s("Escalated if needed"),
        clause: link("8.6.1 Incident management", "/conformity/8.6.1"),
        text: s(
            "When an incident is at risk of missing its target, or needs more skill or authority, it is handed up.",
        ),
        status: Some(status(Mark::Bad, "Does not conform")),
        reason: "a check that is necessary fails, and no other evidence was cited".into(),
        rules_say: Some(status(Mark::Warn, "evidence missing")),
        other_rules: Some(link("Judge by the rules of then", "/requirements/8.6.1-c?at=2026-02-01T00:00&rules=then")),
        period: period(),
        at: Some(at_control("/requirements/8.6.1-c")),
        checks: vec![check(), empty_check()],
        judgement: judgement(),
        settings: vec![
            SettingUse {
                key: s("incident.escalation_thresholds"),
                label: s("When an incident counts as needing escalation"),
                href: s("/settings/incident.escalation_thresholds"),
                value: Some(s("at 75 % of the target")),
                note: s("since 1 March 2026, Tom Lindqvist"),
                practice: false,
            },
            SettingUse {
                key: s("incident.update_interval"),
                label: s("Longest time without an entry"),
                href: s("/settings/incident.update_interval"),
                value: None,
                note: String::new(),
                practice: true,
            },
        ],
        history: vec![HistoryLine {
            time: at("1 Sep 2026"),
            text: Sentence(vec![
                plain("From "),
                Word::Status(status(Mark::Warn, "partly")),
                plain(" to "),
                Word::Status(status(Mark::Bad, "does not conform")),
            ]),
        }],
        documents: vec![
            LinkedNote {
                mark: None,
                label: s("Escalation rules"),
                href: Some(s("/documents/DOC-000004")),
                note: s("v5 · approved 2 Mar 2026"),
            },
            LinkedNote { mark: Some(Mark::None), label: s("Incident record"), href: None, note: s("none is kept yet") },
        ],
        typical: s("Targets are missed and nobody was told; or told, but nothing shows it."),
        proof: Some(ProofNote {
            text: s(
                "The result was computed from the first 2,611,087 entries of the ledger; the checkpoint of 10:41 covers them.",
            ),
            hashes: vec![(s("Root"), s("7f3a91c02be4d58e"))],
            href: s("/ledger"),
        }),
    }
}

pub fn pages() -> Vec<Page> {
    let past = RequirementPage {
        shell: past(requirement().shell),
        judgement: Judgement { form: None, who_may: s("Judgements are made today, not in the past."), ..judgement() },
        ..requirement()
    };
    let manual = RequirementPage {
        checks: vec![],
        status: Some(status(Mark::None, "Not assessed")),
        rules_say: None,
        judgement: Judgement {
            nil_form: Some(Form {
                id: s("nil"),
                action: s("/requirements/5.1-a/nil-returns"),
                csrf: s(CSRF),
                groups: vec![Group {
                    fields: vec![
                        Field { required: true, ..Field::new("from", "From", Control::Date { value: String::new() }) },
                        Field { required: true, ..Field::new("to", "To", Control::Date { value: String::new() }) },
                    ],
                    ..Default::default()
                }],
                submit: s("State it"),
                ..Form::default()
            }),
            assessments: vec![],
            nil_returns: vec![],
            ..judgement()
        },
        ..requirement()
    };
    vec![page("requirement", &requirement()), page("requirement-past", &past), page("requirement-manual", &manual)]
}
