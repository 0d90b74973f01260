//! A record's own page, as different readers see it.

use web::view::{form::Form, parts::*, prose::Prose, record::*, shell::Shell, timeline::*};

use crate::{
    Page,
    common::*,
    forms::{edit_form, link_form},
};

fn said(text: &str) -> Prose {
    Prose::from_markdown(text, |number| Some(format!("/records/{number}")))
}

fn event(version: u32, icon: &'static str, words: Vec<Word>, time: &str) -> Event {
    Event { id: format!("entry-{version}"), icon, text: Sentence(words), time: at(time), ..Event::default() }
}

fn note(version: u32, who: &str, role: &str, time: &str, audience: &str, text: &str) -> Moment {
    Moment::Note(Note {
        id: format!("entry-{version}"),
        who: person(who),
        role: s(role),
        time: at(time),
        public: audience.starts_with("Public"),
        audience: s(audience),
        body: said(text),
        times: String::new(),
    })
}

/// What people said, long enough to wrap.
const CALLER: &str = "Our field crews lose the VPN every few minutes. It reconnects, but the work-order app throws \
                      them out each time and they lose what they typed.\n\nAround 60 people in the Eastern district.";
const ANSWER: &str = "Hello Karin, we see the drops on the Eastern gateway. Crews who can should switch to the Western \
                      gateway for now: choose **West** under Location. I will write again by 10:45.";
const FINDING: &str = "gw-east-2 renegotiates keys every 180 s since last night’s firmware. Same pattern as INC-47702. \
                       Not restarting yet:\n\n- 212 live sessions\n- `show crypto` is clean";

fn moments() -> Vec<Moment> {
    let change = |label: &str, from: &str, to: &str| Change { label: s(label), from: s(from), to: s(to) };
    let priority = Event {
        changes: vec![
            change("Impact", "", "1 High"),
            change("Urgency", "3 Low", "1 High"),
            change("Priority", "P3", "P1"),
        ],
        ..event(2, "flag", vec![strong("Aisha Rahman"), plain(" judged impact and urgency")], "10:01")
    };
    let late = Event {
        times: s("happened 09:40 · recorded 09:59, by import"),
        ..event(1, "plus", vec![strong("Karin Holt"), plain(" reported this by e-mail")], "09:40")
    };
    let deviates = Event {
        deviation: s("resumed without having waited"),
        ..event(
            7,
            "undo",
            vec![strong("Jonas Weber"), plain(" moved it to "), Word::Status(status(Mark::Half, "In progress"))],
            "10:24",
        )
    };
    let linked = event(
        6,
        "link",
        vec![
            strong("Mira Okafor"),
            plain(" linked "),
            Word::Record(record("INC-047702", "")),
            plain(" as "),
            strong("similar"),
        ],
        "10:22",
    );
    let escalated = event(
        8,
        "alert",
        vec![strong("Vouch"), plain(" escalated to "), strong("Tom Lindqvist"), plain(": 50 % of the target used")],
        "10:29",
    );
    vec![
        Moment::Event(late),
        note(1001, "Karin Holt", "Brightwater Utilities", "09:59", "Public · from the caller", CALLER),
        Moment::Event(priority),
        note(4, "Aisha Rahman", "Service desk", "10:04", "Public · e-mailed to Karin Holt", ANSWER),
        note(5, "Mira Okafor", "Network", "10:21", "Internal · Larkfield only", FINDING),
        Moment::Event(linked),
        Moment::Event(deviates),
        Moment::Event(escalated),
    ]
}

fn timeline() -> Timeline {
    let tab =
        |label: &str, current| web::view::list::MenuItem { label: s(label), href: format!("?show={label}"), current };
    Timeline {
        tabs: vec![tab("All", true), tab("Public", false), tab("Internal", false), tab("Changes", false)],
        zone: s("times in Europe/London"),
        older: None,
        days: vec![Day { label: s("Today, 24 November 2026"), moments: moments() }],
    }
}

