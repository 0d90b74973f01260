//! The way in which tests start the product: a real engine on a real database, a real server on a loopback port, actors
//! with roles, a clock that stands until it is moved.

mod app;
mod client;
mod desk;

pub use app::{Actor, NOON, TestApp};
pub use client::{Answer, Client};
pub use desk::Desk;
