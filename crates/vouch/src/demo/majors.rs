//! Major incidents: six in the year, handled by the procedure from declaration to review. One of them is still open when
//! the year ends. Two have something for the auditor: notices that never arrived (8.6.1-i), a review that was planned
//! and never held (8.6.1-k).

use calendar::{DAY, MINUTE};
use serde_json::json;

use super::case::{Deed, Major};
use super::decisions::PROCEDURE;
use super::deeds::manager;
use super::people::{DIRECTOR, PROCESS_OWNER, SERVICE_MANAGER};
use super::plan::{Deeds, Oddity, Until};
use super::world::instant;
use super::year::Year;

struct Script {
    /// Days before the end on which it happened, about; nothing: it is happening now.
    days_ago: Option<i64>,
    hour: i8,
    service: &'static str,
    customer: &'static str,
    item: &'static str,
    solver: &'static str,
    title: &'static str,
    said: &'static str,
    /// Internal, in order; then what customers are told.
    findings: &'static [&'static str],
    told: &'static str,
    plan: &'static str,
    /// Minutes from the first record until it is resolved.
    lasts: i64,
    /// Who takes over in the middle.
    relief: Option<&'static str>,
    solution: &'static str,
    conclusions: &'static str,
    improvements: &'static [&'static str],
    /// What top management was told while it lasted.
    notices_arrive: bool,
    review_held: bool,
    /// How many others report the same.
    echoes: usize,
}

