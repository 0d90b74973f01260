//! What is addressed to somebody counts as sent when it is recorded, unless somebody says when; what arrived was sent
//! by then. That it was sent never says that it arrived (clause 7.4).

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

pub(crate) struct NotesSending;

impl Behaviour for NotesSending {
    fn name(&self) -> &'static str {
        "notes_sending"
    }

    fn record_type(&self) -> &'static str {
        "communication"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["sent_at"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay || !draft.get("sent_at").is_null() {
            return Ok(());
        }
        let addressed = draft.changed("person").then_some(draft.happened_at);
        let delivered = draft.instant("delivered_at").filter(|_| draft.changed("delivered_at"));
        // The earlier of the two: a delivery may be entered late.
        if let Some(sent_at) = addressed.into_iter().chain(delivered).min() {
            draft.set("sent_at", Value::Instant(sent_at));
        }
        Ok(())
    }
}
