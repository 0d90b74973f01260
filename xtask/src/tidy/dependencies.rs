//! Which crate may use which, and why each foreign one is there.

use std::process::Command;

use serde_json::Value;

use super::{none, read};

/// The layers (ARCHITECTURE.md): who may use whom, all others not. Tests may use `testkit` and the real
/// rooms besides.
const EDGES: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("calendar", &[]),
    ("ledger", &[]),
    ("store", &["model"]),
    ("engine", &["model", "calendar", "ledger", "store"]),
    ("conformity", &["engine", "model", "calendar", "ledger", "store"]),
    ("exchange", &["engine", "model", "calendar", "ledger", "store"]),
    ("assess", &["exchange", "conformity", "engine", "model", "calendar", "store"]),
    ("web", &["conformity", "engine", "exchange", "model", "calendar", "ledger", "store"]),
    ("processes", &["engine", "model", "calendar"]),
    ("xtask", &[]),
];
/// The binary wires all together, the test kit starts it.
const FREE: [&str; 2] = ["vouch", "testkit"];

/// A package of the workspace.
struct Package {
    name: String,
    /// Others of the workspace that it uses, with the kind of use: None, `dev` or `build`.
    uses: Vec<(String, Option<String>)>,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).current_dir(crate::root());
    let output = metadata.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let uses = |package: &Value| {
        let own = |one: &&Value| one["path"].is_string();
        let list = package["dependencies"].as_array().unwrap();
        list.iter().filter(own).map(|one| (text(&one["name"]).unwrap(), text(&one["kind"]))).collect()
    };
    let package = |one: &Value| Package { name: text(&one["name"]).unwrap(), uses: uses(one) };
    answer["packages"].as_array().unwrap().iter().map(package).collect()
}

#[test]
fn dependencies_point_one_way() {
    let mut found = Vec::new();
    for Package { name, uses } in packages().iter().filter(|package| !FREE.contains(&package.name.as_str())) {
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| from == name) else {
            found.push(format!("{name} has no line in EDGES"));
            continue;
        };
        for (to, kind) in uses {
            // Tests run over the real rooms and a real server, whatever the layer.
            let in_tests = ["testkit", "processes"].contains(&to.as_str()) && kind.as_deref() == Some("dev");
            if !allowed.contains(&to.as_str()) && !in_tests {
                found.push(format!("{name} -> {to}"));
            }
        }
    }
    none(&found, "not allowed");
}

#[test]
fn only_the_binary_and_the_test_kit_see_the_processes() {
    let sees = |package: &Package| {
        let sees = package.uses.iter().any(|(to, kind)| to == "processes" && kind.as_deref() != Some("dev"));
        (sees && !FREE.contains(&package.name.as_str())).then(|| package.name.clone())
    };
    none(&packages().iter().filter_map(sees).collect::<Vec<_>>(), "the engine knows no process");
}

#[test]
fn each_foreign_dependency_says_why() {
    let manifest = read("Cargo.toml");
    let list = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let silent: Vec<_> = list
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#') && !line.contains("path = "))
        .filter(|line| line.rsplit_once("# ").is_none_or(|(_, reason)| reason.trim().len() <= 3))
        .map(str::to_owned)
        .collect();
    none(&silent, "Cargo.toml: a dependency without a reason");
}

#[test]
fn each_dependency_stands_once() {
    let mut found = Vec::new();
    for file in super::files().iter().filter(|file| file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml") {
        let manifest = super::toml(&file.path);
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, item) in
                manifest.get(table).and_then(|item| item.as_table_like()).into_iter().flat_map(|t| t.iter())
            {
                if item.get("workspace").and_then(|own| own.as_bool()) != Some(true) {
                    found.push(format!("{}: {table}.{name}", file.path));
                }
            }
        }
    }
    none(&found, "say `workspace = true`, the version stands in the root's Cargo.toml");
}
