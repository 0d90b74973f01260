//! A new record.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use engine::{Act, Channel, Command};
use model::{RecordType, Slot};

use super::posted::{Fields, Posted, done};
use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::{fields, forms, html, show};
use crate::api::problem::Problem;
use crate::api::records::run;
use crate::view::form::{Form, FormPage};

pub async fn show(visit: Visit, Path(path): Path<String>) -> Answer {
    let record_type = creatable(&visit, &path)?;
    html(StatusCode::OK, &page(&visit, &record_type, None)?)
}

fn creatable(visit: &Visit, path: &str) -> Answer<Arc<RecordType>> {
    let record_type = visit.collection(path)?;
    if visit.principal.may_create(&record_type) {
        return Ok(record_type);
    }
    let what = format!("creating {}", record_type.label_plural.to_lowercase());
    Err(Problem::from(engine::Refusal::Forbidden { what, fields: Vec::new() }).into())
}

fn page(visit: &Visit, record_type: &RecordType, posted: Option<&Fields>) -> Answer<FormPage> {
    let noun = record_type.label.to_lowercase();
    Ok(FormPage {
        shell: visit.shell_of(record_type, &format!("New {noun}")),
        heading: format!("New {noun}"),
        lead: "Only what is marked is needed now; the rest can follow.".to_owned(),
        form: form(visit, record_type, posted)?,
        ..FormPage::default()
    })
}

fn form(visit: &Visit, record_type: &RecordType, posted: Option<&Fields>) -> Answer<Form> {
    let stood = |key: &str| {
        // A field may be given with the address: a record begun from another one.
        let given = visit.address.get(key).map(str::to_owned);
        given.unwrap_or_else(|| {
            record_type.field(key).map(|field| fields::typed_default(visit, field)).unwrap_or_default()
        })
    };
    let typed = forms::typed_or(posted, &stood);
    let required = |slot: Slot| record_type.fields.get(slot).is_some_and(|field| field.required);
    let asking = forms::Asking { visit, record_type, required: &required, typed: &typed };
    let given = show::assignment(record_type);
    let is_given = |slot: &Slot| {
        let key = record_type.fields.get(*slot).map(|field| field.key.as_str());
        given.as_ref().is_some_and(|g| key == Some(g.person.as_str()) || key == g.team.as_deref())
    };
    let text = |slot: &Slot| {
        let kind = record_type.fields.get(*slot).map(|field| &field.kind);
        *slot == record_type.title_slot() || kind.is_some_and(model::Kind::is_long_text)
    };
    let slots = fields::at_creation(visit, record_type);
    let (first, rest): (Vec<Slot>, Vec<Slot>) = slots.into_iter().partition(text);
    let (work, rest): (Vec<Slot>, Vec<Slot>) = rest.into_iter().partition(is_given);
    let mut groups = vec![asking.group("", &first)?];
    let legend = if first.is_empty() { "" } else { "Particulars" };
    groups.push(asking.group(legend, &rest)?);
    groups.push(asking.group("Who works on it", &work)?);
    groups.retain(|group| !group.fields.is_empty());
    Ok(Form {
        id: "new".to_owned(),
        action: format!("/{}/new", record_type.path),
        csrf: visit.csrf.clone(),
        hidden: forms::boxes(&groups),
        groups,
        submit: format!("Create the {}", record_type.label.to_lowercase()),
        cancel: Some(format!("/{}", record_type.path)),
        draft: format!("{}:new", record_type.name),
        ..Form::default()
    })
}

pub async fn send(Path(path): Path<String>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let record_type = creatable(&visit, &path)?;
    let slots = fields::writable(&visit, &record_type);
    let input = fields::input(&visit, &record_type, &slots, &fields)?;
    // An empty field of a new record says nothing, so that its default holds.
    let input = input.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let act = Act::Create { record_type: record_type.name.clone(), input };
    match run(&visit.app, Command::new(visit.principal.clone(), Channel::Page, act)).await {
        Ok(made) => Ok(done(&format!("/{path}/{}", made.number), &format!("{} is recorded.", made.number))),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let page = page(&visit, &record_type, Some(&fields))?;
            let form = forms::with_errors(page.form, &Refused::from(problem));
            html(StatusCode::UNPROCESSABLE_ENTITY, &FormPage { form, ..page })
        }
        Err(problem) => Err(Refused::from(problem).with_typed(forms::labelled(&record_type, fields.typed()))),
    }
}
