//! Verification of a whole database: finds nothing where nothing is wrong, and names what somebody altered.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up its world fails")]

mod crash;
mod figures;
mod history;
mod random;
mod tamper;
mod tamper_ledger;
mod view;
mod world;
