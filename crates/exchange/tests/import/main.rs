//! Imports end to end: from a file into the tables.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails its test")]

mod event_logs;
mod exported;
mod late;
mod small;
mod tables;
mod whole_log;
mod world;
