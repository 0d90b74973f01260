//! `GET` and `POST /incidents/INC-000042/VERB`: a move of the life-cycle by its name, or a line of a rows field.

use axum::extract::Path;
use axum::http::StatusCode;
use engine::{Act, Channel, Command, Input, Time};
use model::{Category, Field, Kind, Slot, Transition};
use serde_json::Value as Json;

use super::posted::{Fields, Posted, done};
use super::record::Subject;
use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::{fields, forms, history, html, proof, show};
use crate::api::problem::Problem;
use crate::api::records::run;
use crate::view::form::{Control, Form, FormPage, Group};
use crate::view::parts::{Callout, Mark, Sentence};

/// The longest reason of a move, in characters.
const REASON_MAX: u32 = 4_000;

pub async fn show(visit: Visit, Path((path, number, verb)): Path<(String, String, String)>) -> Answer {
    let time = visit.time()?;
    match verb.as_str() {
        "history" => return history::show(Subject::load(visit, &path, &number, time)?),
        "proof" => return proof::show(Subject::load(visit, &path, &number, time)?),
        "proof.json" => return proof::file(&Subject::load(visit, &path, &number, time)?),
        _ => {}
    }
    let subject = Subject::load(visit, &path, &number, Time::Live)?;
    html(StatusCode::OK, &page(&subject, &verb, None)?)
}

fn page(subject: &Subject, verb: &str, posted: Option<&Fields>) -> Answer<FormPage> {
    let transition = subject.record_type.lifecycle.as_ref().and_then(|lifecycle| lifecycle.transition(verb));
    if let Some(transition) = transition {
        return move_page(subject, transition, posted);
    }
    match subject.record_type.field(verb) {
        Some(field) if matches!(field.kind, Kind::Rows { .. }) => line_page(subject, field, posted),
        _ => Err(Refused::not_found()),
    }
}

fn frame(subject: &Subject, heading: String) -> FormPage {
    let shell = subject.shell(&heading);
    FormPage {
        shell,
        eyebrow: format!("{} · {}", subject.record.number(), subject.title()),
        heading,
        ..FormPage::default()
    }
}

fn move_page(subject: &Subject, transition: &Transition, posted: Option<&Fields>) -> Answer<FormPage> {
    let (visit, record_type) = (&subject.visit, &subject.record_type);
    if transition.at.is_some() {
        return Err(Refused::not_found());
    }
    if visit.principal.may_move(record_type, &transition.name).is_none() {
        let what = format!("the move “{}”", transition.label);
        return Err(Problem::from(engine::Refusal::Forbidden { what, fields: Vec::new() }).into());
    }
    let state = subject.record.state().unwrap_or_default();
    if posted.is_none() && !transition.from.iter().any(|from| from == state) {
        let allowed = crate::api::json::allowed(&subject.record, &visit.principal);
        let refusal =
            engine::Refusal::WrongState { state: state.to_owned(), transition: transition.name.clone(), allowed };
        return Err(refusal.into());
    }
    let group = asked(subject, transition, posted)?;
    let ends = ends(subject, transition);
    let either = transition.needs.iter().any(|group| group.len() > 1);
    let nothing = group.fields.is_empty();
    let groups: Vec<Group> = Some(group).filter(|group| !group.fields.is_empty()).into_iter().collect();
    let form = Form {
        id: "move".to_owned(),
        action: format!("{}/{}", subject.href(), transition.name),
        csrf: visit.csrf.clone(),
        hidden: forms::boxes(&groups),
        groups,
        submit: transition.label.clone(),
        danger: ends,
        cancel: Some(subject.href()),
        draft: format!("{}:{}", subject.record.number(), transition.name),
        ..Form::default()
    };
    let target = record_type
        .lifecycle
        .as_ref()
        .map(|lifecycle| show::status_of(lifecycle, &transition.to).label)
        .unwrap_or_default();
    let lead = match () {
        () if nothing => format!("It goes to “{target}”. Nothing else is asked."),
        () if either => format!("It goes to “{target}”. One of these is enough."),
        () => format!("It goes to “{target}”."),
    };
    let callout = ends.then(|| Callout {
        mark: Mark::Warn,
        heading: "From there is no way back".to_owned(),
        text: Sentence::from("The record stays, with everything that was written; only work on it ends."),
        actions: Vec::new(),
    });
    let heading = format!("{}: {}", transition.label, subject.record.number());
    Ok(FormPage { lead, callout, form, ..frame(subject, heading) })
}

/// What a move asks for: what it needs, what it offers, and why.
fn asked(subject: &Subject, transition: &Transition, posted: Option<&Fields>) -> Answer<Group> {
    let (visit, record_type) = (&subject.visit, &subject.record_type);
    let needed: Vec<Slot> = transition.needs.iter().flatten().copied().collect();
    let single: Vec<Slot> = transition.needs.iter().filter(|group| group.len() == 1).flatten().copied().collect();
    let mut slots = needed.clone();
    slots.extend(transition.offers.iter().filter(|slot| !needed.contains(slot)));
    let stood = fields::typed_record(visit, &subject.record, &subject.names);
    let value =
        |key: &str| stood.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).unwrap_or_default();
    let typed = forms::typed_or(posted, &value);
    let required = |slot: Slot| single.contains(&slot);
    let asking = forms::Asking { visit, record_type, required: &required, typed: &typed };
    let mut group = asking.group("", &slots)?;
    for field in &mut group.fields {
        // A dialog is narrow, and what a move asks for is what it is about.
        field.wide = true;
    }
    if transition.reason {
        let control = Control::LongText { value: typed("reason"), max: REASON_MAX, rows: 3, code: false };
        let reason = crate::view::form::Field {
            required: true,
            wide: true,
            ..crate::view::form::Field::new("reason", "Reason", control)
        };
        group.fields.push(reason);
    }
    Ok(group)
}

