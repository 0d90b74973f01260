//! How long it takes. `cargo test -p engine --test search figures -- --ignored --nocapture`, best with optimisation.

use std::time::Instant;

use engine::search;
use serde_json::json;
use store::Param;

use crate::world::{Random, World, databases};

const RECORDS: i64 = 100_000;
const CUSTOMERS: u64 = 50;

/// Words of very different frequency: the first in most texts, the last in a few of a hundred thousand.
fn word(random: &mut Random) -> String {
    let spread = random.below(1_000_000) as f64 / 1_000_000.0;
    let at = (20_000_f64.powf(spread) - 1.0) as u64;
    let syllables = ["ka", "ro", "mi", "ten", "sul", "ve", "dar", "no", "pli", "gos"];
    let mut left = at + 7;
    let mut word = String::new();
    while left > 0 {
        word.push_str(syllables[usize::try_from(left % 10).unwrap()]);
        left /= 10;
    }
    word
}

fn fill(world: &World) -> Vec<i64> {
    let mut random = Random(1);
    let customers: Vec<i64> =
        (0..CUSTOMERS).map(|n| world.create("customer", json!({ "name": format!("Customer {n}") })).record).collect();
    let mut session = world.session();
    session.batch("BEGIN").unwrap();
    let text = |random: &mut Random, words: u64| (0..words).map(|_| word(random)).collect::<Vec<_>>().join(" ");
    for n in 0..RECORDS {
        let (id, number) = (1_000 + n, format!("TIC-{:06}", n + 100));
        let (title, story) = (text(&mut random, 6), text(&mut random, 40));
        let customer = *random.pick(&customers);
        let head = [
            Param::Int(id),
            Param::Text(&number),
            Param::Text(&title),
            Param::Int(customer),
            Param::Int(n),
            Param::Int(n),
        ];
        let sql = "INSERT INTO record (id, type, number, title, scope, version, updated_at) VALUES (?, 'ticket', ?, ?, ?, ?, ?)";
        session.execute(sql, &head).unwrap();
        let sql = "INSERT INTO ticket (id, number, title, customer, raised_at, updated_at, story, version) VALUES (?, ?, ?, ?, ?, ?, ?, 1)";
        session.execute(sql, &[head.as_slice(), &[Param::Text(&story)]].concat()).unwrap();
    }
    session.batch("COMMIT").unwrap();
    session.batch(&format!("UPDATE meta SET value = '{}' WHERE key = 'search.below'", 1_000 + RECORDS)).unwrap();
    session.batch(&format!("UPDATE head SET next_id = {}", 1_000 + RECORDS)).unwrap();
    customers
}

#[test]
#[ignore = "a measurement, not a rule"]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn figures_at_100_000_records() {
    for on in databases() {
        let world = World::new(on);
        let customers = fill(&world);
        let begin = Instant::now();
        while search::build(world.engine()).unwrap() {}
        let built = begin.elapsed();
        println!(
            "{on:?}: {RECORDS} records indexed in {built:.1?}, {:.0} a second",
            RECORDS as f64 / built.as_secs_f64()
        );
        // As the servers' own maintenance leaves it.
        world.session().batch("ANALYZE").unwrap();
        let readers = [
            ("desk", world.agent.clone()),
            ("one customer of 50", world.principal("customer", &customers[..1])),
            ("forty customers", world.principal("customer", &customers[..40])),
            ("row rule", world.principal(crate::world::OWNER, &[])),
        ];
        let questions = [
            ("most common word", "no"),
            ("common and rare", "no suldar"),
            ("three common", "no pli gos"),
            ("beginning of three letters", "sul"),
            ("beginning of five letters", "mikar"),
            ("phrase", "\"no pli\""),
            ("rare", "nokakaromi"),
            ("number", "TIC-77777"),
            ("nothing, two words one letter off", "zzkakaromi zzsulten"),
        ];
        for (who, reader) in &readers {
            for (what, text) in questions {
                world.search(reader, text);
                let begin = Instant::now();
                let rounds = 5;
                let mut found = Default::default();
                for _ in 0..rounds {
                    found = world.search(reader, text);
                }
                let took = begin.elapsed() / rounds;
                println!(
                    "{on:?}, {who}, {what}: {took:.1?}, {} hits{}",
                    found.hits.len(),
                    if found.is_cut { ", cut" } else { "" }
                );
            }
        }
    }
}
