//! Nobody finds, counts or is told of what he may not see.

use engine::search::Query;
use serde_json::json;

use crate::world::{CLERK, CONTRACTOR, OWNER, VISITOR, World, databases, numbers};

#[test]
fn a_customer_finds_the_public_part_of_his_own_and_nothing_of_others() {
    for on in databases() {
        let world = World::new(on);
        let mine = world.create("customer", json!({ "name": "Mine" }));
        let theirs = world.create("customer", json!({ "name": "Theirs" }));
        let karin = world.principal("customer", &[mine.record]);
        let nobody = world.principal("customer", &[]);
        let own = world.create(
            "ticket",
            json!({ "title": "Lamp broken", "story": "kitchen", "staff_note": "cheapskate", "sealed": "sealedword", "customer": mine.number }),
        );
        let foreign =
            world.create("ticket", json!({ "title": "Lamp foreignmarker", "customer": theirs.number })).number;
        let free = world.create("ticket", json!({ "title": "Lamp nobodysmarker" })).number;
        world.comment(&own.number, "publicanswer", true);
        world.comment(&own.number, "internalgrudge", false);
        world.comment(&foreign, "foreigncomment", true);
        world.create("memo", json!({ "title": "Lamp memo" }));
        for asked in ["lamp", "kitchen", "publicanswer", "lamp kitchen", &own.number] {
            let found = world.search(&karin, asked);
            assert_eq!(numbers(&found), [own.number.as_str()], "{on:?}: {asked}");
            assert_eq!(found.types.iter().map(|(_, count)| count).sum::<usize>(), 1, "{on:?}: {asked}");
        }
        let hidden = [
            "cheapskate",
            "internalgrudge",
            "foreignmarker",
            "foreigncomment",
            "nobodysmarker",
            "memo",
            &free,
            &foreign,
        ];
        // What is unseen is not found, and is not what a typo was corrected to; one that fits nobody's word answers alike.
        for asked in hidden.into_iter().chain(["cheapskata", "foreignmarkr", "internalgrudg", "wordofnobody"]) {
            let found = world.search(&karin, asked);
            assert!(found.hits.is_empty() && found.types.is_empty() && found.corrected.is_empty(), "{on:?}: {asked}");
            assert!(!found.is_cut && found.next_cursor.is_none() && found.ranked_back_to.is_none(), "{on:?}: {asked}");
        }
        assert!(world.numbers(&nobody, "lamp").is_empty(), "{on:?}");
        let hit = world.search(&karin, "lamp").hits.remove(0);
        assert_eq!(hit.snippet, None, "{on:?}");
        // The desk finds all of it.
        for asked in ["cheapskate", "internalgrudge", "publicanswer"] {
            assert_eq!(world.numbers(&world.agent, asked), [own.number.as_str()], "{on:?}: {asked}");
        }
        assert_eq!(world.numbers(&world.agent, "lamp").len(), 4, "{on:?}");
        // Whoever sees within scopes, but more than the public part, finds the notes of these.
        let contractor = world.principal(CONTRACTOR, &[theirs.record, mine.record]);
        assert_eq!(world.numbers(&contractor, "internalgrudge"), [own.number.as_str()], "{on:?}");
        assert_eq!(world.numbers(&contractor, "lamp").len(), 2, "{on:?}");
    }
}

#[test]
fn a_field_that_some_of_the_desk_may_not_see_is_found_by_nobody() {
    for on in databases() {
        let world = World::new(on);
        let number = world.create("ticket", json!({ "title": "Lamp", "sealed": "sealedword" })).number;
        let clerk = world.principal(CLERK, &[]);
        for reader in [&clerk, &world.agent] {
            assert!(world.numbers(reader, "sealedword").is_empty(), "{on:?}");
            assert_eq!(world.numbers(reader, "lamp"), [number.as_str()], "{on:?}");
        }
    }
}

