//! My work, settings, ledger, finding and errors.

use web::view::{
    error::*,
    form::*,
    ledger::*,
    list::{MenuItem, Tab},
    my_work::*,
    palette::*,
    parts::*,
    search::*,
    settings::*,
    shell::{Notice, Shell, Theme},
};

use crate::{Page, common::*};

fn item(minutes: i64, act: &str, title: &str, number: &str, context: &str) -> WorkItem {
    WorkItem {
        clock: Some(Clock::running(minutes * 60, 8 * 3600, "2026-11-24T12:00:00Z")),
        icon: "inbox",
        kind: s("Incident"),
        title: link(title, &format!("/incidents/{number}")),
        number: s(number),
        context: s(context),
        act: Some(WorkAct { label: s(act), href: format!("/incidents/{number}"), post: vec![] }),
    }
}

fn work_sections() -> Vec<WorkSection> {
    let take = WorkAct {
        label: s("Take it"),
        href: s("/incidents/assign"),
        post: vec![(s("pick"), s("INC-048207:3")), (s("assigned_to"), s("PER-000007"))],
    };
    let section = |heading: &str, mark, hint: &str, item| WorkSection {
        heading: s(heading),
        mark,
        hint: s(hint),
        now: heading == "Now",
        items: vec![item],
        more: None,
    };
    let vpn = "VPN drops every few minutes for the field crews";
    let now = item(18, "Work on it", vpn, "INC-048211", "Brightwater Utilities · 60 users");
    let later =
        item(160, "Work on it", "Guest Wi-Fi login page does not load", "INC-048179", "Municipality of Ostrand");
    let free = item(115, "", "Sign-in asks for the second factor twice", "INC-048207", "Tamarind Insurance · Network");
    let free = WorkItem { act: Some(take), ..free };
    let judge = item(0, "Judge", "Recorded and classified", "8.6.1-a", "1,204 of 1,204 pass");
    let judge = WorkItem { clock: None, icon: "scales", kind: s("Judgement"), ..judge };
    vec![
        section("Now", Some(Mark::Bad), "a promise breaks within the hour", now),
        section("Today", Some(Mark::Warn), "2 things", later),
        WorkSection {
            more: Some(link("All 38", "/incidents?view=unassigned")),
            ..section("My teams’ unassigned", None, "Network", free)
        },
        section("Judgements due", Some(Mark::Due), "the rules pass, people have not judged", judge),
    ]
}

fn my_work() -> MyWorkPage {
    let shell = shell("My work", "/my-work", vec![], "My work");
    MyWorkPage {
        shell: Shell {
            notice: Some(Notice {
                text: s("INC-048207 is yours now."),
                link: Some(link("Open it", "/incidents/INC-048207")),
            }),
            demo: Some(s(
                "Larkfield Managed IT is invented, and its past year was generated under a simulated clock. Nothing here counts as evidence.",
            )),
            events: Some(s("/events?watch=mine")),
            ..shell
        },
        eyebrow: s("Tuesday, 24 November 2026 · 10:42"),
        verdict: s("Good morning, Mira. One thing can’t wait."),
        sections: work_sections(),
        asides: vec![WorkAside {
            heading: s("Your promises, this month"),
            pairs: vec![(s("Resolved in time"), link("94.4 %, n = 71", "/incidents?view=resolved"))],
            note: s("Incidents that were yours when they were resolved."),
        }],
        nothing: String::new(),
    }
}

fn decide_form() -> Form {
    Form {
        id: s("decide"),
        action: s("/settings/incident.closure_wait"),
        csrf: s(CSRF),
        groups: vec![Group {
            fields: vec![
                Field {
                    required: true,
                    help: s("ISO 8601: P5D is five working days."),
                    ..Field::new("value", "Value", Control::Duration { value: s("P5D") })
                },
                Field {
                    help: s("Left empty: from now on."),
                    ..Field::new("from", "In force from", Control::Date { value: String::new() })
                },
                Field {
                    required: true,
                    wide: true,
                    ..Field::new(
                        "reason",
                        "Reason",
                        Control::LongText { value: String::new(), max: 0, rows: 3, code: false },
                    )
                },
            ],
            ..Group::default()
        }],
        submit: s("Decide"),
        ..Form::default()
    }
}

