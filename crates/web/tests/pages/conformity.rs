//! Overview, clause and catalogue.

use web::view::{chart::*, clause::*, conformity::*, list::MenuItem, parts::*};

use crate::{Page, common::*};

pub fn period() -> Period {
    Period {
        action: s("/conformity"),
        hidden: vec![],
        label: s("25 Nov 2025 to 24 Nov 2026"),
        from: s("2025-11-25"),
        to: s("2026-11-25"),
        choices: vec![link("This quarter", "?from=2026-10-01"), link("Last month", "?from=2026-10-01&to=2026-11-01")],
    }
}

fn score() -> Score {
    let parts = vec![(Mark::Ok, 227), (Mark::Due, 41), (Mark::Warn, 20), (Mark::None, 7), (Mark::Bad, 11)];
    let words = ["conform", "judgement due", "with exceptions", "no evidence yet", "do not conform"];
    let legend = parts
        .iter()
        .zip(words)
        .map(|((mark, n), label)| LegendItem {
            mark: *mark,
            n: n.to_string(),
            label: s(label),
            href: format!("/requirements?status={label}"),
        })
        .collect();
    Score {
        bar: Bar {
            parts,
            label: s("227 conform, 41 have a judgement due, 20 have exceptions, 7 have no evidence, 11 do not conform"),
            thick: true,
        },
        legend,
        computed: s("Computed 10:42 from 61,204 records"),
    }
}

fn tile(number: &str, title: &str, mark: Mark, done: u64, of: u64) -> Tile {
    let said = match mark {
        Mark::Ok => "conforms",
        Mark::Due => "evidence complete, judgement due; conforms",
        Mark::Warn => "has exceptions",
        Mark::Bad => "does not conform",
        _ => "not determinable",
    };
    Tile { number: s(number), title: s(title), mark, said: s(said), done, of, href: format!("/conformity/{number}") }
}

fn map() -> Vec<ClauseRow> {
    let row = |number: &str, title: &str, share: &str, tiles| ClauseRow {
        number: s(number),
        title: s(title),
        share: s(share),
        tiles,
    };
    vec![
        row(
            "4",
            "Context",
            "88 %",
            vec![
                tile("4.1", "Issues", Mark::Warn, 1, 2),
                tile("4.2", "Parties", Mark::Ok, 2, 2),
                tile("4.3", "Scope", Mark::Ok, 3, 3),
                tile("4.4", "The system", Mark::Ok, 1, 1),
            ],
        ),
        row(
            "5",
            "Leadership",
            "71 %",
            vec![
                tile("5.1", "Commitment", Mark::Due, 6, 10),
                tile("5.2.1", "Policy set", Mark::Due, 2, 3),
                tile("5.3", "Roles", Mark::Ok, 2, 2),
            ],
        ),
        row(
            "7",
            "Support",
            "77 %",
            vec![
                tile("7.1", "Resources", Mark::Ok, 1, 1),
                tile("7.2", "Competence", Mark::Bad, 2, 4),
                tile("7.5.3.2", "Controlling", Mark::Warn, 4, 5),
                tile("7.4", "Communication", Mark::Ok, 3, 3),
            ],
        ),
        row(
            "8.6",
            "Resolution, fulfilment",
            "67 %",
            vec![
                tile("8.6.1", "Incidents", Mark::Bad, 7, 11),
                tile("8.6.2", "Requests", Mark::Due, 3, 5),
                tile("8.6.3", "Problems", Mark::None, 8, 11),
            ],
        ),
        row(
            "9",
            "Evaluation",
            "79 %",
            vec![tile("9.1", "Measuring", Mark::Warn, 4, 5), tile("9.3", "Reviews", Mark::None, 10, 12)],
        ),
    ]
}

