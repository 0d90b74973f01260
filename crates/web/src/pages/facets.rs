//! Facets: values of a few fields, each a link that puts its term into the filter or takes it out. The page names them
//! at once; how many there are of each comes after it.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::http::StatusCode;
use engine::read::counts;
use engine::read::list::Query;
use engine::read::names::{self, Names};
use model::{Field, Kind, Slot, Value};

use super::html;
use super::list::Asked;
use super::refused::Answer;
use super::show::{Showing, status_of};
use super::terms::{self, Chosen, quoted};
use super::visit::Visit;
use crate::view::list::{Facet, FacetValue, Facets, MenuItem};
use crate::view::parts::Shown;
use crate::view::words;

/// Values of a facet shown at first, and when somebody asks for more.
const VALUES: usize = 8;
const VALUES_MAX: usize = 60;
/// A range of whole numbers that is listed without being counted first.
const RANGE_MAX: i64 = 10;

/// `GET /incidents/facets?…`: the same facets, counted.
pub async fn fragment(visit: Visit, Path(path): Path<String>) -> Answer {
    let asked = Asked::of(visit, &path)?;
    let mut facets = Vec::new();
    for slot in slots(&asked) {
        if let Some(field) = asked.record_type.fields.get(slot) {
            facets.push(counted(&asked, slot, field)?);
        }
    }
    html(StatusCode::OK, &Facets { facets })
}

fn slots(asked: &Asked) -> Vec<Slot> {
    let hidden = asked.visit.principal.hidden(&asked.record_type);
    let facets = asked.view().map(|view| view.facets.clone()).unwrap_or_default();
    facets.into_iter().filter(|slot| !hidden.contains(slot)).collect()
}

/// What can be said before anything is counted: values that the model names, and those that are chosen.
pub fn known(asked: &Asked) -> Vec<Facet> {
    let fields = slots(asked).into_iter().filter_map(|slot| asked.record_type.fields.get(slot)).enumerate();
    fields
        .map(|(index, field)| {
            let chosen = terms::chosen(&asked.filter, &field.key);
            let mut constants: Vec<String> = declared(asked, field);
            constants.extend(chosen.iter().filter(|value| !constants.contains(value)).cloned().collect::<Vec<_>>());
            let values = constants
                .iter()
                .map(|constant| value(asked, field, constant, label(asked, field, constant), &chosen, ""));
            Facet {
                key: field.key.clone(),
                label: field.label.clone(),
                open: index < 2 || !chosen.is_empty(),
                values: values.collect(),
                more: None,
            }
        })
        .collect()
}

