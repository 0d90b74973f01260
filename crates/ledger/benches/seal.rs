//! What sealing costs: `cargo bench -p ledger`. Prints microseconds for one of each.

use std::hint::black_box;
use std::time::Instant;

use ledger::tree::{consistency, inclusion};
use ledger::{Builder, Fields, Hash, Leaf, MemoryTiles, commit, salt};

const ROUNDS: u32 = 100_000;
const FIELDS: [&str; 10] =
    ["assignee", "category", "customer", "impact", "priority", "service", "state", "team", "urgency", "zone"];

fn main() {
    let commitments = FIELDS.map(|key| (key.into(), Hash::of(key.as_bytes()))).to_vec();
    let leaf = Leaf {
        log: "measured".into(),
        record_type: "incident".into(),
        record: 1_000_042,
        record_version: 2,
        previous: Some(Hash::of(b"previous")),
        kind: "change".into(),
        recorded: 1_764_057_600_000_000,
        happened: 1_764_057_600_000_000,
        claimed: None,
        actor: Some(7),
        on_behalf: None,
        grant: Some(9),
        channel: "rest".into(),
        request: Some("r-1".into()),
        model: Hash::of(b"model"),
        rules: Some(Hash::of(b"rules")),
        attachments: Vec::new(),
        fields: Fields::new(commitments).unwrap_or_default(),
    };
    measure("10 salts and commitments", ROUNDS, |round| {
        let seed = [round.to_le_bytes()[0]; 32];
        FIELDS.map(|key| commit(key, &salt(&seed, key), b"\"in_progress\""))
    });
    measure("leaf of 10 fields: bytes", ROUNDS, |_| leaf.bytes());
    measure("leaf of 10 fields: bytes and hash", ROUNDS, |_| leaf.hash());
    let bytes = leaf.bytes().unwrap_or_default();
    println!("{:>12} bytes  leaf of 10 fields", bytes.len());
    measure("leaf of 10 fields: parse", ROUNDS, |_| Leaf::parse(&bytes));

    let mut builder = Builder::new();
    measure("append to the tree", 1_000_000, |round| builder.append(Hash::of(&round.to_le_bytes())));
    measure("root of a million", 10_000, |_| builder.root());
    let tiles: MemoryTiles = (0..1_000_000_u32).map(|number| Hash::of(&number.to_le_bytes())).collect();
    measure("inclusion proof in a million", 10_000, |round| inclusion(&tiles, u64::from(round) * 97, 1_000_000));
    measure("consistency proof to a million", 10_000, |round| consistency(&tiles, u64::from(round) * 97, 1_000_000));
}

#[expect(clippy::disallowed_methods, reason = "measuring time is what a bench is for")]
fn measure<T>(what: &str, rounds: u32, mut work: impl FnMut(u32) -> T) {
    let start = Instant::now();
    for round in 0..rounds {
        black_box(work(black_box(round)));
    }
    println!("{:>12.2} µs     {what}", start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
}
