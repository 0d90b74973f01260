//! Who calls: the principal behind the token, or behind the session of our own pages.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use engine::{Allowance, Principal, identity};

use super::problem::Problem;
use crate::app::App;

/// Name of the session cookie.
pub const COOKIE: &str = "vouch_session";
/// Header in which a page's script proves that it is ours: the form token of its session.
pub const CSRF_HEADER: &str = "x-csrf-token";

pub struct Caller(pub Arc<Principal>);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(token) = bearer(&parts.headers) {
            let principal = identity::resolve(&app.engine, token)?.ok_or_else(Problem::unauthorized)?;
            return Ok(Self(Arc::new(principal)));
        }
        let (Some(cookie), Some(proof)) = (cookie(&parts.headers), parts.headers.get(CSRF_HEADER)) else {
            return Err(Problem::unauthorized());
        };
        let session = identity::resume(&app.engine, cookie)?.ok_or_else(Problem::unauthorized)?;
        if proof.as_bytes() != session.csrf.as_bytes() {
            return Err(Problem::unauthorized());
        }
        let principal = identity::of_person(&app.engine, &mut *app.engine.reader()?, session.person, Allowance::ALL)?;
        Ok(Self(Arc::new(principal.ok_or_else(Problem::unauthorized)?)))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The session cookie's value.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(name, _)| *name == COOKIE).map(|(_, value)| value))
}
