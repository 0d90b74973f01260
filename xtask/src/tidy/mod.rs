//! The rules of the tree, as tests: what a reviewer would otherwise have to remember. Each failure names file and line,
//! what was found, and what to do. Lists of exceptions may only shrink: one that is no longer needed fails too.

mod dependencies;
mod files;
mod process_names;
mod rooms;
mod source;

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

/// Folders that are not the tree.
const SKIPPED: [&str; 5] = [".git", "target", "vouch-data", "node_modules", "__pycache__"];

/// A file of the tree.
struct File {
    /// From the root, with forward slashes.
    path: String,
    /// None where it is no text.
    text: Option<String>,
}

/// All files of the tree, in order of path.
fn files() -> Vec<File> {
    let root = crate::root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else {
                let text = std::fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                found.push(File { path: relative(&root, &path), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")
}

fn read(path: &str) -> String {
    let full: PathBuf = crate::root().join(path);
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(path: &str) -> DocumentMut {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with all findings at once.
fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}
