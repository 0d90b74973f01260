//! `GET /incidents/counts?…`: numbers that cost more than the page, told after it.

use axum::extract::Path;
use axum::http::StatusCode;
use engine::read::counts::{self as read, Count};
use engine::read::list::Query;

use super::list::Asked;
use super::refused::Answer;
use super::visit::Visit;
use super::{groups, html, terms};
use crate::view::list::Counts;
use crate::view::words;

/// Counted up to here, then it is "more than".
const CAP: i64 = 1_000;

pub async fn fragment(visit: Visit, Path(path): Path<String>) -> Answer {
    let asked = Asked::of(visit, &path)?;
    let mut counts = Vec::new();
    for view in &asked.record_type.views {
        let own = view.filter.as_ref().map_or("", |filter| filter.text.as_str());
        counts.push((format!("view:{}", view.name), count(&asked, Some(own), "")?));
    }
    if asked.by_time_left() {
        for (key, ..) in groups::HEADINGS {
            let within = terms::both(&asked.filter, &groups::condition(&asked, key));
            counts.push((format!("group:{key}"), count(&asked, None, &within)?));
        }
    }
    html(StatusCode::OK, &Counts { counts })
}

fn count(asked: &Asked, view: Option<&str>, filter: &str) -> Answer<String> {
    let mut query = Query { cursor: None, ..asked.query(filter) };
    if let Some(view) = view {
        query.filter = Some(terms::both(view, filter)).filter(|text| !text.is_empty());
    }
    Ok(said(read::capped(&asked.visit.app.engine, &asked.visit.principal, &query, CAP)?))
}

/// A count in words; nothing where the time was not enough to know.
pub fn said(count: Count) -> String {
    match count {
        Count::Exactly(n) => words::number(u64::try_from(n).unwrap_or(0)),
        Count::AtLeast(0) => String::new(),
        Count::AtLeast(n) => format!("{}+", words::number(u64::try_from(n).unwrap_or(0))),
    }
}
