//! An occasion is fulfilled by one act that is done, and an act fulfils one occasion of a duty.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

use crate::lifecycle::entered;

pub(super) struct NotesFulfilment;

impl Behaviour for NotesFulfilment {
    fn name(&self) -> &'static str {
        "notes_fulfilment"
    }

    fn record_type(&self) -> &'static str {
        "occasion"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["fulfilled_at"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay || entered(draft) != Some("fulfilled") {
            return Ok(());
        }
        let happened_at = draft.happened_at;
        match draft.instant("fulfilled_at") {
            None => draft.set("fulfilled_at", Value::Instant(happened_at)),
            Some(at) if at > happened_at => {
                draft.refuse("fulfilled_at", "in_the_future", "what fulfils a duty has been done already");
            }
            Some(_) => {}
        }
        let (by, duty) = (draft.get("fulfilled_by").clone(), draft.get("duty").clone());
        if by == Value::Link(draft.after.id) {
            draft.refuse("fulfilled_by", "contradicts", "an occasion does not fulfil itself");
        } else if !by.is_null() && !cx.find("occasion", &[("fulfilled_by", by), ("duty", duty)], 1)?.is_empty() {
            draft.refuse("fulfilled_by", "contradicts", "this record has fulfilled another occasion of the duty");
        }
        Ok(())
    }
}
