//! A clause, and the list of all requirements.

use askama::Template;

use super::{
    conformity::{Period, Score, Tile},
    filters,
    list::MenuItem,
    parts::{Link, Status},
    shell::{AtControl, Shell},
};

/// `/conformity/8.6.1`; also a chapter (`/conformity/8`), whose `parts` are its clauses.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/clause.html")]
pub struct ClausePage {
    pub shell: Shell,
    /// `8.6.1`.
    pub number: String,
    pub title: String,
    /// Its worst requirement's status.
    pub status: Option<Status>,
    /// `7 of 11 requirements conform; 1 does not, 2 await a judgement.`
    pub verdict: String,
    pub score: Score,
    pub period: Period,
    pub at: Option<AtControl>,
    /// Clauses below this one.
    pub parts: Vec<Tile>,
    pub groups: Vec<RequirementGroup>,
    /// Settings that its checks need and nobody has decided.
    pub unset: Vec<Link>,
    /// Record types and documents that carry its evidence.
    pub carriers: Vec<Link>,
    pub previous: Option<Link>,
    pub next: Option<Link>,
}

/// `/requirements?clause=&status=`: the whole catalogue.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/requirements.html")]
pub struct RequirementsPage {
    pub shell: Shell,
    /// `306 requirements`, `11 requirements that do not conform`.
    pub heading: String,
    /// All, Does not conform, Judgement due, …
    pub tabs: Vec<MenuItem>,
    pub period: Period,
    pub at: Option<AtControl>,
    pub groups: Vec<RequirementGroup>,
    pub export_href: String,
}

/// Requirements of one clause; the heading is empty on a clause's own page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequirementGroup {
    pub heading: Option<Link>,
    pub rows: Vec<RequirementRow>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RequirementRow {
    /// `8.6.1-c`.
    pub id: String,
    pub title: String,
    pub href: String,
    pub status: Status,
    /// `23 of 412 fail`, `no check`, `nothing happened`.
    pub result: String,
    /// Pass rate: `94.4 %`; empty where there is none.
    pub rate: String,
    /// `Partly, Sofia Marques, until 12 Feb`, `judgement due`.
    pub assessed: String,
}
