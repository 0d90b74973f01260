//! How long a verification of a log like the real one takes. Not part of the ordinary run:
//! `cargo test --release -p engine --test verify figures -- --ignored --nocapture`.

use std::time::Instant;

use engine::{ImportedRow, Plan, ReplayCase, ReplayRow, plan_case};
use model::Value;

use crate::world::{Random, START, World, databases};

const CASES: u64 = 24_918;

#[test]
#[ignore = "a measurement, not a rule"]
#[expect(clippy::disallowed_methods, reason = "measures")]
fn verification_of_a_log_like_the_real_one() {
    for on in databases() {
        let world = World::new(on);
        world.clock.set(START + 400_000_000_000);
        let importer = world.principal("agent");
        let mut random = Random(5);
        let mut session = world.session();
        let begun = Instant::now();
        for batch in 0..CASES.div_ceil(100) {
            let mut plan = Plan::default();
            for n in 0..100.min(CASES - batch * 100) {
                let case = case(&world, &mut random, -1 - i64::try_from(n).unwrap());
                let (record, imported, _) =
                    plan_case(world.engine(), &mut *session, &importer, START + 400_000_000_000, case).unwrap();
                plan.records.push(record);
                plan.imported.extend(imported);
            }
            world.engine().commit(plan).unwrap().unwrap();
        }
        world.engine().sign().unwrap();
        let written = begun.elapsed();
        let begun = Instant::now();
        let report = world.verify();
        eprintln!("{on:?}: {} entries written in {written:.1?}, verified in {:.1?}", report.entries, begun.elapsed());
        assert_eq!(report.first_difference, None);
        let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = memory.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("RssAnon"));
        eprintln!("{}", memory.collect::<Vec<_>>().join(", "));
    }
}

fn case(world: &World, random: &mut Random, id: i64) -> ReplayCase {
    let ticket = world.ticket();
    let slot = |key: &str| ticket.slot(key).unwrap();
    let mut at = START + random.between(0, 300_000_000_000);
    let rows = random.between(2, 9);
    let rows = (0..rows).map(|_| {
        at += random.between(0, 3_600_000_000);
        ReplayRow {
            happened_at: at,
            claimed_at: at,
            on_behalf: None,
            state: Some((*random.pick(&["new", "doing", "done"])).to_owned()),
            deviates: None,
            values: vec![
                (slot("title"), Value::text(format!("title {}", random.below(3)))),
                (slot("urgency"), Value::Int(random.between(0, 3))),
                (slot("loud"), Value::Bool(random.percent(50))),
                (slot("seen_at"), Value::Instant(at)),
                (slot("reason"), Value::text(format!("reason {}", random.below(9)))),
                (
                    slot("story"),
                    Value::text(format!("a story of some length, told for the {}th time", random.below(2))),
                ),
            ],
            lines: Vec::new(),
            imported: ImportedRow { source: "log".to_owned(), identity: random.next().to_string(), hash: [7; 32] },
        }
    });
    let rows = rows.collect();
    ReplayCase { record_type: ticket.clone(), id, before: None, external: None, origin: 1, gaps: false, rows }
}
