//! One organisation's records, opened: the model, the database, the writer, the signer.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ledger::{LogId, Signer};
use model::Model;
use sha2::{Digest, Sha256};
use store::{Fault, Location, Param, Pool, Reader, Session, SessionExt, Writer};

use crate::apply::apply;
use crate::clock::{Clock, Entropy};
use crate::command::Command;
use crate::draft::{Behaviour, EVERY_TYPE};
use crate::pipeline::{self, Done};
use crate::plan::{Committed, Plan, Refused};
use crate::recorder::Recorder;
use crate::refusal::Error;
use crate::rules::Rules;
use crate::search::Columns;
use crate::settings::{Settings, SettingsCache};

/// What an engine is made of.
pub struct Options {
    pub location: Location,
    /// Folder of the signer's state; none for a throw-away ledger that nobody will verify.
    pub signer: Option<PathBuf>,
    pub model: Arc<Model>,
    /// The canonical text of the model's files, kept under the model's hash.
    pub model_text: String,
    pub behaviours: Vec<Arc<dyn Behaviour>>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Names the log `demo-…`, so that nobody takes a demonstration for evidence.
    pub demonstration: bool,
}

type Listener = Box<dyn Fn(Range<i64>) + Send + Sync>;

pub struct Engine {
    model: Arc<Model>,
    rules: Rules,
    search_columns: Columns,
    behaviours: HashMap<String, Vec<Arc<dyn Behaviour>>>,
    pool: Pool,
    writer: Writer<Recorder>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: SettingsCache,
    signer: Mutex<Option<Signer>>,
    listeners: Arc<Mutex<Vec<Listener>>>,
    read_only: Arc<OnceLock<String>>,
    log_id: String,
}

