//! The longest time in which nobody did anything: elapsed time between neighbouring entries while the incident was open
//! and nobody waited for the customer. Kept at write, since no check could afford to find it in the history.

use engine::{Behaviour, Draft, Error, Record, Surroundings};
use model::Value;

use crate::lifecycle::{core_state, is_open};

pub(super) struct FindsLongestGap;

impl Behaviour for FindsLongestGap {
    fn name(&self) -> &'static str {
        "finds_longest_gap"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["longest_gap"]
    }

    fn derive(&self, _cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let gap = draft.before.as_ref().filter(|before| is_idle_time_ours(before)).and_then(|before| {
            let last = before.get(engine::slot::UPDATED_AT).as_int()?;
            Some(draft.happened_at.saturating_sub(last))
        });
        let longest = draft.get("longest_gap").as_int().unwrap_or(0).max(gap.unwrap_or(0));
        draft.set("longest_gap", Value::Duration(longest));
        Ok(())
    }
}

fn is_idle_time_ours(record: &Record) -> bool {
    let waits_for_customer =
        core_state(record) == Some("waiting") && record.by_key("waiting_for").as_text() == Some("customer");
    is_open(record) && !waits_for_customer
}
