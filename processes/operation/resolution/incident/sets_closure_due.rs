//! By when a resolved incident is to be closed: the last resolution and the time in which the caller may object, on the
//! calendar then in force (clause 8.6.1). A reopening removes it until the next resolution.

use engine::{Behaviour, Draft, Error, Surroundings};
use model::{Category, Value};

use crate::lifecycle::{category, entered};
use crate::shared::setting;

pub(super) struct SetsClosureDue;

const WAIT: &str = "incident.closure_wait";

impl Behaviour for SetsClosureDue {
    fn name(&self) -> &'static str {
        "sets_closure_due"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["closure_due_at"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if entered(draft).is_none() {
            return Ok(());
        }
        match category(&draft.after) {
            Some(Category::Done) => {
                let due = match setting::text(cx, WAIT, draft.happened_at)? {
                    Some(wait) => cx.add_working_time(draft.happened_at, &wait)?,
                    None => None,
                };
                draft.set("closure_due_at", due.map_or(Value::Null, Value::Instant));
            }
            Some(Category::Open) => draft.set("closure_due_at", Value::Null),
            Some(Category::Final) | None => {}
        }
        Ok(())
    }
}
