//! What communications do by themselves.

mod notes_sending;

use std::sync::Arc;

use engine::Behaviour;

pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    vec![Arc::new(notes_sending::NotesSending)]
}