#[test]
fn a_title_that_a_reader_may_not_see_is_not_found_ranked_or_shown() {
    for on in databases() {
        let world = World::new(on);
        let lamp = world.create("device", json!({ "name": "Lamp of the vault", "serial": "Vault 7" })).number;
        let other = world.create("device", json!({ "name": "Other", "serial": "Vault 8" })).number;
        let visitor = world.principal(VISITOR, &[]);
        assert!(world.numbers(&visitor, "lamp").is_empty() && world.numbers(&visitor, "lamq").is_empty(), "{on:?}");
        // By the title the first would come first.
        let found = world.search(&visitor, "vault");
        assert_eq!(numbers(&found), [other, lamp.clone()], "{on:?}");
        let shown: String = found.hits.iter().flat_map(|hit| &hit.title).map(|part| part.text.clone()).collect();
        assert!(shown.contains(&lamp) && !shown.contains("Lamp"), "{on:?}: {shown}");
        let named = |reader| engine::search::named(world.engine(), reader, &["thing"], "lamp", 5).unwrap().len();
        assert_eq!((named(&visitor), named(&world.agent)), (0, 1), "{on:?}");
    }
}

#[test]
fn rules_about_rows_hold_for_hits_counts_and_corrections() {
    for on in databases() {
        let world = World::new(on);
        let owner = world.principal(OWNER, &[]);
        for n in 0..30 {
            let owned = if n == 3 { json!(owner.number) } else { json!(null) };
            world.create("ticket", json!({ "title": format!("Lamp number{n}"), "owner": owned }));
        }
        let found = world.search(&owner, "lamp");
        assert_eq!((found.hits.len(), found.types[0].1), (1, 1), "{on:?}");
        assert_eq!(world.all(&owner, "lamp", 1).len(), 1, "{on:?}");
        // `lampe` exists in a row that is not his: he is told of the lamp, as if it did not.
        world.create("ticket", json!({ "title": "Lampe" }));
        let found = world.search(&owner, "lampe");
        assert_eq!(found.corrected, [("lampe".to_owned(), "lamp".to_owned())], "{on:?}");
        assert_eq!(found.hits.len(), 1, "{on:?}");
    }
}

#[test]
fn roles_add_up() {
    for on in databases() {
        let world = World::new(on);
        let mine = world.create("customer", json!({ "name": "Mine" }));
        let number = world.create("ticket", json!({ "title": "Lamp", "staff_note": "noted" })).number;
        let mut both = (*world.principal("customer", &[mine.record])).clone();
        assert!(world.numbers(&both, "lamp").is_empty());
        both.held.extend(world.principal(CLERK, &[]).held.clone());
        assert_eq!(world.numbers(&both, "lamp noted"), [number], "{on:?}");
    }
}

#[test]
fn a_cursor_serves_one_reader_and_one_question() {
    let world = World::new(databases()[0]);
    for n in 0..5 {
        world.create("ticket", json!({ "title": format!("Lamp {n}") }));
    }
    let ask = |reader, text: &str, cursor| {
        world.query(reader, &Query { text: text.to_owned(), limit: 2, cursor, types: Vec::new() })
    };
    let cursor = ask(&world.agent, "lamp", None).unwrap().next_cursor;
    assert!(cursor.is_some() && ask(&world.agent, "lamp", cursor.clone()).is_ok());
    let clerk = world.principal(CLERK, &[]);
    assert!(ask(&clerk, "lamp", cursor.clone()).is_err());
    assert!(ask(&world.agent, "lamps", cursor).is_err());
    assert!(ask(&world.agent, "lamp", Some("made up".to_owned())).is_err());
}

#[test]
fn a_record_that_moves_to_another_customer_moves_in_the_index() {
    for on in databases() {
        let world = World::new(on);
        let (a, b) =
            (world.create("customer", json!({ "name": "A" })), world.create("customer", json!({ "name": "B" })));
        let (of_a, of_b) = (world.principal("customer", &[a.record]), world.principal("customer", &[b.record]));
        let number = world.create("ticket", json!({ "title": "Lamp", "customer": a.number })).number;
        assert_eq!((world.numbers(&of_a, "lamp").len(), world.numbers(&of_b, "lamp").len()), (1, 0), "{on:?}");
        world.change(&number, json!({ "customer": b.number }));
        assert_eq!((world.numbers(&of_a, "lamp").len(), world.numbers(&of_b, "lamp").len()), (0, 1), "{on:?}");
    }
}
