//! Linking a record with another one.

use axum::extract::Path;
use axum::http::StatusCode;
use engine::{Act, Channel, Command, Time};
use model::{Relation, RelationSource};

use super::posted::{Posted, done};
use super::record::{self, Returned, Subject};
use super::refused::{Answer, Refused};
use super::{find, forms, html};
use crate::api::records::run;
use crate::view::form::{Choice, Control, Field, Form, Group};

/// Relations that people make by hand.
fn relations(subject: &Subject) -> Vec<&Relation> {
    let relations = subject.record_type.relations.iter();
    relations.filter(|relation| matches!(relation.source, RelationSource::Links { .. })).collect()
}

/// `None` where there is nothing to link with, or this reader may not.
pub fn form(subject: &Subject) -> Option<Form> {
    build(subject, "", "")
}

fn build(subject: &Subject, kind: &str, to: &str) -> Option<Form> {
    let relations = relations(subject);
    if relations.is_empty() || !subject.may_change() {
        return None;
    }
    let options = relations
        .iter()
        .map(|relation| Choice::new(relation.name.clone(), relation.label.clone(), relation.name == kind));
    let mut types: Vec<&str> = Vec::new();
    for relation in &relations {
        if let RelationSource::Links { to, .. } = &relation.source {
            types.extend(to.iter().map(String::as_str).filter(|name| !types.contains(name)).collect::<Vec<_>>());
        }
    }
    let suggest = format!("/suggest/{}", types.join(","));
    let fields = vec![
        Field {
            wide: true,
            ..Field::new(
                "kind",
                "How it is linked",
                Control::Select { options: options.collect(), none: String::new() },
            )
        },
        Field {
            wide: true,
            required: true,
            ..Field::new("to", "With", Control::Record { value: to.to_owned(), suggest, options: Vec::new() })
        },
    ];
    Some(Form {
        id: "link".to_owned(),
        action: format!("{}/links", subject.href()),
        csrf: subject.visit.csrf.clone(),
        groups: vec![Group { fields, ..Group::default() }],
        submit: "Link them".to_owned(),
        narrow: true,
        ..Form::default()
    })
}

pub async fn send(Path((path, number)): Path<(String, String)>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let subject = Subject::load(visit, &path, &number, Time::Live)?;
    let (kind, typed) = (fields.text("kind").to_owned(), fields.text("to").trim().to_owned());
    let to = find::number_of(&subject.visit, &["any".to_owned()], &typed)?;
    let add = fields.get("remove") != Some("true");
    let act = Act::Link { number: subject.record.number().to_owned(), relation: kind.clone(), to, add };
    let refused = match run(&subject.visit.app, Command::new(subject.visit.principal.clone(), Channel::Page, act)).await
    {
        Ok(_) => return Ok(done(&subject.href(), if add { "They are linked." } else { "The link is ended." })),
        Err(problem) => Refused::from(problem),
    };
    match build(&subject, &kind, &typed) {
        Some(form) if refused.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let link = Some(forms::with_errors(form, &refused));
            html(StatusCode::UNPROCESSABLE_ENTITY, &record::page(&subject, Returned { link, ..Returned::default() })?)
        }
        _ => Err(refused.with_typed(fields.typed())),
    }
}