fn settings_list() -> SettingsPage {
    let tab = |label: &str, current| MenuItem { label: s(label), href: s("?show=x"), current };
    let row = |key: &str, label: &str, value: Option<&str>, status| SettingRow {
        key: s(key),
        label: s(label),
        href: format!("/settings/{key}"),
        value: value.map(s),
        status,
        note: s(if value.is_some() { "since 1 Mar 2026, Tom Lindqvist" } else { "" }),
        used_by: vec![link("8.6.1-e", "/requirements/8.6.1-e")],
    };
    SettingsPage {
        shell: shell("Settings", "/settings", vec![link("Admin", "/settings")], "Settings"),
        verdict: s("12 of 83 are decided. 9 that checks need today are not."),
        tabs: vec![tab("All", true), tab("Needed now", false)],
        groups: vec![SettingGroup {
            heading: s("Incidents"),
            rows: vec![
                row(
                    "incident.closure_wait",
                    "Time between resolution and closing in which the caller may object",
                    Some("5 working days"),
                    status(Mark::Ok, "Decided"),
                ),
                row(
                    "incident.major_criteria",
                    "Condition that recognises a major incident",
                    None,
                    status(Mark::None, "Not decided"),
                ),
            ],
        }],
    }
}

fn settings() -> Vec<Page> {
    let one = SettingPage {
        shell: shell(
            "Setting incident.closure_wait",
            "/settings",
            vec![link("Settings", "/settings")],
            "incident.closure_wait",
        ),
        key: s("incident.closure_wait"),
        label: s("Time between resolution and closing in which the caller may object"),
        value: Some(s("5 working days")),
        since: s("since 1 March 2026, decided by Tom Lindqvist"),
        by_subject: vec![(s("For all"), s("5 working days")), (s("Remote access"), s("2 working days"))],
        unit: s("business duration"),
        allowed: s("PT0H to P30D"),
        scope: s("organisation"),
        decided_by: s("incident manager"),
        used_by: vec![link("8.6.1-e Closed", "/requirements/8.6.1-e")],
        suggestion: s("5 working days"),
        small: s("Three to five working days."),
        large: s("By channel; zero where monitoring confirms recovery."),
        form: Some(decide_form()),
        history: vec![Decision {
            who: person("Tom Lindqvist"),
            time: at("27 Feb 2026"),
            value: s("5 working days"),
            from: s("in force from 1 March 2026"),
            reason: s("Agreed with the customers’ board."),
        }],
    };
    let unset = SettingPage { value: None, form: None, history: vec![], by_subject: vec![], ..one.clone() };
    vec![page("settings", &settings_list()), page("setting", &one), page("setting-unset", &unset)]
}

fn ledger() -> LedgerPage {
    let figure = |label: &str, value: &str, note: &str| Figure { label: s(label), value: s(value), note: s(note) };
    LedgerPage {
        shell: shell("Ledger", "/ledger", vec![link("Admin", "/settings")], "Ledger"),
        status: Some(status(Mark::Ok, "All signed")),
        verdict: s("61,204 entries, all of them signed."),
        meaning: s(
            "Every change of every record is a leaf of this log, sealed when it was recorded. Nobody can alter or drop one in silence, us included.",
        ),
        figures: vec![
            figure("Entries", "61,204", "since 25 November 2025"),
            figure("Signed", "61,204", "checkpoint of 10:41"),
            figure("Log", "larkfield-7", "one log since the start"),
        ],
        checkpoint: s("vouch/larkfield-7\n61204\nfzqRwCvk1Y7EHQp3nhJju38=\n\n— vouch/larkfield-7 Az3g7…"),
        checkpoint_time: Some(at("24 November 2026, 10:41")),
        key: s("vouch/larkfield-7+a1b2c3d4+AZx…"),
        downloads: vec![link("Checkpoint", "/api/v1/ledger/checkpoint"), link("Key", "/api/v1/ledger/key")],
        commands: s("vouch verify --data DIR"),
        limits: vec![s("That what people wrote was true."), s("Anything before the first entry.")],
        checkpoints: vec![CheckpointRow {
            time: at("10:41"),
            size: s("61,204"),
            root: s("7f3a91c02be4d58ec41d0a779e1263bb"),
        }],
    }
}

fn marked(before: &str, matched: &str, after: &str) -> Marked {
    Marked(vec![(s(before), false), (s(matched), true), (s(after), false)])
}

fn search() -> SearchPage {
    let tab = |label: &str, count: &str, current| Tab {
        key: s(label),
        label: s(label),
        href: s("/search?q=vpn&type=incident"),
        current,
        count: s(count),
    };
    let hit = |title: Marked, kind: &str, place: &str, snippet: Option<Marked>| Hit {
        href: s("/incidents/INC-048211"),
        title,
        number: s("INC-048211"),
        kind: s(kind),
        status: Some(status(Mark::Half, "In progress")),
        changed: at("10:31"),
        place: s(place),
        snippet,
    };
    SearchPage {
        shell: Shell { own_search: true, ..shell("Search", "/search", vec![], "Search") },
        query: s("vpn"),
        kept: vec![(s("type"), s("incident"))],
        heading: s("At least 1,000 records for “vpn”"),
        types: vec![tab("All", "1,000+", true), tab("Incidents", "988+", false), tab("Services", "12+", false)],
        hits: vec![
            hit(
                marked("", "VPN", " drops every few minutes for the field crews"),
                "incident",
                "Comment",
                Some(marked(
                    "…restarted the ",
                    "VPN",
                    " gateway <b>bold</b> & it came back after about a quarter of an hour…",
                )),
            ),
            Hit { status: None, snippet: None, ..hit(marked("Remote access (", "VPN", ")"), "service", "", None) },
        ],
        ranked_back_to: Some(at("3 Mar")),
        next_href: Some(s("/search?q=vpn&cursor=abc")),
        places: vec![link("Services", "/services")],
        ..SearchPage::default()
    }
}

