//! What occasions do by themselves, and the behaviour of all other records that fulfils them.

mod fulfils;
mod notes_fulfilment;
mod plans_next;

use std::sync::Arc;

use engine::Behaviour;

pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    vec![Arc::new(notes_fulfilment::NotesFulfilment), Arc::new(plans_next::PlansNext), Arc::new(fulfils::Fulfils)]
}
