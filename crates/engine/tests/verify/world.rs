//! A small organisation for tests: people and tickets, on either database, under a clock that stands until it is moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::verify::{Report, verify};
use engine::{
    Act, Allowance, Channel, Command, Done, Engine, Error, Held, Input, ManualClock, Options, Principal, SeededEntropy,
};
use model::{Model, RecordType};
use store::{Location, Session};

pub const START: i64 = 1_767_225_600_000_000; // 2026-01-01T00:00:00Z

const MODEL: [(&str, &str); 4] = [
    (
        "setting/setting.toml",
        r#"
[record]
name = "setting"
plural = "settings"
prefix = "SET"
[fields]
key = { kind = "text", required = true }
value = { kind = "long_text" }
from = { kind = "instant" }
reason = { kind = "text" }
decided_by = { kind = "link", to = ["person"] }
"#,
    ),
    (
        "person/person.toml",
        r#"
[record]
name = "person"
plural = "people"
prefix = "PER"
[fields]
name = { kind = "text", required = true, personal = true }
[permissions.agent]
read = "true"
[permissions.customer]
read = "true"
"#,
    ),
    (
        "ticket/ticket.toml",
        r#"
[record]
name = "ticket"
plural = "tickets"
prefix = "TIC"
[fields]
title = { kind = "text", required = true }
urgency = { kind = "integer", range = [0, 1_000_000], sort = true }
loud = { kind = "boolean" }
colour = { kind = "choice", choices = ["red", "green", "blue"] }
seen_at = { kind = "instant" }
owner = { kind = "link", to = ["person"] }
nickname = { kind = "text", personal = true }
reason = { kind = "text" }
story = { kind = "long_text" }
answer = { kind = "long_text" }
[fields.calls]
kind = "rows"
columns.who = { kind = "text", required = true }
columns.person = { kind = "link", to = ["person"] }
[fields.tags]
kind = "rows"
columns.value = { kind = "text" }
[lifecycle]
initial = "new"
states.new = { category = "open" }
states.doing = { category = "open" }
states.done = { category = "done" }
states.closed = { category = "final" }
transitions.start = { from = ["new"], to = "doing" }
transitions.finish = { from = ["new", "doing"], to = "done" }
transitions.reopen = { from = ["done"], to = "doing", reason = true }
transitions.close = { from = ["done"], to = "closed" }
[relations]
children = { to = ["ticket"], kind = "parent_of", acyclic = true }
parents = { inverse_of = "children" }
[permissions.agent]
read = "true"
create = "true"
change = "true"
do = ["*"]
hide = ["colour"]
comment = ["public", "internal"]
[permissions.customer]
public_only = true
read = "true"
comment = ["public"]
"#,
    ),
    (
        "outage/outage.toml",
        r#"
[record]
name = "outage"
plural = "outages"
prefix = "OUT"
extends = "ticket"
[fields]
minutes = { kind = "integer", range = [0, 1_000_000] }
postmortem = { kind = "long_text" }
"#,
    ),
];

