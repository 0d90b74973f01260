//! What a command will do, as a plain value: made without the database's leave, snapshot by tests, carried out by the
//! writer in one transaction after the read-set has been checked again.

use std::sync::Arc;

use model::{RecordType, Slot, Value};

/// The records that one command writes, with what its decisions rest on.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// (record, version) pairs that were read; any other version at commit means that the pipeline runs again.
    pub read_set: Vec<(i64, i64)>,
    /// Records that must come to be in this order; links among new ones use their negative ids.
    pub records: Vec<RecordPlan>,
    pub idempotency: Option<Idempotency>,
    /// Rows of a source that this plan accounts for, so that a second run finds them.
    pub imported: Vec<ImportedRow>,
}

#[derive(Clone, Debug)]
pub struct RecordPlan {
    pub record_type: Arc<RecordType>,
    /// Negative for a new record; the writer gives it a real one.
    pub id: i64,
    /// The version that this plan was made on; 0 for a new record.
    pub expected: i64,
    /// At least one, in order.
    pub entries: Vec<EntryPlan>,
    /// The name by which another system knows a new record.
    pub external: Option<(String, String)>,
}

/// One ledger entry: one act on one record.
#[derive(Clone, Debug)]
pub struct EntryPlan {
    pub kind: EntryKind,
    pub recorded_at: i64,
    pub happened_at: i64,
    /// The source's own record time, on the source's word; imports only.
    pub claimed_at: Option<i64>,
    pub actor: Option<i64>,
    pub on_behalf: Option<i64>,
    /// The role assignment that allowed it.
    pub grant: Option<i64>,
    pub channel: Channel,
    pub request: Option<String>,
    /// Fields that take a new value.
    pub changes: Vec<(Slot, Value)>,
    pub lines: Vec<LineChange>,
    pub links: Vec<LinkChange>,
    pub step: Option<StepPlan>,
    pub comment: Option<CommentPlan>,
    /// Why it does not fit the declared life-cycle or history; imports only.
    pub deviates: Option<String>,
    /// A reason that the caller gave for the act as a whole.
    pub reason: Option<String>,
    /// The state that the entry states: the one it enters; each row of a source states its own.
    pub state: Option<String>,
    /// Versions of the record whose entries count no more from this one's recording on: a source told its past anew, and
    /// this entry and those that come with it say what they said.
    pub replaces: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Create,
    Change,
    Step,
    Comment,
    Link,
    /// A row of a source that changed nothing that is kept here.
    Touch,
    /// Made by the clock, not by a person.
    Timed,
}

impl EntryKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Step => "step",
            Self::Comment => "comment",
            Self::Link => "link",
            Self::Touch => "touch",
            Self::Timed => "timed",
        }
    }
}

/// By which way a command came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Page,
    Api,
    CommandLine,
    Import,
    Timer,
    Demonstration,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::CommandLine => "command-line",
            Self::Import => "import",
            Self::Timer => "timer",
            Self::Demonstration => "demonstration",
        }
    }
}

#[derive(Clone, Debug)]
pub enum LineChange {
    Add { slot: Slot, pos: i64, values: Vec<Value>, at: i64, by: Option<i64> },
    Remove { slot: Slot, pos: i64 },
}

#[derive(Clone, Debug)]
pub struct LinkChange {
    pub kind: String,
    pub a: i64,
    pub b: i64,
    pub add: bool,
}

#[derive(Clone, Debug)]
pub struct StepPlan {
    pub from: Option<String>,
    pub to: String,
}

#[derive(Clone, Debug)]
pub struct CommentPlan {
    pub public: bool,
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Idempotency {
    pub owner: i64,
    pub key: String,
    pub body_hash: [u8; 32],
}

#[derive(Clone, Debug)]
pub struct ImportedRow {
    pub source: String,
    pub identity: String,
    pub hash: [u8; 32],
}

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Temporary (negative) id to real id and number, for the records that came to be.
    pub created: Vec<(i64, i64, String)>,
    /// (record, version after) for all that were written.
    pub written: Vec<(i64, i64)>,
}

impl Committed {
    /// The real id of what may have been a temporary one.
    pub fn real(&self, id: i64) -> i64 {
        self.created.iter().find(|(temporary, ..)| *temporary == id).map_or(id, |(_, real, _)| *real)
    }
}

/// Why the writer did not carry a plan out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The read-set no longer holds: run the pipeline again.
    Moved,
    /// This idempotency key was used before: with the same body (its answer) or another.
    Repeated { answer: Option<String> },
    /// The ledger is read-only, and why.
    ReadOnly(String),
}
