//! Giving several records to somebody at once. Each goes the whole way of a command by itself; what was refused is said
//! row by row.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use engine::read::list::{self, Query};
use engine::{Act, Channel, Command, Input, Record, Time, slot};
use model::{Kind, RecordType};
use serde_json::Value as Json;

use super::address::local;
use super::posted::{Posted, done};
use super::refused::{Answer, Refused, sentence};
use super::show::{self, Assignment};
use super::visit::Visit;
use super::{find, html, terms};
use crate::api::problem::Problem;
use crate::api::records::run;
use crate::view::error::ErrorPage;
use crate::view::form::Choice;
use crate::view::list::Bulk;
use crate::view::parts::Link;
use crate::view::words;

/// Records of one act.
const PICKS_MAX: usize = 200;

/// Who can be given records of this type; `None` where this reader may give none.
pub fn bulk(visit: &Visit, record_type: &Arc<RecordType>) -> Answer<Option<Bulk>> {
    let Some(given) = show::assignment(record_type) else { return Ok(None) };
    if visit.principal.may_move(record_type, &given.transition).is_none() {
        return Ok(None);
    }
    let mut people = choices(visit, record_type, &given.person)?;
    let me = people.iter().position(|choice| choice.value == visit.principal.number);
    let me =
        me.map_or_else(|| Choice::new(visit.principal.number.clone(), String::new(), false), |at| people.remove(at));
    people.insert(0, Choice { label: format!("Me ({})", visit.principal.name), ..me });
    let teams = match &given.team {
        Some(team) => choices(visit, record_type, team)?,
        None => Vec::new(),
    };
    let action = format!("/{}/assign", record_type.path);
    Ok(Some(Bulk { action, csrf: visit.csrf.clone(), return_to: visit.address.to_string(), people, teams }))
}

/// Records that a link field may point at: our own, and those in use.
fn choices(visit: &Visit, record_type: &RecordType, key: &str) -> Answer<Vec<Choice>> {
    let engine = &visit.app.engine;
    let Some(Kind::Link { to }) = record_type.field(key).map(|field| &field.kind) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for other in to.iter().filter_map(|name| engine.model().shared(name)) {
        if !visit.principal.may_read(other) {
            continue;
        }
        let active = other.slot("active").map_or("", |_| "active != false");
        let own = other.scope.and_then(|slot| other.fields.get(slot)).map(|field| format!("{} == null", field.key));
        let filter = terms::both(active, &own.unwrap_or_default());
        let query = Query {
            record_type: other.clone(),
            filter: (!filter.is_empty()).then_some(filter),
            sort: vec![(slot::NUMBER, false)],
            limit: list::LIMIT_MAX,
            cursor: None,
            time: Time::Live,
        };
        let page = list::page(engine, &visit.principal, &query, &visit.app.cursors)?;
        found.extend(page.items.iter().map(|record| Choice::new(record.number(), record.title(), false)));
    }
    found.sort_by_key(|choice| choice.label.to_lowercase());
    Ok(found)
}

pub async fn send(Path(path): Path<String>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let record_type = visit.collection(&path)?;
    let given = show::assignment(&record_type).ok_or_else(Refused::not_found)?;
    let back = local(fields.text("return")).map_or_else(|| format!("/{path}"), str::to_owned);
    let input = to_whom(&visit, &given, fields.text("assigned_to"), fields.text("team"))?;
    let picks: Vec<(String, Option<i64>)> = fields.all("pick").take(PICKS_MAX).map(pick).collect();
    if picks.is_empty() {
        return Err(Problem::unprocessable("pick", "required", "select at least one row first").into());
    }
    if input.is_empty() {
        return Err(Problem::unprocessable("assigned_to", "required", "say to whom: a person, a team or both").into());
    }
    let (mut well, mut refused) = (0_u64, Vec::new());
    for (number, version) in picks {
        match one(&visit, &record_type, &given, &number, version, &input).await {
            Ok(()) => well += 1,
            Err(why) => refused.push(format!("{number}: {}", sentence(why.detail()))),
        }
    }
    let (one, many) = (record_type.label.to_lowercase(), record_type.label_plural.to_lowercase());
    let said = format!("{} assigned.", words::count(well, &one, &many));
    if refused.is_empty() {
        return Ok(done(&back, &said));
    }
    let heading = format!("{said} {} not.", words::number(u64::try_from(refused.len()).unwrap_or(0)));
    let page = ErrorPage {
        shell: visit.shell_of(&record_type, "Assigning"),
        code: StatusCode::CONFLICT.as_u16(),
        heading,
        text: "These stay as they were:".to_owned(),
        points: refused,
        actions: vec![Link::new("Back to the list", back)],
        ..ErrorPage::default()
    };
    html(StatusCode::CONFLICT, &page)
}

/// `INC-000042:7`: the number, and the version that was looked at.
fn pick(text: &str) -> (String, Option<i64>) {
    match text.split_once(':') {
        Some((number, version)) => (number.to_owned(), version.parse().ok()),
        None => (text.to_owned(), None),
    }
}

fn to_whom(visit: &Visit, given: &Assignment, person: &str, team: &str) -> Answer<Input> {
    let mut input = Input::new();
    if !person.trim().is_empty() {
        input.insert(given.person.clone(), Json::from(find::number_of(visit, &["person".to_owned()], person.trim())?));
    }
    if let (Some(key), false) = (&given.team, team.trim().is_empty()) {
        input.insert(key.clone(), Json::from(team.trim()));
    }
    Ok(input)
}

/// The move that gives it away where the state has it, else a change of who has it.
async fn one(
    visit: &Visit,
    record_type: &Arc<RecordType>,
    given: &Assignment,
    number: &str,
    version: Option<i64>,
    input: &Input,
) -> Answer<()> {
    let record: Record = visit.record(record_type, number, Time::Live)?;
    let transition = record_type.lifecycle.as_ref().and_then(|l| l.transition(&given.transition));
    let moves = transition.is_some_and(|t| t.from.iter().any(|from| Some(from.as_str()) == record.state()));
    let (number, input) = (record.number().to_owned(), input.clone());
    let act = if moves {
        Act::Move { number, transition: given.transition.clone(), input }
    } else {
        Act::Change { number, input }
    };
    let mut command = Command::new(visit.principal.clone(), Channel::Page, act);
    command.if_match = version;
    run(&visit.app, command).await?;
    Ok(())
}
