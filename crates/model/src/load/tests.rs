//! What the loader makes of sound files, and the faults that need more than one file.

use super::*;
use crate::{Kind, RelationSource};

const PERSON: (&str, &str) = (
    "person/person.toml",
    r#"
[record]
name = "person"
plural = "people"
prefix = "PER"

[fields]
name = { kind = "text", required = true }
"#,
);

const TICKET: (&str, &str) = (
    "ticket/ticket.toml",
    r#"
[record]
name = "ticket"
plural = "tickets"
prefix = "TIC"

[fields]
title = { kind = "text", required = true }
severity = { kind = "choice", choices = ["high", "low"] }
owner = { kind = "link", to = ["person"] }

[lifecycle]
initial = "new"
states.new = { category = "open" }
states.waiting = { category = "open" }
states.closed = { category = "final" }
transitions.wait = { from = ["new"], to = "waiting" }
transitions.resume = { from = ["waiting"], to = "new" }
transitions.close = { from = ["*open"], to = "closed" }

[permissions]
agent = { read = "true", do = ["*"] }
customer = { read = "true", sees = ["title"] }

[views.open]
columns = ["number", "title"]
"#,
);

fn lines(problems: &[LoadError]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn errors(files: &[(&str, &str)]) -> Vec<String> {
    load(files).map_or_else(|errors| lines(&errors), |_| Vec::new())
}

fn small(name: &str, rest: &str) -> String {
    format!("[record]\nname = \"{name}\"\nplural = \"{name}s\"\nprefix = \"{}\"\n{rest}", name.to_uppercase())
}

#[test]
fn system_fields_stand_first_then_the_state_then_the_fields_in_file_order() {
    let model = load(&[PERSON, TICKET]).unwrap();
    let keys: Vec<&str> = model.get("ticket").unwrap().fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys.split_at(8), (&crate::SYSTEM_FIELDS[..], &["state", "title", "severity", "owner"][..]));
    assert_eq!(model.get("person").unwrap().slot("name"), Some(8), "no life-cycle, no state");
}

#[test]
fn an_overlay_adds_fields_behind_the_cores_and_choices_states_relations_and_columns() {
    let overlay = r#"
[record]
name = "ticket"
label = "Case"

[fields]
cost_centre = { kind = "text", sort = true }
owner = { required = true, label = "Case owner" }
severity = { choices = { urgent = "Drop everything" } }

[lifecycle]
states.parked = { maps_to = "waiting" }
transitions.park = { from = ["waiting"], to = "parked" }
transitions.close = { needs = ["cost_centre"], reason = true }

[relations.related]
to = ["ticket"]
kind = "related_to"

[permissions.agent]
hide = ["severity"]

[permissions.customer]
sees = ["cost_centre"]

[views.open]
columns = ["cost_centre"]
"#;
    let report = check(&Source::core(&[PERSON, TICKET]).overlay(&[("ticket.toml", overlay)]));
    assert_eq!((&report.errors, &report.warnings), (&vec![], &vec![]));
    let model = report.model.unwrap();
    let ticket = model.get("ticket").unwrap();
    assert_eq!(ticket.slot("cost_centre"), Some(ticket.fields.len() - 1), "core fields keep their slots");
    assert_eq!((ticket.label.as_str(), ticket.field("owner").unwrap().label.as_str()), ("Case", "Case owner"));
    assert!(ticket.field("owner").unwrap().required);
    assert!(matches!(&ticket.field("severity").unwrap().kind, Kind::Choice(c) if c[2].label == "Drop everything"));

    let lifecycle = ticket.lifecycle.as_ref().unwrap();
    assert_eq!(lifecycle.state("parked").unwrap().category, crate::Category::Open);
    assert_eq!(lifecycle.transition("resume").unwrap().from, ["waiting", "parked"], "moves as its core state does");
    assert_eq!(lifecycle.transition("close").unwrap().from, ["new", "waiting", "parked"]);
    assert_eq!(lifecycle.transition("close").unwrap().needs, [vec![ticket.slot("cost_centre").unwrap()]]);
    assert!(matches!(&ticket.relation("related").unwrap().source, RelationSource::Links { forward: true, .. }));

    let hides = |role: &str, key: &str| ticket.permissions[role].hide.contains(&ticket.slot(key).unwrap());
    assert!(hides("agent", "severity") && !hides("agent", "cost_centre"));
    assert!(hides("customer", "owner") && !hides("customer", "title") && !hides("customer", "cost_centre"));
    assert_eq!(ticket.view("open").unwrap().columns.last(), ticket.slot("cost_centre").as_ref());
}

