//! Style sheet, scripts and drawings: named with their version, kept by browsers for a year.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::refused::Refused;
use crate::assets;

const FOREVER: &str = "public, max-age=31536000, immutable";

pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Refused> {
    let asset = assets::get(&name).ok_or_else(Refused::not_found)?;
    let tag = format!("\"{}\"", assets::version());
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    let kept = [(header::ETAG, tag), (header::CACHE_CONTROL, FOREVER.to_owned())];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(header::CONTENT_TYPE, asset.content_type)], asset.body.clone()).into_response())
}

/// What browsers ask for by themselves.
pub async fn favicon() -> Result<Response, Refused> {
    asset(Path("favicon.svg".to_owned()), HeaderMap::new()).await
}
