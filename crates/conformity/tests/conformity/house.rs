//! One organisation for one test, on SQLite or, where `VOUCH_TEST_POSTGRES` says where, on PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conformity::settings::Registry;
use conformity::{Conformity, Library};
use engine::{Engine, ManualClock, Options, SeededEntropy};
use model::Model;
use store::Location;

pub struct House {
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub conformity: Conformity,
    location: Location,
    // Dropped last: the database lies in it.
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// The databases that this run can use. Where PostgreSQL is demanded and missing, this fails.
pub fn databases() -> Vec<Database> {
    if std::env::var_os("VOUCH_TEST_POSTGRES").is_some() {
        return vec![Database::Sqlite, Database::Postgres];
    }
    assert!(
        std::env::var_os("VOUCH_REQUIRE_POSTGRES").is_none(),
        "VOUCH_REQUIRE_POSTGRES is set, but VOUCH_TEST_POSTGRES names no database"
    );
    eprintln!("not run on PostgreSQL: VOUCH_TEST_POSTGRES names no database");
    vec![Database::Sqlite]
}

pub fn model() -> Arc<Model> {
    Arc::new(model::load::load(&processes::model_files()).unwrap_or_else(|errors| panic!("{errors:#?}")))
}

fn own_settings() -> (&'static str, &'static str) {
    ("own_settings.toml", processes::own_settings())
}

pub fn registry() -> Registry {
    conformity::registry(own_settings()).unwrap()
}

/// The checks of the rooms, and further files of them.
pub fn library(model: &Model, more: &[(&str, &str)]) -> Library {
    library_of(model, &[&processes::check_files()[..], more].concat())
}

/// Only these files of checks.
pub fn library_of(model: &Model, files: &[(&str, &str)]) -> Library {
    Library::load(model, own_settings(), files).unwrap_or_else(|error| panic!("{error}"))
}

impl House {
    pub fn open(database: Database, now: i64) -> Self {
        Self::with_checks(database, now, &[])
    }

    pub fn with_checks(database: Database, now: i64, more: &[(&str, &str)]) -> Self {
        Self::with_model(database, now, model(), more)
    }

    /// Under a model that an overlay lies over.
    pub fn with_model(database: Database, now: i64, model: Arc<Model>, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let library = library(&model, more);
        let location = location(database, folder.path());
        let engine = Arc::new(open(location.clone(), model, clock.clone()));
        Self { conformity: Conformity::open(engine.clone(), library), engine, clock, location, _folder: folder }
    }

    /// The same organisation, opened by another program, with another model.
    pub fn reopened(&self, model: Arc<Model>) -> Engine {
        open(self.location.clone(), model, self.clock.clone())
    }
}

fn open(location: Location, model: Arc<Model>, clock: Arc<ManualClock>) -> Engine {
    let options = Options {
        location,
        signer: None,
        model,
        model_text: String::new(),
        behaviours: processes::behaviours(),
        clock,
        entropy: Arc::new(SeededEntropy::new(7)),
        demonstration: false,
    };
    Engine::open(options).unwrap_or_else(|e| panic!("{e}"))
}

fn location(database: Database, folder: &Path) -> Location {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    match database {
        Database::Sqlite => Location::SqliteScratch(folder.join("vouch.db")),
        Database::Postgres => {
            let url = std::env::var("VOUCH_TEST_POSTGRES").unwrap();
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let schema = format!("conformity_{}_{number}", std::process::id());
            let mut bare = Location::Postgres { url: url.clone(), schema: None }.open().unwrap();
            bare.batch(&format!("CREATE SCHEMA {schema}")).unwrap();
            Location::Postgres { url, schema: Some(schema) }
        }
    }
}

/// An instant in microseconds.
pub fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap_or_else(|e| panic!("{text}: {e}")).as_microsecond()
}