const SCRIPTS: [Script; 6] = [
    Script {
        days_ago: Some(331),
        hour: 9,
        service: "payroll",
        customer: "fennimore",
        item: "payroll-db",
        solver: "daniel",
        title: "Payroll run stops with a database time-out",
        said: "The run for 1,400 people stops after ten minutes, each time. The bank needs it by four.",
        findings: &[
            "payroll-db waits for storage: one of two controllers of san-1 answers 40 times slower since 08:31.",
            "Test run with 200 pay slips passed on the second controller.",
        ],
        told: "We know the cause and move the database to other storage. Next word within the half hour.",
        plan: "Move the payroll database to the second controller, test with 200 slips, then the whole run.",
        lasts: 190,
        relief: None,
        solution: "Database moved to the second controller; the whole run ended at 12:04, the bank has confirmed.",
        conclusions: "A controller that is slow and not dead is not noticed by the monitoring. The move is written down and took 40 minutes, most of it to find the person with the rights.",
        improvements: &[
            "Watch the answer times of each storage controller, not only whether it is up",
            "Give the storage rights to everybody on call",
        ],
        notices_arrive: true,
        review_held: true,
        echoes: 2,
    },
    Script {
        days_ago: Some(247),
        hour: 10,
        service: "telephony",
        customer: "ostrand",
        item: "pbx-01",
        solver: "callum",
        title: "No telephone calls in or out at Ostrand",
        said: "All phones of the town hall and the citizens' office are dead, also the emergency number of the waterworks' duty.",
        findings: &[
            "The supplier's gateway refuses our certificate, which it renewed over night.",
            "Calls for the duty number go to a mobile since 10:25.",
        ],
        told: "The duty number rings on a mobile. We are on the phone with the supplier; next word at eleven.",
        plan: "Have the supplier accept the former certificate until the new chain is installed here.",
        lasts: 125,
        relief: None,
        solution: "New chain of certificates installed on pbx-01; calls in and out tested from three offices.",
        conclusions: "The supplier had written of the change to an address that nobody reads any more.",
        improvements: &["Have suppliers announce changes to the service desk's address, and check it twice a year"],
        notices_arrive: false,
        review_held: true,
        echoes: 2,
    },
    Script {
        days_ago: Some(171),
        hour: 13,
        service: "dcnet",
        customer: "larkfield",
        item: "core-sw-1",
        solver: "yusuf",
        title: "Core switch pair in Bristol restarts again and again",
        said: "Alert: core-sw-1 and core-sw-2 lost and found each other four times in ten minutes. Services of all customers in Bristol break off.",
        findings: &[
            "Both switches restart when the table of neighbours is full; a loop at the office switch fills it.",
            "Port of the office switch is shut, the pair is stable since 14:05.",
        ],
        told: "The network in our Bristol data centre is unstable. The cause is found; services come back one after the other.",
        plan: "Keep the office port shut, check every service once, switch protection on before the port is opened.",
        lasts: 150,
        relief: Some(SERVICE_MANAGER),
        solution: "Loop at the office switch removed, protection against loops switched on at all edge ports; every service checked.",
        conclusions: "The protection was off since the switches were replaced. Checking all services took longer than the repair, since there was no list in order.",
        improvements: &[
            "Compare the configuration of edge ports with the standard each night",
            "Keep a list of services in the order in which they are checked",
        ],
        notices_arrive: true,
        review_held: true,
        echoes: 4,
    },
    Script {
        days_ago: Some(96),
        hour: 8,
        service: "identity",
        customer: "tamarind",
        item: "mfa-gw",
        solver: "leila",
        title: "Nobody can sign in with a second factor",
        said: "260 clerks stand before the sign-in page. It says that the second factor cannot be checked.",
        findings: &[
            "Supplier of the second factor has an outage in the region; its status page says so since 08:12.",
            "Second region answers; switching over needs the emergency account.",
        ],
        told: "Sign-in with the second factor fails at our supplier. We switch to another region; next word by nine.",
        plan: "Switch to the supplier's second region with the emergency account from the safe.",
        lasts: 95,
        relief: None,
        solution: "Switched to the supplier's second region; sign-in works for everybody. Goes back on Sunday.",
        conclusions: "",
        improvements: &[],
        notices_arrive: true,
        review_held: false,
        echoes: 3,
    },
    Script {
        days_ago: Some(34),
        hour: 9,
        service: "booking",
        customer: "castell",
        item: "booking-app",
        solver: "priya",
        title: "Clinic booking: no slots shown in any clinic",
        said: "All eleven clinics. Patients stand at the counters and nobody can be booked.",
        findings: &[
            "Nightly import of doctors' calendars failed half way and left them empty.",
            "Import of the night before loaded in test, looks complete.",
        ],
        told: "Calendars are empty after a failed import. We load those of yesterday; please note new bookings on paper.",
        plan: "Load yesterday's calendars, enter today's changes by hand with the clinics.",
        lasts: 140,
        relief: Some("leila"),
        solution: "Calendars of the night before loaded, 34 paper bookings entered by the clinics; import runs as a whole or not at all now.",
        conclusions: "The import wrote as it read. The alarm of the job went to a mailbox that is read at nine.",
        improvements: &[
            "Let the import of calendars succeed or fail as a whole",
            "Send alarms of booking jobs to the phone on call",
        ],
        notices_arrive: true,
        review_held: true,
        echoes: 3,
    },
    Script {
        days_ago: None,
        hour: 0,
        service: "remote",
        customer: "brightwater",
        item: "gw-east-2",
        solver: "yusuf",
        title: "VPN drops every few minutes for the field crews",
        said: "Our field crews lose the VPN every few minutes. It reconnects, but the work-order application throws them out and they lose what they typed. Around 60 people in the Eastern district.",
        findings: &[
            "gw-east-2 renegotiates keys every 180 seconds since the firmware of last night.",
            "Not restarting yet: 212 live sessions.",
        ],
        told: "We see the drops on the eastern gateway. Crews who can should choose West under Location for now. Next word within the half hour.",
        plan: "Set the lifetime of keys to an hour on the eastern pair, without a restart; if drops go on, back to the former firmware in the evening.",
        lasts: i64::MAX,
        relief: None,
        solution: "",
        conclusions: "",
        improvements: &[],
        notices_arrive: true,
        review_held: true,
        echoes: 2,
    },
];

/// How long the open one has been going on at the end, in minutes.
const OPEN_FOR: i64 = 165;

pub fn expect(year: &mut Year) {
    for script in &SCRIPTS {
        let at = match script.days_ago {
            Some(days) => {
                let mut day = year.hours.day(year.to - days * DAY);
                if !year.hours.works_on(day) {
                    day = year.hours.working_day_before(day);
                }
                year.hours.at(day, script.hour, 2 + i8::try_from(script.echoes).unwrap_or(0) * 3)
            }
            None => year.to - OPEN_FOR * MINUTE,
        };
        play(year, script, at);
    }
}

