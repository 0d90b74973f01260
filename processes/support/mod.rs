//! Clause 7: support of the service management system.

mod communication;

pub(crate) use communication::behaviours;
