//! An organisation for tests of search: tickets of customers, memos of the house, things and devices that extend them;
//! roles of every kind of sight. On either database.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::read::cursor::CursorKey;
use engine::search::{self, Found, Query};
use engine::{
    Act, Allowance, Channel, Command, Done, Engine, Error, Held, Input, ManualClock, Options, Principal, SeededEntropy,
};
use model::Model;
use serde_json::{Value as Json, json};
use store::{Location, Session};

const START: i64 = 1_767_225_600_000_000; // 2026-01-01T00:00:00Z

/// Reads all but what is sealed.
pub const CLERK: &str = "internal-auditor";
/// Reads his own tickets.
pub const OWNER: &str = "process-owner";
/// Reads all of the tickets of his scopes.
pub const CONTRACTOR: &str = "certification-auditor";
/// Reads things, but not how they are called.
pub const VISITOR: &str = "administrator";

const MODEL: [(&str, &str); 7] = [
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
        "customer/customer.toml",
        "[record]\nname = \"customer\"\nplural = \"customers\"\nprefix = \"CUS\"\n[fields]\nname = { kind = \"text\" }\n[permissions.agent]\nread = \"true\"\n",
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
email = { kind = "text", personal = true }
[permissions.agent]
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
scope = "customer"
[fields]
title = { kind = "text", required = true }
story = { kind = "long_text" }
external_number = { kind = "text" }
customer = { kind = "link", to = ["customer"] }
owner = { kind = "link", to = ["person"] }
urgency = { kind = "integer", range = [1, 3] }
staff_note = { kind = "text", max = 2000 }
sealed = { kind = "text", max = 2000 }
[fields.calls]
kind = "rows"
columns.who = { kind = "text", required = true }
[permissions.agent]
read = "true"
create = "true"
change = "true"
comment = ["public", "internal"]
[permissions.internal-auditor]
read = "true"
hide = ["sealed"]
[permissions.process-owner]
read = "owner == me"
[permissions.customer]
scoped = true
public_only = true
read = "true"
comment = ["public"]
hide = ["staff_note"]
[permissions.certification-auditor]
scoped = true
read = "true"
"#,
    ),
    (
        "memo/memo.toml",
        r#"
[record]
name = "memo"
plural = "memos"
prefix = "MEM"
[fields]
title = { kind = "text", required = true }
body = { kind = "long_text" }
[permissions.agent]
read = "true"
create = "true"
change = "true"
comment = ["internal"]
[permissions.internal-auditor]
read = "true"
"#,
    ),
    (
        "thing/thing.toml",
        r#"
[record]
name = "thing"
plural = "things"
prefix = "THI"
[fields]
name = { kind = "text", required = true }
[permissions.agent]
read = "true"
[permissions.administrator]
read = "true"
public_only = true
hide = ["name"]
"#,
    ),
    (
        "device/device.toml",
        r#"
[record]
name = "device"
plural = "devices"
prefix = "DEV"
extends = "thing"
[fields]
serial = { kind = "text" }
"#,
    ),
];

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

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct World {
    /// `None` only while it is closed.
    engine: Option<Arc<Engine>>,
    pub location: Location,
    pub agent: Arc<Principal>,
    folder: PathBuf,
    schema: Option<(String, String)>,
    files: Vec<(String, String)>,
    key: CursorKey,
}

impl World {
    pub fn new(on: On) -> Self {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("vouch-search-{}-{next}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (location, schema) = match on {
            On::Sqlite => (Location::SqliteScratch(folder.join("vouch.db")), None),
            On::Postgres => {
                let url = std::env::var("VOUCH_TEST_POSTGRES").unwrap();
                let schema = format!("search_{}_{next}", std::process::id());
                (Location::Postgres { url: url.clone(), schema: Some(schema.clone()) }, Some((url, schema)))
            }
        };
        let files = MODEL.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let agent = Arc::new(Principal::system());
        let mut world = Self { engine: None, location, agent, folder, schema, files, key: CursorKey::new(&[7; 32]) };
        world.open();
        world.agent = world.principal("agent", &[]);
        world
    }

    /// Opens, after a change of the model's files where `edit` makes one.
    pub fn reopen(&mut self, edit: impl Fn(&str, String) -> String) {
        self.engine = None;
        self.files = self.files.iter().map(|(path, text)| (path.clone(), edit(path, text.clone()))).collect();
        self.open();
    }

