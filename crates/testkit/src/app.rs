//! A whole application for one test.

use std::sync::Arc;

use conformity::{Conformity, Library};
use engine::identity;
use engine::{Act, Channel, Command, Engine, Input, ManualClock, Options, Principal, SeededEntropy};
use serde_json::{Value as Json, json};
use store::Location;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::client::Client;

/// 2026-03-02 12:00 UTC, a Monday: where a test's clock stands at first.
pub const NOON: i64 = 1_772_452_800_000_000;

/// An organisation with a server. Everything is gone when it is dropped.
pub struct TestApp {
    pub engine: Arc<Engine>,
    pub conformity: Arc<Conformity>,
    pub clock: Arc<ManualClock>,
    pub client: Client,
    pub base_url: String,
    pub folder: TempDir,
    runtime: Option<Runtime>,
}

/// Somebody with a role, and how he speaks to the server.
pub struct Actor {
    pub id: i64,
    pub number: String,
    pub email: String,
    pub client: Client,
}

impl TestApp {
    /// Starts on a database of its own.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = Arc::new(ManualClock::at(NOON));
        let engine = Arc::new(Engine::open(options(&folder, clock.clone())?)?);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?.to_string();
        let base_url = format!("http://{address}");
        let guard = runtime.enter();
        let conformity = Arc::new(Conformity::open(engine.clone(), library(&engine)?));
        let app = web::App::new(engine.clone(), conformity.clone(), &[7; 32], base_url.clone());
        drop(guard);
        runtime.spawn(async move { axum::serve(listener, app.router()).await });
        Ok(Self { engine, conformity, clock, client: Client::new(address), base_url, folder, runtime: Some(runtime) })
    }

    /// A person with this role, an account and a token that may do all that the role may.
    pub fn actor(&self, role: &str) -> anyhow::Result<Actor> {
        self.actor_of(role, role, None)
    }

    /// As `actor`, under another name and for a customer (by number).
    pub fn actor_of(&self, name: &str, role: &str, customer: Option<&str>) -> anyhow::Result<Actor> {
        let email = format!("{}@example.org", name.replace(' ', "."));
        let person = self.create("person", json!({ "name": name, "email": email, "customer": customer }))?;
        self.create("role_assignment", json!({ "person": person.number, "role": role, "customer": customer }))?;
        identity::add_account(&self.engine, person.record, &email)?;
        let scopes = ["read", "write", "import", "admin"].map(str::to_owned);
        let token = identity::create(&self.engine, person.record, &scopes, identity::TOKEN_LIFE_DEFAULT)?;
        Ok(Actor { id: person.record, number: person.number, email, client: self.client.bearer(token.reveal()) })
    }

    /// A record made by the engine itself.
    pub fn create(&self, record_type: &str, input: Json) -> anyhow::Result<engine::Done> {
        let input = match input {
            Json::Object(object) => object,
            _ => Input::new(),
        };
        let act = Act::Create { record_type: record_type.to_owned(), input };
        let command = Command::new(Arc::new(Principal::system()), Channel::CommandLine, act);
        self.engine.run(&command).map_err(|e| anyhow::anyhow!("{e}"))
    }

    /// The present instant, as addresses write it.
    pub fn now(&self) -> String {
        use engine::Clock as _;
        jiff::Timestamp::from_microsecond(self.clock.now()).map_or_else(|e| e.to_string(), |at| at.to_string())
    }

    /// Lets time pass.
    pub fn wait(&self, micros: i64) {
        use engine::Clock as _;
        self.clock.set(self.clock.now() + micros);
    }

    /// Decides a setting as the engine itself.
    pub fn decide(&self, key: &str, value: Json) -> anyhow::Result<()> {
        let decision =
            conformity::decide::Decision { key: key.to_owned(), value, from: None, reason: "a test".to_owned() };
        let principal = Arc::new(Principal::system());
        let registry = &self.conformity.library().settings;
        conformity::decide::decide(&self.engine, registry, &principal, Channel::CommandLine, &decision)
            .map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(())
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The server's tasks end at once; a test has nothing left to say to them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The engine's parts on a scratch database in this folder.
fn options(folder: &TempDir, clock: Arc<ManualClock>) -> anyhow::Result<Options> {
    let files = processes::model_files();
    let model = model::load::load(&files).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    Ok(Options {
        location: Location::SqliteScratch(folder.path().join("vouch.db")),
        signer: Some(folder.path().join("signer")),
        model: Arc::new(model),
        model_text: String::new(),
        behaviours: processes::behaviours(),
        clock,
        entropy: Arc::new(SeededEntropy::new(1)),
        demonstration: false,
    })
}

/// Catalogue, settings and the rooms' checks.
fn library(engine: &Engine) -> anyhow::Result<Library> {
    let own = ("own_settings.toml", processes::own_settings());
    Library::load(engine.model(), own, &processes::check_files()).map_err(|e| anyhow::anyhow!("{e}"))
}
