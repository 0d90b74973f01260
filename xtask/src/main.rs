//! What a contributor needs beside cargo: `cargo xtask test` brings up everything that the tests use and runs them all.
//! The rules of the tree itself are ordinary tests of this crate (`cargo test -p xtask`).

mod load;
mod postgres;
mod run_tests;
#[cfg(test)]
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [ARGS…]   runs all tests: Rust on both databases, browser, Python
                           ARGS go to cargo test instead of --workspace, e.g. -p store
                           missing tools are installed as root, otherwise named
cargo xtask load ADDRESS:PORT (--token T | --cookie C) [--clients N] [--seconds S] PATH…
                           closed-loop readers against a running server, its own time beside the client's";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let outcome = match args.next().as_deref() {
        Some("test") => run_tests::run(&args.collect::<Vec<_>>()),
        Some("load") => load::run(&args.collect::<Vec<_>>()),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("unknown command {other:?}, expected one of\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Where tools and the throw-away database live; never part of the tree.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
