//! Going anywhere: acts on the record that is open, records by number or words, pages, and what can be created.

use axum::http::StatusCode;
use engine::search::{self, Query};
use engine::{Error, Refusal, Time};

use super::address::Address;
use super::refused::Answer;
use super::visit::Visit;
use super::{find, head, html, show};
use crate::view::palette::{Found, PaletteGroup, PaletteResults};
use crate::view::parts::Marked;

/// Records that are shown; the rest is one line away.
const RECORDS_MAX: usize = 8;
/// Longest text that is searched for.
const QUERY_MAX: usize = 200;

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

/// A record at the end of a day that has passed: `INC-000042 2026-03-01`, and on a record's page the day alone.
pub fn as_it_was(visit: &Visit, query: &str) -> Answer<Option<Found>> {
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
        text: Marked::from(&*format!("{} as at {}", named.number, super::wall::date(engine::input::days(day)))),
        context: named.name,
        ..Found::default()
    }))
}

/// The record of this number, and those that have these words.
fn records(visit: &Visit, query: &str) -> Answer<Vec<Found>> {
    let by_number = find::by_number(visit, query)?;
    let mut items: Vec<Found> = Vec::new();
    if let Some(named) = &by_number
        && let Some(href) = visit.href(named)
    {
        let kind = visit.app.engine.model().get(&named.record_type).map(|found| found.label.to_lowercase());
        let context = format!("{} · {}", named.number, kind.unwrap_or_default());
        items.push(Found { icon: "page", href, text: Marked::from(&*named.name), context, ..Found::default() });
    }
    let asked = Query { text: query.to_owned(), limit: RECORDS_MAX, ..Query::default() };
    let found = match search::search(&visit.app.engine, &visit.principal, &asked, &visit.app.cursors) {
        Ok(found) => found,
        // Nothing was typed yet, or signs alone.
        Err(Error::Refused(Refusal::BadQuery(_))) => return Ok(items),
        Err(other) => return Err(other.into()),
    };
    let more = found.next_cursor.is_some();
    let others = found.hits.into_iter().filter(|hit| by_number.as_ref().is_none_or(|named| named.id != hit.record.id));
    items.extend(others.map(record));
    if more {
        let href = Address::new("/search", None).with("q", Some(query)).to_string();
        items.push(Found { icon: "search", href, text: Marked::from("All that have these words"), ..Found::default() });
    }
    Ok(items)
}

fn record(hit: search::Hit) -> Found {
    let (record, record_type) = (&hit.record, &hit.record.record_type);
    let kind = record_type.label.to_lowercase();
    let mut context = format!("{} · {kind}", record.number());
    if let Some(snippet) = &hit.snippet {
        context = format!("{context} · {}", snippet.label.to_lowercase());
    }
    let href = format!("/{}/{}", record_type.path, record.number());
    Found {
        icon: "page",
        href,
        status: show::status(record),
        text: super::search::marked(hit.title),
        context,
        ..Found::default()
    }
}

fn fits(label: &str, query: &str) -> bool {
    label.to_lowercase().contains(&query.to_lowercase())
}

/// Pages of the rail that are called so: label, address, icon.
pub fn places(visit: &Visit, query: &str) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut places = Vec::new();
    for entry in visit.shell("", "").nav {
        let own = entry.href.map(|href| (entry.label, href));
        let links = entry.links.iter().map(|link| (link.label, link.href));
        let named = own.into_iter().chain(links).filter(|(label, _)| fits(label, query));
        places.extend(named.map(|(label, href)| (label, href, entry.icon)));
    }
    places
}

fn pages(visit: &Visit, query: &str) -> PaletteGroup {
    let items = places(visit, query).into_iter();
    let items = items.map(|(label, href, icon)| Found {
        icon,
        href: href.to_owned(),
        text: Marked::from(label),
        ..Found::default()
    });
    PaletteGroup { label: "Pages".to_owned(), items: items.collect() }
}

fn creates(visit: &Visit, query: &str) -> PaletteGroup {
    let links = visit.shell("", "").create.into_iter().map(|link| (format!("Create: {}", link.label), link.href));
    let links = links.filter(|(label, _)| fits(label, query));
    let items =
        links.map(|(label, href)| Found { icon: "plus", href, text: Marked::from(&*label), ..Found::default() });
    PaletteGroup { label: "Create".to_owned(), items: items.collect() }
}

/// What this reader may do on the record that is open.
fn on(visit: &Visit, number: &str, query: &str) -> Answer<Option<PaletteGroup>> {
    let Some(named) = find::by_number(visit, number)? else { return Ok(None) };
    let Some(record_type) = visit.app.engine.model().shared(&named.record_type) else { return Ok(None) };
    let record = visit.record(record_type, &named.number, Time::Live)?;
    let href = format!("/{}/{}", record_type.path, named.number);
    let mut items = Vec::new();
    let mut act = |label: &str, icon, verb: &str| {
        if fits(label, query) {
            items.push(Found { icon, href: format!("{href}{verb}"), text: Marked::from(label), ..Found::default() });
        }
    };
    for (label, icon, name) in head::open_moves(&record, &visit.principal) {
        act(&label, icon, &format!("/{name}"));
    }
    if visit.principal.permissions(record_type).any(|(_, permission)| permission.change.is_some()) {
        act("Edit the details", "pencil", "?edit=1");
    }
    act("History", "clock", "/history");
    if !visit.principal.public_only(record_type) {
        act("Proof", "shield", "/proof");
    }
    Ok(Some(PaletteGroup { label: format!("On {}", named.number), items }))
}
