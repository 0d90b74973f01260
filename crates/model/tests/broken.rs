//! Every file in `broken/` is refused with exactly the messages beside it: file, line, column, and what was expected.
//!
//! Each is loaded with the sound files of `broken/base`; those named `overlay_…` lie over them. `UPDATE_EXPECTED=1`
//! rewrites the messages, for a reviewer to read.

#![cfg(test)]

mod folder;

use std::path::Path;

use model::load::{Source, check};

#[test]
fn every_fault_is_named_with_its_place_and_what_was_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let (base, cases): (Vec<_>, Vec<_>) =
        folder::toml_files(&root).into_iter().partition(|(path, _)| path.starts_with("base/"));
    assert!(check(&Source::core(&base)).model.is_some(), "the base is sound");
    assert!(cases.len() >= 25, "found {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let source = if case.0.starts_with("overlay_") {
            Source::core(&base).overlay(std::slice::from_ref(case))
        } else {
            Source::core(&base.iter().chain([case]).cloned().collect::<Vec<_>>())
        };
        let report = check(&source);
        let found: String = report.errors.iter().map(|error| format!("{error}\n")).collect();
        let path = root.join(&case.0).with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if found != expected || found.is_empty() || report.model.is_some() {
            wrong.push(format!("--- {}\nexpected:\n{expected}found:\n{found}", case.0));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
