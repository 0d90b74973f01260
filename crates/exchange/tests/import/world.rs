//! An engine on a throw-away database, the importer, and the public log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::{Allowance, Engine, ManualClock, Options, Principal, SeededEntropy};
use exchange::{Format, ImportError, ImportOptions, Log, Mapping, Report};
use store::{Location, Param, SessionExt};

/// When the tests import: 1 June 2026, 12:00 UTC.
pub const NOW: i64 = 1_780_315_200_000_000;

pub struct World {
    pub folder: PathBuf,
    pub engine: Engine,
    pub clock: Arc<ManualClock>,
    /// URL and schema to be dropped; PostgreSQL only.
    schema: Option<(String, String)>,
}

fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("vouch-import-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl World {
    pub fn new() -> Self {
        Self::with_overlay(&[])
    }

    /// With the files of a customer's own folder.
    pub fn with_overlay(overlay: &[(&str, &str)]) -> Self {
        let (folder, clock) = (new_folder(), Arc::new(ManualClock::at(NOW)));
        let location = Location::SqliteScratch(folder.join("vouch.db"));
        Self { engine: open_at(location, overlay, clock.clone()), folder, clock, schema: None }
    }

    /// On SQLite, and on PostgreSQL where `VOUCH_TEST_POSTGRES` names one.
    pub fn on_each_database() -> Vec<Self> {
        let mut worlds = vec![Self::new()];
        match std::env::var("VOUCH_TEST_POSTGRES") {
            Ok(url) => {
                let (folder, clock) = (new_folder(), Arc::new(ManualClock::at(NOW)));
                let schema = folder.file_name().unwrap().to_str().unwrap().replace('-', "_");
                let location = Location::Postgres { url: url.clone(), schema: Some(schema.clone()) };
                let engine = open_at(location, &[], clock.clone());
                worlds.push(Self { engine, folder, clock, schema: Some((url, schema)) });
            }
            Err(_) => {
                assert!(std::env::var_os("VOUCH_REQUIRE_POSTGRES").is_none(), "VOUCH_TEST_POSTGRES names no database");
                eprintln!("PostgreSQL half NOT run: VOUCH_TEST_POSTGRES is not set");
            }
        }
        worlds
    }

    /// The process ends without a word, and another one opens what is there.
    pub fn reopened(self) -> Self {
        let (folder, clock) = (self.folder.clone(), self.clock.clone());
        std::mem::forget(self);
        Self { engine: open(&folder, clock.clone()), folder, clock, schema: None }
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
        if let Some((url, schema)) = self.schema.take() {
            let mut session = Location::Postgres { url, schema: None }.open().unwrap();
            drop(session.batch(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")));
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn open(folder: &Path, clock: Arc<ManualClock>) -> Engine {
    let location = match std::env::var_os("VOUCH_DURABLE") {
        Some(_) => Location::Sqlite(folder.join("vouch.db")),
        None => Location::SqliteScratch(folder.join("vouch.db")),
    };
    open_at(location, &[], clock)
}

fn open_at(location: Location, overlay: &[(&str, &str)], clock: Arc<ManualClock>) -> Engine {
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
