//! Judging: an assessment of a requirement, or the statement that nothing of the kind happened.

use axum::extract::Path;
use axum::http::StatusCode;
use conformity::{Judgement, Nil, RequirementView};
use engine::Channel;

use super::super::forms;
use super::super::html;
use super::super::posted::{Fields, Posted, done};
use super::super::refused::{Answer, Refused};
use super::super::visit::Visit;
use super::Looking;
use super::requirement::{Returned, page};
use crate::api::conformity::blocking;
use crate::api::problem::Problem;
use crate::view::form::{Choice, Control, Field, Form, Group};

/// The longest reason, in characters.
const REASON_MAX: u32 = 4_000;
/// Records that one assessment cites.
const EVIDENCE_MAX: usize = 100;

fn may_create(visit: &Visit, path: &str) -> bool {
    visit.collection(path).is_ok_and(|found| visit.principal.may_create(&found))
}

pub fn may_assess(visit: &Visit) -> bool {
    may_create(visit, "assessments")
}

/// Only where the catalogue allows it and the period is empty.
pub fn may_state_nil(looking: &Looking, view: &RequirementView) -> bool {
    let allowed = looking.conformity.catalogue().requirement(&view.requirement).is_some_and(|r| r.nil_return);
    let empty = view.checks.iter().all(|check| check.population == 0);
    allowed && empty && looking.is_live() && may_create(&looking.visit, "nil-returns")
}

pub fn assess_form(looking: &Looking, view: &RequirementView, posted: Option<&Fields>) -> Form {
    let visit = &looking.visit;
    let in_a_year = visit.wall.zone.local_day(visit.wall.now).checked_add(jiff::Span::new().years(1));
    let stood = |key: &str| {
        if key == "expires_on" {
            in_a_year.as_ref().map(ToString::to_string).unwrap_or_default()
        } else {
            String::new()
        }
    };
    let typed = forms::typed_or(posted, &stood);
    let grades =
        [("conforming", "It conforms"), ("partly", "It conforms in part"), ("not-conforming", "It does not conform")];
    let grades = grades.map(|(key, label)| Choice::new(key, label, false));
    let long = |key: &str| Control::LongText { value: typed(key), max: REASON_MAX, rows: 4, code: false };
    let fields = vec![
        Field {
            required: true,
            wide: true,
            help: "What was looked at, and what it showed".to_owned(),
            ..Field::new("reason", "Reason", long("reason"))
        },
        Field {
            wide: true,
            help: "Numbers of records, one a line".to_owned(),
            ..Field::new("evidence", "Evidence", Control::Lines { value: typed("evidence"), rows: 3 })
        },
        Field {
            required: true,
            ..Field::new("expires_on", "Holds until", Control::Date { value: typed("expires_on") })
        },
    ];
    let shown = posted.map_or(view.shown.as_str(), |posted| posted.text("shown"));
    let form =
        form(looking, "assess", "assessments", "Assess it", fields, vec![("shown".to_owned(), shown.to_owned())], view);
    Form { answers: Some(("grade".to_owned(), grades.into())), ..form }
}

pub fn nil_form(looking: &Looking, view: &RequirementView, posted: Option<&Fields>) -> Form {
    let stood = |key: &str| match key {
        "from" => view.from.clone(),
        "to" => view.to.clone(),
        _ => String::new(),
    };
    let typed = forms::typed_or(posted, &stood);
    let fields = vec![
        Field { required: true, ..Field::new("from", "From the beginning of", Control::Date { value: typed("from") }) },
        Field { required: true, ..Field::new("to", "Up to, not including", Control::Date { value: typed("to") }) },
        Field {
            required: true,
            wide: true,
            help: "How you know it".to_owned(),
            ..Field::new(
                "reason",
                "Reason",
                Control::LongText { value: typed("reason"), max: REASON_MAX, rows: 3, code: false },
            )
        },
    ];
    form(looking, "nil", "nil-returns", "State it", fields, Vec::new(), view)
}

