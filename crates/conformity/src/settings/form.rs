//! Is this value of the form that its setting asks for, and inside the allowed range?

use std::collections::BTreeMap;

use calendar::{CalendarError, Holidays, Week, Zone};
use serde_json::Value as Json;

use super::{ConditionCheck, Decided, Range, Scope, Setting, SettingError, SettingValue, Unit, rule};

/// A condition's length in bytes, as for filters.
const CONDITION_MAX: usize = 4_096;
/// A rule, list or table of values in bytes of JSON: far more than anybody decides by hand.
const VALUE_MAX: usize = 64 * 1024;
/// The subject that means all.
const ALL: &str = "*";
/// What means 24 × 7 in files that cannot write null.
const ROUND_THE_CLOCK: &str = "24x7";

impl Setting {
    /// Checks a value. Where the setting is per X, an object is the table of values by X (`"*"` for all), and anything
    /// else is the value for all.
    pub fn check(&self, value: &Json, conditions: ConditionCheck<'_>) -> Result<SettingValue, SettingError> {
        let length = value.to_string().len();
        if length > VALUE_MAX {
            return Err(error(&self.key, format!("found {length} bytes, expected at most {VALUE_MAX}")));
        }
        match (&self.scope, value) {
            (Scope::Per(subject), Json::Object(values)) => self.check_each(subject, values, conditions),
            _ => {
                let for_all = Some(self.check_one(&self.key, value, conditions)?);
                Ok(SettingValue { for_all, each: BTreeMap::new() })
            }
        }
    }

    /// The JSON that a person means who types a value on the command line: text where text is asked for, JSON elsewhere.
    pub fn typed(&self, text: &str) -> Json {
        let plain = || Json::String(text.to_owned());
        match self.unit {
            Unit::Condition | Unit::Zone => plain(),
            _ => serde_json::from_str(text).unwrap_or_else(|_| plain()),
        }
    }

    fn check_each(
        &self,
        subject: &str,
        values: &serde_json::Map<String, Json>,
        conditions: ConditionCheck<'_>,
    ) -> Result<SettingValue, SettingError> {
        let mut checked = SettingValue { for_all: None, each: BTreeMap::new() };
        for (name, value) in values {
            let place = format!("{}.{name}", self.key);
            if name != ALL && !is_subject(subject, name) {
                let expected = if subject == "priority" { "a priority 1 to 5" } else { "a number or key" };
                return Err(error(&place, format!("{name:?} is no {subject}, expected {expected}, or \"*\" for all")));
            }
            let value = self.check_one(&place, value, conditions)?;
            if name == ALL {
                checked.for_all = Some(value);
            } else {
                checked.each.insert(name.clone(), value);
            }
        }
        if values.is_empty() {
            let message =
                format!("found an empty table, expected a value for at least one {subject}, or \"*\" for all");
            return Err(error(&self.key, message));
        }
        Ok(checked)
    }

    fn check_one(&self, place: &str, value: &Json, conditions: ConditionCheck<'_>) -> Result<Decided, SettingError> {
        let calendar = |refused: CalendarError| match refused {
            // These name their place themselves.
            CalendarError::Form { place, found, expected } => {
                error(&place, format!("found {found}, expected {expected}"))
            }
            other => error(place, other.to_string()),
        };
        match self.unit {
            Unit::Interval => self.time(place, value, calendar).map(Decided::Interval),
            Unit::Duration if self.key == "records.retention" && value.is_object() => self.retention(place, value),
            Unit::Duration => self.time(place, value, calendar).map(Decided::Duration),
            Unit::BusinessDuration => {
                let text = text_of(place, value, "an ISO 8601 duration such as \"P5D\" (working days) or \"PT4H\"")?;
                let duration: calendar::BusinessDuration = text.parse().map_err(calendar)?;
                self.in_range(place, text, duration.nominal())?;
                Ok(Decided::BusinessDuration(duration))
            }
            Unit::Share => self.share(place, value),
            Unit::Condition => {
                let text = text_of(place, value, "a condition such as \"impact == 1\"")?;
                if text.trim().is_empty() || text.len() > CONDITION_MAX {
                    return Err(error(
                        place,
                        format!("found {} bytes, expected a condition of 1 to {CONDITION_MAX}", text.len()),
                    ));
                }
                conditions(self, text).map_err(|message| error(place, message))?;
                Ok(Decided::Condition(text.to_owned()))
            }
            Unit::Rule => self.rule(place, value),
            Unit::List => list(place, value),
            Unit::Zone => Zone::named(text_of(place, value, "an IANA zone such as \"Europe/Berlin\"")?)
                .map(Decided::Zone)
                .map_err(calendar),
            Unit::Week if value == ROUND_THE_CLOCK => Ok(Decided::Week(Week::always())),
            Unit::Week => Week::from_json(value, place).map(Decided::Week).map_err(calendar),
            Unit::Holidays => Holidays::from_json(value, place).map(Decided::Holidays).map_err(calendar),
        }
    }

