//! The writer's lane: numbering, the head row, the leaves of what was written. Runs on the writer thread only.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{Builder, Hash, Leaf};
use model::Model;
use store::{Fault, Lane, Param, Session, SessionExt};

use crate::clock::Entropy;
use crate::{seal, search};

/// Told after each durable commit: the leaves that are new.
pub type Listener = Box<dyn Fn(std::ops::Range<i64>) + Send>;

/// One row: read first and written last in each batch, so that a second process's writes are noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub leaves: i64,
    pub next_id: i64,
    pub next_entry: i64,
    pub next_row: i64,
    pub batch: i64,
}

/// A leaf whose place and predecessor are known only when the batch is sealed.
pub(crate) struct Pending {
    pub entry: i64,
    pub record: i64,
    pub first: bool,
    pub leaf: Leaf<'static>,
}

pub struct Recorder {
    pub(crate) model: Arc<Model>,
    pub(crate) model_version: i64,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) head: Head,
    pub(crate) counters: HashMap<String, i64>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) search: search::Pending,
    pub(crate) log_id: String,
    /// Set when the ledger was found shorter than it was signed.
    pub(crate) read_only: Arc<std::sync::OnceLock<String>>,
    frontier: Option<Builder>,
    last_hash: HashMap<i64, Hash>,
    writer: String,
    marked: Option<(Head, HashMap<String, i64>, usize, usize)>,
    listener: Listener,
    sealed_from: i64,
}

impl Recorder {
    pub fn new(
        model: Arc<Model>,
        model_version: i64,
        entropy: Arc<dyn Entropy>,
        read_only: Arc<std::sync::OnceLock<String>>,
        listener: Listener,
    ) -> Result<Self, Fault> {
        let name = entropy.bytes32()?;
        let writer = name.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Ok(Self {
            search: search::Pending::new(search::Columns::of(&model)),
            model,
            model_version,
            entropy,
            head: Head::default(),
            counters: HashMap::new(),
            pending: Vec::new(),
            log_id: String::new(),
            read_only,
            frontier: None,
            last_hash: HashMap::new(),
            writer,
            marked: None,
            listener,
            sealed_from: 0,
        })
    }

    fn forget(&mut self) {
        self.counters.clear();
        self.last_hash.clear();
        self.frontier = None;
        self.pending.clear();
        self.search.truncate(0);
        self.marked = None;
    }

    /// The next number of a prefix: `INC-000042`.
    pub(crate) fn number(&mut self, session: &mut dyn Session, prefix: &str) -> Result<String, Fault> {
        let last = match self.counters.get(prefix) {
            Some(last) => *last,
            None => {
                session.optional_int("SELECT last FROM counter WHERE prefix = ?", &[Param::Text(prefix)])?.unwrap_or(0)
            }
        };
        self.counters.insert(prefix.to_owned(), last + 1);
        Ok(format!("{prefix}-{:06}", last + 1))
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.head.next_id += 1;
        self.head.next_id
    }

    pub(crate) fn next_entry(&mut self) -> i64 {
        self.head.next_entry += 1;
        self.head.next_entry
    }

