//! Leaving, and the colours of a page.

use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect};
use engine::identity;

use super::address::local;
use super::blocking;
use super::posted::Posted;
use super::refused::Answer;
use super::sign_in::{drop_session, set_cookie};
use crate::api::caller;

pub async fn send(headers: HeaderMap, posted: Posted) -> Answer {
    let app = posted.visit.app;
    if let Some(secret) = caller::cookie(&headers).map(str::to_owned) {
        blocking(&app, move |app| Ok(identity::end(&app.engine, &secret)?)).await?;
    }
    let mut response = Redirect::to("/signin").into_response();
    drop_session(&app, &mut response);
    Ok(response)
}

/// Light, dark, or as the system has it; kept by the browser for a year.
pub async fn theme(posted: Posted) -> Answer {
    let theme = posted.fields.text("theme");
    let mut response = Redirect::to(local(posted.fields.text("return")).unwrap_or("/my-work")).into_response();
    match theme {
        "light" | "dark" => {
            set_cookie(&mut response, &format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax"))
        }
        _ => set_cookie(&mut response, "theme=; Path=/; Max-Age=0; SameSite=Lax"),
    }
    Ok(response)
}
