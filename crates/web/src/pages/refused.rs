//! A page that says no. What was refused and why is the same [`Problem`] that REST sends; here it becomes a page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use engine::Error;
use serde_json::Value as Json;
use store::Fault;

use super::address::{Address, escaped};
use super::visit::{self, Visit};
use super::{frame, html};
use crate::api::problem::Problem;
use crate::app::App;
use crate::view::error::ErrorPage;
use crate::view::parts::Link;
use crate::view::shell::Shell;

/// Why there is no page, and what of the reader's must not be lost with it.
#[derive(Clone, Debug)]
pub struct Refused(Box<Why>);

#[derive(Clone, Debug)]
struct Why {
    problem: Problem,
    /// What had been typed, by label.
    typed: Vec<(String, String)>,
    heading: Option<String>,
    /// Where to sign in instead.
    sign_in: Option<String>,
}

pub type Answer<T = Response> = Result<T, Refused>;

impl Refused {
    pub fn not_found() -> Self {
        Problem::not_found().into()
    }

    /// Nobody is signed in: there, and back again.
    pub fn sign_in(next: &str) -> Self {
        let address = if next.is_empty() { "/signin".to_owned() } else { format!("/signin?next={}", escaped(next)) };
        let mut refused = Self::from(Problem::unauthorized());
        refused.0.sign_in = Some(address);
        refused
    }

    /// The form did not come from a page of this session.
    pub fn forged() -> Self {
        let detail = "this form is not from a page of yours, or you have signed in anew since: open the page again and send it from there";
        let mut refused = Self::from(Problem::new(StatusCode::FORBIDDEN, "forged", detail));
        refused.0.heading = Some("This form cannot be taken.".to_owned());
        refused
    }

    pub fn with_typed(mut self, typed: Vec<(String, String)>) -> Self {
        self.0.typed = typed;
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.problem.status()
    }

    /// All that is wrong with a form: field and message.
    pub fn errors(&self) -> Vec<(String, String)> {
        let errors =
            self.0.problem.body().get("errors").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |error: &Json, key: &str| error.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        errors.iter().map(|error| (text(error, "field"), text(error, "message"))).collect()
    }

