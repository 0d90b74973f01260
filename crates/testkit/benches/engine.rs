//! What the engine costs, each beside the raw limit: the same statements in a bare loop over the same file.
//!
//! `cargo bench -p testkit --bench engine`. Creates are durable (`synchronous=FULL`); 64 callers share commits.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use divan::Bencher;
use engine::read::cursor::CursorKey;
use engine::read::list;
use engine::{Act, Channel, Command, Engine, Input, Options, Principal, SystemClock, SystemEntropy, Time};
use serde_json::json;
use store::{Location, Param, Session};
use tempfile::TempDir;

/// Records in the database before anything is measured.
const RECORDS: usize = 5_000;
/// Creates of one measurement.
const CREATES: usize = 640;
const CALLERS: usize = 64;

fn main() {
    divan::main();
}

struct World {
    engine: Arc<Engine>,
    folder: TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().expect("a folder for the database");
    let model = model::load::load(&processes::model_files()).expect("the rooms load");
    let engine = Engine::open(Options {
        location: Location::Sqlite(folder.path().join("vouch.db")),
        signer: None,
        model: Arc::new(model),
        model_text: String::new(),
        behaviours: processes::behaviours(),
        clock: Arc::new(SystemClock::default()),
        entropy: Arc::new(SystemEntropy),
        demonstration: false,
    });
    let world = World { engine: Arc::new(engine.expect("the engine opens")), folder };
    create(&world, RECORDS);
    world
}

fn create(world: &World, count: usize) {
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let engine = world.engine.clone();
            scope.spawn(move || {
                for n in 0..count / CALLERS {
                    let mut input = Input::new();
                    input.insert("title".to_owned(), json!(format!("Printer {caller} prints blank page {n}")));
                    input.insert("impact".to_owned(), json!(n % 3 + 1));
                    let act = Act::Create { record_type: "incident".to_owned(), input };
                    let command = Command::new(Arc::new(Principal::system()), Channel::CommandLine, act);
                    engine.run(&command).expect("an incident is created");
                }
            });
        }
    });
}

/// As many creates by 64 callers: pipeline, ledger, history, group commit.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn creates_through_the_engine(bencher: Bencher) {
    let world = world();
    bencher.counter(CREATES).bench_local(|| create(&world, CREATES));
}

/// The rows of as many creates, copied from what the engine wrote, in transactions of 64: what SQLite itself can do.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn creates_as_bare_statements(bencher: Bencher) {
    let world = world();
    let path = world.folder.path().join("vouch.db");
    drop(world.engine);
    let mut session = Location::Sqlite(path).open().expect("the database opens");
    let next = AtomicI64::new(1_000_000);
    let columns = |session: &mut dyn Session, table: &str| {
        let mut names = Vec::new();
        let sql = "SELECT name FROM pragma_table_info(?) WHERE name NOT IN ('id', 'record', 'entry', 'idx', 'number')";
        let each = &mut |row: &dyn store::Row| {
            names.push(format!("\"{}\"", row.need_text(0)?));
            Ok(())
        };
        session.query(sql, &[Param::Text(table)], each).expect("the table is known");
        names.join(", ")
    };
    let of = |session: &mut dyn Session, table: &str, keys: &str, values: &str| {
        let names = columns(session, table);
        format!("INSERT INTO {table} ({keys}, {names}) SELECT {values}, {names} FROM {table} LIMIT 1")
    };
    let statements = [
        of(&mut *session, "record", "id, number", "?1, 'BENCH-' || ?1"),
        of(&mut *session, "incident", "id, number", "?1, 'BENCH-' || ?1"),
        of(&mut *session, "incident_v", "id, number", "?1, 'BENCH-' || ?1"),
        of(&mut *session, "entry", "id, record", "?1, ?1"),
        of(&mut *session, "step", "id, record, entry", "?1, ?1, ?1"),
        of(&mut *session, "leaf", "idx, entry", "?1, ?1"),
    ];
    bencher.counter(CREATES).bench_local(|| {
        for _ in 0..CREATES / CALLERS {
            session.batch("BEGIN IMMEDIATE").expect("a transaction begins");
            for _ in 0..CALLERS {
                let id = next.fetch_add(1, Ordering::Relaxed);
                for statement in &statements {
                    session.execute(statement, &[Param::Int(id)]).expect("a row is written");
                }
            }
            session.batch("COMMIT").expect("the transaction commits");
        }
    });
}

/// A page of 50, newest first, as lists read it.
#[divan::bench]
fn page_through_the_engine(bencher: Bencher) {
    let world = world();
    let record_type = world.engine.model().shared("incident").expect("there are incidents").clone();
    let query = list::Query { record_type, filter: None, sort: Vec::new(), limit: 50, cursor: None, time: Time::Live };
    let (principal, key) = (Principal::system(), CursorKey::new(&[7; 32]));
    bencher.bench_local(|| list::page(&world.engine, &principal, &query, &key).expect("a page is read").items.len());
}

/// The same statement, rows only counted.
#[divan::bench]
fn page_as_bare_statement(bencher: Bencher) {
    let world = world();
    let mut reader = world.engine.reader().expect("a reader opens");
    let sql = "SELECT * FROM incident r ORDER BY r.\"raised_at\" DESC, r.id DESC LIMIT 51";
    bencher.bench_local(|| {
        let mut rows = 0;
        let each = &mut |_: &dyn store::Row| {
            rows += 1;
            Ok(())
        };
        reader.query(sql, &[], each).expect("a page is read");
        rows
    });
}
