//! Going anywhere: acts on the record that is open, records by number or title, pages, and what can be created.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use engine::Time;
use engine::read::names::Named;

use super::address::Address;
use super::refused::Answer;
use super::visit::Visit;
use super::{find, head, html};
use crate::view::palette::{Found, PaletteGroup, PaletteResults, SearchPage};
use crate::view::words;

/// Records of one type that a search shows.
const EACH_MAX: usize = 6;
const RECORDS_MAX: usize = 24;
/// Longest text that is searched for.
const QUERY_MAX: usize = 200;
const HOW: &str = "Searched by number, by another system's number, and by how titles begin. A number and a day, as in \
    INC-000042 2026-03-01, show the record as it was on that day.";

fn asked(visit: &Visit) -> String {
    visit.address.get("q").unwrap_or_default().chars().take(QUERY_MAX).collect()
}

/// `GET /palette?q=…&on=INC-000042`.
pub async fn show(visit: Visit) -> Answer {
    let query = asked(&visit);
    let mut groups = Vec::new();
    if let Some(number) = visit.address.get("on").map(str::to_owned) {
        groups.extend(on(&visit, &number, &query)?);
    }
    groups
        .push(PaletteGroup { label: "As it was".to_owned(), items: as_it_was(&visit, &query)?.into_iter().collect() });
    groups.push(PaletteGroup { label: "Records".to_owned(), items: records(&visit, &query)? });
    groups.extend([pages(&visit, &query), creates(&visit, &query)]);
    groups.retain(|group| !group.items.is_empty());
    html(StatusCode::OK, &PaletteResults { groups })
}

/// `GET /search?q=…`: the same without script; a number leads straight to its record.
pub async fn search(visit: Visit) -> Answer {
    let query = asked(&visit);
    if let Some(found) = as_it_was(&visit, &query)? {
        return Ok(Redirect::to(&found.href).into_response());
    }
    if let Some(named) = find::by_number(&visit, &query)?
        && let Some(href) = visit.href(&named)
    {
        return Ok(Redirect::to(&href).into_response());
    }
    let items = records(&visit, &query)?;
    let found = words::count(u64::try_from(items.len()).unwrap_or(0), "record", "records");
    let mut groups = vec![PaletteGroup { label: "Records".to_owned(), items }, pages(&visit, &query)];
    groups.retain(|group| !group.items.is_empty());
    let heading = if query.is_empty() { "Search".to_owned() } else { format!("{found} for “{query}”") };
    let page = SearchPage { shell: visit.shell("", "Search"), query, heading, how: HOW.to_owned(), groups };
    html(StatusCode::OK, &page)
}

/// A record at the end of a day that has passed: `INC-000042 2026-03-01`, and on a record's page the day alone.
fn as_it_was(visit: &Visit, query: &str) -> Answer<Option<Found>> {
    let (number, day) = match (query.rsplit_once(' '), visit.address.get("on")) {
        (Some((number, day)), _) => (number.trim(), day),
        (None, Some(number)) => (number, query),
        (None, None) => return Ok(None),
    };
    let Some(day) = calendar::parse_date(day).ok().filter(|day| *day < visit.wall.zone.local_day(visit.wall.now))
    else {
        return Ok(None);
    };
    let Some(named) = find::by_number(visit, number)? else { return Ok(None) };
    let Some(href) = visit.href(&named) else { return Ok(None) };
    let at = format!("{day}T23:59");
    let address = Address::new(href, None).with("at", Some(&at)).with("known", Some("then"));
    Ok(Some(Found {
        icon: "clock",
        href: address.to_string(),
        after: format!("{} as at {}", named.number, super::wall::date(engine::input::days(day))),
        context: named.name,
        ..Found::default()
    }))
}

fn records(visit: &Visit, query: &str) -> Answer<Vec<Found>> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let mut named: Vec<Named> = find::by_number(visit, query)?.into_iter().collect();
    named.extend(find::by_title(visit, &["any".to_owned()], query, EACH_MAX)?);
    named.truncate(RECORDS_MAX);
    Ok(named.iter().filter_map(|named| record(visit, named, query)).collect())
}

fn record(visit: &Visit, named: &Named, query: &str) -> Option<Found> {
    let record_type = visit.app.engine.model().get(&named.record_type)?;
    let length = query.len();
    // Only what was typed is marked, where the title begins with it in whatever case.
    let begins = named.name.get(..length).filter(|start| start.to_lowercase() == query.to_lowercase());
    let (matched, after) = match begins {
        Some(start) => (start.to_owned(), named.name.get(length..).unwrap_or_default().to_owned()),
        None => (String::new(), named.name.clone()),
    };
    let kind = record_type.label.to_lowercase();
    let context = if named.name == named.number { kind } else { format!("{} · {kind}", named.number) };
    Some(Found { icon: "page", href: visit.href(named)?, matched, after, context, ..Found::default() })
}

fn fits(label: &str, query: &str) -> bool {
    label.to_lowercase().contains(&query.to_lowercase())
}

fn pages(visit: &Visit, query: &str) -> PaletteGroup {
    let shell = visit.shell("", "");
    let mut items = Vec::new();
    for entry in &shell.nav {
        let own = entry.href.map(|href| (entry.label, href, entry.key));
        let links = entry.links.iter().map(|link| (link.label, link.href, link.key));
        for (label, href, _) in own.into_iter().chain(links).filter(|(label, ..)| fits(label, query)) {
            items.push(Found { icon: entry.icon, href: href.to_owned(), after: label.to_owned(), ..Found::default() });
        }
    }
    PaletteGroup { label: "Pages".to_owned(), items }
}

fn creates(visit: &Visit, query: &str) -> PaletteGroup {
    let links = visit.shell("", "").create.into_iter().map(|link| (format!("Create: {}", link.label), link.href));
    let links = links.filter(|(label, _)| fits(label, query));
    let items = links.map(|(after, href)| Found { icon: "plus", href, after, ..Found::default() });
    PaletteGroup { label: "Create".to_owned(), items: items.collect() }
}

/// What this reader may do on the record that is open.
fn on(visit: &Visit, number: &str, query: &str) -> Answer<Option<PaletteGroup>> {
    let Some(named) = find::by_number(visit, number)? else { return Ok(None) };
    let Some(record_type) = visit.app.engine.model().shared(&named.record_type) else { return Ok(None) };
    let record = visit.record(record_type, &named.number, Time::Live)?;
    let href = format!("/{}/{}", record_type.path, named.number);
    let act = |label: &str, icon, verb: &str| Found {
        icon,
        href: format!("{href}{verb}"),
        after: label.to_owned(),
        ..Found::default()
    };
    let mut items = Vec::new();
    for (label, icon, name) in head::open_moves(&record, &visit.principal) {
        items.push(act(&label, icon, &format!("/{name}")));
    }
    if visit.principal.permissions(record_type).any(|(_, permission)| permission.change.is_some()) {
        items.push(act("Edit the details", "pencil", "?edit=1"));
    }
    items.push(act("History", "clock", "/history"));
    if !visit.principal.public_only(record_type) {
        items.push(act("Proof", "shield", "/proof"));
    }
    items.retain(|found| fits(&found.after, query));
    Ok(Some(PaletteGroup { label: format!("On {}", named.number), items }))
}
