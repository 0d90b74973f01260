//! Signing in by password. The answer takes the same work for anybody, says nothing of which of the two was wrong, and
//! after too many tries there is a pause.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::identity;

use super::address::{Address, local};
use super::posted;
use super::refused::{Answer, Refused};
use super::tries::{PER_ADDRESS_MAX, PER_EMAIL_MAX};
use super::visit::{self, Visit};
use super::{blocking, frame, html, secure};
use crate::api::caller;
use crate::app::App;
use crate::view::account::SignInPage;

/// Holds the form's token while nobody is signed in; the form must bring the same.
const FORM: &str = "vouch_form";
/// Longest address and password that are looked at; longer ones cannot be right.
const INPUT_MAX: usize = 1_024;

pub async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Answer {
    let address = Address::new(uri.path(), uri.query());
    let next = address.get("next").and_then(local).unwrap_or_default();
    if Visit::of(&app, &uri, &headers)?.is_some() {
        return Ok(Redirect::to(if next.is_empty() { "/my-work" } else { next }).into_response());
    }
    let token = form_token(&app, &headers)?;
    let page = SignInPage { return_to: next.to_owned(), ..blank(&app, &headers, &token) };
    with_form_token(&app, html(StatusCode::OK, &page)?, &token)
}

fn blank(app: &App, headers: &HeaderMap, token: &str) -> SignInPage {
    let mut shell = frame::bare("Sign in");
    token.clone_into(&mut shell.csrf);
    shell.theme = visit::theme(headers);
    if app.engine.is_demonstration() {
        shell.demo = Some("A demonstration: its links of one use were printed when it started.".to_owned());
    }
    SignInPage { shell, ..SignInPage::default() }
}

/// The token that this browser has, or a new one.
pub fn form_token(app: &App, headers: &HeaderMap) -> Answer<String> {
    match visit::cookie(headers, FORM).filter(|token| token.len() == 43) {
        Some(token) => Ok(token),
        None => Ok(URL_SAFE_NO_PAD.encode(app.engine.entropy().bytes32()?)),
    }
}

pub fn with_form_token(app: &App, mut response: Response, token: &str) -> Answer {
    let cookie = format!("{FORM}={token}; Path=/signin; Max-Age=3600; HttpOnly; SameSite=Strict{}", secure_only(app));
    set_cookie(&mut response, &cookie);
    Ok(response)
}

/// Whether the form came from our own page in this browser.
pub fn is_ours(headers: &HeaderMap, csrf: &str) -> bool {
    let kept = visit::cookie(headers, FORM);
    !secure::from_elsewhere(headers) && kept.is_some_and(|kept| secure::same(csrf, &kept))
}

pub async fn send(State(app): State<App>, request: Request) -> Answer {
    let headers = request.headers().clone();
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let fields = posted::fields(request).await?;
    let (email, password) = (fields.text("email").trim().to_owned(), fields.text("password").to_owned());
    let next = local(fields.text("return")).unwrap_or("/my-work").to_owned();
    if !is_ours(&headers, fields.text("csrf")) {
        return Err(Refused::forged());
    }
    let now = app.engine.clock().now();
    let names = [
        Some((format!("e:{}", email.to_lowercase().chars().take(254).collect::<String>()), PER_EMAIL_MAX)),
        from.map(|ip| (format!("a:{ip}"), PER_ADDRESS_MAX)),
    ];
    let names: Vec<(String, u32)> = names.into_iter().flatten().collect();
    if !names.iter().all(|(name, most)| app.pages.tries.take(name, *most, now)) {
        return again(&app, &headers, &email, &next, StatusCode::TOO_MANY_REQUESTS);
    }
    let (address, tried) = (email.clone(), password);
    let person = blocking(&app, move |app| verified(app, &address, &tried)).await?;
    let Some(person) = person else { return again(&app, &headers, &email, &next, StatusCode::UNPROCESSABLE_ENTITY) };
    for (name, _) in &names {
        app.pages.tries.give_back(name);
    }
    tracing::info!(person, "signed in by password");
    begin(&app, person, &next).await
}

/// The person, where the password is theirs. Nobody's takes as long.
fn verified(app: &App, email: &str, password: &str) -> Answer<Option<i64>> {
    if email.len() > INPUT_MAX || password.len() > INPUT_MAX {
        return Ok(None);
    }
    let account = identity::by_email(&mut *app.engine.reader()?, email)?;
    let kept = account.as_ref().and_then(|account| account.password.as_deref());
    let right = app.passwords.verify(password, kept)?;
    Ok(account.filter(|account| right && !account.disabled).map(|account| account.person))
}

/// The form once more, with what was typed but the password.
fn again(app: &App, headers: &HeaderMap, email: &str, next: &str, status: StatusCode) -> Answer {
    let token = form_token(app, headers)?;
    let (error, advice) = if status == StatusCode::TOO_MANY_REQUESTS {
        ("Too many tries.", "Wait a minute, then try again. Nothing else is locked.")
    } else {
        ("E-mail and password do not belong together.", "")
    };
    let return_to = if next == "/my-work" { String::new() } else { next.to_owned() };
    let page = SignInPage {
        email: email.chars().take(254).collect(),
        error: Some(error.to_owned()),
        advice: advice.to_owned(),
        return_to,
        ..blank(app, headers, &token)
    };
    let mut response = with_form_token(app, html(status, &page)?, &token)?;
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    Ok(response)
}

/// Begins a session and goes on.
pub async fn begin(app: &App, person: i64, next: &str) -> Answer {
    let secret = blocking(app, move |app| Ok(identity::begin(&app.engine, person)?)).await?;
    let mut response = Redirect::to(next).into_response();
    set_session(app, &mut response, secret.reveal());
    Ok(response)
}

pub fn set_session(app: &App, response: &mut Response, secret: &str) {
    let name = caller::COOKIE;
    set_cookie(
        response,
        &format!("{name}={secret}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax{}", secure_only(app)),
    );
}

pub fn drop_session(app: &App, response: &mut Response) {
    let name = caller::COOKIE;
    set_cookie(response, &format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}", secure_only(app)));
}

fn secure_only(app: &App) -> &'static str {
    if app.base_url.starts_with("https://") { "; Secure" } else { "" }
}

pub fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