#[test]
fn a_field_that_an_overlay_adds_is_hidden_from_a_role_that_sees_only_what_is_named() {
    let overlay = "[record]\nname = \"ticket\"\n[fields]\nmargin = { kind = \"integer\" }\n";
    let report = check(&Source::core(&[PERSON, TICKET]).overlay(&[("ticket.toml", overlay)]));
    let model = report.model.unwrap();
    let ticket = model.get("ticket").unwrap();
    assert!(ticket.permissions["customer"].hide.contains(&ticket.slot("margin").unwrap()));
}

#[test]
fn a_child_repeats_its_parents_fields_life_cycle_and_rights() {
    let child = small("bug", "extends = \"ticket\"\n[fields]\nsteps = { kind = \"text\" }\n");
    let model = load(&[PERSON, TICKET, ("bug/bug.toml", &child)]).unwrap();
    let (parent, child) = (model.get("ticket").unwrap(), model.get("bug").unwrap());
    assert_eq!(child.fields[..parent.fields.len()], parent.fields[..]);
    assert_eq!(child.slot("steps"), Some(parent.fields.len()));
    assert!(child.lifecycle.is_some() && child.permissions.contains_key("agent") && child.view("open").is_some());
}

#[test]
fn a_mixin_gives_fields_and_rights_that_the_record_may_refine() {
    let mixin = r#"
[mixin]
name = "noted"

[fields]
note = { kind = "text" }

[permissions]
agent = { read = "true", create = "true" }
"#;
    let record = small("thing", "mixins = [\"noted\"]\n[permissions.agent]\ncreate = \"note != null\"\n");
    let model = load(&[PERSON, ("mixins/noted.toml", mixin), ("thing/thing.toml", &record)]).unwrap();
    let thing = model.get("thing").unwrap();
    let agent = &thing.permissions["agent"];
    assert_eq!(thing.slot("note"), Some(8));
    assert_eq!(agent.create.as_ref().unwrap().text, "note != null");
    assert_eq!(agent.read.as_ref().unwrap().text, "true");

    let (other, mixed) =
        (mixin.replace("noted", "also").replace("note =", "memo ="), "mixins = [\"noted\", \"also\"]\n");
    let files = [("noted.toml", mixin), ("also.toml", &other), ("thing.toml", &small("thing", mixed))];
    let conflict = "thing.toml:5:20: mixin `also`: an earlier mixin says";
    assert_eq!(errors(&files), ["create", "read"].map(|key| format!("{conflict} `{key}` of role `agent` too")));
}

#[test]
fn links_are_seen_from_both_sides() {
    let thing = small("thing", "[relations]\nowners = { to = [\"person\"], kind = \"owned_by\" }\n");
    let person = format!("{}\n[relations]\nowns = {{ inverse_of = \"thing.owners\" }}\n", PERSON.1);
    let model = load(&[(PERSON.0, person.as_str()), ("thing/thing.toml", &thing)]).unwrap();
    let source = |record: &str, name: &str| model.get(record).unwrap().relation(name).unwrap().source.clone();
    let links = |to: &str, forward| {
        let (kind, to) = ("owned_by".to_owned(), vec![to.to_owned()]);
        RelationSource::Links { kind, to, forward, acyclic: false }
    };
    assert_eq!(source("thing", "owners"), links("person", true));
    assert_eq!(source("person", "owns"), links("thing", false));
}

