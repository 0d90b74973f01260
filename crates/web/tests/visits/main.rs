//! Pages as a browser without script meets them, over a whole organisation.

mod account;
mod events;
#[cfg(test)]
mod house;
mod lists;
mod others;
mod records;
mod search;
