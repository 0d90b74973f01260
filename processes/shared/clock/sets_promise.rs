//! What a target promises: by when, and when it is to be escalated. The settings in force when the record was raised
//! hold, as an agreement's version would, so that a target changed later moves no promise.

use engine::{Error, Surroundings};
use serde_json::Value as Json;

use super::measures_working_time;
use crate::shared::setting;

/// Instants measured from a clock's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    /// Working time granted, in microseconds.
    pub target: i64,
    pub due_at: i64,
    /// When the threshold is crossed, and until when somebody must then have escalated.
    pub escalation: Option<(i64, i64)>,
}

/// The promise for a subject (a priority); `None` while no target is decided for it.
pub(crate) fn promise(
    cx: &mut dyn Surroundings,
    targets: &str,
    thresholds: &str,
    subject: &str,
    started_at: i64,
) -> Result<Option<Promise>, Error> {
    let target = setting::of_subject(cx, targets, subject, started_at)?;
    let Some(target) = target.as_ref().and_then(Json::as_str) else { return Ok(None) };
    let Some(due_at) = cx.add_working_time(started_at, target)? else { return Ok(None) };
    let target = measures_working_time::between(cx, started_at, due_at)?;
    let threshold = setting::of_subject(cx, thresholds, subject, started_at)?;
    let threshold = threshold.as_ref().and_then(|t| Some((t.get("share")?.as_f64()?, t.get("grace")?.as_str()?)));
    let escalation = match threshold {
        Some((share, grace)) => {
            let at = measures_working_time::after(cx, started_at, measures_working_time::share(target, share))?;
            cx.add_working_time(at, grace)?.map(|ends| (at, ends))
        }
        None => None,
    };
    Ok(Some(Promise { target, due_at, escalation }))
}

impl Promise {
    /// So much working time later, the target itself unchanged.
    pub(crate) fn moved(self, cx: &mut dyn Surroundings, by: i64) -> Result<Self, Error> {
        if by == 0 {
            return Ok(self);
        }
        let due_at = measures_working_time::after(cx, self.due_at, by)?;
        let escalation = match self.escalation {
            Some((at, ends)) => {
                Some((measures_working_time::after(cx, at, by)?, measures_working_time::after(cx, ends, by)?))
            }
            None => None,
        };
        Ok(Self { due_at, escalation, ..self })
    }
}
