//! When work was first taken up and first given to somebody. A replay takes neither from its rows: a source says so
//! itself or does not know it.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

use crate::lifecycle::core_state;

pub(super) struct NotesFirstResponses;

impl Behaviour for NotesFirstResponses {
    fn name(&self) -> &'static str {
        "notes_first_responses"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["acknowledged_at", "assigned_at"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay {
            return Ok(());
        }
        let left_new = core_state(&draft.after) != Some("new");
        let given = draft.changed("assignee") && !draft.get("assignee").is_null();
        for (key, happens) in [("acknowledged_at", left_new && draft.entered().is_some()), ("assigned_at", given)] {
            if happens && draft.get(key).is_null() {
                draft.set(key, Value::Instant(draft.happened_at));
            }
        }
        Ok(())
    }
}
