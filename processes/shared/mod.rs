//! Rooms that several processes use.

pub(crate) mod clock;
mod role_assignment;
pub(crate) mod setting;

pub(crate) use role_assignment::behaviours;
