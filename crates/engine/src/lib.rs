//! What is the same for every kind of record: the way of a command into the ledger, reading back at any instant,
//! lists, permissions, settings. The engine knows no process: it names no record type of one, and neither SQL dialect
//! nor HTTP leaks through it.

mod apply;
mod clock;
mod command;
mod draft;
mod engine;
mod facts;
mod graph;
mod history;
pub mod identity;
pub mod input;
pub mod ledger_view;
mod opening;
mod pipeline;
mod plan;
mod principal;
pub mod read;
mod rebuild;
mod record;
mod recorder;
mod refusal;
mod replay;
mod retell;
pub mod rules;
mod seal;
pub mod search;
pub mod settings;
pub mod timers;
mod told;
pub mod verify;

pub use clock::*;
pub use command::*;
pub use draft::*;
pub use engine::*;
pub use facts::StoreFacts;
pub use graph::linked_ids;
pub use opening::{from_json, to_json};
pub use pipeline::Done;
pub use plan::*;
pub use principal::*;
pub use record::*;
pub use refusal::*;
pub use replay::*;
pub use retell::{Further, plan_earlier_beginning, plan_further};
pub use seal::StoredTiles;
pub use settings::Settings;
