//! What duties do by themselves, and the plan of their occasions as other rooms' behaviours make it.

mod moves_with_setting;
mod plans_occasions;
mod refuses_contradictions;
mod schedules_occasions;

use std::sync::Arc;

use engine::Behaviour;

pub(crate) use schedules_occasions::Schedule;

pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    vec![
        Arc::new(refuses_contradictions::RefusesContradictions),
        Arc::new(plans_occasions::PlansOccasions),
        Arc::new(moves_with_setting::MovesWithSetting),
    ]
}