/// The values that the model names, as constants of a condition.
fn declared(asked: &Asked, field: &Field) -> Vec<String> {
    if field.key == "state"
        && let Some(lifecycle) = &asked.record_type.lifecycle
    {
        return lifecycle.states.iter().map(|state| quoted(&state.key)).collect();
    }
    match &field.kind {
        Kind::Choice(choices) => choices.iter().map(|choice| quoted(&choice.key)).collect(),
        Kind::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Kind::Integer { min, max } if max - min <= RANGE_MAX => (*min..=*max).map(|n| n.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn label(asked: &Asked, field: &Field, constant: &str) -> Shown {
    let plain = constant.trim_matches('\'');
    let names = Names::new();
    let showing = Showing { visit: &asked.visit, names: &names };
    match (&field.kind, constant) {
        (_, "null") => Shown::Muted("None".to_owned()),
        _ if field.key == "state" => {
            let status = asked.record_type.lifecycle.as_ref().map(|lifecycle| status_of(lifecycle, plain));
            status.map_or(Shown::Empty, |status| Shown::Text(status.label))
        }
        (Kind::Boolean, _) => Shown::Text(if plain == "true" { "Yes" } else { "No" }.to_owned()),
        (Kind::Integer { .. }, _) => plain.parse().map_or(Shown::Empty, |n| showing.shown(&Value::Int(n), field)),
        (Kind::Choice(_), _) => showing.shown(&Value::text(plain), field),
        _ => Shown::Text(plain.to_owned()),
    }
}

fn value(asked: &Asked, field: &Field, constant: &str, label: Shown, chosen: &Chosen, count: &str) -> FacetValue {
    let filter = terms::toggled(&asked.filter, &field.key, constant);
    let filter = (!filter.is_empty()).then_some(filter);
    FacetValue {
        key: constant.trim_matches('\'').to_owned(),
        label,
        href: asked
            .visit
            .address
            .without(&["more"])
            .with("filter", filter.as_deref())
            .at(format!("/{}", asked.record_type.path))
            .to_string(),
        chosen: chosen.contains(constant),
        count: count.to_owned(),
    }
}

fn counted(asked: &Asked, slot: Slot, field: &Field) -> Answer<Facet> {
    let chosen = terms::chosen(&asked.filter, &field.key);
    let most = if asked.visit.address.get("more") == Some(field.key.as_str()) { VALUES_MAX } else { VALUES };
    let query = Query { cursor: None, ..asked.query(&terms::without(&asked.filter, &field.key)) };
    let (app, principal) = (&asked.visit.app, &asked.visit.principal);
    let declared = declared(asked, field);
    let limit = if declared.is_empty() { most + 1 } else { VALUES_MAX };
    let mut found = counts::facet(&app.engine, principal, &query, slot, limit)?;
    if asked.record_type.state_slot() == Some(slot) {
        found = with_sub_states(asked, found);
    }
    let ids: BTreeSet<i64> =
        found.iter().filter_map(|(value, _)| if let Value::Link(id) = value { Some(*id) } else { None }).collect();
    let names = names::of_ids(&mut *app.engine.reader()?, app.engine.model(), principal, &ids)?;
    let mut counted: Vec<(String, Shown, String)> = Vec::new();
    for (found, count) in &found {
        let count = words::number(u64::try_from(*count).unwrap_or(0));
        let (constant, shown) = match found {
            Value::Link(id) => match names.get(id) {
                Some(named) => (quoted(&named.number), Shown::Text(named.name.clone())),
                None => continue,
            },
            other => {
                let constant = constant(other);
                let shown = label(asked, field, &constant);
                (constant, shown)
            }
        };
        counted.push((constant, shown, count));
    }
    if !declared.is_empty() {
        // In the model's order, those with none as well: a reader looks for a value where it always stands.
        counted.sort_by_key(|(constant, ..)| declared.iter().position(|d| d == constant).unwrap_or(usize::MAX));
        let missing: Vec<&String> =
            declared.iter().filter(|d| !counted.iter().any(|(constant, ..)| constant == *d)).collect();
        let missing: Vec<_> =
            missing.into_iter().map(|d| (d.clone(), label(asked, field, d), "0".to_owned())).collect();
        counted.extend(missing.into_iter().filter(|(d, ..)| chosen.contains(d) || found.is_empty()));
    }
    let more = declared.is_empty() && counted.len() > most;
    counted.truncate(if declared.is_empty() { most } else { VALUES_MAX });
    for constant in &chosen {
        if !counted.iter().any(|(c, ..)| c == constant) {
            counted.push((constant.clone(), label(asked, field, constant), String::new()));
        }
    }
    let values = counted.into_iter().map(|(constant, shown, count)| {
        let count = if count == "0" && found.is_empty() { String::new() } else { count };
        value(asked, field, &constant, shown, &chosen, &count)
    });
    Ok(Facet {
        key: field.key.clone(),
        label: field.label.clone(),
        open: true,
        values: values.collect(),
        more: more.then(|| MenuItem {
            label: "More".to_owned(),
            href: asked
                .visit
                .address
                .with("more", Some(&field.key))
                .at(format!("/{}", asked.record_type.path))
                .to_string(),
            current: false,
        }),
    })
}

/// A core state is counted with the states under it, since the filter that names it finds them as well.
fn with_sub_states(asked: &Asked, found: Vec<(Value, i64)>) -> Vec<(Value, i64)> {
    let Some(lifecycle) = &asked.record_type.lifecycle else { return found };
    let count = |key: &str| found.iter().find(|(value, _)| value.as_text() == Some(key)).map_or(0, |(_, n)| *n);
    let mut all = found.clone();
    for core in lifecycle.states.iter().filter(|state| state.maps_to.is_none()) {
        let under: i64 = lifecycle.under(&core.key).map(|sub| count(&sub.key)).sum();
        match all.iter_mut().find(|(value, _)| value.as_text() == Some(&core.key)) {
            Some((_, n)) => *n += under,
            None if under > 0 => all.push((Value::text(&core.key), under)),
            None => {}
        }
    }
    all
}

fn constant(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Text(text) => quoted(text),
        other => other.as_int().unwrap_or(0).to_string(),
    }
}
