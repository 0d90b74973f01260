//! Saying something on a record: who will read it is known before it is written.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use engine::{Act, Channel, Command, Time};

use super::html;
use super::posted::Posted;
use super::record::{self, Returned, Subject};
use super::refused::{Answer, sentence};
use crate::api::records::run;
use crate::view::timeline::Composer;

/// Open for colleagues, or with `?say=public` for the customer. `None` where this reader may write nothing, or the page shows the past.
pub fn composer(subject: &Subject) -> Option<Composer> {
    let (principal, record_type) = (&subject.visit.principal, &subject.record_type);
    let may = |public| subject.is_live() && principal.may_comment(record_type, public).is_some();
    let (internal, public) = (may(false), may(true));
    if !internal && !public {
        return None;
    }
    Some(Composer {
        action: format!("{}/comments", subject.href()),
        csrf: subject.visit.csrf.clone(),
        number: subject.record.number().to_owned(),
        internal_reader: internal.then(|| "Only people who work here read it".to_owned()),
        public_reader: public.then(|| readers(subject)),
        opens_public: subject.visit.address.get("say") == Some("public"),
        ..Composer::default()
    })
}

/// Who reads what is public: the customer whose record it is.
fn readers(subject: &Subject) -> String {
    let scope = subject.record.scope().and_then(|id| subject.names.get(&id));
    match scope {
        Some(named) if subject.visit.is_staff() => named.name.clone(),
        _ if subject.visit.is_staff() => "everybody who may see this".to_owned(),
        _ => "the service desk".to_owned(),
    }
}

pub async fn send(Path((path, number)): Path<(String, String)>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let record_type = visit.collection(&path)?;
    let found = visit.record(&record_type, &number, Time::Live)?;
    let (text, public) = (fields.text("text").to_owned(), fields.get("public") == Some("true"));
    let act = Act::Comment { number: found.number().to_owned(), text: text.clone(), public };
    match run(&visit.app, Command::new(visit.principal.clone(), Channel::Page, act)).await {
        Ok(done) => Ok(Redirect::to(&format!("/{path}/{}#entry-{}", done.number, done.version)).into_response()),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let why = super::refused::Refused::from(problem);
            let subject = Subject::load(visit, &path, found.number(), Time::Live)?;
            let composer = composer(&subject).map(|composer| Composer {
                text,
                opens_public: public,
                error: Some(sentence(why.detail())),
                ..composer
            });
            html(
                StatusCode::UNPROCESSABLE_ENTITY,
                &record::page(&subject, Returned { composer, ..Returned::default() })?,
            )
        }
        Err(problem) => Err(super::refused::Refused::from(problem).with_typed(fields.typed())),
    }
}
