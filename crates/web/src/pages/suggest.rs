//! `GET /suggest/TYPE,TYPE?q=…`: records that a link may point at.

use axum::extract::Path;
use axum::http::StatusCode;

use super::refused::Answer;
use super::visit::Visit;
use super::{find, html};
use crate::view::form::{Choice, Suggestions};

const OPTIONS_MAX: usize = 12;
const TYPES_MAX: usize = 40;

pub async fn show(visit: Visit, Path(types): Path<String>) -> Answer {
    let query = visit.address.get("q").unwrap_or_default().to_owned();
    let types: Vec<String> = types.split(',').take(TYPES_MAX).map(str::to_owned).collect();
    let fits = |name: &str| visit.app.engine.model().may_stand(name, &types);
    let mut named: Vec<_> =
        find::by_number(&visit, &query)?.into_iter().filter(|named| fits(&named.record_type)).collect();
    let numbers: Vec<i64> = named.iter().map(|named| named.id).collect();
    let by_title = find::by_title(&visit, &types, &query, OPTIONS_MAX)?;
    named.extend(by_title.into_iter().filter(|found| !numbers.contains(&found.id)));
    named.truncate(OPTIONS_MAX);
    let label = |name: &str| visit.app.engine.model().get(name).map(|found| found.label.clone()).unwrap_or_default();
    let options = named.iter().map(|named| Choice::new(find::option(named), label(&named.record_type), false));
    html(StatusCode::OK, &Suggestions { options: options.collect() })
}
