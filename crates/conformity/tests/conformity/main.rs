//! Conformity as a whole: real model, real catalogue, real checks, records in both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops here")]

mod by_files_alone;
mod evidence;
mod examples;
mod follower;
mod house;
mod life;
mod occasions;
mod oracle;
mod overlays;
mod records;
mod requirements;
mod rules_then;
