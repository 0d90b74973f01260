//! Rooms that several processes use.

pub(crate) mod clock;
pub(crate) mod duty;
mod occasion;
mod role_assignment;
pub(crate) mod setting;

use std::sync::Arc;

use engine::Behaviour;

pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    [role_assignment::behaviours(), duty::behaviours(), occasion::behaviours()].concat()
}
