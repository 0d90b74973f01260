//! Verification of a whole database: finds nothing where nothing is wrong, and names what somebody altered.

mod random;
mod tamper;
mod world;
