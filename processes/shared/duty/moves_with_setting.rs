//! An interval that is decided anew moves the occasions that lie ahead; what was due already stays due.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;
use serde_json::Value as Json;

use super::schedules_occasions::{Schedule, cancel, planned, subject_number};
use crate::shared::setting::for_subject;

pub(super) struct MovesWithSetting;

/// Duties that one setting decides: one a subject.
const DUTIES_MAX: u32 = 1_000;

impl Behaviour for MovesWithSetting {
    fn name(&self) -> &'static str {
        "moves_with_setting"
    }

    fn record_type(&self) -> &'static str {
        "setting"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay || !(draft.is_new() || draft.changed("value")) {
            return Ok(());
        }
        let Some(key) = draft.get("key").as_text().map(str::to_owned) else { return Ok(()) };
        let value: Json = draft.get("value").as_text().and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
        let begins = draft.instant("from").unwrap_or(draft.happened_at);
        let of_it = [("setting", Value::text(&key)), ("state", Value::from("in_force"))];
        for duty in cx.find("duty", &of_it, DUTIES_MAX)? {
            let planned = planned(cx, &duty)?;
            // Decided for a day to come: what lies ahead until then keeps its date, the next one takes the new interval.
            if begins > draft.happened_at && planned.is_some() {
                continue;
            }
            let subject = subject_number(cx, &duty)?;
            let decided = for_subject(value.clone(), &subject);
            let follow_up = match Schedule::with(&duty, decided.as_ref(), begins.max(draft.happened_at)) {
                Some(schedule) => Some(schedule.plan(cx)?),
                None => planned.as_ref().map(cancel),
            };
            draft.also.extend(follow_up);
        }
        Ok(())
    }
}