    fn open(&mut self) {
        let files: Vec<(&str, &str)> = self.files.iter().map(|(path, text)| (&**path, &**text)).collect();
        let options = Options {
            location: self.location.clone(),
            signer: Some(self.folder.join("signer")),
            model: Arc::new(model::load::load(&files).unwrap()),
            model_text: "a model for tests".to_owned(),
            behaviours: Vec::new(),
            clock: Arc::new(ManualClock::at(START)),
            entropy: Arc::new(SeededEntropy::new(u64::from(NEXT.fetch_add(1, Ordering::Relaxed)))),
            demonstration: false,
        };
        self.engine = Some(Arc::new(Engine::open(options).unwrap()));
    }

    pub fn engine(&self) -> &Arc<Engine> {
        self.engine.as_ref().unwrap()
    }

    pub fn model(&self) -> &Model {
        self.engine().model()
    }

    pub fn session(&self) -> Box<dyn Session> {
        self.location.open().unwrap()
    }

    pub fn signer(&self) -> PathBuf {
        self.folder.join("signer")
    }

    pub fn run(&self, act: Act) -> Result<Done, Error> {
        self.engine().run(&Command::new(self.agent.clone(), Channel::Api, act))
    }

    /// A record made by the engine itself.
    pub fn create(&self, record_type: &str, fields: Json) -> Done {
        let act = Act::Create { record_type: record_type.to_owned(), input: input(fields) };
        self.engine().run(&Command::new(Arc::new(Principal::system()), Channel::Api, act)).unwrap()
    }

    pub fn change(&self, number: &str, fields: Json) {
        self.run(Act::Change { number: number.to_owned(), input: input(fields) }).unwrap();
    }

    pub fn comment(&self, number: &str, text: &str, public: bool) {
        self.run(Act::Comment { number: number.to_owned(), text: text.to_owned(), public }).unwrap();
    }

    pub fn call(&self, number: &str, who: &str) {
        let input = input(json!({ "who": who }));
        self.run(Act::AddLine { number: number.to_owned(), field: "calls".to_owned(), input }).unwrap();
    }

    /// Somebody with one role, within these scopes.
    pub fn principal(&self, role: &str, scopes: &[i64]) -> Arc<Principal> {
        let done = self.create("person", json!({ "name": format!("The {role}") }));
        Arc::new(Principal {
            person: Some(done.record),
            number: done.number,
            name: role.to_owned(),
            held: vec![Held { role: role.to_owned(), assignment: None }],
            scopes: scopes.to_vec(),
            allowance: Allowance::ALL,
        })
    }

    pub fn query(&self, principal: &Principal, query: &Query) -> Result<Found, Error> {
        search::search(self.engine(), principal, query, &self.key)
    }

    pub fn search(&self, principal: &Principal, text: &str) -> Found {
        let query = Query { text: text.to_owned(), limit: 50, ..Query::default() };
        self.query(principal, &query).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Numbers of the first page.
    pub fn numbers(&self, principal: &Principal, text: &str) -> Vec<String> {
        numbers(&self.search(principal, text))
    }

    /// Numbers of all pages, in their order.
    pub fn all(&self, principal: &Principal, text: &str, limit: usize) -> Vec<String> {
        let mut query = Query { text: text.to_owned(), limit, ..Query::default() };
        let mut all = Vec::new();
        loop {
            let found = self.query(principal, &query).unwrap();
            assert!(found.hits.len() <= limit);
            all.extend(numbers(&found));
            let Some(next) = found.next_cursor else { return all };
            query.cursor = Some(next);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.engine = None;
        drop(std::fs::remove_dir_all(&self.folder));
        if let Some((url, schema)) = &self.schema {
            let mut session = Location::Postgres { url: url.clone(), schema: None }.open().unwrap();
            session.batch(&format!("DROP SCHEMA \"{schema}\" CASCADE")).unwrap();
        }
    }
}

pub fn numbers(found: &Found) -> Vec<String> {
    found.hits.iter().map(|hit| hit.record.number().to_owned()).collect()
}

fn input(fields: Json) -> Input {
    match fields {
        Json::Object(object) => object,
        _ => Input::new(),
    }
}

/// Small reproducible randomness (SplitMix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}
