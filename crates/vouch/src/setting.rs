//! `vouch setting`: decides what the standard leaves to the organisation.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use conformity::decide::{Decision, decide};
use engine::{Channel, Principal};

use crate::cli::{Setting, SettingCommand};
use crate::organisation::{Expect, Opening, open, registry, signed};
use crate::users::said;

pub fn run(options: &Setting) -> anyhow::Result<ExitCode> {
    let registry = registry()?;
    match &options.command {
        SettingCommand::Set { key, value, data, from, reason } => {
            let engine = open(data, Expect::Existing, Opening::default())?;
            let setting = registry.find(key).map_err(|e| anyhow::anyhow!("{e}"))?;
            let from = from.as_deref().map(|from| day(&engine, from)).transpose()?;
            let decision = Decision { key: key.clone(), value: setting.typed(value), from, reason: reason.clone() };
            let principal = Arc::new(Principal::system());
            let done = decide(&engine, &registry, &principal, Channel::CommandLine, &decision).map_err(said)?;
            println!("{} decides {key}", done.number);
            signed(&engine)?;
        }
        SettingCommand::List { data } => {
            let engine = open(data, Expect::Existing, Opening::default())?;
            let settings = engine.settings(&mut *engine.reader()?)?;
            let now = engine.clock().now();
            for setting in registry.settings() {
                match settings.in_force(&setting.key, now) {
                    Some(value) => println!("{} = {value}", setting.key),
                    None => println!("{} is not decided", setting.key),
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The local midnight with which a day begins where the organisation is.
fn day(engine: &engine::Engine, text: &str) -> anyhow::Result<i64> {
    let date =
        calendar::parse_date(text).with_context(|| format!("--from {text}: expected a date such as 2026-01-01"))?;
    let zone = engine.settings(&mut *engine.reader()?)?.zone_at(engine.clock().now()).map_err(said)?;
    Ok(zone.start_of_day(date))
}