fn head() -> RecordHead {
    let action =
        |label: &str, icon, href: &str, key| Action { label: s(label), icon, href: s(href), key, dialog: true };
    let stage = |label: &str, step| Stage { label: s(label), step };
    let page = |label: &str, icon, href: &str| Action { label: s(label), icon, href: s(href), key: "", dialog: false };
    RecordHead {
        number: s("INC-048211"),
        title: s("VPN drops every few minutes for the field crews"),
        noun: s("incident"),
        back: Some(link("Back to the queue", "/incidents?view=open")),
        position: s("2 of 184"),
        previous: Some(s("/incidents/INC-048203")),
        next: Some(s("/incidents/INC-048176")),
        prio: Some(Prio(1)),
        clock: Some(Clock::running(18 * 60, 3600, "2026-11-24T11:00:00Z").with_suffix(" to resolve")),
        pills: vec![Pill { label: s("Major"), mark: Some(Mark::Bad) }],
        stages: vec![
            stage("New", Step::Done),
            stage("In progress", Step::Now),
            stage("Resolved", Step::ToCome),
            stage("Closed", Step::ToCome),
        ],
        actions: vec![
            action("Resolve", "check", "/incidents/INC-048211/resolve", "s"),
            action("Wait", "pause", "/incidents/INC-048211/wait", ""),
            action("Escalate", "people", "/incidents/INC-048211/escalate", ""),
        ],
        more: vec![
            action("Declare a major incident", "flag", "/incidents/INC-048211/declare-major", ""),
            action("Mark as a duplicate", "merge", "/incidents/INC-048211/mark-duplicate", ""),
            page("History", "clock", "/incidents/INC-048211/history"),
            page("Proof", "chain", "/incidents/INC-048211/proof"),
        ],
    }
}

fn facts() -> Vec<Fact> {
    vec![
        Fact::new("Service", Shown::Record(record("SVC-000003", "Remote access"))),
        Fact::new("Customer", Shown::Record(record("CUS-000002", "Brightwater Utilities"))),
        Fact::new("Configuration item", Shown::Record(record("CI-000214", "gw-east-2"))),
        Fact::new("Category", Shown::Text(s("Network / VPN / Drops"))),
        Fact::new("Impact", Shown::Text(s("1 High"))).with_note("about 60 users"),
        Fact::new("Urgency", Shown::Text(s("1 High"))),
        Fact::new("Priority", Shown::Prio(Prio(1))).with_note("from the matrix"),
        Fact::new("Assigned to", Shown::Person(person("Mira Okafor"))),
        Fact::new("Team", Shown::Person(Person::new("Network", PersonKind::Team))),
        Fact::new("Reported by", Shown::Person(person("Karin Holt"))),
        Fact::new("Closure code", Shown::Empty),
        Fact::new("Channel", Shown::Absent),
    ]
}

fn clocks() -> Vec<ClockLine> {
    vec![
        ClockLine {
            label: s("Resolve"),
            clock: Clock::running(18 * 60, 3600, "2026-11-24T11:00:00Z").with_suffix(" left"),
            used: Some((70, s("42 of 60 minutes used"))),
            how: s("Missed at 11:00 if nothing changes. Counted round the clock, no pause so far."),
            href: Some(s("/clocks/CLK-000321")),
        },
        ClockLine {
            label: s("First answer"),
            clock: Clock::standing(ClockKind::Met, "Met in 4 min"),
            used: None,
            how: s("Target 15 min. Stopped by Aisha’s public reply at 10:04."),
            href: None,
        },
    ]
}

fn composer() -> Composer {
    Composer {
        action: s("/incidents/INC-048211/comments"),
        csrf: s(CSRF),
        number: s("INC-048211"),
        internal_reader: Some(s("Only Larkfield staff read it")),
        public_reader: Some(s("Karin Holt")),
        ..Composer::default()
    }
}

fn evidence() -> Vec<EvidenceLine> {
    let line = |mark, id: &str, title: &str, why: &str, said: &str| EvidenceLine {
        mark,
        requirement: link(id, &format!("/requirements/{id}")),
        title: s(title),
        why: s(why),
        said: s(said),
    };
    vec![
        line(Mark::Ok, "8.6.1-a", "Recorded and classified", "", "passes"),
        line(Mark::Ok, "8.6.1-c", "Escalated if needed", "", "passes"),
        line(Mark::None, "8.6.1-g", "Decide: major or not", "60 users on a critical service meet the criteria", "open"),
    ]
}

