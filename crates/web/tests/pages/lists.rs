//! The queue, other lists, and their fragments.

use web::view::{form::Choice, list::*, parts::*, shell::Shell};

use crate::{Page, common::*};

fn title(number: &str, text: &str, context: &str) -> Shown {
    let pills = if number == "INC-048187" { vec![Pill { label: s("Major"), mark: Some(Mark::Bad) }] } else { vec![] };
    Shown::Title(Title {
        text: s(text),
        href: format!("/incidents/{number}"),
        number: s(number),
        context: s(context),
        pills,
    })
}

/// The queue, group by group: number, priority, minutes left, title, context, service, state, who.
const QUEUE: &str = "
missed: Target missed
INC-048187|1|-134|Payroll run stops with a database time-out|Fennimore Foods · 4 h|Payroll hosting|In progress|Daniel Osei
INC-048169|2|-41|Clinic booking slow since Monday morning|Castell Clinics · 1 d|Clinic booking|In progress|Leila Haddad
INC-048140|3|-12|Shared mailbox missing for the claims team|Tamarind · 2 d|E-mail and calendar|Waiting|Jonas Weber
hour: Due within the hour
INC-048203|2|9|Badge readers offline in warehouse B|Harbour Logistics · 51 min|Warehouse scanning|In progress|Aisha Rahman
INC-048211|1|18|VPN drops every few minutes for the field crews|Brightwater · 42 min|Remote access|In progress|Mira Okafor
INC-048176|3|26|Calendar invitations arrive twice|Municipality of Ostrand · 3 h|E-mail and calendar|New|
today: Later today
INC-048192|3|80|Printer on floor 3 prints blank pages|Municipality of Ostrand · 3 h|Workplace|In progress|Aisha Rahman
INC-048207|3|115|Sign-in asks for the second factor twice|Tamarind Insurance · 38 min|Identity|New|
INC-048183|4|185|Wrong time zone in <b>bold</b> meeting-room display|Castell Clinics · 4 h|E-mail and calendar|New|
paused: Paused
INC-048120|3|paused|Excel add-in crashes on opening|Tamarind Insurance · 2 d|Managed workplace|Waiting|Aisha Rahman
none: No target
INC-048099|4|none|Old phone list in reception|Larkfield (internal) · 9 d|Telephony|New|
";

fn row(line: &str) -> Option<Row> {
    let mut cells = line.split('|');
    let (number, prio, minutes) = (cells.next()?, cells.next()?.parse().ok()?, cells.next()?);
    let clock = match minutes.parse::<i64>() {
        Ok(minutes) => Clock::running(minutes * 60, 4 * 3600, "2026-11-24T12:00:00Z"),
        Err(_) if minutes == "paused" => Clock::standing(ClockKind::Paused, "Paused · 6 h left"),
        Err(_) => Clock::standing(ClockKind::None, "No target"),
    };
    let title = title(number, cells.next()?, cells.next()?);
    let service = Shown::Record(record("SVC-000003", cells.next()?));
    let state = cells.next()?;
    let mark = match state {
        "In progress" => Mark::Half,
        "Waiting" => Mark::None,
        _ => Mark::Wait,
    };
    let who = cells.next().filter(|who| !who.is_empty()).map_or_else(Person::nobody, person);
    let state = Shown::Status(status(mark, state));
    let cells = vec![Shown::Prio(Prio(prio)), Shown::Clock(clock), title, service, state, Shown::Person(who)];
    Some(Row { number: s(number), version: 4, cells })
}

fn columns() -> Vec<Column> {
    let sort = |href: &str, direction| Some(ColumnSort { href: s(href), direction });
    let column = |label: &str, role, sort| Column { label: s(label), role, sort };
    vec![
        column("Prio", Role::Priority, sort("?sort=priority,raised_at", None)),
        column("Time left", Role::Due, sort("?sort=-due_at", Some(Direction::Ascending))),
        column("Incident", Role::Title, None),
        column("Service", Role::Main, None),
        column("State", Role::State, None),
        column("Assigned to", Role::Who, None),
    ]
}

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in QUEUE.lines() {
        if let Some(row) = row(line) {
            groups.last_mut().into_iter().for_each(|group| group.rows.push(row.clone()));
        } else if let Some((key, label)) = line.split_once(": ") {
            let mark = match key {
                "missed" => Mark::Bad,
                "hour" => Mark::Warn,
                "paused" => Mark::Wait,
                _ => Mark::None,
            };
            groups.push(Group { key: s(key), label: s(label), mark: Some(mark), rows: Vec::new() });
        }
    }
    groups
}

fn facets() -> Vec<Facet> {
    let value = |key: &str, label: Shown, chosen, count: &str| FacetValue {
        key: s(key),
        label,
        href: format!("?state={key}"),
        chosen,
        count: s(count),
    };
    let text = |text: &str| Shown::Text(s(text));
    let facet = |key: &str, label: &str, open, values| Facet { key: s(key), label: s(label), open, values, more: None };
    vec![
        facet(
            "state",
            "State",
            true,
            vec![
                value("new", text("New"), true, ""),
                value("in_progress", text("In progress"), true, ""),
                value("waiting", text("Waiting"), false, ""),
            ],
        ),
        facet(
            "priority",
            "Priority",
            true,
            (1..=4).map(|n| value(&n.to_string(), Shown::Prio(Prio(n)), false, "")).collect(),
        ),
        Facet {
            more: Some(MenuItem { label: s("12 more"), href: s("?facet=service"), current: false }),
            ..facet("service", "Service", false, vec![value("SVC-1", text("Managed workplace"), false, "58")])
        },
    ]
}

