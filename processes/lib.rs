//! The rooms: what each process declares, does by itself and is checked by. Folders bear the names of the standard.
//! Declarations are TOML, behaviours are Rust beside them, one a file and named by a verb. No SQL and no HTTP in here.

#[cfg(test)]
mod desk;
#[cfg(test)]
mod example_verdicts;
mod files;
mod lifecycle;
mod operation;
mod shared;
mod support;
#[cfg(test)]
mod tests;

pub use files::{check_files, example_files, model_files, own_settings};

use std::sync::Arc;

use engine::Behaviour;

/// Everything that record types do by themselves. Those of one type run in this order.
pub fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    let mut all = operation::behaviours();
    all.extend(shared::behaviours());
    all.extend(support::behaviours());
    all
}
