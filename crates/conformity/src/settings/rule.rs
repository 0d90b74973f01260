//! Rules that code reads: the priority matrix, escalation thresholds, how long records are kept.

use calendar::{BusinessDuration, Span};
use serde_json::Value as Json;

use super::{Decided, SettingError};

/// Answers such as impact and urgency run from 1, the highest, to no more than this.
const SIDE_MAX: usize = 5;
/// Priorities run from 1, the highest, to no more than this.
const PRIORITY_MAX: i64 = 5;
const MATRIX: &str = "{\"matrix\": [[1,2,3],[2,3,4],[3,4,4]]} with row impact, column urgency and priorities 1 to 5, or {\"by\": \"reasoning\"}";
const THRESHOLD: &str = "{\"share\": 0.5, \"grace\": \"PT15M\"} with a share above 0 up to 1";
const RETENTION: &str = "a duration such as P3Y, or {\"keep\": \"P3Y\", \"after\": \"closing\", \"then\": \"dispose\"|\"archive\"|\"hand over\"}";

/// A priority for each pair of answers, both from 1, the highest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix(Vec<Vec<i64>>);

impl Matrix {
    /// The priority for a row (impact) and a column (urgency); None outside the matrix.
    pub fn priority(&self, row: i64, column: i64) -> Option<i64> {
        let index = |number: i64| usize::try_from(number.checked_sub(1)?).ok();
        self.0.get(index(row)?)?.get(index(column)?).copied()
    }

    /// The lowest priority that it gives, as a number the highest.
    pub fn lowest(&self) -> i64 {
        self.0.iter().flatten().copied().max().unwrap_or_default()
    }
}

/// When a running target is to be escalated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Of the target time used, above 0 up to 1.
    pub share: f64,
    /// From the crossing until somebody must have escalated; working time of the clock, like the target itself.
    pub grace: BusinessDuration,
}

/// What happens when the time to keep is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposal {
    Dispose,
    Archive,
    HandOver,
}

/// `rows` is the fixed size, where the answers' ranges are known.
pub(super) fn matrix(place: &str, value: &Json, size: Option<usize>) -> Result<Decided, SettingError> {
    let bad = |why: &str| SettingError { place: place.to_owned(), message: format!("{why}, expected {MATRIX}") };
    let object = only(value, &["matrix", "by"]).ok_or_else(|| bad(&format!("found {value}")))?;
    match (object.get("matrix"), object.get("by")) {
        (None, Some(by)) if by == "reasoning" => return Ok(Decided::Reasoning),
        (Some(_), None) => (),
        _ => return Err(bad(&format!("found {value}"))),
    }
    let cell = |cell: &Json| cell.as_i64().filter(|priority| (1..=PRIORITY_MAX).contains(priority));
    let row = |row: &Json| row.as_array()?.iter().map(cell).collect::<Option<Vec<_>>>();
    let rows =
        object.get("matrix").and_then(Json::as_array).and_then(|rows| rows.iter().map(row).collect::<Option<Vec<_>>>());
    let rows = rows.ok_or_else(|| bad("the matrix is no list of rows of priorities"))?;
    let columns = rows.first().map_or(0, Vec::len);
    let fits = |side: usize| size.map_or((1..=SIDE_MAX).contains(&side), |size| side == size);
    if !fits(rows.len()) || !fits(columns) || rows.iter().any(|row| row.len() != columns) {
        let size =
            size.map_or("rows of one length, at most 5 by 5".to_owned(), |size| format!("{size} rows of {size}"));
        return Err(bad(&format!("the matrix has not {size}")));
    }
    Ok(Decided::Matrix(Matrix(rows)))
}

pub(super) fn threshold(place: &str, value: &Json) -> Result<Decided, SettingError> {
    let bad = |why: String| SettingError { place: place.to_owned(), message: format!("{why}, expected {THRESHOLD}") };
    let object = only(value, &["share", "grace"]).ok_or_else(|| bad(format!("found {value}")))?;
    let share = object.get("share").and_then(Json::as_f64).filter(|share| *share > 0.0 && *share <= 1.0);
    let share = share.ok_or_else(|| bad(format!("share is {}", object.get("share").unwrap_or(&Json::Null))))?;
    let grace = match object.get("grace") {
        None => BusinessDuration::of_time(0),
        Some(grace) => {
            let read = grace.as_str().and_then(|text| text.parse().ok());
            read.ok_or_else(|| bad(format!("grace is {grace}")))?
        }
    };
    Ok(Decided::Threshold(Threshold { share, grace }))
}

/// The form with an event; the plain duration is read like any other.
pub(super) fn retention(place: &str, value: &Json) -> Result<(Span, String, Disposal), SettingError> {
    let bad = || SettingError { place: place.to_owned(), message: format!("found {value}, expected {RETENTION}") };
    let object = only(value, &["keep", "after", "then"]).ok_or_else(bad)?;
    let text = |key: &str| object.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let then = match text("then") {
        Some("dispose") => Disposal::Dispose,
        Some("archive") => Disposal::Archive,
        Some("hand over") => Disposal::HandOver,
        _ => return Err(bad()),
    };
    let keep = text("keep").and_then(|keep| keep.parse().ok()).ok_or_else(bad)?;
    Ok((keep, text("after").ok_or_else(bad)?.to_owned(), then))
}

/// The object, where it has no other keys than these.
fn only<'v>(value: &'v Json, keys: &[&str]) -> Option<&'v serde_json::Map<String, Json>> {
    value.as_object().filter(|object| object.keys().all(|key| keys.contains(&key.as_str())))
}
