//! Clause 8.6: resolution and fulfilment.

mod incident;

pub(crate) use incident::behaviours;