impl Engine {
    /// Opens the database, making its tables where they are missing, and starts the writer.
    pub fn open(options: Options) -> Result<Self, Fault> {
        let Options { location, signer, model, model_text, behaviours, clock, entropy, demonstration } = options;
        let mut session = location.open()?;
        store::schema::apply(&mut *session, &model)?;
        store::schema::look_over(&mut *session)?;
        let log_id = begin_log(&mut *session, &*entropy, demonstration)?;
        let search_columns = Columns::of(&model);
        crate::search::begin(&mut *session, &search_columns)?;
        let model_version = keep_text(&mut *session, "model", &hex(&model.hash), &model_text, clock.now())?;
        let read_only = Arc::new(OnceLock::new());
        let signer = match signer {
            Some(folder) => open_signer(&mut *session, &folder, &log_id, &*entropy, &read_only)?,
            None => None,
        };
        let listeners: Arc<Mutex<Vec<Listener>>> = Arc::default();
        let told = listeners.clone();
        let recorder = Recorder::new(
            model.clone(),
            model_version,
            entropy.clone(),
            read_only.clone(),
            Box::new(move |leaves| {
                for listener in told.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    listener(leaves.clone());
                }
            }),
        )?;
        let writer = Writer::start(session, recorder)?;
        Ok(Self {
            rules: Rules::of(&model)?,
            search_columns,
            behaviours: by_type(behaviours)?,
            model,
            pool: Pool::new(location),
            writer,
            clock,
            entropy,
            settings: SettingsCache::default(),
            signer: Mutex::new(signer),
            listeners,
            read_only,
            log_id,
        })
    }

    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the search index holds of each type.
    pub fn search_columns(&self) -> &Columns {
        &self.search_columns
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A session for reading.
    pub fn reader(&self) -> Result<Reader, Fault> {
        self.pool.reader()
    }

    /// `demo-…` for demonstrations, else the log's random name.
    pub fn log_id(&self) -> &str {
        &self.log_id
    }

    pub fn is_demonstration(&self) -> bool {
        self.log_id.starts_with("demo-")
    }

    /// Why nothing may be written, where that is so.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.get().map(String::as_str)
    }

    pub(crate) fn behaviours_of(&self, record_type: &str) -> Vec<Arc<dyn Behaviour>> {
        let of = |name: &str| self.behaviours.get(name).into_iter().flatten().cloned();
        let extended = self.model.get(record_type).map(|found| self.model.ancestors(found));
        let inherited = extended.into_iter().flatten().flat_map(|ancestor| of(&ancestor.name));
        inherited.chain(of(record_type)).chain(of(EVERY_TYPE)).collect()
    }

    /// All behaviours, for `model explain`.
    pub fn behaviours(&self) -> impl Iterator<Item = &Arc<dyn Behaviour>> {
        self.behaviours.values().flatten()
    }

    /// The decisions of the organisation as they are known now.
    pub fn settings(&self, session: &mut dyn Session) -> Result<Settings, Fault> {
        self.settings.get(session)
    }

    /// Runs a command to its durable end, or says why not.
    pub fn run(&self, command: &Command) -> Result<Done, Error> {
        pipeline::run(self, command)
    }

    /// Carries a plan out; `Err(Refused::Moved)` when what it rests on has changed.
    pub fn commit(&self, plan: Plan) -> Result<Result<Committed, Refused>, Fault> {
        self.writer.write(move |session, lane| apply(session, lane, &plan))
    }

    /// Work on tables that are no records (accounts, sessions, the follower's results), in the writer's transaction.
    pub fn write<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, Fault> + Send + 'static,
    {
        let answer = self.writer.write(move |session, _| work(session).map(store::Outcome::<T, ()>::Keep))?;
        answer.map_err(|()| Fault::database("the writer refused its own work"))
    }

    /// Keeps a text under its SHA-256 in hexadecimal, once; [`Self::kept`] gives it back.
    pub fn keep(&self, kind: &'static str, body: String) -> Result<String, Fault> {
        let hash = hex(&Sha256::digest(body.as_bytes()));
        let (key, now) = (hash.clone(), self.clock.now());
        self.write(move |session| keep_text(session, kind, &key, &body, now))?;
        Ok(hash)
    }

    /// A text that was kept; `None` where there is none under this hash.
    pub fn kept(&self, kind: &str, hash: &str) -> Result<Option<String>, Fault> {
        let sql = "SELECT body FROM text_version WHERE kind = ? AND hash = ?";
        self.reader()?.optional_text(sql, &[Param::Text(kind), Param::Text(hash)])
    }

    /// Is told of the new leaves after each durable commit of this process.
    pub fn on_commit(&self, listener: impl Fn(Range<i64>) + Send + Sync + 'static) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    /// Leaves in the ledger now, written by whatever process.
    pub fn leaves(&self) -> Result<i64, Fault> {
        self.reader()?.one_int("SELECT leaves FROM head WHERE one = 1", &[])
    }

    /// Signs what is committed, where this process is the signer. Returns the signed size, or `None` where another
    /// process signs or nothing is to be signed.
    pub fn sign(&self) -> Result<Option<i64>, Fault> {
        let mut guard = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(signer) = guard.as_mut().filter(|_| self.read_only.get().is_none()) else { return Ok(None) };
        let mut reader = self.reader()?;
        let leaves = reader.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
        let size = u64::try_from(leaves).map_err(Fault::database)?;
        let last = signer.head().size;
        if size == last && self.noted(&mut *reader, leaves)? {
            return Ok(Some(leaves));
        }
        let tree = |e: ledger::tree::TreeError<Fault>| Fault::ledger(e.to_string());
        let tiles = crate::seal::StoredTiles::new(&mut *reader);
        let root = ledger::tree::root(&tiles, size).map_err(tree)?;
        let proof = if last == 0 { Vec::new() } else { ledger::tree::consistency(&tiles, last, size).map_err(tree)? };
        let note = signer.sign(size, root, &proof).map_err(|e| Fault::ledger(e.to_string()))?;
        drop(reader);
        self.write(move |session| {
            let sql = "INSERT INTO checkpoint (size, note) VALUES (?, ?) ON CONFLICT (size) DO NOTHING";
            session.execute(sql, &[Param::Int(leaves), Param::Text(&note)])?;
            Ok(())
        })?;
        Ok(Some(leaves))
    }

    fn noted(&self, session: &mut dyn Session, size: i64) -> Result<bool, Fault> {
        Ok(session.optional_int("SELECT 1 FROM checkpoint WHERE size = ?", &[Param::Int(size)])?.is_some())
    }

    /// The verifier key of the log, where this process holds the signer.
    pub fn verifier_key(&self) -> Option<String> {
        let guard = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().map(|signer| signer.head().key.to_string())
    }
}

