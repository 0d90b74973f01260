//! Real mails, in all the encodings and states in which they arrive, as texts of records.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::world::{World, databases};

/// Characters of one mail that are taken.
const LONGEST: usize = 8_000;
const MAILS: usize = 150;

fn mails(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            mails(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_mail_is_found_by_what_it_says() {
    let near = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = std::env::var_os("VOUCH_SHARED_DATA").map_or(near, PathBuf::from).join("mail");
    if !folder.is_dir() {
        eprintln!("not run: there is no folder {}", folder.display());
        return;
    }
    let mut paths = Vec::new();
    mails(&folder, &mut paths);
    let every = (paths.len() / MAILS).max(1);
    for on in databases() {
        let world = World::new(on);
        let mut checked = 0;
        for path in paths.iter().step_by(every) {
            let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
            let text: String = text.chars().filter(|c| *c != '\0').take(LONGEST).collect();
            let number = world.create("memo", json!({ "title": "A mail", "body": text })).number;
            // Its longest words and its longest line, as somebody would paste them.
            let mut words: Vec<&str> = text.split_whitespace().filter(|word| word.len() < 40).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            let words = words.iter().take(3).copied().collect::<Vec<_>>().join(" ");
            let line = text.lines().filter(|line| line.len() < 120).max_by_key(|line| line.len()).unwrap_or_default();
            for asked in [words.replace('"', " "), line.replace('"', " ")] {
                if !asked.chars().any(char::is_alphanumeric) {
                    continue;
                }
                let found = world.numbers(&world.agent, &asked);
                assert!(found.contains(&number), "{on:?}: {}: {asked}", path.display());
                checked += 1;
            }
        }
        assert!(checked > MAILS, "{checked} questions");
    }
}
