//! Length, names and words of files.

use super::{File, files, none};

/// A file that needs more holds two things.
const LINES_MAX: usize = 500;
/// Kinds of files that people write here.
const WRITTEN: [&str; 11] = ["rs", "toml", "md", "css", "js", "html", "py", "sh", "svg", "txt", "yml"];
/// Marks of work that was left: here nothing is left half done, an issue says what comes.
const LEFT_OVER: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Where somebody's own machine shows.
const MACHINES: [&str; 5] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "Users/"),
    concat!("C:", "\\Users"),
];

fn written() -> Vec<(File, String)> {
    let kind = |file: &File| file.path.rsplit_once('.').is_some_and(|(_, kind)| WRITTEN.contains(&kind));
    let has_text = |mut file: File| file.text.take().map(|text| (file, text));
    files().into_iter().filter(kind).filter_map(has_text).collect()
}

/// Lines that contain one of these as words of their own.
fn lines_with(marks: &[&str], word: bool) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in written() {
        for (number, line) in text.lines().enumerate() {
            let hit = |mark: &&&str| {
                line.match_indices(**mark).any(|(at, _)| {
                    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                    !word || !letter(line[..at].chars().next_back()) && !letter(line[at + mark.len()..].chars().next())
                })
            };
            if let Some(mark) = marks.iter().find(hit) {
                found.push(format!("{}:{}: {mark}", file.path, number + 1));
            }
        }
    }
    found
}

#[test]
fn a_rust_file_has_at_most_500_lines() {
    let long = |(file, text): &(File, String)| {
        let lines = text.lines().count();
        (file.path.ends_with(".rs") && lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.path))
    };
    none(&written().iter().filter_map(long).collect::<Vec<_>>(), "longer than 500 lines, split by what it does");
}

#[test]
fn nothing_is_left_half_done() {
    none(&lines_with(&LEFT_OVER, true), "open an issue instead of leaving a mark");
}

#[test]
fn no_path_of_somebodys_machine_stands_in_the_tree() {
    none(&lines_with(&MACHINES, false), "a path of one machine, use one from the root of the tree");
}

#[test]
fn nothing_built_or_bundled_is_committed() {
    let bundled = |file: &File| {
        let name = &file.path;
        name.ends_with(".min.js") || name.ends_with(".min.css") || name.ends_with(".wasm") || name.ends_with(".map")
    };
    let found: Vec<_> = files().iter().filter(|file| bundled(file)).map(|file| file.path.clone()).collect();
    none(&found, "built or third-party files, fetch them when they are needed");
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let (allowed, expected) = (concat!("[al", "low("), concat!("[exp", "ect("));
    let mut found = Vec::new();
    for (file, text) in written().iter().filter(|(file, _)| file.path.ends_with(".rs")) {
        for (mark, needs_reason) in [(allowed, false), (expected, true)] {
            for (at, _) in text.match_indices(mark) {
                let attribute = &text[at..at + text[at..].find(")]").unwrap_or(text.len() - at)];
                if !needs_reason || !attribute.contains("reason") {
                    found.push(format!("{}:{}: {attribute}", file.path, text[..at].lines().count()));
                }
            }
        }
    }
    none(&found, "say #[expect(…, reason = \"…\")]");
}

#[test]
fn the_tree_has_the_files_that_everybody_looks_for() {
    let paths: Vec<_> = files().into_iter().map(|file| file.path).collect();
    let found = |name: &&&str| paths.iter().any(|path| path == **name);
    let missing: Vec<_> = ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"]
        .iter()
        .filter(|name| !found(name))
        .map(|name| (*name).to_owned())
        .collect();
    none(&missing, "missing");
}
