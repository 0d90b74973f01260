//! Words that no row holds any more leave the index's own pages.

use engine::search;
use serde_json::json;
use store::{Location, Param, Session, SessionExt as _};

use crate::world::{World, databases};

/// Whether a word stands anywhere in the index's pages.
fn stands(world: &World, word: &str) -> bool {
    let mut session = world.session();
    match &world.location {
        Location::Sqlite(path) | Location::SqliteScratch(path) => {
            session.query("PRAGMA wal_checkpoint(TRUNCATE)", &[], &mut |_| Ok(())).unwrap();
            let holds = |path: &std::path::Path| {
                std::fs::read(path).is_ok_and(|bytes| bytes.windows(word.len()).any(|found| found == word.as_bytes()))
            };
            holds(path) || holds(&path.with_extension("db-wal"))
        }
        Location::Postgres { .. } => {
            session.batch("CHECKPOINT").unwrap();
            let sql = "SELECT position(CAST(? AS text)::bytea IN pg_read_binary_file(pg_relation_filepath('search_by_words')))";
            session.one_int(sql, &[Param::Text(word)]).unwrap() > 0
        }
    }
}

#[test]
fn erased_words_leave_the_index() {
    for on in databases() {
        let world = World::new(on);
        // Enough segments that merging has something to do.
        let mut numbers = Vec::new();
        for n in 0..60 {
            let fields = json!({ "title": format!("Lamp {n}"), "story": "blinks quietusquietus" });
            numbers.push(world.create("ticket", fields));
        }
        assert!(stands(&world, "quietusquietus"), "{on:?}: the test would see it");
        // As an erasure does: every text that holds the word is blanked, and the record's row made anew.
        for done in &numbers {
            let (engine, id) = (world.engine().clone(), done.record);
            let blank = move |session: &mut dyn Session| {
                for sql in [
                    "UPDATE ticket SET story = NULL WHERE id = ?",
                    "UPDATE long_text SET body = NULL WHERE id = ?",
                    "DELETE FROM secret WHERE entry IN (SELECT id FROM entry WHERE record = ?)",
                ] {
                    session.execute(sql, &[Param::Int(id)])?;
                }
                search::replace(session, engine.model(), engine.search_columns(), id)
            };
            world.engine().write(blank).unwrap();
        }
        assert!(world.numbers(&world.agent, "quietusquietus").is_empty(), "{on:?}: it is found no more");
        assert!(stands(&world, "quietusquietus"), "{on:?}: and yet it is there");
        search::erase_words(world.engine()).unwrap();
        assert!(!stands(&world, "quietusquietus"), "{on:?}");
        assert_eq!(world.all(&world.agent, "lamp", 50).len(), 60, "{on:?}");
        // Again, on an index that is one segment already.
        world.change(&numbers[7].number, json!({ "title": "Lantern" }));
        search::erase_words(world.engine()).unwrap();
        assert_eq!(world.all(&world.agent, "lamp", 50).len(), 59, "{on:?}");
    }
}