fn incident() -> RecordPage {
    let crumbs = vec![link("Service desk", "/incidents"), link("Incidents", "/incidents")];
    let shell = clause(shell("INC-048211 VPN drops", "/incidents", crumbs, "INC-048211"), "8.6.1");
    RecordPage {
        shell: Shell { events: Some(s("/events?watch=INC-048211")), ..shell },
        head: head(),
        version: 8,
        callout: None,
        deviations: vec![Sentence(vec![
            strong("24 Nov, 10:24: "),
            plain("resumed without having waited. The import took it as it stands; "),
            Word::Link(link("8.6.1-f", "/requirements/8.6.1-f")),
            plain(" counts it."),
        ])],
        texts: vec![LongText {
            label: s("Description"),
            body: said("VPN on the **Eastern** pair drops every 180 s.\nReconnects by itself."),
        }],
        timeline: timeline(),
        composer: Some(composer()),
        clocks: clocks(),
        facts: facts(),
        edit_href: Some(s("/incidents/INC-048211?edit")),
        edit_form: None,
        times: vec![
            Fact::new("Occurred", Shown::Time(at("09:40"))).with_note("said by the caller"),
            Fact::new("Recorded", Shown::Time(at("09:59:40"))).with_note("by Vouch"),
            Fact::new("Claimed", Shown::Time(at("09:58"))).with_note("by its source"),
        ],
        links: vec![LinkGroup {
            label: s("Similar to"),
            icon: "inbox",
            links: vec![LinkedRecord {
                record: record("INC-047702", ""),
                note: s("West pair, 3 November"),
                status: Some(status(Mark::Ok, "Closed")),
            }],
        }],
        link_form: Some(link_form()),
        tables: vec![SmallTable {
            label: s("Escalations"),
            columns: vec![s("When"), s("To"), s("Why")],
            rows: vec![vec![
                Shown::Time(at("10:29")),
                Shown::Person(person("Tom Lindqvist")),
                Shown::Muted(s("50 % of the target used")),
            ]],
        }],
        evidence: evidence(),
        proof: Some(ProofLine {
            text: s("8 changes in the ledger · last leaf 2,918,446"),
            href: s("/incidents/INC-048211/proof"),
            history_href: s("/incidents/INC-048211/history"),
        }),
        at: Some(at_control("/incidents/INC-048211")),
    }
}

pub fn pages() -> Vec<Page> {
    let editing = RecordPage { edit_form: Some(Form { narrow: true, ..edit_form("edit") }), ..incident() };
    let refused = RecordPage {
        composer: Some(Composer {
            text: s("half a <b>bold</b> sentence"),
            error: Some(s("This is longer than 20,000 characters.")),
            opens_public: true,
            ..composer()
        }),
        ..incident()
    };
    let past = RecordPage {
        shell: past(incident().shell),
        composer: None,
        link_form: None,
        edit_href: None,
        head: RecordHead { actions: vec![], more: vec![], ..head() },
        ..incident()
    };
    let customer = RecordPage {
        composer: Some(Composer { internal_reader: None, public_reader: Some(s("Larkfield")), ..composer() }),
        evidence: vec![],
        proof: None,
        ..incident()
    };
    let bare = RecordPage {
        shell: shell("TEAM-000001 Network", "/teams", vec![link("Teams", "/teams")], "TEAM-000001"),
        head: RecordHead { number: s("TEAM-000001"), title: s("Network"), noun: s("team"), ..RecordHead::default() },
        facts: vec![Fact::new("Lead", Shown::Person(person("Tom Lindqvist")))],
        ..RecordPage::default()
    };
    vec![
        page("incident", &incident()),
        page("incident-editing", &editing),
        page("incident-refused", &refused),
        page("incident-past", &past),
        page("incident-customer", &customer),
        page("team", &bare),
    ]
}
