//! My work: what breaks first stands first. Whatever type of record can be given to somebody appears here.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Redirect;
use engine::read::counts::capped;
use engine::read::list::{self, Query};
use engine::read::names::{self, Names};
use engine::{Record, Time, slot};
use model::{RecordType, Slot};

use super::refused::Answer;
use super::show::{self, Assignment, Showing};
use super::visit::Visit;
use super::{address::Address, assurance, columns, counts, frame, html, terms};
use crate::view::my_work::{MyWorkPage, WorkAct, WorkAside, WorkItem, WorkSection};
use crate::view::parts::{Link, Mark};

/// Records looked at for one reader.
const MINE_MAX: usize = 100;
/// Records that nobody has, shown.
const OPEN_MAX: usize = 8;
const COUNT_MAX: i64 = 1_000;
const HOUR: i64 = 3_600 * 1_000_000;

pub async fn home(_: Visit) -> Redirect {
    Redirect::to("/my-work")
}

pub async fn show(visit: Visit) -> Answer {
    let mut mine = Vec::new();
    let mut free = Vec::new();
    let mut asides = Vec::new();
    let mut types: Vec<_> = visit.app.engine.model().types().iter().collect();
    // What has promises to keep stands first.
    types.sort_by_key(|found| found.slot("due_at").is_none());
    for record_type in types {
        if !visit.principal.may_read(record_type) {
            continue;
        }
        let Some(given) = show::assignment(record_type) else { continue };
        if visit.is_staff() {
            mine.extend(found(&visit, record_type, &open(record_type, &format!("{} == me", given.person)), MINE_MAX)?);
            if visit.principal.may_move(record_type, &given.transition).is_some() {
                let nobody = format!("{} == null", given.person);
                free.extend(found(&visit, record_type, &open(record_type, &nobody), OPEN_MAX)?);
            }
            asides.push(around(&visit, record_type, &given)?);
        } else {
            mine.extend(found(&visit, record_type, &open(record_type, ""), MINE_MAX)?);
        }
    }
    let names = names_of(&visit, mine.iter().chain(&free))?;
    let judgements = assurance::due::section(&visit).await?;
    html(StatusCode::OK, &page(&visit, &names, mine, free, judgements, asides))
}

/// Open records that meet a condition.
fn open(record_type: &RecordType, condition: &str) -> String {
    let states = record_type.lifecycle.as_ref().map(show::open_states).unwrap_or_default();
    let states: Vec<String> = states.into_iter().map(terms::quoted).collect();
    terms::both(condition, &format!("state in [{}]", states.join(", ")))
}

fn order(record_type: &RecordType) -> Vec<(Slot, bool)> {
    let sortable = list::sortable(record_type);
    let due = record_type.slot("due_at").filter(|slot| sortable.contains(slot));
    due.map_or_else(|| vec![(slot::RAISED_AT, false)], |due| vec![(due, false)])
}

fn query(record_type: &Arc<RecordType>, filter: &str, limit: usize) -> Query {
    Query {
        record_type: record_type.clone(),
        filter: Some(filter.to_owned()),
        sort: order(record_type),
        limit,
        cursor: None,
        time: Time::Live,
    }
}

fn found(visit: &Visit, record_type: &Arc<RecordType>, filter: &str, limit: usize) -> Answer<Vec<Record>> {
    let query = query(record_type, filter, limit);
    Ok(list::page(&visit.app.engine, &visit.principal, &query, &visit.app.cursors)?.items)
}

fn names_of<'a>(visit: &Visit, records: impl Iterator<Item = &'a Record>) -> Answer<Names> {
    let mut ids = BTreeSet::new();
    for record in records {
        names::linked_ids(record, &mut ids);
    }
    Ok(names::of_ids(&mut *visit.app.engine.reader()?, visit.app.engine.model(), &visit.principal, &ids)?)
}

