//! The list of a record type: a queue where work is done, a plain list elsewhere. The address is its state.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use engine::read::counts::{self, Count};
use engine::read::list::{self, Page, Query};
use engine::{Time, slot};
use model::condition::{Condition, Scope};
use model::{RecordType, Slot, Value, View};

use super::refused::Answer;
use super::visit::Visit;
use super::{assign, columns, facets, groups, html, terms, wall};
use crate::api::export;
use crate::view::form::Choice;
use crate::view::list::{FilterError, FilterLine, ListPage, MenuItem, Tab};
use crate::view::parts::{Empty, Link};
use crate::view::shell::Shell;

/// Rows on a page.
const ROWS: usize = 50;

/// What an address asks of a list.
pub struct Asked {
    pub visit: Visit,
    pub record_type: Arc<RecordType>,
    pub time: Time,
    /// What somebody typed or chose, beside the view's own condition.
    pub filter: String,
    pub sort: Vec<(Slot, bool)>,
    view: Option<usize>,
}

impl Asked {
    pub fn of(visit: Visit, path: &str) -> Answer<Self> {
        let record_type = visit.collection(path)?;
        let views = &record_type.views;
        let named = visit.address.get("view").and_then(|name| views.iter().position(|view| view.name == name));
        let view = named.or((!views.is_empty()).then_some(0));
        let sort = match visit.address.get("sort") {
            Some(text) => list::parse_sort(&record_type, text)?,
            None => view.and_then(|at| views.get(at)).map(|view| view.sort.clone()).unwrap_or_default(),
        };
        let hidden = visit.principal.hidden(&record_type);
        let sort = sort.into_iter().filter(|(slot, _)| !hidden.contains(slot)).collect();
        let filter = visit.address.get("filter").unwrap_or_default().to_owned();
        let time = visit.time()?;
        Ok(Self { time, visit: visit.at(time), record_type, filter, sort, view })
    }

    pub fn view(&self) -> Option<&View> {
        self.record_type.views.get(self.view?)
    }

    pub fn view_filter(&self) -> &str {
        self.view().and_then(|view| view.filter.as_ref()).map_or("", |filter| filter.text.as_str())
    }

    /// The view's condition and `filter`, as a question.
    pub fn query(&self, filter: &str) -> Query {
        let filter = terms::both(self.view_filter(), filter);
        Query {
            record_type: self.record_type.clone(),
            filter: (!filter.is_empty()).then_some(filter),
            sort: self.sort.clone(),
            limit: ROWS,
            cursor: self.visit.address.get("cursor").map(str::to_owned),
            time: self.time,
        }
    }

    /// Whether rows stand under headings of the time that is left.
    pub fn by_time_left(&self) -> bool {
        self.visit.address.get("group") != Some("none") && groups::are_sorted(self)
    }

    pub fn noun(&self) -> String {
        self.record_type.label_plural.to_lowercase()
    }