fn form(
    looking: &Looking,
    id: &str,
    verb: &str,
    submit: &str,
    fields: Vec<Field>,
    hidden: Vec<(String, String)>,
    view: &RequirementView,
) -> Form {
    Form {
        id: id.to_owned(),
        // The period stays in the address: the judgement is about what it shows.
        action: looking.href(&format!("/requirements/{}/{verb}", view.requirement)),
        csrf: looking.visit.csrf.clone(),
        hidden,
        groups: vec![Group { fields, ..Group::default() }],
        submit: submit.to_owned(),
        draft: format!("{}:{id}", view.requirement),
        ..Form::default()
    }
}

pub async fn assess(Path(id): Path<String>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let looking = Looking::of(visit)?;
    let evidence = fields.text("evidence").split([',', '\n', ' ']).map(str::trim).filter(|number| !number.is_empty());
    let judgement = Judgement {
        requirement: id.clone(),
        grade: fields.text("grade").to_owned(),
        reason: fields.text("reason").trim().to_owned(),
        evidence: evidence.take(EVIDENCE_MAX).map(str::to_owned).collect(),
        expires_on: fields.text("expires_on").trim().to_owned(),
        shown: fields.text("shown").to_owned(),
    };
    let (app, principal, question) = (looking.visit.app.clone(), looking.visit.principal.clone(), looking.question);
    let made = blocking(move || app.conformity.judge(&principal, Channel::Page, &question, &judgement)).await;
    answer(&looking, &id, "Your judgement is kept.", made.map(drop), &fields, Kind::Assessment).await
}

pub async fn state_nil(Path(id): Path<String>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let looking = Looking::of(visit)?;
    let period = calendar::Period::parse(fields.text("from").trim(), fields.text("to").trim());
    let made = match period {
        Ok(period) => {
            let nil = Nil { requirement: id.clone(), period, reason: fields.text("reason").trim().to_owned() };
            let (app, principal) = (looking.visit.app.clone(), looking.visit.principal.clone());
            blocking(move || app.conformity.state_nil(&principal, Channel::Page, &nil)).await.map(drop)
        }
        Err(why) => Err(Problem::unprocessable("from", "bad_period", why.to_string())),
    };
    answer(&looking, &id, "Your statement is kept.", made, &fields, Kind::Nil).await
}

enum Kind {
    Assessment,
    Nil,
}

/// Back to the requirement: with what was done, or with what is wrong and all that was typed.
async fn answer(
    looking: &Looking,
    id: &str,
    said: &str,
    made: Result<(), Problem>,
    fields: &Fields,
    kind: Kind,
) -> Answer {
    let refused = match made {
        Ok(()) => return Ok(done(&format!("{}#judge", looking.href(&format!("/requirements/{id}"))), said)),
        Err(problem) => Refused::from(problem),
    };
    // 409: the result has changed since it was shown; the form comes back over the new one.
    let again = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT].contains(&refused.status());
    if !again {
        return Err(refused.with_typed(fields.typed()));
    }
    let (name, question) = (id.to_owned(), looking.question);
    let app = looking.visit.app.clone();
    let view = blocking(move || app.conformity.requirement(&name, &question)).await?;
    let newer = refused.status() == StatusCode::CONFLICT;
    let mut posted = fields.clone();
    if newer {
        posted.0.retain(|(key, _)| key != "shown");
        posted.0.push(("shown".to_owned(), view.shown.clone()));
    }
    let returned = match kind {
        Kind::Assessment => {
            let form = forms::with_errors(assess_form(looking, &view, Some(&posted)), &refused);
            Returned { assess: Some(form), ..Returned::default() }
        }
        Kind::Nil => {
            let form = forms::with_errors(nil_form(looking, &view, Some(&posted)), &refused);
            Returned { nil: Some(form), ..Returned::default() }
        }
    };
    html(refused.status(), &page(looking, id, returned).await?)
}