    pub fn detail(&self) -> &str {
        self.0.problem.body().get("detail").and_then(Json::as_str).unwrap_or_default()
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Why { problem, typed: Vec::new(), heading: None, sign_in: None }))
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<engine::Refusal> for Refused {
    fn from(refusal: engine::Refusal) -> Self {
        Problem::from(refusal).into()
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Problem::from(fault).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if let Some(address) = &self.0.sign_in {
            return Redirect::to(address).into_response();
        }
        let mut response = self.0.problem.clone().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns refusals into pages, and drops a notice once it was shown.
pub async fn dressed(State(app): State<App>, request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    if uri.path().starts_with("/api/") {
        return response;
    }
    let status = response.status();
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let mut response = match response.extensions().get::<Refused>().cloned() {
        Some(refused) => page_of(&app, &uri, &headers, &refused, response),
        None if (status.is_client_error() || status.is_server_error()) && !is_page => {
            let refused = Refused::from(Problem::new(status, "request", plain(status)));
            page_of(&app, &uri, &headers, &refused, response)
        }
        None => response,
    };
    let shown = is_page && response.status().is_success();
    if shown && visit::cookie(&headers, visit::NOTICE).is_some() {
        let dropped = HeaderValue::from_static("vouch_notice=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, dropped);
    }
    response
}

fn plain(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not take that kind of request",
        StatusCode::PAYLOAD_TOO_LARGE => "what was sent is too large: at most 1 MiB is taken",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "expected a form",
        _ => "the request cannot be understood",
    }
}

/// The page of a refusal, in the frame of whoever is signed in.
fn page_of(app: &App, uri: &Uri, headers: &HeaderMap, refused: &Refused, old: Response) -> Response {
    let visit = Visit::of(app, uri, headers).ok().flatten();
    let shell = visit.as_ref().map_or_else(|| frame::bare("Refused"), |visit| visit.shell("", "Refused"));
    let page = ErrorPage { typed: refused.0.typed.clone(), ..page(app, uri, refused, shell) };
    let mut response = html(refused.status(), &page).unwrap_or_else(|refused| refused.0.problem.into_response());
    for (name, value) in old.headers() {
        if name == header::RETRY_AFTER || name == header::ALLOW || name == header::REFERRER_POLICY {
            response.headers_mut().insert(name, value.clone());
        }
    }
    drop(old.map(|_| Body::empty()));
    response
}

fn page(app: &App, uri: &Uri, refused: &Refused, shell: Shell) -> ErrorPage {
    let back = Link::new("My work", "/my-work");
    let mut page = match refused.status() {
        StatusCode::NOT_FOUND => {
            let shell = Shell { title: "Not found".to_owned(), here: "Not found".to_owned(), ..shell };
            ErrorPage { actions: vec![back], ..ErrorPage::not_found(shell, &meant(app, uri)) }
        }
        StatusCode::FORBIDDEN => {
            let said = sentence(refused.detail());
            let text = "Your roles do not include it. If they should, ask an administrator; nothing was changed.";
            ErrorPage {
                shell,
                code: 403,
                heading: said,
                text: text.to_owned(),
                points: fields(refused),
                ..ErrorPage::default()
            }
        }
        StatusCode::CONFLICT => ErrorPage::wrong_state(shell, &sentence(refused.detail()), moves(app, uri, refused)),
        StatusCode::INTERNAL_SERVER_ERROR => ErrorPage::broken(shell, ""),
        StatusCode::UNPROCESSABLE_ENTITY => {
            let mut points: Vec<String> = refused.errors().into_iter().map(|(_, message)| message).collect();
            if points.is_empty() {
                points.push(refused.detail().to_owned());
            }
            ErrorPage::refused(shell, "This cannot be done like this.", points)
        }
        status => {
            let heading = sentence(refused.detail());
            ErrorPage {
                shell,
                code: status.as_u16(),
                heading,
                text: "Nothing was changed.".to_owned(),
                ..ErrorPage::default()
            }
        }
    };
    if let Some(heading) = &refused.0.heading {
        page.heading.clone_from(heading);
        page.text = sentence(refused.detail());
    }
    page
}

fn fields(refused: &Refused) -> Vec<String> {
    let fields = refused.0.problem.body().get("fields").and_then(Json::as_array);
    fields.into_iter().flatten().filter_map(Json::as_str).map(|key| format!("the field {key}")).collect()
}

/// What the address named: `incident INC-084211`, else the page itself.
fn meant(app: &App, uri: &Uri) -> String {
    let mut parts = uri.path().trim_matches('/').split('/');
    let record_type = parts.next().and_then(|path| app.engine.model().by_path(path));
    match (record_type, parts.next()) {
        (Some(found), Some(number)) => {
            format!(
                "{} {}",
                found.label.to_lowercase(),
                super::address::decoded(number).chars().take(40).collect::<String>()
            )
        }
        _ => format!("page {}", uri.path().chars().take(80).collect::<String>()),
    }
}

/// The moves that the record's state allows, as links to their forms.
fn moves(app: &App, uri: &Uri, refused: &Refused) -> Vec<Link> {
    let mut parts = uri.path().trim_matches('/').split('/');
    let (Some(path), Some(number)) = (parts.next(), parts.next()) else { return Vec::new() };
    let lifecycle = app.engine.model().by_path(path).and_then(|found| found.lifecycle.as_ref());
    let allowed = refused.0.problem.body().get("allowed").and_then(Json::as_array);
    let names = allowed.into_iter().flatten().filter_map(Json::as_str);
    let links = names.filter_map(|name| {
        let label = &lifecycle?.transition(name)?.label;
        Some(Link::new(label.clone(), Address::new(format!("/{path}/{number}/{name}"), None).to_string()))
    });
    links.chain([Link::new("Show the record", format!("/{path}/{number}"))]).collect()
}

/// A detail as a sentence of its own.
pub fn sentence(detail: &str) -> String {
    let mut chars = detail.chars();
    let Some(first) = chars.next() else { return String::new() };
    let text: String = first.to_uppercase().chain(chars).collect();
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}
