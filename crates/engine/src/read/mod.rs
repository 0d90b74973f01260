//! Reading: lists, counts, one record's entries, names of linked records, what changed since.

pub mod changes;
pub mod counts;
pub mod cursor;
pub mod entries;
pub mod fill;
mod keyset;
pub mod list;
pub mod names;
