//! Collections of records: read, list, create, change, move, comment, link.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use engine::read::{changes, counts, fill, list, names};
use engine::{Act, Channel, Command, Done, Input, Principal, Record, Time, rules};
use model::RecordType;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::caller::Caller;
use super::json::{self, Wanted};
use super::problem::{Answer, Problem};
use super::time::{self, TimeQuery};
use crate::app::App;

/// Items on a page when the caller does not say.
const LIMIT_DEFAULT: usize = 50;
/// Longest idempotency key.
const KEY_MAX: usize = 255;

#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    pub filter: Option<String>,
    pub sort: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
    pub fields: Option<String>,
    pub count: Option<String>,
    pub at: Option<String>,
    pub known: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct ReadQuery {
    pub fields: Option<String>,
    pub at: Option<String>,
    pub known: Option<String>,
}

/// The type behind a collection's address, where the caller may read it.
pub(crate) fn collection(app: &App, principal: &Principal, path: &str) -> Result<Arc<RecordType>, Problem> {
    let found = app.engine.model().by_path(path).and_then(|t| app.engine.model().shared(&t.name));
    let readable = found.filter(|t| principal.may_read(t) || principal.may_create(t));
    readable.cloned().ok_or_else(Problem::not_found)
}

pub async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    Path(path): Path<String>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    let time = time::parse(&app.engine, &TimeQuery { at: query.at.clone(), known: query.known.clone() })?;
    let asked = list::Query {
        filter: query.filter.clone(),
        sort: list::parse_sort(&record_type, query.sort.as_deref().unwrap_or_default())?,
        limit: limit(query.limit.as_deref())?,
        cursor: query.cursor.clone(),
        time,
        record_type,
    };
    let wants_csv = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/csv"));
    if wants_csv {
        return super::export::csv(app, principal, asked);
    }
    let total = match query.count.as_deref() {
        Some("true") => Some(counts::exactly(&app.engine, &principal, &asked)?),
        _ => None,
    };
    let page = list::page(&app.engine, &principal, &asked, &app.cursors)?;
    let items = render(&app, &principal, page.items, time, &Wanted::parse(query.fields.as_deref()))?;
    let mut answer = json!({ "items": items, "next_cursor": page.next_cursor });
    if let (Some(total), Json::Object(object)) = (total, &mut answer) {
        object.insert("total".to_owned(), json!(total));
    }
    Ok(axum::Json(answer).into_response())
}

fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(LIMIT_DEFAULT) };
    let number = text.parse::<usize>().ok().filter(|n| (1..=list::LIMIT_MAX).contains(n));
    number.ok_or_else(|| {
        Problem::unprocessable("limit", "not_in_range", format!("limit: expected 1 to {}", list::LIMIT_MAX))
    })
}

/// Records as JSON, with their lines and the names of what they point at.
pub(super) fn render(
    app: &App,
    principal: &Principal,
    mut records: Vec<Record>,
    time: Time,
    wanted: &Wanted,
) -> Result<Vec<Json>, Problem> {
    let mut reader = app.engine.reader()?;
    fill::fill(&mut *reader, &mut records, time)?;
    let mut ids = BTreeSet::new();
    for record in &records {
        names::linked_ids(record, &mut ids);
    }
    let names = names::of_ids(&mut *reader, app.engine.model(), principal, &ids)?;
    Ok(records.iter().map(|record| json::record(record, principal, &names, wanted)).collect())
}

/// The record, as it stood, where the caller may see it now and could have seen it then.
pub(crate) fn visible(
    app: &App,
    principal: &Principal,
    record_type: &Arc<RecordType>,
    number: &str,
    time: Time,
) -> Result<Record, Problem> {
    let mut reader = app.engine.reader()?;
    let (id, name) = engine::find(&mut *reader, number)?.ok_or_else(Problem::not_found)?;
    if !app.engine.model().is_a(&name, &record_type.name) {
        return Err(Problem::not_found());
    }
    let live = engine::load(&mut *reader, record_type, id, Time::Live)?.ok_or_else(Problem::not_found)?;
    if !rules::may_see(&app.engine, &mut *reader, principal, &live)? {
        return Err(Problem::not_found());
    }
    if time == Time::Live {
        return Ok(live);
    }
    let then = engine::load(&mut *reader, record_type, id, time)?.ok_or_else(Problem::not_found)?;
    if let Some(scopes) = principal.scopes_for(record_type)
        && !then.scope().is_some_and(|scope| scopes.contains(&scope))
    {
        return Err(Problem::not_found());
    }
    Ok(then)
}

pub async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    Path((path, number)): Path<(String, String)>,
    Query(query): Query<ReadQuery>,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    if let Some(address) = elsewhere(&app, &principal, &record_type, &number)? {
        return Ok(Redirect::temporary(&address).into_response());
    }
    let time = time::parse(&app.engine, &TimeQuery { at: query.at, known: query.known })?;
    let record = visible(&app, &principal, &record_type, &number, time)?;
    answer(&app, &principal, record, time, &Wanted::parse(query.fields.as_deref()), StatusCode::OK)
}

/// The address of the record that another system knows by this key, when it is no number of ours.
fn elsewhere(
    app: &App,
    principal: &Principal,
    record_type: &Arc<RecordType>,
    key: &str,
) -> Result<Option<String>, Problem> {
    if engine::padded_number(key).is_some() {
        return Ok(None);
    }
    let found = changes::by_external_key(&mut *app.engine.reader()?, key)?;
    let Some((_, number)) = found else { return Ok(None) };
    visible(app, principal, record_type, &number, Time::Live)?;
    Ok(Some(format!("/api/v1/{}/{number}", record_type.path)))
}

