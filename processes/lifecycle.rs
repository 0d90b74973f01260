//! What a state means: its core state and category. An overlay's sub-state behaves as the core state it maps to.

use engine::{Draft, Record};
use model::Category;

pub(crate) fn core_state(record: &Record) -> Option<&str> {
    let state = record.state()?;
    let declared = record.record_type.lifecycle.as_ref().and_then(|lifecycle| lifecycle.state(state));
    Some(declared.and_then(|state| state.maps_to.as_deref()).unwrap_or(state))
}

pub(crate) fn category(record: &Record) -> Option<Category> {
    let lifecycle = record.record_type.lifecycle.as_ref()?;
    Some(lifecycle.state(record.state()?)?.category)
}

pub(crate) fn is_open(record: &Record) -> bool {
    category(record) == Some(Category::Open)
}

/// The core state that this act enters: another than before, or the beginning. Going from one sub-state to another of
/// the same core state enters nothing.
pub(crate) fn entered(draft: &Draft) -> Option<&str> {
    let now = core_state(&draft.after)?;
    (draft.before.as_ref().and_then(core_state) != Some(now)).then_some(now)
}

/// Whether this act takes up again what was done or ended.
pub(crate) fn reopens(draft: &Draft) -> bool {
    draft.before.as_ref().is_some_and(|before| !is_open(before)) && is_open(&draft.after)
}