    fn time(
        &self,
        place: &str,
        value: &Json,
        refused: impl Fn(CalendarError) -> SettingError,
    ) -> Result<calendar::Span, SettingError> {
        let text = text_of(place, value, "an ISO 8601 duration such as \"P1M\", \"P30D\" or \"PT15M\"")?;
        let span: calendar::Span = text.parse().map_err(refused)?;
        self.in_range(place, text, span.nominal())?;
        Ok(span)
    }

    fn in_range(&self, place: &str, text: &str, nominal: i64) -> Result<(), SettingError> {
        match self.range {
            Some(Range::Time(from, to)) if !(from..=to).contains(&nominal) => {
                Err(error(place, format!("{text} is out of range, expected {}", self.allowed)))
            }
            _ => Ok(()),
        }
    }

    fn share(&self, place: &str, value: &Json) -> Result<Decided, SettingError> {
        let (from, to) = if let Some(Range::Share(from, to)) = self.range { (from, to) } else { (0.0, 1.0) };
        let share = value.as_f64().filter(|share| *share >= from && *share <= to);
        share
            .map(Decided::Share)
            .ok_or_else(|| error(place, format!("found {value}, expected a number {}", self.allowed)))
    }

    fn retention(&self, place: &str, value: &Json) -> Result<Decided, SettingError> {
        let (keep, after, then) = rule::retention(place, value)?;
        self.in_range(place, &keep.to_string(), keep.nominal())?;
        Ok(Decided::Retention { keep, after, then })
    }

    /// The rules that code reads have forms of their own; the others are kept as they are until some code reads them.
    fn rule(&self, place: &str, value: &Json) -> Result<Decided, SettingError> {
        match self.key.as_str() {
            "incident.priority_rule" => rule::matrix(place, value, Some(3)),
            "security.priority_rule" => rule::matrix(place, value, None),
            "incident.escalation_thresholds" => rule::threshold(place, value),
            _ => {
                let says_something = match value {
                    Json::Object(rule) => !rule.is_empty(),
                    Json::String(rule) => !rule.trim().is_empty(),
                    _ => false,
                };
                let expected = || error(place, format!("found {value}, expected text or a table: {}", self.allowed));
                says_something.then(|| Decided::Rule(value.clone())).ok_or_else(expected)
            }
        }
    }
}

fn list(place: &str, value: &Json) -> Result<Decided, SettingError> {
    let says_something = |item: &Json| match item {
        Json::String(text) => !text.trim().is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    match value {
        Json::Array(items) if !items.is_empty() && items.iter().all(says_something) => Ok(Decided::List(items.clone())),
        other => Err(error(place, format!("found {other}, expected a list of at least one text or table"))),
    }
}

fn is_subject(kind: &str, name: &str) -> bool {
    match kind {
        "priority" => matches!(name, "1" | "2" | "3" | "4" | "5"),
        _ => !name.trim().is_empty(),
    }
}

fn text_of<'v>(place: &str, value: &'v Json, expected: &str) -> Result<&'v str, SettingError> {
    value.as_str().ok_or_else(|| error(place, format!("found {value}, expected {expected}")))
}

fn error(place: &str, message: String) -> SettingError {
    SettingError { place: place.to_owned(), message }
}
