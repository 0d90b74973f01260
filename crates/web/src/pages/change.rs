//! Changing fields. The form remembers what stood in each when it was opened, so that only what somebody changed is
//! sent, and a field that two people changed is shown to the second.

use axum::extract::Path;
use axum::http::StatusCode;
use engine::{Act, Channel, Command, Input, Time};
use model::{Field, Kind, Slot};
use serde_json::Value as Json;

use super::posted::{Fields, Posted, done};
use super::record::{self, Returned, Subject};
use super::refused::{Answer, Refused};
use super::{conflict, fields, forms, frame, html};
use crate::api::problem::Problem;
use crate::api::records::run;
use crate::view::form::Form;

/// Begins the name under which a form keeps what stood in a field when it was opened.
pub const WAS: &str = "was.";
/// Begins the name of a choice between two values of one field.
pub const KEEP: &str = "keep.";

/// The form over all fields that this reader may write.
pub fn form(subject: &Subject) -> Answer<Form> {
    let stood = fields::typed_record(&subject.visit, &subject.record, &subject.names);
    build(subject, &stood, frame::version(&subject.record), None)
}

fn build(subject: &Subject, stood: &[(String, String)], version: u64, posted: Option<&Fields>) -> Answer<Form> {
    let (visit, record_type) = (&subject.visit, &subject.record_type);
    let value =
        |key: &str| stood.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).unwrap_or_default();
    let typed = forms::typed_or(posted, &value);
    let required = |slot: Slot| record_type.fields.get(slot).is_some_and(|field| field.required);
    let asking = forms::Asking { visit, record_type, required: &required, typed: &typed };
    let groups = vec![asking.group("", &slots(subject))?];
    let mut hidden = vec![("version".to_owned(), version.to_string())];
    let shown: Vec<&str> = groups.iter().flat_map(|group| &group.fields).map(|field| field.key.as_str()).collect();
    hidden.extend(
        stood
            .iter()
            .filter(|(key, _)| shown.contains(&key.as_str()))
            .map(|(key, value)| (format!("{WAS}{key}"), value.clone())),
    );
    hidden.extend(forms::boxes(&groups));
    Ok(Form {
        id: "edit".to_owned(),
        action: subject.href(),
        csrf: visit.csrf.clone(),
        hidden,
        groups,
        submit: "Save the details".to_owned(),
        cancel: Some(subject.href()),
        draft: format!("{}:edit", subject.record.number()),
        narrow: true,
        ..Form::default()
    })
}

/// What the form asks: what a new record is asked, and everything else that has a value or is a yes or no.
fn slots(subject: &Subject) -> Vec<Slot> {
    let begun = fields::at_creation(&subject.visit, &subject.record_type);
    let mut slots = fields::writable(&subject.visit, &subject.record_type);
    slots.retain(|slot| {
        let kind = subject.record_type.fields.get(*slot).map(|field| &field.kind);
        let text =
            kind.is_some_and(|kind| kind.is_long_text() || *kind == Kind::Boolean || matches!(kind, Kind::Link { .. }));
        begun.contains(slot) || text || !subject.record.get(*slot).is_null()
    });
    slots
}

/// A field that the sender changed, and what he wants in it.
pub struct Changed<'a> {
    pub field: &'a Field,
    pub mine: String,
}

pub fn changed<'a>(subject: &'a Subject, posted: &Fields) -> Vec<Changed<'a>> {
    let record_type = &subject.record_type;
    let fields =
        fields::writable(&subject.visit, record_type).into_iter().filter_map(|slot| record_type.fields.get(slot));
    let mut all = Vec::new();
    for field in fields {
        if posted.get(&format!("{KEEP}{}", field.key)) == Some("theirs") {
            continue;
        }
        let boxed = matches!(field.kind, Kind::Boolean) && posted.all("shown").any(|key| key == field.key);
        let Some(mine) = posted.get(&field.key).map(str::to_owned).or_else(|| boxed.then(|| "false".to_owned())) else {
            continue;
        };
        let was = posted.get(&format!("{WAS}{}", field.key));
        let empty = boxed && was.is_none_or(str::is_empty) && mine == "false";
        // A field that was not among those remembered is a wish of its own.
        if !empty && was.is_none_or(|was| !fields::unchanged(field, was, &mine)) {
            all.push(Changed { field, mine });
        }
    }
    all
}

pub async fn send(Path((path, number)): Path<(String, String)>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let subject = Subject::load(visit, &path, &number, Time::Live)?;
    let version = fields.get("version").map(|text| text.trim().parse::<i64>());
    let version = match version.transpose() {
        Ok(version) => version,
        Err(_) => return Err(Problem::bad_request("version: expected the version that was looked at").into()),
    };
    let changed = changed(&subject, &fields);
    if changed.is_empty() {
        return Ok(done(&subject.href(), "Nothing was changed."));
    }
    let mut input = Input::new();
    for change in &changed {
        let json = fields::read(&subject.visit, change.field, &change.mine)?;
        input.insert(
            change.field.key.clone(),
            if matches!(change.field.kind, Kind::Rows { .. }) && json.is_null() {
                Json::Array(Vec::new())
            } else {
                json
            },
        );
    }
    let act = Act::Change { number: subject.record.number().to_owned(), input };
    let mut command = Command::new(subject.visit.principal.clone(), Channel::Page, act);
    command.if_match = version;
    let refused = match run(&subject.visit.app, command).await {
        Ok(_) => return Ok(done(&subject.href(), "The details are saved.")),
        Err(problem) => Refused::from(problem),
    };
    match refused.status() {
        StatusCode::PRECONDITION_FAILED => {
            let number = subject.record.number().to_owned();
            // Read again: the version that overtook this one may have come while the form was on its way.
            let subject = Subject::load(subject.visit, &path, &number, Time::Live)?;
            let page = conflict::page(&subject, &fields, version.unwrap_or(0));
            html(StatusCode::PRECONDITION_FAILED, &page)
        }
        StatusCode::UNPROCESSABLE_ENTITY => {
            let stood: Vec<(String, String)> = remembered(&fields);
            let form = build(&subject, &stood, u64::try_from(version.unwrap_or(0)).unwrap_or(0), Some(&fields))?;
            let edit = Some(forms::with_errors(form, &refused));
            html(StatusCode::UNPROCESSABLE_ENTITY, &record::page(&subject, Returned { edit, ..Returned::default() })?)
        }
        _ => Err(refused.with_typed(forms::labelled(&subject.record_type, fields.typed()))),
    }
}

/// What stood in the fields when the form was opened.
pub fn remembered(fields: &Fields) -> Vec<(String, String)> {
    let was = fields.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(WAS)?.to_owned(), value.clone())));
    was.collect()
}
