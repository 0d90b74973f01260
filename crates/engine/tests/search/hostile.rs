//! Any text is a question or is refused with the reason; none breaks anything.

use engine::search::Query;
use engine::{Error, Refusal};
use serde_json::json;

use crate::world::{World, databases};

/// Quotes, operators of both databases, marks of the index, signs and letters that fold oddly.
const QUESTIONS: &[&str] = &[
    "",
    " ",
    "\"",
    "\"\"",
    "\"\"\"",
    "*",
    "**",
    "a*b*",
    "'",
    "''",
    "\\",
    "\\'",
    "'; DROP TABLE search; --",
    "a:b",
    "title:lamp",
    "{title public} : lamp",
    "lamp AND",
    "AND",
    "NEAR(lamp lamp, 2)",
    "lamp NOT lamp",
    "^lamp",
    "-lamp",
    "lamp & !lamp | (",
    "lamp <-> lamp",
    "lamp:*ABCD",
    "=ticket",
    "=5",
    "access:=5",
    "lamp\0lamp",
    "\0",
    "\u{2029}",
    "lamp\u{2029}lamp",
    "\u{feff}lamp",
    "\u{202e}pmal",
    "((((((",
    "))))))",
    "%",
    "_",
    "l%mp",
    "🖨",
    "ﷺ",
    "a\u{300}\u{300}\u{300}",
    "\u{300}",
    "İ",
    "ß",
    "lamp\n\r\tlamp",
    "$1",
    "?",
    "?t",
    "CAST(? AS text)",
];

fn questions() -> Vec<String> {
    let mut questions: Vec<String> = QUESTIONS.iter().map(|text| (*text).to_owned()).collect();
    questions.extend(["x", "(", "\""].map(|text| text.repeat(4096)));
    questions.extend(["é".repeat(2048), "a1".repeat(31), "lamp ".repeat(60)]);
    questions.push((0..64).map(|n| format!("{n}* ")).collect());
    questions.extend(["lampen wurzeln straßen häuser", "abcdefghijklmnopqrstuvwx"].map(str::to_owned));
    questions
}

#[test]
fn hostile_questions_are_answered_or_refused() {
    let questions = questions();
    for on in databases() {
        let world = World::new(on);
        world.create(
            "ticket",
            json!({ "title": "Lamp =ticket =5 '\"\\ & | ! <-> \u{2029} lamp", "story": "lamp:*ABCD" }),
        );
        for text in &questions {
            for types in [vec![], vec!["ticket".to_owned()]] {
                let query = Query { text: text.clone(), types, limit: 50, cursor: None };
                match world.query(&world.agent, &query) {
                    Ok(_) | Err(Error::Refused(Refusal::BadQuery(_))) => {}
                    Err(error) => panic!("{on:?}: {text:?}: {error}"),
                }
            }
        }
        let too_long = "lamp ".repeat(1000);
        let query = Query { text: too_long, limit: 1, ..Query::default() };
        assert!(matches!(world.query(&world.agent, &query), Err(Error::Refused(Refusal::BadQuery(_)))));
    }
}

#[test]
fn hostile_texts_are_written_and_found() {
    for on in databases() {
        let world = World::new(on);
        let long: String = (0..40_000).map(|n| format!("w{n} ")).collect();
        let texts = [
            "'quoted' \"twice\" back\\slash",
            "ﷺ half ½ ⅷ ㎏",
            "same ".repeat(3_000).as_str(),
            &"é".repeat(5_000),
            long.get(..19_000).unwrap(),
        ]
        .map(str::to_owned);
        for (n, text) in texts.iter().enumerate() {
            world.create("memo", json!({ "title": format!("Marker {n}"), "body": text }));
        }
        assert_eq!(world.numbers(&world.agent, "marker").len(), texts.len(), "{on:?}");
        for asked in ["\"quoted twice back slash\"", "half 12", "same", "\"same same\"", &"é".repeat(64), "w99", "2999"]
        {
            assert_eq!(world.numbers(&world.agent, asked).len(), 1, "{on:?}: {asked}");
        }
    }
}