pub fn trend(id: &str, narrow: bool) -> Trend {
    let rates = [
        Some(88.1),
        Some(87.4),
        Some(89.0),
        Some(90.2),
        None,
        Some(92.6),
        Some(92.1),
        Some(93.5),
        Some(94.0),
        Some(95.2),
        Some(94.6),
        Some(95.0),
        Some(94.4),
    ];
    let labels = ["Sep 25", "Oct", "Nov", "Dec", "Jan 26", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep"];
    let months = labels
        .iter()
        .zip(rates)
        .map(|(label, rate)| Month {
            label: s(label),
            rate,
            cells: vec![rate.map_or(s("–"), |r| format!("{r} %")), s("34"), s("2"), s("0")],
        })
        .collect();
    Trend {
        id: s(id),
        caption: s("Pass rate by month"),
        title: s(
            "Pass rate by month, September 2025 to September 2026: rose from 88.1 to 94.4 per cent, always under the bar of 98 per cent; no data in January",
        ),
        months,
        bar: Some(98.0),
        narrow,
        columns: ["Month", "Pass rate", "n", "Exceptions", "Undetermined"].map(s).to_vec(),
    }
}

fn overview() -> ConformityPage {
    let shell = shell("Conformity", "/conformity", vec![link("Conformity", "/conformity")], "Overview");
    let item = |title: &str, note: &str, who: &str, when: &str, late| ShortItem {
        mark: Mark::Bad,
        title: link(title, "/requirements/8.6.1-c"),
        note: s(note),
        who: Some(person(who)),
        when: Some(at(when)),
        late,
    };
    let due = ShortItem {
        mark: Mark::Due,
        title: link("Recorded and classified", "/requirements/8.6.1-a"),
        note: s("8.6.1-a · 1,204 of 1,204 pass"),
        who: None,
        when: None,
        late: false,
    };
    ConformityPage {
        shell: clause(shell, "4"),
        eyebrow: s("Would we pass an audit today?"),
        verdict: s("Not yet. 11 of 306 requirements do not conform, and 41 await a judgement."),
        score: score(),
        period: period(),
        at: Some(at_control("/conformity")),
        rows: map(),
        lists: vec![
            ShortList {
                heading: s("Fix these first"),
                more: Some(link("All 11", "/requirements?status=not-conforming")),
                items: vec![
                    item(
                        "Escalated if needed",
                        "8.6.1-c · 23 of 412 incidents late or never",
                        "Tom Lindqvist",
                        "4 Dec",
                        false,
                    ),
                    item("Suppliers measured", "8.3.4.1-f · 4 of 11 not since March", "Leila Haddad", "late 6 d", true),
                ],
                none: String::new(),
            },
            ShortList {
                heading: s("Judgements due"),
                more: Some(link("All 41", "/requirements?status=evidence-complete")),
                items: vec![due],
                none: String::new(),
            },
            ShortList {
                heading: s("Cannot be determined"),
                more: None,
                items: vec![],
                none: s("Every rule that has its settings can tell."),
            },
        ],
        trend: Some(Trend { caption: s("Requirements whose rules pass"), ..trend("overview", true) }),
    }
}

fn rows() -> Vec<RequirementGroup> {
    let row = |id: &str, title: &str, status, result: &str, rate: &str, assessed: &str| RequirementRow {
        id: s(id),
        title: s(title),
        href: format!("/requirements/{id}"),
        status,
        result: s(result),
        rate: s(rate),
        assessed: s(assessed),
    };
    vec![RequirementGroup {
        heading: Some(link("8.6.1 Incident management", "/conformity/8.6.1")),
        rows: vec![
            row(
                "8.6.1-a",
                "Recorded and classified",
                status(Mark::Due, "Judgement due"),
                "1,204 of 1,204 pass",
                "100 %",
                "due",
            ),
            row(
                "8.6.1-c",
                "Escalated if needed",
                status(Mark::Bad, "Does not conform"),
                "23 of 412 fail",
                "93.9 %",
                "Partly, Sofia Marques, until 12 Feb",
            ),
            row(
                "8.6.1-g",
                "Major incident criteria",
                status(Mark::None, "Not determinable"),
                "a setting is not decided",
                "–",
                "",
            ),
        ],
    }]
}

pub fn pages() -> Vec<Page> {
    let clause_page = ClausePage {
        shell: clause(
            shell("8.6.1 Incident management", "/conformity", vec![link("Conformity", "/conformity")], "8.6.1"),
            "8.6.1",
        ),
        number: s("8.6.1"),
        title: s("Incident management"),
        status: Some(status(Mark::Bad, "Does not conform")),
        verdict: s("7 of 11 requirements conform; 1 does not, 2 await a judgement."),
        score: score(),
        period: period(),
        at: Some(at_control("/conformity/8.6.1")),
        parts: vec![tile("8.6.1", "Incidents", Mark::Bad, 7, 11)],
        groups: rows().into_iter().map(|group| RequirementGroup { heading: None, ..group }).collect(),
        unset: vec![link("Condition that recognises a major incident", "/settings/incident.major_criteria")],
        carriers: vec![link("Incidents", "/incidents"), link("Documents", "/documents")],
        previous: Some(link("8.5.3 Releases", "/conformity/8.5.3")),
        next: Some(link("8.6.2 Service requests", "/conformity/8.6.2")),
    };
    let tab = |label: &str, current| MenuItem { label: s(label), href: s("?status=x"), current };
    let catalogue = RequirementsPage {
        shell: shell("Requirements", "/requirements", vec![link("Conformity", "/conformity")], "Requirements"),
        heading: s("306 requirements"),
        tabs: vec![tab("All", true), tab("Does not conform", false), tab("Judgement due", false)],
        period: period(),
        at: None,
        groups: rows(),
        export_href: s("/api/v1/requirements?format=csv"),
    };
    vec![page("conformity", &overview()), page("clause", &clause_page), page("requirements", &catalogue)]
}
