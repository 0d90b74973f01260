//! The totals of a log, in words that a count made elsewhere can be held against.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::case::{SourceCase, SourceRow};
use crate::convert::SourceValue;
use crate::mapping::Mapping;

/// A count of this many different values is no longer told value by value.
const VALUES_MAX: i64 = 4;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Rows by what the source says is going on: the state, with what it waits for; rows that say nothing by the
    /// reason of their flag.
    pub activity_counts: BTreeMap<String, u64>,
    pub events_per_case: Spread,
    /// From a case's first to its last instant.
    pub case_duration_hours: Spread,
    /// Cases by the value of their last row, for fields that are truths or small numbers; larger ones are `more`.
    pub cases_by_last_event: BTreeMap<String, BTreeMap<String, u64>>,
    /// Rows in which a link or reference is given, by field and kind.
    pub rows_with: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub mean: f64,
    /// Nearest rank.
    pub p95: f64,
    pub max: f64,
}

/// Collects totals while cases go by.
#[derive(Debug, Default)]
pub(crate) struct TotalsBuilder {
    totals: Totals,
    events: Vec<f64>,
    hours: Vec<f64>,
}

impl TotalsBuilder {
    pub fn observe(&mut self, mapping: &Mapping, case: &SourceCase) {
        self.events.push(case.rows.len() as f64);
        let instants = || case.rows.iter().map(|row| row.happened);
        if let (Some(first), Some(last)) = (instants().min(), instants().max()) {
            self.hours.push((last - first) as f64 / 3_600_000_000.0);
        }
        for row in &case.rows {
            *self.totals.activity_counts.entry(activity(mapping, row)).or_default() += 1;
            self.observe_links(row);
        }
        for (key, value) in case.rows.last().into_iter().flat_map(|row| &row.fields) {
            let text = match value {
                SourceValue::Bool(truth) => truth.to_string(),
                SourceValue::Int(number) if (0..=VALUES_MAX).contains(number) => number.to_string(),
                SourceValue::Int(_) => "more".to_owned(),
                _ => continue,
            };
            *self.totals.cases_by_last_event.entry(key.to_string()).or_default().entry(text).or_default() += 1;
        }
    }

    fn observe_links(&mut self, row: &SourceRow) {
        for (key, value) in &row.fields {
            match value {
                SourceValue::Named { .. } => *self.totals.rows_with.entry(key.to_string()).or_default() += 1,
                SourceValue::References(references) => {
                    for reference in references.iter() {
                        *self.totals.rows_with.entry(format!("{key}.{}", reference.kind)).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
    }

    pub fn finish(self) -> Totals {
        Totals { events_per_case: spread(self.events), case_duration_hours: spread(self.hours), ..self.totals }
    }
}

/// `waiting/customer`: the state, with the value of what else its column says.
fn activity(mapping: &Mapping, row: &SourceRow) -> String {
    if let Some(reason) = &row.deviates {
        return reason.to_string();
    }
    let mut text = row.state.as_deref().unwrap_or_default().to_owned();
    let column = mapping.state.as_ref().map(|state| state.column.as_str());
    for (key, value) in &row.fields {
        if let SourceValue::Text(word) = value
            && column.is_some()
            && mapping.column_of(key) == column
        {
            text.push('/');
            text.push_str(word);
        }
    }
    text
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
    let median = if count % 2 == 1 { at(count / 2) } else { (at((count / 2).saturating_sub(1)) + at(count / 2)) / 2.0 };
    let mean = if count == 0 { 0.0 } else { values.iter().sum::<f64>() / count as f64 };
    let rank = (count as f64 * 0.95).ceil() as usize;
    Spread {
        min: rounded(at(0)),
        median: rounded(median),
        mean: rounded(mean),
        p95: rounded(at(rank.saturating_sub(1))),
        max: rounded(at(count.saturating_sub(1))),
    }
}