    /// A demonstration's first entry says what the log is, before anything else is in it.
    pub(crate) fn kind_of(&self, entry: i64, kind: crate::plan::EntryKind) -> &'static str {
        let first_of_demonstration = entry == 1 && self.log_id.starts_with("demo-");
        if first_of_demonstration { ledger::leaf::DEMONSTRATION } else { kind.as_str() }
    }

    /// Ids of links, steps and comments: unique within all of them.
    pub(crate) fn next_row(&mut self) -> i64 {
        self.head.next_row += 1;
        self.head.next_row
    }

    fn previous(&mut self, session: &mut dyn Session, pending: &Pending) -> Result<Option<Hash>, Fault> {
        if let Some(hash) = self.last_hash.get(&pending.record) {
            return Ok(Some(*hash));
        }
        if pending.first {
            return Ok(None);
        }
        let sql = "SELECT l.hash FROM entry e JOIN leaf l ON l.entry = e.id WHERE e.record = ? AND e.id < ? ORDER BY e.version DESC LIMIT 1";
        let mut found = None;
        session.query(sql, &[Param::Int(pending.record), Param::Int(pending.entry)], &mut |row| {
            found = Some(seal::hash(row.need_blob(0)?)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// Hashes of records' last leaves kept between batches; beyond it they are read again.
const LAST_HASH_MAX: usize = 4096;

impl Lane for Recorder {
    fn begin(&mut self, session: &mut dyn Session) -> Result<(), Fault> {
        let (mut head, mut writer, mut log_id) = (None, String::new(), String::new());
        let lock = if session.dialect() == store::Dialect::Postgres { " FOR UPDATE" } else { "" };
        let sql = format!(
            "SELECT leaves, next_id, next_entry, next_row, batch, writer, log_id FROM head WHERE one = 1{lock}"
        );
        session.query(&sql, &[], &mut |row| {
            head = Some(Head {
                leaves: row.need_int(0)?,
                next_id: row.need_int(1)?,
                next_entry: row.need_int(2)?,
                next_row: row.need_int(3)?,
                batch: row.need_int(4)?,
            });
            writer = row.need_text(5)?.to_owned();
            log_id = row.need_text(6)?.to_owned();
            Ok(())
        })?;
        let head = head.ok_or_else(|| Fault::ledger("the head row is missing"))?;
        if writer != self.writer || head != self.head {
            self.forget();
        }
        self.log_id = log_id;
        self.sealed_from = head.leaves;
        self.head = head;
        Ok(())
    }

    fn mark(&mut self) {
        self.marked = Some((self.head.clone(), self.counters.clone(), self.pending.len(), self.search.len()));
    }

    fn undo(&mut self) {
        if let Some((head, counters, pending, search)) = self.marked.take() {
            self.head = head;
            self.counters = counters;
            self.pending.truncate(pending);
            self.search.truncate(search);
        }
    }

    fn seal(&mut self, session: &mut dyn Session) -> Result<(), Fault> {
        let mut frontier = match self.frontier.take() {
            Some(frontier) => frontier,
            None => seal::frontier(session, self.head.leaves)?,
        };
        if self.last_hash.len() > LAST_HASH_MAX {
            self.last_hash.clear();
        }
        let pending = std::mem::take(&mut self.pending);
        for mut one in pending {
            one.leaf.previous = self.previous(session, &one)?;
            let body = one.leaf.bytes().map_err(|e| Fault::ledger(e.to_string()))?;
            let hash = Hash::leaf(&body);
            let params =
                [Param::Int(self.head.leaves), Param::Int(one.entry), Param::Blob(&hash.0), Param::Blob(&body)];
            session.execute("INSERT INTO leaf (idx, entry, hash, body) VALUES (?, ?, ?, ?)", &params)?;
            seal::store_tiles(session, &frontier.append(hash))?;
            self.last_hash.insert(one.record, hash);
            self.head.leaves += 1;
        }
        self.frontier = Some(frontier);
        self.search.write(session)?;
        for (prefix, last) in &self.counters {
            let sql = "INSERT INTO counter (prefix, last) VALUES (?, ?) ON CONFLICT (prefix) DO UPDATE SET last = excluded.last";
            session.execute(sql, &[Param::Text(prefix), Param::Int(*last)])?;
        }
        self.head.batch += 1;
        let Head { leaves, next_id, next_entry, next_row, batch } = self.head;
        let sql = "UPDATE head SET leaves = ?, next_id = ?, next_entry = ?, next_row = ?, batch = ?, writer = ? WHERE one = 1";
        let numbers = [leaves, next_id, next_entry, next_row, batch].map(Param::Int);
        let mut params = numbers.to_vec();
        params.push(Param::Text(&self.writer));
        session.execute(sql, &params)?;
        Ok(())
    }

    fn committed(&mut self) {
        if self.head.leaves > self.sealed_from {
            (self.listener)(self.sealed_from..self.head.leaves);
        }
    }

    fn failed(&mut self) {
        self.forget();
        self.head = Head::default();
    }
}
