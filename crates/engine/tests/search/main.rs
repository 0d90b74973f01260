//! Full-text search over a small organisation, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up its world fails")]

mod building;
mod erasing;
mod figures;
mod finding;
mod hostile;
mod real;
mod rights;
mod scan;
mod windows;
mod world;
