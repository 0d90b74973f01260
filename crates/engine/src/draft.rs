//! A record while a command works on it: what it was, what it shall be, and what else the act brings with it.

use calendar::Zone;
use model::{Slot, Value};

use crate::Error;
use crate::plan::{CommentPlan, EntryKind, LineChange, LinkChange};
use crate::record::{Record, slot};
use crate::refusal::Problem;

/// Whether a command is work that obeys the life-cycle, or the replay of what happened elsewhere, which is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Work,
    Replay,
}

#[derive(Clone, Debug)]
pub struct Draft {
    /// `None` while the record is being created.
    pub before: Option<Record>,
    pub after: Record,
    pub mode: Mode,
    pub kind: EntryKind,
    /// Who acts; for a replay the person in the source.
    pub by: Option<i64>,
    pub happened_at: i64,
    pub recorded_at: i64,
    pub lines: Vec<LineChange>,
    pub links: Vec<LinkChange>,
    pub comment: Option<CommentPlan>,
    pub reason: Option<String>,
    pub deviates: Option<String>,
    /// Commands on other records that belong to this act and are committed with it.
    pub also: Vec<FollowUp>,
    pub problems: Vec<Problem>,
}

/// What a behaviour does to another record.
#[derive(Clone, Debug)]
pub enum FollowUp {
    Create { record_type: String, values: Vec<(String, Value)> },
    Move { record: i64, transition: String, values: Vec<(String, Value)> },
    Change { record: i64, values: Vec<(String, Value)> },
}

impl Draft {
    pub fn is_new(&self) -> bool {
        self.before.is_none()
    }

    pub fn state(&self) -> Option<&str> {
        self.after.state()
    }

    pub fn state_before(&self) -> Option<&str> {
        self.before.as_ref().and_then(Record::state)
    }

    /// The state entered by this act: a change of state, or the beginning.
    pub fn entered(&self) -> Option<&str> {
        let now = self.state()?;
        (self.state_before() != Some(now)).then_some(now)
    }

    pub fn get(&self, key: &str) -> &Value {
        self.after.by_key(key)
    }

    /// Sets a field by key; a key that the type lacks is ignored, so that an overlay may drop nothing but miss little.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Some(slot) = self.after.record_type.slot(key) {
            self.after.set(slot, value);
        }
    }

    /// Whether the field has another value than before (or a value at all, for a new record).
    pub fn changed(&self, key: &str) -> bool {
        let Some(slot) = self.after.record_type.slot(key) else { return false };
        match &self.before {
            Some(before) => before.get(slot) != self.after.get(slot),
            None => !self.after.get(slot).is_null(),
        }
    }

    pub fn instant(&self, key: &str) -> Option<i64> {
        self.get(key).as_int()
    }

    pub fn refuse(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(field, code, message));
    }

    /// Fields that differ, without those that the writer keeps itself.
    pub fn changes(&self) -> Vec<(Slot, Value)> {
        let kept = [slot::NUMBER, slot::VERSION, slot::UPDATED_AT, slot::RECORDED_AT];
        let columns =
            self.after.record_type.fields.iter().enumerate().filter(|(s, f)| f.kind.is_column() && !kept.contains(s));
        columns
            .filter(|(slot, _)| match &self.before {
                Some(before) => before.get(*slot) != self.after.get(*slot),
                None => !self.after.get(*slot).is_null(),
            })
            .map(|(slot, _)| (slot, self.after.get(slot).clone()))
            .collect()
    }
}

/// In place of a record type's name: all of them, those of overlays as well. Such a behaviour runs last.
pub const EVERY_TYPE: &str = "*";

/// What a record type does by itself: pure, named by a verb, one a file.
///
/// A behaviour writes only the fields that it declares, and two behaviours that write one field are refused at start.
pub trait Behaviour: Send + Sync {
    fn name(&self) -> &'static str;
    /// The type whose drafts it completes; [`EVERY_TYPE`] for those of all.
    fn record_type(&self) -> &'static str;
    /// Derived fields that this behaviour alone writes.
    fn writes(&self) -> &'static [&'static str];
    /// Looks at the draft and sets its fields; may read settings and, with a limit, other records.
    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error>;
}

/// What a behaviour may ask of the world. Every record read becomes part of the plan's read-set.
pub trait Surroundings {
    /// The value of a setting in force at an instant.
    fn setting(&mut self, key: &str, at: i64) -> Result<Option<serde_json::Value>, Error>;
    /// Adds working time (ISO 8601, as settings state it) to an instant on the organisation's week.
    fn add_working_time(&mut self, from: i64, duration: &str) -> Result<Option<i64>, Error>;
    /// The zone in which the organisation's days begin and end, as decided at an instant.
    fn zone(&mut self, at: i64) -> Result<Zone, Error>;
    /// The records of a type that have all of these values, oldest first, at most `limit`.
    fn find(&mut self, record_type: &str, values: &[(&str, Value)], limit: u32) -> Result<Vec<Record>, Error>;
    /// The records of a type whose to-one link `field` points at `record`, at most `limit`.
    fn pointing_at(&mut self, record_type: &str, field: &str, record: i64, limit: u32) -> Result<Vec<Record>, Error> {
        self.find(record_type, &[(field, Value::Link(record))], limit)
    }
    /// A record by its id.
    fn record(&mut self, id: i64) -> Result<Option<Record>, Error>;
    /// Whether a condition that a record or a setting holds is true of the draft (unknown is not).
    fn meets(&mut self, condition: &str, draft: &Draft) -> Result<bool, Error>;
    /// What is wrong with a condition over records of this type; none where it may be asked.
    fn fault_in(&mut self, record_type: &str, condition: &str) -> Option<String>;
}
