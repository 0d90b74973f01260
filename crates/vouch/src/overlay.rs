//! An organisation's own files: read from a folder, and told apart into model and checks.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use conformity::Overlay;

/// Files of one overlay, and bytes of each, at most.
const FILES_MAX: usize = 1_000;
const BYTES_MAX: u64 = 1024 * 1024;
/// Folders deep.
const DEPTH_MAX: usize = 8;

/// All TOML files under a folder, by their paths relative to it.
///
/// # Errors
/// A file that cannot be read, is too large or no UTF-8, or whose name says neither record type nor checks.
pub fn read(folder: &Path) -> anyhow::Result<Overlay> {
    let mut files = Vec::new();
    collect(folder, "", DEPTH_MAX, &mut files)?;
    files.sort();
    if let Some((path, _)) = files.iter().find(|(path, _)| !model::load::is_model_file(path) && !is_checks(path)) {
        bail!("{path}: expected TYPE.toml, TYPE/TYPE.toml, mixins/NAME.toml or checks.toml");
    }
    Ok(Overlay { files })
}

fn collect(folder: &Path, under: &str, depth: usize, files: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let relative = if under.is_empty() { name.to_owned() } else { format!("{under}/{name}") };
        if path.is_dir() {
            if depth == 0 {
                bail!("{}: expected at most {DEPTH_MAX} folders deep", path.display());
            }
            collect(&path, &relative, depth - 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let told = || format!("reading {}", path.display());
            if fs::metadata(&path).with_context(told)?.len() > BYTES_MAX {
                bail!("{}: expected at most {BYTES_MAX} bytes", path.display());
            }
            files.push((relative, fs::read_to_string(&path).with_context(told)?));
            if files.len() > FILES_MAX {
                bail!("{}: expected at most {FILES_MAX} files", folder.display());
            }
        }
    }
    Ok(())
}

fn is_checks(path: &str) -> bool {
    path.rsplit('/').next() == Some("checks.toml")
}

pub fn model_files(overlay: &Overlay) -> Vec<(String, String)> {
    overlay.files.iter().filter(|(path, _)| !is_checks(path)).cloned().collect()
}

/// Under names that tell them from the rooms' own.
pub fn check_files(overlay: &Overlay) -> Vec<(String, String)> {
    let checks = overlay.files.iter().filter(|(path, _)| is_checks(path));
    checks.map(|(path, text)| (format!("overlay/{path}"), text.clone())).collect()
}
