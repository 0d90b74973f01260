//! `GET /search?q=…&type=…`: records by the words in them. A number leads straight to its record.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use engine::search::{self, Found, Query};
use engine::{Error, Refusal};
use model::RecordType;

use super::refused::Answer;
use super::visit::Visit;
use super::{find, html, palette, show};
use crate::view::list::Tab;
use crate::view::parts::{Link, Marked};
use crate::view::search::{Hit, SearchPage};
use crate::view::shell::Shell;
use crate::view::words;

/// Hits on a page.
const ROWS: usize = 25;

pub async fn show(visit: Visit) -> Answer {
    crate::api::search::is_live(visit.address.get("at"))?;
    let text = visit.address.get("q").unwrap_or_default().to_owned();
    let wanted: Vec<String> = visit.address.get("type").map(str::to_owned).into_iter().collect();
    if let Some(found) = palette::as_it_was(&visit, &text)? {
        return Ok(Redirect::to(&found.href).into_response());
    }
    if let Some(named) = find::by_number(&visit, &text)?
        && let Some(href) = visit.href(&named)
    {
        return Ok(Redirect::to(&href).into_response());
    }
    let mut page = SearchPage {
        shell: Shell { own_search: true, ..visit.shell("", "Search") },
        heading: "Search".to_owned(),
        kept: visit.address.hidden(&["q", "cursor"]),
        query: text,
        ..SearchPage::default()
    };
    if page.query.is_empty() {
        page.built = search::share(&mut *visit.app.engine.reader()?)?;
        return html(StatusCode::OK, &page);
    }
    let query = |types: &[String], limit: usize, cursor: Option<&str>| {
        let query = Query { text: page.query.clone(), types: types.to_vec(), limit, cursor: cursor.map(str::to_owned) };
        search::search(&visit.app.engine, &visit.principal, &query, &visit.app.cursors)
    };
    let found = match query(&wanted, ROWS, visit.address.get("cursor")) {
        Ok(found) => found,
        Err(Error::Refused(Refusal::BadQuery(why))) => {
            page.refused = Some(why);
            return html(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(other) => return Err(other.into()),
    };
    // What the other kinds hold is counted without the kind that is chosen.
    let all = if wanted.is_empty() { None } else { Some(query(&[], 1, None)?) };
    page.types = types(&visit, all.as_ref().unwrap_or(&found), wanted.first().map(String::as_str));
    let count = words::count(count(&found), "record", "records");
    page.heading = format!("{}{count} for “{}”", if found.is_cut { "At least " } else { "" }, page.query);
    page.places =
        palette::places(&visit, &page.query).into_iter().map(|(label, href, _)| Link::new(label, href)).collect();
    html(StatusCode::OK, &filled(&visit, page, found))
}

fn count(found: &Found) -> u64 {
    found.types.iter().map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum()
}

fn filled(visit: &Visit, page: SearchPage, found: Found) -> SearchPage {
    let next = found.next_cursor.as_deref();
    SearchPage {
        built: found.built,
        corrected: found.corrected,
        ranked_back_to: found.ranked_back_to.map(|at| visit.wall.time(at)),
        next_href: next.map(|cursor| visit.address.with("cursor", Some(cursor)).to_string()),
        hits: found.hits.into_iter().map(|hit| shown(visit, hit)).collect(),
        ..page
    }
}

fn shown(visit: &Visit, hit: search::Hit) -> Hit {
    let record = &hit.record;
    let changed = record.get(engine::slot::UPDATED_AT).as_int().unwrap_or(0);
    Hit {
        href: format!("/{}/{}", record.record_type.path, record.number()),
        number: record.number().to_owned(),
        kind: record.record_type.label.to_lowercase(),
        status: show::status(record),
        changed: visit.wall.time(changed),
        title: marked(hit.title),
        place: hit.snippet.as_ref().map(|snippet| snippet.label.clone()).unwrap_or_default(),
        snippet: hit.snippet.map(|snippet| marked(snippet.parts)),
    }
}

/// A text as search found it.
pub fn marked(parts: Vec<search::Marked>) -> Marked {
    Marked(parts.into_iter().map(|part| (part.text, part.is_match)).collect())
}

/// All kinds, then each that has hits or is chosen.
fn types(visit: &Visit, found: &Found, chosen: Option<&str>) -> Vec<Tab> {
    let at_least = if found.is_cut { "+" } else { "" };
    let tab = |key: &str, label: &str, count: u64| Tab {
        key: key.to_owned(),
        label: label.to_owned(),
        href: visit.address.with("type", (!key.is_empty()).then_some(key)).to_string(),
        current: chosen.unwrap_or_default() == key,
        count: format!("{}{at_least}", words::number(count)),
    };
    let mut tabs = vec![tab("", "All", count(found))];
    let kinds = found.types.iter().map(|(kind, count)| (&**kind, u64::try_from(*count).unwrap_or(0)));
    tabs.extend(kinds.map(|(kind, count): (&RecordType, u64)| tab(&kind.name, &kind.label_plural, count)));
    if let Some(chosen) = chosen.filter(|chosen| !tabs.iter().any(|tab| tab.key == *chosen)) {
        let label = visit.app.engine.model().get(chosen).map(|kind| kind.label_plural.clone()).unwrap_or_default();
        tabs.push(tab(chosen, &label, 0));
    }
    tabs
}
