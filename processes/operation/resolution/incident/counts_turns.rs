//! How often it was handed over and how often it came back.

use engine::{Behaviour, Draft, Error, Surroundings};
use model::Value;

use crate::lifecycle::reopens;

pub(super) struct CountsTurns;

impl Behaviour for CountsTurns {
    fn name(&self) -> &'static str {
        "counts_turns"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["reopen_count", "reassignment_count"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let handed_over = ["assignee", "team"].iter().any(|key| replaced(draft, key));
        count(draft, "reassignment_count", handed_over);
        let reopened = reopens(draft);
        count(draft, "reopen_count", reopened);
        Ok(())
    }
}

/// Given to another one than before; the first one is no handing over, nor is taking it away.
fn replaced(draft: &Draft, key: &str) -> bool {
    let had = draft.before.as_ref().is_some_and(|before| !before.by_key(key).is_null());
    had && draft.changed(key) && !draft.get(key).is_null()
}

fn count(draft: &mut Draft, key: &str, once_more: bool) {
    let so_far = draft.get(key).as_int().unwrap_or(0);
    draft.set(key, Value::Int(so_far + i64::from(once_more)));
}
