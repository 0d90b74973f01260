//! Pages and REST over the engine. This crate knows HTTP, HTML and nothing of SQL.

pub mod api;
mod app;
pub mod assets;
mod live;
mod pages;
pub mod view;
pub use app::App;
