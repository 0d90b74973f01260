//! Settings: the intervals, thresholds, rules and conditions that the standard leaves to the organisation, and without
//! which a check is not determinable (`standard/settings.toml`, whose head explains every field), together with the
//! organisation's own (`processes/shared/setting/own_settings.toml`). This module knows which keys there are and what a
//! value must look like; who decided what, from when, is a record with history and lives in the engine.

mod form;
mod load;
mod rule;
mod stated;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use calendar::{BusinessDuration, Holidays, Span, Week, Zone};
use serde_json::Value as Json;

pub use rule::{Disposal, Matrix, Threshold};
pub use stated::{StatedSetting, in_force, read_stated};

/// All keys that can be decided.
#[derive(Clone, Debug)]
pub struct Registry {
    settings: Vec<Setting>,
    by_key: HashMap<String, usize>,
    /// SHA-256 over the texts of the files, in the order of loading.
    pub hash: [u8; 32],
}

/// One key and what may be decided about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Permanent: `incident.closure_wait`.
    pub key: String,
    pub label: String,
    pub unit: Unit,
    pub scope: Scope,
    /// The range or kind in words, as people read it.
    pub allowed: String,
    range: Option<Range>,
    /// Requirements whose check is not determinable while this is unset.
    pub used_by: Vec<String>,
    /// Requirements where only the practice term needs it.
    pub practice_for: Vec<String>,
    /// The role that decides, in words.
    pub decided_by: String,
    /// A value from practice; shown, never applied by itself.
    pub suggestion: Option<String>,
    /// Advice for a small provider.
    pub small: Option<String>,
    /// Advice for a large provider.
    pub large: Option<String>,
    /// In force until somebody decides. Only the organisation's own settings have one: the standard fixes no value.
    pub default: Option<Json>,
    /// A setting of the standard's catalogue, or one of the organisation's own.
    pub of_the_standard: bool,
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Calendar time between occasions.
    Interval,
    /// Wall clock or calendar.
    Duration,
    /// Working days and working time.
    BusinessDuration,
    /// 0 to 1.
    Share,
    /// A small table.
    Rule,
    /// A condition over fields.
    Condition,
    List,
    Zone,
    Week,
    Holidays,
}

/// To whom a value applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Organization,
    /// A value for each of these (`service`, `priority`), with one for all as fall-back.
    Per(String),
}

/// Nominal bounds in microseconds, or a share's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Range {
    Time(i64, i64),
    Share(f64, f64),
}

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingValue {
    for_all: Option<Decided>,
    each: BTreeMap<String, Decided>,
}

/// A checked value for one subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    Interval(Span),
    Duration(Span),
    BusinessDuration(BusinessDuration),
    /// 0 to 1.
    Share(f64),
    /// Text that the caller's check of conditions has accepted.
    Condition(String),
    /// A priority from two answers.
    Matrix(Matrix),
    /// The priority is set by a person who writes down why.
    Reasoning,
    /// When to escalate, as a share of the target time.
    Threshold(Threshold),
    /// How long to keep after an event.
    Retention {
        keep: Span,
        after: String,
        then: Disposal,
    },
    /// A rule of a form that no code reads yet: kept and shown.
    Rule(Json),
    List(Vec<Json>),
    Zone(Zone),
    Week(Week),
    Holidays(Holidays),
}

/// Why a key or a value was refused: where, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct SettingError {
    /// The key, and inside it the subject: `incident.update_interval.2`.
    pub place: String,
    pub message: String,
}

/// Checks the text of a condition for a setting; the error is the message to show.
pub type ConditionCheck<'a> = &'a dyn Fn(&Setting, &str) -> Result<(), String>;

impl Registry {
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.by_key.get(key).and_then(|index| self.settings.get(*index))
    }

    pub fn contains(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The setting, or an error that names those which may have been meant.
    pub fn find(&self, key: &str) -> Result<&Setting, SettingError> {
        self.get(key).ok_or_else(|| {
            let area = key.split('.').next().unwrap_or(key);
            let of_area = |setting: &&Setting| setting.key.split('.').next() == Some(area);
            let near: Vec<_> = self.settings.iter().filter(of_area).map(|setting| setting.key.as_str()).collect();
            let expected = match near.as_slice() {
                [] => "expected a key such as incident.closure_wait".to_owned(),
                near => format!("expected one of {}", near.join(", ")),
            };
            SettingError { place: key.to_owned(), message: format!("no such setting, {expected}") }
        })
    }

    /// Finds the key and checks the value.
    pub fn check(&self, key: &str, value: &Json, conditions: ConditionCheck<'_>) -> Result<SettingValue, SettingError> {
        self.find(key)?.check(value, conditions)
    }
}

impl SettingValue {
    /// The value for a subject (`SVC-1`, a priority), else the one for all.
    pub fn of(&self, subject: &str) -> Option<&Decided> {
        self.each.get(subject).or(self.for_all.as_ref())
    }

    /// The value for all.
    pub fn for_all(&self) -> Option<&Decided> {
        self.for_all.as_ref()
    }

    /// The subjects with a value of their own.
    pub fn each(&self) -> impl Iterator<Item = (&str, &Decided)> {
        self.each.iter().map(|(subject, value)| (subject.as_str(), value))
    }
}
