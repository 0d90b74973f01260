//! The program `vouch`: the command line, and the wiring of everything else.

mod check;
mod cli;
mod demo;
mod export;
mod import;
mod model;
mod organisation;
mod overlay;
mod serve;
mod setting;
mod users;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_max_level(tracing::Level::WARN)
        .init();
    let result = match cli.command {
        Command::Demo(options) => demo::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Assess(options) => import::assess(&options),
        Command::Check(options) => check::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Model(options) => model::run(&options),
        Command::Setting(options) => setting::run(&options),
        Command::User(options) => users::run(&options),
        Command::Token(options) => users::token(&options),
    };
    result.unwrap_or_else(|error| {
        eprintln!("vouch: {error:#}");
        ExitCode::from(2)
    })
}
