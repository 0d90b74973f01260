//! Many hits: the newest are ranked first, the answer says how far back, and a cursor goes on to the oldest.

use std::collections::BTreeSet;

use engine::search::Query;
use serde_json::json;
use store::{Dialect, Param};

use crate::world::{World, databases, numbers};

/// More than PostgreSQL walks by id before it asks its index.
const MANY: i64 = 21_500;

/// Tickets and their rows of the index, written past the engine: every one has `lamp` in its title, every 1,000th
/// `rare` in its text; the owner owns every 9,000th.
fn fill(world: &World, owner: i64, customers: [i64; 2]) {
    let mut session = world.session();
    let first = 1_000;
    let sqlite = session.dialect() == Dialect::Sqlite;
    let series = if sqlite {
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
    } else {
        "WITH n AS (SELECT generate_series(0, CAST(? AS bigint) - 1) AS i) "
    };
    let mut many = |sql: String| session.execute(&format!("{series}{sql}"), &[Param::Int(MANY)]).unwrap();
    let number = if sqlite { "'TIC-' || (i + 900000)" } else { "'TIC-' || CAST(i + 900000 AS text)" };
    let scope = format!("CASE WHEN i % 50 = 0 THEN {} ELSE {} END", customers[0], customers[1]);
    let head = format!("SELECT i + {first}, {number}, 'Lamp', {scope}");
    many(format!(
        "INSERT INTO record (id, number, title, scope, type, version, updated_at) {head}, 'ticket', 1, i FROM n"
    ));
    many(format!(
        "INSERT INTO ticket (id, number, title, customer, owner, version, raised_at, updated_at) \
         {head}, CASE WHEN i % 9000 = 0 THEN {owner} END, 1, i, i FROM n"
    ));
    let rare = |yes: &str, no: &str| format!("CASE WHEN i % 1000 = 0 THEN '{yes}' ELSE '{no}' END");
    many(if sqlite {
        format!(
            "INSERT INTO search (rowid, access, title, public, internal) \
             SELECT i + {first}, '=ticket =' || ({scope}), 'lamp', {}, '' FROM n",
            rare("rare", "")
        )
    } else {
        format!(
            "INSERT INTO search (record, scope, words) SELECT i + {first}, {scope}, \
             CAST('''=ticket'' ''=' || ({scope}) || ''' ''lamp'':1A ' || {} AS tsvector) FROM n",
            rare("''rare'':3B", "")
        )
    });
    session.batch(&format!("UPDATE head SET next_id = {}", first + MANY)).unwrap();
}

#[test]
fn old_hits_are_reached_by_cursors_and_the_answer_says_how_far_it_ranked() {
    for on in databases() {
        let world = World::new(on);
        let customer = |name: &str| world.create("customer", json!({ "name": name })).record;
        let customers = [customer("Few"), customer("Many")];
        let owner = world.principal(crate::world::OWNER, &[]);
        fill(&world, owner.person.unwrap(), customers);
        let ask = |cursor| {
            let query = Query { text: "lamp".to_owned(), limit: 100, cursor, types: Vec::new() };
            world.query(&world.agent, &query).unwrap()
        };
        let first = ask(None);
        assert!(first.is_cut && first.ranked_back_to == Some(MANY - 1_000), "{on:?}: {:?}", first.ranked_back_to);
        assert_eq!(first.types.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1_000], "{on:?}: at least");
        // What comes to be while somebody reads does not shift his pages.
        world.create("ticket", json!({ "title": "Lamp" }));
        let mut all = numbers(&first);
        let (mut pages, mut cursor) = (1, first.next_cursor);
        while let Some(next) = cursor {
            let found = ask(Some(next));
            all.extend(numbers(&found));
            cursor = found.next_cursor;
            pages += 1;
        }
        assert_eq!(all.len(), usize::try_from(MANY).unwrap(), "{on:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{on:?}: each once");
        assert!(all.is_sorted_by(|a, b| a > b), "{on:?}: the newest first");
        assert!((215..=240).contains(&pages), "{on:?}: {pages} pages");
        // Rare words are found at once, however old.
        let found = world.search(&world.agent, "lamp rare");
        assert_eq!((found.hits.len(), found.is_cut, found.next_cursor), (22, false, None), "{on:?}");
        // A reader of one small customer ranks his own, whatever the others have.
        let karin = world.principal("customer", &customers[..1]);
        let found = world.search(&karin, "lamp");
        assert_eq!((found.hits.len(), found.types[0].1, found.is_cut), (50, 430, false), "{on:?}");
        assert_eq!(world.all(&karin, "lamp", 100).len(), 430, "{on:?}");
        assert_eq!(world.numbers(&karin, "rare").len(), 22, "{on:?}");
    }
}

#[test]
fn a_page_of_what_others_may_see_is_empty_and_goes_on() {
    for on in databases() {
        let world = World::new(on);
        let customers = [world.create("customer", json!({ "name": "A" })).record; 2];
        let owner = world.principal(crate::world::OWNER, &[]);
        fill(&world, owner.person.unwrap(), customers);
        // His are 18,000, 9,000 and 0: windows between them hold nothing for him.
        assert_eq!(world.all(&owner, "lamp", 10), ["TIC-918000", "TIC-909000", "TIC-900000"], "{on:?}");
        let found = world.search(&owner, "lamp");
        assert!(found.is_cut && found.next_cursor.is_some() && found.corrected.is_empty(), "{on:?}");
        // Neither the end of a page nor its cursor tell whether others' records have a word.
        let told = |text: &str| {
            let found = world.search(&owner, text);
            let told =
                (found.hits.len(), found.types.len(), found.is_cut, found.ranked_back_to, found.next_cursor.is_some());
            (told, found.corrected)
        };
        world.session().batch("UPDATE ticket SET owner = NULL").unwrap();
        assert_eq!(told("lamp"), told("wordofnobody"), "{on:?}");
        assert_eq!(told("rare"), told("wordofnobody"), "{on:?}");
    }
}
