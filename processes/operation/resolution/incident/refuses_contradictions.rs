//! Refuses what cannot be so: waiting for somebody without waiting, waiting for nobody, being one's own duplicate. In a
//! replay all of it is kept as the source has it.

use engine::{Behaviour, Draft, Error, Surroundings};

use crate::lifecycle::core_state;

pub(super) struct RefusesContradictions;

impl Behaviour for RefusesContradictions {
    fn name(&self) -> &'static str {
        "refuses_contradictions"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let waiting = core_state(&draft.after) == Some("waiting");
        if draft.changed("waiting_for") {
            if !waiting && !draft.get("waiting_for").is_null() {
                draft.refuse("waiting_for", "not_waiting", "only an incident that is waiting waits for somebody");
            }
            // The transition into waiting asks for it by itself.
            if waiting && draft.entered().is_none() && draft.get("waiting_for").is_null() {
                draft.refuse("waiting_for", "required", "say what it is waiting for, or resume work");
            }
        }
        if draft.changed("duplicate_of") && draft.get("duplicate_of").as_int() == Some(draft.after.id) {
            draft.refuse("duplicate_of", "cycle", "an incident cannot be its own duplicate, expected another incident");
        }
        Ok(())
    }
}