fn views() -> Vec<Tab> {
    let tab = |key: &str, label: &str, current| Tab {
        key: s(key),
        label: s(label),
        href: format!("?view={key}"),
        current,
        count: String::new(),
    };
    vec![
        tab("open", "Open, by what breaches first", true),
        tab("mine", "Mine", false),
        tab("unassigned", "Not assigned", false),
        tab("major", "Major", false),
        tab("resolved", "Resolved", false),
    ]
}

fn queue() -> ListPage {
    let shell =
        clause(shell("Incidents", "/incidents", vec![link("Service desk", "/incidents")], "Incidents"), "8.6.1");
    let item = |label: &str, current| MenuItem { label: s(label), href: format!("?sort={label}"), current };
    ListPage {
        shell: Shell { events: Some(s("/events?watch=incident")), ..shell },
        heading: s("Incidents"),
        noun: s("incidents"),
        path: s("/incidents"),
        views: views(),
        counts_src: Some(s("/incidents/counts?view=open")),
        filter: FilterLine {
            value: s("state != \"closed\" && state != \"resolved\""),
            hidden: vec![(s("view"), s("open"))],
            error: None,
            clear_href: Some(s("/incidents")),
        },
        facets: facets(),
        facets_src: Some(s("/incidents/facets?view=open")),
        facets_chosen: 2,
        sorts: vec![item("Breaches first", true), item("Newest first", false), item("Priority", false)],
        groupings: vec![item("Time left", true), item("Nothing", false)],
        column_choices: vec![Choice::new("service", "Service", true), Choice::new("customer", "Customer", false)],
        export_href: s("/api/v1/incidents?format=csv"),
        at: Some(at_control("/incidents")),
        caption: s("Open incidents, those that breach first on top"),
        columns: columns(),
        groups: groups(),
        next_href: Some(s("/incidents?cursor=abc")),
        searched_back_to: None,
        bulk: Some(Bulk {
            action: s("/incidents/assign"),
            csrf: s(CSRF),
            return_to: s("/incidents?view=open"),
            people: vec![
                Choice::new("PER-000007", "Me (Mira Okafor)", false),
                Choice::new("PER-000012", "Aisha Rahman", false),
            ],
            teams: vec![Choice::new("TEAM-000001", "Network", false)],
        }),
        empty: None,
    }
}

fn services() -> ListPage {
    let column = |label: &str, role| Column { label: s(label), role, sort: None };
    let cells = |number: &str, text: &str, state: &str| Row {
        number: s(number),
        version: 1,
        cells: vec![
            title(number, text, ""),
            Shown::Record(record("CUS-000002", "Brightwater Utilities")),
            Shown::Status(status(Mark::Ok, state)),
            Shown::Number(s("12")),
            Shown::Empty,
            Shown::Time(at("24 Nov")),
        ],
    };
    ListPage {
        shell: shell("Services", "/services", vec![], "Services"),
        heading: s("Services"),
        noun: s("services"),
        path: s("/services"),
        export_href: s("/services?format=csv"),
        caption: s("Services by name"),
        columns: vec![
            column("Service", Role::Title),
            column("Customer", Role::Main),
            column("State", Role::State),
            column("Incidents", Role::Number),
            column("Owner", Role::Text),
            column("Changed", Role::Time),
        ],
        groups: vec![Group {
            rows: vec![
                cells("SVC-000001", "E-mail and calendar", "In operation"),
                cells("SVC-000002", "Remote access", "In operation"),
            ],
            ..Group::default()
        }],
        ..ListPage::default()
    }
}

fn variants() -> Vec<Page> {
    let wrong = ListPage {
        filter: FilterLine {
            value: s("prio == 1"),
            error: Some(FilterError {
                message: s("there is no field \"prio\"; did you mean \"priority\"?"),
                before: String::new(),
                at: s("prio"),
                after: s(" == 1"),
            }),
            ..queue().filter
        },
        groups: vec![],
        next_href: None,
        ..queue()
    };
    let stopped = ListPage { groups: vec![], searched_back_to: Some(s("3 March")), ..queue() };
    let past = ListPage { shell: past(queue().shell), bulk: None, counts_src: None, facets_src: None, ..queue() };
    let none = ListPage { groups: vec![], next_href: None, ..queue() };
    let empty = ListPage {
        empty: Some(Empty {
            heading: s("No incidents yet."),
            text: s(
                "An incident is anything that stops or threatens a service. Recording each one is what lets the rest be shown: how it was classified, escalated, resolved and closed.",
            ),
            clause: Some(link("Clause 8.6.1", "/conformity/8.6.1")),
            actions: vec![
                link("Record the first incident", "/incidents/new"),
                link("How to import from another tool", "/docs/import"),
            ],
        }),
        facets: vec![],
        groups: vec![],
        views: vec![],
        ..queue()
    };
    vec![
        page("queue-wrong-filter", &wrong),
        page("queue-stopped", &stopped),
        page("queue-past", &past),
        page("queue-none", &none),
        page("queue-empty", &empty),
    ]
}

pub fn pages() -> Vec<Page> {
    let counts = Counts {
        counts: vec![
            (s("view:open"), s("184")),
            (s("view:mine"), s("7")),
            (s("group:missed"), s("3")),
            (s("facet:state:new"), s("38")),
        ],
    };
    let mut counted = facets();
    for value in counted.iter_mut().flat_map(|facet| &mut facet.values) {
        value.count = s("38");
    }
    let mut pages = vec![
        page("queue", &queue()),
        page("services", &services()),
        page("fragment-counts", &counts),
        page("fragment-facets", &Facets { facets: counted }),
    ];
    pages.extend(variants());
    pages
}
