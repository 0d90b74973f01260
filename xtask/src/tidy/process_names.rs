//! The engine knows no process: no record type's name stands in its code, in a text, a path or an import.

use super::source::{code_of, contains, words};
use super::{File, files, none, rooms};

/// Crates that serve every record type alike.
const GENERIC: [&str; 3] = ["crates/store/src/", "crates/engine/src/", "crates/ledger/src/"];

/// A record type's name that is also a word for something that the generic crates themselves are about.
struct Meant {
    word: &'static str,
    /// Also where it stands alone in a text, as it would to look the record type up.
    as_text: bool,
    reason: &'static str,
}

/// May only shrink. Whoever adds one has made the engine know a process.
const MEANT_OTHERWISE: [Meant; 7] = [
    Meant { word: "clock", as_text: false, reason: "the parameter that says what time it is" },
    Meant { word: "list_value", as_text: true, reason: "the kind of field whose values are kept as records" },
    Meant { word: "person", as_text: true, reason: "identity is the engine's own: sessions, tokens, who did it" },
    Meant { word: "role_assignment", as_text: true, reason: "who holds which role is a question of identity" },
    Meant { word: "customer", as_text: true, reason: "the scope of a person who is not of all scopes" },
    Meant {
        word: "service",
        as_text: false,
        reason: "in the name of a role, service-manager, whose people may import",
    },
    Meant { word: "setting", as_text: true, reason: "settings are the engine's own: every derivation reads them" },
];

/// A record type's name in generic code.
struct Hit {
    place: String,
    name: String,
    /// The whole of a text.
    as_text: bool,
}

impl Hit {
    fn is_meant_by(&self, meant: &Meant) -> bool {
        // `settings` is the same word as `setting`.
        self.name.trim_end_matches('s') == meant.word && (meant.as_text || !self.as_text)
    }
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/testing/")
}

fn hits() -> Vec<Hit> {
    let names = rooms::names();
    let generic = |file: &File| GENERIC.iter().any(|start| file.path.starts_with(start)) && file.path.ends_with(".rs");
    let mut hits = Vec::new();
    for file in files().into_iter().filter(|file| generic(file) && !is_test(&file.path)) {
        let code = code_of(&file.text.unwrap_or_default());
        for found in words(&code) {
            for name in names.iter().filter(|name| contains(&found.word, name)) {
                let place = format!("{}:{}", file.path, found.line);
                hits.push(Hit { place, name: name.clone(), as_text: found.quoted });
            }
        }
    }
    hits
}

#[test]
fn generic_crates_name_no_record_type() {
    let found = hits().into_iter().filter(|hit| !MEANT_OTHERWISE.iter().any(|meant| hit.is_meant_by(meant)));
    let found: Vec<_> = found.map(|hit| format!("{}: {}", hit.place, hit.name)).collect();
    none(&found, "a record type's name in generic code: let the model say it");
}

#[test]
fn exceptions_that_are_no_longer_needed_are_taken_away() {
    let hits = hits();
    let unused = MEANT_OTHERWISE.iter().filter(|meant| !hits.iter().any(|hit| hit.is_meant_by(meant)));
    let unused: Vec<_> = unused.map(|meant| format!("{}: {}", meant.word, meant.reason)).collect();
    none(&unused, "take it out of MEANT_OTHERWISE");
}
