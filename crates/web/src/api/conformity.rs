//! Conformity: requirements, checks and their exceptions, judgements and nil returns.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use conformity::{Conformity, Judgement, Nil, Question};
use engine::{Channel, Principal, Time};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::problem::{Answer, Problem};
use super::time::{self, TimeQuery};
use crate::app::App;

/// Exceptions on a page when the caller does not say.
const LIMIT_DEFAULT: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    pub clause: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub at: Option<String>,
    pub known: Option<String>,
    /// `then`: by the rules that were in force at `at`.
    pub rules: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

/// Conformity pages are for those who see records of all scopes.
pub(crate) fn allowed(app: &App, principal: &Principal) -> Result<(), Problem> {
    let assessments = app.engine.model().get("assessment").ok_or_else(Problem::not_found)?;
    if principal.may_read(assessments) { Ok(()) } else { Err(Problem::not_found()) }
}

pub(crate) fn question(app: &App, asked: &Asked) -> Result<Question, Problem> {
    let time = time::parse(&app.engine, &TimeQuery { at: asked.at.clone(), known: asked.known.clone() })?;
    let period = match (&asked.from, &asked.to) {
        (None, None) => None,
        (Some(from), Some(to)) => Some(period(from, to)?),
        _ => return Err(Problem::unprocessable("from", "half_a_period", "from and to belong together")),
    };
    Ok(Question { period, time })
}

/// Conformity by the rules that the question asks for.
pub(crate) fn judge(app: &App, asked: &Asked, question: &Question) -> Result<Arc<Conformity>, Problem> {
    match (asked.rules.as_deref(), question.time) {
        (None | Some("now"), _) => Ok(app.conformity.clone()),
        (Some("then"), Time::At { valid, .. }) => Ok(app.conformity.by_rules_of(valid)?),
        (Some("then"), Time::Live) => Err(Problem::unprocessable("rules", "without_at", "the rules of then need `at`")),
        (Some(_), _) => Err(Problem::unprocessable("rules", "bad_rules", "expected then or now")),
    }
}

fn period(from: &str, to: &str) -> Result<calendar::Period, Problem> {
    calendar::Period::parse(from, to).map_err(|e| Problem::unprocessable("from", "bad_period", e.to_string()))
}

pub async fn requirements(State(app): State<App>, Caller(principal): Caller, Query(asked): Query<Asked>) -> Answer {
    allowed(&app, &principal)?;
    let question = question(&app, &asked)?;
    let rows = judge(&app, &asked, &question)?.requirements(asked.clause.as_deref(), &question)?;
    Ok(axum::Json(json!({ "items": rows, "next_cursor": null })).into_response())
}

pub async fn requirement(
    State(app): State<App>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    allowed(&app, &principal)?;
    let question = question(&app, &asked)?;
    Ok(axum::Json(judge(&app, &asked, &question)?.requirement(&id, &question)?).into_response())
}

pub async fn checks(State(app): State<App>, Caller(principal): Caller, Query(asked): Query<Asked>) -> Answer {
    allowed(&app, &principal)?;
    let question = question(&app, &asked)?;
    let rows = judge(&app, &asked, &question)?.checks(asked.clause.as_deref(), &question)?;
    Ok(axum::Json(json!({ "items": rows, "next_cursor": null })).into_response())
}

pub async fn check(
    State(app): State<App>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    allowed(&app, &principal)?;
    let question = question(&app, &asked)?;
    Ok(axum::Json(judge(&app, &asked, &question)?.detail(&id, &question)?).into_response())
}

pub async fn exceptions(
    State(app): State<App>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    allowed(&app, &principal)?;
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    let question = question(&app, &asked)?;
    let judge = judge(&app, &asked, &question)?;
    let found = judge.exceptions(&id, &question, asked.cursor.as_deref(), limit)?;
    Ok(axum::Json(found).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assessing {
    grade: String,
    reason: String,
    #[serde(default)]
    evidence: Vec<String>,
    expires_on: String,
    shown: String,
}

/// `POST /requirements/8.6.1-c/VERB`: `assessments` or `nil-returns`.
pub async fn state(
    State(app): State<App>,
    Caller(principal): Caller,
    Path((id, verb)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Answer {
    allowed(&app, &principal)?;
    let question = question(&app, &asked)?;
    let shared = app.clone();
    let done = match verb.as_str() {
        "assessments" => {
            let given: Assessing = shaped(&body, "{\"grade\", \"reason\", \"evidence\", \"expires_on\", \"shown\"}")?;
            let Assessing { grade, reason, evidence, expires_on, shown } = given;
            let judgement = Judgement { requirement: id, grade, reason, evidence, expires_on, shown };
            blocking(move || shared.conformity.judge(&principal, Channel::Api, &question, &judgement)).await?
        }
        "nil-returns" => {
            let given: NilBody = shaped(&body, "{\"from\", \"to\", \"reason\"}")?;
            let nil = Nil { requirement: id, period: period(&given.from, &given.to)?, reason: given.reason };
            blocking(move || shared.conformity.state_nil(&principal, Channel::Api, &nil)).await?
        }
        _ => return Err(Problem::not_found()),
    };
    Ok((StatusCode::CREATED, axum::Json(json!({ "number": done.number }))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NilBody {
    from: String,
    to: String,
    reason: String,
}

fn shaped<T: serde::de::DeserializeOwned>(body: &[u8], shape: &str) -> Result<T, Problem> {
    let json: Json =
        serde_json::from_slice(body).map_err(|e| Problem::bad_request(format!("the body is not JSON: {e}")))?;
    serde_json::from_value(json)
        .map_err(|e| Problem::unprocessable("", "wrong_shape", format!("expected {shape}: {e}")))
}

/// Work that may wait for the disk, on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, conformity::Error> + Send + 'static,
) -> Result<T, Problem> {
    let joined = tokio::task::spawn_blocking(work).await;
    Ok(joined.map_err(|e| Problem::from(store::Fault::database(format!("a task ended: {e}"))))??)
}
