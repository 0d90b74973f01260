//! The ledger: what has been sealed, and how anybody checks it.

use askama::Template;

use super::{
    filters,
    parts::{Link, Status, Time},
    shell::Shell,
};

/// `/ledger`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "admin/ledger.html")]
pub struct LedgerPage {
    pub shell: Shell,
    pub status: Option<Status>,
    /// `61,204 entries, all signed.`
    pub verdict: String,
    pub meaning: String,
    /// `61,204`, with what it is.
    pub figures: Vec<Figure>,
    /// The signed note, as text.
    pub checkpoint: String,
    pub checkpoint_time: Option<Time>,
    /// The verifier key.
    pub key: String,
    pub downloads: Vec<Link>,
    /// Commands for offline verification.
    pub commands: String,
    /// What the ledger does not prove: said as plainly as what it does.
    pub limits: Vec<String>,
    /// The last checkpoints: time, size, root.
    pub checkpoints: Vec<CheckpointRow>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    pub label: String,
    pub value: String,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointRow {
    pub time: Time,
    pub size: String,
    pub root: String,
}
