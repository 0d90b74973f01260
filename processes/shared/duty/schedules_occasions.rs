//! When a duty falls due next: its interval after the date before. One occasion lies ahead at a time, so that an interval
//! that is decided anew moves what is to come and nothing that was due already.

use calendar::{DAY, Span, Zone};
use engine::{Error, FollowUp, Record, Surroundings, input};
use model::Value;
use serde_json::Value as Json;

use crate::shared::setting::of_subject;

/// A duty with what decides its dates.
pub(crate) struct Schedule<'a> {
    pub duty: &'a Record,
    pub interval: Span,
    /// The instant of the act that plans.
    pub at: i64,
}

impl<'a> Schedule<'a> {
    /// The duty's schedule by what is decided at `at`; `None` while no interval is, and once the duty has ended.
    pub fn of(cx: &mut dyn Surroundings, duty: &'a Record, at: i64) -> Result<Option<Self>, Error> {
        let decided = match duty.by_key("setting").as_text() {
            Some(key) => {
                let subject = subject_number(cx, duty)?;
                of_subject(cx, key, &subject, at)?
            }
            None => duty.by_key("every").as_text().map(Json::from),
        };
        Ok(Self::with(duty, decided.as_ref(), at))
    }

    /// The schedule by a value that was just decided.
    pub fn with(duty: &'a Record, decided: Option<&Json>, at: i64) -> Option<Self> {
        let interval = decided.and_then(Json::as_str).and_then(|text| text.parse().ok())?;
        (duty.state() == Some("in_force")).then_some(Self { duty, interval, at })
    }

    /// The occasion that follows the one that was due on this day.
    pub fn after(&self, cx: &mut dyn Surroundings, day: i64) -> Result<FollowUp, Error> {
        let mut values = self.dates(cx, day)?;
        values.push(("duty".to_owned(), Value::Link(self.duty.id)));
        values.push(("subject".to_owned(), self.duty.by_key("subject").clone()));
        values.push(("title".to_owned(), self.duty.by_key("title").clone()));
        Ok(FollowUp::Create { record_type: "occasion".to_owned(), values })
    }

    /// Plans the occasion ahead, or moves the one that is planned.
    pub fn plan(&self, cx: &mut dyn Surroundings) -> Result<FollowUp, Error> {
        match planned(cx, self.duty)? {
            Some(occasion) => {
                let begins = occasion.by_key("counts_from").as_int().unwrap_or_default();
                Ok(FollowUp::Change { record: occasion.id, values: self.dates(cx, begins)? })
            }
            None => {
                let begins = last_due(cx, self.duty)?.or_else(|| self.duty.by_key("counts_from").as_int());
                let today = input::days(cx.zone(self.at)?.local_day(self.at));
                self.after(cx, begins.unwrap_or(today))
            }
        }
    }

    /// Dates of an occasion whose interval began on this day. An interval that is over when it is decided ends today.
    fn dates(&self, cx: &mut dyn Surroundings, begins: i64) -> Result<Vec<(String, Value)>, Error> {
        let zone = cx.zone(self.at)?;
        let today = input::days(zone.local_day(self.at));
        let due = next(begins, &self.interval).max(today);
        let end = zone.start_of_day(input::date(due + 1)) - 1;
        Ok(vec![
            ("counts_from".to_owned(), Value::Date(begins)),
            ("due_on".to_owned(), Value::Date(due)),
            ("due_end".to_owned(), Value::Instant(end)),
        ])
    }
}

/// So much later, in civil days; a day at least, whatever the interval is.
fn next(day: i64, interval: &Span) -> i64 {
    let at = interval.after(day.saturating_mul(DAY), &Zone::utc());
    at.div_euclid(DAY).max(day + 1)
}

/// The occasion that lies ahead.
pub(super) fn planned(cx: &mut dyn Surroundings, duty: &Record) -> Result<Option<Record>, Error> {
    let planned = cx.find("occasion", &[("duty", Value::Link(duty.id)), ("state", Value::from("planned"))], 1)?;
    Ok(planned.into_iter().next())
}

/// Takes back what was planned: there is no interval any more, or no duty.
pub(super) fn cancel(occasion: &Record) -> FollowUp {
    FollowUp::Move { record: occasion.id, transition: "cancel".to_owned(), values: Vec::new() }
}

/// Occasions that a duty can have: one a day for thirty years.
const OCCASIONS_MAX: u32 = 11_000;

fn last_due(cx: &mut dyn Surroundings, duty: &Record) -> Result<Option<i64>, Error> {
    let all = cx.find("occasion", &[("duty", Value::Link(duty.id))], OCCASIONS_MAX)?;
    let done = all.iter().filter(|occasion| occasion.state() != Some("cancelled"));
    Ok(done.filter_map(|occasion| occasion.by_key("due_on").as_int()).max())
}

/// The name under which a setting holds a value for the duty's subject.
pub(super) fn subject_number(cx: &mut dyn Surroundings, duty: &Record) -> Result<String, Error> {
    let subject = match duty.by_key("subject").as_int() {
        Some(id) => cx.record(id)?,
        None => None,
    };
    Ok(subject.map(|subject| subject.number().to_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_after_the_last_of_november_is_the_last_of_february() {
        let day = |text: &str| input::days(text.parse().unwrap());
        let quarter: Span = "P3M".parse().unwrap();
        assert_eq!(next(day("2025-11-30"), &quarter), day("2026-02-28"));
        assert_eq!(next(day("2026-03-31"), &quarter), day("2026-06-30"));
        assert_eq!(next(day("2026-03-31"), &"PT1H".parse().unwrap()), day("2026-04-01"), "never twice on one day");
    }
}
