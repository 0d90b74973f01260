//! What role assignments do by themselves.

mod begins_now;

use std::sync::Arc;

use engine::Behaviour;

pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    vec![Arc::new(begins_now::BeginsNow)]
}
