//! A record's own page: where it stands, its story, and what is known of it. One template for all record types; an
//! incident fills more of it.

use askama::Template;

use super::{
    filters,
    form::Form,
    markup,
    parts::{Callout, Clock, Fact, Link, Mark, Pill, Prio, RecordLink, Sentence, Status},
    prose::Prose,
    shell::{AtControl, Shell},
    timeline::{Composer, Timeline},
};

#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/record.html")]
pub struct RecordPage {
    pub shell: Shell,
    pub head: RecordHead,
    /// Live pages only; the page swaps parts whose record has a newer version.
    pub version: u64,
    pub callout: Option<Callout>,
    /// Where the record left its life-cycle's path, each in a sentence with its consequence for conformity.
    pub deviations: Vec<Sentence>,
    /// Long fields that tell the story: description, workaround, solution.
    pub texts: Vec<LongText>,
    pub timeline: Timeline,
    /// `None`: this reader may not comment, or the page shows the past.
    pub composer: Option<Composer>,
    pub clocks: Vec<ClockLine>,
    pub facts: Vec<Fact>,
    /// Opens `edit_form` in place of the facts (`?edit`).
    pub edit_href: Option<String>,
    pub edit_form: Option<Form>,
    /// Occurred, detected, recorded, claimed: each said by whom.
    pub times: Vec<Fact>,
    pub links: Vec<LinkGroup>,
    /// `POST {record}/links` with `kind` and `to`.
    pub link_form: Option<Form>,
    /// Rows fields (escalations, decisions, members), each as a small table.
    pub tables: Vec<SmallTable>,
    /// Requirements that this record proves or fails.
    pub evidence: Vec<EvidenceLine>,
    pub proof: Option<ProofLine>,
    /// Where its past can be seen; kept in the more menu.
    pub at: Option<AtControl>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordHead {
    /// `INC-000042`.
    pub number: String,
    pub title: String,
    /// `incident`: for the names of things.
    pub noun: String,
    /// `Back to the queue`.
    pub back: Option<Link>,
    /// `2 of 184`, with the neighbours.
    pub position: String,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub prio: Option<Prio>,
    pub clock: Option<Clock>,
    pub pills: Vec<Pill>,
    pub stages: Vec<Stage>,
    /// Moves that this reader may make now, the usual one first. Each leads to a form page ([`Form`]); scripts open it
    /// in a dialog.
    pub actions: Vec<Action>,
    /// Less usual moves, and history, proof, print.
    pub more: Vec<Action>,
}

/// A move or another act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    pub label: String,
    pub icon: &'static str,
    pub href: String,
    /// A single key, shown in the button; empty for none.
    pub key: &'static str,
    /// Whether a dialog may hold it (forms yes, pages no).
    pub dialog: bool,
}

/// A state of the life-cycle's main path. A state off that path stands where it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    pub label: String,
    pub step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Done,
    Now,
    ToCome,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LongText {
    pub label: String,
    pub body: Prose,
}

/// A clock and how it was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockLine {
    pub label: String,
    pub clock: Clock,
    /// Share of the target used, in per cent, and what that is in words: `42 of 60 minutes used`.
    pub used: Option<(u8, String)>,
    /// `Target 60 min, round the clock. Missed at 11:00 if nothing changes.`
    pub how: String,
    pub href: Option<String>,
}

impl ClockLine {
    fn bar(&self) -> &'static str {
        match self.clock.kind {
            super::parts::ClockKind::Over | super::parts::ClockKind::Missed => "bad",
            super::parts::ClockKind::Soon => "warn",
            super::parts::ClockKind::Met => "ok",
            _ => "info",
        }
    }
}

/// Links of one kind: `Caused by`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkGroup {
    pub label: String,
    pub icon: &'static str,
    pub links: Vec<LinkedRecord>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkedRecord {
    pub record: RecordLink,
    /// Its number again where `record` shows the name, its state, since when.
    pub note: String,
    pub status: Option<Status>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmallTable {
    pub label: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<super::parts::Shown>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    pub mark: Mark,
    /// `8.6.1-b`.
    pub requirement: Link,
    pub title: String,
    /// Why it fails or what is missing; empty where it passes.
    pub why: String,
    /// The mark in a word, for those who listen.
    pub said: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofLine {
    /// `8 changes in the ledger · last leaf 2,918,446`.
    pub text: String,
    pub href: String,
    pub history_href: String,
}

/// Fragment for the top of several pages about one record: history, proof.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/subject.html")]
pub struct Subject {
    /// `INC-000042`, back to the record.
    pub number: String,
    pub title: String,
    pub href: String,
}

markup!(Subject);
