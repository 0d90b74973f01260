//! The product in a real browser: what people do, with how few steps, by keyboard, together, without script, and whether
//! everybody can use it. Needs `VOUCH_BROWSER`, `VOUCH_BROWSER_DRIVER` and, for accessibility, `VOUCH_AXE`;
//! `cargo xtask test` sets them.

mod axe;
mod browser;
mod drafts;
mod hand;
mod keyboard;
mod live;
mod pages;
mod shots;
mod tasks;
mod unscripted;

type Outcome = anyhow::Result<()>;
