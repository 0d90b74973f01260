//! By when report and review of a major incident are to be done: its last resolution and the time that the organisation
//! gives itself (clause 8.6.1). It stays through a reopening, so that an endless incident cannot escape its review.

use engine::{Behaviour, Draft, Error, Surroundings};
use model::Value;

use crate::shared::setting;

pub(super) struct SetsReviewDue;

const TIME: &str = "major_incident.review_time";

impl Behaviour for SetsReviewDue {
    fn name(&self) -> &'static str {
        "sets_review_due"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["review_due_at"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if !(draft.changed("major") || draft.changed("last_resolved_at")) {
            return Ok(());
        }
        let resolved = draft.instant("last_resolved_at").filter(|_| *draft.get("major") == Value::Bool(true));
        let due = match resolved {
            Some(at) => match setting::text(cx, TIME, at)? {
                Some(time) => cx.add_working_time(at, &time)?,
                None => None,
            },
            None => None,
        };
        draft.set("review_due_at", due.map_or(Value::Null, Value::Instant));
        Ok(())
    }
}
