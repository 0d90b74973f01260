//! The built program, from outside: its commands, its server, and what happens when it is killed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops here")]

mod beside;
mod by_files_alone;
mod killed;
mod place;
