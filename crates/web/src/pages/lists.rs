//! Values of the organisation's lists (categories, locations, …) as a form offers them.

use engine::read::list;
use engine::{Record, Time, slot};

use super::refused::Answer;
use super::visit::Visit;
use crate::view::form::{Choice, Control};

/// The record type that holds them: the one that the model's own kind `list_value` speaks of.
pub const LIST_VALUE: &str = "list_value";

/// A choice among the list's values; a long list is found by name instead. `None` where the list has no value.
pub fn control(visit: &Visit, list: &str, typed: &str, required: bool) -> Answer<Option<Control>> {
    let values = values(visit, list)?;
    if values.is_empty() && typed.is_empty() {
        return Ok(None);
    }
    if values.len() >= list::LIMIT_MAX {
        let suggest = format!("/suggest/{LIST_VALUE}?list={list}");
        return Ok(Some(Control::Record { value: typed.to_owned(), suggest, options: Vec::new() }));
    }
    let mut values = values;
    values.sort_by_key(|value| (value.by_key("position").as_int().unwrap_or(i64::MAX), value.title().to_lowercase()));
    let now = visit.wall.now;
    let in_use = |value: &&Record| {
        let (from, to) = (value.by_key("in_use_from").as_int(), value.by_key("in_use_to").as_int());
        (from.is_none_or(|from| from <= now) && to.is_none_or(|to| to > now)) || value.number() == typed
    };
    let options =
        values.iter().filter(in_use).map(|v| Choice::new(v.number(), v.title(), v.number() == typed)).collect();
    Ok(Some(Control::Select { options, none: if required { String::new() } else { "Not said".to_owned() } }))
}

fn values(visit: &Visit, list: &str) -> Answer<Vec<Record>> {
    let Some(record_type) = visit.app.engine.model().shared(LIST_VALUE) else { return Ok(Vec::new()) };
    if !visit.principal.may_read(record_type) {
        return Ok(Vec::new());
    }
    let query = list::Query {
        record_type: record_type.clone(),
        filter: Some(format!("list == '{list}'")),
        sort: vec![(slot::NUMBER, false)],
        limit: list::LIMIT_MAX,
        cursor: None,
        time: Time::Live,
    };
    Ok(list::page(&visit.app.engine, &visit.principal, &query, &visit.app.cursors)?.items)
}
