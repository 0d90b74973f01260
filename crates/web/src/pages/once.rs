//! A link that signs in once. Looking at it uses nothing up, because mail scanners look; the button on it does. Then a
//! password is chosen, within a quarter of an hour.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::response::{Redirect, Response};
use engine::identity::{self, PASSWORD_MIN};
use engine::read::names;

use super::posted::{self, Posted};
use super::refused::{Answer, Refused};
use super::sign_in::{form_token, is_ours, set_session, with_form_token};
use super::{blocking, frame, html, secure, visit};
use crate::api::caller;
use crate::app::App;
use crate::view::account::{OncePage, PasswordPage};

/// How long after the link a password may be chosen without the old one, in microseconds.
const CHOOSING: i64 = 15 * 60 * 1_000_000;
/// Most bytes of a password: longer ones only cost time.
const PASSWORD_BYTES_MAX: usize = 1_024;
const PASSWORD: &str = "/signin/password";

pub async fn show(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Answer {
    let person = identity::peek_once_link(&app.engine, &token)?;
    let form = form_token(&app, &headers)?;
    let mut shell = frame::bare("Sign in once");
    shell.csrf.clone_from(&form);
    shell.theme = visit::theme(&headers);
    let page = OncePage {
        shell,
        action: format!("/signin/once/{}", super::address::escaped(&token)),
        name: person.map(|person| name(&app, person)).transpose()?.unwrap_or_default(),
        validity: "This link signs you in once, within a day of being made.".to_owned(),
        spent: person.is_none(),
    };
    let status = if page.spent { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Ok(unreferred(with_form_token(&app, html(status, &page)?, &form)?))
}

/// The address must not be told to other places.
fn unreferred(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn name(app: &App, person: i64) -> Answer<String> {
    let ids = std::iter::once(person).collect();
    let found = names::of_ids(&mut *app.engine.reader()?, app.engine.model(), &engine::Principal::system(), &ids)?;
    Ok(found.into_values().next().map(|named| named.name).unwrap_or_default())
}

/// The link itself is the secret here: a form without a token is taken, one with a wrong token is not.
pub async fn send(State(app): State<App>, Path(token): Path<String>, request: Request) -> Answer {
    let headers = request.headers().clone();
    let fields = posted::fields(request).await.unwrap_or_default();
    let forged = fields.has("csrf") && !is_ours(&headers, fields.text("csrf"));
    if forged || secure::from_elsewhere(&headers) {
        return Err(Refused::forged());
    }
    let used = blocking(&app, move |app| {
        let Some(person) = identity::use_once_link(&app.engine, &token)? else { return Ok(None) };
        Ok(Some((person, identity::begin(&app.engine, person)?)))
    });
    let Some((person, secret)) = used.await? else {
        let page = OncePage { shell: frame::bare("Sign in once"), spent: true, ..OncePage::default() };
        return Ok(unreferred(html(StatusCode::GONE, &page)?));
    };
    let until = app.engine.clock().now() + CHOOSING;
    app.pages.choosing(secret.reveal(), until);
    tracing::info!(person, "signed in by a link of one use");
    let mut response = Redirect::to(PASSWORD).into_response();
    set_session(&app, &mut response, secret.reveal());
    Ok(unreferred(response))
}

pub async fn choose(visit: visit::Visit, headers: HeaderMap) -> Answer {
    may_choose(&visit.app, &headers)?;
    html(StatusCode::OK, &page(&visit, None))
}

fn page(visit: &visit::Visit, error: Option<String>) -> PasswordPage {
    let shell = visit.shell("", "Choose a password");
    let user = shell.user.clone().unwrap_or_default();
    PasswordPage { shell, action: PASSWORD.to_owned(), email: user.email, name: user.name, error }
}

fn may_choose(app: &App, headers: &HeaderMap) -> Answer<()> {
    let now = app.engine.clock().now();
    let may = caller::cookie(headers).is_some_and(|secret| app.pages.may_choose(secret, now));
    let why = "the time to choose a password is over: an administrator can make you another link";
    let late = || crate::api::problem::Problem::new(StatusCode::FORBIDDEN, "too_late", why);
    may.then_some(()).ok_or_else(|| late().into())
}

pub async fn chosen(State(app): State<App>, headers: HeaderMap, posted: Posted) -> Answer {
    may_choose(&app, &headers)?;
    let password = posted.fields.text("password").to_owned();
    let length = password.chars().count();
    let wrong = match () {
        () if length < PASSWORD_MIN => Some(format!("That is {length} characters; {PASSWORD_MIN} are needed.")),
        () if password.len() > PASSWORD_BYTES_MAX => Some("That is too long to be typed.".to_owned()),
        () => None,
    };
    if wrong.is_some() {
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page(&posted.visit, wrong));
    }
    let person = posted.visit.person;
    let secret = blocking(&app, move |app| {
        identity::set_password(&app.engine, person, app.passwords.hash(&password)?)?;
        // Every session ended with the old password; this one goes on.
        Ok(identity::begin(&app.engine, person)?)
    });
    let secret = secret.await?;
    let mut response = posted::done("/my-work", "Your password is set.");
    set_session(&app, &mut response, secret.reveal());
    Ok(response)
}
