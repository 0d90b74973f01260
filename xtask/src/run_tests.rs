//! `cargo xtask test`: tools, database, Rust tests, Python tests; the database is stopped whatever happens.

use std::process::Command;

use anyhow::{Result, bail};

use crate::postgres::Cluster;
use crate::tools::{self, Tools};

/// Runs everything and fails when anything failed. Without arguments cargo tests the whole workspace.
pub fn run(args: &[String]) -> Result<()> {
    let tools = tools::ready()?;
    let cluster = Cluster::start(&tools.postgres)?;
    let mut failed = Vec::new();
    if let Err(error) = rust_tests(args, &tools, &cluster) {
        failed.push(error.to_string());
    }
    if args.is_empty()
        && let Err(error) = python_tests(&tools)
    {
        failed.push(error.to_string());
    }
    drop(cluster);
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("; ")) }
}

fn rust_tests(args: &[String], tools: &Tools, cluster: &Cluster) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg("test").current_dir(crate::root());
    match args {
        // All failures of a run, not the first crate's only.
        [] => cargo.args(["--workspace", "--no-fail-fast"]),
        args => cargo.args(args),
    };
    cargo.env("VOUCH_TEST_POSTGRES", &cluster.url);
    cargo.env("PATH", tools::path_with(&tools.python)?);
    cargo.env("VOUCH_BROWSER", &tools.browser);
    cargo.env("VOUCH_BROWSER_DRIVER", &tools.driver);
    cargo.env("VOUCH_AXE", &tools.axe);
    // A test that finds its tool missing fails instead of leaving itself out.
    for required in ["VOUCH_REQUIRE_POSTGRES", "VOUCH_REQUIRE_PYTHON", "VOUCH_REQUIRE_BROWSER"] {
        cargo.env(required, "1");
    }
    tools::run(&mut cargo)
}

/// The independent oracle, written in another language so that it shares no mistake with the product.
fn python_tests(tools: &Tools) -> Result<()> {
    let folder = crate::root().join("tests").join("oracle");
    if !folder.is_dir() {
        return Ok(());
    }
    let mut python = Command::new(&tools.python);
    python.args(["-B", "-m", "unittest", "discover", "-s"]).arg(&folder).current_dir(crate::root());
    tools::run(&mut python)
}
