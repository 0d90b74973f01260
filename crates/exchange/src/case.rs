//! Cases: the rows that belong together, in the order in which they happened.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::convert::{PersonKey, SourceValue};
use crate::fold::Final;
use crate::table::Refused;

/// A case, taken whole or refused whole.
#[derive(Clone, Debug)]
pub enum Case {
    Taken(SourceCase),
    Refused { external_number: Arc<str>, rows: u64, why: Vec<Refused> },
}

#[derive(Clone, Debug)]
pub struct SourceCase {
    /// The source's own number.
    pub external_number: Arc<str>,
    /// File (index into [`crate::Log::files`]) and line of the first row.
    pub first_row: (u32, u64),
    /// The first row's own instant, µs UTC: the record begins with it, though a later row may hold from before it. For a
    /// row of a table, since when it is as it is, where the file says so.
    pub raised_at: i64,
    /// In the order in which they happened.
    pub rows: Vec<SourceRow>,
    /// The history is incomplete: the counter has holes, or the counter or the time goes back.
    pub gaps: bool,
    pub problems: Vec<Problem>,
    /// The final columns held against the events; not input.
    pub finals: Vec<Final>,
    /// Everybody whom the rows name, each once, by first appearance; also those that no field takes.
    pub people: Vec<PersonKey>,
    /// Rows that another file of the same reading had already, equal in everything; they are not in `rows`.
    pub repeated: u64,
}

/// One update of a case: the values that hold after it.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Index into [`crate::Log::files`].
    pub file: u32,
    /// The line on which the row begins, the header being line 1.
    pub row: u64,
    pub identity: RowIdentity,
    /// Of the mapped values, final ones left out: the same identity with another hash is a contradiction.
    pub content_hash: [u8; 32],
    /// The row's own instant, µs UTC.
    pub happened: i64,
    /// From when the row holds, µs UTC: never earlier than that of the row before, never later than `happened`.
    pub effective: i64,
    /// The source's own record time, µs UTC.
    pub claimed: Option<i64>,
    pub on_behalf: Option<PersonKey>,
    /// None where the mapping knows no state.
    pub state: Option<Arc<str>>,
    /// Why the row's state is not what the source wrote.
    pub deviates: Option<Arc<str>>,
    /// All mapped fields, changed or not, in one order for all rows of a log. A final field is null before the last
    /// entry into the state that explains it; final instants are not among them: the events themselves are the instants.
    pub fields: Vec<(Arc<str>, SourceValue)>,
}

impl SourceRow {
    /// Nothing that is mapped differs: a touch.
    pub fn says_the_same_as(&self, before: &Self) -> bool {
        self.state == before.state && self.fields == before.fields
    }
}

/// What makes a row the same row in a later export.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowIdentity {
    pub case: Arc<str>,
    /// The source's counter, else the instant.
    pub counter: i64,
    /// Among the rows of the case with the same counter, from 0.
    pub ordinal: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    pub file: u32,
    pub row: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The counter skips numbers before this row.
    CounterHole,
    /// The counter is lower than in the row before.
    CounterBack,
    /// The time is earlier than in the row before.
    TimeBack,
    /// The local time did not exist: the first instant after the gap was taken.
    TimeMoved,
    /// The local time occurred twice: the earlier instant was taken.
    TimeTwice,
}

impl ProblemKind {
    /// Whether the case's history is incomplete.
    pub fn is_gap(self) -> bool {
        matches!(self, Self::CounterHole | Self::CounterBack | Self::TimeBack)
    }
}

impl fmt::Display for RowIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.case, self.counter, self.ordinal)
    }
}

/// Everything that the row says about itself, in a form that does not depend on the mapping's other keys.
///
/// `SHA-256` over a label and, for each value that is not null, the length-prefixed key and value. Final fields are left
/// out: a later export knows an end that an earlier one did not, and the rows are the same rows.
pub(crate) fn content_hash(parts: &Hashed<'_>, buffer: &mut Vec<u8>) -> [u8; 32] {
    buffer.clear();
    buffer.extend_from_slice(b"vouch-source-row-v1");
    if let Some(happened) = parts.happened {
        put(buffer, "happened", &happened.to_be_bytes());
    }
    if let Some(claimed) = parts.claimed {
        put(buffer, "claimed", &claimed.to_be_bytes());
    }
    if let Some(person) = parts.on_behalf {
        put(buffer, "on_behalf", person.column().as_bytes());
        put(buffer, "name", person.name.as_bytes());
    }
    if let Some(state) = parts.state {
        put(buffer, "state", state.as_bytes());
    }
    for (key, value) in parts.fields {
        put_value(buffer, key, value);
    }
    Sha256::digest(&buffer).into()
}

pub(crate) struct Hashed<'a> {
    /// None for a row of a table: it says the same whenever it is read.
    pub happened: Option<i64>,
    pub claimed: Option<i64>,
    pub on_behalf: Option<&'a PersonKey>,
    /// The row's own word: where it says nothing, the reason of the flag.
    pub state: Option<&'a str>,
    pub fields: &'a [(Arc<str>, SourceValue)],
}

fn put(buffer: &mut Vec<u8>, key: &str, value: &[u8]) {
    for part in [key.as_bytes(), value] {
        buffer.extend_from_slice(&(part.len() as u64).to_be_bytes());
        buffer.extend_from_slice(part);
    }
}

fn put_value(buffer: &mut Vec<u8>, key: &str, value: &SourceValue) {
    match value {
        SourceValue::Null => {}
        SourceValue::Text(text) => put(buffer, key, text.as_bytes()),
        SourceValue::Int(number)
        | SourceValue::Instant(number)
        | SourceValue::Date(number)
        | SourceValue::Duration(number) => put(buffer, key, &number.to_be_bytes()),
        SourceValue::Decimal(digits) => put(buffer, key, digits.as_bytes()),
        SourceValue::Lines(lines) => lines.iter().for_each(|line| put(buffer, key, line.as_bytes())),
        SourceValue::Bool(truth) => put(buffer, key, &[u8::from(*truth)]),
        SourceValue::ListValue { label, .. } => put(buffer, key, label.as_bytes()),
        SourceValue::Person(person) => put(buffer, key, person.name.as_bytes()),
        SourceValue::Named { name, .. } => put(buffer, key, name.as_bytes()),
        SourceValue::References(references) => {
            for reference in references.iter() {
                put(buffer, key, reference.kind.as_bytes());
                put(buffer, "key", reference.key.as_bytes());
            }
        }
    }
}
