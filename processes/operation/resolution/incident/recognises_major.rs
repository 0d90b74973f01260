//! When the organisation's criteria for a major incident were first true of it, and when somebody first declared it one
//! (clause 8.6.1). Both stay, whatever happens later: that it is no longer major says `major` alone.

use engine::{Behaviour, Draft, Error, Surroundings};
use model::Value;

use crate::shared::setting;

pub(super) struct RecognisesMajor;

const CRITERIA: &str = "incident.major_criteria";

impl Behaviour for RecognisesMajor {
    fn name(&self) -> &'static str {
        "recognises_major"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["major_met_at", "major_declared_at"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let now = Value::Instant(draft.happened_at);
        if draft.get("major_met_at").is_null()
            && let Some(criteria) = setting::text(cx, CRITERIA, draft.happened_at)?
            && cx.meets(&criteria, draft)?
        {
            draft.set("major_met_at", now.clone());
        }
        if draft.get("major_declared_at").is_null() && *draft.get("major") == Value::Bool(true) {
            draft.set("major_declared_at", now);
        }
        Ok(())
    }
}