fn play(year: &mut Year, script: &'static Script, at: i64) {
    let story = year.stories.iter().copied().find(|story| story.service == script.service);
    let Some((mut case, _)) = story.and_then(|story| year.draw(at, Oddity::None, Until::New, Some(story))) else {
        return;
    };
    let caller = super::people::callers(script.customer).first().copied();
    case.title = script.title.to_owned();
    case.said = script.said.to_owned();
    case.customer = script.customer;
    case.caller = caller.filter(|_| script.service != "dcnet");
    (case.source, case.complete) = if case.caller.is_some() { ("phone", true) } else { ("monitoring", true) };
    case.filling.item = script.item;
    (case.opener, case.solver, case.team) = ("grace", script.solver, case.story.team);
    case.desk = "grace";
    case.solution = script.solution;
    (case.impact, case.urgency) = (1, 1);
    let deeds = response(script, at);
    let index = year.expect(case, deeds);
    echoes(year, script, index, at);
    if script.lasts < i64::MAX {
        aftermath(year, script, index, at + script.lasts * MINUTE);
    }
}

/// From the first call to the last word before it is solved.
fn response(script: &'static Script, at: i64) -> Deeds {
    let after = |minutes: i64| at + minutes * MINUTE;
    let step = |key, text: &str| Deed::Major(Major::Step(key, text.to_owned()));
    let notice = |subject: String, body: &str| {
        Deed::Major(Major::Notice { subject, body: body.to_owned(), arrives: script.notices_arrive })
    };
    let mut deeds = vec![
        (at, Deed::Raise),
        (after(4), Deed::Assign),
        (after(6), Deed::Start),
        (after(11), Deed::Major(Major::Declare)),
        (after(12), step("manager", "One person is in charge and has said so in the call.")),
        (after(16), step("assess", script.said)),
        (after(21), notice(format!("Major incident: {}", script.title), script.said)),
        (after(23), step("management", "Message to Ruth Callaghan sent.")),
        (after(27), Deed::Tell(script.told.to_owned())),
        (after(28), step("customers", "Written to those who reported it; announcement on the phone.")),
        (after(44), step("plan", script.plan)),
    ];
    for (finding, minutes) in script.findings.iter().zip([36, 70]) {
        deeds.push((after(minutes), Deed::Note((*finding).to_owned())));
    }
    for minutes in [80, 140].into_iter().filter(|minutes| *minutes < script.lasts) {
        let subject = format!("Major incident, how it stands: {}", script.title);
        deeds.push((after(minutes), notice(subject, script.plan)));
    }
    if let Some(relief) = script.relief {
        deeds.push((after(100), Deed::Major(Major::Relieve(relief))));
    }
    deeds
}

/// Others who report the same while it lasts.
fn echoes(year: &mut Year, script: &'static Script, major: usize, at: i64) {
    for echo in 0..script.echoes {
        let minutes = 13 + i64::try_from(echo).unwrap_or(0) * 9;
        let raised = at + minutes * MINUTE;
        let story = year.stories.iter().copied().find(|story| story.service == script.service);
        let Some((mut case, _)) = story.and_then(|story| year.draw(raised, Oddity::None, Until::New, Some(story)))
        else {
            continue;
        };
        let callers = super::people::callers(case.customer);
        case.title = format!("{} ({})", script.title, case.filling.team);
        case.said = "It is the same as what we hear on the phone, for us too.".to_owned();
        case.caller = callers.get(echo % callers.len().max(1)).copied();
        (case.source, case.complete, case.opener) = ("phone", true, "ben");
        (case.impact, case.urgency, case.desk) = (2, 1, "ben");
        let deeds = vec![(raised, Deed::Raise), (raised + 5 * MINUTE, Deed::Duplicate(major))];
        year.expect(case, deeds);
    }
}

