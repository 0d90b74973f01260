//! What somebody asks to be done. A form, a REST call, a timer, an import row: all become one of these.

use std::sync::Arc;

use crate::plan::Channel;
use crate::principal::Principal;

/// Field keys and JSON values as they came in.
pub type Input = serde_json::Map<String, serde_json::Value>;

#[derive(Clone, Debug)]
pub struct Command {
    pub principal: Arc<Principal>,
    pub channel: Channel,
    /// Finds the request again in the server's own log.
    pub request: Option<String>,
    pub act: Act,
    /// When it was so, where that is not now; needs the right to import.
    pub happened_at: Option<i64>,
    /// The version that the caller looked at.
    pub if_match: Option<i64>,
    /// Key, and the hash of the body that came with it.
    pub idempotency: Option<(String, [u8; 32])>,
}

#[derive(Clone, Debug)]
pub enum Act {
    Create { record_type: String, input: Input },
    Change { number: String, input: Input },
    Move { number: String, transition: String, input: Input },
    Comment { number: String, text: String, public: bool },
    AddLine { number: String, field: String, input: Input },
    Link { number: String, relation: String, to: String, add: bool },
}

impl Command {
    /// A command that is about now, by this principal.
    pub fn new(principal: Arc<Principal>, channel: Channel, act: Act) -> Self {
        Self { principal, channel, request: None, act, happened_at: None, if_match: None, idempotency: None }
    }
}

impl Act {
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Change { number, .. }
            | Self::Move { number, .. }
            | Self::Comment { number, .. }
            | Self::AddLine { number, .. }
            | Self::Link { number, .. } => Some(number),
        }
    }
}
