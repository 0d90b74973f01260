//! The catalogue in the tree loads whole; a broken one says where.

use super::{Catalogue, DocumentedBasis, PopulationKind, Proves, lies_under};

const TEXT: &str = include_str!("../../../../standard/requirements.toml");

fn catalogue() -> Catalogue {
    Catalogue::load("requirements.toml", TEXT, |_| true).unwrap()
}

const SMALL: &str = r#"[meta]
standard = "S"
edition = "E"
catalogue_version = "1"
compiled = 2026-01-01
requirement_count = 1
note = "n"

[record_types]
incident = "Incident"

[[clause]]
number = "8"
title = "Operation"
parent = ""

[[clause]]
number = "8.1"
title = "General"
parent = "8"

[[requirement]]
id = "8.1-a"
clause = "8.1"
ref = "8.1"
title = "T"
text = "Do it."
documented = "none"
evidence = []
evidence_from = ["incident"]
check = "population: all; pass: each"
population_kind = "record"
proves = "necessary"
judgement = "Is it so?"
settings = ["x.y"]
typical_nonconformity = "It was not so."
"#;

fn broken(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    Catalogue::load("c.toml", &SMALL.replacen(from, to, 1), |key| key == "x.y").unwrap_err().to_string()
}

#[test]
fn the_catalogue_of_the_tree_is_whole() {
    let catalogue = catalogue();
    assert_eq!(catalogue.requirements().len(), 306);
    assert_eq!(catalogue.clauses().len(), 88);
    assert_eq!(catalogue.record_types().len(), 80);
    assert_eq!(catalogue.meta.compiled, "2026-11-23");
    let closing = catalogue.requirement("8.6.1-h").unwrap();
    assert_eq!((closing.letter(), closing.clause.as_str()), ("h", "8.6.1"));
}

#[test]
fn requirements_are_typed() {
    let catalogue = catalogue();
    let count = |test: fn(&super::Requirement) -> bool| catalogue.requirements().iter().filter(|r| test(r)).count();
    assert_eq!(count(|r| r.proves == Proves::Sufficient), 39);
    assert_eq!(count(|r| r.check.is_none()), 5);
    assert_eq!(count(|r| r.documented_basis == Some(DocumentedBasis::Explicit)), 98);
    assert_eq!(count(|r| r.population_kind == PopulationKind::Occasion), 36);
    assert_eq!(count(|r| r.nil_return), 143);
    assert_eq!(count(|r| r.practice.is_some()), 119);
}

#[test]
fn a_clause_answers_with_all_that_lies_under_it() {
    let catalogue = catalogue();
    assert_eq!(catalogue.under("8.6.1").count(), catalogue.find("8.6.1").len());
    let parts: usize = catalogue.children(Some("8.6")).map(|c| catalogue.under(&c.number).count()).sum();
    assert_eq!(catalogue.under("8.6").count(), parts);
    let all: usize = catalogue.children(None).map(|c| catalogue.under(&c.number).count()).sum();
    assert_eq!(all, 306);
    assert_eq!(catalogue.find("8.6.1-c").len(), 1);
    assert!(catalogue.find("8.99").is_empty() && catalogue.find("").is_empty());
    assert!(lies_under("8.6.1", "8.6") && lies_under("8.6", "8.6") && !lies_under("8.60", "8.6"));
}

#[test]
fn the_tree_shows_each_clause_below_its_parent() {
    let catalogue = catalogue();
    let tree = catalogue.tree();
    assert_eq!(tree.len(), 88);
    assert_eq!(tree[0].0, 0);
    for pair in tree.windows(2) {
        assert!(pair[1].0 <= pair[0].0 + 1, "{} after {}", pair[1].1.number, pair[0].1.number);
    }
    let path: Vec<_> = catalogue.path("8.7.3.1").iter().map(|c| c.number.as_str()).collect();
    assert_eq!(path, ["8", "8.7", "8.7.3", "8.7.3.1"]);
}

#[test]
fn settings_know_their_requirements() {
    let catalogue = catalogue();
    let decided: Vec<_> = catalogue.decided_by("incident.priority_rule").map(|r| r.id.as_str()).collect();
    assert_eq!(decided, ["8.6.1-b"]);
}

#[test]
fn the_hash_is_that_of_the_text() {
    let one = catalogue().hash;
    let other = Catalogue::load("r", &format!("{TEXT}\n"), |_| true).unwrap().hash;
    assert_ne!(one, other);
}

#[test]
fn a_broken_catalogue_says_where_and_what_was_expected() {
    for (from, to, expected) in [
        ("id = \"8.1-a\"", "id = \"8.2-a\"", "c.toml:23:6: requirement 8.2-a: expected an id like 8.1-a"),
        ("clause = \"8.1\"", "clause = \"8.9\"", "c.toml:24:10: requirement 8.1-a: no clause \"8.9\""),
        ("parent = \"8\"", "parent = \"7\"", "c.toml:17:1: clause 8.1: parent is \"7\", expected \"8\""),
        ("number = \"8.1\"", "number = \"8\"", "c.toml:17:1: clause 8: the number stands twice"),
        ("[\"x.y\"]", "[\"x.z\"]", "c.toml:35:12: requirement 8.1-a: no setting \"x.z\" in settings.toml"),
        (
            "[\"incident\"]",
            "[\"ticket\"]",
            "c.toml:30:17: requirement 8.1-a: no record type \"ticket\" in [record_types]",
        ),
        (
            "requirement_count = 1",
            "requirement_count = 2",
            "c.toml:6:21: meta: requirement_count is 2, but 1 requirements stand here",
        ),
        (
            "proves = \"necessary\"",
            "proves = \"much\"",
            "c.toml:33:10: requirement 8.1-a: proves is \"much\", expected sufficient, necessary, indicator, nothing",
        ),
        ("title = \"T\"\n", "", "c.toml:22:1: requirement 8.1-a: title is missing, expected text"),
        (
            "check = \"population: all; pass: each\"",
            "check = \"all\"",
            "c.toml:31:9: requirement 8.1-a: check is unlike \"population: …; pass: …\" and unlike \"manual\"",
        ),
        (
            "\"Is it so?\"",
            "\"\"",
            "c.toml:34:13: requirement 8.1-a: judgement is empty exactly where proves is \"sufficient\"",
        ),
        (
            "documented = \"none\"",
            "documented = \"plan\"",
            "c.toml:28:14: requirement 8.1-a: documented_basis stands exactly where something is documented",
        ),
    ] {
        assert_eq!(broken(from, to), expected);
    }
    assert!(
        broken("text = \"Do it.\"", "text = \"Do it.\"\ntxet = \"\"")
            .contains("c.toml:28:1: requirement 8.1-a: unknown key \"txet\"")
    );
    assert!(broken("[record_types]", "[other]\n[record_types]").contains("unknown table \"other\""));
    assert!(broken("[meta]", "[meta").starts_with("c.toml:1:6: "));
}
