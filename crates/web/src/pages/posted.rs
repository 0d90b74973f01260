//! What a form sends: its fields in order, taken only with the token of the session that the form was made for.

use axum::extract::{Form, FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::address::{escaped, local};
use super::refused::Refused;
use super::secure;
use super::visit::{NOTICE, Visit};
use crate::api::problem::Problem;
use crate::app::App;

/// Fields of one form that are looked at.
const FIELDS_MAX: usize = 2_000;

/// Names and values as they were posted.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// What somebody wrote, so that it can be given back: without tokens and passwords.
    pub fn typed(&self) -> Vec<(String, String)> {
        let secret = ["csrf", "password", "return", "version"];
        let own = |(key, value): &&(String, String)| {
            !secret.contains(&key.as_str()) && !key.contains('.') && !value.trim().is_empty()
        };
        self.0.iter().filter(own).cloned().collect()
    }
}

/// A form of somebody who is signed in.
pub struct Posted {
    pub visit: Visit,
    pub fields: Fields,
}

impl FromRequest<App> for Posted {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await;
        let elsewhere = secure::from_elsewhere(&parts.headers);
        let fields = fields(Request::from_parts(parts, body)).await?;
        let visit = visit?;
        if elsewhere || !secure::same(fields.text("csrf"), &visit.csrf) {
            return Err(Refused::forged().with_typed(fields.typed()));
        }
        Ok(Self { visit, fields })
    }
}

/// The fields of any form.
pub async fn fields(request: Request) -> Result<Fields, Refused> {
    let read = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let Form(mut pairs) =
        read.map_err(|rejection| Problem::new(rejection.status(), "bad_form", "expected a form of ours"))?;
    pairs.truncate(FIELDS_MAX);
    Ok(Fields(pairs))
}

/// To another page, which says what was done.
pub fn done(address: &str, notice: &str) -> Response {
    let mut response = Redirect::to(local(address).unwrap_or("/my-work")).into_response();
    let cookie = format!(
        "{NOTICE}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
        escaped(&notice.chars().take(600).collect::<String>())
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