#[test]
fn a_circle_of_parents_and_too_many_levels_are_refused() {
    let (aa, bb) = (small("aa", "extends = \"bb\"\n"), small("bb", "extends = \"aa\"\n"));
    let circle = errors(&[("aa.toml", &aa), ("bb.toml", &bb)]);
    assert_eq!(
        circle,
        ["aa.toml:5:11: `aa` extends itself in a circle", "bb.toml:5:11: `bb` extends itself in a circle"]
    );

    let files = [
        ("aa.toml", small("aa", "")),
        ("bb.toml", small("bb", "extends = \"aa\"\n")),
        ("cc.toml", small("cc", "extends = \"bb\"\n")),
        ("dd.toml", small("dd", "extends = \"cc\"\n")),
    ];
    assert_eq!(lines(&load(&files).unwrap_err()), ["dd.toml:5:11: `dd` extends more than 3 levels deep"]);
    assert!(load(&files[..3]).is_ok());
}

#[test]
fn what_is_larger_than_any_honest_model_is_refused() {
    let huge = small("aa", &format!("# {}\n", "x".repeat(256 * 1024)));
    assert_eq!(errors(&[("aa.toml", &huge)]), ["aa.toml:1:1: the file is larger than 262144 bytes"]);
    let fields: String = (0..400).map(|n| format!("f{n} = {{ kind = \"boolean\" }}\n")).collect();
    let wide = small("aa", &format!("[fields]\n{fields}"));
    assert_eq!(errors(&[("aa.toml", &wide)]), ["aa.toml:1:1: `aa` has more than 400 fields"]);
    let deep = small("aa", &format!("x = {}1{}\n", "[".repeat(10_000), "]".repeat(10_000)));
    assert!(errors(&[("aa.toml", &deep)])[0].contains("not TOML"), "nesting costs no stack");
}

#[test]
fn a_value_equal_to_its_default_is_a_warning() {
    let due = "due_at = { kind = \"text\", label = \"Due at\", required = false, max = 250 }\n";
    let text = small("aa", &format!("label = \"Aa\"\n[fields]\n{due}"));
    let report = check(&Source::core(&[("aa.toml", &text)]));
    assert!(report.model.is_some());
    let expected = [
        "aa.toml:5:9: \"Aa\" is what the name says: leave it out",
        "aa.toml:7:35: \"Due at\" is what the name says: leave it out",
        "aa.toml:7:56: `required = false` is the default: leave it out",
        "aa.toml:7:69: `max = 250` is the default: leave it out",
    ];
    assert_eq!(lines(&report.warnings), expected);
}

#[test]
fn the_hash_knows_every_text_and_no_order_of_files_or_kind_of_line_end() {
    let hash = |files: &[(&str, &str)]| load(files).unwrap().hash;
    let windows = TICKET.1.replace('\n', "\r\n");
    assert_eq!(hash(&[PERSON, TICKET]), hash(&[(TICKET.0, &windows), PERSON]));
    assert_ne!(hash(&[PERSON, TICKET]), hash(&[PERSON]));
    let relabelled = TICKET.1.replace("\"low\"", "\"lowly\"");
    assert_ne!(hash(&[PERSON, TICKET]), hash(&[PERSON, (TICKET.0, &relabelled)]));
}

#[test]
fn a_fault_in_a_condition_stands_where_it_is_written() {
    let read = "[permissions.agent]\nread = '''\n  number != null &&\n  oops == 1'''\n";
    let text =
        small("aa", &format!("{read}[views.all]\nfilter = \"number == \\\"e\\\" && gasp\"\ncolumns = [\"number\"]\n"));
    let found = errors(&[("aa.toml", &text)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("aa.toml:8:3: ") && found[0].contains("oops"), "{found:?}");
    assert!(found[1].starts_with("aa.toml:10:30: ") && found[1].contains("gasp"), "{found:?}");
}

#[test]
fn a_rooms_other_files_are_no_part_of_the_model() {
    for (path, is) in [
        ("operation/resolution/incident/incident.toml", true),
        ("shared/mixins/read_by_staff.toml", true),
        ("incident.toml", true),
        ("operation/resolution/incident/checks.toml", false),
        ("shared/setting/own_settings.toml", false),
        ("checks.toml", false),
        ("incident/mod.rs", false),
    ] {
        assert_eq!(is_model_file(path), is, "{path}");
    }
}