fn page(
    visit: &Visit,
    names: &Names,
    mine: Vec<Record>,
    free: Vec<Record>,
    judgements: WorkSection,
    asides: Vec<WorkAside>,
) -> MyWorkPage {
    let wall = &visit.wall;
    let due = |record: &Record| record.by_key("due_at").as_int();
    let (hour, midnight) = (wall.now + HOUR, wall.midnight());
    let until = |record: &Record| match due(record) {
        Some(due) if due < hour => 0,
        Some(due) if due < midnight => 1,
        _ => 2,
    };
    let item = |record: &Record, take: bool| item(visit, names, record, take);
    let section = |heading: &str, mark: Option<Mark>, place: usize, now: bool| WorkSection {
        heading: heading.to_owned(),
        mark,
        hint: if now { "a promise is broken, or will be within the hour".to_owned() } else { String::new() },
        now,
        items: mine.iter().filter(|record| until(record) == place).map(|record| item(record, false)).collect(),
        more: None,
    };
    let mine_label = if visit.is_staff() { "Later, or without a date" } else { "Open with us" };
    let mut sections = vec![
        section("Now", Some(Mark::Bad), 0, true),
        section("Today", Some(Mark::Warn), 1, false),
        section(mine_label, None, 2, false),
        WorkSection {
            heading: "Nobody has taken it".to_owned(),
            mark: Some(Mark::Wait),
            items: free.iter().map(|record| item(record, true)).collect(),
            ..WorkSection::default()
        },
        judgements,
    ];
    let urgent = sections.first().map_or(0, |section| section.items.len());
    sections.retain(|section| !section.items.is_empty());
    MyWorkPage {
        shell: crate::view::shell::Shell { events: events(visit), ..visit.shell("/my-work", "My work") },
        eyebrow: format!("{}, {} · {}", wall.weekday(wall.now), wall.day(wall.now), wall.clock(wall.now)),
        verdict: verdict(visit, urgent, mine.len()),
        nothing: "Nothing waits for you.".to_owned(),
        sections,
        asides,
    }
}

fn events(visit: &Visit) -> Option<String> {
    Some(format!("/events?since={}", visit.app.engine.leaves().ok()?))
}

fn verdict(visit: &Visit, urgent: usize, mine: usize) -> String {
    let greeting = match visit.wall.hour() {
        5..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    };
    let first = visit.principal.name.split_whitespace().next().unwrap_or_default();
    let said = match (urgent, mine) {
        (1, _) => "One thing can't wait.".to_owned(),
        (n, _) if n > 1 => format!("{n} things can't wait."),
        (_, 0) => "Nothing waits for you.".to_owned(),
        (_, 1) => "One thing is yours, and it has time.".to_owned(),
        (_, n) => format!("{n} things are yours, and none is urgent."),
    };
    if first.is_empty() { format!("{greeting}. {said}") } else { format!("{greeting}, {first}. {said}") }
}

fn item(visit: &Visit, names: &Names, record: &Record, take: bool) -> WorkItem {
    let showing = Showing { visit, names };
    let title = columns::title(&showing, record);
    let path = &record.record_type.path;
    let post = || {
        vec![
            ("pick".to_owned(), format!("{}:{}", record.number(), frame::version(record))),
            ("assigned_to".to_owned(), visit.principal.number.clone()),
            ("return".to_owned(), "/my-work".to_owned()),
        ]
    };
    let answered = visit.is_staff()
        && record.scope().is_some()
        && visit.principal.may_comment(&record.record_type, true).is_some();
    let act = match (take, answered) {
        (true, _) => Some(WorkAct { label: "Take it".to_owned(), href: format!("/{path}/assign"), post: post() }),
        (false, true) => Some(WorkAct {
            label: "Reply".to_owned(),
            href: format!("{}?say=public#say", title.href),
            ..WorkAct::default()
        }),
        (false, false) => None,
    };
    WorkItem {
        clock: columns::clock(&showing, record),
        icon: "inbox",
        kind: record.record_type.label.clone(),
        number: title.number,
        context: title.context,
        title: Link::new(title.text, title.href),
        act,
    }
}

/// How much there is of a type, around what is mine.
fn around(visit: &Visit, record_type: &Arc<RecordType>, given: &Assignment) -> Answer<WorkAside> {
    let view = record_type.views.iter().find(|view| view.filter.is_none()).map(|view| view.name.as_str());
    let list = |filter: &str| {
        Address::new(format!("/{}", record_type.path), None).with("view", view).with("filter", Some(filter)).to_string()
    };
    let mut pairs = Vec::new();
    let mut figure = |label: &str, condition: &str| -> Answer<()> {
        let filter = open(record_type, condition);
        let count = capped(&visit.app.engine, &visit.principal, &query(record_type, &filter, 1), COUNT_MAX)?;
        let said = counts::said(count);
        pairs
            .push((label.to_owned(), Link::new(if said.is_empty() { "many".to_owned() } else { said }, list(&filter))));
        Ok(())
    };
    figure("Open", "")?;
    figure("Nobody's yet", &format!("{} == null", given.person))?;
    if record_type.slot("due_at").is_some() {
        figure("Overdue", "due_at < now")?;
    }
    Ok(WorkAside { heading: record_type.label_plural.clone(), pairs, note: String::new() })
}
