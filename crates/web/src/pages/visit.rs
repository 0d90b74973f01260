//! Who looks at a page: the session of the cookie, with what every page needs to know of its reader.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use engine::{Allowance, Principal, Record, Time, identity};
use model::RecordType;

use super::address::{Address, decoded, local};
use super::refused::{Answer, Refused};
use super::wall::Wall;
use crate::api::caller;
use crate::app::App;
use crate::view::shell::Theme;

/// Cookie of what was just done, shown once.
pub const NOTICE: &str = "vouch_notice";
const THEME: &str = "theme";

/// Somebody who is signed in, at one address.
#[derive(Clone)]
pub struct Visit {
    pub app: App,
    pub principal: Arc<Principal>,
    pub person: i64,
    pub csrf: String,
    pub theme: Option<Theme>,
    pub address: Address,
    pub notice: Option<String>,
    pub wall: Wall,
}

impl Visit {
    /// The visit behind a request; `None` where nobody is signed in.
    pub fn of(app: &App, uri: &Uri, headers: &HeaderMap) -> Answer<Option<Self>> {
        let Some(secret) = caller::cookie(headers) else { return Ok(None) };
        let Some(session) = identity::resume(&app.engine, secret)? else { return Ok(None) };
        let mut reader = app.engine.reader()?;
        let found = identity::of_person(&app.engine, &mut *reader, session.person, Allowance::ALL)?;
        let Some(principal) = found else { return Ok(None) };
        Ok(Some(Self {
            wall: Wall::of(&app.engine, &mut *reader)?,
            app: app.clone(),
            principal: Arc::new(principal),
            person: session.person,
            csrf: session.csrf,
            theme: theme(headers),
            address: Address::new(uri.path(), uri.query()),
            notice: cookie(headers, NOTICE).map(|text| decoded(&text)),
        }))
    }

    /// The type behind a path, where this reader may see anything of it.
    pub fn collection(&self, path: &str) -> Answer<Arc<RecordType>> {
        Ok(crate::api::records::collection(&self.app, &self.principal, path)?)
    }

    /// The record as it stood, where this reader may see it.
    pub fn record(&self, record_type: &Arc<RecordType>, number: &str, time: Time) -> Answer<Record> {
        Ok(crate::api::records::visible(&self.app, &self.principal, record_type, number, time)?)
    }

    /// Which past the address asks about.
    pub fn time(&self) -> Answer<Time> {
        Ok(self.wall.asked(&self.app.engine, &self.address)?)
    }

    /// As at a time: clocks and words for times say what they said then.
    pub fn at(mut self, time: Time) -> Self {
        if let Time::At { valid, .. } = time {
            self.wall.now = valid;
        }
        self
    }

    /// Somebody who works here, not a customer.
    pub fn is_staff(&self) -> bool {
        self.principal.held.iter().any(|held| held.role != "customer")
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        match Self::of(app, &parts.uri, &parts.headers)? {
            Some(visit) => Ok(visit),
            None => Err(Refused::sign_in(&comes_back(parts))),
        }
    }
}

/// Where to go after signing in: this page, or the page whose form was sent.
fn comes_back(parts: &Parts) -> String {
    let here = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return local(&here).filter(|path| *path != "/").unwrap_or_default().to_owned();
    }
    let from = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
    let path = from.and_then(|uri| uri.path_and_query().map(ToString::to_string)).unwrap_or_default();
    local(&path).unwrap_or_default().to_owned()
}

pub fn theme(headers: &HeaderMap) -> Option<Theme> {
    match cookie(headers, THEME)?.as_str() {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

/// The value of a cookie that is not empty.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}