/// Whether the move ends the record off its path.
fn ends(subject: &Subject, transition: &Transition) -> bool {
    let lifecycle = subject.record_type.lifecycle.as_ref();
    lifecycle.is_some_and(|l| {
        l.state(&transition.to).is_some_and(|state| state.category == Category::Final)
            && !show::ends_well(l, &transition.to)
    })
}

fn line_page(subject: &Subject, field: &Field, posted: Option<&Fields>) -> Answer<FormPage> {
    let Kind::Rows { columns, .. } = &field.kind else { return Err(Refused::not_found()) };
    let visit = &subject.visit;
    if !subject.may_change() || field.derived {
        let what = format!("adding to {}", field.label.to_lowercase());
        return Err(Problem::from(engine::Refusal::Forbidden { what, fields: Vec::new() }).into());
    }
    let mut asked = Vec::new();
    for column in columns {
        let typed = posted.and_then(|posted| posted.get(&column.key)).unwrap_or_default();
        asked.extend(fields::asked(visit, column, typed, column.required)?);
    }
    for field in &mut asked {
        field.wide = true;
    }
    let form = Form {
        id: "line".to_owned(),
        action: format!("{}/{}", subject.href(), field.key),
        csrf: visit.csrf.clone(),
        groups: vec![Group { fields: asked, ..Group::default() }],
        submit: "Add it".to_owned(),
        cancel: Some(subject.href()),
        draft: format!("{}:{}", subject.record.number(), field.key),
        ..Form::default()
    };
    let lead = field.help.clone().unwrap_or_else(|| "Who adds it and when is kept with it.".to_owned());
    Ok(FormPage { lead, form, ..frame(subject, format!("{}: add a line", field.label)) })
}

pub async fn send(Path((path, number, verb)): Path<(String, String, String)>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let subject = Subject::load(visit, &path, &number, Time::Live)?;
    let (act, said) = act(&subject, &verb, &fields)?;
    let refused = match run(&subject.visit.app, Command::new(subject.visit.principal.clone(), Channel::Page, act)).await
    {
        Ok(_) => return Ok(done(&subject.href(), &said)),
        Err(problem) => Refused::from(problem),
    };
    if refused.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Err(refused.with_typed(forms::labelled(&subject.record_type, fields.typed())));
    }
    let page = page(&subject, &verb, Some(&fields))?;
    let is_line = subject.record_type.field(&verb).is_some();
    let form = if is_line { line_errors(page.form, &verb, &refused) } else { forms::with_errors(page.form, &refused) };
    html(StatusCode::UNPROCESSABLE_ENTITY, &FormPage { form, ..page })
}

/// `escalations.kind` stands beside `kind`.
fn line_errors(mut form: Form, field: &str, refused: &Refused) -> Form {
    for (key, message) in refused.errors() {
        let column = key.strip_prefix(field).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&key).to_owned();
        let said = super::refused::sentence(&message);
        match form.groups.iter_mut().flat_map(|group| &mut group.fields).find(|field| field.key == column) {
            Some(field) => field.error = Some(said),
            None => form.errors.push(said),
        }
    }
    if !form.failed() {
        form.errors.push(super::refused::sentence(refused.detail()));
    }
    form
}

fn act(subject: &Subject, verb: &str, posted: &Fields) -> Answer<(Act, String)> {
    let number = subject.record.number().to_owned();
    let transition = subject.record_type.lifecycle.as_ref().and_then(|lifecycle| lifecycle.transition(verb));
    if let Some(transition) = transition {
        let slots = fields::writable(&subject.visit, &subject.record_type);
        let mut input = fields::input(&subject.visit, &subject.record_type, &slots, posted)?;
        if transition.reason {
            input.insert("reason".to_owned(), Json::from(posted.text("reason")));
        }
        let lifecycle = subject.record_type.lifecycle.as_ref();
        let target = lifecycle.map(|lifecycle| show::status_of(lifecycle, &transition.to).label).unwrap_or_default();
        let said = format!("{number} is now “{target}”.");
        return Ok((Act::Move { number, transition: transition.name.clone(), input }, said));
    }
    let field = subject.record_type.field(verb).ok_or_else(Refused::not_found)?;
    let Kind::Rows { columns, .. } = &field.kind else { return Err(Refused::not_found()) };
    let mut input = Input::new();
    for column in columns {
        if let Some(text) = posted.get(&column.key) {
            input.insert(column.key.clone(), fields::read(&subject.visit, column, text)?);
        }
    }
    Ok((Act::AddLine { number, field: field.key.clone(), input }, format!("Added to {}.", field.label.to_lowercase())))
}
