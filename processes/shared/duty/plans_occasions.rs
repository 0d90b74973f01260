//! A duty in force has one occasion ahead of it; a duty that ends has none.

use engine::{Behaviour, Draft, Error, FollowUp, Mode, Surroundings};

use super::schedules_occasions::{self, Schedule, planned};

pub(super) struct PlansOccasions;

impl Behaviour for PlansOccasions {
    fn name(&self) -> &'static str {
        "plans_occasions"
    }

    fn record_type(&self) -> &'static str {
        "duty"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let moved = ["state", "setting", "every", "counts_from", "subject"].iter().any(|key| draft.changed(key));
        if draft.mode == Mode::Replay || !moved || !draft.problems.is_empty() {
            return Ok(());
        }
        let follow_up = match Schedule::of(cx, &draft.after, draft.happened_at)? {
            Some(schedule) => Some(schedule.plan(cx)?),
            None => cancel(cx, draft)?,
        };
        draft.also.extend(follow_up);
        Ok(())
    }
}

fn cancel(cx: &mut dyn Surroundings, draft: &Draft) -> Result<Option<FollowUp>, Error> {
    let planned = planned(cx, &draft.after)?;
    Ok(planned.map(|occasion| schedules_occasions::cancel(&occasion)))
}
