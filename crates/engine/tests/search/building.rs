//! The index of records that were there before it.

use engine::search;
use engine::verify::verify;
use model::Model;
use serde_json::json;
use store::SessionExt as _;

use crate::world::{CLERK, World, databases};

fn differs(world: &World) -> Option<String> {
    let report = verify(&mut *world.session(), world.model(), Some(&world.signer())).unwrap();
    let difference = report.first_difference?;
    assert_eq!(difference.where_.table.as_deref(), Some("search"), "{difference:?}");
    Some(difference.where_.record.unwrap_or_default())
}

fn warnings(world: &World) -> String {
    verify(&mut *world.session(), world.model(), Some(&world.signer())).unwrap().warnings.join("; ")
}

/// As a database of an earlier version of the program: with records, without an index.
fn without_index(world: &mut World) {
    world.reopen(|_, text| text);
    world.session().batch("DELETE FROM meta").unwrap();
    world.reopen(|_, text| text);
}

#[test]
fn an_index_is_built_newest_first_and_goes_on_where_it_stopped() {
    for on in databases() {
        let mut world = World::new(on);
        for n in 0..450 {
            world.create("memo", json!({ "title": format!("Lamp {n}"), "body": "in the cellar" }));
        }
        let commented = world.create("ticket", json!({ "title": "Stool" })).number;
        world.comment(&commented, "under the stairs", false);
        without_index(&mut world);
        let found = world.search(&world.agent, "lamp");
        assert_eq!((found.hits.len(), found.built), (0, Some(0)), "{on:?}");
        assert!(search::build(world.engine()).unwrap(), "{on:?}");
        let found = world.search(&world.agent, "lamp cellar");
        assert!((40..50).contains(&found.built.unwrap()), "{on:?}: {:?}", found.built);
        assert!(
            world.numbers(&world.agent, "\"lamp 449\"").len() == 1
                && world.numbers(&world.agent, "\"lamp 0\"").is_empty()
        );
        // What is written meanwhile is found at once, and is not lost by what is built after it.
        world.change("MEM-1", json!({ "title": "Lantern" }));
        assert_eq!(world.numbers(&world.agent, "lantern"), ["MEM-000001"], "{on:?}");
        world.reopen(|_, text| text);
        assert_eq!(differs(&world), None, "{on:?}: half an index is not a wrong one");
        assert!(warnings(&world).contains("being built"), "{on:?}");
        while search::build(world.engine()).unwrap() {}
        assert_eq!(world.search(&world.agent, "lamp").built, None, "{on:?}");
        assert_eq!(world.all(&world.agent, "lamp", 50).len(), 449, "{on:?}");
        assert_eq!(world.numbers(&world.agent, "stairs"), [commented], "{on:?}");
        assert_eq!(world.numbers(&world.agent, "lantern"), ["MEM-000001"], "{on:?}");
        assert_eq!(differs(&world), None, "{on:?}");
        assert!(!search::build(world.engine()).unwrap(), "{on:?}: there is nothing left to do");
    }
}

#[test]
fn a_right_that_is_taken_away_takes_its_words_out_of_the_index() {
    for on in databases() {
        let mut world = World::new(on);
        world.create("ticket", json!({ "title": "Lamp", "staff_note": "grumbles", "story": "blinks" }));
        let clerk = world.principal(CLERK, &[]);
        assert_eq!(world.numbers(&clerk, "grumbles").len(), 1, "{on:?}");
        world.reopen(|_, text| text.replace("hide = [\"sealed\"]", "hide = [\"sealed\", \"staff_note\"]"));
        assert!(warnings(&world).contains("being built"), "{on:?}");
        while search::build(world.engine()).unwrap() {}
        assert_eq!((world.numbers(&clerk, "grumbles").len(), world.numbers(&clerk, "blinks").len()), (0, 1), "{on:?}");
    }
}

#[test]
fn verification_names_what_the_index_says_wrongly() {
    for on in databases() {
        let world = World::new(on);
        let number = world.create("ticket", json!({ "title": "Lamp", "story": "blinks" })).number;
        world.create("memo", json!({ "title": "Other" }));
        let (id, _) = engine::find(&mut *world.session(), &number).unwrap().unwrap();
        let model: &Model = world.model();
        let put_right = || search::replace(&mut *world.session(), model, world.engine().search_columns(), id).unwrap();
        assert_eq!(differs(&world), None, "{on:?}");
        let statements: &[&str] = match on {
            crate::world::On::Sqlite => &[
                "DELETE FROM search WHERE rowid = {id}",
                "INSERT OR REPLACE INTO search (rowid, access, title, public, internal) VALUES ({id}, '=ticket', 'tic 1 ␞ lamp', 'blinks', '')",
                "INSERT OR REPLACE INTO search (rowid, access, title, public, internal) VALUES ({id}, '=ticket', 'tic 1 \u{2029} lamp', 'blinks', 'secret')",
                "INSERT OR REPLACE INTO search (rowid, access, title, public, internal) VALUES ({id}, '=memo', 'tic 1 \u{2029} lamp', 'blinks', '')",
            ],
            crate::world::On::Postgres => &[
                "DELETE FROM search WHERE record = {id}",
                "UPDATE search SET words = '''lamp'':4A' WHERE record = {id}",
                "UPDATE search SET scope = 1 WHERE record = {id}",
            ],
        };
        for statement in statements {
            world.session().batch(&statement.replace("{id}", &id.to_string())).unwrap();
            assert_eq!(differs(&world), Some(number.clone()), "{on:?}: {statement}");
            put_right();
            assert_eq!(differs(&world), None, "{on:?}");
        }
        let stray = match on {
            crate::world::On::Sqlite => {
                "INSERT INTO search (rowid, access, title, public, internal) VALUES (9999, '', 'ghost', '', '')"
            }
            crate::world::On::Postgres => "INSERT INTO search (record, words) VALUES (9999, '''ghost''')",
        };
        world.session().batch(stray).unwrap();
        assert_eq!(differs(&world), Some(String::new()), "{on:?}: a row of no record");
    }
}

#[test]
fn a_damaged_index_is_noticed() {
    let world = World::new(crate::world::On::Sqlite);
    world.create("ticket", json!({ "title": "Lamp", "story": "blinks and blinks" }));
    let mut session = world.session();
    let blocks = session.one_int("SELECT count(*) FROM search_data WHERE id > 10", &[]).unwrap();
    assert!(blocks > 0);
    session.batch("UPDATE search_data SET block = zeroblob(length(block)) WHERE id > 10").unwrap();
    let report = verify(&mut *world.session(), world.model(), Some(&world.signer())).unwrap();
    assert!(!report.ok, "unnoticed");
}