fn found() -> Vec<PaletteGroup> {
    let item = |icon, before: &str, matched: &str, after: &str, context: &str| Found {
        icon,
        href: s("/incidents/INC-048211"),
        text: marked(before, matched, after),
        context: s(context),
        ..Found::default()
    };
    vec![
        PaletteGroup {
            label: s("On INC-048211"),
            items: vec![Found { key: "s", ..item("check", "Resolve this incident", "", "", "") }],
        },
        PaletteGroup {
            label: s("Records"),
            items: vec![
                Found {
                    clock: Some(Clock::running(18 * 60, 3600, "2026-11-24T11:00:00Z")),
                    ..item("inbox", "", "VPN", " drops every few minutes for the field crews", "INC-048211")
                },
                Found {
                    status: Some(status(Mark::Ok, "In operation")),
                    ..item("layers", "Remote access (", "VPN", ")", "SVC-000003 · service")
                },
            ],
        },
        PaletteGroup { label: s("Pages and actions"), items: vec![item("plus", "Create an incident", "", "", "")] },
    ]
}

fn errors() -> Vec<Page> {
    let shell = || shell("Error", "/incidents", vec![link("Incidents", "/incidents")], "Error");
    let missing = ErrorPage {
        suggestions: vec![Suggestion {
            status: Some(status(Mark::Half, "In progress")),
            link: link("INC-048211 VPN drops every few minutes", "/incidents/INC-048211"),
            note: s("today"),
        }],
        actions: vec![link("Open the queue", "/incidents")],
        ..ErrorPage::not_found(shell(), "incident INC-084211")
    };
    let forbidden = ErrorPage::forbidden(shell(), "declare a major incident", "process owners and service managers");
    let moves = vec![link("Resolve", "/incidents/INC-1/resolve"), link("Wait", "/incidents/INC-1/wait")];
    let conflict = ErrorPage::wrong_state(shell(), "This incident is not waiting, so it cannot resume.", moves);
    let refused = ErrorPage {
        typed: vec![(s("Comment"), s("half a <b>bold</b> sentence"))],
        ..ErrorPage::refused(shell(), "That time is in the future.", vec![s("at may be up to now")])
    };
    let broken = ErrorPage::broken(shell(), "7f3a-91c0");
    let outside = ErrorPage::not_found(Shell { title: s("Not found"), ..Shell::default() }, "page here");
    vec![
        page("error-404", &missing),
        page("error-403", &forbidden),
        page("error-409", &conflict),
        page("error-422", &refused),
        page("error-500", &broken),
        page("error-signed-out", &outside),
    ]
}

pub fn pages() -> Vec<Page> {
    let dark = MyWorkPage {
        shell: Shell { theme: Some(Theme::Dark), ..my_work().shell },
        sections: vec![],
        nothing: s("Nothing waits for you."),
        ..my_work()
    };
    let nothing = SearchPage {
        types: vec![],
        hits: vec![],
        next_href: None,
        heading: s("0 records for “vpn”"),
        corrected: vec![],
        ..search()
    };
    let nothing_yet = SearchPage { next_href: Some(s("/search?q=vpn&cursor=abc")), ..nothing.clone() };
    let corrected = SearchPage { corrected: vec![(s("vnp"), s("vpn"))], built: Some(42), ..search() };
    let refused =
        SearchPage { refused: Some(s("the search text has 65 words: expected at most 64")), ..nothing.clone() };
    let asking = SearchPage { query: String::new(), heading: s("Search"), ..nothing.clone() };
    let mut pages = vec![
        page("my-work", &my_work()),
        page("my-work-dark", &dark),
        page("ledger", &ledger()),
        page("fragment-palette", &PaletteResults { groups: found() }),
        page("fragment-palette-none", &PaletteResults::default()),
        page("search", &search()),
        page("search-corrected", &corrected),
        page("search-nothing", &nothing),
        page("search-nothing-yet", &nothing_yet),
        page("search-refused", &refused),
        page("search-asking", &asking),
    ];
    pages.extend(settings());
    pages.extend(errors());
    pages
}
