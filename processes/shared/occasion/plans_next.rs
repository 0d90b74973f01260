//! Once an occasion is over, however it ended, the next one is planned: counted from the date on which it was due.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};

use crate::lifecycle::entered;
use crate::shared::duty::Schedule;

pub(super) struct PlansNext;

impl Behaviour for PlansNext {
    fn name(&self) -> &'static str {
        "plans_next"
    }

    fn record_type(&self) -> &'static str {
        "occasion"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let over = matches!(entered(draft), Some("missed" | "fulfilled" | "waived"));
        // What was missed was followed by the next one then.
        if draft.mode == Mode::Replay || !over || draft.state_before() != Some("planned") {
            return Ok(());
        }
        let duty = match draft.get("duty").as_int() {
            Some(duty) => cx.record(duty)?,
            None => None,
        };
        let (Some(duty), Some(due)) = (duty, draft.get("due_on").as_int()) else { return Ok(()) };
        if let Some(schedule) = Schedule::of(cx, &duty, draft.happened_at)? {
            let next = schedule.after(cx, due)?;
            draft.also.push(next);
        }
        Ok(())
    }
}
