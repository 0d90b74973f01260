//! Clause 8: operation.

mod resolution;

pub(crate) use resolution::behaviours;