    /// Where the filter cannot be read, if so.
    fn error(&self) -> Option<FilterError> {
        let text = self.filter.as_str();
        if text.is_empty() {
            return None;
        }
        let scope = Scope::record(self.visit.app.engine.model(), &self.record_type.name).with_principal();
        let problem = Condition::parse(text, &scope).err()?.into_iter().next()?;
        let (before, rest) = text.split_at_checked(problem.offset).unwrap_or((text, ""));
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
            .map_or(rest.len(), |(at, _)| at);
        let (at, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let at = if at.is_empty() { "…" } else { at };
        Some(FilterError {
            message: problem.message,
            before: before.to_owned(),
            at: at.to_owned(),
            after: after.to_owned(),
        })
    }
}

pub async fn show(visit: Visit, Path(path): Path<String>) -> Answer {
    let asked = Asked::of(visit, &path)?;
    if asked.visit.address.get("format") == Some("csv") {
        return csv(&asked);
    }
    let mut error = asked.error();
    let query = asked.query(&asked.filter);
    let page = match &error {
        Some(_) => nothing(),
        None => match list::page(&asked.visit.app.engine, &asked.visit.principal, &query, &asked.visit.app.cursors) {
            Ok(page) => page,
            // A condition that reads well and that lists still cannot be asked by stands at its line too.
            Err(engine::Error::Refused(engine::Refusal::BadQuery(why)))
                if !asked.filter.is_empty() && asked.visit.address.get("cursor").is_none() =>
            {
                error = Some(FilterError { message: why, ..FilterError::default() });
                nothing()
            }
            Err(other) => return Err(other.into()),
        },
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, &shown(&asked, page, error)?)
}

fn nothing() -> Page {
    Page { items: Vec::new(), next_cursor: None, searched_to: None }
}

fn csv(asked: &Asked) -> Answer<Response> {
    let query = Query { cursor: None, ..asked.query(&asked.filter) };
    Ok(export::csv(asked.visit.app.clone(), asked.visit.principal.clone(), query)?)
}

fn shown(asked: &Asked, page: Page, error: Option<FilterError>) -> Answer<ListPage> {
    let (visit, record_type) = (&asked.visit, &asked.record_type);
    let address = &visit.address;
    let path = format!("/{}", record_type.path);
    let live = asked.time == Time::Live;
    let empty = if page.items.is_empty() && error.is_none() { empty(asked)? } else { None };
    let shell = visit.shell_of(record_type, &record_type.label_plural);
    let shell = Shell { events: visit.events(record_type).filter(|_| live), ..shell };
    let facets = facets::known(asked);
    let with_counts = |part: &str| live.then(|| address.without(&["cursor"]).at(format!("{path}/{part}")).to_string());
    let slots = columns::wanted(asked);
    let next = page.next_cursor.as_deref().map(|cursor| address.with("cursor", Some(cursor)).to_string());
    let searched = page.searched_to.as_ref().map(|value| said(asked, value));
    let clear = (!asked.filter.is_empty()).then(|| address.with("filter", None).to_string());
    Ok(ListPage {
        shell: visit.marked(shell, asked.time),
        heading: record_type.label_plural.clone(),
        noun: asked.noun(),
        path: path.clone(),
        views: views(asked),
        counts_src: with_counts("counts"),
        filter: FilterLine {
            value: asked.filter.clone(),
            hidden: address.hidden(&["filter", "cursor"]),
            error,
            clear_href: clear,
        },
        facets_chosen: facets.iter().flat_map(|facet| &facet.values).filter(|value| value.chosen).count(),
        facets_src: with_counts("facets").filter(|_| !facets.is_empty()),
        facets,
        sorts: sorts(asked),
        groupings: groups::choices(asked),
        column_choices: columns::choices(asked, &slots),
        export_href: address.with("format", Some("csv")).to_string(),
        at: Some(visit.at_control(asked.time)),
        caption: caption(asked),
        columns: columns::heads(asked, &slots),
        bulk: if live { assign::bulk(visit, record_type)? } else { None },
        groups: groups::of(asked, &slots, page.items)?,
        next_href: next,
        searched_back_to: searched,
        empty,
    })
}

fn caption(asked: &Asked) -> String {
    let view = asked.view().map_or_else(|| asked.record_type.label_plural.clone(), |view| view.label.clone());
    if asked.by_time_left() { format!("{view}: those that breach first on top") } else { view }
}

fn views(asked: &Asked) -> Vec<Tab> {
    let views = asked.record_type.views.iter().enumerate();
    let tabs = views.map(|(at, view)| Tab {
        key: view.name.clone(),
        label: view.label.clone(),
        // A view has an order and columns of its own.
        href: asked.visit.address.without(&["sort", "columns"]).with("view", Some(&view.name)).to_string(),
        current: asked.view == Some(at),
        count: String::new(),
    });
    let tabs: Vec<Tab> = tabs.collect();
    if tabs.len() > 1 { tabs } else { Vec::new() }
}

fn sorts(asked: &Asked) -> Vec<MenuItem> {
    let address = &asked.visit.address;
    let hidden = asked.visit.principal.hidden(&asked.record_type);
    let now = address.get("sort");
    let own = MenuItem {
        label: "As the view has it".to_owned(),
        href: address.with("sort", None).to_string(),
        current: now.is_none(),
    };
    let fields = list::sortable(&asked.record_type).into_iter().filter(|slot| !hidden.contains(slot));
    let items = fields.filter_map(|slot| asked.record_type.fields.get(slot)).map(|field| {
        let (key, label) = match (&field.kind, field.key.as_str()) {
            (model::Kind::Instant, "due_at") => (field.key.clone(), format!("{}, first on top", field.label)),
            (model::Kind::Instant, _) => (format!("-{}", field.key), format!("{}, latest on top", field.label)),
            _ => (field.key.clone(), field.label.clone()),
        };
        MenuItem { current: now == Some(key.as_str()), href: address.with("sort", Some(&key)).to_string(), label }
    });
    std::iter::once(own).chain(items).collect()
}

fn said(asked: &Asked, value: &Value) -> String {
    match value {
        Value::Instant(at) => asked.visit.wall.short(*at),
        Value::Date(days) => wall::date(*days),
        Value::Text(text) => text.to_string(),
        other => other.as_int().map(|n| n.to_string()).unwrap_or_default(),
    }
}

/// What belongs here, where there is nothing of the kind at all.
fn empty(asked: &Asked) -> Answer<Option<Empty>> {
    let (visit, record_type) = (&asked.visit, &asked.record_type);
    if !asked.filter.is_empty() || asked.visit.address.get("cursor").is_some() || asked.time != Time::Live {
        return Ok(None);
    }
    let all = Query { filter: None, sort: vec![(slot::NUMBER, false)], cursor: None, ..asked.query("") };
    if counts::capped(&visit.app.engine, &visit.principal, &all, 1)? != Count::Exactly(0) {
        return Ok(None);
    }
    let (noun, one) = (asked.noun(), record_type.label.to_lowercase());
    let create = visit
        .principal
        .may_create(record_type)
        .then(|| Link::new(format!("Create the first {one}"), format!("/{}/new", record_type.path)));
    let clause = record_type.clause.as_ref().filter(|_| visit.is_staff());
    let why = if clause.is_some() {
        " Keeping them here, with their history, is what lets conformity be shown later:"
    } else {
        ""
    };
    Ok(Some(Empty {
        heading: format!("No {noun} yet."),
        text: format!("This is where {noun} stand once there are any.{why}"),
        clause: clause.map(|clause| Link::new(format!("Clause {clause}"), format!("/conformity/{clause}"))),
        actions: create.into_iter().collect(),
    }))
}

/// Columns as choices.
pub fn choice(key: &str, label: &str, chosen: bool) -> Choice {
    Choice::new(key, label, chosen)
}
