//! A role holds from the moment in which it is given, unless somebody says from when (clause 5.3).

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

pub(crate) struct BeginsNow;

impl Behaviour for BeginsNow {
    fn name(&self) -> &'static str {
        "begins_now"
    }

    fn record_type(&self) -> &'static str {
        "role_assignment"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["from"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Work && draft.is_new() && draft.get("from").is_null() {
            draft.set("from", Value::Instant(draft.happened_at));
        }
        Ok(())
    }
}
