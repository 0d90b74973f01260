//! Checkpoints (C2SP tlog-checkpoint): three lines that say how the log stood, signed as a note.

use std::fmt;

use crate::hash::Hash;
use crate::note::{Note, NoteError, VerifierKey};

/// What every origin of ours begins with.
const ORIGIN_PREFIX: &str = "vouch/";

/// What marks the log of a demonstration, whose recorded times are of a simulated clock.
const DEMONSTRATION: &str = "demo-";

/// Longest log id; the origin has to fit a printed line.
const LOG_ID_CHARS_MAX: usize = 64;

/// Identifier of one log: lower-case letters, digits and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogId(String);

/// A tree head: so many leaves, this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: `vouch/<log id>`.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    pub root: Hash,
}

/// Why something is not a checkpoint, or not this log's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("log id {0:?} is not allowed: expected up to 64 lower-case letters, digits and inner hyphens")]
    LogId(String),
    #[error("checkpoint is malformed: {0}")]
    Malformed(&'static str),
    #[error("checkpoint is of another log: expected {expected}, found {found}")]
    Origin { expected: String, found: String },
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl LogId {
    pub fn new(id: &str) -> Result<Self, CheckpointError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ends = id.starts_with('-') || id.ends_with('-');
        if id.is_empty() || id.len() > LOG_ID_CHARS_MAX || ends || !id.chars().all(allowed) {
            return Err(CheckpointError::LogId(id.to_owned()));
        }
        Ok(Self(id.to_owned()))
    }

    /// Reads the id out of an origin, `vouch/<log id>`.
    pub fn from_origin(origin: &str) -> Result<Self, CheckpointError> {
        let id =
            origin.strip_prefix(ORIGIN_PREFIX).ok_or(CheckpointError::Malformed("origin is not of this product"))?;
        Self::new(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The log's name in checkpoints and keys.
    pub fn origin(&self) -> String {
        format!("{ORIGIN_PREFIX}{}", self.0)
    }

    /// Whether the log says of itself that its times are simulated.
    pub fn is_demonstration(&self) -> bool {
        self.0.starts_with(DEMONSTRATION)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Reads the signed text. Extension lines are accepted as C2SP demands, and passed over: nobody can audit them.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Malformed("no newline at its end"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Malformed("no origin"))?;
        let size = lines.next().and_then(decimal).ok_or(CheckpointError::Malformed("size is not a plain decimal"))?;
        let root = lines.next().ok_or(CheckpointError::Malformed("no root"))?;
        let root = Hash::from_base64(root).map_err(|_| CheckpointError::Malformed("root is not 32 bytes of base64"))?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed("an extension line is empty"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Verifies a signed checkpoint of the log that `key` belongs to.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.verify(std::slice::from_ref(key))?.text)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin { expected: key.name().to_owned(), found: checkpoint.origin });
        }
        Ok(checkpoint)
    }
}

/// Digits without sign, spaces or leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
