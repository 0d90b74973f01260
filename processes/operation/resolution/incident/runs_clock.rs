//! Runs the clock against the resolution target (clause 8.6.1): from when the incident was raised, through every change
//! of priority, until it is resolved or ends, and on again after a reopening. Its due instant is mirrored in `due_at`.
//! A source's history makes no clocks: whether a target was kept there is not ours to say.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

use crate::lifecycle::{is_open, reopens};
use crate::shared::clock::{self, Promise, Turn};

pub(super) struct RunsClock;

const KIND: &str = "resolution";
const TARGETS: &str = "incident.resolution_target";
const THRESHOLDS: &str = "incident.escalation_thresholds";

impl Behaviour for RunsClock {
    fn name(&self) -> &'static str {
        "runs_clock"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["due_at"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay {
            return Ok(());
        }
        let ends = draft.before.as_ref().is_some_and(is_open) && !is_open(&draft.after);
        let goes_on = is_open(&draft.after) && (reopens(draft) || draft.changed("priority"));
        if !ends && !goes_on {
            return Ok(());
        }
        if let Some(turn) = turn(cx, draft, ends)? {
            draft.also.extend(turn.act);
            draft.set("due_at", turn.due_at.map_or(Value::Null, Value::Instant));
        }
        Ok(())
    }
}

fn turn(cx: &mut dyn Surroundings, draft: &Draft, ends: bool) -> Result<Option<Turn>, Error> {
    let (id, now) = (draft.after.id, draft.happened_at);
    let present = if draft.is_new() { None } else { clock::find(cx, "incident", id, KIND)? };
    match present {
        Some(present) if ends => Ok(Some(present.stop(now))),
        Some(present) if reopens(draft) => present.resume(cx, now).map(Some),
        // A priority without a target takes back no promise that was made.
        Some(present) => match promise(cx, draft, present.started_at())? {
            Some(promise) => present.promise_anew(cx, promise, now).map(Some),
            None => Ok(None),
        },
        None if ends => Ok(None),
        None => {
            let started_at = draft.after.get(engine::slot::RAISED_AT).as_int().unwrap_or(now);
            let promise = promise(cx, draft, started_at)?;
            Ok(promise.map(|promise| clock::start("incident", id, KIND, started_at, &promise, now)))
        }
    }
}

fn promise(cx: &mut dyn Surroundings, draft: &Draft, started_at: i64) -> Result<Option<Promise>, Error> {
    match draft.get("priority").as_int() {
        Some(priority) => clock::promise(cx, TARGETS, THRESHOLDS, &priority.to_string(), started_at),
        None => Ok(None),
    }
}