/// A folder that goes when the test ends.
pub struct Scratch(PathBuf);

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    pub fn new() -> Self {
        let name = format!("vouch-verify-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

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
    /// `None` only while it is closed.
    engine: Option<Engine>,
    pub clock: Arc<ManualClock>,
    pub location: Location,
    pub model: Arc<Model>,
    pub folder: Scratch,
    pub signer: PathBuf,
    schema: Option<(String, String)>,
}

impl World {
    pub fn new(on: On) -> Self {
        let folder = Scratch::new();
        let (location, schema) = match on {
            On::Sqlite => (Location::SqliteScratch(folder.path().join("vouch.db")), None),
            On::Postgres => {
                let url = std::env::var("VOUCH_TEST_POSTGRES").unwrap();
                let schema = format!("verify_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                (Location::Postgres { url: url.clone(), schema: Some(schema.clone()) }, Some((url, schema)))
            }
        };
        let model = Arc::new(model::load::load(&MODEL).unwrap());
        let signer = folder.path().join("signer");
        let clock = Arc::new(ManualClock::at(START));
        let mut world = Self { engine: None, clock, location, model, folder, signer, schema };
        world.open();
        world
    }

    /// A copy of a closed world's files; SQLite only.
    pub fn copy_of(other: &World) -> Self {
        let folder = Scratch::new();
        let location = Location::SqliteScratch(folder.path().join("vouch.db"));
        let signer = folder.path().join("signer");
        copy_folder(other.folder.path(), folder.path());
        let (clock, model) = (other.clock.clone(), other.model.clone());
        Self { engine: None, clock, location, model, folder, signer, schema: None }
    }

    pub fn open(&mut self) {
        self.close();
        let options = Options {
            location: self.location.clone(),
            signer: Some(self.signer.clone()),
            model: self.model.clone(),
            model_text: "a model for tests".to_owned(),
            behaviours: Vec::new(),
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(u64::from(NEXT.fetch_add(1, Ordering::Relaxed)))),
            demonstration: false,
        };
        self.engine = Some(Engine::open(options).unwrap());
    }

    /// As a killed process would leave it, but for what the operating system would have written anyway.
    pub fn close(&mut self) {
        self.engine = None;
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    pub fn ticket(&self) -> &Arc<RecordType> {
        self.model.shared("ticket").unwrap()
    }

    /// A second connection, as anybody with the database's password has.
    pub fn session(&self) -> Box<dyn Session> {
        self.location.open().unwrap()
    }

    pub fn run_as(&self, principal: &Arc<Principal>, act: Act, happened_at: Option<i64>) -> Result<Done, Error> {
        let mut command = Command::new(principal.clone(), Channel::Api, act);
        command.happened_at = happened_at;
        command.request = Some("r-1".to_owned());
        self.engine().run(&command)
    }

    pub fn run(&self, act: Act) -> Done {
        self.run_as(&Arc::new(Principal::system()), act, None).unwrap()
    }

    pub fn verify(&self) -> Report {
        verify(&mut *self.session(), &self.model, Some(&self.signer)).unwrap()
    }

    /// Creates a person and gives him a role.
    pub fn principal(&self, role: &str) -> Arc<Principal> {
        let done = self.run(create("person", &[("name", "Ana".into())]));
        Arc::new(Principal {
            person: Some(done.record),
            number: done.number,
            name: "Ana".to_owned(),
            held: vec![Held { role: role.to_owned(), assignment: None }],
            scopes: Vec::new(),
            allowance: Allowance::ALL,
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.close();
        if let Some((url, schema)) = &self.schema {
            let mut session = Location::Postgres { url: url.clone(), schema: None }.open().unwrap();
            session.batch(&format!("DROP SCHEMA \"{schema}\" CASCADE")).unwrap();
        }
    }
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}

pub fn input(fields: &[(&str, serde_json::Value)]) -> Input {
    fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

pub fn create(record_type: &str, fields: &[(&str, serde_json::Value)]) -> Act {
    Act::Create { record_type: record_type.to_owned(), input: input(fields) }
}

pub fn change(number: &str, fields: &[(&str, serde_json::Value)]) -> Act {
    Act::Change { number: number.to_owned(), input: input(fields) }
}

pub fn step(number: &str, transition: &str, fields: &[(&str, serde_json::Value)]) -> Act {
    Act::Move { number: number.to_owned(), transition: transition.to_owned(), input: input(fields) }
}

pub fn comment(number: &str, text: &str, public: bool) -> Act {
    Act::Comment { number: number.to_owned(), text: text.to_owned(), public }
}

pub fn add_line(number: &str, field: &str, fields: &[(&str, serde_json::Value)]) -> Act {
    Act::AddLine { number: number.to_owned(), field: field.to_owned(), input: input(fields) }
}

pub fn link(number: &str, to: &str, add: bool) -> Act {
    Act::Link { number: number.to_owned(), relation: "children".to_owned(), to: to.to_owned(), add }
}

/// Small reproducible randomness (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from + 1).unwrap())).unwrap()
    }

    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}
