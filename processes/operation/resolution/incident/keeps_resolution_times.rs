//! When and by whom it was resolved, when and how it ended: all from entering states, so that no edit moves them. The
//! first and the last resolution stay through a reopening; what says that it *is* resolved or ended does not.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::{Category, Value};

use crate::lifecycle::{category, entered};

pub(super) struct KeepsResolutionTimes;

impl Behaviour for KeepsResolutionTimes {
    fn name(&self) -> &'static str {
        "keeps_resolution_times"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["resolved_at", "first_resolved_at", "last_resolved_at", "resolved_by", "closed_at", "end_kind"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let Some(state) = entered(draft).map(str::to_owned) else { return Ok(()) };
        match category(&draft.after) {
            Some(Category::Done) => resolve(draft),
            Some(Category::Final) => {
                draft.set("closed_at", Value::Instant(draft.happened_at));
                draft.set("end_kind", Value::from(state));
            }
            Some(Category::Open) => reopen(draft),
            None => {}
        }
        Ok(())
    }
}

fn resolve(draft: &mut Draft) {
    let now = Value::Instant(draft.happened_at);
    draft.set("resolved_at", now.clone());
    draft.set("last_resolved_at", now.clone());
    if draft.get("first_resolved_at").is_null() {
        draft.set("first_resolved_at", now);
    }
    // A source may resolve again what it had closed.
    draft.set("closed_at", Value::Null);
    draft.set("end_kind", Value::Null);
    if let (Mode::Work, true, Some(person)) = (draft.mode, draft.get("resolved_by").is_null(), draft.by) {
        draft.set("resolved_by", Value::Link(person));
    }
}

fn reopen(draft: &mut Draft) {
    for key in ["resolved_at", "closed_at", "end_kind"] {
        draft.set(key, Value::Null);
    }
    // A source's own word on who resolved it is kept; in work the next resolution has its own author.
    if draft.mode == Mode::Work && draft.before.is_some() && !draft.changed("resolved_by") {
        draft.set("resolved_by", Value::Null);
    }
}