fn answer(app: &App, principal: &Principal, record: Record, time: Time, wanted: &Wanted, status: StatusCode) -> Answer {
    let version = record.version();
    let items = render(app, principal, vec![record], time, wanted)?;
    let body = items.into_iter().next().unwrap_or(Json::Null);
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Runs a command on a thread that may wait for the disk.
pub(crate) async fn run(app: &App, command: Command) -> Result<Done, Problem> {
    let engine = app.engine.clone();
    let joined = tokio::task::spawn_blocking(move || engine.run(&command)).await;
    let done = joined.map_err(|e| Problem::from(store::Fault::database(format!("a command's thread ended: {e}"))))?;
    Ok(done?)
}

/// The body as a JSON object; an empty one is an empty object.
fn object(body: &[u8]) -> Result<Input, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Input::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::bad_request("expected a JSON object")),
        Err(e) => Err(Problem::bad_request(format!("the body is not JSON (UTF-8): {e}"))),
    }
}

/// Headers that every write may carry.
fn command(
    principal: Arc<Principal>,
    act: Act,
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
) -> Result<Command, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut command = Command::new(principal, Channel::Api, act);
    if let Some(tag) = text("if-match").filter(|tag| *tag != "*") {
        let version = tag.trim().trim_start_matches("W/").trim_matches('"').parse().ok();
        command.if_match =
            Some(version.ok_or_else(|| Problem::bad_request("If-Match: expected the ETag of the record"))?);
    }
    if let Some(at) = text("vouch-happened-at") {
        let expected = || {
            Problem::unprocessable(
                "Vouch-Happened-At",
                "wrong_type",
                "Vouch-Happened-At: expected an instant (RFC 3339)",
            )
        };
        command.happened_at = Some(engine::input::instant(at).ok_or_else(expected)?);
    }
    if let Some(key) = text("idempotency-key") {
        if key.is_empty() || key.len() > KEY_MAX {
            return Err(Problem::bad_request(format!("Idempotency-Key: expected 1 to {KEY_MAX} characters")));
        }
        let mut hash = Sha256::new();
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(body);
        command.idempotency = Some((key.to_owned(), hash.finalize().into()));
    }
    command.request = text("x-request-id").map(|id| id.chars().take(64).collect());
    Ok(command)
}

async fn written(
    app: &App,
    principal: &Principal,
    record_type: &Arc<RecordType>,
    done: &Done,
    status: StatusCode,
) -> Answer {
    let record = visible(app, principal, record_type, &done.number, Time::Live)?;
    answer(app, principal, record, Time::Live, &Wanted::default(), status)
}

pub async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    let act = Act::Create { record_type: record_type.name.clone(), input: object(&body)? };
    let done = run(&app, command(principal.clone(), act, &headers, &path, &body)?).await?;
    let mut response = written(&app, &principal, &record_type, &done, StatusCode::CREATED).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/{path}/{}", done.number)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub async fn change(
    State(app): State<App>,
    Caller(principal): Caller,
    Path((path, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    let number = visible(&app, &principal, &record_type, &number, Time::Live)?.number().to_owned();
    let act = Act::Change { number, input: object(&body)? };
    let done = run(&app, command(principal.clone(), act, &headers, &path, &body)?).await?;
    written(&app, &principal, &record_type, &done, StatusCode::OK).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommentBody {
    text: String,
    #[serde(default)]
    public: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkBody {
    kind: String,
    to: String,
    #[serde(default)]
    remove: bool,
}

/// `POST …/INC-42/VERB`: a comment, a link, a line of a rows field, or a transition by its name.
pub async fn act(
    State(app): State<App>,
    Caller(principal): Caller,
    Path((path, number, verb)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let record_type = collection(&app, &principal, &path)?;
    let number = visible(&app, &principal, &record_type, &number, Time::Live)?.number().to_owned();
    let is_rows = record_type.field(&verb).is_some_and(|f| matches!(f.kind, model::Kind::Rows { .. }));
    let (act, status) = match verb.as_str() {
        "comments" => {
            let CommentBody { text, public } = shaped(&body, "{\"text\", \"public\"}")?;
            (Act::Comment { number, text, public }, StatusCode::CREATED)
        }
        "links" => {
            let LinkBody { kind, to, remove } = shaped(&body, "{\"kind\", \"to\"}")?;
            (Act::Link { number, relation: kind, to, add: !remove }, StatusCode::CREATED)
        }
        _ if is_rows => (Act::AddLine { number, field: verb, input: object(&body)? }, StatusCode::CREATED),
        _ => {
            let known = record_type.lifecycle.as_ref().is_some_and(|l| l.transition(&verb).is_some());
            if !known {
                return Err(Problem::not_found());
            }
            (Act::Move { number, transition: verb, input: object(&body)? }, StatusCode::OK)
        }
    };
    let done = run(&app, command(principal.clone(), act, &headers, &path, &body)?).await?;
    written(&app, &principal, &record_type, &done, status).await
}

fn shaped<T: serde::de::DeserializeOwned>(body: &[u8], shape: &str) -> Result<T, Problem> {
    object(body)?;
    serde_json::from_slice(body)
        .map_err(|e| Problem::unprocessable("", "wrong_shape", format!("expected {shape}: {e}")))
}
