//! My work: what breaks first stands first.

use askama::Template;

use super::{
    filters,
    parts::{Clock, Link, Mark},
    shell::Shell,
};

/// `/my-work`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "work/my_work.html")]
pub struct MyWorkPage {
    pub shell: Shell,
    /// `Tuesday, 24 November 2026 · 10:42`.
    pub eyebrow: String,
    /// `Good morning, Mira. One thing can't wait.`
    pub verdict: String,
    /// Now, Today, This week, My teams' unassigned, Judgements due.
    pub sections: Vec<WorkSection>,
    pub asides: Vec<WorkAside>,
    /// Said when every section is empty.
    pub nothing: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkSection {
    pub heading: String,
    pub mark: Option<Mark>,
    pub hint: String,
    /// Drawn loud: a promise breaks within the hour.
    pub now: bool,
    pub items: Vec<WorkItem>,
    pub more: Option<Link>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WorkItem {
    /// Time left; `None` for things without a date.
    pub clock: Option<Clock>,
    /// inbox (incident), scales (judgement), page (document), flag (action).
    pub icon: &'static str,
    /// `Incident`, `Judgement`.
    pub kind: String,
    pub title: Link,
    pub number: String,
    pub context: String,
    /// `Work on it`, `Take it`, `Judge`.
    pub act: Option<WorkAct>,
}

/// A link, or a form that posts at once (taking a record).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkAct {
    pub label: String,
    pub href: String,
    /// Fields to post beside `csrf`; empty: a plain link.
    pub post: Vec<(String, String)>,
}

/// Figures around the reader: each value is a link to the list behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkAside {
    pub heading: String,
    pub pairs: Vec<(String, Link)>,
    pub note: String,
}