/// The head row, made once; the log's name.
fn begin_log(session: &mut dyn Session, entropy: &dyn Entropy, demonstration: bool) -> Result<String, Fault> {
    if let Some(log_id) = session.optional_text("SELECT log_id FROM head WHERE one = 1", &[])? {
        return Ok(log_id);
    }
    let random = hex(entropy.bytes32()?.get(..8).unwrap_or_default());
    let log_id = if demonstration { format!("demo-{random}") } else { random };
    let sql = "INSERT INTO head (one, leaves, next_id, next_entry, next_row, writer, batch, log_id) VALUES (1, 0, 0, 0, 0, '', 0, ?) ON CONFLICT (one) DO NOTHING";
    session.execute(sql, &[Param::Text(&log_id)])?;
    session
        .optional_text("SELECT log_id FROM head WHERE one = 1", &[])?
        .ok_or_else(|| Fault::ledger("the head row could not be made"))
}

/// Keeps a text (model, catalogue) under its hash; the row's id.
pub(crate) fn keep_text(session: &mut dyn Session, kind: &str, hash: &str, body: &str, now: i64) -> Result<i64, Fault> {
    let find = "SELECT id FROM text_version WHERE kind = ? AND hash = ?";
    if let Some(id) = session.optional_int(find, &[Param::Text(kind), Param::Text(hash)])? {
        return Ok(id);
    }
    let sql = "INSERT INTO text_version (id, kind, hash, body, known_from) SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ? FROM text_version";
    let sql = if session.dialect() == store::Dialect::Postgres {
        sql.replacen("?, ?, ?, ?", "?::text, ?::text, ?::text, ?::bigint", 1)
    } else {
        sql.to_owned()
    };
    session.execute(&sql, &[Param::Text(kind), Param::Text(hash), Param::Text(body), Param::Int(now)])?;
    session.one_int(find, &[Param::Text(kind), Param::Text(hash)])
}

fn open_signer(
    session: &mut dyn Session,
    folder: &std::path::Path,
    log_id: &str,
    entropy: &dyn Entropy,
    read_only: &OnceLock<String>,
) -> Result<Option<Signer>, Fault> {
    let leaves = session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
    let opened = match Signer::open(folder) {
        Err(ledger::signer::SignerError::Missing(_)) if leaves == 0 => {
            let log = LogId::new(log_id).map_err(|e| Fault::ledger(e.to_string()))?;
            Signer::create(folder, log, entropy.bytes32()?)
        }
        other => other,
    };
    match opened {
        Ok(signer) => {
            let signed = signer.head();
            if signed.log.as_str() != log_id {
                let why = format!("the signer's state is of the log {}, the database of {log_id}", signed.log.as_str());
                drop(read_only.set(why));
            } else if signed.size > u64::try_from(leaves).map_err(Fault::database)? {
                let why = format!(
                    "the ledger has {leaves} leaves, {} were signed: the database was restored or cut short; nothing is written until a successor log is begun",
                    signed.size
                );
                drop(read_only.set(why));
            }
            Ok(Some(signer))
        }
        // Another process of this installation signs; this one leaves it to that.
        Err(ledger::signer::SignerError::Locked(_)) => Ok(None),
        Err(error) => Err(Fault::ledger(error.to_string())),
    }
}

/// Groups behaviours by type, in the given order; two writers of one field are refused.
fn by_type(behaviours: Vec<Arc<dyn Behaviour>>) -> Result<HashMap<String, Vec<Arc<dyn Behaviour>>>, Fault> {
    let mut writers: HashMap<(String, String), &'static str> = HashMap::new();
    let mut grouped: HashMap<String, Vec<Arc<dyn Behaviour>>> = HashMap::new();
    for behaviour in behaviours {
        for field in behaviour.writes() {
            let key = (behaviour.record_type().to_owned(), (*field).to_owned());
            if let Some(other) = writers.insert(key, behaviour.name()) {
                return Err(Fault::database(format!(
                    "{} and {other} both write {}.{field}: one field has one writer",
                    behaviour.name(),
                    behaviour.record_type()
                )));
            }
        }
        grouped.entry(behaviour.record_type().to_owned()).or_default().push(behaviour);
    }
    Ok(grouped)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
