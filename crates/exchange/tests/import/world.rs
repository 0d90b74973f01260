//! An engine on a throw-away database, the importer, and the public log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::{Allowance, Engine, ManualClock, Options, Principal, SeededEntropy};
use exchange::{Format, ImportError, ImportOptions, Log, Mapping, Report};
use store::{Location, Param, SessionExt};

/// When the tests import: 1 June 2026, 12:00 UTC.
pub const NOW: i64 = 1_780_315_200_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// SQLite always; PostgreSQL where `VOUCH_TEST_POSTGRES` names one.
pub fn databases() -> Vec<On> {
    match std::env::var("VOUCH_TEST_POSTGRES") {
        Ok(_) => vec![On::Sqlite, On::Postgres],
        Err(_) if std::env::var("VOUCH_REQUIRE_POSTGRES").is_ok_and(|v| v == "1") => {
            panic!("VOUCH_REQUIRE_POSTGRES is set and VOUCH_TEST_POSTGRES names no database")
        }
        Err(_) => {
            eprintln!("PostgreSQL half NOT run: VOUCH_TEST_POSTGRES is not set");
            vec![On::Sqlite]
        }
    }
}

pub struct World {
    pub folder: PathBuf,
    pub engine: Engine,
    pub clock: Arc<ManualClock>,
    location: Location,
}

impl World {
    pub fn new() -> Self {
        Self::on(On::Sqlite)
    }

    /// With the files of a customer's own folder.
    pub fn with_overlay(overlay: &[(&str, &str)]) -> Self {
        Self::made(On::Sqlite, overlay)
    }

    /// On SQLite, and on PostgreSQL where `VOUCH_TEST_POSTGRES` names one.
    pub fn on_each_database() -> Vec<Self> {
        databases().into_iter().map(Self::on).collect()
    }

    pub fn on(on: On) -> Self {
        Self::made(on, &[])
    }

    fn made(on: On, overlay: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("import_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("vouch_{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let location = match on {
            On::Postgres => {
                Location::Postgres { url: std::env::var("VOUCH_TEST_POSTGRES").unwrap(), schema: Some(name) }
            }
            On::Sqlite if std::env::var_os("VOUCH_DURABLE").is_some() => Location::Sqlite(folder.join("vouch.db")),
            On::Sqlite => Location::SqliteScratch(folder.join("vouch.db")),
        };
        Self { engine: open(location.clone(), overlay, clock.clone()), folder, clock, location }
    }

    /// The process ends without a word, and another one opens what is there.
    pub fn reopened(self) -> Self {
        let (folder, clock, location) = (self.folder.clone(), self.clock.clone(), self.location.clone());
        std::mem::forget(self);
        Self { engine: open(location.clone(), &[], clock.clone()), folder, clock, location }
    }

    pub fn import(&self, log: &Log, options: &ImportOptions) -> Result<Report, ImportError> {
        exchange::import(&self.engine, importer(), log, options, &mut |_| {})
    }

    /// A minute passes.
    pub fn wait(&self) {
        self.clock.set(self.engine.clock().now() + 60_000_000);
    }

    pub fn int(&self, sql: &str) -> i64 {
        self.engine.reader().unwrap().one_int(sql, &[]).unwrap()
    }

    /// All rows of a query, each as its columns' texts.
    pub fn rows(&self, sql: &str, columns: usize) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut reader = self.engine.reader().unwrap();
        reader
            .query(sql, &[], &mut |row| {
                let cell = |at| {
                    row.text(at).map_or_else(|_| row.int(at).unwrap().map(|n| n.to_string()), |t| t.map(str::to_owned))
                };
                rows.push((0..columns).map(|at| cell(at).unwrap_or_default()).collect());
                Ok(())
            })
            .unwrap();
        rows
    }

    pub fn text(&self, sql: &str, param: &str) -> Option<String> {
        self.engine.reader().unwrap().optional_text(sql, &[Param::Text(param)]).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Location::Postgres { url, schema: Some(schema) } = &self.location {
            let mut session = Location::Postgres { url: url.clone(), schema: None }.open().unwrap();
            session.batch(&format!("DROP SCHEMA \"{schema}\" CASCADE")).unwrap();
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn open(location: Location, overlay: &[(&str, &str)], clock: Arc<ManualClock>) -> Engine {
    let source = model::load::Source::core(&processes::model_files()).overlay(overlay);
    let report = model::load::check(&source);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    Engine::open(Options {
        location,
        signer: None,
        model: Arc::new(report.model.unwrap()),
        model_text: String::new(),
        behaviours: processes::behaviours(),
        clock,
        entropy: Arc::new(SeededEntropy::new(7)),
        demonstration: false,
    })
    .unwrap()
}

pub fn importer() -> Arc<Principal> {
    Arc::new(Principal { allowance: Allowance::ALL, ..Principal::system() })
}

pub fn read(path: &Path) -> Log {
    let options = exchange::Options { zone: Some("UTC".to_owned()), ..exchange::Options::default() };
    let mapping = Mapping::built_in("servicenow-log").unwrap();
    Log::read(&[path.to_owned()], mapping, &options, &mut |_| {}).unwrap()
}

/// Reads files with a mapping's text, as of the tests' now.
pub fn read_with(files: &[PathBuf], format: Format, mapping: &str) -> Result<Log, exchange::ExchangeError> {
    let options = exchange::Options { format, zone: Some("UTC".to_owned()), as_of: Some(NOW), ..Default::default() };
    Log::read(files, Mapping::parse("m.toml", mapping)?, &options, &mut |_| {})
}

/// A mapping of the tests.
pub fn mapping(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mappings").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// A file of the public ticket log.
pub fn public(file: &str) -> Option<PathBuf> {
    shared(&format!("logs/uci-servicenow-incidents/{file}"))
}

/// Public data; none where it does not lie beside the tree, which the test then says.
pub fn shared(file: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("VOUCH_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = data.join(file);
    if !path.is_file() {
        eprintln!("not run: {} is not there; set VOUCH_SHARED_DATA", path.display());
        return None;
    }
    Some(path)
}
