//! An organisation's own files add and tighten; whatever they say, what fails by the core's checks fails.

use std::sync::Arc;

use conformity::{Conformity, Overlay};
use engine::{Act, Channel, Command, Engine, Principal, Time, load};
use model::Model;
use model::load::{Source, check};
use serde_json::{Value as Json, json};
use toml_edit::{DocumentMut, Item, Value};

use crate::examples::run;
use crate::house::{Database, House, databases, instant, library};
use crate::life::Dice;
use crate::records::{at, items, text};

/// A record type, a core state of it, and a state that lies under that.
type SubState = (&'static str, &'static str, &'static str);

const SUB_STATES: [SubState; 5] = [
    ("incident", "new", "triaged"),
    ("incident", "in_progress", "at_vendor"),
    ("incident", "resolved", "checked_by_caller"),
    ("incident", "waiting", "at_the_gate"),
    ("clock", "escalation_due", "escalation_seen"),
];

/// What else files may say of incidents.
const PARTS: [&str; 8] = [
    "[fields.building]\nkind = \"choice\"\nchoices = [\"north\", \"south\"]\nrequired = true\n",
    "[fields.cost]\nkind = \"integer\"\nrange = [0, 1000]\nsort = true\n",
    "[fields.impact]\nrequired = true\n",
    "[fields.solution]\nlabel = \"What helped\"\n",
    "[fields.vendor]\nkind = \"link\"\nto = [\"customer\"]\n",
    "[permissions.agent]\nhide = [\"description\"]\n",
    "[relations.neighbours]\nto = [\"incident\"]\nkind = \"neighbour_of\"\n",
    "[views.own]\nlabel = \"Own\"\nfilter = \"state == 'resolved'\"\ncolumns = [\"number\", \"state\"]\nsort = [\"-raised_at\"]\n",
];

/// A random overlay: its files, and the sub-states in it.
fn overlay(dice: &mut Dice) -> (Vec<(String, String)>, Vec<SubState>) {
    let mut heads = vec![("incident", String::new()), ("clock", String::new())];
    let under: Vec<_> = SUB_STATES.into_iter().filter(|_| dice.below(2) == 0).collect();
    for (of, head) in &mut heads {
        *head = format!("[record]\nname = \"{of}\"\n");
        for part in PARTS.iter().filter(|_| *of == "incident" && dice.below(2) == 0) {
            head.push_str(part);
        }
        let states = under.iter().filter(|(record_type, ..)| record_type == of);
        let states: String =
            states.map(|(_, core, sub)| {
            format!(
                "states.{sub} = {{ maps_to = \"{core}\" }}\ntransitions.{} = {{ from = [\"{core}\"], to = \"{sub}\" }}\n",
                sub.replace('_', "-"),
            )
        }).collect();
        if !states.is_empty() {
            head.push_str(&format!("[lifecycle]\n{states}"));
        }
    }
    (heads.into_iter().map(|(of, text)| (format!("{of}.toml"), text)).collect(), under)
}

fn lying_over(files: &[(String, String)]) -> Arc<Model> {
    let report = check(&Source::core(&processes::model_files()).overlay(files));
    Arc::new(report.model.unwrap_or_else(|| panic!("{:#?}\n{files:?}", report.errors)))
}

/// Puts records into the states under those that an example names, here and there.
fn into_sub_states(document: &mut DocumentMut, under: &[SubState], dice: &mut Dice) {
    let mut replaced = |item: &mut Item, record_type: &str| {
        let sub =
            item.as_str().and_then(|state| under.iter().find(|(of, core, _)| *of == record_type && *core == state));
        if let Some((.., sub)) = sub.filter(|_| dice.below(3) > 0) {
            *item = Item::Value(Value::from(*sub));
        }
    };
    let examples = document["example"].as_array_of_tables_mut().unwrap();
    for example in examples.iter_mut() {
        let Some(records) = example.get_mut("record").and_then(Item::as_array_of_tables_mut) else { continue };
        for record in records.iter_mut() {
            let record_type = record.get("type").and_then(Item::as_str).unwrap_or_default().to_owned();
            if let Some(state) = record.get_mut("state") {
                replaced(state, &record_type);
            }
            let entries = record.get_mut("entries").and_then(Item::as_array_mut);
            for entry in entries.into_iter().flat_map(|entries| entries.iter_mut()) {
                let Some(into) = entry.as_inline_table_mut().and_then(|entry| entry.get_mut("into")) else { continue };
                let mut item = Item::Value(into.clone());
                replaced(&mut item, &record_type);
                *into = item.into_value().unwrap();
            }
        }
    }
}

#[test]
fn under_any_overlay_what_fails_by_a_core_check_fails() {
    let (mut tried, mut replaced) = (0, 0);
    for seed in 1..=5 {
        let mut dice = Dice((seed * 0x9e37_79b9) | 1);
        for _ in 0..10 {
            dice.below(2);
        }
        let (files, under) = overlay(&mut dice);
        let model = lying_over(&files);
        for (file, body) in processes::example_files() {
            let original: DocumentMut = body.parse().unwrap_or_else(|e| panic!("{file}: {e}"));
            let mut document = original.clone();
            into_sub_states(&mut document, &under, &mut dice);
            replaced += u32::from(document.to_string() != original.to_string());
            for example in items(document.get("example")) {
                if text(example, "verdict").as_deref() != Some("fail") {
                    continue;
                }
                let house = House::with_model(Database::Sqlite, at(&document["about"]["at"]), model.clone(), &[]);
                run(&house, &document, example, (&text(example, "check").unwrap(), "fail"));
                tried += 1;
            }
        }
    }
    assert!(tried >= 50 && replaced >= 3, "{tried} examples, {replaced} files with sub-states");
}

/// The core as a later program has it: incidents have one more field.
fn upgraded() -> Vec<(&'static str, String)> {
    let later = |(path, text): (&'static str, &str)| {
        let field = "[fields]\nweather = { kind = \"text\", sort = true }\n";
        let text =
            if path.ends_with("/incident.toml") { text.replacen("[fields]\n", field, 1) } else { text.to_owned() };
        (path, text)
    };
    processes::model_files().into_iter().map(later).collect()
}

#[test]
fn an_overlays_field_survives_an_upgrade_that_adds_a_core_field() {
    for database in databases() {
        let now = instant("2026-03-02T12:00:00Z");
        let files = vec![("incident.toml".to_owned(), format!("[record]\nname = \"incident\"\n{}", PARTS[1]))];
        let house = House::with_model(database, now, lying_over(&files), &[]);
        let judging = Conformity::open(
            house.engine.clone(),
            library(house.engine.model(), &[]).with_overlay(Overlay { files: files.clone() }),
        );
        judging.keep_rules().unwrap();
        assert!(judging.is_current().unwrap() && !house.conformity.is_current().unwrap());
        let create = |engine: &Engine, input: Json| {
            let Json::Object(input) = input else { panic!("{input}") };
            let act = Act::Create { record_type: "incident".to_owned(), input };
            engine.run(&Command::new(Arc::new(Principal::system()), Channel::Api, act)).unwrap()
        };
        let made = create(&house.engine, json!({ "title": "Before", "cost": 7 }));
        // The next program knows the organisation's files from the database alone.
        let kept = Overlay::in_force(&mut *house.engine.reader().unwrap()).unwrap();
        assert_eq!(kept.files, files);
        let report = check(&Source::core(&upgraded()).overlay(&kept.files));
        let model = Arc::new(report.model.unwrap_or_else(|| panic!("{:#?}", report.errors)));
        let later = house.reopened(model.clone());
        let incident = model.shared("incident").unwrap();
        let record = load(&mut *later.reader().unwrap(), incident, made.record, Time::Live).unwrap().unwrap();
        assert_eq!((record.by_key("cost").as_int(), record.by_key("weather").is_null()), (Some(7), true));
        let made = create(&later, json!({ "title": "After", "cost": 9, "weather": "storm" }));
        let then = Time::At { valid: now, known: now };
        let record = load(&mut *later.reader().unwrap(), incident, made.record, then).unwrap().unwrap();
        assert_eq!((record.by_key("cost").as_int(), record.by_key("weather").as_text()), (Some(9), Some("storm")));
        let report = engine::verify::verify(&mut *later.reader().unwrap(), &model, None).unwrap();
        assert_eq!(report.first_difference, None, "{database:?}");
    }
}