/// From the solution to the last improvement.
fn aftermath(year: &mut Year, script: &'static Script, case: usize, resolved: i64) {
    year.at(case, resolved, Deed::Resolve);
    year.major(case, resolved + 6 * MINUTE, Major::Step("stand_down", "Crisis call ended; thanks said.".to_owned()));
    let notice = Major::Notice {
        subject: format!("Major incident is over: {}", script.title),
        body: script.solution.to_owned(),
        arrives: true,
    };
    year.major(case, resolved + 9 * MINUTE, notice);
    let reported = year.hours.later(resolved, 11 * 60);
    let text = format!("{} {}", script.said, script.solution);
    year.major(case, reported, Major::Report(text));
    let met = year.hours.later(resolved, 27 * 60);
    let review =
        Major::Review { conclusions: script.conclusions, improvements: script.improvements, held: script.review_held };
    year.major(case, met, review);
    year.at(case, year.hours.later(resolved, 47 * 60), Deed::Close);
}

pub(super) fn perform(year: &mut Year, index: usize, what: Major) -> anyhow::Result<()> {
    let now = year.world.now();
    let Some(case) = year.cases.get(index) else { return Ok(()) };
    let (number, title, solver) = (case.number.clone(), case.title.clone(), case.solver);
    let world = &mut year.world;
    match what {
        Major::Declare => {
            let first = manager(world, PROCESS_OWNER, now)?;
            let procedure = world.number("document", PROCEDURE)?;
            let input = json!({ "major": true, "procedure": procedure, "major_managers": [first] });
            world.change(PROCESS_OWNER, &number, input)?;
        }
        Major::Step(key, text) => {
            world.line(PROCESS_OWNER, &number, "step_entries", json!({ "key": key, "text": text }))?;
        }
        Major::Relieve(person) => {
            let next = manager(world, person, now)?;
            world.line(PROCESS_OWNER, &number, "major_managers", next)?;
            world.note(PROCESS_OWNER, &number, "Handed over in the call; I stay reachable.")?;
        }
        Major::Notice { subject, body, arrives } => {
            notice(year, &number, &subject, &body, arrives)?;
        }
        Major::Report(text) => {
            let report = notice(year, &number, &format!("Report: {title}"), &text, true)?;
            year.world.change(solver, &number, json!({ "report": report }))?;
        }
        Major::Review { conclusions, improvements, held } => {
            review(year, &number, &title, conclusions, improvements, held)?;
        }
    }
    Ok(())
}

/// Sends a message to the managing director; its number. The carrier says when it arrived.
fn notice(year: &mut Year, incident: &str, subject: &str, body: &str, arrives: bool) -> anyhow::Result<String> {
    let world = &mut year.world;
    let input = json!({ "title": subject, "body": body, "person": world.person(DIRECTOR)?, "incident": incident });
    let sent = world.create(PROCESS_OWNER, "communication", input)?;
    if arrives {
        let arrived = instant(world.now());
        world.change(PROCESS_OWNER, &sent.number, json!({ "delivered_at": arrived }))?;
    }
    Ok(sent.number)
}

fn review(
    year: &mut Year,
    incident: &str,
    title: &str,
    conclusions: &str,
    improvements: &'static [&'static str],
    held: bool,
) -> anyhow::Result<()> {
    let held_at = held.then(|| instant(year.world.now()));
    let conclusions = if conclusions.is_empty() { None } else { Some(conclusions) };
    let input = json!({ "title": format!("Review: {title}"), "incident": incident, "held_at": held_at, "conclusions": conclusions });
    let review = year.world.create(PROCESS_OWNER, "major_incident_review", input)?;
    for (index, text) in improvements.iter().enumerate() {
        let world = &mut year.world;
        world.pause();
        let input = json!({ "title": text, "description": format!("From the review of {incident}.") });
        let number = world.create(PROCESS_OWNER, "improvement", input)?.number;
        world.link(PROCESS_OWNER, &review.number, "improvements", &number)?;
        let weeks = i64::try_from(index).unwrap_or(0) * 3 + 4;
        let owner = if index == 0 { "piotr" } else { "yusuf" };
        super::assurance::follow_up(year, number, owner, weeks);
    }
    Ok(())
}
